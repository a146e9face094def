package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// sanctionDays are how long a sanction may last, in days; 0 is until it is lifted.
func sanctionDays() []int { return []int{1, 3, 7, 30, 90, 365, 0} }

// sanctionLengths are the choices of an end.
func (v *view) sanctionLengths() []option {
	var list []option
	for _, n := range sanctionDays() {
		text := v.T("me.until_lifted")
		if n > 0 {
			text = v.N("me.days", n)
		}
		list = append(list, option{strconv.Itoa(n), text})
	}
	return list
}

// sanctionKinds are the choices of a kind. first, when not empty, is the text of none.
func (v *view) sanctionKinds(first string) []option {
	var list []option
	if first != "" {
		list = append(list, option{"", first})
	}
	return append(list, option{string(forum.Mute), v.T("mod.mute")}, option{string(forum.Ban), v.T("mod.ban")})
}

// impose puts the sanction of a form on a member, once.
func (c *visit) impose(member, fandom forum.ID, values url.Values, to templ.SafeURL) error {
	days, err := strconv.Atoi(values.Get("for"))
	if err != nil || !slices.Contains(sanctionDays(), days) {
		return fault.Fields{{Name: "for", Code: "range", Message: "Choose a value within the allowed range."}}.Err()
	}
	ctx, err := c.once(values, at(to))
	if err != nil {
		return err
	}
	_, err = c.site.forum.Impose(ctx, c.Actor, member, forum.SanctionInput{FandomID: fandom, Kind: forum.SanctionKind(values.Get("kind")),
		Reason: values.Get("reason"), For: time.Duration(days) * 24 * time.Hour})
	if err == nil {
		c.site.identity.Forget(member)
	}
	return err
}

// sanctionsData is the list of sanctions and the form of a new one.
type sanctionsData struct {
	Realm       *realm
	InForce     bool
	List        []forum.Sanction
	Next, First string
	Form        *form
	Once        string
}

func (c *visit) sanctions() error {
	return c.showSanctions(newForm("member", c.query("member"), "fandom", c.query("fandom"), "kind", string(forum.Mute), "for", "7"), http.StatusOK)
}

func (c *visit) showSanctions(f *form, status int) error {
	r, err := c.realm()
	if err != nil {
		return err
	}
	d := &sanctionsData{Realm: r, InForce: c.query("all") == "", Form: f, Once: newOnce()}
	list, next, err := c.site.forum.Sanctions(c.ctx(), c.Actor, forum.SanctionQuery{InForce: d.InForce, After: c.cursor(), Limit: pageSize})
	if err != nil {
		return err
	}
	d.List, d.Next, d.First = list, string(c.next(next)), string(c.first())
	if c.Title == "" {
		c.titled(c.T("mod.sanctions"))
	}
	return c.page(status, sanctionsPage(c.view, d))
}

// places are where the actor may sanction; the whole site is for admins.
func (d *sanctionsData) places(v *view) []option {
	if v.Actor.Admin() {
		return d.Realm.options(v.T("me.whole_site"))
	}
	return d.Realm.options("")
}

func (c *visit) sanction() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	err = c.sanctionNamed(values)
	if again, first := c.replay(err); again {
		return first
	}
	if err != nil {
		f := formOf(values, "member", "fandom", "kind", "for", "reason")
		c.titled(c.T("mod.sanctions"))
		status, other := c.refused(f, err)
		if other != nil {
			return other
		}
		return c.showSanctions(f, status)
	}
	return c.done(c.admin("/sanctions?done=sanctioned"))
}

func (c *visit) sanctionNamed(values url.Values) error {
	m, err := c.memberNamed("member", values.Get("member"))
	if err != nil {
		return err
	}
	fandom, err := chosen(values.Get("fandom"))
	if err != nil {
		return err
	}
	return c.impose(m.ID, fandom, values, c.admin("/sanctions?done=sanctioned"))
}

// memberNamed finds a member by the handle that was typed into a field.
func (c *visit) memberNamed(field, handle string) (forum.Member, error) {
	handle = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(handle), "@"))
	m, err := c.site.read.MemberByHandle(c.ctx(), handle)
	if e := asFault(err); e != nil && e.Kind == fault.NotFound {
		return m, fault.Fields{{Name: field, Code: e.Code, Message: e.Message}}.Err()
	}
	return m, err
}

func (c *visit) lift() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	id, ok := parseID(values.Get("id"))
	if !ok {
		return nothingHere()
	}
	s, err := c.site.read.Sanction(c.ctx(), id)
	if err != nil {
		return err
	}
	if err := c.site.forum.Lift(c.ctx(), c.Actor, id); err != nil {
		return err
	}
	c.site.identity.Forget(s.Member.ID)
	return c.done(c.admin("/sanctions?done=lifted"))
}
