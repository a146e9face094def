package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// realm is what the actor moderates.
type realm struct {
	Fandoms []forum.Fandom // all for admins
	names   map[forum.ID]string
}

// realm loads the fandoms of the actor.
func (c *visit) realm() (*realm, error) {
	all, err := c.site.read.Fandoms(c.ctx())
	if err != nil {
		return nil, err
	}
	r := &realm{names: make(map[forum.ID]string, len(all))}
	for _, f := range all {
		r.names[f.ID] = f.Name
		if c.Actor.Staff(f.ID) {
			r.Fandoms = append(r.Fandoms, f)
		}
	}
	return r, nil
}

// name of a fandom; 0 is the whole site.
func (r *realm) name(v *view, id forum.ID) string {
	if id == 0 {
		return v.T("me.whole_site")
	}
	return r.names[id]
}

// options are the fandoms to choose from. first, when not empty, is the text of the choice of none.
func (r *realm) options(first string) []option {
	var list []option
	if first != "" {
		list = append(list, option{"", first})
	}
	for _, f := range r.Fandoms {
		list = append(list, option{idText(f.ID), f.Name})
	}
	return list
}

// chosen reads the id of a fandom; "" and "0" are the whole site.
func chosen(text string) (forum.ID, error) {
	if text == "" || text == "0" {
		return 0, nil
	}
	id, ok := parseID(text)
	if !ok {
		return 0, forum.NotFound(forum.TargetFandom)
	}
	return id, nil
}

// fandomParam is the fandom that a staff page is narrowed to.
func (c *visit) fandomParam() (forum.ID, error) { return chosen(c.query("fandom")) }

// overviewData counts what waits, up to a page of each.
type overviewData struct {
	Realm      *realm
	Open, Mine int
	More       bool // there are more cases than were counted
	Sanctions  int
}

func (c *visit) overview() error {
	r, err := c.realm()
	if err != nil {
		return err
	}
	d := &overviewData{Realm: r}
	cases, next, err := c.site.forum.Cases(c.ctx(), c.Actor, forum.CaseQuery{Limit: forum.MaxPageSize})
	if err != nil {
		return err
	}
	d.Open, d.More = len(cases), next != ""
	for _, k := range cases {
		if k.Claimer.ID == c.Actor.ID {
			d.Mine++
		}
	}
	sanctions, _, err := c.site.forum.Sanctions(c.ctx(), c.Actor, forum.SanctionQuery{InForce: true, Limit: forum.MaxPageSize})
	if err != nil {
		return err
	}
	d.Sanctions = len(sanctions)
	c.titled(c.T("mod.overview"))
	return c.page(http.StatusOK, overviewPage(c.view, d))
}

// queueData is a page of cases.
type queueData struct {
	Realm       *realm
	State       forum.CaseState
	Fandom      forum.ID
	Cases       []forum.Case
	Next, First string
}

func caseStates() []forum.CaseState {
	return []forum.CaseState{forum.CaseOpen, forum.CaseClaimed, forum.CaseResolved}
}

func (c *visit) queue() error {
	r, err := c.realm()
	if err != nil {
		return err
	}
	d := &queueData{Realm: r, State: forum.CaseState(c.query("state"))}
	if d.State == "" {
		d.State = forum.CaseOpen
	}
	if !slices.Contains(caseStates(), d.State) {
		return nothingHere()
	}
	if d.Fandom, err = c.fandomParam(); err != nil {
		return err
	}
	q := forum.CaseQuery{Resolved: d.State == forum.CaseResolved, After: c.cursor(), Limit: pageSize}
	if d.Fandom != 0 {
		q.Fandoms = []forum.ID{d.Fandom}
	}
	list, next, err := c.site.forum.Cases(c.ctx(), c.Actor, q)
	if err != nil {
		return err
	}
	// What is open and what is claimed share a list in the store, so a page may be short.
	d.Cases = slices.DeleteFunc(list, func(k forum.Case) bool {
		return k.State != d.State || d.Fandom != 0 && k.FandomID != d.Fandom
	})
	d.Next, d.First = string(c.next(next)), string(c.first())
	c.titled(c.T("mod.queue"))
	return c.page(http.StatusOK, queuePage(c.view, d))
}

// caseData is one case: what it is about, who said what, and what can be done.
type caseData struct {
	Realm   *realm
	Case    forum.Case
	Reports []forum.Report
	Thing   *thing       // nil when it is about a member
	Member  forum.Member // of a case about a member
	Form    *form
	Once    string
}

func (c *visit) caseID() (forum.ID, error) {
	id, ok := parseID(c.r.PathValue("case"))
	if !ok {
		return 0, forum.NotFound(forum.TargetCase)
	}
	return id, nil
}

