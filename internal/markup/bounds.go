package markup

import "bytes"

const (
	maxNesting = 16       // levels of quotes, lists and emphasis; deeper ones are shown flat
	maxCells   = 20_000   // cells of tables in one text
	maxWork    = 32 << 20 // steps of the parser at worst, a few nanoseconds each
)

// affordable reports whether the parser is sure to be done in time. Inside a block its worst
// case is one scan of the block for each mark; a table makes a cell for every column in every
// row, however short the row; a blank line costs the square of the depth of the lists it may
// stand in. All that is counted here beforehand, in one pass, and from above.
func affordable(src []byte) bool {
	work, cells, size, marks, columns, depth := 0, 0, 0, 0, 0, maxNesting
	for len(src) > 0 {
		line := src
		if i := bytes.IndexByte(src, '\n'); i >= 0 {
			line = src[:i]
			src = src[i+1:]
		} else {
			src = nil
		}
		if rest := bytes.TrimLeft(line, " \t"); len(rest) > 0 {
			indent := line[:len(line)-len(rest)] // two columns a level, four a tab
			depth = max(depth, maxNesting+len(indent)/2+2*bytes.Count(indent, []byte("\t")))
		} else {
			work += depth * depth
		}
		if startsBlock(line) {
			work += size * marks
			size, marks, columns = 0, 0, 0
		}
		size += len(line) + 1
		marks += countMarks(line)
		columns += tableColumns(line)
		if cells += columns; cells > maxCells || work+size*marks > maxWork {
			return false
		}
	}
	return true
}

// startsBlock reports lines that no paragraph reaches across: blank ones and bullets.
func startsBlock(line []byte) bool {
	rest := bytes.TrimLeft(line, " \t")
	if len(rest) == 0 {
		return true
	}
	indent := len(line) - len(rest)
	if indent > 3 || bytes.IndexByte(line[:indent], '\t') >= 0 || len(rest) < 3 {
		return false
	}
	return (rest[0] == '-' || rest[0] == '+' || rest[0] == '*') && rest[1] == ' ' && len(bytes.TrimSpace(rest[2:])) > 0
}

// countMarks counts the characters at which the parser may look ahead or back.
func countMarks(line []byte) int {
	n := 0
	for _, c := range line {
		switch c {
		case '*', '_', '~', '|', '[', ']', '`', '<', '&', '(', '"', '\'':
			n++
		}
	}
	return n
}

// tableColumns is how many columns a line would give a table as its second line, or 0.
func tableColumns(line []byte) int {
	dash := false
	for _, c := range line {
		switch c {
		case '-':
			dash = true
		case ' ', '\t', '|', ':', '>', '!', '*', '+':
		default:
			return 0
		}
	}
	if !dash {
		return 0
	}
	return bytes.Count(line, []byte("|")) + 1
}

// capNesting puts a backslash before the first quote or list mark of a line that is nested too
// deep, so that the parser takes the rest of the line for text.
func capNesting(src []byte) []byte {
	var out []byte
	done := 0
	for start := 0; start < len(src); {
		end := start + bytes.IndexByte(src[start:], '\n') + 1
		if end == start {
			end = len(src)
		}
		if at := deepMark(src[start:end]); at >= 0 {
			out = append(append(out, src[done:start+at]...), '\\')
			done = start + at
		}
		start = end
	}
	if out == nil {
		return src
	}
	return append(out, src[done:]...)
}

// deepMark is where the mark of the level after the last allowed one stands in line, or -1.
func deepMark(line []byte) int {
	if isRule(line) {
		return -1
	}
	for i, depth := 0, 0; i < len(line); depth++ {
		for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
			i++
		}
		mark := markAt(line, i)
		if mark < 0 || depth == maxNesting {
			return mark
		}
		i = mark + 1
		if line[mark] == '>' && i < len(line) && line[i] == '!' {
			i++
		}
	}
	return -1
}

// markAt is where the mark of the quote, spoiler or list item that begins at line[i] stands
// (behind the digits in an ordered list), or -1 when none begins there.
func markAt(line []byte, i int) int {
	if i < len(line) && line[i] == '>' {
		return i
	}
	mark := i
	for mark < len(line) && line[mark] >= '0' && line[mark] <= '9' {
		mark++
	}
	if mark >= len(line) {
		return -1
	}
	switch c := line[mark]; {
	case mark == i && (c == '-' || c == '+' || c == '*'), mark > i && (c == '.' || c == ')'):
	default:
		return -1
	}
	if mark+1 < len(line) && line[mark+1] != ' ' && line[mark+1] != '\t' && line[mark+1] != '\n' {
		return -1
	}
	return mark
}

// isRule reports a line of one repeated mark: a horizontal rule, not a list.
func isRule(line []byte) bool {
	mark := byte(0)
	for _, c := range line {
		switch {
		case c == ' ' || c == '\t' || c == '\n':
		case mark == 0 && (c == '-' || c == '*'):
			mark = c
		case c != mark:
			return false
		}
	}
	return mark != 0
}
