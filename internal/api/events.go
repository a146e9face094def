package api

import (
	"context"
	"net/http"
	"time"

	"lightstick/internal/edge"
	"lightstick/internal/forum"
)

// Event is an entry of a fandom's calendar.
type Event struct {
	ID        forum.ID  `json:"id" example:"7"`
	FandomID  forum.ID  `json:"fandom_id" example:"1"`
	Kind      string    `json:"kind" enum:"comeback,stream,ticketing,birthday,other" doc:"birthday: anniversaries too."`
	Title     string    `json:"title" example:"Aurora Line comes back"`
	Text      string    `json:"text" doc:"Plain."`
	StartsAt  time.Time `json:"starts_at"`
	EndsAt    time.Time `json:"ends_at"`
	Link      string    `json:"link,omitempty" doc:"Where it happens." example:"https://live.example/aurora"`
	BoardID   *forum.ID `json:"board_id,omitempty" doc:"The board to meet on."`
	PostID    *forum.ID `json:"post_id,omitempty" doc:"The post to meet under."`
	Cancelled bool      `json:"cancelled" doc:"Still shown, so that nobody waits in vain."`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Version   int       `json:"version"`
}

func event(e forum.Event) Event {
	return Event{ID: e.ID, FandomID: e.FandomID, Kind: string(e.Kind), Title: e.Title, Text: e.Text, StartsAt: e.StartsAt.UTC(), EndsAt: e.EndsAt.UTC(),
		Link: e.Link, BoardID: maybeID(e.BoardID), PostID: maybeID(e.PostID), Cancelled: e.Cancelled,
		CreatedAt: e.CreatedAt.UTC(), UpdatedAt: e.UpdatedAt.UTC(), Version: e.Version}
}

func showEvent(e forum.Event) reply[Event] {
	return reply[Event]{body: event(e), version: e.Version, location: "/events/" + str(e.ID)}
}

func (a *API) events() {
	const tag = "Events"
	get(a, op{id: "list_events", path: "/fandoms/{fandom}/events", tag: tag, policy: edge.Page, errors: []int{404},
		summary: "List the events of a fandom", about: "Those that are not over yet, the nearest first; with past those that are, the latest first."}, a.listEvents)
	get(a, op{id: "get_event", path: "/events/{id}", tag: tag, policy: edge.Page, tagged: true, errors: []int{404},
		summary: "Get an event"}, a.getEvent)
	post(a, op{id: "create_event", path: "/fandoms/{fandom}/events", tag: tag, scope: forum.ScopeModerate, tagged: true, location: true, errors: []int{404},
		summary: "Create an event", about: "For the fandom's staff."}, a.createEvent, showEvent)
	change(a, http.MethodPatch, op{id: "update_event", path: "/events/{id}", tag: tag, scope: forum.ScopeModerate, tagged: true, errors: []int{404},
		summary: "Change an event", about: "For the fandom's staff. Fields left out stay as they are; a board or post of 0 is none. To call it off set cancelled."}, a.updateEvent)
	change(a, http.MethodDelete, op{id: "delete_event", path: "/events/{id}", tag: tag, scope: forum.ScopeModerate, errors: []int{404},
		summary: "Delete an event", about: "For the fandom's staff: one that was a mistake. Call off what people wait for instead."}, a.deleteEvent)
}

func (a *API) listEvents(ctx context.Context, in *struct {
	BySlug
	Past bool `query:"past" doc:"Those that are over."`
	Paging
}) (reply[List[Event]], error) {
	f, err := a.Forum.Read().Fandom(ctx, in.Fandom)
	if err != nil {
		return reply[List[Event]]{}, err
	}
	list, next, err := a.Forum.Read().Events(ctx, forum.EventQuery{FandomID: f.ID, Past: in.Past, After: in.after(), Limit: in.Limit})
	return listOf(list, next, event), err
}

func (a *API) getEvent(ctx context.Context, in *ByID) (reply[Event], error) {
	e, err := a.Forum.Read().Event(ctx, in.ID)
	return showEvent(e).here(), err
}

