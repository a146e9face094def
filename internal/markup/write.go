package markup

import (
	"bufio"
	"bytes"
	"html"
	"slices"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	table "github.com/yuin/goldmark/extension/ast"
	gmhtml "github.com/yuin/goldmark/renderer/html"
)

// writer makes the document in one walk over the parsed text.
type writer struct {
	o   Options
	src []byte

	html, shown, hidden strings.Builder
	doc                 Document

	spoilers int  // spoilers that are open: text goes to hidden
	depth    int  // quotes, lists and emphasis that are open
	inLink   bool // links do not nest
	cards    int
	members  map[string]bool  // answers of Options.Mention
	images   map[string]Image // answers of Options.Image
	lookups  int              // questions to Options.Image
}

func (w *writer) document() Document {
	w.doc.HTML = w.html.String()
	w.doc.Text = strings.TrimSpace(w.shown.String())
	w.doc.Hidden = strings.TrimSpace(w.hidden.String())
	return w.doc
}

// sink is where plain text goes now.
func (w *writer) sink() *strings.Builder {
	if w.spoilers > 0 {
		return &w.hidden
	}
	return &w.shown
}

// gap ends the line of plain text before a block.
func (w *writer) gap() {
	b := w.sink()
	if s := b.String(); s != "" && s[len(s)-1] != '\n' {
		b.WriteByte('\n')
	}
}

func (w *writer) text(s string) {
	w.html.WriteString(html.EscapeString(s))
	w.sink().WriteString(s)
}

func (w *writer) lineBreak() {
	w.html.WriteString("<br>")
	w.sink().WriteByte('\n')
}

// attr writes an attribute of the tag that is open.
func (w *writer) attr(name, value string) {
	w.html.WriteString(" " + name + `="` + html.EscapeString(value) + `"`)
}

// openLink writes the tag of a link that a member wrote.
func (w *writer) openLink(l link) {
	w.html.WriteString("<a")
	w.attr("href", l.href)
	w.attr("rel", rel)
	w.html.WriteByte('>')
}

// address writes a bare address.
func (w *writer) address(raw string) {
	l, ok := parseLink(raw)
	if !ok || w.inLink {
		w.text(raw)
		return
	}
	w.openLink(l)
	w.text(raw)
	w.html.WriteString("</a>")
}

func (w *writer) mention(handle string) {
	name := strings.ToLower(handle)
	if w.inLink || !w.isMember(name) {
		w.text("@" + handle)
		return
	}
	if !slices.Contains(w.doc.Mentions, name) {
		w.doc.Mentions = append(w.doc.Mentions, name)
	}
	w.html.WriteString(`<a class="mention" href="/-/u/` + name + `">`)
	w.text("@" + handle)
	w.html.WriteString("</a>")
}

func (w *writer) isMember(name string) bool {
	known, ok := w.members[name]
	if ok || w.o.Mention == nil || len(w.members) >= maxLookups {
		return known
	}
	if w.members == nil {
		w.members = map[string]bool{}
	}
	w.members[name] = w.o.Mention(name)
	return w.members[name]
}

// card writes an address that stands alone as a link card. It reports false when it is not to
// be one.
func (w *writer) card(raw string) bool {
	l, ok := parseLink(raw)
	if !ok || w.cards >= maxCards {
		return false
	}
	w.cards++
	if !slices.Contains(w.doc.Links, l.href) {
		w.doc.Links = append(w.doc.Links, l.href)
	}
	c := Card{}
	if w.o.Card != nil {
		if known, ok := w.o.Card(l.href); ok {
			c = known
		}
	}
	w.html.WriteString(`<a class="card"`)
	w.attr("href", l.href)
	w.attr("rel", rel)
	if l.youtube != "" {
		w.attr("data-youtube", l.youtube)
	}
	w.html.WriteByte('>')
	w.cardPart("card-site", c.Site, l.host)
	w.cardPart("card-title", c.Title, l.shown())
	w.cardPart("card-text", c.Description, "")
	w.html.WriteString("</a>")
	w.sink().WriteString(raw)
	return true
}

func (w *writer) cardPart(class, value, otherwise string) {
	const longest = 200
	if value = Excerpt(scrub(value), longest); value == "" {
		value = otherwise
	}
	if value != "" {
		w.html.WriteString(`<span class="` + class + `">` + html.EscapeString(value) + "</span>")
	}
}

