package web

import (
	"net/http"

	"lightstick/internal/forum"
)

// How many posts the lists show.
const (
	frontHot = 10
	frontNew = 12
	pageSize = 30
)

// frontData is the front page: three questions to the store.
type frontData struct {
	Fandoms  []forum.Fandom
	Hot, New []forum.Post
}

func (s *Site) front(w http.ResponseWriter, r *http.Request, p *Printer) error {
	ctx := r.Context()
	var d frontData
	var err error
	if d.Fandoms, err = s.read.Fandoms(ctx); err != nil {
		return err
	}
	if d.Hot, _, err = s.read.Posts(ctx, forum.PostQuery{Sort: forum.SortHot, Limit: frontHot}); err != nil {
		return err
	}
	if d.New, _, err = s.read.Posts(ctx, forum.PostQuery{Sort: forum.SortNew, Limit: frontNew}); err != nil {
		return err
	}
	v := s.publicView(r, p, "")
	v.Description = p.T("site.description")
	return render(w, r, http.StatusOK, frontPage(v, &d))
}

// fandomData is a fandom's page: six questions.
type fandomData struct {
	Fandom     forum.Fandom
	Events     []forum.Event
	Boards     []forum.Board
	Hot, New   []forum.Post
	Moderators []forum.MemberRef
}

func (s *Site) fandom(w http.ResponseWriter, r *http.Request, p *Printer) error {
	ctx := r.Context()
	var d fandomData
	var err error
	if d.Fandom, err = s.read.Fandom(ctx, r.PathValue("fandom")); err != nil {
		return err
	}
	id := d.Fandom.ID
	if d.Boards, err = s.read.Boards(ctx, id); err != nil {
		return err
	}
	if d.Hot, _, err = s.read.Posts(ctx, forum.PostQuery{FandomID: id, Sort: forum.SortHot, Limit: frontHot}); err != nil {
		return err
	}
	if d.New, _, err = s.read.Posts(ctx, forum.PostQuery{FandomID: id, Sort: forum.SortNew, Limit: frontNew}); err != nil {
		return err
	}
	if d.Moderators, err = s.read.Moderators(ctx, id); err != nil {
		return err
	}
	if d.Events, _, err = s.read.Events(ctx, forum.EventQuery{FandomID: id, Limit: fandomEvents}); err != nil {
		return err
	}
	v := s.publicView(r, p, d.Fandom.Name)
	v.Description, v.Hue = d.Fandom.Description, hueClass(d.Fandom.Accent)
	return render(w, r, http.StatusOK, fandomPage(v, &d))
}
