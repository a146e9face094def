package web

import "strings"

// diffLine is a line of a comparison.
type diffLine struct {
	Kind diffKind
	Text string
}

type diffKind byte

const (
	diffSame diffKind = ' '
	diffOut  diffKind = '-'
	diffIn   diffKind = '+'
	diffSkip diffKind = '~' // equal lines that are left out
)

const (
	maxDiffCells = 1 << 20 // past it a change is shown as all out, all in
	diffContext  = 2       // equal lines shown around a change
)

// diffLines compares two texts line by line: the longest common subsequence, bounded in cost.
func diffLines(before, after string) []diffLine {
	a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	foot := 0
	for foot < len(a)-head && foot < len(b)-head && a[len(a)-1-foot] == b[len(b)-1-foot] {
		foot++
	}
	out := mark(nil, diffSame, a[:head])
	out = middle(out, a[head:len(a)-foot], b[head:len(b)-foot])
	return fold(mark(out, diffSame, a[len(a)-foot:]))
}

func mark(out []diffLine, kind diffKind, lines []string) []diffLine {
	for _, l := range lines {
		out = append(out, diffLine{kind, l})
	}
	return out
}

func middle(out []diffLine, a, b []string) []diffLine {
	if len(a) == 0 || len(b) == 0 || len(a)*len(b) > maxDiffCells {
		return mark(mark(out, diffOut, a), diffIn, b)
	}
	// common[i][j] is the length of the longest common subsequence of a[i:] and b[j:].
	width := len(b) + 1
	common := make([]int32, (len(a)+1)*width)
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i*width+j] = common[(i+1)*width+j+1] + 1
			} else {
				common[i*width+j] = max(common[(i+1)*width+j], common[i*width+j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			out = append(out, diffLine{diffSame, a[i]})
			i, j = i+1, j+1
		case common[(i+1)*width+j] >= common[i*width+j+1]:
			out = append(out, diffLine{diffOut, a[i]})
			i++
		default:
			out = append(out, diffLine{diffIn, b[j]})
			j++
		}
	}
	return mark(mark(out, diffOut, a[i:]), diffIn, b[j:])
}

// fold leaves out equal lines that are far from any change.
func fold(lines []diffLine) []diffLine {
	near := make([]bool, len(lines))
	for i, l := range lines {
		if l.Kind == diffSame {
			continue
		}
		for k := max(0, i-diffContext); k <= min(len(lines)-1, i+diffContext); k++ {
			near[k] = true
		}
	}
	var out []diffLine
	for i, l := range lines {
		switch {
		case near[i]:
			out = append(out, l)
		case len(out) == 0 || out[len(out)-1].Kind != diffSkip:
			out = append(out, diffLine{Kind: diffSkip})
		}
	}
	return out
}
