package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/markup"
)

// draft is something being written: a post, a comment, or the change of one. It knows where it
// will stand and how it is saved.
type draft struct {
	compose composing
	heading string
	board   forum.BoardRef
	answers *answered
	start   *form // what the form begins with
	// save writes it. It fails with a fault when it may not be written.
	save func(in *intake) (Written, error)
	// current finds what stands now, when somebody else changed it first; nil for what is new.
	current func() (title, body string, version int, err error)
}

// answered is the text that a comment answers.
type answered struct {
	Author forum.MemberRef
	Text   string
	Lang   string
	To     templ.SafeURL
}

// writing is the page of a draft.
type writing struct {
	*draft
	Form    *form
	Stops   []stop
	Preview string    // rendered
	Theirs  *revision // what stands now, beside the member's own text
}

// revision is a text that nobody wants to lose.
type revision struct{ Title, Body string }

// newDraft starts a draft from what its address or its form says.
type newDraft func(c *visit, values url.Values) (*draft, error)

// draftForm shows the empty form.
func draftForm(from newDraft) private {
	return func(c *visit) error {
		d, err := from(c, c.r.URL.Query())
		if err != nil {
			return err
		}
		return c.write(&writing{draft: d, Form: d.start}, http.StatusOK)
	}
}

// draftSent takes the form: to preview it, to add pictures, or to save it. Whatever happens, what
// was typed comes back.
func draftSent(from newDraft) private {
	return func(c *visit) error {
		in, err := c.intake()
		if err != nil {
			return err
		}
		d, err := from(c, in.Values)
		if err != nil {
			return err
		}
		f := formOf(in.Values, "title", "body", "version")
		p := &writing{draft: d, Form: f}
		d.compose.Once = in.Get("once")
		if c.Actor.Guest() {
			return c.writeRefused(p, fault.New(fault.Unauthenticated, "signed_out", "You are signed out. Sign in in another tab, then send this again: your text is still here."))
		}
		if len(in.pictures) > 0 {
			f.values["body"] = strings.TrimLeft(strings.TrimRight(f.values["body"], "\r\n ")+"\n\n"+strings.Join(in.pictures, "\n\n")+"\n", "\n")
			c.Notice = c.T("me.pictures_added")
		}
		switch {
		case in.err != nil:
			return c.writeRefused(p, in.err)
		case in.Get("do") == "preview":
			return c.preview(p)
		case len(in.pictures) > 0 || in.Get("do") == "upload":
			return c.write(p, http.StatusOK)
		}
		return c.save(p, in)
	}
}

func (c *visit) save(p *writing, in *intake) error {
	w, err := p.save(in)
	if err == nil {
		return c.written(w)
	}
	if again, first := c.replay(err); again {
		return first
	}
	return c.writeRefused(p, err)
}

// writeRefused shows the form again with what is wrong with it.
func (c *visit) writeRefused(p *writing, err error) error {
	c.titled(p.heading)
	status, other := c.refused(p.Form, err)
	if other != nil {
		return other
	}
	switch {
	case fault.Is(err, "idempotency_key_reused"):
		p.compose.Once = newOnce() // the text was changed after it was sent: it is another one now
	case fault.Is(err, "stale") && p.current != nil:
		title, body, version, err := p.current()
		if err != nil {
			return err
		}
		p.Theirs = &revision{title, body}
		p.Form.values["version"] = strconv.Itoa(version)
	}
	return c.write(p, status)
}

func (c *visit) preview(p *writing) error {
	doc, err := c.site.forum.Preview(c.ctx(), c.Actor, p.Form.values["body"])
	if err != nil {
		return c.writeRefused(p, err)
	}
	p.Preview = c.local(doc.HTML)
	return c.write(p, http.StatusOK)
}

func (c *visit) write(p *writing, status int) error {
	if c.Title == "" {
		c.titled(p.heading)
	}
	c.Hue = hueClass(p.board.Accent)
	if p.compose.Once == "" {
		p.compose.Once = newOnce()
	}
	if v := p.Form.values["version"]; v != "" {
		p.compose.Hidden = append(p.compose.Hidden, option{"version", v})
	}
	if !c.Actor.Guest() {
		var err error
		if p.Stops, err = c.stops(p.board.FandomID); err != nil {
			return err
		}
	}
	p.Form.ids = map[string]string{"body": p.compose.bodyID()}
	return c.page(status, writePage(c.view, p))
}

