package store

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"lightstick/internal/forum"
)

// counter is one derived column: how many visible rows of source point at a row of table.
type counter struct{ table, column, source, key, op, ledgerKey string }

func counters() []counter {
	return []counter{
		{"posts", "comments", "comments", "post_id", opComment, "post_id"},
		{"boards", "posts", "posts", "board_id", opPost, "board_id"},
		{"fandoms", "posts", "posts", "fandom_id", opPost, "fandom_id"},
		{"members", "posts", "posts", "author_id", opPost, "member_id"},
		{"members", "comments", "comments", "author_id", opComment, "member_id"},
	}
}

// drift is how far a counter lies below the truth, the ledger taken into account. All of it comes
// from one statement, so from one moment: no change or flush going on at the same time shifts it.
type drift struct {
	target forum.Target
	kind   forum.ReactionKind
	by     int
}

// How many rows are checked at once, and how much longer than that took the check rests before the
// next ones: readers and writers come first, on a machine of one core too.
const (
	reconcileStep = 100
	reconcileRest = 9
)

// Reconcile compares all counters with the truth and repairs those that have drifted, which only
// a fault in the database or in this package can make them do; each repair is logged. It reads in
// small steps and takes no lock unless there is something to repair. In the end it brings the search
// index in order, which keeps searches quick.
func (s *Store) Reconcile(ctx context.Context) error {
	for _, c := range counters() {
		err := s.eachRange(ctx, c.table, func(from, to int64) error {
			return s.repair(ctx, c.table+"."+c.column,
				func(q querier) ([]drift, error) { return c.drifts(ctx, q, from, to) },
				func(t *tx, list []drift) error { return c.repair(ctx, t, list) })
		})
		if err != nil {
			return err
		}
	}
	err := s.eachRange(ctx, "posts", func(from, to int64) error {
		return s.repair(ctx, "reactions",
			func(q querier) ([]drift, error) { return reactionDrifts(ctx, q, from, to) },
			func(t *tx, list []drift) error { return repairReactions(ctx, t, list) })
	})
	if err != nil {
		return err
	}
	return s.tidy(ctx, tidyStep, reconcileRest)
}

// eachRange visits all rows of a table in ranges of ids.
func (s *Store) eachRange(ctx context.Context, table string, visit func(from, to int64) error) error {
	var took time.Duration
	for from := int64(0); ; {
		to, err := first(ctx, s.q, nil, value[int64],
			`SELECT coalesce(max(id), 0) FROM (SELECT id FROM `+table+` WHERE id > $1 ORDER BY id LIMIT $2) AS step`, from, reconcileStep)
		if err != nil || to == 0 {
			return err
		}
		if from > 0 {
			if err := rest(ctx, reconcileRest*took); err != nil {
				return err
			}
		}
		began := time.Now()
		if err := visit(from+1, to); err != nil {
			return err
		}
		from, took = to, time.Since(began)
	}
}

func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// repair looks without a lock first, and again with one when something is wrong: two that repair at
// the same time would do it twice.
func (s *Store) repair(ctx context.Context, what string, look func(querier) ([]drift, error), mend func(*tx, []drift) error) error {
	if list, err := look(s.q); err != nil || len(list) == 0 {
		return err
	}
	_, err := s.update(ctx, func(t *tx) (any, error) {
		if err := t.d.lock(ctx, t.q, lockReconcile); err != nil {
			return nil, err
		}
		list, err := look(t.q)
		if err != nil || len(list) == 0 {
			return nil, err
		}
		s.logger.WarnContext(ctx, "counters repaired", slog.String("counter", what), slog.Int("rows", len(list)))
		return nil, mend(t, list)
	})
	return err
}

