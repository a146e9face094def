package store

import (
	"context"
	"fmt"

	"lightstick/internal/forum"
	"lightstick/internal/media"
)

const (
	loadBatch   = 2_000 // rows that share a transaction of Load
	loadReserve = 5_000 // ids taken at once
	loadTidy    = 1_000 // pages of the search index that a transaction brings in order
)

// Bulk takes rows of a [Store.Load] with the times they carry, and fills in their ids. Rows come in
// the order of their references: what a row points at comes before it.
type Bulk struct {
	ctx   context.Context
	s     *Store
	ids   map[string][]int64 // reserved and not yet used, by table
	stood map[forum.ID]standpoint
	next  *batch
	to    chan *batch // to the one who commits, while the next batch is being filled
	done  chan error
}

// standpoint is where a comment stands in its tree.
type standpoint struct {
	depth int
	path  string
}

// batch is what one transaction stores.
type batch struct {
	rows                                int
	members, posts, comments, reactions [][]any
	views                               [][]any
	found                               map[forum.TargetKind][]found
	changes                             []change
	docs                                []document
}

func newBatch() *batch { return &batch{found: map[forum.TargetKind][]found{}} }

// Load stores a great deal quickly: demo worlds and imports. It commits in steps, each with its
// counters, ranks and search index, so a load that fails leaves a part of it, whole in itself. It
// asks no rule, notifies nobody and enqueues nothing.
func (s *Store) Load(ctx context.Context, fill func(*Bulk) error) error {
	b := &Bulk{ctx: ctx, s: s, ids: map[string][]int64{}, stood: map[forum.ID]standpoint{}, next: newBatch(),
		to: make(chan *batch), done: make(chan error, 1)}
	go func() {
		var failed error
		for next := range b.to {
			if failed == nil {
				failed = next.store(ctx, s)
			}
		}
		b.done <- failed
	}()
	err := fill(b)
	if err == nil {
		err = b.send()
	}
	close(b.to)
	if stored := <-b.done; stored != nil {
		return stored
	}
	if err != nil {
		return err
	}
	return s.tidy(ctx, loadTidy, 0)
}

func (b *Bulk) send() error {
	if b.next.rows == 0 {
		return nil
	}
	b.next.index() // here, while the batch before is being stored
	select {
	case b.to <- b.next:
		b.next = newBatch()
		return nil
	case <-b.ctx.Done():
		return b.ctx.Err()
	}
}

func (b *Bulk) full() error {
	if b.next.rows++; b.next.rows < loadBatch {
		return nil
	}
	return b.send()
}

// direct stores what is rare at once.
func (b *Bulk) direct(change func(*tx) error) error {
	_, err := b.s.update(b.ctx, func(t *tx) (any, error) { return nil, change(t) })
	return err
}

