package api

import (
	"context"
	"net/http"
	"time"

	"lightstick/internal/edge"
	"lightstick/internal/forum"
	"lightstick/internal/markup"
)

const excerptLength = 200 // runes of a post's text in lists

// PostSummary is a post in a list.
type PostSummary struct {
	ID        forum.ID   `json:"id" example:"17"`
	Board     BoardRef   `json:"board"`
	Author    MemberRef  `json:"author"`
	Title     string     `json:"title" example:"Which stage do you rewatch most?"`
	Excerpt   string     `json:"excerpt" doc:"The beginning of the text, plain."`
	Lang      string     `json:"lang" doc:"BCP 47 tag of the text." example:"ko"`
	Locked    bool       `json:"locked" doc:"Takes no more comments."`
	Pinned    bool       `json:"pinned"`
	Comments  int        `json:"comments" doc:"How many; may lag by seconds."`
	Reactions Reactions  `json:"reactions" doc:"How many of each; may lag by seconds."`
	Views     int        `json:"views" doc:"How many readers looked at it, about; a reader counts once in a while."`
	CreatedAt time.Time  `json:"created_at"`
	EditedAt  *time.Time `json:"edited_at,omitempty" doc:"Absent when never."`
}

// Post is an entry on a board.
type Post struct {
	ID        forum.ID   `json:"id" example:"17"`
	Board     BoardRef   `json:"board"`
	Author    MemberRef  `json:"author"`
	Title     string     `json:"title" example:"Which stage do you rewatch most?"`
	Body      string     `json:"body" doc:"Markdown as written."`
	HTML      string     `json:"html" doc:"The body rendered and sanitised. Links to pages of this site begin with /-/, which leads to the reader's language."`
	Lang      string     `json:"lang" doc:"BCP 47 tag of the text." example:"ko"`
	State     string     `json:"state" enum:"visible,held,hidden,deleted" doc:"Held waits for staff, hidden was taken down by staff, deleted by its author. Only staff, and the author of what is held, see others than visible."`
	Locked    bool       `json:"locked" doc:"Takes no more comments."`
	Pinned    bool       `json:"pinned"`
	Comments  int        `json:"comments" doc:"How many; may lag by seconds."`
	Reactions Reactions  `json:"reactions" doc:"How many of each; may lag by seconds."`
	Views     int        `json:"views" doc:"How many readers looked at it, about; a reader counts once in a while."`
	CreatedAt time.Time  `json:"created_at"`
	EditedAt  *time.Time `json:"edited_at,omitempty" doc:"Absent when never."`
	Version   int        `json:"version"`
}

func (a *API) postSummary(p forum.Post) PostSummary {
	return PostSummary{ID: p.ID, Board: boardRef(p.Board), Author: a.memberRef(p.Author), Title: p.Title, Excerpt: markup.Excerpt(p.Text, excerptLength),
		Lang: p.Lang, Locked: p.Locked, Pinned: p.Pinned, Comments: p.Comments, Reactions: reactions(p.Reactions), Views: p.Views, CreatedAt: p.CreatedAt.UTC(), EditedAt: at(p.EditedAt)}
}

func (a *API) showPost(p forum.Post) reply[Post] {
	body := Post{ID: p.ID, Board: boardRef(p.Board), Author: a.memberRef(p.Author), Title: p.Title, Body: p.Body, HTML: p.HTML, Lang: p.Lang,
		State: p.State.String(), Locked: p.Locked, Pinned: p.Pinned, Comments: p.Comments, Reactions: reactions(p.Reactions), Views: p.Views,
		CreatedAt: p.CreatedAt.UTC(), EditedAt: at(p.EditedAt), Version: p.Version}
	return reply[Post]{body: body, version: p.Version, location: "/posts/" + str(p.ID)}
}

