package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"lightstick/internal/forum"
)

// store inserts a batch, after a look at what its rows point at.
func (b *importRows) store(ctx context.Context, t *tx) error {
	for i, c := range b.table.columns {
		if c.refers == "" {
			continue
		}
		if err := b.refer(ctx, t, i, c); err != nil {
			return err
		}
	}
	names, rows := b.table.names(), b.rows
	if b.table.table == "comments" {
		var err error
		if rows, err = b.stand(ctx, t); err != nil {
			return err
		}
		names += ", depth, path"
	}
	places := make([]string, len(rows[0]))
	for i := range places {
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	return b.insert(ctx, t, `INSERT INTO `+b.table.table+` (`+names+`) VALUES (`+strings.Join(places, ", ")+`)`, rows)
}

// insert stores all rows at once; if that fails, it finds the line to blame.
func (b *importRows) insert(ctx context.Context, t *tx, sql string, rows [][]any) error {
	if _, err := t.q.exec(ctx, `SAVEPOINT batch`); err != nil {
		return err
	}
	failed := t.q.each(ctx, sql, rows)
	if failed == nil {
		_, err := t.q.exec(ctx, `RELEASE SAVEPOINT batch`)
		return err
	}
	if _, err := t.q.exec(ctx, `ROLLBACK TO SAVEPOINT batch`); err != nil {
		return errors.Join(failed, err)
	}
	for i, row := range rows {
		if _, err := t.q.exec(ctx, sql, row...); err != nil {
			return &BadLine{b.lines[i], rowError(err)}
		}
	}
	return failed
}

func rowError(err error) error {
	if d, ok := errors.AsType[*duplicate](err); ok {
		return fmt.Errorf("there is such a row already (%s)", d.constraint)
	}
	return err
}

// refer makes sure that what a column points at is there.
func (b *importRows) refer(ctx context.Context, t *tx, column int, c exportColumn) error {
	var ids []int64
	for _, row := range b.rows {
		if id := row[column].(int64); id != 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	found, err := collect(ctx, t.q, value[int64], `SELECT id FROM `+c.refers+` WHERE id = ANY($1) ORDER BY id`, slices.Compact(ids))
	if err != nil {
		return err
	}
	for i, row := range b.rows {
		id := row[column].(int64)
		if _, ok := slices.BinarySearch(found, id); !ok && id != 0 {
			return &BadLine{b.lines[i], fmt.Errorf("%s: there is no %d in %s before this line", c.name, id, c.refers)}
		}
	}
	return nil
}

// stand finds the places of comments in their trees. Replies come after what they reply to.
func (b *importRows) stand(ctx context.Context, t *tx) ([][]any, error) {
	id, post, parent := b.table.column("id"), b.table.column("post_id"), b.table.column("parent_id")
	var parents []int64
	for _, row := range b.rows {
		parents = append(parents, row[parent].(int64))
	}
	type place struct {
		id, post int64
		standpoint
	}
	list, err := collect(ctx, t.q, func(r rows) (p place, err error) { return p, r.Scan(&p.id, &p.post, &p.depth, &p.path) },
		`SELECT id, post_id, depth, path FROM comments WHERE id = ANY($1)`, parents)
	if err != nil {
		return nil, err
	}
	stood := make(map[int64]place, len(list)+len(b.rows))
	for _, p := range list {
		stood[p.id] = p
	}
	full := make([][]any, len(b.rows))
	for i, row := range b.rows {
		p := place{row[id].(int64), row[post].(int64), standpoint{path: step(forum.ID(row[id].(int64)))}}
		if to := row[parent].(int64); to != 0 {
			above, ok := stood[to]
			if !ok || above.post != p.post {
				return nil, &BadLine{b.lines[i], fmt.Errorf("parent_id: there is no comment %d of the same post before this line", to)}
			}
			p.path = above.path + p.path
			if p.depth = above.depth + 1; p.depth >= forum.ShownDepth {
				p.path = ""
			}
		}
		stood[p.id] = p
		full[i] = append(slices.Clone(row), p.depth, p.path)
	}
	return full, nil
}

// derive makes anew what follows from the rows: counters, ranks, the search index, and where ids go on.
func (t *tx) derive(ctx context.Context, list []exportTable, tell func(string, int64)) error {
	if err := t.d.lock(ctx, t.q, lockFlush); err != nil {
		return err
	}
	if t.s.Postgres() != nil {
		if err := t.goOn(ctx, list); err != nil {
			return err
		}
	}
	if err := t.countAll(ctx); err != nil {
		return err
	}
	if err := t.eachPage(ctx, "posts", func(from, to int64) error { return t.rankPosts(ctx, from, to) }); err != nil {
		return err
	}
	ix := &indexer{q: t.q, d: t.d.search}
	var indexed int64
	for _, kind := range searchKinds() {
		err := t.eachPage(ctx, string(kind)+"s", func(from, to int64) error {
			ids, err := collect(ctx, t.q, value[int64], `SELECT id FROM `+string(kind)+`s WHERE id BETWEEN $1 AND $2 ORDER BY id`, from, to)
			if err != nil {
				return err
			}
			targets := make([]forum.ID, len(ids))
			for i, id := range ids {
				targets[i] = forum.ID(id)
			}
			if indexed += int64(len(ids)); indexed%tellEvery < int64(len(ids)) {
				tell("indexed", indexed)
			}
			return ix.refresh(ctx, kind, targets)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// goOn lets PostgreSQL's ids go on behind those imported, as SQLite's do by themselves, and shows its
// planner what is there now.
func (t *tx) goOn(ctx context.Context, list []exportTable) error {
	for _, table := range list {
		if table.numbered() {
			_, err := collect(ctx, t.q, value[int64], `SELECT setval(pg_get_serial_sequence('`+table.table+`', 'id'), (SELECT max(id) FROM `+table.table+`))
				FROM `+table.table+` LIMIT 1`)
			if err != nil {
				return err
			}
		}
		if _, err := t.q.exec(ctx, `ANALYZE `+table.table); err != nil {
			return err
		}
	}
	return nil
}

// countAll sets the counters of members, boards and fandoms.
func (t *tx) countAll(ctx context.Context) error {
	for _, c := range counters() {
		if c.table == "posts" {
			continue // with its rank
		}
		_, err := t.q.exec(ctx, `UPDATE `+c.table+` SET `+c.column+` = x.n FROM (SELECT `+c.key+` AS k, count(*) AS n FROM `+c.source+
			` WHERE state = 0 GROUP BY `+c.key+`) AS x WHERE x.k = `+c.table+`.id`)
		if err != nil {
			return err
		}
	}
	return nil
}

// eachPage visits all rows of a table in ranges of ids that hold some hundreds of them.
func (t *tx) eachPage(ctx context.Context, table string, visit func(from, to int64) error) error {
	for from := int64(0); ; {
		to, err := first(ctx, t.q, nil, value[int64],
			`SELECT coalesce(max(id), 0) FROM (SELECT id FROM `+table+` WHERE id > $1 ORDER BY id LIMIT $2) AS page`, from, importBatch)
		if err != nil || to == 0 {
			return err
		}
		if err := visit(from+1, to); err != nil {
			return err
		}
		from = to
	}
}

// rankPosts counts reactions and comments of posts, and their rank.
func (t *tx) rankPosts(ctx context.Context, from, to int64) error {
	_, err := t.q.exec(ctx, `UPDATE comments SET r0 = x.r0, r1 = x.r1, r2 = x.r2, r3 = x.r3, r4 = x.r4, r5 = x.r5 FROM (`+sumReactions+
		` WHERE post_id BETWEEN $1 AND $2 AND target_kind = 'comment' GROUP BY target_id) AS x WHERE comments.id = x.target_id`, from, to)
	if err != nil {
		return err
	}
	type ranked struct {
		id, comments int64
		created      time.Time
		reactions    forum.Reactions
	}
	list, err := collect(ctx, t.q, func(r rows) (p ranked, err error) {
		x := &p.reactions
		return p, r.Scan(&p.id, at(&p.created), &p.comments, &x[0], &x[1], &x[2], &x[3], &x[4], &x[5])
	}, `SELECT p.id, p.created_at, (SELECT count(*) FROM comments c WHERE c.post_id = p.id AND c.state = 0),
		coalesce(x.r0, 0), coalesce(x.r1, 0), coalesce(x.r2, 0), coalesce(x.r3, 0), coalesce(x.r4, 0), coalesce(x.r5, 0)
		FROM posts p LEFT JOIN (`+sumReactions+` WHERE post_id BETWEEN $1 AND $2 AND target_kind = 'post' GROUP BY target_id) AS x ON x.target_id = p.id
		WHERE p.id BETWEEN $1 AND $2 ORDER BY p.id`, from, to)
	if err != nil {
		return err
	}
	sets := make([][]any, len(list))
	for i, p := range list {
		x, stirred := p.reactions, score(int(p.comments), p.reactions)
		sets[i] = []any{p.comments, x[0], x[1], x[2], x[3], x[4], x[5], stirred, hotness(stirred, p.created), p.id}
	}
	return t.q.each(ctx, `UPDATE posts SET comments = $1, r0 = $2, r1 = $3, r2 = $4, r3 = $5, r4 = $6, r5 = $7, score = $8, hot = $9 WHERE id = $10`, sets)
}

const sumReactions = `SELECT target_id, sum(CASE WHEN kind = 0 THEN 1 ELSE 0 END) AS r0, sum(CASE WHEN kind = 1 THEN 1 ELSE 0 END) AS r1,
	sum(CASE WHEN kind = 2 THEN 1 ELSE 0 END) AS r2, sum(CASE WHEN kind = 3 THEN 1 ELSE 0 END) AS r3,
	sum(CASE WHEN kind = 4 THEN 1 ELSE 0 END) AS r4, sum(CASE WHEN kind = 5 THEN 1 ELSE 0 END) AS r5 FROM reactions`
