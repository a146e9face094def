package forum

import (
	"context"
	"net/url"
	"slices"
	"time"

	"lightstick/internal/fault"
)

// Limits of the calendar.
const (
	MaxEventText = 1_000
	MaxEventLink = 500
	maxEventDays = 31
	// MaxEventLength lets a list of what is not over yet begin at a known place.
	MaxEventLength = maxEventDays * 24 * time.Hour
	maxEventYears  = 10
	// eventLength is that of an event whose end is not known.
	eventLength = time.Hour
)

// EventKind is what happens.
type EventKind string

// Kinds of events.
const (
	EventComeback  EventKind = "comeback"
	EventStream    EventKind = "stream"
	EventTicketing EventKind = "ticketing"
	EventBirthday  EventKind = "birthday" // anniversaries too
	EventOther     EventKind = "other"
)

// EventKinds lists them all.
func EventKinds() []EventKind {
	return []EventKind{EventComeback, EventStream, EventTicketing, EventBirthday, EventOther}
}

// Event is something that a fandom waits for together (일정).
type Event struct {
	ID        ID
	FandomID  ID
	Kind      EventKind
	Title     string
	Text      string // plain
	StartsAt  time.Time
	EndsAt    time.Time // after StartsAt, by at most [MaxEventLength]
	Link      string    // http or https, "" for none
	BoardID   ID        // where people will meet: warmed with the fandom's own pages; 0: none
	PostID    ID        // the same; 0: none
	Cancelled bool      // still shown, so that nobody waits in vain
	CreatedAt time.Time
	UpdatedAt time.Time
	Version   int
}

// On reports whether the event is under way.
func (e Event) On(now time.Time) bool {
	return !e.Cancelled && !now.Before(e.StartsAt) && now.Before(e.EndsAt)
}

// EventQuery selects events: what is not over yet, the nearest first, or what is, the latest first.
type EventQuery struct {
	FandomID ID   // 0: all
	Past     bool // what is over
	Standing bool // without what is cancelled
	After    Cursor
	Limit    int
}

// EventInput is a new event or the whole new state of one.
type EventInput struct {
	Kind              EventKind
	Title, Text, Link string
	StartsAt, EndsAt  time.Time // without an end: an hour
	BoardID, PostID   ID
	Cancelled         bool
	Version           int // of the state this change was made on; 0: any
}

func (in *EventInput) check(now time.Time) error {
	var bad fault.Fields
	if !slices.Contains(EventKinds(), in.Kind) {
		bad.Add("kind", "unknown_event_kind", "Choose a kind of event.")
	}
	in.Title = text(&bad, "title", in.Title, false, 1, MaxTitle)
	in.Text = text(&bad, "text", in.Text, true, 0, MaxEventText)
	in.Link = text(&bad, "link", in.Link, false, 0, MaxEventLink)
	if in.Link != "" && !webAddress(in.Link) {
		bad.Add("link", "web_address", "Give an address that begins with https:// or http://.")
	}
	in.checkTimes(&bad, now)
	return bad.Err()
}

func (in *EventInput) checkTimes(bad *fault.Fields, now time.Time) {
	// What is stored and compared is no finer, whatever was sent.
	in.StartsAt, in.EndsAt = in.StartsAt.UTC().Truncate(time.Second), in.EndsAt.UTC().Truncate(time.Second)
	if in.StartsAt.IsZero() {
		bad.Add("starts_at", "required", "Please fill this in.")
		return
	}
	if in.StartsAt.Before(now.AddDate(-maxEventYears, 0, 0)) || in.StartsAt.After(now.AddDate(maxEventYears, 0, 0)) {
		bad.Add("starts_at", "event_far", "Choose a time within {max} years from now.", "max", maxEventYears)
	}
	if in.EndsAt.IsZero() {
		in.EndsAt = in.StartsAt.Add(eventLength)
	}
	switch length := in.EndsAt.Sub(in.StartsAt); {
	case length <= 0:
		bad.Add("ends_at", "event_ends_first", "It must end after it starts.")
	case length > MaxEventLength:
		bad.Add("ends_at", "event_long", "An event lasts at most {max} days.", "max", maxEventDays)
	}
}

// webAddress reports an address that a page may lead to.
func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}

