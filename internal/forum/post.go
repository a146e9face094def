package forum

import (
	"context"
	"slices"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/markup"
)

// State is who can see a post or comment.
type State uint8

// States. Only Visible ones are on public pages; the others leave a placeholder where replies hang on them.
const (
	Visible State = iota
	Held          // waits for review by staff
	Hidden        // taken down by staff
	Deleted       // by its author; staff can restore it
)

func (s State) String() string { return [...]string{"visible", "held", "hidden", "deleted"}[s] }

// ReactionKind is one of the six reactions.
type ReactionKind uint8

// ReactionNames are the six, the lightstick first; a ReactionKind is an index.
var ReactionNames = [...]string{"lightstick", "heart", "laugh", "wow", "cry", "fire"}

// Reactions counts by kind.
type Reactions [len(ReactionNames)]int

// Total is the sum over all kinds.
func (r Reactions) Total() (n int) {
	for _, c := range r {
		n += c
	}
	return n
}

// Post is an entry on a board (게시글).
type Post struct {
	ID        ID
	Board     BoardRef
	Author    MemberRef
	Title     string
	Body      string // markdown as written
	HTML      string // rendered and sanitised; links to pages start with /-/ for any locale
	Text      string // plain, for excerpts and search
	Lang      string // BCP 47, of the text
	State     State
	Locked    bool // takes no more comments
	Pinned    bool
	Comments  int       // derived: visible comments
	Reactions Reactions // derived
	Views     int       // derived, see [Views]; not part of any rank
	CreatedAt time.Time
	EditedAt  time.Time // zero when never
	Version   int
}

// PostInput is what a member writes.
type PostInput struct {
	Title, Body string
	Version     int // edits only: of the state this was made on; 0: any
}

func (in *PostInput) check() error {
	var bad fault.Fields
	in.Title = text(&bad, "title", in.Title, false, 1, MaxTitle)
	in.Body = text(&bad, "body", in.Body, true, 1, MaxBody)
	return bad.Err()
}

// CreatePost starts a post on a board.
func (f *Forum) CreatePost(ctx context.Context, a *Actor, board ID, in PostInput) (Post, error) {
	b, err := f.Store.BoardByID(ctx, board)
	if err != nil {
		return Post{}, err
	}
	if err := f.mayWrite(a, b.FandomID, true); err != nil {
		return Post{}, err
	}
	if b.StaffOnly && !a.Staff(b.FandomID) {
		return Post{}, fault.New(fault.Forbidden, "board_staff_only", "Only staff start posts on this board.")
	}
	fd, err := f.Store.FandomByID(ctx, b.FandomID)
	if err != nil {
		return Post{}, err
	}
	if b.Archived || fd.Archived {
		return Post{}, fault.New(fault.Conflict, "board_archived", "This board is archived: it can be read, but takes no more posts.")
	}
	if err := in.check(); err != nil {
		return Post{}, err
	}
	p := Post{Board: BoardRef{ID: b.ID, Slug: b.Slug, Name: b.Name, FandomID: fd.ID, FandomSlug: fd.Slug, FandomName: fd.Name, Accent: fd.Accent},
		Author: a.ref(), CreatedAt: f.Now(), Version: 1}
	after, err := f.compose(ctx, a, &p, in)
	if err != nil {
		return Post{}, err
	}
	_, err = f.Store.Add(ctx, func(tx Tx) (any, error) {
		if err := tx.InsertPost(ctx, &p); err != nil {
			return nil, err
		}
		return p, after.apply(ctx, tx, Target{TargetPost, p.ID}, p.ID, 0)
	})
	return p, err
}

// compose fills the post from the input: word rules, rendering, language.
func (f *Forum) compose(ctx context.Context, a *Actor, p *Post, in PostInput) (aftermath, error) {
	heldBy, err := f.rules.apply(ctx, f, p.Board.FandomID, a, &in.Title, &in.Body)
	if err != nil {
		return aftermath{}, err
	}
	doc := f.render(ctx, in.Body, f.card(ctx))
	p.Title, p.Body, p.HTML, p.Text = in.Title, in.Body, doc.HTML, doc.Text
	p.Lang = markup.DetectLang(in.Title+"\n"+doc.Text, a.Locale)
	if heldBy != "" {
		p.State = Held
	}
	return aftermath{f: f, actor: a, fandom: p.Board.FandomID, doc: doc, heldBy: heldBy, visible: p.State == Visible}, nil
}

