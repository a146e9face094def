package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"lightstick/internal/app"
	"lightstick/internal/forum"
	"lightstick/internal/store"
)

// ryw is the cookie of somebody who has just written: the page cache is not asked, so the page comes
// from the database, through all the rest of the way, compression included.
const ryw = "Cookie: ls_ryw=1"

// pages measures the post page that no cache has, with few and with many comments in the store.
func (b *bench) pages(ctx context.Context) (err error) {
	if err := b.queries(ctx); err != nil {
		return err
	}
	few, err := b.pageServer(ctx, small)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, few.stop()) }()
	many, err := b.pageServer(ctx, large)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, many.stop()) }()
	var cost, fewTimes, manyTimes, manyCost, sameTimes []float64
	for i := range b.rounds + 1 {
		a, err := load(ctx, few.server, 1, b.window, http.StatusOK, few.next(len(few.posts)))
		if err != nil {
			return err
		}
		c, err := load(ctx, many.server, 1, b.window, http.StatusOK, many.next(len(many.posts)))
		if err != nil {
			return err
		}
		same, err := load(ctx, many.server, 1, b.window/2, http.StatusOK, many.next(len(few.posts)))
		if err != nil {
			return err
		}
		if i > 0 {
			cost, manyCost = append(cost, a.each()), append(manyCost, c.each())
			fewTimes, manyTimes, sameTimes = append(fewTimes, a.middle()), append(manyTimes, c.middle()), append(sameTimes, same.middle())
		}
	}
	b.rows = append(b.rows,
		within("post page uncached, 1,000 comments stored: CPU", " ms", 2, median(cost)),
		within(fmt.Sprintf("post page uncached, %s stored, %d posts in turn: CPU", count(b.large), len(many.posts)), " ms", 2, median(manyCost)),
		atMost(fmt.Sprintf("  its time, %d posts in turn, against 1,000 stored", len(few.posts)), " ms", median(fewTimes), median(sameTimes), 1.5),
		atMost(fmt.Sprintf("  its time, %d posts in turn, against 1,000 stored", len(many.posts)), " ms", median(fewTimes), median(manyTimes), 1.5))
	return nil
}

// count writes a number of comments.
func count(n int) string {
	if n >= 1_000_000 {
		return fmt.Sprintf("%g M comments", float64(n)/1e6)
	}
	return fmt.Sprintf("%d comments", n)
}

// manyPosts is how many posts take turns: more pages of the database than a connection keeps.
const manyPosts = 400

// noWork leaves background work to other processes, so that it is not charged to what readers do.
const noWork = "--no-worker"

type pageServer struct {
	*server
	posts []forum.ID
}

func (b *bench) pageServer(ctx context.Context, world string) (s pageServer, err error) {
	dir := filepath.Join(b.data, world)
	if s.posts, err = b.full(ctx, dir, world, manyPosts); err != nil {
		return s, err
	}
	s.server, err = b.serve(ctx, dir, "/readyz", noWork)
	return s, err
}

// next asks for the first n posts in turn.
func (s pageServer) next(n int) func(i int) []byte {
	return func(i int) []byte {
		return wire(http.MethodGet, fmt.Sprintf("/ko/p/%d", s.posts[i%n]), i, nil, ryw)
	}
}

// queries counts the statements of one page with the store's own counter, in this process.
func (b *bench) queries(ctx context.Context) (err error) {
	dir, err := b.fork(usual)
	if err != nil {
		return err
	}
	posts, err := b.full(ctx, dir, usual, 1)
	if err != nil {
		return err
	}
	a, err := app.New(ctx, app.Config{Env: app.Dev, Listen: "127.0.0.1:0", Data: dir, MailFrom: "bench@localhost", PageCache: 32 << 20},
		app.Options{Version: "bench", Log: io.Discard})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close(ctx)) }()
	counted, n := store.CountQueries(ctx)
	r := httptest.NewRequestWithContext(counted, http.MethodGet, fmt.Sprintf("/ko/p/%d", posts[0]), nil)
	r.AddCookie(&http.Cookie{Name: "ls_ryw", Value: "1"})
	w := httptest.NewRecorder()
	a.Handler.ServeHTTP(w, r)
	if w.Code != http.StatusOK || n.Load() == 0 {
		return fmt.Errorf("status %d after %d counted queries", w.Code, n.Load())
	}
	b.rows = append(b.rows, within("post page uncached: queries", "", 6, float64(n.Load())))
	return nil
}

// bytesOf is the size of a file in MB of a million bytes.
func bytesOf(file string) (float64, error) {
	info, err := os.Stat(file)
	if err != nil {
		return 0, err
	}
	return float64(info.Size()) / 1e6, nil
}