func (c *visit) showCase() error {
	return c.caseWith(newForm("for", "7"), http.StatusOK)
}

func (c *visit) caseWith(f *form, status int) error {
	id, err := c.caseID()
	if err != nil {
		return err
	}
	d := &caseData{Form: f, Once: newOnce()}
	if d.Case, d.Reports, err = c.site.forum.Case(c.ctx(), c.Actor, id); err != nil {
		return err
	}
	if d.Realm, err = c.realm(); err != nil {
		return err
	}
	if d.Case.Target.Kind == forum.TargetMember {
		d.Member, err = c.site.read.Member(c.ctx(), d.Case.Target.ID)
	} else {
		d.Thing, err = c.thing(elementID(d.Case.Target))
	}
	if err != nil {
		return err
	}
	if c.Title == "" {
		c.titled(c.F("mod.case", "n", idText(id)))
	}
	return c.page(status, casePage(c.view, d))
}

// taken reports whether somebody else is on the case.
func (d *caseData) taken(a *forum.Actor) bool {
	return d.Case.State == forum.CaseClaimed && d.Case.Claimer.ID != a.ID
}

// html is what the case is about, as readers saw it.
func (d *caseData) html() string {
	if d.Thing == nil {
		return d.Member.BioHTML
	}
	if d.Thing.isPost() {
		return d.Thing.Post.HTML
	}
	return d.Thing.Comment.HTML
}

// author is who may be sanctioned for it.
func (d *caseData) author() forum.MemberRef {
	if d.Thing == nil {
		return forum.MemberRef{ID: d.Member.ID, Handle: d.Member.Handle, Name: d.Member.Name, AvatarKey: d.Member.AvatarKey}
	}
	return d.Thing.author()
}

func (c *visit) claim() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	id, err := c.caseID()
	if err != nil {
		return err
	}
	if _, err := c.site.forum.Claim(c.ctx(), c.Actor, id, values.Get("on") == "1"); err != nil {
		return c.caseRefused(newForm("for", "7"), err)
	}
	return c.done(c.admin("/cases/", idText(id)))
}

func (c *visit) caseRefused(f *form, err error) error {
	if k := fault.KindOf(err); k == fault.Forbidden {
		return err
	}
	c.titled(c.F("mod.case", "n", c.r.PathValue("case")))
	status, other := c.refused(f, err)
	if other != nil {
		return other
	}
	return c.caseWith(f, status)
}

// resolve closes a case, with an act on what it is about and a sanction of its author if they are wanted.
func (c *visit) resolve() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	id, err := c.caseID()
	if err != nil {
		return err
	}
	err = c.sanctionFor(id, values)
	// Sent again, the sanction is there; whether the case was resolved after it is not yet known.
	if _, again := errors.AsType[*forum.Replay](err); again || err == nil {
		act := forum.Act(values.Get("act"))
		if act == "dismiss" {
			act = ""
		}
		_, err = c.site.forum.Resolve(c.ctx(), c.Actor, id, act, values.Get("note"))
	}
	if err == nil || c.resolvedByMe(id, err) {
		return c.done(c.admin("/queue?done=resolved"))
	}
	return c.caseRefused(formOf(values, "note", "kind", "for", "reason", "site"), err)
}

// resolvedByMe reports whether err says no more than that the actor sent the form twice.
func (c *visit) resolvedByMe(id forum.ID, err error) bool {
	if !fault.Is(err, "case_resolved") {
		return false
	}
	k, _, err := c.site.forum.Case(c.ctx(), c.Actor, id)
	return err == nil && k.Resolver.ID == c.Actor.ID
}

// sanctionFor imposes the sanction that comes with a resolution, if there is one. It looks first
// whether the case can be resolved at all.
func (c *visit) sanctionFor(id forum.ID, values url.Values) error {
	if values.Get("kind") == "" {
		return nil
	}
	k, _, err := c.site.forum.Case(c.ctx(), c.Actor, id)
	if err != nil {
		return err
	}
	switch {
	case k.State == forum.CaseResolved:
		return fault.New(fault.Conflict, "case_resolved", "This case is resolved already.")
	case k.State == forum.CaseClaimed && k.Claimer.ID != c.Actor.ID:
		return fault.New(fault.Conflict, "case_claimed", "{name} is on this case.", "name", k.Claimer.Name)
	}
	member := k.Author.ID
	if k.Target.Kind == forum.TargetMember {
		member = k.Target.ID
	}
	fandom := k.FandomID
	if values.Get("site") != "" {
		fandom = 0
	}
	return c.impose(member, fandom, values, c.admin("/queue?done=resolved"))
}
