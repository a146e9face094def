package store

import (
	"context"
	"fmt"
	"strconv"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

const (
	commentColumns = `SELECT c.id, c.post_id, c.parent_id, c.depth, c.path, c.state, c.r0, c.r1, c.r2, c.r3, c.r4, c.r5, c.lang,
		c.created_at, c.edited_at, c.version, p.fandom_id, m.id, m.handle, m.name, m.avatar_key, c.body, c.html, c.text`
	commentFrom = ` FROM comments c JOIN posts p ON p.id = c.post_id JOIN members m ON m.id = c.author_id `

	// repliesMost bounds how far the answers to one comment are counted while a page is made.
	repliesMost  = 1000
	countReplies = `, (SELECT count(*) FROM (SELECT 1 FROM comments k WHERE k.parent_id = c.id AND k.parent_id <> 0 AND k.state = 0 LIMIT 1000) AS answers)`
	// standing keeps what is visible, and what is not when something visible hangs on it, at most
	// 100 levels further down.
	standing = ` AND (c.state = 0 OR EXISTS (WITH RECURSIVE below(id, state, level) AS (
			SELECT k.id, k.state, 1 FROM comments k WHERE k.parent_id = c.id AND k.parent_id <> 0
			UNION ALL
			SELECT k.id, k.state, below.level + 1 FROM comments k JOIN below ON k.parent_id = below.id AND k.parent_id <> 0
			WHERE below.state <> 0 AND below.level < 100)
		SELECT 1 FROM below WHERE state = 0 OR level >= 100))`
)

func commentInto(c *forum.Comment) []any {
	return append(append([]any{id(&c.ID), id(&c.PostID), id(&c.ParentID), &c.Depth, &c.Path, &c.State,
		&c.Reactions[0], &c.Reactions[1], &c.Reactions[2], &c.Reactions[3], &c.Reactions[4], &c.Reactions[5], &c.Lang,
		at(&c.CreatedAt), at(&c.EditedAt), &c.Version, id(&c.FandomID)}, ref(&c.Author)...), &c.Body, &c.HTML, &c.Text)
}

func scanComment(r rows) (c forum.Comment, err error) { return c, r.Scan(commentInto(&c)...) }

// scanShown is scanComment with the count of replies, and without what may not be read.
func scanShown(r rows) (c forum.Comment, err error) {
	err = r.Scan(append(commentInto(&c), &c.Replies)...)
	if c.State != forum.Visible {
		c.Body, c.HTML, c.Text = "", "", ""
	}
	return c, err
}

// Comment implements [forum.Reader].
func (r reader) Comment(ctx context.Context, comment forum.ID) (forum.Comment, error) {
	return surely(ctx, r, "comments", comment, func(ctx context.Context) (forum.Comment, error) {
		return first(ctx, r.q, forum.NotFound(forum.TargetComment), scanComment, commentColumns+commentFrom+`WHERE c.id = $1`, int64(comment))
	})
}

// Tree implements [forum.Reader].
func (r reader) Tree(ctx context.Context, post forum.ID, after forum.Cursor, limit int) ([]forum.Comment, forum.Cursor, error) {
	var last string
	if after != "" {
		if err := after.Scan(&last); err != nil {
			return nil, "", err
		}
	}
	list, err := collect(ctx, r.q, scanShown, commentColumns+countReplies+commentFrom+
		`WHERE c.post_id = $1 AND c.path <> '' AND c.path > $2`+standing+` ORDER BY c.path LIMIT $3`, int64(post), last, pageOf(limit))
	if err != nil {
		return nil, "", err
	}
	list, next := page(list, limit, func(c forum.Comment) forum.Cursor { return forum.NewCursor(c.Path) })
	return list, next, nil
}

// Replies implements [forum.Reader].
func (r reader) Replies(ctx context.Context, parents []forum.ID, limit int) ([]forum.Comment, error) {
	return collect(ctx, r.q, scanShown, commentColumns+countReplies+commentFrom+
		`WHERE c.parent_id = ANY($1) AND c.parent_id <> 0`+standing+` ORDER BY c.id LIMIT $2`, int64s(parents), max(1, min(limit, forum.MaxPageSize)))
}

// Tail implements [forum.Reader]. Ids are given out before they commit, so a lower one may appear
// after a higher one has; what landed longer ago than any transaction lives has no such gap below it.
func (r reader) Tail(ctx context.Context, post, after forum.ID, limit int) (list []forum.Comment, settled forum.ID, err error) {
	type landed struct {
		forum.Comment
		at, cutoff int64
	}
	if limit == 0 {
		settled, err = r.tip(ctx, post)
		return nil, settled, err
	}
	limit = max(1, min(limit, forum.MaxPageSize))
	all, err := collect(ctx, r.q, func(r rows) (c landed, err error) {
		return c, r.Scan(append(commentInto(&c.Comment), &c.at, &c.cutoff)...)
	},
		commentColumns+`, c.landed_at, `+r.d.clock+commentFrom+`WHERE c.post_id = $1 AND c.id > $2 ORDER BY c.id LIMIT $3`, int64(post), int64(after), limit)
	if err != nil {
		return nil, 0, err
	}
	settled = after
	gap := false
	for _, c := range all {
		gap = gap || r.d.settle > 0 && c.at >= c.cutoff-r.d.settle.Microseconds()
		if !gap {
			settled = c.ID
		}
		if c.State == forum.Visible {
			list = append(list, c.Comment)
		}
	}
	return list, settled, nil
}

// tip is the newest comment of a post that landed before any gap, 0 when there is none.
func (r reader) tip(ctx context.Context, post forum.ID) (forum.ID, error) {
	sql := `SELECT c.id FROM comments c WHERE c.post_id = $1`
	if r.d.settle > 0 {
		sql += ` AND c.landed_at < ` + r.d.clock + ` - ` + strconv.FormatInt(r.d.settle.Microseconds(), 10)
	}
	list, err := collect(ctx, r.q, func(r rows) (c forum.ID, err error) { return c, r.Scan(id(&c)) }, sql+` ORDER BY c.id DESC LIMIT 1`, int64(post))
	if err != nil || len(list) == 0 {
		return 0, err
	}
	return list[0], nil
}

// CommentsBy implements [forum.Reader].
func (r reader) CommentsBy(ctx context.Context, member forum.ID, after forum.Cursor, limit int) ([]forum.Comment, forum.Cursor, error) {
	from, err := below(after)
	if err != nil {
		return nil, "", err
	}
	list, err := collect(ctx, r.q, scanComment, commentColumns+commentFrom+
		`WHERE c.author_id = $1 AND c.state = 0 AND p.state = 0 AND c.id < $2 ORDER BY c.id DESC LIMIT $3`, int64(member), from, pageOf(limit))
	if err != nil {
		return nil, "", err
	}
	list, next := page(list, limit, func(c forum.Comment) forum.Cursor { return forum.NewCursor(c.ID) })
	return list, next, nil
}

// CommentGate implements [forum.Reader].
func (r reader) CommentGate(ctx context.Context, post, parent forum.ID) (forum.CommentGate, error) {
	var found forum.ID
	g, err := first(ctx, r.q, forum.NotFound(forum.TargetPost), func(r rows) (g forum.CommentGate, err error) {
		return g, r.Scan(id(&g.FandomID), &g.State, &g.Locked, &g.Archived, &g.ParentState, id(&g.Answers), id(&found))
	}, `SELECT p.fandom_id, p.state, p.locked, b.archived OR f.archived, coalesce(c.state, 0), coalesce(c.author_id, p.author_id), coalesce(c.id, 0)
		FROM posts p JOIN boards b ON b.id = p.board_id JOIN fandoms f ON f.id = p.fandom_id
		LEFT JOIN comments c ON c.id = $2 AND c.post_id = p.id WHERE p.id = $1`, int64(post), int64(parent))
	if err == nil && found != parent {
		err = forum.NotFound(forum.TargetComment)
	}
	return g, err
}

func closed(code, message string) error { return fault.New(fault.Conflict, code, message) }

// step is one part of a path: the id in base 36 behind its length, so that paths sort as ids do.
func step(comment forum.ID) string {
	digits := strconv.FormatInt(int64(comment), 36)
	return strconv.FormatInt(int64(len(digits)), 36) + digits
}

// InsertComment implements [forum.Tx]. Whether the post is still open is decided in the insert
// itself; locks are not looked at again, since staff may write behind them.
func (t *tx) InsertComment(ctx context.Context, c *forum.Comment) error {
	next, err := first(ctx, t.q, nil, value[int64], t.d.nextID)
	if err != nil {
		return err
	}
	type stood struct {
		depth int
		path  string
	}
	got, err := collect(ctx, t.q, func(r rows) (s stood, err error) { return s, r.Scan(&s.depth, &s.path) },
		`INSERT INTO comments (id, post_id, parent_id, depth, path, author_id, state, lang, created_at, edited_at, text, html, body)
		SELECT $3, p.id, $2, coalesce(c.depth + 1, 0),
			CASE WHEN c.id IS NULL THEN $4 WHEN c.path <> '' AND c.depth < $5 THEN c.path || $4 ELSE '' END,
			$6, $7, $8, $9, $10, $11, $12, $13
		FROM posts p JOIN boards b ON b.id = p.board_id JOIN fandoms f ON f.id = p.fandom_id
		LEFT JOIN comments c ON c.id = $2 AND c.post_id = p.id AND c.state NOT IN (2, 3)
		WHERE p.id = $1 AND p.state <> 3 AND NOT b.archived AND NOT f.archived AND (c.id IS NOT NULL OR $2 = 0)
		RETURNING depth, path`,
		int64(c.PostID), int64(c.ParentID), next, step(forum.ID(next)), forum.ShownDepth-1,
		int64(c.Author.ID), c.State, c.Lang, micros(c.CreatedAt), micros(c.EditedAt), c.Text, c.HTML, c.Body)
	if err != nil {
		return err
	}
	if len(got) == 0 {
		return closed("post_closed", "This post takes no more comments, or what you answer is gone. Your text is still here.")
	}
	c.ID, c.Version, c.Depth, c.Path = forum.ID(next), 1, got[0].depth, got[0].path
	return t.note(ctx, commentChange(c, c.State, +1))
}

func commentChange(c *forum.Comment, s forum.State, delta int) change {
	ch := change{op: opComment, target: forum.Target{Kind: forum.TargetComment, ID: c.ID}, post: c.PostID, member: c.Author.ID, delta: delta}
	if s != forum.Visible {
		ch.delta = 0
	}
	return ch
}

// UpdateComment implements [forum.Tx].
func (t *tx) UpdateComment(ctx context.Context, c *forum.Comment) error {
	before, err := first(ctx, t.q, forum.NotFound(forum.TargetComment), value[forum.State],
		`SELECT state FROM comments WHERE id = $1 FOR UPDATE`, int64(c.ID))
	if err != nil {
		return err
	}
	err = t.versioned(ctx, &c.Version, `UPDATE comments SET state = $1, lang = $2, edited_at = $3, text = $4, html = $5, body = $6, version = version + 1
		WHERE id = $7 AND version = $8`, c.State, c.Lang, micros(c.EditedAt), c.Text, c.HTML, c.Body, int64(c.ID), c.Version)
	if err != nil {
		return err
	}
	return t.note(ctx, commentChange(c, before, -1), commentChange(c, c.State, +1))
}

// Revisions implements [forum.Reader].
func (r reader) Revisions(ctx context.Context, t forum.Target) ([]forum.Revision, error) {
	return collect(ctx, r.q, func(r rows) (v forum.Revision, err error) {
		v.Target = t
		return v, r.Scan(&v.Version, &v.State, &v.Title, &v.Body, id(&v.EditorID), at(&v.At))
	}, `SELECT version, state, title, body, editor_id, at FROM revisions WHERE target_kind = $1 AND target_id = $2 ORDER BY id DESC LIMIT $3`,
		string(t.Kind), int64(t.ID), forum.MaxPageSize)
}

// InsertRevision implements [forum.Tx].
func (t *tx) InsertRevision(ctx context.Context, r forum.Revision) error {
	_, err := t.q.exec(ctx, `INSERT INTO revisions (target_kind, target_id, version, state, editor_id, at, title, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		string(r.Target.Kind), int64(r.Target.ID), r.Version, r.State, int64(r.EditorID), micros(r.At), r.Title, r.Body)
	return err
}

// SetHTML implements [forum.Tx].
func (t *tx) SetHTML(ctx context.Context, target forum.Target, version int, html string) error {
	table, err := texts(target.Kind)
	if err != nil {
		return err
	}
	_, err = t.q.exec(ctx, `UPDATE `+table+` SET html = $1 WHERE id = $2 AND version = $3`, html, int64(target.ID), version)
	return err
}

// texts is the table of what people write and react to.
func texts(k forum.TargetKind) (string, error) {
	switch k {
	case forum.TargetPost:
		return "posts", nil
	case forum.TargetComment:
		return "comments", nil
	}
	return "", fmt.Errorf("store: a %s has no text", k)
}

// OwnReactions implements [forum.Reader].
func (r reader) OwnReactions(ctx context.Context, member, post forum.ID) (map[forum.Target][]forum.ReactionKind, error) {
	type own struct {
		t forum.Target
		k forum.ReactionKind
	}
	list, err := collect(ctx, r.q, func(r rows) (o own, err error) { return o, r.Scan(&o.t.Kind, id(&o.t.ID), &o.k) },
		`SELECT target_kind, target_id, kind FROM reactions WHERE post_id = $1 AND member_id = $2 ORDER BY target_kind, target_id, kind LIMIT $3`,
		int64(post), int64(member), 10_000)
	if err != nil {
		return nil, err
	}
	all := make(map[forum.Target][]forum.ReactionKind, len(list))
	for _, o := range list {
		all[o.t] = append(all[o.t], o.k)
	}
	return all, nil
}

// SetReaction implements [forum.Tx].
func (t *tx) SetReaction(ctx context.Context, target forum.Target, post, member forum.ID, kind forum.ReactionKind, on bool) error {
	if _, err := texts(target.Kind); err != nil {
		return err
	}
	sql, delta := `DELETE FROM reactions WHERE post_id = $1 AND member_id = $2 AND target_kind = $3 AND target_id = $4 AND kind = $5`, -1
	if on {
		sql, delta = `INSERT INTO reactions (post_id, member_id, target_kind, target_id, kind) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`, +1
	}
	n, err := t.q.exec(ctx, sql, int64(post), int64(member), string(target.Kind), int64(target.ID), kind)
	if err != nil || n == 0 {
		return err
	}
	return t.note(ctx, change{op: opReaction, target: target, post: post, reaction: kind, delta: delta})
}
