package demo

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// utterance is who says which line in a thread, before it is put into words.
type utterance struct {
	line   *line
	lang   lang
	author int
	up     int // author of the comment that is answered, or of the post
	kind   string
	depth  int
}

// The kinds of lines that any post may get.
const (
	kindTopic   = "topic"
	kindAnswer  = "answer" // written for the line it answers
	kindReact   = "react"
	kindReply   = "reply"
	kindMore    = "replymore"
	kindQuery   = "replyq"
	kindAbroad  = "replyforeign"
	kindVisit   = "foreign"
	kindGeneral = "general"
)

// Comment is the comment of an index below Size().Comments.
func (w *World) Comment(i int) Comment {
	post, nth, at := w.layout.find(i)
	f := w.facts(post)
	u := w.utter(&f, nth)
	r := newRNG(w.seed, domainComment, post, ^nth)
	c := Comment{Post: post, Parent: -1, Author: u.author, Lang: u.lang.String(), Age: w.age(at)}
	if parent, _ := w.layout.parent(post, nth); parent >= 0 {
		c.Parent = w.layout.index(post, parent)
	}
	c.Body = w.phrase(&f, &u, &r)
	if n := r.below(12) - 7; n > 0 {
		c.Reactions = w.reactions(post, nth, n)
	}
	return c
}

// utter decides the nth comment of a post. It walks up the thread, at most to its depth.
func (w *World) utter(f *facts, nth int) utterance {
	r := newRNG(w.seed, domainComment, f.post, nth)
	parent, depth := w.layout.parent(f.post, nth)
	if parent < 0 {
		return w.open(f, nth, &r)
	}
	above := w.utter(f, parent)
	u := utterance{lang: above.lang, up: above.author, depth: depth}
	if n, ok := w.layout.sibling(f.post, parent, nth); ok && n < len(above.line.replies) {
		u.line, u.kind = above.line.replies[n], kindAnswer
		u.author = w.speaker(f, &u, &above, &r)
		return u
	}
	const stays, deep = 0.86, 2
	if !r.chance(stays) {
		if u.lang = f.lang; u.lang == above.lang {
			u.lang = langAt(r.unit())
		}
	}
	switch {
	case u.lang != above.lang:
		u.kind = kindAbroad
	case above.kind == kindReact:
		u.kind = kindReact
	case above.line.question:
		u.kind = kindQuery
	case above.depth > deep && r.chance(0.7):
		u.kind = kindMore
	default:
		u.kind = kindReply
	}
	lines := w.banks[u.lang].lines[u.kind]
	u.line = lines[r.below(len(lines))]
	u.author = w.people.pickOther(u.lang, &r, above.author, f.author)
	return u
}

// speaker is who says a line that was written for the one above.
func (w *World) speaker(f *facts, u, above *utterance, r *rng) int {
	switch {
	case u.line.speaker == returner && above.up != above.author:
		return above.up
	case u.line.speaker == poster && f.author != above.author:
		return f.author
	default:
		return w.people.pickOther(u.lang, r, above.author, above.up, f.author)
	}
}

// open decides a comment that answers the post itself: first what was written for this very post,
// then for its topic, and among them reactions and voices from abroad.
func (w *World) open(f *facts, nth int, r *rng) utterance {
	const home, reacts, general, topical, spent = 0.84, 0.17, 0.14, 0.6, 0.6
	u := utterance{lang: f.lang, depth: 1, up: f.author, kind: kindTopic}
	if !r.chance(home) {
		u.lang = langAt(r.unit())
	}
	n := w.layout.opener(f.post, nth)
	bank := w.banks[u.lang]
	lines := bank.lines[f.about.topic]
	if u.lang == f.lang && n < len(f.about.talk) {
		u.line, u.author = f.about.talk[n], w.people.pickOther(u.lang, r, f.author)
		return u
	}
	switch x := r.unit(); {
	case u.lang != f.lang && r.chance(1-topical):
		lines, u.kind = bank.lines[kindVisit], kindVisit
	case x < reacts:
		lines, u.kind = bank.lines[kindReact], kindReact
	case x < reacts+general:
		lines, u.kind = bank.lines[kindGeneral], kindGeneral
	case n >= len(f.about.talk)+len(lines) && r.chance(spent):
		lines, u.kind = bank.lines[kindGeneral], kindGeneral // everything on the topic has been said once
	}
	start := newRNG(w.seed, domainDuet, f.post, int(u.lang))
	u.line = lines[(n*coprime(len(lines), 7)+start.below(len(lines)))%len(lines)]
	u.author = w.people.pickOther(u.lang, r, f.author)
	return u
}

