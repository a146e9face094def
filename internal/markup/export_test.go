package markup

import (
	"strings"

	"github.com/yuin/goldmark/text"
)

// FoldSlowly is Fold without the short way for common characters.
func FoldSlowly(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	var out strings.Builder
	for s != "" {
		n := unitLen(s)
		out.WriteString(foldUnit(s[:n]))
		s = s[n:]
	}
	return out.String()
}

// BothWays renders a plain text by the short way and by the parser; ok is false if src is not
// plain.
func BothWays(src string, o Options) (short, long Document, ok bool) {
	b := []byte(scrub(src))
	if !isPlain(b) {
		return Document{}, Document{}, false
	}
	w := &writer{o: o, src: b}
	w.node(markdown().Parse(text.NewReader(b)))
	long = w.document()
	long.HTML = Sanitise(long.HTML)
	return Render(src, o), long, true
}
