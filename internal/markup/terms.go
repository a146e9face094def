package markup

import (
	"strings"
	"unicode/utf8"
)

const maxTerms = 8

// Term is one word of a query.
type Term struct {
	// Tokens are in the index for every text that contains the word. Texts that have them all are
	// candidates: neighbouring pairs may come from different places.
	Tokens []string
	// Prefix says that the last token may be the beginning of a longer one.
	Prefix bool
	// Text is the folded word, for Matches.
	Text string
}

// Terms parts a query into words, the first eight that can be looked up. A word ends at white
// space and punctuation. What has no tokens (emoji, a single loose consonant) is left out, so the
// result may be empty: then there is nothing to search for.
//
// A Latin word of three letters or more also finds longer words that begin with it. In a loose
// consonant (ㅈㄱ, 정ㄱ) every syllable with this initial matches.
func Terms(query string) []Term {
	const maxQuery = 1000 // bytes
	query = query[:min(len(query), maxQuery)]
	var terms []Term
	seen := map[string]bool{}
	for word := range strings.FieldsFuncSeq(Fold(query), func(r rune) bool { return classOf(r) == classNone }) {
		t := newTerm(word)
		if len(t.Tokens) == 0 || seen[t.Text] {
			continue
		}
		seen[t.Text] = true
		if terms = append(terms, t); len(terms) == maxTerms {
			break
		}
	}
	return terms
}

// newTerm takes a folded word without white space or punctuation.
func newTerm(word string) Term {
	// A mark without its letter matches nothing that a reader would expect.
	word = strings.TrimLeftFunc(word, func(r rune) bool { return classOf(r) == classMark })
	runes := []rune(word)
	cut := len(runes) > maxWord
	if cut {
		runes = runes[:maxWord]
	}
	term := Term{Text: string(runes)}
	q := tokenizer{seen: map[string]struct{}{}}
	last, length := classNone, 0
	eachRun(term.Text, func(c class, run []rune) {
		last, length = c, len(run)
		q.query(c, run)
	})
	term.Tokens = q.tokens
	term.Prefix = last == classWord && (length >= 3 || cut)
	return term
}

// Matches reports whether a text, folded with Fold, really contains the word.
func (t Term) Matches(folded string) bool {
	start, _ := t.find(folded, 0)
	return start >= 0
}

// find is where the word first stands in folded at from or after it; start is -1 if nowhere.
func (t Term) find(folded string, from int) (start, end int) {
	if t.Text == "" {
		return -1, -1
	}
	loose := strings.ContainsFunc(t.Text, isLooseJamo)
	for from < len(folded) {
		if loose {
			start, end = indexLoose(folded, t.Text, from)
		} else if start = strings.Index(folded[from:], t.Text); start >= 0 {
			start += from
			end = start + len(t.Text)
		}
		if start < 0 {
			return -1, -1
		}
		if t.whole(folded, start, end) {
			return start, end
		}
		_, size := utf8.DecodeRuneInString(folded[start:])
		from = start + size
	}
	return -1, -1
}

// whole reports whether the match is not just a part of a longer word. That counts only where
// words have spaces between them.
func (t Term) whole(folded string, start, end int) bool {
	first, _ := utf8.DecodeRuneInString(t.Text)
	if classOf(first) == classWord && lastClass(folded[:start]) == classWord {
		return false
	}
	return t.Prefix || lastClass(t.Text) != classWord || firstClass(folded[end:]) != classWord
}

// lastClass is the class of the last character that is not a mark.
func lastClass(s string) class {
	for len(s) > 0 {
		r, size := utf8.DecodeLastRuneInString(s)
		if c := classOf(r); c != classMark {
			return c
		}
		s = s[:len(s)-size]
	}
	return classNone
}

// firstClass is the class of the first character that is not a mark.
func firstClass(s string) class {
	for _, r := range s {
		if c := classOf(r); c != classMark {
			return c
		}
	}
	return classNone
}

// indexLoose finds word in folded where a loose consonant stands for every syllable it begins.
func indexLoose(folded, word string, from int) (start, end int) {
	for i := range folded[from:] {
		if n := matchLoose(folded[from+i:], word); n > 0 {
			return from + i, from + i + n
		}
	}
	return -1, -1
}

// matchLoose is the length of the beginning of s that word matches, or 0.
func matchLoose(s, word string) int {
	n := 0
	for _, want := range word {
		if n >= len(s) {
			return 0
		}
		r, size := utf8.DecodeRuneInString(s[n:])
		if r != want && (!isLooseJamo(want) || lead(r) != want) {
			return 0
		}
		n += size
	}
	return n
}