// EditPost changes title and text; the state before is kept for readers to see. Authors and staff may.
func (f *Forum) EditPost(ctx context.Context, a *Actor, id ID, in PostInput) (Post, error) {
	if err := a.signedIn(ScopeWrite); err != nil {
		return Post{}, err
	}
	p, err := f.Store.Post(ctx, id)
	if err != nil {
		return Post{}, err
	}
	if err := f.mayEdit(a, p.Author.ID, p.Board.FandomID, p.State); err != nil {
		return Post{}, err
	}
	if err := in.check(); err != nil {
		return Post{}, err
	}
	if in.Version != 0 && in.Version != p.Version {
		return Post{}, Stale()
	}
	before := p
	after, err := f.compose(ctx, a, &p, in)
	if err != nil {
		return Post{}, err
	}
	p.EditedAt = f.Now()
	_, err = f.Store.Update(ctx, func(tx Tx) (any, error) {
		if err := tx.UpdatePost(ctx, &p); err != nil {
			return nil, err
		}
		t := Target{TargetPost, id}
		if err := tx.InsertRevision(ctx, Revision{Target: t, Version: before.Version, State: before.State, Title: before.Title, Body: before.Body, EditorID: a.ID, At: p.EditedAt}); err != nil {
			return nil, err
		}
		if err := after.edited().apply(ctx, tx, t, id, 0); err != nil {
			return nil, err
		}
		if a.ID != p.Author.ID {
			return p, f.audit(ctx, tx, a, "post.edit", t, p.Board.FandomID)
		}
		return p, nil
	})
	return p, err
}

// mayEdit: authors edit what stands and is theirs; staff edit anything of their fandom.
func (f *Forum) mayEdit(a *Actor, author, fandom ID, s State) error {
	if a.Staff(fandom) {
		return nil
	}
	if a.ID != author {
		return fault.New(fault.Forbidden, "not_yours", "Only its author and staff may change this.")
	}
	if s == Hidden || s == Deleted {
		return fault.New(fault.Conflict, "not_standing", "This was taken down and cannot be changed.")
	}
	return f.mayWrite(a, fandom, true)
}

// DeletePost takes the author's own post down; staff use [Forum.Moderate].
func (f *Forum) DeletePost(ctx context.Context, a *Actor, id ID, version int) error {
	if err := a.signedIn(ScopeWrite); err != nil {
		return err
	}
	_, err := f.Store.Update(ctx, func(tx Tx) (any, error) {
		p, err := tx.Post(ctx, id)
		if err != nil {
			return nil, err
		}
		if p.Author.ID != a.ID {
			return nil, fault.New(fault.Forbidden, "not_yours", "Only its author and staff may change this.")
		}
		if version != 0 && version != p.Version {
			return nil, Stale()
		}
		if err := a.sanctioned(p.Board.FandomID, false, f.Now()); err != nil {
			return nil, err
		}
		if p.State == Deleted {
			return nil, nil
		}
		if p.State == Hidden {
			return nil, fault.New(fault.Conflict, "not_standing", "This was taken down and cannot be changed.")
		}
		p.State = Deleted
		return nil, tx.UpdatePost(ctx, &p)
	})
	return err
}

// Revision is an earlier state of a post or comment.
type Revision struct {
	Target   Target
	Version  int   // the version this was
	State    State // when it was replaced
	Title    string
	Body     string
	EditorID ID        // who replaced it
	At       time.Time // when it was replaced
}

// ReadersHistory leaves out of a history what no reader has seen: texts that were held or taken down
// when they were replaced. They are for staff, like the text itself was.
func ReadersHistory(list []Revision) []Revision {
	return slices.DeleteFunc(slices.Clone(list), func(r Revision) bool { return r.State != Visible })
}

func (a *Actor) ref() MemberRef {
	return MemberRef{ID: a.ID, Handle: a.Handle, Name: a.Name, AvatarKey: a.AvatarKey}
}