// previewText renders a text for the script.
func (c *visit) previewText() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	doc, err := c.site.forum.Preview(c.ctx(), c.Actor, values.Get("body"))
	if err != nil {
		return err
	}
	return render(c.w, c.r, http.StatusOK, templ.Raw(c.local(doc.HTML)))
}

// newPost starts a post on a board.
func newPost(c *visit, values url.Values) (*draft, error) {
	b, err := c.boardOf(values)
	if err != nil {
		return nil, err
	}
	fd, err := c.site.read.FandomByID(c.ctx(), b.FandomID)
	if err != nil {
		return nil, err
	}
	ref := forum.BoardRef{ID: b.ID, Slug: b.Slug, Name: b.Name, FandomID: fd.ID, FandomSlug: fd.Slug, FandomName: fd.Name, Accent: fd.Accent}
	id := idText(b.ID)
	d := &draft{heading: c.T("me.new_post"), board: ref, start: newForm()}
	d.compose = composing{Action: string(c.me("/write")), Hidden: hidden("board", id), Draft: "write-" + id, Title: true,
		Submit: c.T("me.publish"), Images: true, Max: forum.MaxBody, Cancel: string(c.boardURL(fd.Slug, b.Slug))}
	d.save = func(in *intake) (Written, error) {
		ctx, err := c.once(in.Values, func(result any) Written { p, _ := result.(forum.Post); return c.postWritten(&p) })
		if err != nil {
			return Written{}, err
		}
		p, err := c.site.forum.CreatePost(ctx, c.Actor, b.ID, forum.PostInput{Title: in.Get("title"), Body: in.Get("body")})
		return c.postWritten(&p), err
	}
	return d, nil
}

// boardOf finds the board a post is for: by id, or by the names in its address.
func (c *visit) boardOf(values url.Values) (forum.Board, error) {
	if values.Get("fandom") != "" {
		return c.site.read.Board(c.ctx(), values.Get("fandom"), values.Get("board"))
	}
	id, ok := parseID(values.Get("board"))
	if !ok {
		return forum.Board{}, forum.NotFound(forum.TargetBoard)
	}
	return c.site.read.BoardByID(c.ctx(), id)
}

// chooseBoard asks where a post shall go, when its address does not say.
func (c *visit) chooseBoard() error {
	if c.query("board") != "" {
		return draftForm(newPost)(c)
	}
	fandoms, err := c.site.read.Fandoms(c.ctx())
	if err != nil {
		return err
	}
	boards, err := c.site.read.Boards(c.ctx(), 0)
	if err != nil {
		return err
	}
	c.titled(c.T("me.choose_board"))
	return c.page(http.StatusOK, choosePage(c.view, fandoms, boards, c.query("fandom")))
}

func (c *visit) postWritten(p *forum.Post) Written {
	w := Written{ID: "p" + idText(p.ID), Location: string(c.postURL(p.ID))}
	if p.State == forum.Held {
		w.Location, w.Pending = string(c.me("?done=held")), c.T("me.done_held")
	}
	return w
}

