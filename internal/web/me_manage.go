package web

import (
	"net/http"

	"github.com/a-h/templ"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// manageData is what one actor may do with one post or comment, and nothing more.
type manageData struct {
	Thing  *thing
	Links  []link
	Acts   []forum.Act
	Boards []option // where it can be moved
	Staff  bool
	Form   *form
}

func (c *visit) manage() error {
	t, err := c.thing(c.query("target"))
	if err != nil {
		return err
	}
	return c.showManage(t, newForm(), http.StatusOK)
}

func (c *visit) showManage(t *thing, f *form, status int) error {
	d := &manageData{Thing: t, Form: f, Links: c.manageLinks(t), Staff: c.Actor.Staff(t.fandom())}
	if d.Staff {
		d.Acts = actsOn(t)
		var err error
		if d.Boards, err = c.moveChoices(t); err != nil {
			return err
		}
	}
	if c.Title == "" {
		c.titled(c.T("me.manage"))
	}
	c.Hue = hueClass(t.Post.Board.Accent)
	return c.page(status, managePage(c.view, d))
}

func (c *visit) manageLinks(t *thing) []link {
	id := t.ID()
	stands := t.state() == forum.Visible || t.state() == forum.Held
	mine := c.mine(t)
	var list []link
	add := func(when bool, to templ.SafeURL, text string) {
		if when {
			list = append(list, link{to, c.T(text)})
		}
	}
	add(mine && stands || c.Actor.Staff(t.fandom()), c.me("/edit?target=", id), "me.edit")
	add(mine && stands, c.me("/delete?target=", id), "me.delete")
	history := c.to("/p/", idText(t.Post.ID), "/history")
	edited := !t.Post.EditedAt.IsZero()
	if !t.isPost() {
		history, edited = c.to("/c/", idText(t.Comment.ID), "/history"), !t.Comment.EditedAt.IsZero()
	}
	add(edited && t.state() == forum.Visible, history, "me.history")
	reply := c.me("/reply?quote=1&post=", idText(t.Post.ID))
	if !t.isPost() {
		reply += templ.SafeURL("&parent=" + idText(t.Comment.ID))
	}
	add(t.state() == forum.Visible && !t.Post.Locked, reply, "me.quote")
	add(!mine && stands, c.me("/report?target=", id), "me.report")
	add(t.state() == forum.Visible, c.on(t), "me.back_to_it")
	return list
}

// actsOn are the acts of staff that would change something.
func actsOn(t *thing) []forum.Act {
	either := func(now bool, undo, do forum.Act) forum.Act {
		if now {
			return undo
		}
		return do
	}
	acts := []forum.Act{either(t.state() != forum.Visible, forum.ActRestore, forum.ActHide)}
	if t.state() == forum.Held {
		acts = append(acts, forum.ActHide)
	}
	if t.isPost() {
		acts = append(acts, either(t.Post.Locked, forum.ActUnlock, forum.ActLock), either(t.Post.Pinned, forum.ActUnpin, forum.ActPin))
	}
	return acts
}

// moveChoices are the boards that a post can be moved to: those of its fandom, for admins all.
func (c *visit) moveChoices(t *thing) ([]option, error) {
	if !t.isPost() {
		return nil, nil
	}
	scope := t.fandom()
	if c.Actor.Admin() {
		scope = 0
	}
	boards, err := c.site.read.Boards(c.ctx(), scope)
	if err != nil {
		return nil, err
	}
	fandoms, err := c.site.read.Fandoms(c.ctx())
	if err != nil {
		return nil, err
	}
	var list []option
	for _, f := range fandoms {
		for _, b := range boards {
			if b.FandomID == f.ID && b.ID != t.Post.Board.ID {
				list = append(list, option{idText(b.ID), f.Name + " · " + b.Name})
			}
		}
	}
	return list, nil
}

// moderate does one act of staff.
func (c *visit) moderate() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	t, err := c.thing(values.Get("target"))
	if err != nil {
		return err
	}
	board, _ := parseID(values.Get("board")) // 0 is no board, which only a move would need
	ctx, err := c.once(values, at(c.me("/manage?done=acted&target=", t.ID())))
	if err != nil {
		return err
	}
	err = c.site.forum.Moderate(ctx, c.Actor, t.Target, forum.Act(values.Get("act")), board, values.Get("reason"))
	if again, first := c.replay(err); again {
		return first
	}
	if err != nil {
		f := formOf(values, "reason")
		c.titled(c.T("me.manage"))
		status, other := c.refused(f, err)
		if other != nil || fault.KindOf(err) == fault.Forbidden {
			return err
		}
		return c.showManage(t, f, status)
	}
	return c.done(c.me("/manage?done=acted&target=", t.ID()))
}

// reported is what a report is about: a post, a comment or a member.
func (c *visit) reported(id string) (forum.Target, templ.Component, error) {
	if len(id) > 1 && id[0] == 'm' {
		member, ok := parseID(id[1:])
		if !ok {
			return forum.Target{}, nil, forum.NotFound(forum.TargetMember)
		}
		m, err := c.site.read.Member(c.ctx(), member)
		ref := forum.MemberRef{ID: m.ID, Handle: m.Handle, Name: m.Name, AvatarKey: m.AvatarKey}
		return forum.Target{Kind: forum.TargetMember, ID: member}, byline(c.view, ref), err
	}
	t, err := c.thing(id)
	if err != nil {
		return forum.Target{}, nil, err
	}
	return t.Target, quotation(c.view, t), nil
}

func (c *visit) reportSheet(f *form, id string, about templ.Component) *sheet {
	c.titled(c.T("me.report"))
	reasons := []option{{"", c.T("me.choose_reason")}}
	for _, r := range forum.Reasons() {
		reasons = append(reasons, option{r, c.T("reason." + r)})
	}
	return &sheet{Intro: c.T("me.report_intro"), Context: about, Form: f, Action: c.me("/report"), Hidden: hidden("target", id, "once", newOnce()),
		Submit: c.T("me.report_send"), Fields: []input{
			{Name: "reason", Label: c.T("me.report_reason"), Options: reasons, Required: true},
			{Name: "note", Label: c.T("me.report_note"), Lines: 3, Max: forum.MaxReason},
		}}
}

func (c *visit) reportForm() error {
	id := c.query("target")
	_, about, err := c.reported(id)
	if err != nil {
		return err
	}
	return c.sheet(c.reportSheet(newForm(), id, about), nil)
}

func (c *visit) report() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	id := values.Get("target")
	target, about, err := c.reported(id)
	if err != nil {
		return err
	}
	back := c.me("/manage?done=reported&target=", id) // which leads on to what was reported
	if target.Kind == forum.TargetMember {
		back = c.me("?done=reported")
	}
	ctx, err := c.once(values, at(back))
	if err != nil {
		return err
	}
	if err := c.site.forum.ReportTarget(ctx, c.Actor, target, values.Get("reason"), values.Get("note")); err != nil {
		return c.sheet(c.reportSheet(formOf(values, "reason", "note"), id, about), err)
	}
	return c.done(back)
}
