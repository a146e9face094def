package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"lightstick/internal/store"
)

// How often a node does what each node must do for itself.
const (
	viewsEvery    = 10 * time.Second // what a killed node loses of views
	hotEvery      = time.Minute
	scheduleEvery = 15 * time.Second
	roundTimeout  = 5 * time.Second
)

// hotPages is how many pages a node notes of a minute.
const hotPages = 200

// rounds is what a node does again and again until it is stopped. Unlike jobs, which one node does
// for all, it is about what is in this node's memory.
type rounds struct {
	log  *slog.Logger
	stop context.CancelFunc
	wg   sync.WaitGroup
}

func newRounds(log *slog.Logger) (*rounds, context.Context) {
	ctx, stop := context.WithCancel(context.Background())
	return &rounds{log: log, stop: stop}, ctx
}

// every does something at once and then again and again. A failure is logged and does not end it.
func (r *rounds) every(ctx context.Context, name string, d time.Duration, do func(context.Context) error) {
	r.wg.Go(func() {
		tick := time.NewTicker(d)
		defer tick.Stop()
		for {
			r.once(ctx, name, do)
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	})
}

func (r *rounds) once(ctx context.Context, name string, do func(context.Context) error) {
	bounded, cancel := context.WithTimeout(ctx, roundTimeout)
	defer cancel()
	if err := do(bounded); err != nil && ctx.Err() == nil {
		r.log.WarnContext(ctx, "round failed", "round", name, "error", err)
	}
}

// close ends the rounds and waits for the last.
func (r *rounds) close() {
	r.stop()
	r.wg.Wait()
}

// startRounds begins what this node does for itself. At its end what is in memory is stored: a node
// that is stopped while its database is there loses nothing.
func (a *App) startRounds() {
	r, ctx := newRounds(a.observer.Log)
	r.every(ctx, "views", viewsEvery, a.views.Flush)
	r.every(ctx, "hot_pages", hotEvery, a.noteHotPages)
	r.every(ctx, "schedule", scheduleEvery, a.schedule.round)
	a.onClose(func(ctx context.Context) error {
		r.close()
		r.once(ctx, "hot_pages", a.noteHotPages)
		r.once(ctx, "views", a.views.Flush)
		return nil
	})
}

// noteHotPages tells the store what was asked for most, for nodes that start.
func (a *App) noteHotPages(ctx context.Context) error {
	var list []store.HotPage
	for _, e := range a.edges {
		for _, h := range e.HotPages(hotPages) {
			list = append(list, store.HotPage{Path: h.URI, Hits: h.Hits})
		}
	}
	return a.store.PutHotPages(ctx, list)
}
