package web

import (
	"lightstick/internal/forum"
)

// stop is one thing that keeps a member from writing, in words for them.
type stop struct {
	What, Reason, Until string
	Link                link
}

// titled sets the title of window and page.
func (c *visit) titled(text string) {
	c.Title, c.Heading = text, text
}

// stops lists what keeps the member from writing in a fandom; 0 lists what holds anywhere.
func (c *visit) stops(fandom forum.ID) ([]stop, error) {
	var list []stop
	if !c.Actor.Verified && !c.site.forum.MayPostUnverified {
		list = append(list, stop{What: c.T("me.unverified"), Link: link{c.me("/inbox"), c.T("me.unverified_next")}})
	}
	names, err := c.fandomNames(c.Actor.Sanctions)
	if err != nil {
		return nil, err
	}
	for _, s := range c.Actor.Sanctions {
		if s.InForce(c.now) && (fandom == 0 || s.FandomID == 0 || s.FandomID == fandom) {
			list = append(list, c.stopOf(s, names[s.FandomID]))
		}
	}
	return list, nil
}

func (c *visit) stopOf(s forum.Sanction, fandom string) stop {
	if s.FandomID == 0 {
		fandom = c.T("me.whole_site")
	}
	return stop{What: c.F("me.stopped_"+string(s.Kind), "where", fandom), Reason: s.Reason, Until: c.until(s)}
}

// until says when a sanction ends.
func (v *view) until(s forum.Sanction) string {
	if s.ExpiresAt.IsZero() {
		return v.T("me.until_lifted")
	}
	return v.F("me.until", "time", v.when(s.ExpiresAt))
}

// fandomNames finds the names of the fandoms of sanctions; it asks nothing when there are none.
func (c *visit) fandomNames(list []forum.Sanction) (map[forum.ID]string, error) {
	if len(list) == 0 {
		return nil, nil
	}
	fandoms, err := c.site.read.Fandoms(c.ctx())
	if err != nil {
		return nil, err
	}
	names := make(map[forum.ID]string, len(fandoms))
	for _, f := range fandoms {
		names[f.ID] = f.Name
	}
	return names, nil
}
