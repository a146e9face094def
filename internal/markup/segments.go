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
	text = foldSpace(strings.ToValidUTF8(text, "\uFFFD"), maxScan)
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
	if low == 0 || text[low-1] == ' ' {
		return low
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
			hits = append(hits, f.back(start, end))
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
	pieces []piece
}

// piece says that the folded text from byte folded on came from this range. In a plain piece
// each byte came from the byte at the same distance.
type piece struct {
	folded int
	from   reach
	plain  bool
}

func foldWithMap(text string) foldMap {
	var out strings.Builder
	out.Grow(len(text))
	f, from := foldMap{}, 0
	foldTo(&out, text, func(at, size int, plain bool) {
		f.pieces = append(f.pieces, piece{at, reach{from, from + size}, plain})
		from += size
	})
	f.folded = out.String()
	return f
}

// back is where a range of the folded text came from.
func (f foldMap) back(start, end int) reach {
	first, last := f.at(start), f.at(end-1)
	r := reach{first.from.start, last.from.end}
	if first.plain {
		r.start += start - first.folded
	}
	if last.plain {
		r.end = last.from.start + end - last.folded
	}
	return r
}

// at is the piece that made the folded byte i: the last that begins at or before it, because
// pieces of which nothing is left begin where the next one does.
func (f foldMap) at(i int) piece {
	return f.pieces[sort.Search(len(f.pieces), func(n int) bool { return f.pieces[n].folded > i })-1]
}
