package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// snapshot reads the database as it is at one moment, for as long as it takes, and holds no writer up.
// The export of the snapshot, by which another connection sees the same, is empty on SQLite.
func (s *Store) snapshot(ctx context.Context, read func(q querier, name string) error) error {
	if p := s.Postgres(); p != nil {
		tx, err := p.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
		if err != nil {
			return pgError(err)
		}
		defer tx.Rollback(context.WithoutCancel(ctx))
		if err := patient(ctx, tx); err != nil {
			return err
		}
		q := pgQuerier{tx}
		name, err := first(ctx, q, nil, value[string], `SELECT pg_export_snapshot()`)
		if err != nil {
			return err
		}
		return read(q, name)
	}
	l, ok := s.engine.(*lite)
	if !ok {
		return errors.New("store: a database without snapshots")
	}
	tx, err := l.read.db.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return liteError(err)
	}
	defer tx.Rollback()
	return read(&liteTx{pool: l.read, tx: tx, missing: map[string]bool{}}, "")
}

// patient lifts the limits that hold for requests from one transaction.
func patient(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL lock_timeout = 0`)
	return pgError(err)
}

// wholeCache is what the connection that imports keeps of the file, in KiB.
const wholeCache = 128 << 10

// whole runs a change of any length in one transaction. Meanwhile nobody else writes to SQLite.
func (s *Store) whole(ctx context.Context, change func(*tx) error) error {
	run := func(q transaction) error { return change(&tx{reader: reader{q: q, d: s.d, now: s.now}, q: q, s: s}) }
	if p := s.Postgres(); p != nil {
		tx, err := p.Begin(ctx)
		if err != nil {
			return pgError(err)
		}
		defer tx.Rollback(context.WithoutCancel(ctx))
		if err := patient(ctx, tx); err != nil {
			return err
		}
		if err := run(pgTx{pgQuerier{tx}, tx}); err != nil {
			return err
		}
		return pgError(tx.Commit(ctx))
	}
	l, ok := s.engine.(*lite)
	if !ok {
		return errors.New("store: a database without transactions")
	}
	return l.whole(ctx, run)
}

func (l *lite) whole(ctx context.Context, run func(transaction) error) error {
	// For the rest of this connection, which is that of a command that ends soon.
	if _, err := l.write.db.ExecContext(ctx, fmt.Sprintf(`PRAGMA cache_size(-%d)`, wholeCache)); err != nil {
		return liteError(err)
	}
	tx, err := l.write.db.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return liteError(err)
	}
	defer tx.Rollback()
	if err := run(&liteTx{pool: l.write, tx: tx, missing: map[string]bool{}}); err != nil {
		return err
	}
	return liteError(tx.Commit())
}
