package forum

import (
	"context"
	"time"

	"lightstick/internal/markup"
)

// Notification kinds.
const (
	NotifyReply   = "reply"
	NotifyMention = "mention"
)

// Notification tells a member that somebody answered or mentioned them.
type Notification struct {
	ID       ID
	MemberID ID
	Kind     string
	Target   Target // the post or comment that does it
	PostID   ID
	ActorID  ID
	At       time.Time
	Read     bool
	// Filled when listed.
	Actor MemberRef
	Title string // of the post
	Text  string // plain, of the target
}

// Notifications lists the actor's own, newest first.
func (f *Forum) Notifications(ctx context.Context, a *Actor, after Cursor, limit int) ([]Notification, Cursor, error) {
	if err := a.signedIn(ScopeRead); err != nil {
		return nil, "", err
	}
	return f.Store.Notifications(ctx, a.ID, after, limit)
}

// MarkRead marks the actor's notifications up to one as read.
func (f *Forum) MarkRead(ctx context.Context, a *Actor, upTo ID) error {
	if err := a.signedIn(ScopeRead); err != nil {
		return err
	}
	_, err := f.Store.Update(ctx, func(tx Tx) (any, error) { return nil, tx.MarkRead(ctx, a.ID, upTo) })
	return err
}

// Job is work that may happen later; it is stored with the write that asks for it.
type Job interface{ Kind() string }

// CardJob fetches title and description of a link for its card, see [Forum.StoreCard].
type CardJob struct {
	URL    string `json:"url"`
	Target Target `json:"target"`
}

// Kind names the job in the queue.
func (CardJob) Kind() string { return "link_card" }

// Queue keeps fetching apart from mail: a page of a stranger may take its time.
func (CardJob) Queue() string { return "cards" }

// card looks up what is known of a link.
func (f *Forum) card(ctx context.Context) func(string) (markup.Card, bool) {
	return func(url string) (markup.Card, bool) {
		c, err := f.Store.LinkCard(ctx, url)
		return c, err == nil
	}
}

// StoreCard keeps a fetched card and renders the target again with it. The handler of [CardJob] calls it.
func (f *Forum) StoreCard(ctx context.Context, job CardJob, card markup.Card) error {
	_, err := f.Store.Update(ctx, func(tx Tx) (any, error) {
		return nil, tx.PutLinkCard(ctx, job.URL, card, f.Now())
	})
	if err != nil {
		return err
	}
	switch job.Target.Kind {
	case TargetPost:
		p, err := f.Store.Post(ctx, job.Target.ID)
		if err != nil {
			return err
		}
		html := f.render(ctx, p.Body, f.card(ctx)).HTML
		_, err = f.Store.Update(ctx, func(tx Tx) (any, error) { return nil, tx.SetHTML(ctx, job.Target, p.Version, html) })
		return err
	case TargetComment:
		c, err := f.Store.Comment(ctx, job.Target.ID)
		if err != nil {
			return err
		}
		html := f.render(ctx, c.Body, f.card(ctx)).HTML
		_, err = f.Store.Update(ctx, func(tx Tx) (any, error) { return nil, tx.SetHTML(ctx, job.Target, c.Version, html) })
		return err
	}
	return nil
}
