package markup_test

import (
	"errors"
	"strings"
	"testing"

	"lightstick/internal/markup"
)

func TestClean(t *testing.T) {
	for name, c := range map[string]struct {
		in        string
		multiline bool
		want      string
		err       error
	}{
		"plain":            {"안녕", false, "안녕", nil},
		"NFC":              {"\u1112\u1161\u11ab e\u0301", false, "한 é", nil},
		"ends":             {" \u3000\ufeff\u200b a b \u200d\n", false, "a b", nil},
		"white space":      {"a \u3000 \u00a0b", false, "a b", nil},
		"lines":            {"a\r\nb\rc\n\n\td\u2028e\n", true, "a\nb\nc\n\n\td\ne", nil},
		"line in one line": {"a\nb", false, "", markup.ErrControl},
		"tab in one line":  {"a\tb", false, "", markup.ErrControl},
		"control":          {"a\x00b", true, "", markup.ErrControl},
		"escape":           {"a\x1b[1m", true, "", markup.ErrControl},
		"C1":               {"a\u0085b", true, "", markup.ErrControl},
		"UTF-8":            {"a\xff", true, "", markup.ErrUTF8},
		"surrogate":        {"\xed\xa0\x80", true, "", markup.ErrUTF8},
		"override":         {"a\u202eb", true, "", markup.ErrBidi},
		"isolate":          {"a\u2067b", false, "", markup.ErrBidi},
		"family":           {"👨‍👩‍👧", false, "👨‍👩‍👧", nil},
		"heart":            {"❤️", false, "❤️", nil},
		"Persian":          {"می\u200cخواهم", false, "می\u200cخواهم", nil},
		"nothing":          {" \u200b\u3164\u2800 ", true, "", nil},
		"only marks":       {"\u0301\u200f\ufe0f", true, "", nil},
		"Thai":             {"น้ำ", false, "น้ำ", nil},
	} {
		got, err := markup.Clean(c.in, c.multiline)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: Clean(%q) = %q, %v; want %q, %v", name, c.in, got, err, c.want, c.err)
		}
	}
}

func TestExcerpt(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		max  int
		want string
	}{
		"short":    {"a b", 3, "a b"},
		"space":    {" a\n\n b ", 10, "a b"},
		"word":     {"hello brave world", 13, "hello brave…"},
		"at space": {"hello brave world", 12, "hello brave…"},
		"no word":  {"안녕하세요여러분", 5, "안녕하세…"},
		"family":   {"가👨‍👩‍👧나다", 5, "가…"},
		"flag":     {"🇰🇷🇯🇵🇮🇩", 4, "🇰🇷…"},
		"Thai":     {"น้ำน้ำน้ำ", 5, "น้ำ…"},
		"none":     {"abc", 0, ""},
		"one":      {"abc", 1, "…"},
	} {
		if got := markup.Excerpt(c.in, c.max); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	for n := range 40 {
		if got := markup.Excerpt(strings.Repeat("e\u0301 👨‍👩‍👧 한글 word ", 9), n); markup.Length(got) > n {
			t.Errorf("Excerpt to %d: %q", n, got)
		}
	}
}
