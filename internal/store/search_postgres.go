package store

import (
	"context"
	"strings"
)

// pgSearch is a column of tokens with an inverted index (GIN).
type pgSearch struct{}

func (pgSearch) put(ctx context.Context, q querier, docs []document) error {
	sets := make([][]any, len(docs))
	for i, d := range docs {
		sets[i] = []any{d.id, string(d.kind), d.target, d.tokens}
	}
	return q.each(ctx, `INSERT INTO search_docs (id, kind, target_id, tokens) VALUES ($1, $2, $3, array_to_tsvector($4::text[]))
		ON CONFLICT (id) DO UPDATE SET tokens = excluded.tokens`, sets)
}

func (pgSearch) drop(ctx context.Context, q querier, docs []int64) error {
	_, err := q.exec(ctx, `DELETE FROM search_docs WHERE id = ANY($1)`, docs)
	return err
}

const pgFind = `SELECT id, kind, target_id FROM search_docs WHERE tokens @@ $1::tsquery AND id >= $2 AND id < $3 ORDER BY id DESC LIMIT $4`

func (pgSearch) find(ctx context.Context, q querier, m match, from, before int64, limit int) ([]document, error) {
	return collect(ctx, q, scanDocument, pgFind, m.expression(" & ", " | ", func(token string, prefix bool) string {
		quoted := `'` + strings.NewReplacer(`'`, `''`, `\`, `\\`).Replace(token) + `'`
		if prefix {
			quoted += ":*"
		}
		return quoted
	}), from, before, limit)
}
