package store

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// lanes takes things along together: what comes while every lane is busy waits for the next to be
// free and goes with all that have come meanwhile. Nothing waits for company.
type lanes[T comparable] struct {
	run  func([]T)
	open int // lanes

	mu      sync.Mutex // guards the fields below
	waiting []T
	busy    int
}

func (l *lanes[T]) enter(one T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, one)
	if l.busy < l.open {
		l.busy++
		go l.drive()
	}
}

// leave takes one out, and says whether it still waited.
func (l *lanes[T]) leave(one T) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.waiting, one)
	if i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
	}
	return i >= 0
}

func (l *lanes[T]) drive() {
	for list := l.take(); list != nil; list = l.take() {
		l.run(list)
	}
}

// take is what goes together next; nil gives the lane back.
func (l *lanes[T]) take() []T {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		l.busy--
		return nil
	}
	list := slices.Clone(l.waiting[:min(len(l.waiting), groupMost)])
	l.waiting = slices.Delete(l.waiting, 0, len(list))
	return list
}

// ask is one statement and its answer.
type ask struct {
	sql    string
	args   []any
	scan   *scanner
	fields []pgconn.FieldDescription
	rows   [][][]byte
	tag    pgconn.CommandTag
}

// wrote reports whether the statement has changed anything.
func (a *ask) wrote() bool { return !a.tag.Select() && a.tag.RowsAffected() > 0 }

// scanner reads answers. Those who asked together may read at the same moment.
type scanner struct {
	mu    sync.Mutex
	types *pgtype.Map
}

// answer sends all statements at once. With an error, none of their answers counts.
func answer(ctx context.Context, to pgDo, all []*ask) error {
	var b pgx.Batch
	for _, a := range all {
		b.Queue(a.sql, a.args...)
	}
	results := to.SendBatch(ctx, &b)
	scan := &scanner{types: pgtype.NewMap()}
	var err error
	for _, a := range all {
		a.scan = scan
		if err = a.read(results); err != nil {
			break
		}
	}
	return cmp.Or(err, results.Close())
}

func (a *ask) read(results pgx.BatchResults) error {
	rows, err := results.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	a.fields = slices.Clone(rows.FieldDescriptions())
	for rows.Next() {
		row := rows.RawValues()
		kept := make([][]byte, len(row))
		for i, v := range row {
			kept[i] = slices.Clone(v) // nil stays nil: NULL
		}
		a.rows = append(a.rows, kept)
	}
	rows.Close()
	a.tag = rows.CommandTag()
	return rows.Err()
}

// answered are the rows of an ask.
type answered struct {
	*ask
	next int
}

func (r *answered) Next() bool { r.next++; return r.next <= len(r.rows) }

func (r *answered) Scan(into ...any) error {
	r.scan.mu.Lock()
	defer r.scan.mu.Unlock()
	return pgx.ScanRow(r.scan.types, r.fields, r.rows[r.next-1], into...)
}

func (r *answered) Err() error { return nil }

func (r *answered) Close() {}

// look is a read of the primary that shares its round trip with others.
type look struct {
	ask
	err   error
	ready chan struct{}
}

// pgLookMost is how long a round trip of looks may take; then each is asked by itself.
const pgLookMost = time.Second

// lookUp reads in one round trip with others who are to write: what they are decided on is a handful of rows,
// found by their keys, and most of the cost of such a read is its way. An error means only that it is to be
// read by itself.
func (p *pg) lookUp(ctx context.Context, text string, args []any) (rows, error) {
	one := &look{ask: ask{sql: text, args: args}, err: errAlone, ready: make(chan struct{})}
	p.looking.enter(one)
	select {
	case <-one.ready:
		return &answered{ask: &one.ask}, one.err
	case <-ctx.Done():
		p.looking.leave(one)
		return nil, ctx.Err()
	}
}

func (p *pg) lookAll(list []*look) {
	asks := make([]*ask, len(list))
	for i, one := range list {
		asks[i] = &one.ask
	}
	err := p.glance(asks)
	for _, one := range list {
		one.err = err
		close(one.ready)
	}
}

func (p *pg) glance(asks []*ask) error {
	ctx, cancel := context.WithTimeout(context.Background(), pgLookMost)
	defer cancel()
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	to := writingOf(conn.Conn().PgConn()).to
	slow := time.AfterFunc(pgSlow, to.suspect)
	defer slow.Stop()
	if err := answer(ctx, conn, asks); err != nil {
		return err
	}
	to.answered()
	return nil
}
