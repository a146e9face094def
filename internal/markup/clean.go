package markup

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Why Clean refuses a text.
var (
	ErrUTF8    = errors.New("the text is not valid UTF-8")
	ErrControl = errors.New("the text contains a control character")
	ErrBidi    = errors.New("the text contains a bidirectional override")
)

// Clean is the form in which a text is kept: NFC, lines ended by LF, no white space or invisible
// characters at the ends. One-line text also has each run of white space made one space. It
// refuses invalid UTF-8 (ErrUTF8), control characters (ErrControl; line ends and tabs may stand in
// a multiline text) and characters that turn the direction of what follows (ErrBidi).
// A text with nothing to see in it comes back empty.
func Clean(s string, multiline bool) (string, error) {
	if !utf8.ValidString(s) {
		return "", ErrUTF8
	}
	s = trimEnds(lineEnds.Replace(s))
	for _, r := range s {
		switch {
		case isBidi(r):
			return "", ErrBidi
		case unicode.IsControl(r) && (!multiline || r != '\n' && r != '\t'):
			return "", ErrControl
		}
	}
	s = norm.NFC.String(s)
	if !multiline {
		s = strings.Join(strings.Fields(s), " ")
	}
	if s = trimEnds(s); !hasInk(s) {
		return "", nil
	}
	return s, nil
}

// lineEnds is safe for concurrent use.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n")

// Length is how long a text is for limits: the number of code points, which is what a reader
// counts for all but joined emoji and stacked marks. It is never less than a reader would count,
// so no text of a few "letters" can hide a thousand marks.
func Length(s string) int { return utf8.RuneCountInString(s) }

// isBidi reports a character that overrides or isolates the direction of others.
func isBidi(r rune) bool { return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 }

// isInvisible reports characters that take no ink and mean nothing at the end of a text. The
// Hangul fillers and the blank Braille pattern are letters to Unicode, and favourites of those who
// want an empty name. The variation selectors are not here: a heart may end with one.
func isInvisible(r rune) bool {
	switch r {
	case 0x00AD, 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x200B, 0x200C, 0x200D,
		0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0x2800, 0x3164, 0xFEFF, 0xFFA0:
		return true
	}
	return false
}

func trimEnds(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) && r != 0x85 || isInvisible(r) })
}

// hasInk reports whether there is anything to see. Direction marks, variation selectors and
// combining marks alone are nothing.
func hasInk(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsSpace(r) && !isInvisible(r) && !unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf)
	})
}

// scrub drops what must never reach a page: invalid UTF-8, control characters other than line end
// and tab, and direction overrides. Line ends become LF.
func scrub(s string) string {
	if !strings.ContainsFunc(s, unfit) {
		return s
	}
	s = strings.ToValidUTF8(lineEnds.Replace(s), "\uFFFD")
	return strings.Map(func(r rune) rune {
		if r != utf8.RuneError && unfit(r) {
			return -1
		}
		return r
	}, s)
}

// unfit counts U+FFFD in: it may stand for an invalid byte.
func unfit(r rune) bool {
	switch {
	case r < 0x20:
		return r != '\n' && r != '\t'
	case r < 0x7F:
		return false
	case r < 0xA0:
		return true
	}
	return isBidi(r) || r == utf8.RuneError || r == 0x2028 || r == 0x2029
}
