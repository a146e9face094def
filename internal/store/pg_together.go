package store

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// errAlone is the outcome of a change that was undone with its neighbours. Nothing of it is left, so
// it is done again, without them.
var errAlone = errors.New("store: undone with others")

// add runs a change that only adds in a transaction with others that wait for the same. It returns once the
// change is committed, has left nothing behind, or is to be done alone.
func (p *pg) add(ctx context.Context, change func(transaction) error) error {
	one := &pending{ctx: ctx, change: change, ready: make(chan struct{})}
	p.adding.enter(one)
	select {
	case <-one.ready:
	case <-ctx.Done():
		if p.adding.leave(one) {
			return ctx.Err()
		}
		<-one.ready // the caller must know whether the change happened
	}
	if one.panic != nil {
		panic(one.panic)
	}
	return one.err
}

// together is one transaction for a list of changes.
func (p *pg) together(list []*pending) {
	seats := make([]*seat, len(list))
	for i, one := range list {
		seats[i] = &seat{pending: one}
	}
	at, err := p.transact(context.Background(), func(ctx context.Context, tx pgx.Tx) error { return lead(ctx, tx, seats) })
	for _, s := range seats {
		switch {
		case s.left: // with its own error, before it wrote anything
		case err != nil:
			s.err, s.panic = err, nil
		default:
			p.landed(s.ctx, at, s.grants)
		}
		close(s.ready)
	}
}

// seat is one change in the transaction of several. It is a coroutine: it stops at each of its
// statements until those of all have been answered.
type seat struct {
	*pending
	tx     pgx.Tx
	asks   []*ask                  // what it waits for
	next   func() (struct{}, bool) // runs it to its next statement; false: it has ended
	stop   func()                  // ends it
	wait   func(struct{}) bool     // lets the others run; false: the transaction is lost
	wrote  bool
	grants bool
	left   bool
}

// sit begins the coroutine. It has to be stopped.
func (s *seat) sit(tx pgx.Tx) {
	s.tx = tx
	s.next, s.stop = iter.Pull(func(wait func(struct{}) bool) {
		s.wait = wait
		s.attempt(s)
	})
}

// lead runs the changes in step: a statement of each in one round trip, then the next of each, until
// all have ended. An error says that nothing may be committed.
func lead(ctx context.Context, tx pgx.Tx, seats []*seat) error {
	for _, s := range seats {
		s.sit(tx)
		defer s.stop()
	}
	for {
		var all []*ask
		for _, s := range seats {
			if s.asks = nil; s.left {
				continue
			}
			if _, more := s.next(); more {
				all = append(all, s.asks...)
			} else if s.err != nil || s.panic != nil {
				if s.wrote {
					return errAlone
				}
				s.left = true
			}
		}
		if len(all) == 0 {
			return nil
		}
		if err := answer(ctx, tx, all); err != nil {
			if e, said := errors.AsType[*pgconn.PgError](err); said && !fatal(e.Code) {
				return errAlone // whose statement it was, its error and all else come out when they are alone
			}
			return err
		}
		for _, s := range seats {
			s.wrote = s.wrote || slices.ContainsFunc(s.asks, (*ask).wrote)
		}
	}
}

func (s *seat) say(ctx context.Context, asks ...*ask) error {
	count(ctx)
	s.asks = asks
	if !s.wait(struct{}{}) {
		return errAlone
	}
	return nil
}

func (s *seat) exec(ctx context.Context, text string, args ...any) (int64, error) {
	a := &ask{sql: text, args: args}
	err := s.say(ctx, a)
	return a.tag.RowsAffected(), err
}

func (s *seat) query(ctx context.Context, text string, args ...any) (rows, error) {
	a := &ask{sql: text, args: args}
	err := s.say(ctx, a)
	return &answered{ask: a}, err
}

func (s *seat) each(ctx context.Context, text string, sets [][]any) error {
	if len(sets) == 0 {
		return nil
	}
	asks := make([]*ask, len(sets))
	for i, args := range sets {
		asks[i] = &ask{sql: text, args: args}
	}
	return s.say(ctx, asks...)
}

// handle is the transaction itself: nobody else uses it while this change runs.
func (s *seat) handle() any {
	s.wrote = true
	return s.tx
}

func (s *seat) grant() { s.grants = true }
