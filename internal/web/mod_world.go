package web

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// auditData is a page of the acts of staff.
type auditData struct {
	Realm       *realm
	Form        *form
	Entries     []forum.AuditEntry
	Next, First string
}

func (c *visit) audit() error {
	r, err := c.realm()
	if err != nil {
		return err
	}
	d := &auditData{Realm: r, Form: newForm("actor", c.query("actor"), "fandom", c.query("fandom"))}
	c.titled(c.T("mod.audit"))
	q := forum.AuditQuery{After: c.cursor(), Limit: pageSize}
	fandom, err := c.fandomParam()
	if err != nil {
		return err
	}
	if fandom != 0 {
		q.Fandoms = []forum.ID{fandom}
	}
	status := http.StatusOK
	if name := c.query("actor"); name != "" {
		m, err := c.memberNamed("actor", name)
		if err != nil {
			if status, err = c.refused(d.Form, err); err != nil {
				return err
			}
		}
		q.ActorID = m.ID
	}
	if status == http.StatusOK {
		list, next, err := c.site.forum.Audit(c.ctx(), c.Actor, q)
		if err != nil {
			return err
		}
		d.Entries = slices.DeleteFunc(list, func(e forum.AuditEntry) bool { return fandom != 0 && e.FandomID != fandom })
		d.Next, d.First = string(c.next(next)), string(c.first())
	}
	return c.page(status, auditPage(c.view, d))
}

// auditFacts tells the detail of an act line by line, as "name: value" in the order of the names. What
// is not an object is shown as it is: a log hides nothing.
func (v *view) auditFacts(detail string) []string {
	var object map[string]any
	if err := json.Unmarshal([]byte(detail), &object); err != nil {
		return []string{detail}
	}
	facts := make([]string, 0, len(object))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if value := v.auditValue(object[name]); value != "" {
			facts = append(facts, strings.ReplaceAll(name, "_", " ")+": "+value)
		}
	}
	return facts
}

// auditValue shows a text as it is and a time as the reader's; the rest stays JSON.
func (v *view) auditValue(value any) string {
	text, ok := value.(string)
	if !ok {
		if value == nil {
			return ""
		}
		raw, err := json.Marshal(value)
		if err != nil {
			return err.Error()
		}
		return string(raw)
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	switch {
	case err != nil:
		return text
	case at.IsZero(): // a sanction without an end
		return ""
	}
	return v.when(at)
}

// fandomsData lists the fandoms of the actor with their boards.
type fandomsData struct {
	Realm  *realm
	Boards []forum.Board
}

func (c *visit) fandomList() error {
	r, err := c.realm()
	if err != nil {
		return err
	}
	boards, err := c.site.read.Boards(c.ctx(), 0)
	if err != nil {
		return err
	}
	c.titled(c.T("mod.fandoms"))
	return c.page(http.StatusOK, fandomsPage(c.view, &fandomsData{r, boards}))
}

func (c *visit) fandomFields(admin bool) []input {
	list := []input{
		{Name: "name", Label: c.T("mod.fandom_name"), Required: true, Max: forum.MaxName},
		{Name: "slug", Label: c.T("mod.slug"), Hint: c.T("mod.slug_hint"), Required: true, Max: 32},
		{Name: "description", Label: c.T("mod.description"), Lines: 3, Max: forum.MaxDescription},
		{Name: "accent", Label: c.T("mod.accent"), Hint: c.T("mod.accent_hint"), Type: "color", Required: true},
	}
	if admin {
		list = append(list, input{Name: "archived", Label: c.T("mod.archived"), Hint: c.T("mod.archived_hint"), Type: "checkbox"})
	}
	return list
}

func (c *visit) newFandomSheet(f *form) *sheet {
	c.titled(c.T("mod.new_fandom"))
	return &sheet{Form: f, Action: c.admin("/fandoms/new"), Hidden: hidden("once", newOnce()), Fields: c.fandomFields(false), Submit: c.T("mod.create"),
		Context: accentPreview(c.view, f.values["accent"])}
}

func (c *visit) newFandomForm() error {
	return c.sheet(c.newFandomSheet(newForm("accent", "#7a3cff")), nil)
}

func (c *visit) createFandom() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	ctx, err := c.once(values, func(result any) Written {
		fd, _ := result.(forum.Fandom)
		return Written{Location: string(c.admin("/fandoms/", idText(fd.ID), "?done=saved"))}
	})
	if err != nil {
		return err
	}
	fd, err := c.site.forum.CreateFandom(ctx, c.Actor, fandomInput(values))
	if err != nil {
		return c.sheet(c.newFandomSheet(formOf(values, "name", "slug", "description", "accent")), err)
	}
	return c.done(c.admin("/fandoms/", idText(fd.ID), "?done=saved"))
}

func fandomInput(values url.Values) forum.FandomInput {
	version, _ := strconv.Atoi(values.Get("version")) // 0, of a form without one, is any version
	return forum.FandomInput{Name: values.Get("name"), Slug: values.Get("slug"), Description: values.Get("description"),
		Accent: values.Get("accent"), Archived: values.Get("archived") != "", Version: version}
}

