package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const ellipsis = "…"

// Excerpt is the beginning of text on one line, at most max code points with the ellipsis that
// tells that something is missing. It ends between words where there is a space near enough, else
// between letters as a reader sees them.
func Excerpt(text string, max int) string {
	text = foldSpace(text, max)
	if max <= 0 || Length(text) <= max {
		if max <= 0 {
			return ""
		}
		return text
	}
	cut, space, n := 0, 0, 0
	for i := 0; i < len(text); {
		next := i + clusterLen(text[i:])
		if n += Length(text[i:next]); n > max-1 {
			if text[i] == ' ' { // the cut falls between two words
				space = i
			}
			break
		}
		if text[i] == ' ' {
			space = i
		}
		i, cut = next, next
	}
	if space*3 > cut*2 {
		cut = space
	}
	return strings.TrimRight(text[:cut], " ") + ellipsis
}

// foldSpace makes each run of white space one space and trims the ends. It stops a little after
// max code points, so that the beginning of a long text is cheap.
func foldSpace(s string, max int) string {
	var b strings.Builder
	n, gap := 0, false
	for i, r := range s {
		if unicode.IsSpace(r) {
			gap = n > 0
			continue
		}
		if gap {
			b.WriteByte(' ')
			gap, n = false, n+1
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		b.WriteString(s[i : i+size])
		if n++; n > max+64 {
			break
		}
	}
	return b.String()
}

// maxCluster bounds how many code points clusterLen takes as one letter.
const maxCluster = 32

// clusterLen is the length in bytes of what a reader sees as the first letter of s: a base with
// its marks, an emoji with its joiners, a flag, a Hangul syllable of loose parts.
func clusterLen(s string) int {
	prev, i := utf8.DecodeRuneInString(s)
	flag := isFlag(prev)
	for n := 1; i < len(s) && n < maxCluster; n++ {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case flag && isFlag(r):
			flag = false // a flag is two letters, never three
		case extends(r), prev == 0x200D, isJamo(prev) && isJamo(r):
		default:
			return i
		}
		prev, i = r, i+size
	}
	return i
}

// extends reports whether r belongs to the letter before it.
func extends(r rune) bool {
	if r < 0x300 {
		return false
	}
	return unicode.In(r, unicode.M) || r == 0x200D || r == 0xE33 || r == 0xEB3 || // Thai and Lao am
		r >= 0x1F3FB && r <= 0x1F3FF || r >= 0xE0020 && r <= 0xE007F // skin tones, tags
}

func isFlag(r rune) bool { return r >= 0x1F1E6 && r <= 0x1F1FF }
func isJamo(r rune) bool { return r >= 0x1100 && r <= 0x11FF }
