// Package testkit starts real parts for tests: the whole community on a temporary database, and a
// PostgreSQL server. Only tests import it.
package testkit

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"lightstick/internal/app"
	"lightstick/internal/edge"
)

// Site is a running community of its own for one test.
type Site struct {
	App *app.App
	URL string // without a slash at the end
	Log *Buffer
}

// Boot starts the community the way production does, on SQLite in a temporary folder unless
// change says otherwise, with background work, on a free loopback port. The test's end stops it.
func Boot(t testing.TB, change ...func(*app.Config, *app.Options)) *Site {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Site{URL: "http://" + listener.Addr().String(), Log: &Buffer{}}
	c := app.Config{Env: app.Dev, Listen: listener.Addr().String(), Data: t.TempDir(), Worker: true, MailFrom: "Lightstick <no-reply@localhost>",
		PageCache: 32 << 20, LogLevel: "info", Migrate: true}
	o := app.Options{Version: "test", Log: s.Log}
	for _, f := range change {
		f(&c, &o)
	}
	ctx := context.Background()
	if s.App, err = app.New(ctx, c, o); err != nil {
		t.Fatalf("boot: %v", err)
	}
	if c.Worker {
		if err := s.App.StartWork(ctx); err != nil {
			t.Fatalf("boot: %v", err)
		}
	}
	server := edge.Server(s.App.Handler, s.App.Observer().Log)
	served := make(chan error, 1)
	go func() { served <- server.Serve(edge.Listen(listener, nil)) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Errorf("shut down: %v", err)
		}
		<-served
		if err := s.App.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
		if t.Failed() {
			t.Logf("log of the site:\n%s", s.Log.Tail(20_000))
		}
	})
	return s
}

// Browser is an HTTP client with a cookie jar of its own that does not follow redirects.
type Browser struct {
	*http.Client
	site *Site
	t    testing.TB
}

// Browser makes a fresh one.
func (s *Site) Browser(t testing.TB) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{t: t, site: s, Client: &http.Client{Jar: jar, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Answer is a response with its body read.
type Answer struct {
	*http.Response
	Text string
}

// Get asks for a path of the site.
func (b *Browser) Get(path string) Answer {
	b.t.Helper()
	req, err := http.NewRequest(http.MethodGet, b.site.URL+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.Send(req)
}

// Post sends a form to a path of the site, as a browser on one of its pages would.
func (b *Browser) Post(path string, form url.Values) Answer {
	b.t.Helper()
	req, err := http.NewRequest(http.MethodPost, b.site.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.site.URL)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.Send(req)
}

// Send does any request and reads the answer.
func (b *Browser) Send(req *http.Request) Answer {
	b.t.Helper()
	res, err := b.Do(req)
	if err != nil {
		b.t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatalf("%s %s: read: %v", req.Method, req.URL, err)
	}
	return Answer{res, string(body)}
}

// Buffer is an io.Writer for logs that many goroutines may use.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// String is all that was written.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// Tail is the last n bytes that were written.
func (b *Buffer) Tail(n int) string {
	s := b.String()
	return s[max(0, len(s)-n):]
}
