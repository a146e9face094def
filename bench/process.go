package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is a process under measurement. It has the first core; this program and its clients run
// on the others, see scripts/bench.
type server struct {
	cmd     *exec.Cmd
	addr    string
	url     string
	private string // metrics and profiles
	profile string // folder for CPU profiles, "" for none
	answer  time.Duration
	out     *bytes.Buffer
	done    chan error
}

const (
	startWithin = 60 * time.Second
	ticks       = 100 // of CPU time in a second: USER_HZ is 100 on every Linux architecture Go knows
)

// launch starts a command on the server's core and waits until path answers 200.
func launch(ctx context.Context, path, addr string, argv ...string) (*server, error) {
	if _, err := exec.LookPath("taskset"); err == nil {
		argv = append([]string{"taskset", "-c", "0"}, argv...)
	}
	s := &server{addr: addr, url: "http://" + addr, out: &bytes.Buffer{}, done: make(chan error, 1)}
	s.cmd = exec.CommandContext(ctx, argv[0], argv[1:]...)
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.out
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.WaitDelay = 20 * time.Second
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.done <- s.cmd.Wait() }()
	for time.Since(began) < startWithin {
		if s.answers(path) {
			s.answer = time.Since(began)
			return s, nil
		}
		select {
		case err := <-s.done:
			return nil, fmt.Errorf("%s ended: %w\n%s", argv, err, s.out)
		case <-time.After(2 * time.Millisecond):
		}
	}
	return nil, errors.Join(fmt.Errorf("%s did not answer within %s\n%s", argv, startWithin, s.out), s.stop())
}

func (s *server) answers(path string) bool {
	res, err := http.Get(s.url + path)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, res.Body)
	res.Body.Close()
	return err == nil && res.StatusCode == http.StatusOK
}

// stop ends the process as an operator would.
func (s *server) stop() error {
	http.DefaultClient.CloseIdleConnections()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := <-s.done; err != nil {
		return fmt.Errorf("the server ended badly: %w\n%s", err, s.out)
	}
	return nil
}

// serve starts Lightstick on a world as a site runs it behind a proxy: workers, metrics and logs on.
// The trusted proxy is this program, which so can speak for many addresses.
func (b *bench) serve(ctx context.Context, dir, path string, more ...string) (*server, error) {
	addrs, err := freeAddrs(2)
	if err != nil {
		return nil, err
	}
	argv := append([]string{b.binary, "serve", "--env", "dev", "--data", dir, "--listen", addrs[0], "--private", addrs[1],
		"--trusted-proxies", "127.0.0.0/8", "--log-file", filepath.Join(b.scratch, "server.log")}, more...)
	s, err := launch(ctx, path, addrs[0], argv...)
	if s != nil {
		s.private, s.profile = addrs[1], b.profile
	}
	return s, err
}

// freeAddrs finds loopback addresses that nobody listens on.
func freeAddrs(n int) (addrs []string, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		addrs = append(addrs, l.Addr().String())
	}
	return addrs, nil
}

// cpu is the CPU time that the process has used, to 10 ms.
func (s *server) cpu() (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	return parseCPU(string(raw))
}

// parseCPU reads utime and stime of /proc/PID/stat (proc(5), fields 14 and 15). The name in the
// second field may hold anything, so fields are counted behind its last parenthesis.
func parseCPU(stat string) (time.Duration, error) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc stat has %d fields", len(fields))
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * (time.Second / ticks), err
}

// resident is the memory of the process that is in RAM, in MB of a million bytes.
func (s *server) resident() (float64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(raw), "VmRSS:")
	kib, err := strconv.ParseFloat(strings.TrimSpace(strings.SplitN(rest, "kB", 2)[0]), 64)
	return kib * 1024 / 1e6, err
}

// profiled writes a CPU profile of the server over a measurement, into a file named by its time.
func (s *server) profiled(ctx context.Context, d time.Duration) error {
	if s.profile == "" || s.private == "" {
		return nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", s.private, max(1, int(d.Seconds()))), nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := os.MkdirAll(s.profile, 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(s.profile, time.Now().Format("150405.000")+".pprof"))
	if err != nil {
		return err
	}
	_, err = io.Copy(f, res.Body)
	return errors.Join(err, f.Close())
}

// settle waits until the server has done what its requests left for later.
func (s *server) settle(ctx context.Context) error {
	const quiet, look, most = 20 * time.Millisecond, 400 * time.Millisecond, 60 * time.Second
	for began := time.Now(); time.Since(began) < most; {
		before, err := s.cpu()
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(look):
		}
		after, err := s.cpu()
		if err != nil || after-before <= quiet {
			return err
		}
	}
	return fmt.Errorf("the server was still busy after %s", most)
}

// machine says in neutral terms where the figures come from.
func machine() string {
	model, cores := "unknown", 0
	if raw, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(raw)) {
			switch name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) {
			case "processor":
				cores++
			case "model name":
				model = strings.TrimSpace(value)
			}
		}
	}
	return fmt.Sprintf("%d cores (%s), %s %s/%s, server on one core", cores, model, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
