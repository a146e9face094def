package api

import (
	"context"
	"net/http"
	"time"

	"lightstick/internal/edge"
	"lightstick/internal/forum"
)

// Notification tells that somebody answered or mentioned you.
type Notification struct {
	ID     forum.ID  `json:"id"`
	Kind   string    `json:"kind" enum:"reply,mention"`
	Target Target    `json:"target" doc:"The post or comment that does it."`
	PostID forum.ID  `json:"post_id"`
	Actor  MemberRef `json:"actor"`
	Title  string    `json:"title" doc:"Of the post."`
	Text   string    `json:"text" doc:"Plain, of the target."`
	At     time.Time `json:"at"`
	Read   bool      `json:"read"`
}

func (a *API) notification(n forum.Notification) Notification {
	return Notification{ID: n.ID, Kind: n.Kind, Target: target(n.Target), PostID: n.PostID, Actor: a.memberRef(n.Actor), Title: n.Title, Text: n.Text, At: n.At.UTC(), Read: n.Read}
}

func (a *API) notifications() {
	const tag = "Notifications"
	get(a, op{id: "list_notifications", path: "/notifications", tag: tag, policy: edge.Personal, scope: forum.ScopeRead,
		summary: "List your notifications", about: "Newest first."},
		func(ctx context.Context, in *struct{ Paging }) (reply[List[Notification]], error) {
			list, next, err := a.Forum.Notifications(ctx, a.Actor(ctx), in.after(), in.Limit)
			return listOf(list, next, a.notification), err
		})
	change(a, http.MethodPut, op{id: "put_notifications_read", path: "/notifications/read", tag: tag, scope: forum.ScopeRead,
		summary: "Mark notifications as read", about: "All of yours up to one."},
		func(ctx context.Context, in *struct{ Body ReadInput }) (reply[None], error) {
			return reply[None]{}, a.Forum.MarkRead(ctx, a.Actor(ctx), in.Body.UpTo)
		})
}

// ReadInput says how far somebody has read.
type ReadInput struct {
	UpTo forum.ID `json:"up_to" minimum:"1" doc:"Id of the newest notification that was read."`
}
