package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

const (
	pgPatience = 5 * time.Second // that a write waits for a primary
	pgWaiting  = 256             // writes that wait at once; more would only fill the memory
)

// update runs change on the primary, together with others if it may. It begins again, on another primary
// if need be, whatever was certainly not done; when a COMMIT got no answer it does so only for a change
// that knows from its key (forum.Once) whether it happened.
func (p *pg) update(ctx context.Context, together bool, change func(transaction) error) error {
	u := &attempts{p: p, once: forum.OnceFrom(ctx) != nil}
	for {
		err := errAlone
		if together {
			err = p.add(ctx, change)
			together = !errors.Is(err, errAlone)
		}
		if !together {
			err = p.attempt(ctx, change)
		}
		if _, replayed := errors.AsType[*forum.Replay](err); replayed {
			forum.ReadingFrom(ctx).Wrote(pinned(p.now())) // where the first one landed is not known
		}
		pause, err := u.after(ctx, err)
		if err != nil || pause == 0 {
			return err
		}
		if err := u.wait(ctx, pause); err != nil {
			return err
		}
	}
}

// attempts decides what follows the failure of one.
type attempts struct {
	p         *pg
	once      bool
	conflicts int
	unknown   bool      // a COMMIT got no answer
	until     time.Time // when the wait for a primary ends; zero: none was needed
}

// after says how long to wait before the next attempt, 0 for none.
func (u *attempts) after(ctx context.Context, err error) (time.Duration, error) {
	open, lost := errors.AsType[*unanswered](err)
	switch {
	case err == nil:
		return 0, nil
	case conflicting(err):
		if u.conflicts++; u.conflicts > pgRetries {
			return 0, busy(err)
		}
		return time.Duration(float64(int(5)<<(u.conflicts-1)) * (0.5 + rand.Float64()) * float64(time.Millisecond)), nil
	case lost:
		u.p.metrics.unknown.Inc()
		if !u.once || open.local {
			return 0, outcomeUnknown(err)
		}
		u.unknown = true
	case u.unknown && fault.Is(err, "idempotency_in_flight"): // our own, which the old connection has not let go of
	case !unreachable(err):
		return 0, pgError(err)
	}
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if s := u.p.primary.Load(); s != nil {
		s.suspect()
	}
	if u.until.IsZero() {
		u.until = time.Now().Add(pgPatience)
	}
	if !time.Now().Before(u.until) {
		return 0, u.p.paused(err)
	}
	return time.Duration((20 + 60*rand.Float64()) * float64(time.Millisecond)), nil
}

