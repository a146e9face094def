package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"lightstick/internal/fault"
)

// How many changes share one commit, and how long they may take before it.
const (
	groupMost  = 128
	groupTime  = 20 * time.Millisecond
	groupWait  = 2 * time.Millisecond
	groupQueue = 1024
)

// group commits waiting changes together: each in its own savepoint, so that one that fails takes
// nothing with it, and all in one transaction, so that they share the wait for the disk.
type group struct {
	pool  *litePool
	queue chan *pending
	done  chan struct{} // closed when the writer has stopped
	pace  pace

	mu     sync.RWMutex // held for writing to close queue, for reading to send to it
	closed bool
}

// pending is one change and its outcome.
type pending struct {
	ctx    context.Context
	change func(transaction) error
	err    error
	panic  any
	ready  chan struct{}
}

var errClosed = fault.New(fault.Unavailable, "closing", "The site is restarting. Keep your text and try again in a moment.").After(2 * time.Second)

func newGroup(pool *litePool) *group {
	g := &group{pool: pool, queue: make(chan *pending, groupQueue), done: make(chan struct{})}
	go g.run()
	return g
}

// do runs change and returns once it is on disk, or has left nothing behind.
func (g *group) do(ctx context.Context, change func(transaction) error) error {
	p := &pending{ctx: ctx, change: change, ready: make(chan struct{})}
	if err := g.enqueue(p); err != nil {
		return err
	}
	// Not left early when ctx ends: the caller must know whether the change happened.
	<-p.ready
	if p.panic != nil {
		panic(p.panic)
	}
	return p.err
}

func (g *group) enqueue(p *pending) error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.closed {
		return errClosed
	}
	select {
	case g.queue <- p:
		return nil
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
}

// close lets everything that waits finish.
func (g *group) close() {
	g.mu.Lock()
	if !g.closed {
		g.closed = true
		close(g.queue)
	}
	g.mu.Unlock()
	<-g.done
}

func (g *group) run() {
	defer close(g.done)
	for p := range g.queue {
		g.batch(p)
	}
}

// batch commits first and what else is waiting, then answers all of them.
func (g *group) batch(first *pending) {
	missing := make(map[string]bool)
	list := g.commit(first, missing)
	for _, p := range list {
		close(p.ready)
	}
	for text := range missing {
		// A statement that cannot be prepared shows its error to whoever runs it next.
		g.pool.prepare(context.Background(), text)
	}
}

func (g *group) commit(first *pending, missing map[string]bool) (list []*pending) {
	list = []*pending{first}
	if first.err = first.ctx.Err(); first.err != nil {
		return list // nobody waits for it any more: the lock is for the next
	}
	tx, err := g.pool.db.BeginTx(context.Background(), nil)
	if err != nil {
		first.err = liteError(err)
		return g.turnAway(list)
	}
	defer tx.Rollback()
	begun := time.Now()
	for p := first; p != nil; p = g.next(len(list), begun) {
		if p != first {
			list = append(list, p)
		}
		t := &liteTx{pool: g.pool, tx: tx, missing: missing}
		p.run(t)
		if t.dead {
			fail(list, p.err)
			return list
		}
		if len(list) == groupMost || time.Since(begun) > groupTime {
			break
		}
	}
	ready := time.Now()
	err = tx.Commit()
	g.pace = pace{company: len(list), commit: time.Since(ready)}
	if err != nil {
		err = liteError(err)
		if fault.KindOf(err) != fault.Unavailable {
			err = storageFailed(err)
		}
		fail(list, err)
	}
	return list
}

// turnAway gives all who wait what the first of them got. Another process holds the lock of the file
// for longer than anybody should wait; one after the other they would wait for it as often as they are many.
func (g *group) turnAway(list []*pending) []*pending {
	for {
		select {
		case p := <-g.queue:
			if p == nil { // closed and empty
				return list
			}
			p.err = list[0].err
			list = append(list, p)
		default:
			return list
		}
	}
}

// pace is what the last batch was like.
type pace struct {
	company int
	commit  time.Duration
}

// next is the next change for a batch of n so far. When none is there, but the batch before had more,
// those who got their answers may be about to come again: waiting for them a part of the time that
// a commit takes saves a commit.
func (g *group) next(n int, begun time.Time) *pending {
	select {
	case p := <-g.queue: // nil once closed and empty
		return p
	default:
	}
	left := min(g.pace.commit, groupWait) - time.Since(begun)
	if n >= g.pace.company || left <= 0 {
		return nil
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case p := <-g.queue:
		return p
	case <-timer.C:
		return nil
	}
}

// fail tells all whose change would have been part of the lost transaction.
func fail(list []*pending, err error) {
	if err == nil || fault.KindOf(err) != fault.Unavailable {
		err = storageFailed(fmt.Errorf("the transaction was lost: %w", err))
	}
	for _, p := range list {
		if p.err == nil && p.panic == nil {
			p.err = err
		}
	}
}

// run runs the change within a savepoint.
func (p *pending) run(t *liteTx) {
	if p.err = p.ctx.Err(); p.err != nil {
		return // nobody waits for it any more
	}
	ctx := context.Background()
	if _, err := t.exec(ctx, `SAVEPOINT change`); err != nil {
		p.err, t.dead = err, true
		return
	}
	p.attempt(t)
	end := `RELEASE change`
	if p.err != nil || p.panic != nil {
		if t.dead {
			return
		}
		end = `ROLLBACK TO change`
	}
	if _, err := t.exec(ctx, end); err != nil {
		p.err, t.dead = errors.Join(p.err, err), true
		return
	}
	if end != `RELEASE change` {
		if _, err := t.exec(ctx, `RELEASE change`); err != nil {
			p.err, t.dead = errors.Join(p.err, err), true
		}
	}
}

// attempt keeps a panic for the caller's own goroutine.
func (p *pending) attempt(t transaction) {
	defer func() {
		if v := recover(); v != nil {
			p.panic = v
		}
	}()
	p.err = p.change(t)
}