func (b *Bulk) id(table string) (forum.ID, error) {
	if len(b.ids[table]) == 0 {
		err := b.direct(func(t *tx) (err error) {
			b.ids[table], err = t.d.reserve(b.ctx, t.q, table, loadReserve)
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	next := b.ids[table][0]
	b.ids[table] = b.ids[table][1:]
	return forum.ID(next), nil
}

// Fandom stores a fandom.
func (b *Bulk) Fandom(f *forum.Fandom) error {
	return b.direct(func(t *tx) error { return t.InsertFandom(b.ctx, f) })
}

// Board stores a board.
func (b *Bulk) Board(board *forum.Board) error {
	return b.direct(func(t *tx) error { return t.InsertBoard(b.ctx, board) })
}

// Aliases stores the alias sets of a fandom in place of those it has.
func (b *Bulk) Aliases(fandom forum.ID, sets [][]string) error {
	return b.direct(func(t *tx) error { return t.ReplaceAliases(b.ctx, fandom, sets) })
}

// Event stores an event of a fandom.
func (b *Bulk) Event(e *forum.Event) error {
	return b.direct(func(t *tx) error { return t.InsertEvent(b.ctx, e) })
}

// Attachment stores a picture that is in use.
func (b *Bulk) Attachment(a *media.Attachment) error {
	return b.direct(func(t *tx) error { return t.insertAttachment(b.ctx, a) })
}

// Moderator makes a member a moderator. Both are stored first.
func (b *Bulk) Moderator(fandom, member forum.ID) error {
	if err := b.Commit(); err != nil {
		return err
	}
	return b.direct(func(t *tx) error { return t.SetModerator(b.ctx, fandom, member, true) })
}

// Commit waits until everything so far is stored.
func (b *Bulk) Commit() error {
	if err := b.send(); err != nil {
		return err
	}
	// The committer takes a batch only when it is done with the one before.
	select {
	case b.to <- newBatch():
		return nil
	case <-b.ctx.Done():
		return b.ctx.Err()
	}
}

// Member stores an account. Handles and confirmed addresses must be free.
func (b *Bulk) Member(m *forum.Member, emailKey, passwordHash string) (err error) {
	if m.ID, err = b.id("members"); err != nil {
		return err
	}
	m.Version = 1
	b.next.members = append(b.next.members, []any{int64(m.ID), m.Handle, m.Name, m.Email, emailKey, passwordHash, m.Verified, string(m.Role),
		m.AvatarKey, m.Locale, m.TimeZone, micros(m.CreatedAt), m.Bio, m.BioHTML})
	b.find(forum.TargetMember, found{target: int64(m.ID), created: m.CreatedAt, title: m.Name + " " + m.Handle, text: m.Bio, author: m.ID})
	return b.full()
}

func (b *Bulk) find(kind forum.TargetKind, f found) {
	b.next.found[kind] = append(b.next.found[kind], f)
}

// Post stores a post. Board.ID and Board.FandomID say where.
func (b *Bulk) Post(p *forum.Post) (err error) {
	if p.ID, err = b.id("posts"); err != nil {
		return err
	}
	p.Version = 1
	b.next.posts = append(b.next.posts, []any{int64(p.ID), int64(p.Board.ID), int64(p.Board.FandomID), int64(p.Author.ID), p.State, p.Locked, p.Pinned,
		hotness(0, p.CreatedAt), p.Lang, micros(p.CreatedAt), micros(p.EditedAt), p.Title, p.Text, p.HTML, p.Body})
	if p.State == forum.Visible {
		b.find(forum.TargetPost, found{target: int64(p.ID), created: p.CreatedAt, title: p.Title, text: p.Text,
			fandom: p.Board.FandomID, board: p.Board.ID, author: p.Author.ID})
	}
	if p.Views > 0 {
		b.next.views = append(b.next.views, []any{int64(p.ID), int64(p.Views)})
	}
	b.note(postChange(p.ID, place{p.Board.ID, p.Board.FandomID, p.Author.ID, p.State}, +1))
	return b.full()
}

func (b *Bulk) note(c change) { b.next.changes = append(b.next.changes, c) }

// Comment stores a comment under a post that stands on the board; its parent, if it has one, was
// stored by the same Load.
func (b *Bulk) Comment(c *forum.Comment, board forum.ID) (err error) {
	if c.ID, err = b.id("comments"); err != nil {
		return err
	}
	at := standpoint{path: step(c.ID)}
	if c.ParentID != 0 {
		parent, ok := b.stood[c.ParentID]
		if !ok {
			return fmt.Errorf("load comment: its parent %d is not of this load", c.ParentID)
		}
		at = standpoint{depth: parent.depth + 1}
		if at.depth < forum.ShownDepth {
			at.path = parent.path + step(c.ID)
		}
	}
	b.stood[c.ID] = at
	c.Version, c.Depth, c.Path = 1, at.depth, at.path
	b.next.comments = append(b.next.comments, []any{int64(c.ID), int64(c.PostID), int64(c.ParentID), c.Depth, c.Path, int64(c.Author.ID), c.State, c.Lang,
		micros(c.CreatedAt), micros(c.EditedAt), c.Text, c.HTML, c.Body})
	if c.State == forum.Visible {
		b.find(forum.TargetComment, found{target: int64(c.ID), created: c.CreatedAt, text: c.Text, fandom: c.FandomID, board: board, author: c.Author.ID})
	}
	b.note(commentChange(c, c.State, +1))
	return b.full()
}

// Reaction stores a reaction; the same one twice fails.
func (b *Bulk) Reaction(t forum.Target, post, member forum.ID, kind forum.ReactionKind) error {
	b.next.reactions = append(b.next.reactions, []any{int64(post), int64(member), string(t.Kind), int64(t.ID), kind})
	b.note(change{op: opReaction, target: t, post: post, reaction: kind, delta: +1})
	return b.full()
}

func (n *batch) store(ctx context.Context, s *Store) error {
	if n.rows == 0 {
		return nil
	}
	_, err := s.update(ctx, func(t *tx) (any, error) {
		if err := t.d.lock(ctx, t.q, lockFlush); err != nil {
			return nil, err
		}
		if err := n.insert(ctx, t); err != nil {
			return nil, err
		}
		counted := newTally(n.changes)
		clear(counted.index) // done below, without reading the texts again
		if err := counted.apply(ctx, t); err != nil {
			return nil, err
		}
		ix := &indexer{q: t.q, d: t.d.search}
		return nil, ix.put(ctx, n.docs)
	})
	return err
}

// index makes the tokens of everything that can be found.
func (n *batch) index() {
	for _, kind := range searchKinds() {
		for _, f := range n.found[kind] {
			n.docs = append(n.docs, document{kind: kind, target: f.target, created: f.created, tokens: f.tokens(kind), fresh: true})
		}
	}
}

func (n *batch) insert(ctx context.Context, t *tx) error {
	for _, part := range []struct {
		sql  string
		rows [][]any
	}{
		{`INSERT INTO members (id, handle, name, email, email_key, password, verified, role, avatar_key, locale, time_zone, created_at, bio, bio_html)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`, n.members},
		{`INSERT INTO posts (id, board_id, fandom_id, author_id, state, locked, pinned, hot, lang, created_at, edited_at, title, text, html, body)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`, n.posts},
		{`INSERT INTO comments (id, post_id, parent_id, depth, path, author_id, state, lang, created_at, edited_at, text, html, body)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`, n.comments},
		{`INSERT INTO reactions (post_id, member_id, target_kind, target_id, kind) VALUES ($1, $2, $3, $4, $5)`, n.reactions},
		{`INSERT INTO post_views (post_id, views) VALUES ($1, $2)`, n.views},
	} {
		if err := t.q.each(ctx, part.sql, part.rows); err != nil {
			return nameTaken(err)
		}
	}
	return nil
}
