package store

import (
	"context"
	"fmt"
	"math"
	"time"

	"lightstick/internal/forum"
)

// excerpt is how much text a list of posts carries, in characters.
const excerpt = 320

const (
	postHead = `SELECT p.id, p.title, p.lang, p.state, p.locked, p.pinned, p.comments, p.r0, p.r1, p.r2, p.r3, p.r4, p.r5,
		p.created_at, p.edited_at, p.version, p.score, p.hot, coalesce(w.views, 0),
		b.id, b.slug, b.name, f.id, f.slug, f.name, f.accent, m.id, m.handle, m.name, m.avatar_key`
	postJoins = `JOIN boards b ON b.id = p.board_id JOIN fandoms f ON f.id = p.fandom_id JOIN members m ON m.id = p.author_id LEFT JOIN post_views w ON w.post_id = p.id `
)

// ranked is a post with the keys that lists sort by.
type ranked struct {
	forum.Post
	score int64
	hot   float64
}

func (p *ranked) into() []any {
	return append([]any{id(&p.ID), &p.Title, &p.Lang, &p.State, &p.Locked, &p.Pinned, &p.Comments,
		&p.Reactions[0], &p.Reactions[1], &p.Reactions[2], &p.Reactions[3], &p.Reactions[4], &p.Reactions[5],
		at(&p.CreatedAt), at(&p.EditedAt), &p.Version, &p.score, &p.hot, &p.Views,
		id(&p.Board.ID), &p.Board.Slug, &p.Board.Name, id(&p.Board.FandomID), &p.Board.FandomSlug, &p.Board.FandomName, &p.Board.Accent},
		ref(&p.Author)...)
}

// Post implements [forum.Reader].
func (r reader) Post(ctx context.Context, post forum.ID) (forum.Post, error) {
	return surely(ctx, r, "posts", post, func(ctx context.Context) (forum.Post, error) {
		return first(ctx, r.q, forum.NotFound(forum.TargetPost), func(r rows) (forum.Post, error) {
			var p ranked
			err := r.Scan(append(p.into(), &p.Body, &p.HTML, &p.Text)...)
			return p.Post, err
		}, postHead+`, p.body, p.html, p.text FROM posts p `+postJoins+`WHERE p.id = $1`, int64(post))
	})
}

// Posts implements [forum.Reader].
func (r reader) Posts(ctx context.Context, q forum.PostQuery) ([]forum.Post, forum.Cursor, error) {
	where := `p.state = 0`
	var args []any
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	for _, by := range []struct {
		column string
		id     forum.ID
	}{{"author_id", q.AuthorID}, {"board_id", q.BoardID}, {"fandom_id", q.FandomID}} {
		if by.id != 0 {
			where += ` AND p.` + by.column + ` = ` + arg(int64(by.id))
		}
	}
	if q.Pinned {
		where += ` AND p.pinned`
	}
	if q.AuthorID != 0 {
		q.Sort = forum.SortNew
	}
	order, keyset, err := postOrder(q, arg)
	if err != nil {
		return nil, "", err
	}
	// The page is cut before anything is joined to it, whatever the database thinks of its size.
	sql := postHead + fmt.Sprintf(`, substr(p.text, 1, %d)`, excerpt) + ` FROM (SELECT * FROM posts p WHERE ` + where + keyset +
		` ORDER BY ` + order + ` LIMIT ` + arg(pageOf(q.Limit)) + `) p ` + postJoins + `ORDER BY ` + order
	list, err := collect(ctx, r.q, func(r rows) (p ranked, err error) { return p, r.Scan(append(p.into(), &p.Text)...) }, sql, args...)
	if err != nil {
		return nil, "", err
	}
	list, next := page(list, q.Limit, func(p ranked) forum.Cursor { return postCursor(q.Sort, p) })
	posts := make([]forum.Post, len(list))
	for i := range list {
		posts[i] = list[i].Post
	}
	return posts, next, nil
}

