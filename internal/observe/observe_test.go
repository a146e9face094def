package observe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lightstick/internal/observe"
)

// disk is a destination that can fail and that counts its writes.
type disk struct {
	mu     sync.Mutex
	b      bytes.Buffer
	writes int
	err    error
}

func (d *disk) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		n, _ := d.b.Write(p[:min(4, len(p))])
		return n, d.err
	}
	d.writes++
	return d.b.Write(p)
}

func (d *disk) state() (string, int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.b.String(), d.writes
}

func (d *disk) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

func TestLinesWaitAndFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		l := observe.NewLines(d)
		for range 10 {
			write(t, l, "a line\n")
		}
		time.Sleep(99 * time.Millisecond)
		synctest.Wait()
		if _, n := d.state(); n != 0 {
			t.Error("written before its time")
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if s, n := d.state(); n != 1 || s != strings.Repeat("a line\n", 10) {
			t.Errorf("%d writes: %q", n, s)
		}
		write(t, l, strings.Repeat("x", 64<<10)+"\n")
		write(t, l, "y\n")
		synctest.Wait()
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if s, _ := d.state(); len(s) != 70+64<<10+1+2 {
			t.Errorf("%d bytes", len(s))
		}
		write(t, l, "last\n")
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		write(t, l, "after\n")
		if s, _ := d.state(); !strings.HasSuffix(s, "last\nafter\n") {
			t.Error("lost a line at Close")
		}
	})
}

func write(t *testing.T, w io.Writer, s string) {
	t.Helper()
	if _, err := io.WriteString(w, s); err != nil {
		t.Error(err)
	}
}

func TestLinesFromManyWriters(t *testing.T) {
	d := &disk{}
	l := observe.NewLines(d)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for j := range 2000 {
				write(t, l, fmt.Sprintf("writer %d line %d of a length that fills buffers\n", i, j))
			}
		})
	}
	wg.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s, _ := d.state()
	next := make([]int, 16)
	for line := range strings.Lines(s) {
		var i, j int
		if _, err := fmt.Sscanf(line, "writer %d line %d of a length that fills buffers\n", &i, &j); err != nil || next[i] != j {
			t.Fatalf("torn, lost or doubled: %q", line)
		}
		next[i]++
	}
	for i, n := range next {
		if n != 2000 {
			t.Errorf("writer %d: %d lines", i, n)
		}
	}
}

func TestLinesOutliveAFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		l := observe.NewLines(d)
		d.fail(errors.New("no space left"))
		write(t, l, "one\ntwo\n")
		if err := l.Flush(); err == nil {
			t.Error("no error")
		}
		write(t, l, "three\n")
		d.fail(nil)
		time.Sleep(200 * time.Millisecond)
		synctest.Wait()
		if s, _ := d.state(); s != "one\ntwo\nthree\n" {
			t.Errorf("%q", s)
		}
		d.fail(errors.New("no space left"))
		line := strings.Repeat("x", 1023) + "\n"
		var refused int
		for range 5 << 10 {
			if _, err := io.WriteString(l, line); err != nil {
				refused++
			}
		}
		if refused == 0 || l.Dropped() != uint64(refused) {
			t.Errorf("%d refused, %d counted", refused, l.Dropped())
		}
		d.fail(nil)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if s, _ := d.state(); strings.Count(s, "\n") != 3+5<<10-refused {
			t.Error("lost a line it had accepted")
		}
	})
}

func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		o := observe.New(observe.Options{Log: d, Version: "test"})
		ctx := observe.WithRequestID(context.Background(), "id7")
		o.Log.With("part", "x").WithGroup("g").InfoContext(ctx, "calm", "k", "v")
		if s, _ := d.state(); s != "" {
			t.Error("an info line does not wait")
		}
		o.Log.WarnContext(ctx, "careful")
		s, _ := d.state()
		lines := strings.Split(strings.TrimSpace(s), "\n")
		if len(lines) != 2 {
			t.Fatalf("%q", s)
		}
		var m map[string]any
		if err := json.Unmarshal([]byte(lines[1]), &m); err != nil {
			t.Fatal(err)
		}
		if m["request_id"] != "id7" || m["level"] != "WARN" || m["msg"] != "careful" || m["time"] != "2000-01-01T00:00:00.000Z" {
			t.Errorf("%v", m)
		}
		if o.Log.Enabled(ctx, slog.LevelDebug) {
			t.Error("debug is on")
		}
		o.Line([]byte("{}\n"))
		if err := o.Close(); err != nil {
			t.Error(err)
		}
		if s, _ := d.state(); !strings.HasSuffix(s, "{}\n") {
			t.Error("lost a line")
		}
	})
}

func TestMetrics(t *testing.T) {
	o := observe.New(observe.Options{Log: io.Discard, Version: "v9"})
	defer o.Close()
	rt := o.Route("post", "guest")
	o.Begin()
	o.Begin()
	rt.Done(200, 10, observe.Hit, 3*time.Millisecond)
	o.Begin()
	rt.Done(799, 5, observe.None, time.Second)
	rt.Limited()
	rt.Panicked()
	rt.Rendered()
	// The same route again must be the same series.
	o.Route("post", "guest").Limited()
	w := httptest.NewRecorder()
	o.Debug().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, line := range []string{
		`lightstick_http_requests_total{class="guest",route="post",status="2xx"} 1`,
		`lightstick_http_requests_total{class="guest",route="post",status="other"} 1`,
		`lightstick_http_page_cache_total{outcome="hit",route="post"} 1`,
		`lightstick_http_response_bytes_total{route="post"} 15`,
		`lightstick_http_rate_limited_total{route="post"} 2`,
		`lightstick_http_page_renders_total{route="post"} 1`,
		`lightstick_http_panics_total{route="post"} 1`,
		`lightstick_http_request_seconds_bucket{route="post",le="0.005"} 1`,
		`lightstick_http_request_seconds_count{route="post"} 2`,
		`lightstick_http_in_flight 1`,
		`lightstick_log_dropped_lines_total 0`,
	} {
		if !strings.Contains(w.Body.String(), line+"\n") {
			t.Errorf("no %s", line)
		}
	}
	if !strings.Contains(w.Body.String(), `version="v9"`) || !strings.Contains(w.Body.String(), "go_goroutines") {
		t.Error("no build or runtime metrics")
	}
	w = httptest.NewRecorder()
	o.Debug().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/debug/pprof/goroutine?debug=1", nil))
	if w.Code != 200 || !strings.Contains(w.Body.String(), "goroutine profile") {
		t.Errorf("pprof: %d", w.Code)
	}
}
