package web

import (
	"net/http"
	"slices"
	"strings"

	"lightstick/internal/forum"
)

// reactData is the page with all six reactions to one thing.
type reactData struct {
	Thing *thing
	Own   []forum.ReactionKind
}

func (c *visit) reactForm() error {
	t, err := c.thing(c.query("target"))
	if err != nil {
		return err
	}
	own, err := c.site.read.OwnReactions(c.ctx(), c.Actor.ID, t.Post.ID)
	if err != nil {
		return err
	}
	c.titled(c.T("me.react"))
	return c.page(http.StatusOK, reactPage(c.view, &reactData{t, own[t.Target]}))
}

// react puts or takes back a reaction: as on=1|0 says, or the other way than it is now.
func (c *visit) react() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	id, name, _ := strings.Cut(values.Get("r"), ".")
	t, err := c.thing(id)
	if err != nil {
		return err
	}
	kind, err := forum.ReactionNamed(name)
	if err != nil {
		return err
	}
	on := values.Get("on") == "1"
	if values.Get("on") == "" {
		own, err := c.site.read.OwnReactions(c.ctx(), c.Actor.ID, t.Post.ID)
		if err != nil {
			return err
		}
		on = !slices.Contains(own[t.Target], kind)
	}
	if err := c.site.forum.React(c.ctx(), c.Actor, t.Target, kind, on); err != nil {
		return err
	}
	if wantsJSON(c.r) {
		c.wrote()
		c.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return c.done(c.on(t))
}