// image writes an image of ours, or a link to anybody else's.
func (w *writer) image(src, alt string) {
	if img, ok := w.resolve(src); ok {
		w.ownImage(img, alt)
		return
	}
	if alt == "" {
		alt = src
	}
	l, ok := parseLink(src)
	if !ok || w.inLink {
		w.text(alt)
		return
	}
	w.openLink(l)
	w.text(alt)
	w.html.WriteString("</a>")
}

func (w *writer) resolve(src string) (Image, bool) {
	if img, ok := w.images[src]; ok {
		return img, true
	}
	if w.o.Image == nil || w.o.ImageOff || w.lookups >= maxLookups {
		return Image{}, false
	}
	w.lookups++
	img, ok := w.o.Image(src)
	if !ok {
		return Image{}, false
	}
	if w.images == nil {
		w.images = map[string]Image{}
	}
	w.images[src] = img
	w.doc.Images = append(w.doc.Images, src)
	return img, true
}

func (w *writer) ownImage(img Image, alt string) {
	if img.Full == "" {
		img.Full = img.Src
	}
	anchor := !w.inLink
	if anchor {
		w.html.WriteString("<a")
		w.attr("href", img.Full)
		w.html.WriteString(` class="image">`)
	}
	w.html.WriteString("<img")
	w.attr("src", img.Src)
	if img.Srcset != "" {
		w.attr("srcset", img.Srcset)
	}
	if img.Sizes != "" {
		w.attr("sizes", img.Sizes)
	}
	if img.Width > 0 && img.Height > 0 {
		w.attr("width", strconv.Itoa(img.Width))
		w.attr("height", strconv.Itoa(img.Height))
	}
	w.attr("alt", alt)
	w.html.WriteString(` loading="lazy" decoding="async">`)
	if anchor {
		w.html.WriteString("</a>")
	}
	w.sink().WriteString(alt)
}

// node writes a block and what is in it.
func (w *writer) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.Document:
		w.children(n)
	case *ast.Paragraph:
		w.paragraph(n)
	case *ast.TextBlock:
		w.gap()
		w.children(n)
	case *ast.Heading: // the page itself has h1 and h2
		w.element("h"+strconv.Itoa(min(n.Level+2, 6)), n)
	case *ast.Blockquote:
		w.nested("<blockquote>", "</blockquote>", n)
	case *ast.List:
		w.list(n)
	case *ast.ListItem:
		w.listItem(n)
	case *block:
		w.spoilerBlock(n)
	case *ast.ThematicBreak:
		w.html.WriteString("<hr>")
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		w.code(n)
	case *table.Table:
		w.table(n)
	default:
		w.inline(n)
	}
}

func (w *writer) children(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		w.node(c)
	}
}

// element writes a block with inline children.
func (w *writer) element(tag string, n ast.Node) {
	w.gap()
	w.html.WriteString("<" + tag + ">")
	w.children(n)
	w.html.WriteString("</" + tag + ">")
}

// nested writes children between tags, or without them when too many are open already.
func (w *writer) nested(open, end string, n ast.Node) {
	flat := w.depth >= maxNesting
	w.depth++
	if !flat {
		w.html.WriteString(open)
	}
	w.children(n)
	if !flat {
		w.html.WriteString(end)
	}
	w.depth--
}

func (w *writer) paragraph(n *ast.Paragraph) {
	w.gap()
	only, ok := n.FirstChild().(*span)
	if ok && only.kind == kindAddress && only.NextSibling() == nil &&
		n.Parent().Kind() == ast.KindDocument && w.card(string(only.source)) {
		return
	}
	w.element("p", n)
}

func (w *writer) list(n *ast.List) {
	open, end := "<ul>", "</ul>"
	if n.IsOrdered() {
		open, end = "<ol>", "</ol>"
		if n.Start != 1 {
			open = `<ol start="` + strconv.Itoa(n.Start) + `">`
		}
	}
	w.nested(open, end, n)
}

func (w *writer) listItem(n *ast.ListItem) {
	// The list above has counted this level: an item too deep has no list to be in.
	if w.depth > maxNesting {
		w.children(n)
		return
	}
	w.html.WriteString("<li>")
	w.children(n)
	w.html.WriteString("</li>")
}

// spoilerBlock hides its children in a details element. Its summary is an eye: screen readers
// say "eye" in the language of their user.
func (w *writer) spoilerBlock(n *block) {
	w.spoilers++
	w.gap()
	depth := w.depth
	if w.spoilers == 1 { // however deep, it must be hidden
		w.depth = 0
	}
	w.nested(`<details class="spoiler"><summary>👁</summary>`, "</details>", n)
	w.depth = depth
	w.spoilers--
}

