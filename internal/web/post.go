package web

import (
	"context"
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/markup"
)

const (
	commentsPerPage = 50
	tailLimit       = 50
	excerptLength   = 160 // characters of a description
)

// postData is a post with one page of its comments: three questions to the store.
type postData struct {
	Post        forum.Post
	Comments    []shownComment
	Settled     forum.ID // where the live tail of this page starts
	Next, First templ.SafeURL
}

// shownComment is a comment and what the page knows around it.
type shownComment struct {
	*forum.Comment
	Level  int             // of indentation
	Answer forum.MemberRef // who is answered, when that comment is on the page too
	Deeper bool            // has replies that this page does not show
}

func (s *Site) post(w http.ResponseWriter, r *http.Request, p *Printer) error {
	ctx, after := r.Context(), forum.Cursor(r.URL.Query().Get("after"))
	var d postData
	var err error
	if d.Post, err = s.visiblePost(r); err != nil {
		return err
	}
	// Before the comments are read: what commits in between is in the tail again, never lost.
	if _, d.Settled, err = s.read.Tail(ctx, d.Post.ID, 0, 0); err != nil {
		return err
	}
	list, next, err := s.read.Tree(ctx, d.Post.ID, after, commentsPerPage)
	if err != nil {
		return err
	}
	d.Comments = inTree(list)
	v := s.publicView(r, p, d.Post.Title)
	v.Description, v.Hue, v.Kind = markup.Excerpt(d.Post.Text, excerptLength), hueClass(d.Post.Board.Accent), "article"
	v.NoIndex = after != ""
	self := "/p/" + idText(d.Post.ID)
	if next != "" {
		d.Next = v.to(self, "?after=", url.QueryEscape(string(next)), "#comments")
	}
	if after != "" {
		d.First = v.to(self, "#comments")
	}
	return render(w, r, http.StatusOK, postPage(v, &d))
}

// visiblePost finds the post of the address; all but visible ones are not found.
func (s *Site) visiblePost(r *http.Request) (forum.Post, error) {
	id, err := pathID(r, "post", forum.TargetPost)
	if err != nil {
		return forum.Post{}, err
	}
	return s.postForAll(r.Context(), id)
}

func (s *Site) postForAll(ctx context.Context, id forum.ID) (forum.Post, error) {
	p, err := s.read.Post(ctx, id)
	if err == nil && p.State != forum.Visible {
		err = forum.NotFound(forum.TargetPost)
	}
	return p, err
}

// inTree prepares comments in the order of the page.
func inTree(list []forum.Comment) []shownComment {
	shown := make([]shownComment, len(list))
	authors := make(map[forum.ID]forum.MemberRef, len(list))
	for i := range list {
		c := &list[i]
		if c.State == forum.Visible {
			authors[c.ID] = c.Author
		}
		shown[i] = shownComment{Comment: c, Level: min(c.Depth, forum.ShownDepth-1), Answer: authors[c.ParentID],
			Deeper: c.Depth >= forum.ShownDepth-1 && c.Replies > 0}
	}
	return shown
}

// tail answers with the comments after an id, for pages that are open. It is the same for all who
// watch, so that the cost of a live post does not grow with its watchers.
func (s *Site) tail(w http.ResponseWriter, r *http.Request, p *Printer) error {
	after := forum.ID(0)
	if q := r.URL.Query().Get("after"); q != "" && q != "0" {
		id, ok := parseID(q)
		if !ok {
			return fault.New(fault.Malformed, "bad_cursor", "This page address is broken. Start from the first page.")
		}
		after = id
	}
	post, err := s.visiblePost(r)
	if err != nil {
		return err
	}
	list, settled, err := s.read.Tail(r.Context(), post.ID, after, tailLimit)
	if err != nil {
		return err
	}
	last := forum.ID(0)
	if len(list) == tailLimit {
		last = list[len(list)-1].ID
	}
	v := s.publicView(r, p, "")
	return render(w, r, http.StatusOK, tailFragment(v, &post, inTree(list), settled, last))
}

// threadData is one comment with the levels below it that a post's page does not show: up to six
// questions to the store.
type threadData struct {
	Post     forum.Post
	Comments []shownComment // the first is the one of the address
}

func (s *Site) thread(w http.ResponseWriter, r *http.Request, p *Printer) error {
	id, err := pathID(r, "comment", forum.TargetComment)
	if err != nil {
		return err
	}
	var d threadData
	if d.Post, err = s.visiblePost(r); err != nil {
		return err
	}
	root, err := s.read.Comment(r.Context(), id)
	if err != nil {
		return err
	}
	if root.PostID != d.Post.ID {
		return forum.NotFound(forum.TargetComment)
	}
	if d.Comments, err = s.below(r.Context(), root); err != nil {
		return err
	}
	if d.Comments[0].State != forum.Visible && len(d.Comments) == 1 {
		return forum.NotFound(forum.TargetComment)
	}
	v := s.publicView(r, p, p.F("post.thread_title", "title", d.Post.Title))
	v.Hue, v.Kind, v.NoIndex = hueClass(d.Post.Board.Accent), "article", true
	v.Description = markup.Excerpt(d.Comments[0].Text, excerptLength)
	return render(w, r, http.StatusOK, threadPage(v, &d))
}

// below reads the levels under a comment and puts them in the order of the page.
func (s *Site) below(ctx context.Context, root forum.Comment) ([]shownComment, error) {
	children := map[forum.ID][]forum.Comment{}
	level := []forum.ID{root.ID}
	for range forum.ShownDepth {
		replies, err := s.read.Replies(ctx, level, forum.MaxPageSize)
		if err != nil {
			return nil, err
		}
		level = level[:0:0]
		for _, c := range replies {
			children[c.ParentID] = append(children[c.ParentID], c)
			if c.Replies > 0 {
				level = append(level, c.ID)
			}
		}
		if len(level) == 0 {
			break
		}
	}
	if root.State != forum.Visible { // of what is gone only its place is shown: no word, no author
		root.Author, root.Body, root.HTML, root.Text = forum.MemberRef{}, "", "", ""
	}
	shown := []shownComment{{Comment: &root}}
	var walk func(parent *forum.Comment, depth int)
	walk = func(parent *forum.Comment, depth int) {
		list := children[parent.ID]
		for i := range list {
			c := &list[i]
			answer := parent.Author
			if parent.State != forum.Visible {
				answer = forum.MemberRef{}
			}
			shown = append(shown, shownComment{Comment: c, Level: depth, Answer: answer,
				Deeper: c.Replies > len(children[c.ID])})
			walk(c, depth+1)
		}
	}
	walk(&root, 1)
	return shown, nil
}

// lastData is there when the tail has more than one answer holds.
func lastData(last forum.ID) templ.Attributes {
	if last == 0 {
		return nil
	}
	return templ.Attributes{"data-last": idText(last)}
}
