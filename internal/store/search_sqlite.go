package store

import (
	"context"
	"strings"
)

// liteSearch is an FTS5 table that keeps no text and no positions: ids only, for each token. It reads
// ids backwards from the newest, so frequent tokens cost no more than rare ones.
type liteSearch struct{}

func (liteSearch) put(ctx context.Context, q querier, docs []document) error {
	for _, d := range docs {
		var err error
		if d.fresh {
			_, err = q.exec(ctx, `INSERT INTO search_docs (id, kind, target_id) VALUES ($1, $2, $3)`, d.id, string(d.kind), d.target)
		} else {
			_, err = q.exec(ctx, `DELETE FROM search_index WHERE rowid = $1`, d.id)
		}
		if err != nil {
			return err
		}
		if _, err := q.exec(ctx, `INSERT INTO search_index (rowid, tokens) VALUES ($1, $2)`, d.id, strings.Join(d.tokens, " ")); err != nil {
			return err
		}
	}
	return nil
}

func (liteSearch) drop(ctx context.Context, q querier, docs []int64) error {
	if _, err := q.exec(ctx, `DELETE FROM search_index WHERE rowid = ANY($1)`, docs); err != nil {
		return err
	}
	_, err := q.exec(ctx, `DELETE FROM search_docs WHERE id = ANY($1)`, docs)
	return err
}

const liteFind = `SELECT rowid FROM search_index WHERE search_index MATCH $1 AND rowid >= $2 AND rowid < $3 ORDER BY rowid DESC LIMIT $4`

func (liteSearch) find(ctx context.Context, q querier, m match, from, before int64, limit int) ([]int64, error) {
	return collect(ctx, q, value[int64], liteFind, m.expression(" AND ", " OR ", func(token string, prefix bool) string {
		quoted := `"` + strings.ReplaceAll(token, `"`, `""`) + `"`
		if prefix {
			quoted += "*"
		}
		return quoted
	}), from, before, limit)
}
