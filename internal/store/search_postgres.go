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

// A search reads the newest documents in the order of time as long as it finds enough of them there;
// only then, knowing that what it looks for is not frequent, it gathers everything that matches from
// the inverted index and sorts it. "id + 0" keeps PostgreSQL from walking all of time backwards
// instead, which it likes when it takes two words for more often together than they are.
const (
	pgNewest = `SELECT id, kind, target_id FROM search_docs WHERE tokens @@ $1::tsquery AND id < $3
		AND id >= greatest($2, (SELECT w.id FROM search_docs w WHERE w.id < $3 ORDER BY w.id DESC OFFSET 5000 LIMIT 1)) ORDER BY id DESC LIMIT $4`
	pgRest = `SELECT id, kind, target_id FROM search_docs WHERE tokens @@ $1::tsquery AND id >= $2 AND id < $3 ORDER BY id + 0 DESC LIMIT $4`
)

func (pgSearch) find(ctx context.Context, q querier, m match, from, before int64, limit int) ([]document, error) {
	words := m.expression(" & ", " | ", pgToken)
	newest, err := collect(ctx, q, scanDocument, pgNewest, words, from, before, limit)
	if err != nil || len(newest) == limit {
		return newest, err
	}
	if len(newest) > 0 {
		before = newest[len(newest)-1].id
	}
	rest, err := collect(ctx, q, scanDocument, pgRest, words, from, before, limit-len(newest))
	return append(newest, rest...), err
}

// tidy has nothing to do: autovacuum keeps the index in order.
func (pgSearch) tidy(context.Context, querier, int) (bool, error) { return true, nil }

func pgToken(token string, prefix bool) string {
	quoted := `'` + strings.NewReplacer(`'`, `''`, `\`, `\\`).Replace(token) + `'`
	if prefix {
		quoted += ":*"
	}
	return quoted
}
