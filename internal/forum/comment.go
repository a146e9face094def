package forum

import (
	"context"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/markup"
)

// ShownDepth is how many levels of replies a page shows; deeper ones are linked.
const ShownDepth = 3

// Comment is an answer to a post or to another comment (댓글).
type Comment struct {
	ID        ID
	PostID    ID
	ParentID  ID  // 0: answers the post
	Depth     int // 0: answers the post
	FandomID  ID  // of the post
	Author    MemberRef
	Body      string
	HTML      string
	Text      string
	Lang      string
	State     State
	Reactions Reactions // derived
	Replies   int       // direct visible replies; filled by [Reader.Tree] and [Reader.Replies] only
	Path      string    // where it stands in the tree, for [Reader.Tree] paging; "" below the shown levels
	CreatedAt time.Time
	EditedAt  time.Time
	Version   int
}

// CommentInput is what a member writes.
type CommentInput struct {
	ParentID ID // creation only
	Body     string
	Version  int // edits only
}

func (in *CommentInput) check() error {
	var bad fault.Fields
	in.Body = text(&bad, "body", in.Body, true, 1, MaxComment)
	return bad.Err()
}

// CreateComment answers a post, or the comment ParentID of it.
func (f *Forum) CreateComment(ctx context.Context, a *Actor, post ID, in CommentInput) (Comment, error) {
	if err := a.signedIn(ScopeWrite); err != nil {
		return Comment{}, err
	}
	if err := in.check(); err != nil {
		return Comment{}, err
	}
	gate, err := f.Store.CommentGate(ctx, post, in.ParentID)
	if err != nil {
		return Comment{}, err
	}
	if err := f.mayWrite(a, gate.FandomID, true); err != nil {
		return Comment{}, err
	}
	if err := gate.check(a); err != nil {
		return Comment{}, err
	}
	c := Comment{PostID: post, ParentID: in.ParentID, FandomID: gate.FandomID, Author: a.ref(), CreatedAt: f.Now(), Version: 1}
	after, err := f.composeComment(ctx, a, &c, in.Body)
	if err != nil {
		return Comment{}, err
	}
	_, err = f.Store.Add(ctx, func(tx Tx) (any, error) {
		if err := tx.InsertComment(ctx, &c); err != nil {
			return nil, err
		}
		return c, after.apply(ctx, tx, Target{TargetComment, c.ID}, post, gate.Answers)
	})
	return c, err
}

// CommentGate is what decides whether a post takes a comment now.
type CommentGate struct {
	FandomID    ID
	State       State // of the post
	Locked      bool
	Archived    bool // board or fandom
	ParentState State
	Answers     ID // the member being answered: author of the parent or post
}

func (g CommentGate) check(a *Actor) error {
	switch staff := a.Staff(g.FandomID); {
	case g.State != Visible && !staff:
		return fault.New(fault.NotFound, "post_not_found", "There is no such post.")
	case g.Archived:
		return fault.New(fault.Conflict, "board_archived", "This board is archived: it can be read, but takes no more posts.")
	case g.Locked && !staff:
		return fault.New(fault.Conflict, "post_locked", "This post is locked and takes no more comments.")
	case g.ParentState != Visible:
		return fault.New(fault.Conflict, "parent_gone", "The comment you answer is gone. Your text is still here; answer the post instead.")
	}
	return nil
}

func (f *Forum) composeComment(ctx context.Context, a *Actor, c *Comment, body string) (aftermath, error) {
	heldBy, err := f.rules.apply(ctx, f, c.FandomID, a, &body)
	if err != nil {
		return aftermath{}, err
	}
	doc := f.render(ctx, body, f.card(ctx))
	c.Body, c.HTML, c.Text = body, doc.HTML, doc.Text
	c.Lang = markup.DetectLang(doc.Text, a.Locale)
	if heldBy != "" {
		c.State = Held
	}
	return aftermath{f: f, actor: a, fandom: c.FandomID, doc: doc, heldBy: heldBy, visible: c.State == Visible}, nil
}

// EditComment changes the text; the state before is kept for readers to see.
func (f *Forum) EditComment(ctx context.Context, a *Actor, id ID, in CommentInput) (Comment, error) {
	if err := a.signedIn(ScopeWrite); err != nil {
		return Comment{}, err
	}
	c, err := f.Store.Comment(ctx, id)
	if err != nil {
		return Comment{}, err
	}
	if err := f.mayEdit(a, c.Author.ID, c.FandomID, c.State); err != nil {
		return Comment{}, err
	}
	if err := in.check(); err != nil {
		return Comment{}, err
	}
	if in.Version != 0 && in.Version != c.Version {
		return Comment{}, Stale()
	}
	before := c
	after, err := f.composeComment(ctx, a, &c, in.Body)
	if err != nil {
		return Comment{}, err
	}
	c.EditedAt = f.Now()
	_, err = f.Store.Update(ctx, func(tx Tx) (any, error) {
		if err := tx.UpdateComment(ctx, &c); err != nil {
			return nil, err
		}
		t := Target{TargetComment, id}
		if err := tx.InsertRevision(ctx, Revision{Target: t, Version: before.Version, State: before.State, Body: before.Body, EditorID: a.ID, At: c.EditedAt}); err != nil {
			return nil, err
		}
		if err := after.edited().apply(ctx, tx, t, c.PostID, 0); err != nil {
			return nil, err
		}
		if a.ID != c.Author.ID {
			return c, f.audit(ctx, tx, a, "comment.edit", t, c.FandomID)
		}
		return c, nil
	})
	return c, err
}

