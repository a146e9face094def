package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold brings texts that a reader takes for the same to the same form: compatibility forms
// resolved (NFKC), small letters, Latin letters without their marks, Arabic and Hebrew without
// vowel points, katakana as hiragana, invisible characters gone. Loose Hangul consonants and
// vowels (ㅋㅋ, ㅠㅠ, ㅈㄱ) stay as they are. Fold(Fold(s)) is Fold(s).
func Fold(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	var out strings.Builder
	out.Grow(len(s))
	foldTo(&out, s, func(int, int, bool) {})
	return out.String()
}

// foldTo folds s into out piece by piece and tells of each piece how many bytes of s it took and
// where in out it begins, and whether it is plain: then byte n of it came from byte n.
func foldTo(out *strings.Builder, s string, piece func(at, size int, plain bool)) {
	for len(s) > 0 {
		at := out.Len()
		n := foldSimple(out, s)
		if n > 0 {
			piece(at, n, true)
		}
		if s = s[n:]; s == "" {
			return
		}
		at, n = out.Len(), unitLen(s)
		out.WriteString(foldUnit(s[:n]))
		piece(at, n, false)
		s = s[n:]
	}
}

// foldSimple folds the beginning of s as far as each character folds for itself, and returns its
// length in bytes. The last character is left to foldUnit unless s ends there: a mark may follow.
func foldSimple(out *strings.Builder, s string) int {
	held, heldRune := 0, rune(-1) // the last character that was not yet written
	for i, r := range s {
		f, ok := simpleFold(r)
		if !ok {
			return held
		}
		if heldRune >= 0 {
			out.WriteRune(heldRune)
		}
		held, heldRune = i, f
	}
	if heldRune >= 0 {
		out.WriteRune(heldRune)
	}
	return len(s)
}

// simpleFold folds the commonest characters that fold to one character of as many bytes when
// nothing combining follows: ASCII, Hangul, kana, common Han, Thai letters, emoji.
func simpleFold(r rune) (rune, bool) {
	switch {
	case r >= 'A' && r <= 'Z':
		return r + 'a' - 'A', true
	case r < utf8.RuneSelf, r >= 0xAC00 && r <= 0xD7A3, r >= 0x4E00 && r <= 0x9FFF,
		r >= 0x3041 && r <= 0x3096, r >= 0x3001 && r <= 0x3011, r >= 0xE01 && r <= 0xE30, r == 0xE32,
		r >= 0xE40 && r <= 0xE46, r >= 0x1F300 && r <= 0x1FAFF, isLooseJamo(r):
		return r, true
	case r >= 0x30A1 && r <= 0x30F6: // katakana
		return r - 0x60, true
	}
	return 0, false
}

// unitLen is the length of the first piece of s that normalises by itself.
func unitLen(s string) int {
	r, size := utf8.DecodeRuneInString(s)
	if isLooseJamo(fullJamo(r)) {
		return size
	}
	n := norm.NFKC.NextBoundaryInString(s, true)
	if n <= 0 {
		n = len(s)
	}
	// To NFKC a loose vowel belongs to what stands before it.
	if i := strings.IndexFunc(s[:n], func(r rune) bool { return isLooseJamo(fullJamo(r)) }); i > 0 {
		n = i
	}
	return n
}

// foldUnit folds a piece that may hold marks and compatibility forms.
func foldUnit(s string) string {
	if r, size := utf8.DecodeRuneInString(s); size == len(s) && isLooseJamo(fullJamo(r)) {
		return string(fullJamo(r))
	}
	var out []rune
	base := rune(0)
	for _, r := range norm.NFKD.String(s) {
		if !unicode.Is(unicode.M, r) {
			base = r
		}
		if dropped(r, base) {
			continue
		}
		out = appendFolded(out, r)
	}
	return norm.NFC.String(string(out))
}

// dropped reports characters that make no difference to a reader who compares.
func dropped(r, base rune) bool {
	switch {
	case r < 0x80:
		return false
	case r >= 0x300 && r <= 0x36F:
		return unicode.Is(unicode.Latin, base)
	case r >= 0x591 && r <= 0x5C7, r >= 0x64B && r <= 0x65F, r == 0x670, r >= 0x6D6 && r <= 0x6DC:
		return unicode.Is(unicode.Mn, r)
	case r == 0x640, r >= 0xFE00 && r <= 0xFE0F:
		return true
	}
	return isInvisible(r) || unicode.Is(unicode.Cf, r)
}

func appendFolded(out []rune, r rune) []rune {
	switch r = unicode.ToLower(r); {
	case r >= 0x30A1 && r <= 0x30F6 || r == 0x30FD || r == 0x30FE: // katakana
		return append(out, r-0x60)
	case r < 0x80:
		return append(out, r)
	}
	switch r {
	case 'ß':
		return append(out, 's', 's')
	case 'æ':
		return append(out, 'a', 'e')
	case 'œ':
		return append(out, 'o', 'e')
	case 'ø':
		r = 'o'
	case 'ł':
		r = 'l'
	case 'đ':
		r = 'd'
	case 'ı':
		r = 'i'
	case 'ς':
		r = 'σ'
	}
	return append(out, r)
}

// isLooseJamo reports a Hangul consonant or vowel that stands for itself, as keyboards write it.
// NFKC would make parts of syllables of them, and 초성 could no longer be told from syllables.
func isLooseJamo(r rune) bool { return r >= 0x3131 && r <= 0x318E && r != 0x3164 }

// fullJamo makes half-width loose Hangul full-width: consonants lie side by side, vowels in
// groups of six.
func fullJamo(r rune) rune {
	switch {
	case r >= 0xFFA1 && r <= 0xFFBE:
		return r - 0xFFA1 + 0x3131
	case r >= 0xFFC2 && r <= 0xFFDC && (r-0xFFC2)%8 < 6:
		return (r-0xFFC2)/8*6 + (r-0xFFC2)%8 + 0x314F
	}
	return r
}

const leads = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"

// lead is the initial consonant of a Hangul syllable, and any other character itself.
func lead(r rune) rune {
	if r < 0xAC00 || r > 0xD7A3 {
		return r
	}
	r, _ = utf8.DecodeRuneInString(leads[(r-0xAC00)/588*3:])
	return r
}

// Initials replaces each Hangul syllable by its initial consonant (초성): 정국 becomes ㅈㄱ.
func Initials(s string) string { return strings.Map(lead, s) }