func (w *writer) code(n ast.Node) {
	w.gap()
	w.html.WriteString("<pre><code>")
	lines := n.Lines()
	for i := range lines.Len() {
		line := lines.At(i)
		w.text(string(line.Value(w.src)))
	}
	w.html.WriteString("</code></pre>")
}

func (w *writer) table(n *table.Table) {
	w.html.WriteString("<table>")
	body := false
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		w.gap()
		if _, head := row.(*table.TableHeader); head {
			w.html.WriteString("<thead>")
			w.row("th", row)
			w.html.WriteString("</thead>")
			continue
		}
		if !body {
			w.html.WriteString("<tbody>")
			body = true
		}
		w.row("td", row)
	}
	if body {
		w.html.WriteString("</tbody>")
	}
	w.html.WriteString("</table>")
}

func (w *writer) row(tag string, row ast.Node) {
	w.html.WriteString("<tr>")
	for c := row.FirstChild(); c != nil; c = c.NextSibling() {
		w.html.WriteString("<" + tag)
		if cell, ok := c.(*table.TableCell); ok && cell.Alignment != table.AlignNone {
			w.attr("class", cell.Alignment.String())
		}
		w.html.WriteByte('>')
		w.children(c)
		w.html.WriteString("</" + tag + ">")
		w.sink().WriteByte(' ')
	}
	w.html.WriteString("</tr>")
}

func (w *writer) inline(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		w.text(w.decode(n.Segment.Value(w.src)))
		if n.SoftLineBreak() || n.HardLineBreak() {
			w.lineBreak()
		}
	case *ast.CodeSpan:
		w.html.WriteString("<code>")
		w.text(w.raw(n))
		w.html.WriteString("</code>")
	case *ast.Emphasis:
		if n.Level == 2 {
			w.nested("<strong>", "</strong>", n)
		} else {
			w.nested("<em>", "</em>", n)
		}
	case *ast.Link:
		w.link(n)
	case *ast.Image:
		w.image(w.decode(n.Destination), w.alt(n))
	case *ast.AutoLink:
		w.address(string(n.Label(w.src)))
	case *span:
		w.span(n)
	default: // a kind of node that we do not know: its text is all we trust
		w.children(n)
	}
}

func (w *writer) span(n *span) {
	switch n.kind {
	case kindAddress:
		w.address(string(n.source))
	case kindMention:
		w.mention(string(n.source[1:]))
	case kindStrike:
		w.nested("<del>", "</del>", n)
	case kindSpoiler:
		w.spoilers++
		if w.spoilers == 1 {
			w.html.WriteString(`<span class="spoiler" tabindex="0">`)
		}
		w.children(n)
		if w.spoilers == 1 {
			w.html.WriteString("</span>")
		}
		w.hidden.WriteByte(' ')
		w.spoilers--
	}
}

func (w *writer) link(n *ast.Link) {
	l, ok := parseLink(w.decode(n.Destination))
	if !ok || w.inLink {
		w.children(n)
		return
	}
	w.inLink = true
	w.openLink(l)
	w.children(n)
	w.html.WriteString("</a>")
	w.inLink = false
}

// raw is the source of a code span on one line.
func (w *writer) raw(n ast.Node) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Segment.Value(w.src))
		}
	}
	return strings.ReplaceAll(b.String(), "\n", " ")
}

// alt is the text of an image, without markup.
func (w *writer) alt(n ast.Node) string {
	var b strings.Builder
	_ = ast.Walk(n, func(c ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch c := c.(type) {
		case *ast.Text:
			b.WriteString(w.decode(c.Segment.Value(w.src)))
			if c.SoftLineBreak() || c.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *span:
			b.Write(c.source)
		}
		return ast.WalkContinue, nil
	})
	return strings.TrimSpace(b.String())
}

// decode resolves backslashes and character references. What they stand for is scrubbed again:
// &#x202E; must not bring in what the source may not contain.
func (w *writer) decode(b []byte) string {
	if bytes.IndexByte(b, '\\') < 0 && bytes.IndexByte(b, '&') < 0 {
		return string(b)
	}
	var out bytes.Buffer
	buf := bufio.NewWriter(&out)
	gmhtml.DefaultWriter.Write(buf, b)
	_ = buf.Flush() // a bytes.Buffer takes everything
	return scrub(html.UnescapeString(out.String()))
}

func isPunct(c byte) bool {
	return c > ' ' && c < 0x7F && !isAlnum(c)
}
