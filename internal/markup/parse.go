package markup

import (
	"sync"
	"unicode"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// markdown is CommonMark without raw HTML, with tables, strikethrough, spoilers, mentions and
// bare addresses. The parser is safe for concurrent use.
var markdown = sync.OnceValue(func() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewSetextHeadingParser(), 100),
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(parser.NewListParser(), 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(spoilerParser{parser.NewBlockquoteParser()}, 790),
			util.Prioritized(quoteParser{parser.NewBlockquoteParser()}, 800),
			util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithInlineParsers(
			util.Prioritized(parser.NewCodeSpanParser(), 100),
			util.Prioritized(parser.NewLinkParser(), 200),
			util.Prioritized(parser.NewAutoLinkParser(), 300),
			util.Prioritized(addressParser{}, 400),
			util.Prioritized(mentionParser{}, 410),
			util.Prioritized(emphasisParser{}, 500),
		),
		parser.WithParagraphTransformers(
			util.Prioritized(parser.LinkReferenceParagraphTransformer, 100),
			util.Prioritized(extension.NewTableParagraphTransformer(), 200),
		),
		parser.WithASTTransformers(
			util.Prioritized(extension.NewTableASTTransformer(), 0),
		),
	)
})

// The kinds of node that CommonMark does not have.
var (
	kindSpoiler      = ast.NewNodeKind("Spoiler")
	kindSpoilerBlock = ast.NewNodeKind("SpoilerBlock")
	kindStrike       = ast.NewNodeKind("Strike")
	kindAddress      = ast.NewNodeKind("Address")
	kindMention      = ast.NewNodeKind("Mention")
)

// span is an inline node: a spoiler or strikethrough with children, or an address or mention
// with its source.
type span struct {
	ast.BaseInline
	kind   ast.NodeKind
	source []byte
}

func (n *span) Kind() ast.NodeKind             { return n.kind }
func (n *span) Dump(source []byte, level int)  { ast.DumpHelper(n, source, level, nil, nil) }
func (n *block) Kind() ast.NodeKind            { return kindSpoilerBlock }
func (n *block) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// block is a hidden block.
type block struct{ ast.BaseBlock }

// spoilerParser takes lines that begin with ">!". The embedded parser lends it the manners of a
// quote: what it may interrupt, how it closes.
type spoilerParser struct{ parser.BlockParser }

func (p spoilerParser) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	if p.Continue(nil, r, pc) == parser.Close {
		return nil, parser.NoChildren
	}
	return &block{}, parser.HasChildren
}

func (spoilerParser) Continue(_ ast.Node, r text.Reader, _ parser.Context) parser.State {
	pos, ok := spoilerMark(r)
	if !ok {
		return parser.Close
	}
	line, _ := r.PeekLine()
	r.Advance(pos + 2)
	if pos+2 < len(line) && (line[pos+2] == ' ' || line[pos+2] == '\t') {
		padding := 0
		if line[pos+2] == '\t' {
			padding = util.TabWidth(r.LineOffset()) - 1
		}
		r.AdvanceAndSetPadding(1, padding)
	}
	return parser.Continue | parser.HasChildren
}

// spoilerMark is where ">!" stands in the current line, if the line begins with it.
func spoilerMark(r text.Reader) (int, bool) {
	line, _ := r.PeekLine()
	width, pos := util.IndentWidth(line, r.LineOffset())
	return pos, width <= 3 && pos+1 < len(line) && line[pos] == '>' && line[pos+1] == '!'
}

// quoteParser ends a quote where a spoiler begins; otherwise the hidden text would be quoted in
// the open.
type quoteParser struct{ parser.BlockParser }

func (p quoteParser) Continue(n ast.Node, r text.Reader, pc parser.Context) parser.State {
	if _, ok := spoilerMark(r); ok {
		return parser.Close
	}
	return p.BlockParser.Continue(n, r, pc)
}

// addressParser finds bare addresses. The parser stops at punctuation only, so it is called at
// the colon and takes the scheme back from the text before it.
type addressParser struct{}

func (addressParser) Trigger() []byte { return []byte{':'} }

