package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"
)

// start measures how soon a fresh process answers and what it weighs.
func (b *bench) start(ctx context.Context) error {
	mb, err := bytesOf(b.binary)
	if err != nil {
		return err
	}
	b.rows = append(b.rows, within("binary", " MB", 60, mb))
	demo, err := b.fork(usual)
	if err != nil {
		return err
	}
	if err := b.firstStart(ctx, demo); err != nil {
		return err
	}
	var existing, empty, idle []float64
	for range b.rounds {
		first, weight, err := b.startOnce(ctx, demo, "/ko", 3*time.Second)
		if err != nil {
			return err
		}
		existing, idle = append(existing, first.Seconds()), append(idle, weight)
		nothing := filepath.Join(b.scratch, "empty")
		if first, _, err = b.startOnce(ctx, nothing, "/ko", 0); err != nil {
			return err
		}
		empty = append(empty, first.Seconds())
		if err := os.RemoveAll(nothing); err != nil {
			return err
		}
	}
	b.rows = append(b.rows, within("start to first page, demo world there", " s", 1, median(existing)),
		within("start to first page, no database yet", " s", 1, median(empty)),
		within("resident memory idle, demo world", " MB", 80, median(idle)))
	return nil
}

// firstStart lets a server do what a new world leaves to it, such as small copies of pictures.
func (b *bench) firstStart(ctx context.Context, dir string) (err error) {
	s, err := b.serve(ctx, dir, "/readyz")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	return s.settle(ctx)
}

// startOnce starts a process and returns when it first answered and what it weighs some time after.
func (b *bench) startOnce(ctx context.Context, dir, path string, rest time.Duration) (first time.Duration, mb float64, err error) {
	s, err := b.serve(ctx, dir, path)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	select {
	case <-ctx.Done():
		return 0, 0, ctx.Err()
	case <-time.After(rest):
	}
	mb, err = s.resident()
	return s.answer, mb, err
}
