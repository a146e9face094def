package edge_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"lightstick/internal/edge"
	"lightstick/internal/fault"
	"lightstick/internal/observe"
)

// site is an edge under test with its log.
type site struct {
	*edge.Edge
	obs *observe.Observer
	log *syncBuffer
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func fail(w http.ResponseWriter, _ *http.Request, err error) {
	f := fault.From(err)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	http.SetCookie(w, &http.Cookie{Name: "oops", Value: "1"})
	w.WriteHeader(f.Kind.Status())
	_, _ = io.WriteString(w, f.Code)
}

// newSite starts an edge; the function it returns stops it, and must run inside of a synctest
// bubble where there is one.
func newSite(t testing.TB, c edge.Config) (*site, func()) {
	t.Helper()
	s := &site{log: &syncBuffer{}}
	s.obs = observe.New(observe.Options{Log: s.log})
	c.Observer = s.obs
	if c.Fail == nil {
		c.Fail = fail
	}
	if c.BaseURL == nil {
		c.BaseURL = &url.URL{Scheme: "https", Host: "lightstick.example"}
	}
	e, err := edge.New(c)
	if err != nil {
		t.Fatal(err)
	}
	s.Edge = e
	return s, func() {
		e.Close()
		if err := s.obs.Close(); err != nil {
			t.Error(err)
		}
	}
}

// do sends one request; header is name, value pairs.
func (s *site) do(method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body == "" {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	r.Host, r.RemoteAddr = "lightstick.example", "192.0.2.7:4000"
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "RemoteAddr" {
			r.RemoteAddr = header[i+1]
			continue
		}
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func (s *site) get(target string, header ...string) *httptest.ResponseRecorder {
	return s.do(http.MethodGet, target, "", header...)
}

// lines are the log so far.
func (s *site) lines(t *testing.T) []map[string]any {
	t.Helper()
	if err := s.obs.Flush(); err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	for line := range strings.Lines(s.log.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("not JSON: %q: %v", line, err)
		}
		all = append(all, m)
	}
	return all
}

func page(h edge.Handler, opts ...edge.Option) edge.Route {
	return edge.Route{Method: "GET", Path: "/{locale}/p/{id}", Policy: edge.Page("post", opts...), Handle: h}
}

func text(body string) edge.Handler {
	return func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, err := io.WriteString(w, body)
		return err
	}
}

func ok(w http.ResponseWriter, _ *http.Request) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func guest(r *http.Request) (context.Context, string, error) {
	return r.Context(), r.Header.Get("X-Test-Account"), nil
}

func unzip(t *testing.T, b []byte) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func want(t *testing.T, w *httptest.ResponseRecorder, status int, header ...string) {
	t.Helper()
	if w.Code != status {
		t.Errorf("status %d, want %d; body %.80q", w.Code, status, w.Body)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if got := strings.Join(w.Result().Header.Values(header[i]), "|"); got != header[i+1] {
			t.Errorf("%s: %q, want %q", header[i], got, header[i+1])
		}
	}
}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// leaving asks and goes away after d.
func (s *site) leaving(target string, d time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	r.Host, r.RemoteAddr = "lightstick.example", "192.0.2.7:4000"
	s.ServeHTTP(httptest.NewRecorder(), r)
}
