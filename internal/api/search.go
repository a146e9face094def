package api

import (
	"context"
	"time"

	"lightstick/internal/edge"
	"lightstick/internal/forum"
	"lightstick/internal/markup"
)

// Hit is one thing found.
type Hit struct {
	Target    Target     `json:"target"`
	PostID    *forum.ID  `json:"post_id,omitempty" doc:"Of a post or comment."`
	Title     []Segment  `json:"title" doc:"Of the post; the name of a member or board."`
	Snippet   []Segment  `json:"snippet"`
	Lang      string     `json:"lang"`
	Author    *MemberRef `json:"author,omitempty"`
	Board     *BoardRef  `json:"board,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
}

// Segment is a piece of text; some are what was looked for.
type Segment struct {
	Text  string `json:"text"`
	Match bool   `json:"match"`
}

func segment(s markup.Segment) Segment { return Segment{Text: s.Text, Match: s.Hit} }

func (a *API) hit(h forum.Hit) Hit {
	d := h.Doc
	v := Hit{Target: target(d.Target), PostID: maybeID(d.PostID), Title: each(h.Title, segment), Snippet: each(h.Snippet, segment), Lang: d.Lang, Author: a.maybeRef(d.Author), CreatedAt: d.CreatedAt.UTC()}
	if d.Board.ID != 0 {
		b := boardRef(d.Board)
		v.Board = &b
	}
	return v
}

func (a *API) search() {
	get(a, op{id: "search", path: "/search", tag: "Search", policy: edge.Page, opts: []edge.Option{edge.In(edge.ClassSearch)}, errors: []int{404},
		summary: "Search posts, comments, members and boards",
		about:   "All words must be found; a Korean name is found from one syllable, or by its initial consonants, and by the aliases of its fandom. Most relevant first (one page), or newest first (any number of pages)."}, a.find)
}

func (a *API) find(ctx context.Context, in *struct {
	Q      string    `query:"q" required:"true" doc:"What to look for; at most 100 characters." example:"light"`
	Kind   []string  `query:"kind" enum:"post,comment,member,board" doc:"Only these kinds, with commas between."`
	Fandom string    `query:"fandom" maxLength:"32" doc:"Slug of a fandom."`
	Board  forum.ID  `query:"board" minimum:"1" doc:"Id of a board."`
	Author string    `query:"author" maxLength:"20" doc:"Handle of a member."`
	From   time.Time `query:"from" doc:"Written at or after."`
	To     time.Time `query:"to" doc:"Written before."`
	Order  string    `query:"order" enum:"relevant,newest" default:"relevant"`
	Paging
}) (reply[List[Hit]], error) {
	q := forum.SearchQuery{Text: in.Q, BoardID: in.Board, From: in.From, To: in.To, Newest: in.Order == "newest", After: in.after(), Limit: in.Limit}
	for _, k := range in.Kind {
		q.Kinds = append(q.Kinds, forum.TargetKind(k))
	}
	if in.Fandom != "" {
		f, err := a.Forum.Read().Fandom(ctx, in.Fandom)
		if err != nil {
			return reply[List[Hit]]{}, err
		}
		q.FandomID = f.ID
	}
	if in.Author != "" {
		m, err := a.Forum.Read().MemberByHandle(ctx, in.Author)
		if err != nil {
			return reply[List[Hit]]{}, err
		}
		q.AuthorID = m.ID
	}
	hits, next, err := a.Forum.Search(ctx, q)
	return listOf(hits, next, a.hit), err
}