// NewEvent is what makes an event.
type NewEvent struct {
	Kind     string     `json:"kind" enum:"comeback,stream,ticketing,birthday,other"`
	Title    string     `json:"title" doc:"At most 120 characters." example:"Aurora Line comes back"`
	Text     string     `json:"text,omitempty" doc:"Plain; at most 1,000 characters."`
	StartsAt time.Time  `json:"starts_at" doc:"Within ten years from now."`
	EndsAt   *time.Time `json:"ends_at,omitempty" doc:"At most 31 days later; an hour later when left out."`
	Link     string     `json:"link,omitempty" doc:"http or https; at most 500 characters."`
	BoardID  forum.ID   `json:"board_id,omitempty" minimum:"0" doc:"A board of the fandom that is kept warm with its page."`
	PostID   forum.ID   `json:"post_id,omitempty" minimum:"0" doc:"A post of the fandom that is kept warm with its page."`
}

func (a *API) createEvent(ctx context.Context, in *struct {
	BySlug
	Body NewEvent
}) (forum.Event, error) {
	if _, err := a.require(ctx, forum.ScopeModerate); err != nil {
		return forum.Event{}, err
	}
	f, err := a.Forum.Read().Fandom(ctx, in.Fandom)
	if err != nil {
		return forum.Event{}, err
	}
	b := in.Body
	state := forum.EventInput{Kind: forum.EventKind(b.Kind), Title: b.Title, Text: b.Text, Link: b.Link, StartsAt: b.StartsAt, BoardID: b.BoardID, PostID: b.PostID}
	set(&state.EndsAt, b.EndsAt)
	return a.Forum.CreateEvent(ctx, a.Actor(ctx), f.ID, state)
}

// EventPatch is a change of an event.
type EventPatch struct {
	Kind      *string    `json:"kind,omitempty" enum:"comeback,stream,ticketing,birthday,other"`
	Title     *string    `json:"title,omitempty"`
	Text      *string    `json:"text,omitempty"`
	StartsAt  *time.Time `json:"starts_at,omitempty"`
	EndsAt    *time.Time `json:"ends_at,omitempty"`
	Link      *string    `json:"link,omitempty"`
	BoardID   *forum.ID  `json:"board_id,omitempty" minimum:"0"`
	PostID    *forum.ID  `json:"post_id,omitempty" minimum:"0"`
	Cancelled *bool      `json:"cancelled,omitempty"`
}

func (a *API) updateEvent(ctx context.Context, in *struct {
	ByID
	Conditional
	Body EventPatch
}) (reply[Event], error) {
	if _, err := a.require(ctx, forum.ScopeModerate); err != nil {
		return reply[Event]{}, err
	}
	e, err := a.Forum.Read().Event(ctx, in.ID)
	if err != nil {
		return reply[Event]{}, err
	}
	version, err := in.base(e.Version)
	if err != nil {
		return reply[Event]{}, err
	}
	state := forum.EventInput{Kind: e.Kind, Title: e.Title, Text: e.Text, Link: e.Link, StartsAt: e.StartsAt, EndsAt: e.EndsAt,
		BoardID: e.BoardID, PostID: e.PostID, Cancelled: e.Cancelled, Version: version}
	if in.Body.Kind != nil {
		state.Kind = forum.EventKind(*in.Body.Kind)
	}
	set(&state.Title, in.Body.Title)
	set(&state.Text, in.Body.Text)
	set(&state.Link, in.Body.Link)
	set(&state.StartsAt, in.Body.StartsAt)
	set(&state.EndsAt, in.Body.EndsAt)
	set(&state.BoardID, in.Body.BoardID)
	set(&state.PostID, in.Body.PostID)
	set(&state.Cancelled, in.Body.Cancelled)
	e, err = a.Forum.UpdateEvent(ctx, a.Actor(ctx), e.ID, state)
	return showEvent(e).here(), err
}

func (a *API) deleteEvent(ctx context.Context, in *struct {
	ByID
	Conditional
}) (reply[None], error) {
	version, err := in.version()
	if err != nil {
		return reply[None]{}, err
	}
	return reply[None]{}, a.Forum.DeleteEvent(ctx, a.Actor(ctx), in.ID, version)
}
