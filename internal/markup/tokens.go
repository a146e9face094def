package markup

import (
	"unicode"
	"unicode/utf8"
)

// maxWord is the length of the longest word token in code points; a longer word is known by its
// beginning.
const maxWord = 40

// class is what a character is to the search.
type class uint8

const (
	classNone   class = iota // white space, punctuation, symbols: between words
	classMark                // a mark: belongs to the letter before it, and is not indexed
	classWord                // letters and digits of scripts that put spaces between words
	classHangul              // syllables and loose consonants and vowels
	classHan                 // Han and kana
	classDense               // Thai, Lao, Khmer, Burmese: no spaces between words
)

// classOf is the class of a folded character.
func classOf(r rune) class {
	switch {
	case r < utf8.RuneSelf:
		if isAlnum(byte(r)) {
			return classWord
		}
		return classNone
	case r >= 0xAC00 && r <= 0xD7A3, isLooseJamo(r):
		return classHangul
	case r >= 0x4E00 && r <= 0x9FFF:
		return classHan
	case unicode.Is(unicode.M, r):
		return classMark
	case unicode.IsDigit(r):
		return classWord
	case !unicode.IsLetter(r):
		return classNone
	case unicode.Is(unicode.Hangul, r):
		return classHangul
	case r == 0x30FC, unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo):
		return classHan
	case unicode.In(r, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
		return classDense
	}
	return classWord
}

// Tokens are the words under which texts are found, each once, in order of appearance. They hold
// only letters and digits, so they are safe inside a full-text query of either database.
//
//   - Words of Latin and other scripts with spaces: folded, at most 40 code points.
//   - Hangul, Han, kana, Thai and the like: every character and every pair of neighbours, so that
//     a name of one or two syllables is found inside a sentence.
//   - Hangul also by initial consonants (초성): every two and three neighbours. A single initial
//     is no token; it would find nearly everything.
//
// A text of n characters has at most 4n tokens.
func Tokens(texts ...string) []string {
	t := tokenizer{seen: map[string]struct{}{}}
	for _, text := range texts {
		eachRun(Fold(text), func(c class, run []rune) { t.index(c, run) })
	}
	return t.tokens
}

// eachRun calls f for each run of characters of one class in a folded text, without its marks.
// The run is only lent to f.
func eachRun(folded string, f func(c class, run []rune)) {
	var run []rune
	in := classNone
	for _, r := range folded {
		c := classOf(r)
		if c == classMark {
			continue
		}
		if c != in && len(run) > 0 {
			f(in, run)
			run = run[:0]
		}
		if in = c; c != classNone {
			run = append(run, r)
		}
	}
	if len(run) > 0 {
		f(in, run)
	}
}

// tokenizer gathers tokens, each once.
type tokenizer struct {
	seen   map[string]struct{}
	tokens []string
	buf    []byte
}

func (t *tokenizer) add(run []rune) {
	t.buf = t.buf[:0]
	for _, r := range run {
		t.buf = utf8.AppendRune(t.buf, r)
	}
	if _, ok := t.seen[string(t.buf)]; ok {
		return
	}
	token := string(t.buf)
	t.seen[token] = struct{}{}
	t.tokens = append(t.tokens, token)
}

// grams adds all neighbours of n characters.
func (t *tokenizer) grams(run []rune, n int) {
	for i := 0; i+n <= len(run); i++ {
		t.add(run[i : i+n])
	}
}

func (t *tokenizer) index(c class, run []rune) {
	switch c {
	case classWord:
		t.add(run[:min(len(run), maxWord)])
	case classHangul:
		eachSyllables(run, func(loose bool, part []rune) {
			if !loose {
				t.grams(part, 1)
				t.grams(part, 2)
			}
		})
		for i, r := range run {
			run[i] = lead(r)
		}
		t.grams(run, 2)
		t.grams(run, 3)
	default:
		t.grams(run, 1)
		t.grams(run, 2)
	}
}

// query adds the tokens that a text must have to contain the run.
func (t *tokenizer) query(c class, run []rune) {
	switch c {
	case classWord:
		t.add(run[:min(len(run), maxWord)])
	case classHangul:
		eachSyllables(run, func(loose bool, part []rune) {
			if loose {
				t.grams(part, min(max(len(part), 2), 3))
			} else {
				t.grams(part, min(len(part), 2))
			}
		})
	default:
		t.grams(run, min(len(run), 2))
	}
}

// eachSyllables parts a run of Hangul into syllables and loose letters.
func eachSyllables(run []rune, f func(loose bool, part []rune)) {
	for start := 0; start < len(run); {
		loose, end := isLoose(run[start]), start+1
		for end < len(run) && isLoose(run[end]) == loose {
			end++
		}
		f(loose, run[start:end])
		start = end
	}
}

// isLoose reports Hangul that is not a whole syllable.
func isLoose(r rune) bool { return r < 0xAC00 || r > 0xD7A3 }
