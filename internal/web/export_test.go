package web

import (
	"context"
	"io"
	"maps"
	"time"

	"lightstick/internal/forum"
)

// Messages lists all messages of a language by key and plural form; plain ones have only "other".
func Messages(p *Printer) map[string]map[string]string {
	all := map[string]map[string]string{}
	maps.Copy(all, p.plural)
	for k, v := range p.plain {
		all[k] = map[string]string{"other": v}
	}
	return all
}

// MissingForms lists, by key, the plural forms that a language uses for some number and a message lacks.
func MissingForms(p *Printer) map[string][]string {
	need := map[string]bool{}
	for n := range 200 {
		need[p.form(n)] = true
	}
	need[p.form(1_000_000)] = true
	missing := map[string][]string{}
	for key, forms := range p.plural {
		for form := range need {
			if forms[form] == "" {
				missing[key] = append(missing[key], form)
			}
		}
	}
	return missing
}

// Hues for the tests of contrast.
var (
	HueClass = hueClass
	HueCSS   = hueCSS
)

// WritePost writes a post's page from what the store would give, for the benchmark of templates.
func (s *Site) WritePost(ctx context.Context, w io.Writer, p *Printer, post forum.Post, comments []forum.Comment, now time.Time) error {
	v := &view{Printer: p, site: s, now: now, Title: post.Title, Path: "/p/1", Kind: "article", Hue: hueClass(post.Board.Accent)}
	d := postData{Post: post, Comments: inTree(comments), Settled: 99}
	return postPage(v, &d).Render(ctx, w)
}

// Diff compares two texts as the history page does, one string a line: "-out", "+in", " same", "~".
func Diff(before, after string) []string {
	var out []string
	for _, l := range diffLines(before, after) {
		out = append(out, string(rune(l.Kind))+l.Text)
	}
	return out
}
