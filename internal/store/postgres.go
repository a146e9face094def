package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"lightstick/internal/fault"
)

// Bounds of what one caller can take from PostgreSQL. A transaction that writes lives at most
// pgTxMost, which is what Tail's window of pgSettle counts on.
const (
	pgConnect   = 3 * time.Second
	pgStatement = 5 * time.Second
	pgIdle      = 5 * time.Second
	pgLock      = 3 * time.Second
	pgTxMost    = 9 * time.Second
	pgSettle    = 15 * time.Second
	pgRetries   = 6
)

// pg is a PostgreSQL primary.
type pg struct{ pool *pgxpool.Pool }

func openPostgres(ctx context.Context, dsn string, conns int) (*pg, error) {
	c, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("read the address of the database: %w", err)
	}
	if conns > 0 {
		c.MaxConns = int32(conns)
	}
	// Spread, so that connections neither end together nor all come from one moment.
	c.MaxConnLifetime, c.MaxConnLifetimeJitter = 30*time.Minute, 10*time.Minute
	c.MaxConnIdleTime, c.HealthCheckPeriod = 5*time.Minute, 15*time.Second
	c.ConnConfig.ConnectTimeout = pgConnect
	set := c.ConnConfig.RuntimeParams
	set["application_name"] = "lightstick"
	set["timezone"] = "UTC"
	set["synchronous_commit"] = "on"
	set["default_transaction_isolation"] = "read committed"
	set["statement_timeout"] = ms(pgStatement)
	set["idle_in_transaction_session_timeout"] = ms(pgIdle)
	set["lock_timeout"] = ms(pgLock)
	// Every query is a short one over an index, on disks that seek: the defaults think otherwise.
	set["random_page_cost"] = "1.1"
	set["jit"] = "off"
	c.ConnConfig.OnPgError = func(_ *pgconn.PgConn, e *pgconn.PgError) bool { return !fatal(e.Code) }
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	return &pg{pool}, nil
}

func ms(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }

// fatal tells errors after which a connection is of no more use: its server has become a replica,
// or is going down, or the connection is lost.
func fatal(code string) bool {
	return code == "25006" || strings.HasPrefix(code, "57P0") || strings.HasPrefix(code, "08")
}

func (p *pg) reader() querier { return pgQuerier{p.pool} }

func (p *pg) close() { p.pool.Close() }

func (p *pg) probe(ctx context.Context) error {
	return p.update(ctx, func(tx transaction) error {
		_, err := collect(ctx, tx, value[bool], `SELECT pg_current_xact_id() IS NOT NULL`)
		return err
	})
}

// update retries what lost against another transaction, a few times and at odd intervals.
func (p *pg) update(ctx context.Context, change func(transaction) error) error {
	for try := 0; ; try++ {
		err := p.attempt(ctx, change)
		if !conflicting(err) {
			return pgError(err)
		}
		if try == pgRetries {
			return busy(err)
		}
		pause := time.Duration(float64(int(5)<<try) * (0.5 + rand.Float64()) * float64(time.Millisecond))
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *pg) attempt(ctx context.Context, change func(transaction) error) error {
	ctx, cancel := context.WithTimeout(ctx, pgTxMost)
	defer cancel()
	tx, err := p.pool.Begin(ctx)
	if err != nil {
		return err
	}
	begun := time.Now()
	// Background: the connection must be rid of the transaction also when ctx is over.
	defer tx.Rollback(context.WithoutCancel(ctx))
	if err := change(pgTx{pgQuerier{tx}, tx}); err != nil {
		return err
	}
	if time.Since(begun) >= pgTxMost {
		return context.DeadlineExceeded
	}
	return tx.Commit(ctx)
}

func conflicting(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == "40001" || e.Code == "40P01")
}

// pgDo is the part of a pool and a transaction that runs statements.
type pgDo interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

type pgQuerier struct{ db pgDo }

type pgTx struct {
	pgQuerier
	tx pgx.Tx
}

func (t pgTx) handle() any { return t.tx }

func (q pgQuerier) exec(ctx context.Context, text string, args ...any) (int64, error) {
	count(ctx)
	tag, err := q.db.Exec(ctx, text, args...)
	return tag.RowsAffected(), pgError(err)
}

func (q pgQuerier) query(ctx context.Context, text string, args ...any) (rows, error) {
	count(ctx)
	rs, err := q.db.Query(ctx, text, args...)
	if err != nil {
		return nil, pgError(err)
	}
	return pgRows{rs}, nil
}

func (q pgQuerier) each(ctx context.Context, text string, sets [][]any) error {
	if len(sets) == 0 {
		return nil
	}
	count(ctx)
	var b pgx.Batch
	for _, args := range sets {
		b.Queue(text, args...)
	}
	return pgError(q.db.SendBatch(ctx, &b).Close())
}

type pgRows struct{ pgx.Rows }

func (r pgRows) Err() error { return pgError(r.Rows.Err()) }

// pgError says in a fault what PostgreSQL said, where anybody can do something about it.
func pgError(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		if _, lost := errors.AsType[net.Error](err); lost && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
			return storageFailed(err)
		}
		if _, lost := errors.AsType[*pgconn.ConnectError](err); lost || errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err) {
			return storageFailed(err)
		}
		return err
	}
	switch {
	case e.Code == "23505":
		return &duplicate{e.ConstraintName, err}
	case e.Code == "22021": // above all the NUL of a query or form: SQLite just finds nothing
		return fault.Wrap(err, fault.Malformed, "invalid_utf8", "This is not valid UTF-8 text.")
	case e.Code == "53100":
		return diskFull(err)
	case e.Code == "57014", e.Code == "55P03", e.Code == "25P03":
		return busy(err)
	case fatal(e.Code), strings.HasPrefix(e.Code, "53"), strings.HasPrefix(e.Code, "58"):
		return storageFailed(err)
	}
	return err
}
