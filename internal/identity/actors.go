package identity

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"lightstick/internal/forum"
)

// actorCache keeps who a token is for a moment, so that the fragments of one page do not each ask
// the database. Entries are dropped on this node when something about the member changes; other
// nodes see a change when their entries have aged ([fresh]).
type actorCache struct {
	now func() time.Time
	max int

	mu     sync.Mutex // guards the fields below
	byHash map[Hash]cachedActor
	gen    uint64 // raised by every forget: what was loaded before is not put after it
}

type cachedActor struct {
	actor   *forum.Actor // not to be changed: it is given out as copies
	at      time.Time
	expires time.Time // of the session or token
}

func newActorCache(now func() time.Time, max int) *actorCache {
	return &actorCache{now: now, max: max, byHash: map[Hash]cachedActor{}}
}

func (c *actorCache) get(h Hash) (actor *forum.Actor, gen uint64) {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byHash[h]
	if !ok || now.Sub(e.at) >= fresh || now.Before(e.at) || !now.Before(e.expires) {
		return nil, c.gen
	}
	own := *e.actor
	return &own, c.gen
}

func (c *actorCache) put(h Hash, a *forum.Actor, expires time.Time, gen uint64) {
	own := *a
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if gen != c.gen {
		return
	}
	if len(c.byHash) >= c.max {
		c.shrink(now)
	}
	c.byHash[h] = cachedActor{&own, now, expires}
}

// shrink drops what is stale and, when nothing is, anything: every entry is gone in two seconds anyway.
func (c *actorCache) shrink(now time.Time) {
	for h, e := range c.byHash {
		if now.Sub(e.at) >= fresh {
			delete(c.byHash, h)
		}
	}
	for h := range c.byHash {
		if len(c.byHash) < c.max {
			return
		}
		delete(c.byHash, h)
	}
}

func (c *actorCache) forget(member forum.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gen++
	for h, e := range c.byHash {
		if e.actor.ID == member {
			delete(c.byHash, h)
		}
	}
}

const (
	maxSeen      = 10_000           // notes held while the database cannot take them
	seenTimeout  = 5 * time.Second  // of one write
	seenPatience = 30 * time.Second // after a failed write, before the next
)

// seenWriter notes when sessions and tokens were used, behind the back of the request: a reader
// never waits for that write, and while the primary is away it is simply put off.
type seenWriter struct {
	store  Store
	now    func() time.Time
	logger *slog.Logger

	mu      sync.Mutex // guards the fields below
	notes   map[Seen]Seen
	writing chan struct{} // closed when the write under way is over; nil when none is
	notBe   time.Time     // no write before
}

func newSeenWriter(store Store, now func() time.Time, logger *slog.Logger) *seenWriter {
	return &seenWriter{store: store, now: now, logger: logger, notes: map[Seen]Seen{}}
}

// note takes a note and returns at once.
func (w *seenWriter) note(n Seen) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := Seen{SessionID: n.SessionID, TokenID: n.TokenID}
	if _, there := w.notes[key]; !there && len(w.notes) >= maxSeen {
		return
	}
	w.notes[key] = n
	if w.writing == nil && !w.now().Before(w.notBe) {
		w.writing = make(chan struct{})
		go w.write(w.writing)
	}
}

// write stores all notes; they are few to a transaction when it is quiet and many when it is not.
func (w *seenWriter) write(done chan struct{}) {
	defer close(done)
	for {
		w.mu.Lock()
		batch := w.notes
		if len(batch) == 0 {
			w.writing = nil
			w.mu.Unlock()
			return
		}
		w.notes = map[Seen]Seen{}
		w.mu.Unlock()
		if err := w.flush(batch); err != nil {
			w.logger.Warn("sessions in use could not be noted", slog.Any("error", err))
			w.putOff(batch)
			return
		}
	}
}

func (w *seenWriter) flush(batch map[Seen]Seen) error {
	ctx, cancel := context.WithTimeout(context.Background(), seenTimeout)
	defer cancel()
	list := make([]Seen, 0, len(batch))
	for _, n := range batch {
		list = append(list, n)
	}
	_, err := w.store.UpdateIdentity(ctx, func(tx Tx) (any, error) { return nil, tx.MarkSeen(ctx, list) })
	return err
}

// putOff keeps the notes of a failed write for the next.
func (w *seenWriter) putOff(batch map[Seen]Seen) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for key, n := range batch {
		if _, newer := w.notes[key]; !newer && len(w.notes) < maxSeen {
			w.notes[key] = n
		}
	}
	w.notBe = w.now().Add(seenPatience)
	w.writing = nil
}

// close waits for the write under way and makes a last one.
func (w *seenWriter) close(ctx context.Context) error {
	for {
		w.mu.Lock()
		if w.writing == nil {
			if len(w.notes) == 0 {
				w.mu.Unlock()
				return nil
			}
			batch := w.notes
			w.notes = map[Seen]Seen{}
			w.mu.Unlock()
			return w.flush(batch)
		}
		done := w.writing
		w.mu.Unlock()
		select {
		case <-done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
