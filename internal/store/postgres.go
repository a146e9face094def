package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// Bounds of what one caller can take from PostgreSQL. A transaction that writes lives at most
// pgTxMost, which is what Tail's window of pgSettle counts on.
const (
	pgDial      = 500 * time.Millisecond // the first round trip
	pgConnect   = 2 * time.Second        // all of them
	pgStatement = 5 * time.Second
	pgIdle      = 5 * time.Second
	pgLock      = 3 * time.Second
	pgTxMost    = 9 * time.Second
	pgSettle    = 15 * time.Second
	pgRetries   = 6
)

// fatal tells errors after which a connection is of no more use: its server has become a replica,
// or is going down, or the connection is lost.
func fatal(code string) bool {
	return code == "25006" || strings.HasPrefix(code, "57P0") || strings.HasPrefix(code, "08")
}

func (p *pg) reader() querier { return pgReads{p} }

// probe reads from wherever a reader would be sent.
func (p *pg) probe(ctx context.Context) error {
	_, err := collect(forum.WithReading(ctx, &forum.Reading{}), p.reader(), value[int64], `SELECT 1::bigint`)
	return err
}

func (p *pg) probeWrite(ctx context.Context) error {
	if p.primary.Load() == nil {
		return p.paused(errNoPrimary)
	}
	return p.update(ctx, false, func(tx transaction) error {
		_, err := collect(ctx, tx, value[bool], `SELECT pg_current_xact_id() IS NOT NULL`)
		return err
	})
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

func (t pgTx) grant() {}

// pgChange is a pgTx that knows whether it gives or takes access.
type pgChange struct {
	pgTx
	grants bool
}

func (t *pgChange) grant() { t.grants = true }

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
		if unreachable(err) {
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