// places checks that what is to be warmed is of the fandom and can be seen.
func (in *EventInput) places(ctx context.Context, r Reader, fandom ID) error {
	var bad fault.Fields
	if in.BoardID != 0 {
		b, err := r.BoardByID(ctx, in.BoardID)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		if err != nil || b.FandomID != fandom {
			bad.Add("board_id", "board_elsewhere", "This is no board of the fandom.")
		}
	}
	if in.PostID != 0 {
		p, err := r.Post(ctx, in.PostID)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		if err != nil || p.Board.FandomID != fandom || p.State != Visible {
			bad.Add("post_id", "post_elsewhere", "This is no post of the fandom.")
		}
	}
	return bad.Err()
}

func (in *EventInput) apply(e *Event, now time.Time) {
	e.Kind, e.Title, e.Text, e.Link, e.StartsAt, e.EndsAt = in.Kind, in.Title, in.Text, in.Link, in.StartsAt, in.EndsAt
	e.BoardID, e.PostID, e.Cancelled, e.UpdatedAt = in.BoardID, in.PostID, in.Cancelled, now
}

// CreateEvent is for the fandom's staff.
func (f *Forum) CreateEvent(ctx context.Context, a *Actor, fandom ID, in EventInput) (Event, error) {
	if err := a.staff(fandom); err != nil {
		return Event{}, err
	}
	now := f.Now()
	if err := in.check(now); err != nil {
		return Event{}, err
	}
	e := Event{FandomID: fandom, CreatedAt: now, Version: 1}
	in.apply(&e, now)
	_, err := f.Store.Update(ctx, func(tx Tx) (any, error) {
		if _, err := tx.FandomByID(ctx, fandom); err != nil {
			return nil, err
		}
		if err := in.places(ctx, tx, fandom); err != nil {
			return nil, err
		}
		if err := tx.InsertEvent(ctx, &e); err != nil {
			return nil, err
		}
		return e, f.auditEvent(ctx, tx, a, "event.create", e)
	})
	return e, err
}

// UpdateEvent is for the fandom's staff; cancelling is one of the changes.
func (f *Forum) UpdateEvent(ctx context.Context, a *Actor, id ID, in EventInput) (Event, error) {
	now := f.Now()
	if err := in.check(now); err != nil {
		return Event{}, err
	}
	var e Event
	_, err := f.Store.Update(ctx, func(tx Tx) (any, error) {
		var err error
		if e, err = f.eventOf(ctx, tx, a, id, in.Version); err != nil {
			return nil, err
		}
		moved := in
		if in.PostID == e.PostID { // a post that went away since is no reason to refuse another change
			moved.PostID = 0
		}
		if err := moved.places(ctx, tx, e.FandomID); err != nil {
			return nil, err
		}
		act := "event.update"
		if in.Cancelled != e.Cancelled {
			act = map[bool]string{true: "event.cancel", false: "event.revive"}[in.Cancelled]
		}
		in.apply(&e, now)
		if err := tx.UpdateEvent(ctx, &e); err != nil {
			return nil, err
		}
		return e, f.auditEvent(ctx, tx, a, act, e)
	})
	return e, err
}

// DeleteEvent takes an event off the calendar for good. For the fandom's staff. version is of the
// state that was seen, 0 for any.
func (f *Forum) DeleteEvent(ctx context.Context, a *Actor, id ID, version int) error {
	_, err := f.Store.Update(ctx, func(tx Tx) (any, error) {
		e, err := f.eventOf(ctx, tx, a, id, version)
		if err != nil {
			return nil, err
		}
		if err := tx.DeleteEvent(ctx, e); err != nil {
			return nil, err
		}
		return nil, f.auditEvent(ctx, tx, a, "event.delete", e)
	})
	return err
}

// eventOf is an event that the actor may change, at the version they know.
func (f *Forum) eventOf(ctx context.Context, tx Tx, a *Actor, id ID, version int) (Event, error) {
	if err := a.signedIn(ScopeModerate); err != nil {
		return Event{}, err
	}
	e, err := tx.Event(ctx, id)
	if err != nil {
		return Event{}, err
	}
	if err := a.staff(e.FandomID); err != nil {
		return Event{}, err
	}
	if version != 0 && version != e.Version {
		return Event{}, Stale()
	}
	return e, nil
}

func (f *Forum) auditEvent(ctx context.Context, tx Tx, a *Actor, act string, e Event) error {
	return f.audit(ctx, tx, a, act, Target{TargetEvent, e.ID}, e.FandomID, "title", e.Title, "kind", string(e.Kind), "starts", e.StartsAt)
}
