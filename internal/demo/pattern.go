package demo

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A pattern is a text with slots ({song}), Korean particles that depend on what fills the slot
// ({song:이/가}) and choices ([[one|other]]), parsed once.
type pattern []part

type part struct {
	text     string    // literal, when slot is empty and alts is nil
	slot     string    // name of a slot
	particle [2]string // after a final consonant, after none; empty for no particle
	alts     []pattern // a choice
}

// filler gives what stands in a slot.
type filler interface {
	fill(slot string) string
	choose(n int) int
}

// parsePattern panics on a broken pattern: the texts are part of the program, and a test parses
// them all.
func parsePattern(s string) pattern {
	var p pattern
	for s != "" {
		i := strings.IndexAny(s, "{[")
		if i < 0 {
			return append(p, part{text: s})
		}
		open, end := "{", "}"
		if s[i] == '[' {
			open, end = "[[", "]]"
		}
		if !strings.HasPrefix(s[i:], open) {
			p, s = append(p, part{text: s[:i+1]}), s[i+1:]
			continue
		}
		j := strings.Index(s[i:], end)
		if j < 0 {
			panic(fmt.Sprintf("demo world: %q is not closed in %q", open, s))
		}
		if i > 0 {
			p = append(p, part{text: s[:i]})
		}
		p = append(p, parsePart(s[i+len(open):i+j], open))
		s = s[i+j+len(end):]
	}
	return p
}

func parsePart(inner, open string) part {
	if open == "[[" {
		var alts []pattern
		for alt := range strings.SplitSeq(inner, "|") {
			alts = append(alts, parsePattern(alt))
		}
		return part{alts: alts}
	}
	name, particle, _ := strings.Cut(inner, ":")
	after, without, _ := strings.Cut(particle, "/")
	return part{slot: name, particle: [2]string{after, without}}
}

func (p pattern) write(b *strings.Builder, f filler) {
	for i := range p {
		switch t := &p[i]; {
		case t.alts != nil:
			t.alts[f.choose(len(t.alts))].write(b, f)
		case t.slot != "":
			word := f.fill(t.slot)
			b.WriteString(word)
			b.WriteString(t.particle[particleAfter(word, t.particle[0])])
		default:
			b.WriteString(t.text)
		}
	}
}

func (p pattern) render(f filler) string {
	var b strings.Builder
	p.write(&b, f)
	return b.String()
}

// particleAfter is 0 when the particle for a final consonant follows word, else 1. A final ㄹ
// counts as none before 으로.
func particleAfter(word, particle string) int {
	r, _ := utf8.DecodeLastRuneInString(word)
	if r < '가' || r > '힣' {
		return 1
	}
	const finals, rieul = 28, 8
	switch final := (r - '가') % finals; {
	case final == 0, final == rieul && particle == "으로":
		return 1
	default:
		return 0
	}
}

// slots calls visit with the name of every slot.
func (p pattern) slots(visit func(string)) {
	for _, t := range p {
		if t.slot != "" {
			visit(t.slot)
		}
		for _, alt := range t.alts {
			alt.slots(visit)
		}
	}
}
