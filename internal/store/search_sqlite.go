package store

import (
	"context"
	"slices"
	"strings"
)

// liteSearch is an FTS5 table that keeps no text and no positions: ids only, for each token. Its rowids
// are the negated ids, so that the newest stands first: FTS5 skips ahead in the list of a frequent
// token, but can only step back through it.
type liteSearch struct{}

func (liteSearch) put(ctx context.Context, q querier, docs []document) error {
	var fresh, stale, all [][]any
	for _, d := range slices.Backward(docs) { // FTS5 wants rowids in their order
		if d.fresh {
			fresh = append(fresh, []any{d.id, string(d.kind), d.target})
		} else {
			stale = append(stale, []any{-d.id})
		}
		all = append(all, []any{-d.id, strings.Join(d.tokens, " ")})
	}
	if err := q.each(ctx, `INSERT INTO search_docs (id, kind, target_id) VALUES ($1, $2, $3)`, fresh); err != nil {
		return err
	}
	if err := q.each(ctx, `DELETE FROM search_index WHERE rowid = $1`, stale); err != nil {
		return err
	}
	return q.each(ctx, `INSERT INTO search_index (rowid, tokens) VALUES ($1, $2)`, all)
}

func (liteSearch) drop(ctx context.Context, q querier, docs []int64) error {
	rowids := make([]int64, len(docs))
	for i, id := range docs {
		rowids[i] = -id
	}
	if _, err := q.exec(ctx, `DELETE FROM search_index WHERE rowid = ANY($1)`, rowids); err != nil {
		return err
	}
	_, err := q.exec(ctx, `DELETE FROM search_docs WHERE id = ANY($1)`, docs)
	return err
}

// tidy merges the pieces that FTS5 writes its lists in: a search has to open each of them for each of
// its words. While comments come, FTS5 lets up to three of each size be, as it is cheaper for writers.
func (liteSearch) tidy(ctx context.Context, q querier, pages int) (bool, error) {
	changes := func() (int64, error) { return first(ctx, q, nil, value[int64], `SELECT total_changes()`) }
	before, err := changes()
	if err != nil {
		return false, err
	}
	if _, err := q.exec(ctx, `INSERT INTO search_index (search_index, rank) VALUES ('merge', $1)`, pages); err != nil {
		return false, err
	}
	after, err := changes()
	return after-before < 2, err // the command itself counts as one
}

// The inner query ends after the rows that are wanted; CROSS JOIN keeps it the outer loop.
const liteFind = `SELECT i.id, d.kind, d.target_id FROM (SELECT -rowid AS id FROM search_index
	WHERE search_index MATCH $1 AND rowid <= -$2 AND rowid > -$3 ORDER BY rowid LIMIT $4) i CROSS JOIN search_docs d ON d.id = i.id`

func (liteSearch) find(ctx context.Context, q querier, m match, from, before int64, limit int) ([]document, error) {
	return collect(ctx, q, scanDocument, liteFind, m.expression(" AND ", " OR ", func(token string, prefix bool) string {
		quoted := `"` + strings.ReplaceAll(token, `"`, `""`) + `"`
		if prefix {
			quoted += "*"
		}
		return quoted
	}), from, before, limit)
}
