package markup

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Mask puts a ● in place of each code point of text that is part of one of the words, which are
// folded. A place matches whatever Fold makes the same, so what is found in Fold(text) is masked here.
// It folds once and looks for each word in one pass: many rules on a long text stay cheap.
func Mask(text string, words []string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	f := foldWithMap(text)
	var hits []reach
	for _, word := range words {
		for from := 0; word != ""; {
			i := strings.Index(f.folded[from:], word)
			if i < 0 {
				break
			}
			hits = append(hits, f.back(from+i, from+i+len(word)))
			from += i + len(word)
		}
	}
	slices.SortFunc(hits, func(a, b reach) int { return a.start - b.start })
	var out strings.Builder
	out.Grow(len(text))
	at := 0
	for _, h := range hits {
		start := max(h.start, at)
		if start >= h.end {
			continue
		}
		out.WriteString(text[at:start])
		out.WriteString(strings.Repeat("●", utf8.RuneCountInString(text[start:h.end])))
		at = h.end
	}
	out.WriteString(text[at:])
	return out.String()
}
