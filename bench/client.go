package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// caller is one connection that asks and waits. It spends little beside the system calls, so that
// the client's core is not what is measured.
type caller struct {
	conn net.Conn
	in   *bufio.Reader
}

const callWithin = 10 * time.Second

func dial(addr string) (*caller, error) {
	conn, err := net.DialTimeout("tcp", addr, callWithin)
	if err != nil {
		return nil, err
	}
	return &caller{conn, bufio.NewReaderSize(conn, 64<<10)}, nil
}

func (c *caller) close() { c.conn.Close() }

// do sends a request as it is on the wire and reads the answer.
func (c *caller) do(request []byte) (status int, body []byte, err error) {
	if err := c.conn.SetDeadline(time.Now().Add(callWithin)); err != nil {
		return 0, nil, err
	}
	if _, err := c.conn.Write(request); err != nil {
		return 0, nil, err
	}
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	body, err = io.ReadAll(res.Body)
	return res.StatusCode, body, err
}

// wire writes a request. Each has an address of its own behind the trusted proxy, so that limits by
// address see a crowd, not one client.
func wire(method, path string, n int, body []byte, headers ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: bench.invalid\r\nAccept-Encoding: gzip\r\nX-Forwarded-For: 10.%d.%d.%d\r\n", method, path, n>>16&255, n>>8&255, n&255)
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	if body != nil {
		b.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\r\n")
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// work is what one measurement with callers gave.
type work struct {
	requests int
	took     time.Duration
	cpu      time.Duration   // of the server, until the window closed
	times    []time.Duration // of each request
	refused  int             // answered 503 first; asked again, which is part of their time
}

func (w work) perSecond() float64 { return float64(w.requests) / w.took.Seconds() }

// each is the CPU time of one request in milliseconds.
func (w work) each() float64 { return w.cpu.Seconds() * 1000 / float64(w.requests) }

// middle is the median time of a request in milliseconds.
func (w work) middle() float64 { return percentile(w.times, 0.5).Seconds() * 1000 }

// load lets n callers ask one after the other for d. next makes the i-th request of all; want is
// the only status that is no error, 0 for any success; what is refused with 503 is asked again. When more is
// refused than answered, the figure would be one of waiting, and is an error.
func load(ctx context.Context, s *server, n int, d time.Duration, want int, next func(i int) []byte) (w work, err error) {
	var count atomic.Int64
	var mu sync.Mutex
	var group sync.WaitGroup
	var errs []error
	before, err := s.cpu()
	if err != nil {
		return w, err
	}
	began := time.Now()
	for range n {
		group.Go(func() {
			times, refused, err := ask(ctx, s.addr, began.Add(d), want, func() []byte { return next(int(count.Add(1) - 1)) })
			mu.Lock()
			defer mu.Unlock()
			w.times, w.refused, errs = append(w.times, times...), w.refused+refused, append(errs, err)
		})
	}
	group.Go(func() {
		err := s.profiled(ctx, d)
		mu.Lock()
		defer mu.Unlock()
		errs = append(errs, err)
	})
	group.Wait()
	w.took, w.requests = time.Since(began), len(w.times)
	after, err := s.cpu()
	w.cpu = after - before
	if err := errors.Join(append(errs, err, ctx.Err())...); err != nil {
		return w, err
	}
	if w.requests == 0 || w.refused > w.requests {
		return w, fmt.Errorf("%d requests were answered, %d refused", w.requests, w.refused)
	}
	return w, nil
}

// refusedPause is how long a caller waits whom the server had no place for.
const refusedPause = 20 * time.Millisecond

func ask(ctx context.Context, addr string, until time.Time, want int, next func() []byte) (times []time.Duration, refused int, err error) {
	c, err := dial(addr)
	if err != nil {
		return nil, 0, err
	}
	defer c.close()
	for ctx.Err() == nil {
		began := time.Now()
		if began.After(until) {
			break
		}
		request := next()
		status, body, err := c.do(request)
		for err == nil && status == http.StatusServiceUnavailable && time.Now().Before(until) {
			refused++
			time.Sleep(refusedPause)
			status, body, err = c.do(request)
		}
		if err != nil {
			return times, refused, err
		}
		if status == http.StatusServiceUnavailable {
			break // the time is over
		}
		if status != want && (want != 0 || status/100 != 2) {
			line, _, _ := bytes.Cut(request, []byte("\r\n"))
			return times, refused, fmt.Errorf("%s: status %d, not %d: %.300s", line, status, want, body)
		}
		times = append(times, time.Since(began))
	}
	return times, refused, nil
}
