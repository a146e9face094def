package store

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"lightstick/internal/forum"
)

// querier runs portable SQL with $1 parameters. Two things are written as PostgreSQL has them and
// translated for SQLite: "= ANY($1)" over a []int64 or []string, and "FOR UPDATE". Errors that
// somebody can do something about are faults already, or a *duplicate.
type querier interface {
	exec(ctx context.Context, sql string, args ...any) (affected int64, err error)
	query(ctx context.Context, sql string, args ...any) (rows, error)
	// each runs one statement with many sets of arguments, in as few round trips as it can.
	each(ctx context.Context, sql string, sets [][]any) error
}

// rows is the part of sql.Rows and pgx.Rows that both have.
type rows interface {
	Next() bool
	Scan(into ...any) error
	Err() error
	Close()
}

// transaction is a querier whose changes commit together.
type transaction interface {
	querier
	// handle is the *sql.Tx or pgx.Tx, for the queue of jobs.
	handle() any
	// grant says that the change gives or takes access: once it has committed, no read on this node
	// of who somebody is and what they may do is older.
	grant()
}

// engine is one of the two databases.
type engine interface {
	reader() querier
	// update runs change in a transaction; change may run more than once. A panic of it reaches the caller.
	// Together, the statements of other such changes may come between its own, in the same transaction.
	update(ctx context.Context, together bool, change func(transaction) error) error
	// probe checks that the database can be read now, probeWrite that it can be written.
	probe(ctx context.Context) error
	probeWrite(ctx context.Context) error
	close()
}

// dialect is what differs between the databases beyond how they are reached.
type dialect struct {
	name  string // folder of the migrations
	clock string // SQL: the database's time in microseconds, as far as this connection can see
	// settle is how long after a comment landed an older id may still appear.
	settle time.Duration
	nextID string // SQL: the id that the next comment will have
	// reserve takes n ids of a table that nobody else will get.
	reserve func(ctx context.Context, q querier, table string, n int) ([]int64, error)
	// lock makes transactions with the same key wait for each other; tryLock reports instead of waiting.
	lock    func(ctx context.Context, q querier, key int64) error
	tryLock func(ctx context.Context, q querier, key int64) (bool, error)
	search  searchDialect
}

// duplicate says that a unique name is taken; constraint tells which, in the words of the database.
type duplicate struct {
	constraint string
	cause      error
}

func (d *duplicate) Error() string { return "duplicate: " + d.constraint }
func (d *duplicate) Unwrap() error { return d.cause }

// collect reads all rows of a query, once more from another server when one fails it.
func collect[T any](ctx context.Context, q querier, scan func(rows) (T, error), sql string, args ...any) ([]T, error) {
	list, err := gather(ctx, q, scan, sql, args...)
	if e, ok := errors.AsType[*elsewhere](err); ok {
		return gather(context.WithValue(ctx, avoidKey{}, e.not), q, scan, sql, args...)
	}
	return list, err
}

func gather[T any](ctx context.Context, q querier, scan func(rows) (T, error), sql string, args ...any) ([]T, error) {
	rs, err := q.query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	var list []T
	for rs.Next() {
		v, err := scan(rs)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rs.Err()
}

// first reads the one row of a query, or returns missing.
func first[T any](ctx context.Context, q querier, missing error, scan func(rows) (T, error), sql string, args ...any) (T, error) {
	var none T
	list, err := collect(ctx, q, scan, sql, args...)
	switch {
	case err != nil:
		return none, err
	case len(list) == 0:
		return none, missing
	}
	return list[0], nil
}

// value scans a row of one column.
func value[T any](r rows) (v T, err error) { return v, r.Scan(&v) }

// micros is how times are stored: microseconds since 1970 UTC, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// instant scans stored microseconds.
type instant time.Time

// Scan implements sql.Scanner.
func (i *instant) Scan(v any) error {
	n, _ := v.(int64)
	*i = instant{}
	if n != 0 {
		*i = instant(time.UnixMicro(n).UTC())
	}
	return nil
}

func at(t *time.Time) *instant { return (*instant)(t) }
func id(i *forum.ID) *int64    { return (*int64)(i) }

func int64s(ids []forum.ID) []int64 {
	list := make([]int64, len(ids))
	for i, v := range ids {
		list[i] = int64(v)
	}
	return list
}

type countKey struct{}

// CountQueries makes the store count the statements that it runs for this context.
func CountQueries(ctx context.Context) (context.Context, *atomic.Int64) {
	n := new(atomic.Int64)
	return context.WithValue(ctx, countKey{}, n), n
}

func count(ctx context.Context) {
	if n, ok := ctx.Value(countKey{}).(*atomic.Int64); ok {
		n.Add(1)
	}
}
