package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"lightstick/internal/forum"
)

// Kinds of change in the ledger. Each also puts its target into the search index anew, but for
// reactions, and ranks its post anew.
const (
	opPost     = "post"     // a post became visible (+1) or stopped being so (-1), on a board
	opComment  = "comment"  // the same of a comment, under a post
	opReaction = "reaction" // on a post or comment
	opIndex    = "index"    // a name changed
	opThread   = "thread"   // all comments of the post, from the target on, belong elsewhere in the index
)

// change is one row of the ledger: what happened and is not yet in counters, ranks and index.
type change struct {
	id                          int64
	op                          string
	target                      forum.Target
	post, board, fandom, member forum.ID
	reaction                    forum.ReactionKind
	delta                       int
}

// note adds to the ledger, in the transaction of what happened.
func (t *tx) note(ctx context.Context, list ...change) error {
	sets := make([][]any, len(list))
	for i, c := range list {
		sets[i] = []any{c.op, string(c.target.Kind), int64(c.target.ID), int64(c.post), int64(c.board), int64(c.fandom), int64(c.member), c.reaction, c.delta}
	}
	return t.q.each(ctx, `INSERT INTO changes (op, target_kind, target_id, post_id, board_id, fandom_id, member_id, reaction, delta)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, sets)
}

// Flush brings counters, ranks and the search index up to date with at most limit changes of the
// ledger, and takes exactly these out of it, in one transaction. So nothing is counted twice or
// not at all, wherever the process ends. It says how many changes it took; on PostgreSQL 0 also
// when another node is at it.
func (s *Store) Flush(ctx context.Context, limit int) (n int, err error) {
	_, err = s.update(ctx, func(t *tx) (any, error) {
		n = 0
		if free, err := t.d.tryLock(ctx, t.q, lockFlush); err != nil || !free {
			return nil, err
		}
		list, err := collect(ctx, t.q, func(r rows) (c change, err error) {
			return c, r.Scan(&c.id, &c.op, &c.target.Kind, id(&c.target.ID), id(&c.post), id(&c.board), id(&c.fandom), id(&c.member), &c.reaction, &c.delta)
		}, `SELECT id, op, target_kind, target_id, post_id, board_id, fandom_id, member_id, reaction, delta FROM changes ORDER BY id LIMIT $1`, limit)
		if err != nil || len(list) == 0 {
			return nil, err
		}
		if err := newTally(list).apply(ctx, t); err != nil {
			return nil, err
		}
		ids := make([]int64, len(list))
		for i, c := range list {
			ids[i] = c.id
		}
		n = len(list)
		_, err = t.q.exec(ctx, `DELETE FROM changes WHERE id = ANY($1)`, ids)
		return nil, err
	})
	if err != nil {
		n = 0
	}
	return n, err
}

// tally is a batch of changes added up.
type tally struct {
	posts    map[forum.ID]*postDelta
	comments map[forum.ID]*forum.Reactions
	boards   map[forum.ID]int
	fandoms  map[forum.ID]int
	members  map[forum.ID]*memberDelta
	index    map[forum.TargetKind]map[forum.ID]struct{}
	threads  []change
}

type postDelta struct {
	comments  int
	reactions forum.Reactions
}

type memberDelta struct{ posts, comments int }

func newTally(list []change) *tally {
	t := &tally{
		posts: map[forum.ID]*postDelta{}, comments: map[forum.ID]*forum.Reactions{}, boards: map[forum.ID]int{}, fandoms: map[forum.ID]int{},
		members: map[forum.ID]*memberDelta{}, index: map[forum.TargetKind]map[forum.ID]struct{}{},
	}
	for _, c := range list {
		t.add(c)
	}
	return t
}

func (t *tally) add(c change) {
	switch c.op {
	case opPost:
		t.boards[c.board] += c.delta
		t.fandoms[c.fandom] += c.delta
		entry(t.members, c.member).posts += c.delta
		t.reindex(c.target)
	case opComment:
		entry(t.posts, c.post).comments += c.delta
		entry(t.members, c.member).comments += c.delta
		t.reindex(c.target)
	case opReaction:
		if c.target.Kind == forum.TargetPost {
			entry(t.posts, c.target.ID).reactions[c.reaction] += c.delta
		} else {
			entry(t.comments, c.target.ID)[c.reaction] += c.delta
		}
	case opThread:
		t.threads = append(t.threads, c)
	case opIndex:
		t.reindex(c.target)
	}
}

func entry[T any](m map[forum.ID]*T, k forum.ID) *T {
	v := m[k]
	if v == nil {
		v = new(T)
		m[k] = v
	}
	return v
}

func (t *tally) reindex(target forum.Target) {
	if t.index[target.Kind] == nil {
		t.index[target.Kind] = map[forum.ID]struct{}{}
	}
	t.index[target.Kind][target.ID] = struct{}{}
}

func (t *tally) apply(ctx context.Context, tx *tx) error {
	if err := t.applyPosts(ctx, tx); err != nil {
		return err
	}
	if err := t.applyCounts(ctx, tx); err != nil {
		return err
	}
	for _, c := range t.threads {
		if err := t.thread(ctx, tx, c); err != nil {
			return err
		}
	}
	ix := &indexer{q: tx.q, d: tx.d.search}
	for _, kind := range slices.Sorted(maps.Keys(t.index)) {
		if err := ix.refresh(ctx, kind, slices.Sorted(maps.Keys(t.index[kind]))); err != nil {
			return err
		}
	}
	return nil
}

// applyPosts counts and ranks. It reads the counters first because a rank follows from all of them.
func (t *tally) applyPosts(ctx context.Context, tx *tx) error {
	if len(t.posts) == 0 {
		return nil
	}
	type counted struct {
		id        forum.ID
		comments  int
		reactions forum.Reactions
		created   time.Time
	}
	list, err := collect(ctx, tx.q, func(r rows) (c counted, err error) {
		x := &c.reactions
		return c, r.Scan(id(&c.id), &c.comments, &x[0], &x[1], &x[2], &x[3], &x[4], &x[5], at(&c.created))
	}, `SELECT id, comments, r0, r1, r2, r3, r4, r5, created_at FROM posts WHERE id = ANY($1) ORDER BY id FOR UPDATE`,
		int64s(slices.Sorted(maps.Keys(t.posts))))
	if err != nil {
		return err
	}
	sets := make([][]any, len(list))
	for i, c := range list {
		d := t.posts[c.id]
		c.comments += d.comments
		for k, n := range d.reactions {
			c.reactions[k] += n
		}
		x, stirred := c.reactions, score(c.comments, c.reactions)
		sets[i] = []any{c.comments, x[0], x[1], x[2], x[3], x[4], x[5], stirred, hotness(stirred, c.created), int64(c.id)}
	}
	return tx.q.each(ctx, `UPDATE posts SET comments = $1, r0 = $2, r1 = $3, r2 = $4, r3 = $5, r4 = $6, r5 = $7, score = $8, hot = $9 WHERE id = $10`, sets)
}

func (t *tally) applyCounts(ctx context.Context, tx *tx) error {
	var comments, members [][]any
	for _, k := range slices.Sorted(maps.Keys(t.comments)) {
		if x := t.comments[k]; *x != (forum.Reactions{}) {
			comments = append(comments, []any{x[0], x[1], x[2], x[3], x[4], x[5], int64(k)})
		}
	}
	for _, k := range slices.Sorted(maps.Keys(t.members)) {
		if d := t.members[k]; *d != (memberDelta{}) {
			members = append(members, []any{d.posts, d.comments, int64(k)})
		}
	}
	return cmp.Or(
		tx.q.each(ctx, `UPDATE comments SET r0 = r0 + $1, r1 = r1 + $2, r2 = r2 + $3, r3 = r3 + $4, r4 = r4 + $5, r5 = r5 + $6 WHERE id = $7`, comments),
		tx.q.each(ctx, `UPDATE members SET posts = posts + $1, comments = comments + $2 WHERE id = $3`, members),
		tx.q.each(ctx, `UPDATE boards SET posts = posts + $1 WHERE id = $2`, deltas(t.boards)),
		tx.q.each(ctx, `UPDATE fandoms SET posts = posts + $1 WHERE id = $2`, deltas(t.fandoms)))
}

func deltas(m map[forum.ID]int) (sets [][]any) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if m[k] != 0 {
			sets = append(sets, []any{m[k], int64(k)})
		}
	}
	return sets
}

// threadStep is how many comments of a moved or hidden post one Flush indexes anew.
const threadStep = 500

// thread takes the next comments of a post, and leaves the rest to a later Flush.
func (t *tally) thread(ctx context.Context, tx *tx, c change) error {
	list, err := collect(ctx, tx.q, value[int64], `SELECT id FROM comments WHERE post_id = $1 AND id > $2 ORDER BY id LIMIT $3`,
		int64(c.post), int64(c.target.ID), threadStep)
	if err != nil {
		return err
	}
	for _, k := range list {
		t.reindex(forum.Target{Kind: forum.TargetComment, ID: forum.ID(k)})
	}
	if len(list) < threadStep {
		return nil
	}
	c.target.ID = forum.ID(list[len(list)-1])
	return tx.note(ctx, c)
}
