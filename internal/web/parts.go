package web

import (
	"net/url"
	"slices"

	"lightstick/internal/forum"
)

// placing says how much of its place a row must name.
type placing uint8

const (
	anywhere placing = iota
	inFandom
	inBoard
)

func rowClass(p *forum.Post, place placing) string {
	class := ""
	if place == anywhere {
		class = hueClass(p.Board.Accent)
	}
	if p.Pinned && place == inBoard {
		class += " pinned"
	}
	return class
}

// hue is the colour class of the page itself.
func (v *view) hue() string {
	if v.Hue == "" {
		return "hx"
	}
	return v.Hue
}

// ogTitle is the title as other sites show it, beside the site's name.
func (v *view) ogTitle() string {
	if v.Title == "" {
		return v.T("site.tagline")
	}
	return v.Title
}

// neutral is the address that finds the reader's language by itself.
func (v *view) neutral() string {
	if v.Path == "" {
		return "/"
	}
	return "/-" + v.Path
}

// nextParam leads back to this page after signing in.
func nextParam(v *view) string { return url.QueryEscape(v.Here()) }

// withoutPinned drops what the page shows above already.
func withoutPinned(list, pinned []forum.Post) []forum.Post {
	return slices.DeleteFunc(list, func(p forum.Post) bool {
		return slices.ContainsFunc(pinned, func(q forum.Post) bool { return q.ID == p.ID })
	})
}
