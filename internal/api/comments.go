package api

import (
	"context"
	"net/http"
	"time"

	"lightstick/internal/edge"
	"lightstick/internal/forum"
)

// Comment is an answer to a post or to another comment.
type Comment struct {
	ID        forum.ID   `json:"id" example:"345"`
	PostID    forum.ID   `json:"post_id" example:"17"`
	ParentID  *forum.ID  `json:"parent_id,omitempty" doc:"The comment this answers; absent when it answers the post."`
	Depth     int        `json:"depth" doc:"0 answers the post."`
	Author    *MemberRef `json:"author,omitempty" doc:"Absent in a placeholder."`
	Body      string     `json:"body" doc:"Markdown as written; empty in a placeholder."`
	HTML      string     `json:"html" doc:"The body rendered and sanitised. Links to pages of this site begin with /-/, which leads to the reader's language."`
	Lang      string     `json:"lang" doc:"BCP 47 tag of the text."`
	State     string     `json:"state" enum:"visible,held,hidden,deleted" doc:"What is not visible leaves an empty placeholder where replies hang on it."`
	Reactions Reactions  `json:"reactions"`
	Replies   int        `json:"replies" doc:"Direct visible answers; counted in trees and replies only."`
	CreatedAt time.Time  `json:"created_at"`
	EditedAt  *time.Time `json:"edited_at,omitempty" doc:"Absent when never."`
	Version   int        `json:"version"`
}

func (a *API) comment(c forum.Comment) Comment {
	body := Comment{ID: c.ID, PostID: c.PostID, Depth: c.Depth, Author: a.maybeRef(c.Author), Body: c.Body, HTML: c.HTML, Lang: c.Lang, State: c.State.String(),
		Reactions: reactions(c.Reactions), Replies: c.Replies, CreatedAt: c.CreatedAt.UTC(), EditedAt: at(c.EditedAt), Version: c.Version}
	if c.ParentID != 0 {
		body.ParentID = &c.ParentID
	}
	return body
}

// listed is a comment among others: what is not visible is an empty placeholder, whoever asks.
func (a *API) listed(c forum.Comment) Comment {
	if c.State != forum.Visible {
		c.Author, c.Body, c.HTML, c.Lang = forum.MemberRef{}, "", "", ""
	}
	return a.comment(c)
}

func (a *API) showComment(c forum.Comment) reply[Comment] {
	return reply[Comment]{body: a.comment(c), version: c.Version, location: "/comments/" + str(c.ID)}
}

func (a *API) comments() {
	const tag = "Comments"
	get(a, op{id: "list_comments", path: "/posts/{id}/comments", tag: tag, policy: edge.Page, errors: []int{404},
		summary: "List the comments of a post", about: "The tree down to three levels in reading order: depth first, siblings by time. Deeper answers are under replies."}, a.listComments)
	get(a, op{id: "tail_comments", path: "/posts/{id}/tail", tag: tag, policy: edge.Page, opts: []edge.Option{edge.Live()}, errors: []int{404},
		summary: "Follow the comments of a post",
		about:   "Visible comments with ids above after, by id. Ask again with after set to settled: it is the highest id below which nothing can appear any more, so some comments come twice, but none is ever missed. Drop those you have."}, a.tailComments)
	post(a, op{id: "create_comment", path: "/posts/{id}/comments", tag: tag, scope: forum.ScopeWrite, tagged: true, location: true, errors: []int{404},
		summary: "Comment on a post", about: "Or, with parent_id, answer a comment of it."}, a.createComment, a.showComment)
	get(a, op{id: "get_comment", path: "/comments/{id}", tag: tag, policy: edge.Page, tagged: true, errors: []int{404},
		summary: "Get a comment"}, a.getComment)
	change(a, http.MethodPatch, op{id: "update_comment", path: "/comments/{id}", tag: tag, scope: forum.ScopeWrite, tagged: true, errors: []int{404, 409},
		summary: "Edit a comment", about: "For its author and staff. Readers can see the state before in the history."}, a.updateComment)
	change(a, http.MethodDelete, op{id: "delete_comment", path: "/comments/{id}", tag: tag, scope: forum.ScopeWrite, errors: []int{404, 409},
		summary: "Delete a comment", about: "For its author. Where replies hang on it, a placeholder stays."}, a.deleteComment)
	get(a, op{id: "list_replies", path: "/comments/{id}/replies", tag: tag, policy: edge.Page, errors: []int{404},
		summary: "List direct answers to a comment", about: "The first of them, by time; the tail of the post has all."}, a.listReplies)
	get(a, op{id: "list_comment_history", path: "/comments/{id}/history", tag: tag, policy: edge.Page, errors: []int{404},
		summary: "List earlier states of a comment", about: "Newest first, without the current one."}, a.commentHistory)
}

