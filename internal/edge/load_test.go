package edge_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"lightstick/internal/edge"
)

// serveEnv makes the test binary a server instead: "bare" or "edge".
const serveEnv = "LIGHTSTICK_EDGE_BENCH_SERVE"

func TestMain(m *testing.M) {
	if kind := os.Getenv(serveEnv); kind != "" {
		if err := serveBench(kind); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serveBench prints its address and serves until its standard input ends.
func serveBench(kind string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: bare(hotPage())}
	if kind == "edge" {
		file, err := os.CreateTemp("", "access-*.log")
		if err != nil {
			return err
		}
		defer os.Remove(file.Name())
		e, stop, err := hotEdge(hotPage(), file)
		if err != nil {
			return err
		}
		defer stop()
		srv, l = edge.Server(e, slog.New(slog.DiscardHandler)), edge.Listen(l, nil)
	}
	fmt.Println(l.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = srv.Close()
	}()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// child is a server in a process of its own, on one core, so that its CPU time is its own too.
type child struct {
	addr string
	pid  int
}

func startChild(b *testing.B, kind string) child {
	b.Helper()
	args := []string{os.Args[0]}
	if path, err := exec.LookPath("taskset"); err == nil {
		args = []string{path, "-c", "0", os.Args[0]}
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), serveEnv+"="+kind, "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = stdin.Close()
		if err := cmd.Wait(); err != nil {
			b.Error(err)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return child{strings.TrimSpace(line), cmd.Process.Pid}
}

// cpu is the processor time that the process has used, in clock ticks of 10 ms.
func (c child) cpu(b *testing.B) float64 {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.pid))
	if err != nil {
		b.Fatal(err)
	}
	f := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+2:]))
	user, err1 := strconv.ParseFloat(f[11], 64)
	system, err2 := strconv.ParseFloat(f[12], 64)
	if err1 != nil || err2 != nil {
		b.Fatal(err1, err2)
	}
	return user + system
}

// load is what one round against a server gave.
type load struct {
	rate float64       // answers per second
	cost time.Duration // processor time of the server per answer
	p99  time.Duration
}

const conns = 32

// round keeps conns connections busy for d.
func (c child) round(b *testing.B, d time.Duration) load {
	b.Helper()
	took := make([][]time.Duration, conns)
	var wg sync.WaitGroup
	before, start := c.cpu(b), time.Now()
	for i := range conns {
		wg.Go(func() {
			var err error
			if took[i], err = hammer(c.addr, start.Add(d)); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	all := slices.Concat(took...)
	slices.Sort(all)
	n := len(all)
	if n == 0 {
		b.Fatal("no answer")
	}
	ticks := c.cpu(b) - before
	return load{
		rate: float64(n) / time.Since(start).Seconds(),
		cost: time.Duration(ticks * 1e7 / float64(n)),
		p99:  all[n*99/100],
	}
}

// hammer asks for the page over one connection until the end. It knows the length of the body
// beforehand and reads no header, so that the client costs the machine little.
func hammer(addr string, end time.Time) ([]time.Duration, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	ask := []byte("GET /ko/p/1 HTTP/1.1\r\nHost: lightstick.example\r\nAccept-Encoding: gzip, deflate\r\n\r\n")
	body := len(zipped(hotPage()))
	buf := make([]byte, body+4096)
	var took []time.Duration
	for now := time.Now(); now.Before(end); {
		if _, err := conn.Write(ask); err != nil {
			return nil, err
		}
		if err := readAnswer(conn, buf, body); err != nil {
			return nil, err
		}
		then := now
		now = time.Now()
		took = append(took, now.Sub(then))
	}
	return took, nil
}

// readAnswer reads one 200 with a body of that many bytes.
func readAnswer(conn net.Conn, buf []byte, body int) error {
	for n, head := 0, -1; head < 0 || n < head+4+body; {
		m, err := conn.Read(buf[n:])
		if err != nil {
			return err
		}
		n += m
		if head < 0 {
			head = bytes.Index(buf[:n], []byte("\r\n\r\n"))
		}
	}
	if !bytes.HasPrefix(buf, []byte("HTTP/1.1 200 OK\r\n")) {
		return fmt.Errorf("not an answer: %.40q", buf)
	}
	return nil
}

// BenchmarkServedHit compares a page from the cache, everything on, with the bare handler, both
// behind a real server pinned to one core. It takes turns, so that a busy machine is unfair to
// both alike, and reports medians. "ratio" (of throughput) is to be at least 0.8; "cpu-ratio" is
// the same by processor time, which noise disturbs less.
//
//	go test ./internal/edge -run '^$' -bench ServedHit -benchtime 7x
func BenchmarkServedHit(b *testing.B) {
	limit, ours := startChild(b, "bare"), startChild(b, "edge")
	const turn = 700 * time.Millisecond
	limit.round(b, turn)
	ours.round(b, turn)
	var rates, costs, tails, bareRates, ourRates, bareCosts, ourCosts []float64
	for b.Loop() {
		x, y := limit.round(b, turn), ours.round(b, turn)
		rates = append(rates, y.rate/x.rate)
		costs = append(costs, float64(x.cost)/float64(y.cost))
		tails = append(tails, float64(y.p99)/float64(x.p99))
		bareRates, ourRates = append(bareRates, x.rate), append(ourRates, y.rate)
		bareCosts, ourCosts = append(bareCosts, float64(x.cost)), append(ourCosts, float64(y.cost))
	}
	b.ReportMetric(median(rates), "ratio")
	b.ReportMetric(median(costs), "cpu-ratio")
	b.ReportMetric(median(tails), "p99-ratio")
	b.ReportMetric(median(bareCosts), "bare-ns")
	b.ReportMetric(median(ourCosts), "edge-ns")
	b.ReportMetric(median(bareRates), "bare/s")
	b.ReportMetric(median(ourRates), "edge/s")
	b.ReportMetric(0, "ns/op")
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