// fandomEdit is one fandom, its boards and its moderators.
type fandomEdit struct {
	Fandom     forum.Fandom
	Boards     []forum.Board
	Moderators []forum.MemberRef
	Sheet      *sheet
	Moderator  *form // of a new moderator
}

// fandomHere is the fandom of the address, if the actor moderates it.
func (c *visit) fandomHere() (forum.Fandom, error) {
	id, err := pathID(c.r, "fandom", forum.TargetFandom)
	if err != nil {
		return forum.Fandom{}, err
	}
	if !c.Actor.Staff(id) {
		return forum.Fandom{}, fault.New(fault.Forbidden, "staff_only", "Only staff may do this.")
	}
	return c.site.read.FandomByID(c.ctx(), id)
}

func checked(on bool) string {
	if on {
		return "1"
	}
	return ""
}

func (c *visit) fandomForm() error {
	fd, err := c.fandomHere()
	if err != nil {
		return err
	}
	return c.showFandom(fd, fandomStart(&fd), newForm(), http.StatusOK)
}

func fandomStart(fd *forum.Fandom) *form {
	return newForm("name", fd.Name, "slug", fd.Slug, "description", fd.Description, "accent", fd.Accent, "archived", checked(fd.Archived), "version", strconv.Itoa(fd.Version))
}

func (c *visit) showFandom(fd forum.Fandom, f, moderator *form, status int) error {
	d := &fandomEdit{Fandom: fd, Moderator: moderator}
	var err error
	if d.Boards, err = c.site.read.Boards(c.ctx(), fd.ID); err != nil {
		return err
	}
	if d.Moderators, err = c.site.read.Moderators(c.ctx(), fd.ID); err != nil {
		return err
	}
	hide := hidden("version", f.values["version"])
	if !c.Actor.Admin() && fd.Archived { // only admins change it, so theirs is no part of the form
		hide = append(hide, option{"archived", "1"})
	}
	d.Sheet = &sheet{Form: f, Action: c.admin("/fandoms/", idText(fd.ID)), Hidden: hide, Fields: c.fandomFields(c.Actor.Admin()), Submit: c.T("me.save")}
	c.Hue = hueClass(fd.Accent)
	c.Heading = fd.Name
	if c.Title == "" {
		c.Title = fd.Name
	}
	return c.page(status, fandomEditPage(c.view, d))
}

func (c *visit) saveFandom() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	fd, err := c.fandomHere()
	if err != nil {
		return err
	}
	if _, err := c.site.forum.UpdateFandom(c.ctx(), c.Actor, fd.ID, fandomInput(values)); err != nil {
		f := formOf(values, "name", "slug", "description", "accent", "archived")
		f.values["version"] = strconv.Itoa(fd.Version)
		c.titled(fd.Name)
		status, other := c.refused(f, err)
		if other != nil {
			return other
		}
		return c.showFandom(fd, f, newForm(), status)
	}
	return c.done(c.admin("/fandoms/", idText(fd.ID), "?done=saved"))
}

// setModerator adds a moderator by handle, or removes one by id.
func (c *visit) setModerator() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	fd, err := c.fandomHere()
	if err != nil {
		return err
	}
	member, on := forum.ID(0), values.Get("remove") == ""
	if on {
		var m forum.Member
		m, err = c.memberNamed("handle", values.Get("handle"))
		member = m.ID
	} else if id, ok := parseID(values.Get("remove")); ok {
		member = id
	} else {
		err = forum.NotFound(forum.TargetMember)
	}
	if err == nil {
		err = c.site.forum.SetModerator(c.ctx(), c.Actor, fd.ID, member, on)
	}
	if err != nil {
		if fault.KindOf(err) == fault.Forbidden {
			return err
		}
		f := formOf(values, "handle")
		c.titled(fd.Name)
		status, other := c.refused(f, err)
		if other != nil {
			return other
		}
		return c.showFandom(fd, fandomStart(&fd), f, status)
	}
	c.site.identity.Forget(member)
	return c.done(c.admin("/fandoms/", idText(fd.ID), "?done=saved"))
}

func (c *visit) boardFields() []input {
	return []input{
		{Name: "name", Label: c.T("mod.board_name"), Required: true, Max: forum.MaxName},
		{Name: "slug", Label: c.T("mod.slug"), Hint: c.T("mod.slug_hint"), Required: true, Max: 32},
		{Name: "description", Label: c.T("mod.description"), Lines: 3, Max: forum.MaxDescription},
		{Name: "position", Label: c.T("mod.position"), Hint: c.T("mod.position_hint"), Type: "number", Required: true},
		{Name: "staff_only", Label: c.T("mod.staff_only"), Type: "checkbox"},
		{Name: "archived", Label: c.T("mod.archived"), Hint: c.T("mod.archived_hint"), Type: "checkbox"},
	}
}

func boardInput(values url.Values) forum.BoardInput {
	position, err := strconv.Atoi(values.Get("position"))
	if err != nil {
		position = -1 // out of range, as forum will say
	}
	version, _ := strconv.Atoi(values.Get("version")) // 0, of a form without one, is any version
	return forum.BoardInput{Name: values.Get("name"), Slug: values.Get("slug"), Description: values.Get("description"), Position: position,
		StaffOnly: values.Get("staff_only") != "", Archived: values.Get("archived") != "", Version: version}
}