func (a *API) listComments(ctx context.Context, in *struct {
	ByID
	Paging
}) (reply[List[Comment]], error) {
	if _, err := a.visiblePost(ctx, in.ID); err != nil {
		return reply[List[Comment]]{}, err
	}
	list, next, err := a.Forum.Read().Tree(ctx, in.ID, in.after(), in.Limit)
	return listOf(list, next, a.listed), err
}

// Tail is what is new under a post.
type Tail struct {
	Items   []Comment `json:"items"`
	Settled forum.ID  `json:"settled" doc:"Ask for what comes after this."`
}

func (a *API) tailComments(ctx context.Context, in *struct {
	ByID
	After forum.ID `query:"after" minimum:"0" doc:"settled of the tail before; 0 to begin."`
	Limit int      `query:"limit" minimum:"1" maximum:"100" default:"100" doc:"Most items."`
}) (reply[Tail], error) {
	if _, err := a.visiblePost(ctx, in.ID); err != nil {
		return reply[Tail]{}, err
	}
	list, settled, err := a.Forum.Read().Tail(ctx, in.ID, in.After, in.Limit)
	return reply[Tail]{body: Tail{Items: each(list, a.listed), Settled: settled}}, err
}

// NewComment is what makes a comment.
type NewComment struct {
	Body     string   `json:"body" doc:"Markdown of at most 5,000 characters." example:"The bridge gets me every time."`
	ParentID forum.ID `json:"parent_id,omitempty" doc:"The comment to answer; leave it out to answer the post." minimum:"0"`
}

func (a *API) createComment(ctx context.Context, in *struct {
	ByID
	Body NewComment
}) (forum.Comment, error) {
	return a.Forum.CreateComment(ctx, a.Actor(ctx), in.ID, forum.CommentInput{Body: in.Body.Body, ParentID: in.Body.ParentID})
}

// visibleComment is a comment that the actor may know of, under a post that they may know of.
func (a *API) visibleComment(ctx context.Context, id forum.ID) (forum.Comment, error) {
	c, err := a.Forum.Read().Comment(ctx, id)
	if err != nil {
		return forum.Comment{}, err
	}
	if !a.maySee(ctx, c.State, c.FandomID, c.Author.ID) {
		return forum.Comment{}, forum.NotFound(forum.TargetComment)
	}
	if _, err := a.visiblePost(ctx, c.PostID); err != nil {
		return forum.Comment{}, forum.NotFound(forum.TargetComment)
	}
	return c, nil
}

func (a *API) getComment(ctx context.Context, in *ByID) (reply[Comment], error) {
	c, err := a.visibleComment(ctx, in.ID)
	return a.showComment(c).here(), err
}

// CommentPatch is a change of a comment.
type CommentPatch struct {
	Body string `json:"body" doc:"Markdown of at most 5,000 characters."`
}

func (a *API) updateComment(ctx context.Context, in *struct {
	ByID
	Conditional
	Body CommentPatch
}) (reply[Comment], error) {
	version, err := in.version()
	if err != nil {
		return reply[Comment]{}, err
	}
	c, err := a.Forum.EditComment(ctx, a.Actor(ctx), in.ID, forum.CommentInput{Body: in.Body.Body, Version: version})
	return a.showComment(c).here(), err
}

func (a *API) deleteComment(ctx context.Context, in *struct {
	ByID
	Conditional
}) (reply[None], error) {
	version, err := in.version()
	if err != nil {
		return reply[None]{}, err
	}
	return reply[None]{}, a.Forum.DeleteComment(ctx, a.Actor(ctx), in.ID, version)
}

func (a *API) listReplies(ctx context.Context, in *struct {
	ByID
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"100" doc:"Most items."`
}) (reply[List[Comment]], error) {
	c, err := a.Forum.Read().Comment(ctx, in.ID) // in any state: replies stay when what they answer goes
	if err != nil {
		return reply[List[Comment]]{}, err
	}
	if _, err := a.visiblePost(ctx, c.PostID); err != nil {
		return reply[List[Comment]]{}, forum.NotFound(forum.TargetComment)
	}
	list, err := a.Forum.Read().Replies(ctx, []forum.ID{in.ID}, in.Limit)
	return listOf(list, "", a.listed), err
}

func (a *API) commentHistory(ctx context.Context, in *ByID) (reply[List[Revision]], error) {
	c, err := a.visibleComment(ctx, in.ID)
	if err != nil {
		return reply[List[Revision]]{}, err
	}
	return a.history(ctx, forum.Target{Kind: forum.TargetComment, ID: in.ID}, c.FandomID)
}