// newReply answers a post, or a comment of it.
func newReply(c *visit, values url.Values) (*draft, error) {
	id, ok := parseID(values.Get("post"))
	if !ok {
		return nil, forum.NotFound(forum.TargetPost)
	}
	p, err := c.readablePost(c.ctx(), id)
	if err != nil {
		return nil, err
	}
	d := &draft{heading: c.T("me.new_comment"), board: p.Board, start: newForm()}
	d.answers = &answered{p.Author, p.Title, p.Lang, c.postURL(id)}
	var parent forum.Comment
	if text := values.Get("parent"); text != "" && text != "0" {
		if parent, err = c.parentOf(&p, text); err != nil {
			return nil, err
		}
		d.answers = &answered{parent.Author, parent.Text, parent.Lang, c.threadURL(id, parent.ID)}
		if values.Get("quote") != "" {
			d.start.values["body"] = markup.Quote("@"+parent.Author.Handle, parent.Body)
		}
	} else if values.Get("quote") != "" {
		d.start.values["body"] = markup.Quote("@"+p.Author.Handle, p.Body)
	}
	d.compose = composing{Action: string(c.me("/reply")), Hidden: hidden("post", idText(id), "parent", idText(parent.ID)),
		Draft: "reply-" + idText(id) + "-" + idText(parent.ID), Submit: c.T("me.send"), Images: true, Max: forum.MaxComment,
		Cancel: string(d.answers.To)}
	d.save = func(in *intake) (Written, error) {
		ctx, err := c.once(in.Values, func(result any) Written { m, _ := result.(forum.Comment); return c.commentWritten(&p, &m) })
		if err != nil {
			return Written{}, err
		}
		m, err := c.site.forum.CreateComment(ctx, c.Actor, id, forum.CommentInput{ParentID: parent.ID, Body: in.Get("body")})
		if err != nil {
			return Written{}, err
		}
		return c.withHTML(c.commentWritten(&p, &m), &m, parent.Author)
	}
	return d, nil
}

// readablePost finds a post that the actor may read: a visible one, their own, or one they moderate.
func (c *visit) readablePost(ctx context.Context, id forum.ID) (forum.Post, error) {
	p, err := c.site.read.Post(ctx, id)
	if err == nil && !c.mayRead(p.State, p.Author.ID, p.Board.FandomID) {
		return forum.Post{}, forum.NotFound(forum.TargetPost)
	}
	return p, err
}

func (c *visit) mayRead(s forum.State, author, fandom forum.ID) bool {
	return s == forum.Visible || c.Actor.Staff(fandom) || !c.Actor.Guest() && c.Actor.ID == author
}

// readableComment finds a comment that the actor may read, on a post they may read.
func (c *visit) readableComment(ctx context.Context, id forum.ID) (forum.Comment, forum.Post, error) {
	m, err := c.site.read.Comment(ctx, id)
	if err != nil {
		return m, forum.Post{}, err
	}
	p, err := c.site.read.Post(ctx, m.PostID)
	if err != nil {
		return m, p, err
	}
	own := !c.Actor.Guest() && c.Actor.ID == m.Author.ID
	if !c.mayRead(m.State, m.Author.ID, m.FandomID) || !own && !c.mayRead(p.State, p.Author.ID, m.FandomID) {
		return forum.Comment{}, forum.Post{}, forum.NotFound(forum.TargetComment)
	}
	return m, p, nil
}

func (c *visit) parentOf(p *forum.Post, text string) (forum.Comment, error) {
	id, ok := parseID(text)
	if !ok {
		return forum.Comment{}, forum.NotFound(forum.TargetComment)
	}
	parent, err := c.site.read.Comment(c.ctx(), id)
	if err == nil && (parent.PostID != p.ID || parent.State != forum.Visible) {
		return forum.Comment{}, forum.NotFound(forum.TargetComment)
	}
	return parent, err
}

// commentWritten leads to a comment: on its post's page when that shows it, else on its own.
func (c *visit) commentWritten(p *forum.Post, m *forum.Comment) Written {
	w := Written{ID: "c" + idText(m.ID), Location: c.commentAddress(p, m)}
	if m.State == forum.Held {
		w.Location, w.Pending = string(c.me("?done=held")), c.T("me.done_held")
	}
	return w
}

func (c *visit) commentAddress(p *forum.Post, m *forum.Comment) string {
	if p.Comments < commentsPerPage-10 && m.Depth < forum.ShownDepth { // the count may lag a little
		return string(c.postURL(m.PostID)) + "#c" + idText(m.ID)
	}
	return string(c.threadURL(m.PostID, m.ID)) + "#c" + idText(m.ID)
}

// withHTML adds the comment as pages show it, for the script.
func (c *visit) withHTML(w Written, m *forum.Comment, answers forum.MemberRef) (Written, error) {
	if w.Pending != "" || !wantsJSON(c.r) {
		return w, nil
	}
	var b strings.Builder
	shown := shownComment{Comment: m, Level: min(m.Depth, forum.ShownDepth-1), Answer: answers}
	err := comment(c.view, &shown).Render(c.ctx(), &b)
	w.HTML = b.String()
	return w, err
}