// wait lets the pause pass and then waits for a primary.
func (u *attempts) wait(ctx context.Context, pause time.Duration) error {
	p := u.p
	if u.until.IsZero() {
		return sleep(ctx, pause)
	}
	if p.waiting.Add(1) > pgWaiting {
		p.waiting.Add(-1)
		return p.paused(errNoPrimary)
	}
	defer p.waiting.Add(-1)
	if err := sleep(ctx, pause); err != nil {
		return err
	}
	over := time.NewTimer(time.Until(u.until))
	defer over.Stop()
	for {
		p.mu.Lock()
		changed := p.changed
		p.mu.Unlock()
		if p.primary.Load() != nil {
			return nil
		}
		select {
		case <-changed:
		case <-over.C:
			return p.paused(errNoPrimary)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pg) paused(cause error) error {
	p.metrics.refused.Inc()
	return fault.Wrap(cause, fault.Unavailable, "writing_paused",
		"Nothing can be changed for the moment; reading goes on. Keep your text: it can be sent in a few seconds.").
		After(time.Duration(2+rand.IntN(4)) * time.Second)
}

// outcomeUnknown has no Retry-After: to repeat the request might do it twice.
func outcomeUnknown(err error) error {
	return fault.Wrap(err, fault.Unavailable, "outcome_unknown",
		"The connection to the database was lost at the last moment. Look whether this was saved before you send it again.")
}

// unanswered is a COMMIT that may have happened or, local, that has but may not outlive its primary: to
// ask that one again would only bring a promise that it cannot keep.
type unanswered struct {
	cause error
	local bool
}

func (u *unanswered) Error() string { return "commit without an answer: " + u.cause.Error() }
func (u *unanswered) Unwrap() error { return u.cause }

// attempt is one transaction for one change.
func (p *pg) attempt(ctx context.Context, change func(transaction) error) error {
	var tx *pgChange
	at, err := p.transact(ctx, func(_ context.Context, inner pgx.Tx) error {
		tx = &pgChange{pgTx: pgTx{pgQuerier{inner}, inner}}
		return change(tx)
	})
	if err == nil {
		p.landed(ctx, at, tx.grants)
	}
	return err
}

// transact commits what run does, and says where.
func (p *pg) transact(ctx context.Context, run func(context.Context, pgx.Tx) error) (position, error) {
	ctx, cancel := context.WithTimeout(ctx, pgTxMost)
	defer cancel()
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return position{}, err
	}
	defer conn.Release()
	begun := time.Now()
	inner, err := conn.Begin(ctx)
	if err != nil {
		return position{}, err
	}
	w := writingOf(conn.Conn().PgConn())
	// Background: the connection must be rid of the transaction also when ctx is over or run panics.
	// It does nothing to a transaction that has ended.
	defer func() {
		if conn.Conn().PgConn().TxStatus() != 'I' && !conn.Conn().IsClosed() {
			inner.Rollback(context.WithoutCancel(ctx))
		}
	}()
	if err := run(ctx, inner); err != nil {
		return position{}, err
	}
	if time.Since(begun) >= pgTxMost {
		return position{}, context.DeadlineExceeded
	}
	at, err := p.commit(ctx, conn, w)
	if err == nil {
		w.to.answered()
	}
	return at, err
}

// landed tells those who are to see the change where it is.
func (p *pg) landed(ctx context.Context, at position, grants bool) {
	token := at.token()
	if at == (position{}) {
		token = pinned(p.now())
	}
	forum.ReadingFrom(ctx).Wrote(token)
	if grants {
		p.floor.Store(&floor{at, time.Now()})
	}
}

// floor is the last change on this node of who may do what.
type floor struct {
	position
	since time.Time
}

const (
	// A commit may take as long as its replica does: cut short, it would be done here and answered well,
	// and a failover would undo it.
	commitOnly = `SET LOCAL statement_timeout = 0; COMMIT`
	commitAt   = commitOnly + `; SELECT left(pg_walfile_name(l), 8), l FROM pg_current_wal_insert_lsn() l`
)

// commit ends the transaction and says where the log was just after, in one round trip.
func (p *pg) commit(ctx context.Context, conn *pgxpool.Conn, w *writing) (position, error) {
	w.warned.Store(false)
	w.committing.Store(true)
	defer w.committing.Store(false)
	text := commitOnly
	if p.located && !w.to.aurora.Load() {
		text = commitAt
	}
	if err := ctx.Err(); err != nil {
		return position{}, err
	}
	list, err := conn.Conn().PgConn().Exec(ctx, text).ReadAll()
	if len(list) < 2 || list[1].Err != nil {
		return position{}, uncommitted(err)
	}
	switch {
	case list[1].CommandTag.String() != "COMMIT":
		return position{}, errors.New("store: the database rolled back a transaction that was to commit")
	case w.warned.Load():
		return position{}, &unanswered{errors.New("store: committed, but no replica may have it"), true}
	case err != nil || len(list) < 3 || len(list[2].Rows) != 1:
		return position{}, nil // done, wherever it is
	}
	row := list[2].Rows[0]
	timeline, err1 := strconv.ParseUint(string(row[0]), 16, 32)
	lsn, err2 := parseLSN(string(row[1]))
	if err1 != nil || err2 != nil {
		return position{}, nil
	}
	return position{uint32(timeline), lsn}, nil
}

// uncommitted tells a COMMIT that the server refused from one that may have happened. What pgx says
// of a connection that was lost meanwhile, that it is safe to retry, holds for the next statement only.
func uncommitted(err error) error {
	if e, said := errors.AsType[*pgconn.PgError](err); said && !fatal(e.Code) {
		return err
	}
	return &unanswered{cause: errors.Join(errors.New("store: no answer to a COMMIT"), err)}
}