// postOrder is the order of a list and the condition that continues it behind its cursor.
func postOrder(q forum.PostQuery, arg func(any) string) (order, keyset string, err error) {
	var last forum.ID
	switch q.Sort {
	case forum.SortHot:
		var hot float64
		if q.After != "" {
			if err = q.After.Scan(&hot, &last); err == nil {
				keyset = ` AND (p.hot, p.id) < (` + arg(hot) + `, ` + arg(int64(last)) + `)`
			}
		}
		return `p.hot DESC, p.id DESC`, keyset, err
	case forum.SortTop:
		var score int
		if q.After != "" {
			if err = q.After.Scan(&score, &last); err == nil {
				keyset = ` AND (p.score, p.id) < (` + arg(int64(score)) + `, ` + arg(int64(last)) + `)`
			}
		}
		return `p.score DESC, p.id DESC`, keyset, err
	}
	if q.After != "" {
		if err = q.After.Scan(&last); err == nil {
			keyset = ` AND p.id < ` + arg(int64(last))
		}
	}
	return `p.id DESC`, keyset, err
}

func postCursor(s forum.Sort, p ranked) forum.Cursor {
	switch s {
	case forum.SortHot:
		return forum.NewCursor(p.hot, p.ID)
	case forum.SortTop:
		return forum.NewCursor(p.score, p.ID)
	}
	return forum.NewCursor(p.ID)
}

// score is what a post has stirred: an answer weighs as much as two reactions.
func score(comments int, r forum.Reactions) int64 { return 2*int64(comments) + int64(r.Total()) }

// hotness ranks by score against age: ten times the score is worth 12.5 hours. It does not change
// with time, only with the score, so a rank that was stored stays right.
func hotness(score int64, created time.Time) float64 {
	return math.Log10(float64(max(1, score))) + float64(created.Unix())/45000
}

// InsertPost implements [forum.Tx].
func (t *tx) InsertPost(ctx context.Context, p *forum.Post) error {
	p.Version = 1
	err := t.insert(ctx, &p.ID, `INSERT INTO posts (board_id, fandom_id, author_id, state, locked, pinned, hot, lang, created_at, edited_at, title, text, html, body)
		SELECT b.id, b.fandom_id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
		FROM boards b JOIN fandoms f ON f.id = b.fandom_id WHERE b.id = $1 AND NOT b.archived AND NOT f.archived RETURNING id`,
		int64(p.Board.ID), int64(p.Author.ID), p.State, p.Locked, p.Pinned, hotness(0, p.CreatedAt), p.Lang,
		micros(p.CreatedAt), micros(p.EditedAt), p.Title, p.Text, p.HTML, p.Body)
	if err != nil {
		return err
	}
	if p.ID == 0 {
		return closed("board_archived", "This board is archived: it can be read, but takes no more posts.")
	}
	return t.note(ctx, postChange(p.ID, place{p.Board.ID, p.Board.FandomID, p.Author.ID, p.State}, +1))
}

// place is what counters depend on.
type place struct {
	board, fandom, author forum.ID
	state                 forum.State
}

func postChange(post forum.ID, at place, delta int) change {
	c := change{op: opPost, target: forum.Target{Kind: forum.TargetPost, ID: post}, board: at.board, fandom: at.fandom, member: at.author, delta: delta}
	if at.state != forum.Visible {
		c.delta = 0
	}
	return c
}

// UpdatePost implements [forum.Tx].
func (t *tx) UpdatePost(ctx context.Context, p *forum.Post) error {
	before, err := first(ctx, t.q, forum.NotFound(forum.TargetPost), func(r rows) (at place, err error) {
		return at, r.Scan(id(&at.board), id(&at.fandom), id(&at.author), &at.state)
	}, `SELECT board_id, fandom_id, author_id, state FROM posts WHERE id = $1 FOR UPDATE`, int64(p.ID))
	if err != nil {
		return err
	}
	err = t.versioned(ctx, &p.Version, `UPDATE posts SET board_id = $1, fandom_id = $2, state = $3, locked = $4, pinned = $5, lang = $6, edited_at = $7,
		title = $8, text = $9, html = $10, body = $11, version = version + 1 WHERE id = $12 AND version = $13`,
		int64(p.Board.ID), int64(p.Board.FandomID), p.State, p.Locked, p.Pinned, p.Lang, micros(p.EditedAt),
		p.Title, p.Text, p.HTML, p.Body, int64(p.ID), p.Version)
	if err != nil {
		return err
	}
	after := place{p.Board.ID, p.Board.FandomID, before.author, p.State}
	if err := t.note(ctx, postChange(p.ID, before, -1), postChange(p.ID, after, +1)); err != nil {
		return err
	}
	if before == after {
		return nil
	}
	// Its comments are found under another board, or not at all.
	return t.note(ctx, change{op: opThread, target: forum.Target{Kind: forum.TargetComment}, post: p.ID})
}