func (addressParser) Parse(parent ast.Node, r text.Reader, _ parser.Context) ast.Node {
	before, ok := parent.LastChild().(*ast.Text)
	_, at := r.PeekLine()
	if !ok || before.Segment.Stop != at.Start || before.SoftLineBreak() || before.HardLineBreak() {
		return nil
	}
	source := r.Source()
	start, end, ok := urlAt(source[:at.Stop], before.Segment.Start, at.Start)
	if !ok {
		return nil
	}
	if before.Segment = before.Segment.WithStop(start); before.Segment.IsEmpty() {
		parent.RemoveChild(parent, before)
	}
	r.Advance(end - at.Start)
	return &span{kind: kindAddress, source: source[start:end]}
}

type mentionParser struct{}

func (mentionParser) Trigger() []byte { return []byte{'@'} }

func (mentionParser) Parse(_ ast.Node, r text.Reader, _ parser.Context) ast.Node {
	_, at := r.PeekLine()
	source := r.Source()[:at.Stop]
	end := mentionEnd(source, at.Start)
	if end == 0 {
		return nil
	}
	r.Advance(end - at.Start)
	return &span{kind: kindMention, source: source[at.Start:end]}
}

// emphasisParser reads *, _, ~~ and ||. It follows CommonMark but for two things. Beside a letter
// of a script that writes without spaces, punctuation does not stop emphasis: **"이름"**은 is bold,
// as its writer meant. A single ~ is a tilde: fans end half of their sentences with one.
type emphasisParser struct{}

func (emphasisParser) Trigger() []byte { return []byte{'*', '_', '~', '|'} }

func (emphasisParser) Parse(_ ast.Node, r text.Reader, pc parser.Context) ast.Node {
	line, at := r.PeekLine()
	c, n := line[0], 1
	for n < len(line) && line[n] == c {
		n++
	}
	before, after := r.PrecendingCharacter(), ' '
	if pair := c == '~' || c == '|'; pair && (n != 2 || before == rune(c)) {
		return nil
	}
	if n < len(line) {
		after = util.ToRune(line, n)
	}
	opens, closes := flanks(before, after, c == '_')
	d := parser.NewDelimiter(opens, closes, n, c, processor(c))
	d.Segment = at.WithStop(at.Start + n)
	r.Advance(n)
	pc.PushDelimiter(d)
	return d
}

// flanks says whether a run of marks between two characters may open or close emphasis.
func flanks(before, after rune, underscore bool) (opens, closes bool) {
	spaceBefore, spaceAfter := util.IsSpaceRune(before), util.IsSpaceRune(after)
	punctBefore, punctAfter := util.IsPunctRune(before), util.IsPunctRune(after)
	left := !spaceAfter && (!punctAfter || spaceBefore || punctBefore || isDense(before))
	right := !spaceBefore && (!punctBefore || spaceAfter || punctAfter || isDense(after))
	if underscore {
		return left && (!right || punctBefore), right && (!left || punctAfter)
	}
	return left, right
}

// isDense reports a letter of a script that is written without spaces between words, or, as
// Korean, with endings right behind a word.
func isDense(r rune) bool {
	return r >= 0xE00 && unicode.In(r, unicode.Hangul, unicode.Han, unicode.Hiragana, unicode.Katakana,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

func (emphasisParser) IsDelimiter(c byte) bool { return c == '*' || c == '_' || c == '~' || c == '|' }

func (emphasisParser) CanOpenCloser(opener, closer *parser.Delimiter) bool {
	return opener.Char == closer.Char
}

func (emphasisParser) OnMatch(n int) ast.Node { return ast.NewEmphasis(n) }

// processor makes the nodes of the mark c.
func processor(c byte) parser.DelimiterProcessor {
	switch c {
	case '~':
		return pairProcessor{kind: kindStrike}
	case '|':
		return pairProcessor{kind: kindSpoiler}
	}
	return emphasisParser{}
}

// pairProcessor makes the node of a matched ~~ or ||.
type pairProcessor struct {
	emphasisParser
	kind ast.NodeKind
}

func (p pairProcessor) OnMatch(int) ast.Node { return &span{kind: p.kind} }
