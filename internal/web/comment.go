package web

import (
	"context"
	"html"
	"io"
	"strconv"

	"github.com/a-h/templ"

	"lightstick/internal/forum"
)

// Comments are the one thing that is written by hand: fifty of them are most of a page, and as a
// template they would cost five times as much. Everything that is not a literal or rendered by
// package markup goes through text.
type quill struct{ b []byte }

func (s *quill) raw(parts ...string) {
	for _, p := range parts {
		s.b = append(s.b, p...)
	}
}

// text escapes for text and for attributes in double quotes.
func (s *quill) text(t string) { s.b = append(s.b, html.EscapeString(t)...) }

func (s *quill) id(id forum.ID) { s.b = strconv.AppendInt(s.b, int64(id), 10) }

// comment is one comment, an li; the live tail and the answer to a written comment are the same.
func comment(v *view, c *shownComment) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var s quill
		s.comment(v, c)
		_, err := w.Write(s.b)
		return err
	})
}

// comments is a list of them.
func comments(v *view, list []shownComment) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		s := quill{make([]byte, 0, 1200*len(list))}
		for i := range list {
			s.comment(v, &list[i])
		}
		_, err := w.Write(s.b)
		return err
	})
}

func (s *quill) comment(v *view, c *shownComment) {
	s.raw(`<li id="c`)
	s.id(c.ID)
	s.raw(`" class="c d`, strconv.Itoa(min(c.Level, forum.ShownDepth)), `"`)
	if c.ParentID != 0 { // under which the script puts it
		s.raw(` data-p="`)
		s.id(c.ParentID)
		s.raw(`"`)
	}
	s.raw(`>`)
	if c.State == forum.Visible {
		s.byline(v, c)
		s.raw(`<div class="md" lang="`)
		s.text(c.Lang)
		s.raw(`">`, v.local(c.HTML), `</div>`)
		s.actions(v, c)
	} else {
		s.raw(`<p class="gone">`)
		s.text(v.T("post.gone_" + c.State.String()))
		s.raw(`</p>`)
	}
	if c.Deeper {
		s.raw(`<a class="deeper" href="`, string(v.threadURL(c.PostID, c.ID)), `">`)
		s.text(v.N("count.replies", c.Replies))
		s.raw(`</a>`)
	}
	s.raw(`</li>`)
}

func (s *quill) byline(v *view, c *shownComment) {
	s.raw(`<div class="by">`)
	s.avatar(v, c.Author)
	s.raw(`<a class="who" href="/`, v.Tag, `/u/`)
	s.text(c.Author.Handle)
	s.raw(`">`)
	s.text(c.Author.Name)
	s.raw(`</a>`)
	if c.Answer.Handle != "" {
		s.raw(`<a class="to" href="#c`)
		s.id(c.ParentID)
		s.raw(`">↳ `)
		s.text(c.Answer.Name)
		s.raw(`</a>`)
	}
	s.raw(`<a class="at" href="`, string(v.threadURL(c.PostID, c.ID)), `"><time datetime="`, iso(c.CreatedAt), `">`)
	s.text(v.Short(c.CreatedAt, v.now))
	s.raw(`</time></a>`)
	if !c.EditedAt.IsZero() {
		s.raw(`<a href="/`, v.Tag, `/c/`)
		s.id(c.ID)
		s.raw(`/history">`)
		s.text(v.T("post.edited"))
		s.raw(`</a>`)
	}
	s.raw(`</div>`)
}

func (s *quill) avatar(v *view, m forum.MemberRef) {
	if m.AvatarKey != "" {
		s.raw(`<img class="av" src="`)
		s.text(v.pictureURL(m.AvatarKey, 0))
		s.raw(`" width="32" height="32" alt="" loading="lazy" decoding="async">`)
		return
	}
	s.raw(`<span class="av `, nameHue(m.Handle), `" aria-hidden="true">`)
	s.text(short(m.Name))
	s.raw(`</span>`)
}

// actions are the reactions, belonging to the one form of the page, and the links to private pages.
func (s *quill) actions(v *view, c *shownComment) {
	s.raw(`<div class="do">`)
	for kind, n := range c.Reactions {
		if n == 0 && kind != 0 { // the lightstick is always there
			continue
		}
		name := forum.ReactionNames[kind]
		s.raw(`<button form="react" name="r" value="c`)
		s.id(c.ID)
		s.raw(`.`, name, `">`)
		s.icon(name, v.T("reaction."+name))
		if n > 0 {
			s.raw(`<b>`, v.Number(n), `</b>`)
		}
		s.raw(`</button>`)
	}
	s.raw(`<a class="plus" href="/me/`, v.Tag, `/react?target=c`)
	s.id(c.ID)
	s.raw(`">`)
	s.icon("plus", v.T("reaction.add"))
	s.raw(`</a><a class="reply" href="/me/`, v.Tag, `/reply?post=`)
	s.id(c.PostID)
	s.raw(`&amp;parent=`)
	s.id(c.ID)
	s.raw(`">`)
	s.text(v.T("post.reply"))
	s.raw(`</a><a class="more" href="/me/`, v.Tag, `/manage?target=c`)
	s.id(c.ID)
	s.raw(`">`)
	s.icon("more", v.T("post.more"))
	s.raw(`</a></div>`)
}

func (s *quill) icon(name, label string) {
	s.raw(`<svg class="i" role="img" aria-label="`)
	s.text(label)
	s.raw(`"><use href="#i-`, name, `"></use></svg>`)
}
