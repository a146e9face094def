package demo

import (
	"fmt"
	"strconv"
)

// speech fills the slots of what one author says under one post.
type speech struct {
	w      *World
	facts  *facts
	lang   lang
	author int
	up     int    // author of the comment that is answered
	image  string // markdown of the post's picture
	fixed  bool   // numbers are the post's own, not new ones
	r      *rng
}

func (s *speech) choose(n int) int { return s.r.below(n) }

// fill panics on an unknown slot; a test renders them all.
func (s *speech) fill(slot string) string {
	if word, ok := s.subject(slot); ok {
		return word
	}
	if word, ok := s.detail(slot); ok {
		return word
	}
	panic(fmt.Sprintf("demo world: nothing fills {%s}", slot))
}

// subject fills what the post is about.
func (s *speech) subject(slot string) (string, bool) {
	b, f := s.w.banks[s.lang], s.facts
	switch slot {
	case "artist", "fans", "light", "album":
		return b.names[slot][f.fandom], true
	case "member":
		return b.members[f.fandom][f.member], true
	case "member2":
		return b.members[f.fandom][f.member2], true
	case "song":
		return b.songs[f.fandom][f.song], true
	case "city":
		return b.names[slot][f.city], true
	case "venue":
		return b.names[slot][f.venue], true
	case "show":
		return b.names[slot][f.show], true
	case "seat":
		return b.seat.render(s), true
	case "block":
		return string(rune('A' + f.block)), true
	case "row":
		return strconv.Itoa(f.row), true
	case "image":
		return s.image, true
	}
	return "", false
}

// detail fills what differs from one comment to the next.
func (s *speech) detail(slot string) (string, bool) {
	b, f := s.w.banks[s.lang], s.facts
	switch slot {
	case "any":
		return pick(b.members[f.fandom], s.r), true
	case "track":
		return pick(b.songs[f.fandom], s.r), true
	case "town":
		return pick(b.names["city"], s.r), true
	case "lol", "cry", "heart":
		return pick(b.names[slot], s.r), true
	case "op":
		return s.w.people.at(f.author).Handle, true
	case "up":
		return s.w.people.at(s.up).Handle, true
	case "fan":
		return s.w.people.at(s.w.people.pickOther(s.lang, s.r, s.author)).Handle, true
	}
	n, nn, k := f.n, f.nn, f.k
	if !s.fixed {
		n, nn, k = someNumbers(s.r)
	}
	switch slot {
	case "n":
		return strconv.Itoa(n), true
	case "nn":
		return strconv.Itoa(nn), true
	case "k":
		return strconv.Itoa(k), true
	}
	return "", false
}

func pick(list []string, r *rng) string { return list[r.below(len(list))] }