func (a *API) posts() {
	const tag = "Posts"
	get(a, op{id: "list_posts", path: "/posts", tag: tag, policy: edge.Page, errors: []int{404},
		summary: "List posts", about: "Visible posts of the whole site, of a fandom, a board or an author. Posts of an author are always newest first."}, a.listPosts)
	get(a, op{id: "get_post", path: "/posts/{id}", tag: tag, policy: edge.Page, tagged: true, errors: []int{404},
		summary: "Get a post"}, a.getPost)
	post(a, op{id: "create_post", path: "/boards/{id}/posts", tag: tag, scope: forum.ScopeWrite, tagged: true, location: true, errors: []int{404},
		summary: "Start a post", about: "The text is markdown: with @mentions, ||spoilers|| and pictures that were uploaded here. A word rule may hold the post for review: its state is then held."}, a.createPost, a.showPost)
	change(a, http.MethodPatch, op{id: "update_post", path: "/posts/{id}", tag: tag, scope: forum.ScopeWrite, tagged: true, errors: []int{404, 409},
		summary: "Edit a post", about: "For its author and staff. Fields left out stay as they are. Readers can see the state before in the history."}, a.updatePost)
	change(a, http.MethodDelete, op{id: "delete_post", path: "/posts/{id}", tag: tag, scope: forum.ScopeWrite, errors: []int{404, 409},
		summary: "Delete a post", about: "For its author. Staff can restore it; they take posts down with an act."}, a.deletePost)
	get(a, op{id: "list_post_history", path: "/posts/{id}/history", tag: tag, policy: edge.Page, errors: []int{404},
		summary: "List earlier states of a post", about: "Newest first, without the current one."}, a.postHistory)
	post(a, op{id: "create_preview", path: "/previews", tag: tag, scope: forum.ScopeRead, status: http.StatusOK,
		summary: "Render markdown", about: "Shows a text as a post would, and stores nothing: a repetition is computed again."}, a.preview, showPreview)
}

func (a *API) listPosts(ctx context.Context, in *struct {
	Fandom string   `query:"fandom" maxLength:"32" doc:"Slug of a fandom."`
	Board  forum.ID `query:"board" minimum:"1" doc:"Id of a board."`
	Author string   `query:"author" maxLength:"20" doc:"Handle of a member."`
	Sort   string   `query:"sort" enum:"hot,new,top" default:"hot" doc:"hot weighs reactions and comments against age."`
	Pinned bool     `query:"pinned" doc:"Only pinned ones."`
	Paging
}) (reply[List[PostSummary]], error) {
	q := forum.PostQuery{BoardID: in.Board, Sort: forum.Sort(in.Sort), Pinned: in.Pinned, After: in.after(), Limit: in.Limit}
	if in.Fandom != "" {
		f, err := a.Forum.Read().Fandom(ctx, in.Fandom)
		if err != nil {
			return reply[List[PostSummary]]{}, err
		}
		q.FandomID = f.ID
	}
	if in.Author != "" {
		m, err := a.Forum.Read().MemberByHandle(ctx, in.Author)
		if err != nil {
			return reply[List[PostSummary]]{}, err
		}
		q.AuthorID, q.Sort = m.ID, forum.SortNew
	}
	list, next, err := a.Forum.Read().Posts(ctx, q)
	return listOf(list, next, a.postSummary), err
}

// visiblePost is a post that the actor may know of.
func (a *API) visiblePost(ctx context.Context, id forum.ID) (forum.Post, error) {
	p, err := a.Forum.Read().Post(ctx, id)
	if err == nil && !a.maySee(ctx, p.State, p.Board.FandomID, p.Author.ID) {
		return forum.Post{}, forum.NotFound(forum.TargetPost)
	}
	return p, err
}

// maySee: everybody what is visible, its author what is held, staff everything.
func (a *API) maySee(ctx context.Context, s forum.State, fandom, author forum.ID) bool {
	actor := a.Actor(ctx)
	return s == forum.Visible || actor.Staff(fandom) || s == forum.Held && !actor.Guest() && actor.ID == author
}

func (a *API) getPost(ctx context.Context, in *ByID) (reply[Post], error) {
	p, err := a.visiblePost(ctx, in.ID)
	return a.showPost(p).here(), err
}

