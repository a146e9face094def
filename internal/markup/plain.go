package markup

import (
	"bytes"
	"strings"
)

// isPlain reports texts in which the parser would find nothing but paragraphs, line breaks,
// addresses and mentions: most comments. For them the parser and the sanitiser are skipped.
// It may say no to a plain text, never yes to another one; a fuzz test holds it to that.
func isPlain(src []byte) bool {
	for line := range bytes.SplitSeq(src, []byte("\n")) {
		if !plainStart(line) || !plainLine(line) {
			return false
		}
	}
	return true
}

// plainStart reports whether a line begins no block but a paragraph.
func plainStart(line []byte) bool {
	rest := bytes.TrimLeft(line, " ")
	if len(line)-len(rest) > 3 || len(rest) > 0 && rest[0] == '\t' {
		return false
	}
	if len(rest) == 0 {
		return true
	}
	switch c := rest[0]; {
	case c == '>' || c == '-' || c == '+' || c == '=':
		return false
	case c == ':':
		return len(rest) < 2 || rest[1] != '-'
	case c == '#':
		rest = bytes.TrimLeft(rest, "#")
		return len(rest) > 0 && rest[0] != ' ' && rest[0] != '\t'
	case c >= '0' && c <= '9':
		rest = bytes.TrimLeft(rest, "0123456789")
		return len(rest) == 0 || rest[0] != '.' && rest[0] != ')'
	}
	return true
}

// plainLine reports whether there is no inline markup in a line but addresses and mentions.
func plainLine(line []byte) bool {
	for i, low := 0, 0; i < len(line); i++ {
		next := byte(0)
		if i+1 < len(line) {
			next = line[i+1]
		}
		switch line[i] {
		case '\\', '*', '_', '`', '|', '[', ']':
			return false
		case '~':
			if next == '~' {
				return false
			}
		case '<':
			if next != ' ' && bytes.IndexByte(line[i:], '>') >= 0 {
				return false
			}
		case '&':
			if next == '#' || isAlnum(next) {
				return false
			}
		case ':':
			if _, end, ok := urlAt(line, low, i); ok {
				i, low = end-1, end
			}
		case '@':
			if end := mentionEnd(line, i); end > 0 {
				i, low = end-1, end
			}
		}
	}
	return true
}

// plain writes the source as paragraphs, line breaks, addresses and mentions.
func (w *writer) plain() {
	var paragraph [][]byte
	for line := range bytes.SplitSeq(w.src, []byte("\n")) {
		if line = bytes.Trim(line, " \t"); len(line) > 0 {
			paragraph = append(paragraph, line)
			continue
		}
		w.plainParagraph(paragraph)
		paragraph = paragraph[:0]
	}
	w.plainParagraph(paragraph)
}

func (w *writer) plainParagraph(lines [][]byte) {
	if len(lines) == 0 {
		return
	}
	w.gap()
	if len(lines) == 1 {
		if start, end, ok := urlAt(lines[0], 0, max(0, bytes.IndexByte(lines[0], ':'))); ok &&
			start == 0 && end == len(lines[0]) && w.card(string(lines[0])) {
			return
		}
	}
	w.html.WriteString("<p>")
	for i, line := range lines {
		if i > 0 {
			w.lineBreak()
		}
		w.plainSpans(line)
	}
	w.html.WriteString("</p>")
}

func (w *writer) plainSpans(line []byte) {
	low := 0
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case ':':
			if start, end, ok := urlAt(line, low, i); ok {
				w.text(string(line[low:start]))
				w.address(string(line[start:end]))
				i, low = end-1, end
			}
		case '@':
			if end := mentionEnd(line, i); end > 0 {
				w.text(string(line[low:i]))
				w.mention(strings.TrimPrefix(string(line[i:end]), "@"))
				i, low = end-1, end
			}
		}
	}
	w.text(string(line[low:]))
}
