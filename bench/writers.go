package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// writers is how many members write at once.
const writers = 16

// writers measures comments through HTTP against bare inserts of the same size, one to a
// transaction, in the same engine with the same durability on the same disk.
func (b *bench) writers(ctx context.Context) (err error) {
	dir, err := b.fork(crowd)
	if err != nil {
		return err
	}
	k, err := b.keys(ctx, dir)
	if err != nil {
		return err
	}
	s, err := b.serve(ctx, dir, "/readyz")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	posts := b.size(crowd).posts
	var limits, rates, slow []float64
	for i := range b.rounds + 1 {
		if err := s.settle(ctx); err != nil {
			return err
		}
		limit, err := b.bareInserts(ctx, i)
		if err != nil {
			return err
		}
		from := k.sent
		w, err := load(ctx, s, writers, b.window, http.StatusCreated, func(i int) []byte { return k.comment(from+i, posts) })
		if err != nil {
			return err
		}
		k.sent += w.requests + writers
		if i > 0 {
			limits, rates = append(limits, limit), append(rates, w.perSecond())
			slow = append(slow, percentile(w.times, 0.99).Seconds()*1000)
		}
	}
	b.rows = append(b.rows, atLeast(fmt.Sprintf("comments through HTTP, %d writers, against bare inserts", writers), "/s", median(limits), median(rates), 0.5),
		shown("  the p99 of such a comment", " ms", median(slow)))
	return nil
}

// bareInserts runs the limit on the server's core.
func (b *bench) bareInserts(ctx context.Context, turn int) (float64, error) {
	file := filepath.Join(b.scratch, fmt.Sprintf("bare-%d.db", turn))
	argv := []string{b.self, "bare-insert", "-file", file, "-for", b.window.String()}
	if _, err := exec.LookPath("taskset"); err == nil {
		argv = append([]string{"taskset", "-c", "0"}, argv...)
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("bare insert: %w", err)
	}
	return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
}