func (c counter) drifts(ctx context.Context, q querier, from, to int64) ([]drift, error) {
	sql := fmt.Sprintf(`SELECT t.id, coalesce(n.n, 0) - coalesce(l.n, 0) - t.%[2]s FROM %[1]s t
		LEFT JOIN (SELECT %[4]s AS k, count(*) AS n FROM %[3]s WHERE state = 0 AND %[4]s BETWEEN $1 AND $2 GROUP BY %[4]s) n ON n.k = t.id
		LEFT JOIN (SELECT %[6]s AS k, sum(delta) AS n FROM changes WHERE op = '%[5]s' AND %[6]s BETWEEN $1 AND $2 GROUP BY %[6]s) l ON l.k = t.id
		WHERE t.id BETWEEN $1 AND $2 AND coalesce(n.n, 0) - coalesce(l.n, 0) <> t.%[2]s ORDER BY t.id`,
		c.table, c.column, c.source, c.key, c.op, c.ledgerKey)
	return collect(ctx, q, func(r rows) (d drift, err error) { return d, r.Scan(id(&d.target.ID), &d.by) }, sql, from, to)
}

func (c counter) repair(ctx context.Context, t *tx, list []drift) error {
	sets := make([][]any, len(list))
	for i, d := range list {
		sets[i] = []any{d.by, int64(d.target.ID)}
		if c.table == "posts" { // a change of nothing, so that the next flush ranks it
			if err := t.note(ctx, change{op: opReaction, target: forum.Target{Kind: forum.TargetPost, ID: d.target.ID}, post: d.target.ID}); err != nil {
				return err
			}
		}
	}
	return t.q.each(ctx, fmt.Sprintf(`UPDATE %[1]s SET %[2]s = %[2]s + $1 WHERE id = $2`, c.table, c.column), sets)
}

const kindsOfReaction = `(SELECT 0 AS k UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5) AS kinds`

// counted lists what the columns r0 to r5 say, a row for each, negative.
func counted(kind forum.TargetKind, table, where string) string {
	return `SELECT '` + string(kind) + `' AS target_kind, x.id AS target_id, kinds.k AS kind,
		-CASE kinds.k WHEN 0 THEN x.r0 WHEN 1 THEN x.r1 WHEN 2 THEN x.r2 WHEN 3 THEN x.r3 WHEN 4 THEN x.r4 ELSE x.r5 END AS n
		FROM ` + table + ` x CROSS JOIN ` + kindsOfReaction + ` WHERE x.` + where + ` BETWEEN $1 AND $2 AND x.r0 + x.r1 + x.r2 + x.r3 + x.r4 + x.r5 <> 0`
}

func reactionDrifts(ctx context.Context, q querier, from, to int64) ([]drift, error) {
	sql := `SELECT target_kind, target_id, kind, sum(n) FROM (` + strings.Join([]string{
		`SELECT target_kind, target_id, CAST(kind AS INTEGER) AS kind, 1 AS n FROM reactions WHERE post_id BETWEEN $1 AND $2`,
		`SELECT target_kind, target_id, CAST(reaction AS INTEGER), -delta FROM changes WHERE op = 'reaction' AND post_id BETWEEN $1 AND $2`,
		counted(forum.TargetPost, "posts", "id"),
		counted(forum.TargetComment, "comments", "post_id"),
	}, ` UNION ALL `) + `) AS truth GROUP BY target_kind, target_id, kind HAVING sum(n) <> 0 ORDER BY target_kind, target_id, kind`
	return collect(ctx, q, func(r rows) (d drift, err error) {
		return d, r.Scan(&d.target.Kind, id(&d.target.ID), &d.kind, &d.by)
	}, sql, from, to)
}

func repairReactions(ctx context.Context, t *tx, list []drift) error {
	for _, d := range list {
		table, err := texts(d.target.Kind)
		if err != nil {
			return err
		}
		column := fmt.Sprintf("r%d", d.kind)
		if _, err := t.q.exec(ctx, `UPDATE `+table+` SET `+column+` = `+column+` + $1 WHERE id = $2`, d.by, int64(d.target.ID)); err != nil {
			return err
		}
		if d.target.Kind == forum.TargetPost {
			if err := t.note(ctx, change{op: opReaction, target: d.target, post: d.target.ID}); err != nil {
				return err
			}
		}
	}
	return nil
}
