package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"lightstick/internal/forum"
)

const (
	hotConns   = 64
	crowdConns = 256
	openShare  = 0.55 // of the bare handler's capacity, for the times of answers
)

// hot measures the page that everybody reads against a bare handler with the same bytes.
func (b *bench) hot(ctx context.Context) (err error) {
	dir, err := b.fork(usual)
	if err != nil {
		return err
	}
	posts, err := b.full(ctx, dir, usual, 1)
	if err != nil {
		return err
	}
	ours, err := b.serve(ctx, dir, "/readyz")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ours.stop()) }()
	if err := ours.settle(ctx); err != nil { // pictures of the demo world get their small copies
		return err
	}
	path := fmt.Sprintf("/ko/p/%d", posts[0])
	page, err := fetch(ctx, ours.url+path)
	if err != nil {
		return err
	}
	bare, err := b.bare(ctx, page)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bare.stop()) }()
	b.say("the page has %d comments and %d bytes, %d compressed", shownComments, page.plain, len(page.body))
	if err := b.throughput(ctx, ours, bare, path); err != nil {
		return err
	}
	return b.underCrowd(ctx, ours, path)
}

// full lists posts with a full first page.
func (b *bench) full(ctx context.Context, dir, world string, most int) ([]forum.ID, error) {
	s, err := openWorld(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return fullPosts(ctx, s, b.size(world).posts, most)
}

// page is an answer as a browser gets it.
type page struct {
	kind, coding string
	body         []byte
	plain        int // bytes before compression
}

func fetch(ctx context.Context, url string) (p page, err error) {
	for _, coding := range []string{"identity", "gzip"} { // a header of our own keeps net/http from unpacking
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return p, err
		}
		req.Header.Set("Accept-Encoding", coding)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return p, err
		}
		p.plain = len(p.body)
		p.body, err = io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			return p, fmt.Errorf("%s: %s: %w", url, res.Status, err)
		}
		p.kind, p.coding = res.Header.Get("Content-Type"), res.Header.Get("Content-Encoding")
	}
	if p.coding != "gzip" {
		return p, fmt.Errorf("%s: coding %q, not gzip", url, p.coding)
	}
	return p, nil
}

// bare starts the bare handler.
func (b *bench) bare(ctx context.Context, p page) (*server, error) {
	file := filepath.Join(b.scratch, "page")
	if err := os.WriteFile(file, p.body, 0o600); err != nil {
		return nil, err
	}
	addrs, err := freeAddrs(1)
	if err != nil {
		return nil, err
	}
	return launch(ctx, "/", addrs[0], b.self, "bare-handler", "-listen", addrs[0], "-body", file, "-type", p.kind, "-encoding", p.coding)
}

func (b *bench) throughput(ctx context.Context, ours, bare *server, path string) error {
	var rates, limits, ratios []float64
	for i := range b.rounds + 1 { // the first warms up
		limit, err := wrk(ctx, bare.url+path, hotConns, b.window)
		if err != nil {
			return err
		}
		rate, err := wrk(ctx, ours.url+path, hotConns, b.window)
		if err != nil {
			return err
		}
		if i > 0 {
			rates, limits, ratios = append(rates, rate), append(limits, limit), append(ratios, rate/limit)
		}
	}
	b.rows = append(b.rows, atLeast("hot page from the page cache, gzip", "/s", median(limits), median(rates), 0.8))
	b.say("hot page: ratios of single turns %.2f", ratios)
	return b.times(ctx, ours, bare, path, openShare*median(limits))
}

// times compares the slowest percent of answers while both serve the same steady crowd.
func (b *bench) times(ctx context.Context, ours, bare *server, path string, rate float64) error {
	var own, limit []float64
	request := []byte("GET " + path + " HTTP/1.1\r\nHost: bench.invalid\r\nAccept-Encoding: gzip\r\n\r\n")
	for i := range b.rounds + 1 {
		for _, side := range []struct {
			s    *server
			into *[]float64
		}{{bare, &limit}, {ours, &own}} {
			if err := ctx.Err(); err != nil {
				return err
			}
			answers, err := openLoop(side.s.addr, func(int) []byte { return request }, hotConns, rate, b.window)
			if err != nil {
				return err
			}
			list, err := took(answers, http.StatusOK)
			if err != nil {
				return err
			}
			if i > 0 {
				*side.into = append(*side.into, percentile(list, 0.99).Seconds()*1000)
			}
		}
	}
	b.say("p99 in ms, bare %.2f, ours %.2f", limit, own)
	b.rows = append(b.rows, atMost(fmt.Sprintf("hot page p99 at %.0f/s, open loop", rate), " ms", median(limit), median(own), 2))
	return nil
}

// underCrowd looks at the memory while many connections keep the server busy.
func (b *bench) underCrowd(ctx context.Context, s *server, path string) error {
	most := 0.0
	done := make(chan error, 1)
	go func() {
		_, err := wrk(ctx, s.url+path, crowdConns, 2*b.window)
		done <- err
	}()
	for {
		select {
		case err := <-done:
			b.rows = append(b.rows, within(fmt.Sprintf("resident memory at %d connections", crowdConns), " MB", 200, most))
			return err
		case <-time.After(50 * time.Millisecond):
			mb, err := s.resident()
			if err != nil {
				return err
			}
			most = max(most, mb)
		}
	}
}

var (
	wrkRate = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	wrkFail = regexp.MustCompile(`(?m)^\s*(Non-2xx or 3xx responses|Socket errors):.*$`)
)

// wrk asks in a closed loop and returns requests per second.
func wrk(ctx context.Context, url string, conns int, d time.Duration) (float64, error) {
	out, err := exec.CommandContext(ctx, "wrk", "-t", "1", "-c", strconv.Itoa(conns), "-d", fmt.Sprintf("%ds", max(1, int(d.Seconds()))),
		"-H", "Accept-Encoding: gzip", url).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("wrk: %w\n%s", err, out)
	}
	return parseWrk(out)
}

func parseWrk(out []byte) (float64, error) {
	if bad := wrkFail.Find(out); bad != nil {
		return 0, fmt.Errorf("wrk: %s", bytes.TrimSpace(bad))
	}
	m := wrkRate.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("wrk printed no rate:\n%s", out)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}