// NewPost is what makes a post.
type NewPost struct {
	Title string `json:"title" doc:"One line of at most 120 characters." example:"Which stage do you rewatch most?"`
	Body  string `json:"body" doc:"Markdown of at most 20,000 characters." example:"Mine is the **rain** one."`
}

func (a *API) createPost(ctx context.Context, in *struct {
	ByID
	Body NewPost
}) (forum.Post, error) {
	return a.Forum.CreatePost(ctx, a.Actor(ctx), in.ID, forum.PostInput{Title: in.Body.Title, Body: in.Body.Body})
}

// PostPatch is a change of a post.
type PostPatch struct {
	Title *string `json:"title,omitempty" doc:"One line of at most 120 characters."`
	Body  *string `json:"body,omitempty" doc:"Markdown of at most 20,000 characters."`
}

func (a *API) updatePost(ctx context.Context, in *struct {
	ByID
	Conditional
	Body PostPatch
}) (reply[Post], error) {
	if _, err := a.require(ctx, forum.ScopeWrite); err != nil {
		return reply[Post]{}, err
	}
	p, err := a.mayKnow(ctx, in.ID)
	if err != nil {
		return reply[Post]{}, err
	}
	version, err := in.base(p.Version)
	if err != nil {
		return reply[Post]{}, err
	}
	state := forum.PostInput{Title: p.Title, Body: p.Body, Version: version}
	set(&state.Title, in.Body.Title)
	set(&state.Body, in.Body.Body)
	p, err = a.Forum.EditPost(ctx, a.Actor(ctx), in.ID, state)
	return a.showPost(p).here(), err
}

// mayKnow is a post that the actor may see, or has written: authors are told what became of it.
func (a *API) mayKnow(ctx context.Context, id forum.ID) (forum.Post, error) {
	p, err := a.Forum.Read().Post(ctx, id)
	if err == nil && p.Author.ID != a.Actor(ctx).ID && !a.maySee(ctx, p.State, p.Board.FandomID, p.Author.ID) {
		return forum.Post{}, forum.NotFound(forum.TargetPost)
	}
	return p, err
}

func (a *API) deletePost(ctx context.Context, in *struct {
	ByID
	Conditional
}) (reply[None], error) {
	version, err := in.version()
	if err != nil {
		return reply[None]{}, err
	}
	return reply[None]{}, a.Forum.DeletePost(ctx, a.Actor(ctx), in.ID, version)
}

func (a *API) postHistory(ctx context.Context, in *ByID) (reply[List[Revision]], error) {
	p, err := a.visiblePost(ctx, in.ID)
	if err != nil {
		return reply[List[Revision]]{}, err
	}
	return a.history(ctx, forum.Target{Kind: forum.TargetPost, ID: in.ID}, p.Board.FandomID)
}

// history is what became of a text; what no reader has seen is for staff.
func (a *API) history(ctx context.Context, t forum.Target, fandom forum.ID) (reply[List[Revision]], error) {
	list, err := a.Forum.Read().Revisions(ctx, t)
	if !a.Actor(ctx).Staff(fandom) {
		list = forum.ReadersHistory(list)
	}
	return listOf(list, "", revision), err
}

// Preview is a rendered text.
type Preview struct {
	HTML     string   `json:"html" doc:"Rendered and sanitised."`
	Text     string   `json:"text" doc:"Plain, without what is hidden as a spoiler."`
	Mentions []string `json:"mentions" doc:"Handles of the members mentioned."`
}

// PreviewInput is a text to render.
type PreviewInput struct {
	Body string `json:"body" doc:"Markdown of at most 20,000 characters."`
}

func (a *API) preview(ctx context.Context, in *struct{ Body PreviewInput }) (markup.Document, error) {
	return a.Forum.Preview(ctx, a.Actor(ctx), in.Body.Body)
}

func showPreview(d markup.Document) reply[Preview] {
	return reply[Preview]{body: Preview{HTML: d.HTML, Text: d.Text, Mentions: each(d.Mentions, func(s string) string { return s })}}
}