// phrase puts an utterance into words, often with a feeling or a few words before or after it.
func (w *World) phrase(f *facts, u *utterance, r *rng) string {
	s := &speech{w: w, facts: f, lang: u.lang, author: u.author, up: u.up, r: r}
	odds := u.odds()
	bank := w.banks[u.lang]
	body, felt := u.line.text.render(s), u.line.felt
	if r.chance(odds.tail) {
		l := pickLine(bank.lines["tail"], r)
		body, felt = closeWith(body, l.text.render(s), false, u.lang), felt || l.felt
	}
	if r.chance(odds.after) {
		l := pickLine(bank.lines["close"], r)
		if l.felt && !felt || !l.felt && u.mayEnd() {
			body = closeWith(body, l.text.render(s), l.felt, u.lang)
		}
	}
	if r.chance(odds.before) && !strings.HasPrefix(body, "@") {
		l := pickLine(bank.lines["open"], r)
		if l.felt && !felt || !l.felt && u.mayBegin() {
			body = openWith(l.text.render(s), body, u.lang, u.line.text[0].slot == "")
		}
	}
	return body
}

// odds are how likely words are added to a line: general lines need them most, as they come often.
type odds struct{ tail, after, before float64 }

func (u *utterance) odds() odds {
	switch u.kind {
	case kindReact:
		return odds{after: 0.3, before: 0.1}
	case kindTopic:
		return odds{tail: 0.16, after: 0.6, before: 0.25}
	case kindAnswer:
		return odds{after: 0.8, before: 0.3}
	case kindQuery:
		return odds{tail: 0.25, after: 0.85, before: 0.3}
	default:
		return odds{tail: 0.68, after: 0.64, before: 0.25}
	}
}

func pickLine(lines []*line, r *rng) *line { return lines[r.below(len(lines))] }

// mayEnd reports whether a closing phrase fits.
func (u *utterance) mayEnd() bool {
	return (u.kind == kindTopic || u.kind == kindGeneral) && !u.line.question
}

// mayBegin reports whether an interjection fits.
func (u *utterance) mayBegin() bool {
	switch u.kind {
	case kindTopic, kindAnswer, kindGeneral, kindReply:
		return u.line.speaker == anyone
	}
	return false
}

// closeWith adds a feeling (a laugh, a heart) or a last word.
func closeWith(body, word string, feeling bool, l lang) string {
	gap := " "
	if feeling {
		if l == ja {
			gap = ""
		}
		return body + gap + word
	}
	r, _ := utf8.DecodeLastRuneInString(body)
	if l == ja {
		if unicode.IsLetter(r) {
			return body + "。" + word
		}
		return body + word
	}
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		gap = ". "
	}
	return body + gap + word
}

// openWith puts an interjection in front; a plain word after it loses its capital letter.
func openWith(word, body string, l lang, plain bool) string {
	last, _ := utf8.DecodeLastRuneInString(word)
	switch {
	case l == ko, !unicode.IsLetter(last) && last != ':' && last != ',':
		return word + " " + body
	case l == ja:
		return word + "、" + body
	case unicode.IsLetter(last):
		word += ","
	}
	first, size := utf8.DecodeRuneInString(body)
	second, _ := utf8.DecodeRuneInString(body[size:])
	if plain && unicode.IsUpper(first) && unicode.IsLower(second) {
		body = string(unicode.ToLower(first)) + body[size:]
	}
	return word + " " + body
}
