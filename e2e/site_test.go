// Package e2e uses Lightstick as its members do: once with plain HTTP, following links and forms
// exactly as they stand in the pages, and once in a real browser. It knows the community by its
// address alone. That address is LIGHTSTICK_E2E_URL, of a dev site that holds the demo world;
// without it, the tests start a community of their own, the way production starts.
//
// Nothing is skipped: a browser that is missing, a site without the demo world or without
// /dev/mail fails the test that needs it and says what to do.
package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"lightstick/internal/app"
)

const (
	demoPassword  = app.DemoPassword
	demoPosts     = 60
	demoComments  = 600
	startPatience = 30 * time.Second
)

// site is where the community is, shared by all tests of the run.
var site string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) (code int) {
	stop := func() error { return nil }
	if site = strings.TrimSuffix(os.Getenv("LIGHTSTICK_E2E_URL"), "/"); site == "" {
		dir, err := os.MkdirTemp("", "lightstick-e2e-")
		if err != nil {
			return say(err)
		}
		defer os.RemoveAll(dir)
		if site, stop, err = start(dir); err != nil {
			return say(err)
		}
	}
	code = m.Run()
	closeBrowser()
	if err := stop(); err != nil && code == 0 {
		code = say(err)
	}
	return code
}

func say(err error) int {
	fmt.Fprintln(os.Stderr, "e2e:", err)
	return 1
}

// start fills a small demo world in dir and serves it until stop is called.
func start(dir string) (address string, stop func() error, err error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	listen := free.Addr().String()
	free.Close()
	c := app.Config{Env: app.Dev, Listen: listen, Data: dir, Worker: true, MailFrom: "Lightstick <no-reply@localhost>", PageCache: 32 << 20, LogLevel: "warn", WAF: "on"}
	if err := c.Check(); err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	if err := app.Demo(ctx, c, app.DemoSize{Posts: demoPosts, Comments: demoComments, Seed: 1}, io.Discard); err != nil {
		cancel()
		return "", nil, err
	}
	log := &safeBuffer{}
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx, c, "e2e", io.Discard, log) }()
	stop = func() error {
		cancel()
		if err := <-ended; err != nil {
			return fmt.Errorf("the site ended badly: %w\n%s", err, log)
		}
		return nil
	}
	if err := ready(c.BaseURL, ended); err != nil {
		return "", nil, errors.Join(err, stop())
	}
	return c.BaseURL, stop, nil
}

// ready waits until the site answers or has ended.
func ready(address string, ended chan error) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	patience := time.After(startPatience)
	for {
		if res, err := http.Get(address + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-ended:
			ended <- err
			return fmt.Errorf("the site did not start: %w", err)
		case <-patience:
			return errors.New("the site was not ready in time")
		case <-tick.C:
		}
	}
}

// safeBuffer is an io.Writer for logs that many goroutines may use.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// eventually asks until ok says yes or the time is over; what is said then says what was waited for.
func eventually(t testing.TB, within time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Since(began) > within {
			t.Fatalf("waited %v in vain for %s", within, what)
		}
		<-tick.C
	}
	return time.Since(began)
}
