package web

import (
	"net/http"
	"time"

	"lightstick/internal/forum"
)

// maxVersions is how many changes a history page shows, newest first.
const maxVersions = 20

// change is one step of a history: what a text was and what it became.
type change struct {
	At       time.Time
	ByStaff  bool
	OldTitle string // "" when the title stayed
	NewTitle string
	Lines    []diffLine
}

// historyData is the history of a post or comment: two or three questions to the store.
type historyData struct {
	Post     forum.Post
	Back     string // address of what this is the history of
	Lang     string
	Author   forum.MemberRef
	First    time.Time
	Changes  []change
	Original string // the first text, when all changes are shown
}

func (s *Site) postHistory(w http.ResponseWriter, r *http.Request, p *Printer) error {
	post, err := s.visiblePost(r)
	if err != nil {
		return err
	}
	d := historyData{Post: post, Lang: post.Lang, Author: post.Author, First: post.CreatedAt}
	return s.history(w, r, p, &d, forum.Target{Kind: forum.TargetPost, ID: post.ID}, post.Title, post.Body)
}

func (s *Site) commentHistory(w http.ResponseWriter, r *http.Request, p *Printer) error {
	id, err := pathID(r, "comment", forum.TargetComment)
	if err != nil {
		return err
	}
	c, err := s.read.Comment(r.Context(), id)
	if err != nil {
		return err
	}
	if c.State != forum.Visible {
		return forum.NotFound(forum.TargetComment)
	}
	post, err := s.postForAll(r.Context(), c.PostID)
	if err != nil {
		return err
	}
	d := historyData{Post: post, Lang: c.Lang, Author: c.Author, First: c.CreatedAt}
	return s.history(w, r, p, &d, commentTarget(&c), "", c.Body)
}

func (s *Site) history(w http.ResponseWriter, r *http.Request, p *Printer, d *historyData, t forum.Target, title, body string) error {
	revisions, err := s.read.Revisions(r.Context(), t)
	if err != nil {
		return err
	}
	revisions = forum.ReadersHistory(revisions)
	d.Changes = changes(revisions, d.Author.ID, title, body)
	if n := len(revisions); n <= maxVersions {
		d.Original = body
		if n > 0 {
			d.Original = revisions[n-1].Body
		}
	}
	v := s.publicView(r, p, p.F("history.title", "title", d.Post.Title))
	v.Hue, v.NoIndex = hueClass(d.Post.Board.Accent), true
	d.Back = string(v.postURL(d.Post.ID))
	if t.Kind == forum.TargetComment {
		d.Back = string(v.threadURL(d.Post.ID, t.ID))
	}
	return render(w, r, http.StatusOK, historyPage(v, d))
}

// changes compares each revision (newest first) with what replaced it.
func changes(revisions []forum.Revision, author forum.ID, title, body string) []change {
	list := make([]change, 0, min(len(revisions), maxVersions))
	for _, old := range revisions[:min(len(revisions), maxVersions)] {
		c := change{At: old.At, ByStaff: old.EditorID != author, Lines: diffLines(old.Body, body)}
		if old.Title != title {
			c.OldTitle, c.NewTitle = old.Title, title
		}
		list = append(list, c)
		title, body = old.Title, old.Body
	}
	return list
}
