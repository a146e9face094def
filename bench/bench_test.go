package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestParseCPU(t *testing.T) {
	for _, c := range []struct {
		stat string
		want time.Duration
	}{
		{"12 (lightstick) S 1 12 12 0 -1 4194560 1 2 3 4 250 50 0 0 20 0 9 0 1", 3 * time.Second},
		{"12 (odd) name) S 1 12 12 0 -1 4194560 1 2 3 4 1 0 0 0 20 0 9 0 1", 10 * time.Millisecond},
	} {
		if got, err := parseCPU(c.stat); err != nil || got != c.want {
			t.Errorf("parseCPU(%q) = %v, %v; want %v", c.stat, got, err, c.want)
		}
	}
	if _, err := parseCPU("12 (cut"); err == nil {
		t.Error("a line cut short was read")
	}
}

func TestParseWrk(t *testing.T) {
	const good = "  100 requests in 1.00s, 1.00MB read\nRequests/sec:  50123.45\nTransfer/sec: 1MB\n"
	if got, err := parseWrk([]byte(good)); err != nil || got != 50123.45 {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []string{"", "  Socket errors: connect 0, read 3, write 0, timeout 0\n" + good, "  Non-2xx or 3xx responses: 7\n" + good} {
		if _, err := parseWrk([]byte(bad)); err == nil {
			t.Errorf("taken for a measurement: %q", bad)
		}
	}
}

func TestMedianAndPercentile(t *testing.T) {
	if got := median([]float64{9, 1, 2}); got != 2 {
		t.Errorf("median of three = %v", got)
	}
	if got := median([]float64{4, 1, 2, 9}); got != 3 {
		t.Errorf("median of four = %v", got)
	}
	list := make([]time.Duration, 100)
	for i := range list {
		list[i] = time.Duration(99 - i)
	}
	if got := percentile(list, 0.99); got != 99 {
		t.Errorf("p99 = %v", got)
	}
}

func TestTable(t *testing.T) {
	rows := []row{atLeast("fast", "/s", 100, 90, 0.8), atMost("slow", " ms", 1, 1.9, 2), within("small", " MB", 60, 38), shown("known", " ms", 3)}
	var b strings.Builder
	if ok, err := printTable(&b, rows, time.Second); err != nil || !ok {
		t.Fatalf("%v, %v\n%s", ok, err, &b)
	}
	if ok, err := printTable(&b, append(rows, within("large", " MB", 60, 61)), time.Second); err != nil || ok {
		t.Errorf("a missed bound passed: %v", err)
	}
	if !strings.Contains(b.String(), "FAIL") {
		t.Errorf("no verdict in\n%s", &b)
	}
}

// TestOpenLoop asks a real server with answers that come in several reads.
func TestOpenLoop(t *testing.T) {
	body := strings.Repeat("x", 300<<10)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/missing" {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, body)
	}))
	defer s.Close()
	addr := s.Listener.Addr().String()
	ask := func(path string) func(int) []byte {
		return func(i int) []byte { return wire(http.MethodGet, path, i, nil) }
	}
	if _, err := openLoop(addr, ask("/"), 4, 200, 100*time.Millisecond); err == nil {
		t.Error("an answer without a length was taken")
	}
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/missing" {
			http.NotFound(w, r)
			return
		}
		http.ServeContent(w, r, "page", time.Time{}, strings.NewReader(body))
	})
	answers, err := openLoop(addr, ask("/"), 4, 200, 200*time.Millisecond)
	times, wrong := took(answers, http.StatusOK)
	if err != nil || wrong != nil || len(times) != 40 {
		t.Fatalf("%d answers of 40: %v, %v", len(times), err, wrong)
	}
	for _, d := range times {
		if d <= 0 {
			t.Fatalf("an answer took %v", d)
		}
	}
	answers, err = openLoop(addr, ask("/missing"), 4, 200, 100*time.Millisecond)
	if _, wrong := took(answers, http.StatusOK); err != nil || wrong == nil {
		t.Error("a 404 was taken for an answer")
	}
}

func TestAskStopsAtAWrongStatus(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	_, _, err := ask(context.Background(), s.Listener.Addr().String(), time.Now().Add(time.Minute), http.StatusOK,
		func() []byte { return wire(http.MethodGet, "/", 1, nil) })
	if err == nil || !strings.Contains(err.Error(), "status 404") {
		t.Errorf("err = %v", err)
	}
}

func TestSearchesAreAllDifferent(t *testing.T) {
	seen := map[string]bool{}
	for _, q := range searches() {
		if seen[q] {
			t.Fatalf("%s comes twice, so a cache could have it", q)
		}
		seen[q] = true
	}
	if len(seen) < 5000 {
		t.Errorf("only %d searches", len(seen))
	}
}
