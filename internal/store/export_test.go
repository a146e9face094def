package store

import (
	"context"
	"time"
)

// SetSettle shortens the window of Tail, so that a test need not wait for it.
func (s *Store) SetSettle(d time.Duration) { s.d.settle = d }

// Agreed is the time that servers agree on, the primary's being the first.
func Agreed(ahead ...time.Duration) time.Duration { return agreed(ahead) }

// Explain is the plan of the query that a search runs against the index.
func (s *Store) Explain(ctx context.Context, sql string, args ...any) ([]string, error) {
	prefix := "EXPLAIN QUERY PLAN "
	scan := func(r rows) (line string, err error) {
		var a, b, c int
		return line, r.Scan(&a, &b, &c, &line)
	}
	if s.Postgres() != nil {
		prefix, scan = "EXPLAIN ", value[string]
	}
	return collect(ctx, s.q, scan, prefix+sql, args...)
}

// Record makes the store keep the text and arguments of every query it runs for reading.
func (s *Store) Record(into *[]Statement) {
	s.reader.q = recorder{s.reader.q, into}
}

// Statement is one query as it was run.
type Statement struct {
	SQL  string
	Args []any
}

type recorder struct {
	querier
	into *[]Statement
}

func (r recorder) query(ctx context.Context, sql string, args ...any) (rows, error) {
	*r.into = append(*r.into, Statement{sql, append([]any(nil), args...)})
	return r.querier.query(ctx, sql, args...)
}

// Waiting is how many changes wait for others to be written.
func (s *Store) Waiting() int {
	p := s.engine.(*pg)
	p.adding.mu.Lock()
	defer p.adding.mu.Unlock()
	return len(p.adding.waiting)
}

// Exported lists the columns that an export holds, by table.
func Exported() map[string][]string {
	all := map[string][]string{}
	for _, t := range exported() {
		for _, c := range t.columns {
			all[t.table] = append(all[t.table], c.name)
		}
	}
	return all
}

// ExportKinds lists the types of lines, in the order of the file.
func ExportKinds() []string {
	var all []string
	for _, t := range exported() {
		all = append(all, t.kind)
	}
	return all
}

// Token tells what a store makes of the token of a client: the timeline and place that must be
// replayed, or that only the primary will do.
func Token(token string, now time.Time) (timeline uint32, lsn uint64, primary bool) {
	s := parseToken(token, now)
	return s.after.timeline, s.after.lsn, s.primary
}
