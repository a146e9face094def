package api

import (
	"strconv"
	"time"

	"lightstick/internal/forum"
)

// at is a time as the API shows it: UTC, absent when there is none.
func at(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func str(id forum.ID) string { return strconv.FormatInt(int64(id), 10) }

// MemberRef names a member.
type MemberRef struct {
	ID     forum.ID `json:"id" example:"12"`
	Handle string   `json:"handle" example:"mina_k"`
	Name   string   `json:"name" example:"Mina"`
	Avatar string   `json:"avatar,omitempty" doc:"Address of a square picture."`
}

func (a *API) memberRef(m forum.MemberRef) MemberRef {
	return MemberRef{ID: m.ID, Handle: m.Handle, Name: m.Name, Avatar: a.picture(m.AvatarKey)}
}

// maybeRef is nil for nobody.
func (a *API) maybeRef(m forum.MemberRef) *MemberRef {
	if m.ID == 0 {
		return nil
	}
	ref := a.memberRef(m)
	return &ref
}

func (a *API) picture(key string) string {
	if key == "" {
		return ""
	}
	return a.MediaBase + "/media/" + key
}

// BoardRef says where a post stands.
type BoardRef struct {
	ID     forum.ID  `json:"id" example:"3"`
	Slug   string    `json:"slug" example:"talk"`
	Name   string    `json:"name" example:"Talk"`
	Fandom FandomRef `json:"fandom"`
}

// FandomRef names a fandom.
type FandomRef struct {
	ID     forum.ID `json:"id" example:"1"`
	Slug   string   `json:"slug" example:"aurora-line"`
	Name   string   `json:"name" example:"Aurora Line"`
	Accent string   `json:"accent" doc:"Its colour." example:"#7a4cff"`
}

func boardRef(b forum.BoardRef) BoardRef {
	return BoardRef{ID: b.ID, Slug: b.Slug, Name: b.Name, Fandom: FandomRef{ID: b.FandomID, Slug: b.FandomSlug, Name: b.FandomName, Accent: b.Accent}}
}

// Reactions counts by kind.
type Reactions struct {
	Lightstick int `json:"lightstick"`
	Heart      int `json:"heart"`
	Laugh      int `json:"laugh"`
	Wow        int `json:"wow"`
	Cry        int `json:"cry"`
	Fire       int `json:"fire"`
}

func reactions(r forum.Reactions) Reactions {
	return Reactions{Lightstick: r[0], Heart: r[1], Laugh: r[2], Wow: r[3], Cry: r[4], Fire: r[5]}
}

// Target is what a report, a case or an act of staff is about.
type Target struct {
	Kind string   `json:"kind" enum:"post,comment,member,fandom,board,word_rule,case,event" example:"comment"`
	ID   forum.ID `json:"id" example:"345"`
}

func target(t forum.Target) Target { return Target{Kind: string(t.Kind), ID: t.ID} }

// Revision is an earlier state of a post or comment.
type Revision struct {
	Version    int       `json:"version" doc:"The version that this was."`
	Title      string    `json:"title,omitempty"`
	Body       string    `json:"body" doc:"Markdown as written."`
	ReplacedAt time.Time `json:"replaced_at"`
	EditorID   forum.ID  `json:"editor_id" doc:"The member who replaced it."`
}

func revision(r forum.Revision) Revision {
	return Revision{Version: r.Version, Title: r.Title, Body: r.Body, ReplacedAt: r.At.UTC(), EditorID: r.EditorID}
}

// ByID picks one thing.
type ByID struct {
	ID forum.ID `path:"id" minimum:"1" doc:"Its id." example:"17"`
}
