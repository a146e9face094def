package markup

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// Segment is a piece of a snippet; Hit says that it is what was searched for.
type Segment struct {
	Text string
	Hit  bool
}

const (
	snippetLead = 40     // code points before the first match
	snippetLong = 160    // code points in all
	maxScan     = 20_000 // code points of a text in which a match is looked for
)

// Segments is a snippet of text around the first match, on one line and of at most about 160 code
// points, parted where matches begin and end. Without a match it is the beginning of the text.
func Segments(text string, terms []Term) []Segment {
	text = foldSpace(text, maxScan)
	hits := findHits(text, terms)
	from, to := window(text, hits)
	var out []Segment
	add := func(s string, hit bool) {
		if s == "" {
			return
		}
		if n := len(out); n > 0 && out[n-1].Hit == hit {
			out[n-1].Text += s
			return
		}
		out = append(out, Segment{s, hit})
	}
	if from > 0 {
		add(ellipsis, false)
	}
	at := from
	for _, h := range hits {
		start, end := max(h.start, at), min(h.end, to)
		if start >= end {
			continue
		}
		add(text[at:start], false)
		add(text[start:end], true)
		at = end
	}
	add(text[at:to], false)
	if to < len(text) {
		add(ellipsis, false)
	}
	return out
}

// window is the part of text to show.
func window(text string, hits []reach) (from, to int) {
	if len(hits) > 0 {
		from = lettersBack(text, hits[0].start, snippetLead)
	}
	to = from
	for n := 0; to < len(text); {
		size := clusterLen(text[to:])
		if n += Length(text[to : to+size]); n > snippetLong {
			break
		}
		to += size
	}
	return from, to
}

// lettersBack is the beginning of a letter, about n code points before at: the beginning of a
// word where there is one.
func lettersBack(text string, at, n int) int {
	low := at
	for ; n > 0 && low > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(text[:low])
		low -= size
	}
	if low == 0 {
		return 0
	}
	if i := strings.IndexByte(text[low:at], ' '); i >= 0 && i < (at-low)*2/3 {
		return low + i + 1
	}
	for low < at { // not in the middle of a letter
		r, size := utf8.DecodeRuneInString(text[low:])
		before, _ := utf8.DecodeLastRuneInString(text[:low])
		if !extends(r) && before != 0x200D {
			break
		}
		low += size
	}
	return low
}

// reach is a range of bytes.
type reach struct{ start, end int }

// findHits are the places of text where terms match, in order and apart.
func findHits(text string, terms []Term) []reach {
	f := foldWithMap(text)
	var hits []reach
	for _, t := range terms {
		for from := 0; ; {
			start, end := t.find(f.folded, from)
			if start < 0 {
				break
			}
			hits = append(hits, reach{f.back(start).start, f.back(end - 1).end})
			from = end
		}
	}
	slices.SortFunc(hits, func(a, b reach) int { return a.start - b.start })
	apart := hits[:0]
	for _, h := range hits {
		if n := len(apart); n > 0 && h.start <= apart[n-1].end {
			apart[n-1].end = max(apart[n-1].end, h.end)
			continue
		}
		apart = append(apart, h)
	}
	return apart
}

// foldMap is a folded text and where each piece of it came from.
type foldMap struct {
	folded string
	units  []unit
}

// unit says that the folded text from byte folded on came from this range.
type unit struct {
	folded int
	from   reach
}

func foldWithMap(text string) foldMap {
	var out strings.Builder
	f := foldMap{}
	for at := 0; at < len(text); {
		f.units = append(f.units, unit{out.Len(), reach{at, at}})
		n := foldStep(&out, text[at:])
		at += n
		f.units[len(f.units)-1].from.end = at
	}
	f.folded = out.String()
	return f
}

// foldStep folds one piece of s and returns its length: a character that folds for itself when
// another such follows, else all that must be normalised together.
func foldStep(out *strings.Builder, s string) int {
	r, size := utf8.DecodeRuneInString(s)
	if folded, ok := simpleFold(r); ok {
		next, _ := utf8.DecodeRuneInString(s[size:])
		if _, simple := simpleFold(next); simple || size == len(s) {
			out.WriteRune(folded)
			return size
		}
	}
	n := unitLen(s)
	out.WriteString(foldUnit(s[:n]))
	return n
}

// back is where the folded byte at came from.
func (f foldMap) back(at int) reach {
	i := sort.Search(len(f.units), func(i int) bool { return f.units[i].folded > at })
	return f.units[i-1].from
}
