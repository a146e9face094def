package ops

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
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Node is one process of the community that a drill started itself.
type Node struct {
	URL     string
	Private string // metrics
	Argv    []string
	log     *os.File
	cmd     *exec.Cmd
	done    chan struct{}
	err     error // of its end, once done is closed
}

// Local is a throw-away system on this machine.
type Local struct {
	Dir     string
	Binary  string  // of lightstick
	Cluster Command // "" when there is none
	DSN     string
	Nodes   []*Node
}

// Members of the demo world that a drill acts as.
const localMembers = 24

// startWithin bounds the start of a node, which may fill the demo world first.
const startWithin = 90 * time.Second

// OpenLocal makes the folder of a throw-away system; nothing runs yet. Close ends and removes it.
func OpenLocal(dir, binary string) (*Local, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if dir, err = os.MkdirTemp(dir, "drill-"); err != nil {
		return nil, err
	}
	return &Local{Dir: dir, Binary: binary}, os.Chmod(dir, 0o755) // the database's user must get in
}

// StartCluster starts a PostgreSQL that fails over, with a program like deploy/patroni/cluster.
func (l *Local) StartCluster(ctx context.Context, program string, port int) (err error) {
	l.Cluster = Command{program, "-d", filepath.Join(l.Dir, "cluster"), "-p", strconv.Itoa(port)}
	if _, err := l.Cluster.Run(ctx, "up"); err != nil {
		return err
	}
	l.DSN, err = l.Cluster.Run(ctx, "dsn")
	return err
}

// StartNode starts a process and waits until it is ready. The first fills the demo world.
func (l *Local) StartNode(ctx context.Context, more ...string) (*Node, error) {
	addrs, err := freeAddrs(2)
	if err != nil {
		return nil, err
	}
	argv := []string{l.Binary, "serve", "--env", "dev", "--demo", "--listen", addrs[0], "--private", addrs[1],
		"--data", filepath.Join(l.Dir, "data"), "--trusted-proxies", "127.0.0.0/8"}
	if l.DSN != "" {
		argv = append(argv, "--database", l.DSN, "--migrate")
	}
	n := &Node{URL: "http://" + addrs[0], Private: "http://" + addrs[1], Argv: append(argv, more...)}
	if n.log, err = os.OpenFile(filepath.Join(l.Dir, fmt.Sprintf("node%d.log", len(l.Nodes)+1)), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err != nil {
		return nil, err
	}
	l.Nodes = append(l.Nodes, n)
	return n, n.Start(ctx)
}

// Start runs the process and waits until it is ready.
func (n *Node) Start(ctx context.Context) error {
	n.cmd = exec.Command(n.Argv[0], n.Argv[1:]...)
	n.cmd.Stdout, n.cmd.Stderr = n.log, n.log
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the drill, which then stops its nodes
	if err := n.cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	n.done = done
	go func() {
		n.err = n.cmd.Wait()
		close(done)
	}()
	var ended bool
	err := until(ctx, startWithin, 50*time.Millisecond, "the start of "+n.URL, func(ctx context.Context) bool {
		select {
		case <-done:
			ended = true
			return true
		default:
			return n.ready(ctx)
		}
	})
	if ended || err != nil {
		return errors.Join(fmt.Errorf("%s did not start", n.URL), err, n.err, n.tail())
	}
	return nil
}

// tail is the end of the process's log, as an error to show.
func (n *Node) tail() error {
	raw, err := os.ReadFile(n.log.Name())
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return errors.New(strings.Join(lines[max(0, len(lines)-5):], "\n"))
}

func (n *Node) ready(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.URL+"/readyz", nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return err == nil && res.StatusCode == http.StatusOK
}

// stopWithin is more than a node drains for.
const stopWithin = 30 * time.Second

// Stop ends the process as an operator would, and waits.
func (n *Node) Stop() error {
	if n.done == nil {
		return nil
	}
	_ = n.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-n.done:
		n.done = nil
		return n.err
	case <-time.After(stopWithin):
		n.Kill()
		return fmt.Errorf("%s did not stop within %s", n.URL, stopWithin)
	}
}

// Kill ends the process as a fault would.
func (n *Node) Kill() {
	if n.done == nil {
		return
	}
	_ = n.cmd.Process.Kill() // it may have ended already
	<-n.done
	n.done = nil
}

// URLs of all nodes.
func (l *Local) URLs() (list []string) {
	for _, n := range l.Nodes {
		list = append(list, n.URL)
	}
	return list
}

// Site is a client of all nodes, signed in as members of the demo world.
func (l *Local) Site(ctx context.Context, password string) (*Site, error) {
	s, err := NewSite(l.URLs())
	if err != nil {
		return nil, err
	}
	_, authors, err := s.posts(ctx, 400)
	if err != nil {
		return nil, err
	}
	var members []Member
	seen := map[string]bool{"": true}
	for _, a := range authors {
		if !seen[a] && len(members) < localMembers {
			seen[a] = true
			members = append(members, Member{a, password})
		}
	}
	return s, s.SignIn(ctx, members)
}

// Close stops everything and removes it.
func (l *Local) Close(ctx context.Context) error {
	var errs []error
	for _, n := range l.Nodes {
		errs = append(errs, n.Stop(), n.log.Close())
	}
	if l.Cluster != nil {
		_, err := l.Cluster.Run(ctx, "destroy")
		errs = append(errs, err)
	}
	return errors.Join(append(errs, os.RemoveAll(l.Dir))...)
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

// metrics are the sums of a counter's values over the labels that hold all of want.
func (n *Node) metric(ctx context.Context, name string, want ...string) (sum float64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.Private+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err
	}
	return sumMetric(raw, name, want...)
}

func sumMetric(raw []byte, name string, want ...string) (sum float64, err error) {
	for line := range bytes.Lines(raw) {
		text := strings.TrimSpace(string(line))
		rest, ok := strings.CutPrefix(text, name)
		if !ok || rest == "" || rest[0] != '{' && rest[0] != ' ' {
			continue
		}
		at := strings.LastIndexByte(text, ' ')
		labels, value := text[:at], text[at+1:]
		fits := true
		for _, w := range want {
			fits = fits && strings.Contains(labels, w)
		}
		if !fits {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, fmt.Errorf("metric %s: %w", text, err)
		}
		sum += v
	}
	return sum, nil
}