func boardEntered(values url.Values) *form {
	return formOf(values, "name", "slug", "description", "position", "staff_only", "archived")
}

func (c *visit) newBoardSheet(fd *forum.Fandom, f *form) *sheet {
	c.titled(c.F("mod.new_board", "fandom", fd.Name))
	c.Hue = hueClass(fd.Accent)
	return &sheet{Form: f, Action: c.admin("/fandoms/", idText(fd.ID), "/boards"), Hidden: hidden("once", newOnce()), Fields: c.boardFields(),
		Submit: c.T("mod.create"), Links: []link{{c.admin("/fandoms/", idText(fd.ID)), fd.Name}}}
}

func (c *visit) newBoardForm() error {
	fd, err := c.fandomHere()
	if err != nil {
		return err
	}
	boards, err := c.site.read.Boards(c.ctx(), fd.ID)
	if err != nil {
		return err
	}
	return c.sheet(c.newBoardSheet(&fd, newForm("position", strconv.Itoa(len(boards)+1))), nil)
}

func (c *visit) createBoard() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	fd, err := c.fandomHere()
	if err != nil {
		return err
	}
	to := c.admin("/fandoms/", idText(fd.ID), "?done=saved")
	ctx, err := c.once(values, at(to))
	if err != nil {
		return err
	}
	if _, err := c.site.forum.CreateBoard(ctx, c.Actor, fd.ID, boardInput(values)); err != nil {
		return c.sheet(c.newBoardSheet(&fd, boardEntered(values)), err)
	}
	return c.done(to)
}

// boardHere is the board of the address with its fandom, if the actor moderates it.
func (c *visit) boardHere() (forum.Board, forum.Fandom, error) {
	id, err := pathID(c.r, "board", forum.TargetBoard)
	if err != nil {
		return forum.Board{}, forum.Fandom{}, err
	}
	b, err := c.site.read.BoardByID(c.ctx(), id)
	if err != nil {
		return b, forum.Fandom{}, err
	}
	if !c.Actor.Staff(b.FandomID) {
		return b, forum.Fandom{}, fault.New(fault.Forbidden, "staff_only", "Only staff may do this.")
	}
	fd, err := c.site.read.FandomByID(c.ctx(), b.FandomID)
	return b, fd, err
}

func (c *visit) boardSheet(b *forum.Board, fd *forum.Fandom, f *form) *sheet {
	c.titled(b.Name)
	c.Hue = hueClass(fd.Accent)
	return &sheet{Form: f, Action: c.admin("/boards/", idText(b.ID)), Hidden: hidden("version", strconv.Itoa(b.Version)), Fields: c.boardFields(),
		Submit: c.T("me.save"), Links: []link{{c.admin("/fandoms/", idText(fd.ID)), fd.Name}, {c.boardURL(fd.Slug, b.Slug), c.T("mod.see_board")}}}
}

func (c *visit) boardForm() error {
	b, fd, err := c.boardHere()
	if err != nil {
		return err
	}
	f := newForm("name", b.Name, "slug", b.Slug, "description", b.Description, "position", strconv.Itoa(b.Position),
		"staff_only", checked(b.StaffOnly), "archived", checked(b.Archived))
	return c.sheet(c.boardSheet(&b, &fd, f), nil)
}

func (c *visit) saveBoard() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	b, fd, err := c.boardHere()
	if err != nil {
		return err
	}
	if _, err := c.site.forum.UpdateBoard(c.ctx(), c.Actor, b.ID, boardInput(values)); err != nil {
		return c.sheet(c.boardSheet(&b, &fd, boardEntered(values)), err)
	}
	return c.done(c.admin("/fandoms/", idText(fd.ID), "?done=saved"))
}

// membersData is a page of all members, for admins.
type membersData struct {
	List        []forum.Member
	Next, First string
	Found       string // the handle looked for
}

func (c *visit) memberList() error {
	d := &membersData{Found: c.query("handle")}
	c.titled(c.T("mod.members"))
	if d.Found != "" {
		m, err := c.memberNamed("handle", d.Found)
		if err == nil {
			d.List = []forum.Member{m}
		} else if asFault(err) == nil {
			return err
		}
		return c.page(http.StatusOK, membersPage(c.view, d))
	}
	list, next, err := c.site.read.Members(c.ctx(), c.cursor(), pageSize)
	if err != nil {
		return err
	}
	d.List, d.Next, d.First = list, string(c.next(next)), string(c.first())
	return c.page(http.StatusOK, membersPage(c.view, d))
}

func (c *visit) setRole() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	id, ok := parseID(values.Get("id"))
	if !ok {
		return forum.NotFound(forum.TargetMember)
	}
	if _, err := c.site.forum.SetRole(c.ctx(), c.Actor, id, forum.Role(values.Get("role"))); err != nil {
		return err
	}
	c.site.identity.Forget(id)
	return c.done(c.admin("/members?done=saved"))
}
