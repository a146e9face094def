package demo

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed content
var content embed.FS

// bank is everything written in one language.
type bank struct {
	names   map[string][]string
	posts   []*template // those that may stand anywhere
	hot     []*template // those that draw crowds
	mega    *template
	welcome *template // nil when the language has none
	alt     []pattern // descriptions of pictures, by kind
	seat    pattern
	lines   map[string][]*line // by topic, and the general ones
	members [][]string         // by fandom
	songs   [][]string         // by fandom
}

// template is a post as written: a title and a body with slots, and what is said under it.
type template struct {
	topic string
	order int // among the posts of its language
	image int // picture kind, -1 for none
	title pattern
	body  pattern
	talk  []*line
}

// line is one thing to say and the replies that were written for it.
type line struct {
	text     pattern
	speaker  speaker
	question bool
	felt     bool // laughs or cries already
	replies  []*line
}

// speaker is who says a line.
type speaker uint8

const (
	anyone   speaker = iota
	returner         // "*": whoever wrote the comment before the one that is answered
	poster           // "!": the author of the post
)

func loadBank(l lang) *bank {
	b := &bank{lines: map[string][]*line{}}
	dir := path.Join("content", l.String())
	b.loadNames(read(path.Join(dir, "names.txt")))
	b.loadLines(read(path.Join(dir, "comments.txt")))
	files, err := fs.Glob(content, dir+"/posts*.txt")
	if err != nil || len(files) == 0 {
		panic(fmt.Sprintf("demo world: no posts in %s: %v", dir, err))
	}
	slices.Sort(files)
	for _, file := range files {
		for section := range strings.SplitSeq("\n"+read(file), "\n== ") {
			if strings.TrimSpace(section) != "" {
				b.addPost(section)
			}
		}
	}
	return b
}

func read(file string) string {
	data, err := content.ReadFile(file)
	if err != nil {
		panic(err)
	}
	return string(data)
}

func (b *bank) loadNames(text string) {
	b.names = map[string][]string{}
	for row := range strings.Lines(text) {
		key, values, ok := strings.Cut(strings.TrimSpace(row), ": ")
		if !ok {
			continue
		}
		list := strings.Split(values, " | ")
		for i := range list {
			list[i] = strings.TrimSpace(list[i])
		}
		b.names[key] = list
	}
	for f := range fandomCount {
		b.members = append(b.members, b.names[fmt.Sprintf("members%d", f)])
		b.songs = append(b.songs, b.names[fmt.Sprintf("songs%d", f)])
	}
	for _, alt := range b.names["alt"] {
		b.alt = append(b.alt, parsePattern(alt))
	}
	b.seat = parsePattern(b.names["seat"][0])
}

func (b *bank) loadLines(text string) {
	for section := range strings.SplitSeq("\n"+text, "\n== ") {
		name, body, _ := strings.Cut(section, "\n")
		b.lines[strings.TrimSpace(name)] = parseTalk(body)
	}
}

// addPost reads "topic attributes\n# title\nbody\n%\ntalk".
func (b *bank) addPost(section string) {
	head, rest, _ := strings.Cut(section, "\n")
	title, rest, _ := strings.Cut(rest, "\n")
	body, talk, _ := strings.Cut(rest, "\n%\n")
	words := strings.Fields(head)
	t := &template{
		topic: words[0], order: len(b.posts), image: -1, talk: parseTalk(talk),
		title: parsePattern(strings.TrimPrefix(title, "# ")),
		body:  parsePattern(strings.TrimSpace(body)),
	}
	attrs := words[1:]
	for _, attr := range attrs {
		if kind, ok := strings.CutPrefix(attr, "image="); ok {
			t.image = slices.Index(imageKinds(), kind)
		}
	}
	switch {
	case slices.Contains(attrs, "mega"):
		b.mega = t
		return
	case slices.Contains(attrs, "welcome"):
		b.welcome = t
		return
	case slices.Contains(attrs, "hot"):
		b.hot = append(b.hot, t)
	}
	b.posts = append(b.posts, t)
}

// parseTalk reads lines of talk. "- " opens, and a line with one dash more answers the latest line
// with one dash less. A marked line answers the line right before it: "--*" is said by whoever
// wrote what that line answers (or the author of the post), "--!" by the author of the post.
func parseTalk(text string) []*line {
	var roots []*line
	var before *line
	latest := map[int]*line{} // by number of dashes
	for row := range strings.Lines(text) {
		row = strings.TrimSpace(row)
		said := strings.TrimLeft(row, "-")
		dashes := len(row) - len(said)
		if dashes == 0 || said == "" {
			continue
		}
		l, up := newLine(said), latest[dashes-1]
		if l.speaker != anyone {
			up = before
		}
		if up == nil {
			roots = append(roots, l)
		} else {
			up.replies = append(up.replies, l)
		}
		before, latest[dashes] = l, l
	}
	return roots
}

func newLine(said string) *line {
	l := &line{}
	switch said[0] {
	case '*':
		l.speaker, said = returner, said[1:]
	case '!':
		l.speaker, said = poster, said[1:]
	}
	said = strings.TrimSpace(said)
	l.text, l.question = parsePattern(said), strings.ContainsAny(said, "?？")
	l.text.slots(func(slot string) { l.felt = l.felt || slot == "lol" || slot == "cry" || slot == "heart" })
	return l
}
