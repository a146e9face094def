package web

import (
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/markup"
)

// memberData is a member's page: two questions to the store.
type memberData struct {
	Member      forum.Member
	Tab         string // "posts" or "comments"
	Posts       []forum.Post
	Comments    []forum.Comment
	Next, First templ.SafeURL
}

func (s *Site) member(w http.ResponseWriter, r *http.Request, p *Printer) error {
	ctx, q := r.Context(), r.URL.Query()
	d := memberData{Tab: q.Get("tab")}
	if d.Tab == "" {
		d.Tab = "posts"
	}
	after, next := forum.Cursor(q.Get("after")), forum.Cursor("")
	var err error
	if d.Member, err = s.read.MemberByHandle(ctx, r.PathValue("handle")); err != nil {
		return err
	}
	switch d.Tab {
	case "posts":
		d.Posts, next, err = s.read.Posts(ctx, forum.PostQuery{AuthorID: d.Member.ID, Sort: forum.SortNew, After: after, Limit: pageSize})
	case "comments":
		d.Comments, next, err = s.read.CommentsBy(ctx, d.Member.ID, after, pageSize)
	default:
		err = fault.New(fault.NotFound, "not_found", "There is nothing at this address.")
	}
	if err != nil {
		return err
	}
	v := s.publicView(r, p, d.Member.Name)
	v.Description, v.Hue, v.Kind = markup.Excerpt(d.Member.Bio, excerptLength), nameHue(d.Member.Handle), "profile"
	v.NoIndex = after != ""
	self := "/u/" + d.Member.Handle + "?tab=" + d.Tab
	if next != "" {
		d.Next = v.to(self, "&after=", url.QueryEscape(string(next)))
	}
	if after != "" {
		d.First = v.to(self)
	}
	return render(w, r, http.StatusOK, memberPage(v, &d))
}
