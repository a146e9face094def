package web

import (
	"net/url"
	"strconv"

	"github.com/a-h/templ"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/markup"
)

// thing is a post or comment that a private page is about.
type thing struct {
	Target  forum.Target
	Post    forum.Post
	Comment forum.Comment // of a comment only
}

// thing finds what a form or address names by its element id, if the actor may read it.
func (c *visit) thing(id string) (*thing, error) {
	target, ok := parseElementID(id)
	if !ok {
		return nil, forum.NotFound(forum.TargetPost)
	}
	t := &thing{Target: target}
	var err error
	if target.Kind == forum.TargetPost {
		t.Post, err = c.readablePost(c.ctx(), target.ID)
	} else {
		t.Comment, t.Post, err = c.readableComment(c.ctx(), target.ID)
	}
	return t, err
}

func (t *thing) isPost() bool { return t.Target.Kind == forum.TargetPost }

func (t *thing) ID() string { return elementID(t.Target) }

func (t *thing) author() forum.MemberRef {
	if t.isPost() {
		return t.Post.Author
	}
	return t.Comment.Author
}

func (t *thing) state() forum.State {
	if t.isPost() {
		return t.Post.State
	}
	return t.Comment.State
}

func (t *thing) fandom() forum.ID { return t.Post.Board.FandomID }

func (t *thing) lang() string {
	if t.isPost() {
		return t.Post.Lang
	}
	return t.Comment.Lang
}

// excerpt is enough of it to know it again.
func (t *thing) excerpt() string {
	if t.isPost() {
		return t.Post.Title
	}
	return markup.Excerpt(t.Comment.Text, excerptLength)
}

// on is where it is to be seen.
func (c *visit) on(t *thing) templ.SafeURL {
	if t.isPost() {
		return c.postURL(t.Post.ID)
	}
	return templ.SafeURL(c.commentAddress(&t.Post, &t.Comment))
}

// mine reports whether the actor wrote it.
func (c *visit) mine(t *thing) bool { return !c.Actor.Guest() && t.author().ID == c.Actor.ID }

// edit changes a post or comment.
func edit(c *visit, values url.Values) (*draft, error) {
	if c.Actor.Guest() { // the session ended while they wrote: what they sent is shown again, nothing else
		return c.lostEdit(values)
	}
	t, err := c.thing(values.Get("target"))
	if err != nil {
		return nil, err
	}
	if !c.mine(t) && !c.Actor.Staff(t.fandom()) {
		return nil, fault.New(fault.Forbidden, "not_yours", "Only its author and staff may change this.")
	}
	d := &draft{heading: c.T("me.edit_comment"), board: t.Post.Board}
	d.compose = composing{Action: string(c.me("/edit")), Hidden: hidden("target", t.ID()), Draft: "edit-" + t.ID(), Submit: c.T("me.save"),
		Images: true, Max: forum.MaxComment, Cancel: string(c.on(t))}
	if t.isPost() {
		d.heading, d.compose.Title, d.compose.Max = c.T("me.edit_post"), true, forum.MaxBody
		d.start = newForm("title", t.Post.Title, "body", t.Post.Body, "version", strconv.Itoa(t.Post.Version))
	} else {
		d.start = newForm("body", t.Comment.Body, "version", strconv.Itoa(t.Comment.Version))
	}
	d.save = func(in *intake) (Written, error) { return c.saveEdit(t, in) }
	d.current = func() (string, string, int, error) { return c.standing(t) }
	return d, nil
}

func (c *visit) lostEdit(values url.Values) (*draft, error) {
	target, ok := parseElementID(values.Get("target"))
	if !ok {
		return nil, forum.NotFound(forum.TargetPost)
	}
	id := elementID(target)
	d := &draft{heading: c.T("me.edit_post"), start: newForm()}
	d.compose = composing{Action: string(c.me("/edit")), Hidden: hidden("target", id), Draft: "edit-" + id, Submit: c.T("me.save"),
		Title: target.Kind == forum.TargetPost, Max: forum.MaxBody}
	return d, nil
}

func (c *visit) saveEdit(t *thing, in *intake) (Written, error) {
	version, err := strconv.Atoi(in.Get("version"))
	if err != nil || version < 1 {
		return Written{}, badForm(err) // without it one could write over what one has not seen
	}
	ctx, err := c.once(in.Values, func(result any) Written { return c.edited(t, result) })
	if err != nil {
		return Written{}, err
	}
	if t.isPost() {
		p, err := c.site.forum.EditPost(ctx, c.Actor, t.Post.ID, forum.PostInput{Title: in.Get("title"), Body: in.Get("body"), Version: version})
		return c.edited(t, p), err
	}
	m, err := c.site.forum.EditComment(ctx, c.Actor, t.Comment.ID, forum.CommentInput{Body: in.Get("body"), Version: version})
	if err != nil {
		return Written{}, err
	}
	return c.withHTML(c.edited(t, m), &m, forum.MemberRef{})
}

func (c *visit) edited(t *thing, result any) Written {
	switch r := result.(type) {
	case forum.Post:
		return c.postWritten(&r)
	case forum.Comment:
		return c.commentWritten(&t.Post, &r)
	}
	return Written{ID: t.ID(), Location: string(c.on(t))}
}

// standing is what stands now.
func (c *visit) standing(t *thing) (title, body string, version int, err error) {
	if t.isPost() {
		p, err := c.site.read.Post(c.ctx(), t.Post.ID)
		return p.Title, p.Body, p.Version, err
	}
	m, err := c.site.read.Comment(c.ctx(), t.Comment.ID)
	return "", m.Body, m.Version, err
}

func (c *visit) deleteSheet(t *thing) *sheet {
	c.titled(c.T("me.delete_comment"))
	if t.isPost() {
		c.titled(c.T("me.delete_post"))
	}
	return &sheet{Intro: c.T("me.delete_intro"), Context: quotation(c.view, t), Action: c.me("/delete"), Hidden: hidden("target", t.ID()),
		Submit: c.T("me.delete"), Danger: true, Links: []link{{c.on(t), c.T("form.cancel")}}}
}

func (c *visit) deleteForm() error {
	t, err := c.thing(c.query("target"))
	if err != nil {
		return err
	}
	if !c.mine(t) {
		return fault.New(fault.Forbidden, "not_yours", "Only its author and staff may change this.")
	}
	return c.sheet(c.deleteSheet(t), nil)
}

func (c *visit) delete() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	t, err := c.thing(values.Get("target"))
	if err != nil {
		return err
	}
	if t.isPost() {
		err = c.site.forum.DeletePost(c.ctx(), c.Actor, t.Post.ID, 0)
	} else {
		err = c.site.forum.DeleteComment(c.ctx(), c.Actor, t.Comment.ID, 0)
	}
	if err != nil {
		return err
	}
	if t.isPost() {
		return c.done(c.boardURL(t.Post.Board.FandomSlug, t.Post.Board.Slug))
	}
	return c.done(c.postURL(t.Post.ID) + "#comments")
}

// shorten cuts what is answered to what is needed to remember it.
func shorten(text string) string { return markup.Excerpt(text, 2*excerptLength) }
