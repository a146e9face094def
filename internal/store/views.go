package store

import (
	"context"
	"maps"
	"math"
	"slices"
	"strings"

	"lightstick/internal/forum"
)

// AddViews implements [forum.ViewStore]: all of them or none.
func (s *Store) AddViews(ctx context.Context, views map[forum.ID]int) error {
	sets := make([][]any, 0, len(views))
	for _, post := range slices.Sorted(maps.Keys(views)) { // in one order, so that two nodes never wait for each other
		sets = append(sets, []any{int64(post), int64(views[post])})
	}
	_, err := s.update(ctx, func(t *tx) (any, error) {
		return nil, t.q.each(ctx, `INSERT INTO post_views (post_id, views) SELECT id, CAST($2 AS BIGINT) FROM posts WHERE id = $1 AND state = 0
			ON CONFLICT (post_id) DO UPDATE SET views = post_views.views + excluded.views`, sets)
	})
	return err
}

// HotPage is a page that many asked for.
type HotPage struct {
	Path string
	Hits int // in one minute on one node
}

// hotMost is how many pages are remembered.
const hotMost = 200

// PutHotPages notes what was asked for most in the last minute, and forgets what has long not been
// among it. A page's score is the logarithm of its hits plus one for each ten minutes since the
// beginning of time: what had a thousand hits an hour and a half ago ranks with what has two now,
// no score ever needs to be aged, and nodes that write at the same time cannot disagree.
func (s *Store) PutHotPages(ctx context.Context, list []HotPage) error {
	const tenMinutes = 600
	age := float64(s.now().Unix()) / tenMinutes
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b HotPage) int { return b.Hits - a.Hits })
	list = list[:min(len(list), hotMost)]
	slices.SortFunc(list, func(a, b HotPage) int { return strings.Compare(a.Path, b.Path) })
	sets := make([][]any, 0, len(list))
	for _, p := range list {
		if p.Hits > 0 {
			sets = append(sets, []any{p.Path, int64(p.Hits), age + math.Log2(float64(p.Hits))})
		}
	}
	if len(sets) == 0 {
		return nil
	}
	_, err := s.update(ctx, func(t *tx) (any, error) {
		err := t.q.each(ctx, `INSERT INTO hot_pages (path, hits, score) VALUES ($1, $2, $3)
			ON CONFLICT (path) DO UPDATE SET hits = excluded.hits, score = excluded.score WHERE excluded.score > hot_pages.score`, sets)
		if err != nil {
			return nil, err
		}
		_, err = t.q.exec(ctx, `DELETE FROM hot_pages WHERE path NOT IN (SELECT path FROM hot_pages ORDER BY score DESC, path LIMIT $1)`, hotMost)
		return nil, err
	})
	return err
}

// HotPages are the pages to warm, the hottest first.
func (s *Store) HotPages(ctx context.Context) ([]HotPage, error) {
	return collect(ctx, s.q, func(r rows) (p HotPage, err error) { return p, r.Scan(&p.Path, &p.Hits) },
		`SELECT path, hits FROM hot_pages ORDER BY score DESC, path LIMIT $1`, hotMost)
}
