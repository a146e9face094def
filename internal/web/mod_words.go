package web

import (
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// wordsData is the word rules that hold in a fandom, or on the whole site.
type wordsData struct {
	Realm  *realm
	Fandom forum.ID
	Rules  []forum.WordRule
	Form   *form
	Once   string
}

// fandomOrFirst is the fandom of the address; moderators who name none get their first, admins the site.
func (c *visit) fandomOrFirst(r *realm, text string) (forum.ID, error) {
	id, err := chosen(text)
	if err == nil && id == 0 && !c.Actor.Admin() && len(r.Fandoms) > 0 {
		id = r.Fandoms[0].ID
	}
	return id, err
}

func (c *visit) words() error {
	return c.showWords(newForm("fandom", c.query("fandom"), "action", string(forum.WordHold)), http.StatusOK)
}

func (c *visit) showWords(f *form, status int) error {
	r, err := c.realm()
	if err != nil {
		return err
	}
	d := &wordsData{Realm: r, Form: f, Once: newOnce()}
	if d.Fandom, err = c.fandomOrFirst(r, f.values["fandom"]); err != nil {
		return err
	}
	if d.Rules, err = c.site.forum.WordRules(c.ctx(), c.Actor, d.Fandom); err != nil {
		return err
	}
	if c.Title == "" {
		c.titled(c.T("mod.words"))
	}
	return c.page(status, wordsPage(c.view, d))
}

// wordActions are the choices of what a rule does.
func (v *view) wordActions() []option {
	var list []option
	for _, a := range []forum.WordAction{forum.WordMask, forum.WordHold, forum.WordRefuse} {
		list = append(list, option{string(a), v.T("mod.word_" + string(a))})
	}
	return list
}

func (c *visit) addWord() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	fandom, err := chosen(values.Get("fandom"))
	if err != nil {
		return err
	}
	to := c.admin("/words?done=saved&fandom=", idText(fandom))
	ctx, err := c.once(values, at(to))
	if err != nil {
		return err
	}
	_, err = c.site.forum.AddWordRule(ctx, c.Actor, fandom, values.Get("pattern"), forum.WordAction(values.Get("action")))
	if again, first := c.replay(err); again {
		return first
	}
	if err != nil {
		if fault.KindOf(err) == fault.Forbidden {
			return err
		}
		f := formOf(values, "fandom", "pattern", "action")
		c.titled(c.T("mod.words"))
		status, other := c.refused(f, err)
		if other != nil {
			return other
		}
		return c.showWords(f, status)
	}
	return c.done(to)
}

func (c *visit) removeWord() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	id, ok := parseID(values.Get("id"))
	if !ok {
		return forum.NotFound(forum.TargetRule)
	}
	if err := c.site.forum.RemoveWordRule(c.ctx(), c.Actor, id); err != nil {
		return err
	}
	fandom, err := chosen(values.Get("fandom"))
	if err != nil {
		return err
	}
	return c.done(c.admin("/words?done=removed&fandom=", idText(fandom)))
}

// aliasSheet is the names that mean the same in a fandom: a set in each line.
func (c *visit) aliasSheet(r *realm, f *form, fandom forum.ID) *sheet {
	c.titled(c.T("mod.aliases"))
	return &sheet{Intro: c.T("mod.aliases_intro"), Form: f, Action: c.admin("/aliases"), Hidden: hidden("fandom", idText(fandom)),
		Context: aliasTabs(c.view, r, fandom), Submit: c.T("me.save"),
		Fields: []input{{Name: "aliases", Label: c.F("mod.aliases_of", "fandom", r.name(c.view, fandom)), Hint: c.T("mod.aliases_hint"), Lines: 14}}}
}

func (c *visit) aliases() error {
	r, err := c.realm()
	if err != nil {
		return err
	}
	fandom, err := c.fandomParam()
	if err != nil {
		return err
	}
	if fandom == 0 {
		if len(r.Fandoms) == 0 {
			return forum.NotFound(forum.TargetFandom)
		}
		fandom = r.Fandoms[0].ID
	}
	if !c.Actor.Staff(fandom) {
		return fault.New(fault.Forbidden, "staff_only", "Only staff may do this.")
	}
	sets, err := c.site.read.Aliases(c.ctx(), fandom)
	if err != nil {
		return err
	}
	lines := make([]string, len(sets))
	for i, s := range sets {
		lines[i] = strings.Join(s.Names, ", ")
	}
	return c.sheet(c.aliasSheet(r, newForm("aliases", strings.Join(lines, "\n")), fandom), nil)
}

func (c *visit) saveAliases() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	fandom, err := chosen(values.Get("fandom"))
	if err != nil {
		return err
	}
	err = c.site.forum.SetAliases(c.ctx(), c.Actor, fandom, aliasSets(values.Get("aliases")))
	if err != nil {
		r, other := c.realm()
		if other != nil {
			return other
		}
		if fault.KindOf(err) == fault.Forbidden {
			return err
		}
		return c.sheet(c.aliasSheet(r, formOf(values, "aliases"), fandom), err)
	}
	return c.done(c.admin("/aliases?done=saved&fandom=", idText(fandom)))
}

// aliasSets reads one set of names from each line that is not empty.
func aliasSets(text string) [][]string {
	var sets [][]string
	for line := range strings.Lines(text) {
		var names []string
		for name := range strings.SplitSeq(strings.NewReplacer("、", ",", "，", ",").Replace(line), ",") {
			if name = strings.TrimSpace(name); name != "" {
				names = append(names, name)
			}
		}
		if len(names) > 0 {
			sets = append(sets, names)
		}
	}
	return sets
}

// fandomLink narrows a staff page to a fandom.
func fandomLink(base templ.SafeURL, id forum.ID) templ.SafeURL {
	return base + templ.SafeURL(idText(id))
}
