// Package markup turns untrusted text into safe HTML and into search tokens.
//
// It promises that whatever the input is, [Render] returns balanced HTML of a small fixed set of
// elements without script, style, foreign images or anything that contacts another host before a
// click; that it costs time in proportion to the length of the input; and that it never panics.
// For search it promises that a text in which a [Term] matches has all the tokens of that term.
//
// It never reads a clock, a file, a database or the network: what it must know of members, images
// and links it asks through [Options]. Its output is the same for every language.
package markup

import (
	"strings"

	"github.com/yuin/goldmark/text"
)

// Image is an image that we host.
type Image struct {
	Src           string // URL of the picture shown in the text
	Full          string // URL of the largest variant, where a click leads; empty means Src
	Srcset        string // value of the srcset attribute; may be empty
	Sizes         string // value of the sizes attribute; may be empty
	Width, Height int    // in pixels, so that the page can keep the place free; 0 is unknown
}

// Card is what is known of a page that a link leads to. It is untrusted: other sites wrote it.
type Card struct{ Title, Description, Site string }

// Options is what Render must ask of others. A nil function knows nothing.
// The functions are called at most maxLookups times each for one text.
type Options struct {
	// Image resolves the address of an image that we host. Anything else becomes a plain link.
	Image func(src string) (Image, bool)
	// Mention says whether there is a member with this handle (lower case, without the @).
	Mention func(handle string) bool
	// Card says what is known of the page at url. It must answer from memory or a store: a
	// foreign host is never asked while rendering.
	Card func(url string) (Card, bool)
	// ImageOff turns all images into links.
	ImageOff bool
}

// Document is a rendered text.
type Document struct {
	// HTML is safe to put into a page as it is. Links within the site that begin with "/-/" have
	// no language: pages put their own in place of the "-".
	HTML string
	// Text is the plain text, a line per block, without anything hidden as a spoiler: it is for
	// excerpts and snippets.
	Text string
	// Hidden is the plain text of the spoilers. Index it beside Text, but never show it.
	Hidden string
	// Mentions are the handles of the members mentioned, in order, each once.
	Mentions []string
	// Images are the addresses, as written, of the images that Options.Image resolved, each once.
	Images []string
	// Links are the addresses that stand alone in a paragraph, each once: candidates for a Card.
	Links []string
}

const (
	maxMarkup  = 128 << 10 // bytes; a longer text is shown as plain text
	maxLookups = 64        // calls of each function of Options for one text
	maxCards   = 10        // link cards in one text; the rest are plain links
)

// Render makes HTML of markdown. Invalid UTF-8, control characters and bidirectional overrides
// are dropped: [Clean] is there to refuse them. A text whose markup is too long or would cost too
// much time is shown as plain text with links.
func Render(src string, o Options) Document {
	b := []byte(scrub(src))
	w := &writer{o: o, src: b}
	if isPlain(b) || len(b) > maxMarkup || !affordable(b) {
		w.plain()
		return w.document()
	}
	w.src = capNesting(b)
	w.node(markdown().Parse(text.NewReader(w.src)))
	doc := w.document()
	doc.HTML = sanitiser().Sanitize(doc.HTML)
	return doc
}

// Quote is markdown that quotes a comment: who wrote it, then its text. Quotes and hidden blocks
// inside src are left out, so that quotes of quotes do not pile up and nothing hidden gets loose.
// An author written as "@handle" becomes a mention.
func Quote(author, src string) string {
	const maxLines, maxRunes = 12, 1000
	var out strings.Builder
	if author = strings.Join(strings.Fields(author), " "); author != "" {
		if end := mentionEnd([]byte(author), 0); author[0] != '@' || end != len(author) {
			author = escapeMarkdown(author)
		}
		out.WriteString("> " + author + ":\n")
	}
	lines, runes, bars := 0, 0, 0
	for line := range strings.SplitSeq(strings.TrimSpace(src), "\n") {
		if strings.HasPrefix(strings.TrimLeft(line, " \t"), ">") {
			continue
		}
		runes += Length(line)
		if lines++; lines > maxLines || runes > maxRunes {
			line = "…"
		}
		bars += strings.Count(line, "||")
		out.WriteString("> " + line)
		if line == "…" {
			break
		}
		out.WriteByte('\n')
	}
	quoted := strings.TrimRight(out.String(), "\n")
	if bars%2 != 0 { // the end of a spoiler was cut off
		quoted += "||"
	}
	return quoted + "\n\n"
}

// escapeMarkdown makes s mean itself.
func escapeMarkdown(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if isPunct(s[i]) {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