// DeleteComment takes the author's own comment down.
func (f *Forum) DeleteComment(ctx context.Context, a *Actor, id ID, version int) error {
	if err := a.signedIn(ScopeWrite); err != nil {
		return err
	}
	_, err := f.Store.Update(ctx, func(tx Tx) (any, error) {
		c, err := tx.Comment(ctx, id)
		if err != nil {
			return nil, err
		}
		switch {
		case c.Author.ID != a.ID:
			return nil, fault.New(fault.Forbidden, "not_yours", "Only its author and staff may change this.")
		case version != 0 && version != c.Version:
			return nil, Stale()
		}
		if err := a.sanctioned(c.FandomID, false, f.Now()); err != nil {
			return nil, err
		}
		switch c.State {
		case Deleted:
			return nil, nil
		case Hidden:
			return nil, fault.New(fault.Conflict, "not_standing", "This was taken down and cannot be changed.")
		}
		c.State = Deleted
		return nil, tx.UpdateComment(ctx, &c)
	})
	return err
}

// React puts or takes back one of the six reactions; doing it twice changes nothing.
func (f *Forum) React(ctx context.Context, a *Actor, t Target, kind ReactionKind, on bool) error {
	if err := a.signedIn(ScopeWrite); err != nil {
		return err
	}
	if int(kind) >= len(ReactionNames) {
		return fault.Fields{{Name: "kind", Code: "unknown_reaction", Message: "There is no such reaction."}}.Err()
	}
	where, err := f.locate(ctx, f.Store, t)
	if err != nil {
		return err
	}
	if where.state != Visible || t.Kind != TargetPost && t.Kind != TargetComment {
		return notFound(t.Kind)
	}
	if err := f.mayWrite(a, where.fandom, false); err != nil {
		return err
	}
	_, err = f.Store.Add(ctx, func(tx Tx) (any, error) {
		return nil, tx.SetReaction(ctx, t, where.post, a.ID, kind, on)
	})
	return err
}

// ReactionNamed finds a reaction by its name.
func ReactionNamed(name string) (ReactionKind, error) {
	for i, n := range ReactionNames {
		if n == name {
			return ReactionKind(i), nil
		}
	}
	return 0, fault.Fields{{Name: "kind", Code: "unknown_reaction", Message: "There is no such reaction."}}.Err()
}

// aftermath is what follows from something written, inside its own transaction.
type aftermath struct {
	f       *Forum
	actor   *Actor
	fandom  ID
	doc     markup.Document
	heldBy  string // the word rule that holds it
	visible bool
	quiet   bool // an edit: nobody is told again
}

func (m aftermath) edited() aftermath { m.quiet = true; return m }

func (m aftermath) apply(ctx context.Context, tx Tx, t Target, post, answers ID) error {
	if m.heldBy != "" {
		r := Report{CaseTarget: t, FandomID: m.fandom, Reason: ReasonHeld, Note: m.heldBy, CreatedAt: m.f.Now()}
		if err := tx.InsertReport(ctx, r); err != nil {
			return err
		}
	}
	if len(m.doc.Images) > 0 {
		if err := tx.UseAttachments(ctx, m.doc.Images, m.f.Now()); err != nil {
			return err
		}
	}
	for _, url := range m.doc.Links {
		// A page is fetched once: nobody shall have us call on a site as often as they can post.
		if _, err := tx.LinkCard(ctx, url); err == nil {
			continue
		} else if fault.KindOf(err) != fault.NotFound {
			return err
		}
		if err := tx.Enqueue(ctx, CardJob{URL: url, Target: t}); err != nil {
			return err
		}
	}
	if m.quiet || !m.visible {
		return nil
	}
	return m.notify(ctx, tx, t, post, answers)
}

func (m aftermath) notify(ctx context.Context, tx Tx, t Target, post, answers ID) error {
	n := Notification{Kind: NotifyReply, Target: t, PostID: post, ActorID: m.actor.ID, At: m.f.Now()}
	if answers != 0 && answers != m.actor.ID {
		n.MemberID = answers
		if err := tx.InsertNotification(ctx, n); err != nil {
			return err
		}
	}
	n.Kind = NotifyMention
	for _, handle := range m.doc.Mentions {
		who, err := tx.MemberByHandle(ctx, handle)
		if fault.KindOf(err) == fault.NotFound && err != nil || who.ID == m.actor.ID || who.ID == answers {
			continue
		}
		if err != nil {
			return err
		}
		n.MemberID = who.ID
		if err := tx.InsertNotification(ctx, n); err != nil {
			return err
		}
	}
	return nil
}
