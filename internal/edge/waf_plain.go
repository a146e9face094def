package edge

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The rules know attacks in ASCII and take other bytes for what they may have been in some old
// code page: the Thai letter ก holds 0xA0, once a space, so every fourteenth Thai sentence looked
// like SQL. They get texts in which a letter of another script is just a letter.

// plain replaces what is beyond ASCII: forms of ASCII (fullwidth "＜") by what they are forms of, blanks by a
// space, everything else by the letter w. Bytes that are no UTF-8 stay for the rules to see.
func plain(s string) string {
	if isASCII(s) || !utf8.ValidString(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r < utf8.RuneSelf:
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return 'w'
	}, norm.NFKC.String(s))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// plainURI is a request target whose query is plain. It is the one that was sent when that says
// the same, so that odd encodings stay visible.
func plainURI(u *url.URL) string {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return u.RequestURI()
	}
	changed := false
	for name, values := range query {
		for i, v := range values {
			if p := plain(v); p != v {
				values[i], changed = p, true
			}
		}
		if p := plain(name); p != name {
			delete(query, name)
			query[p], changed = append(query[p], values...), true
		}
	}
	if !changed {
		return u.RequestURI()
	}
	return u.EscapedPath() + "?" + query.Encode()
}
