package web

import (
	"context"
	"net/http"
	"strings"

	"lightstick/internal/forum"
)

// fragments answers for one public page what belongs to its reader, see [Fragments]: one question
// to the store for the count, one for reactions on a post, and one more for moderators.
func (c *visit) fragments() error {
	var out Fragments
	if c.Actor.Guest() {
		c.memberCookie("", -1) // the session is over: do not ask again
		return writeJSON(c.w, http.StatusOK, out)
	}
	a := c.Actor
	out.Member = &FragmentMember{Handle: a.Handle, Name: a.Name}
	if a.AvatarKey != "" {
		out.Member.Avatar = c.pictureURL(a.AvatarKey, 0)
	}
	if a.AnyStaff() {
		out.Member.Admin = string(c.admin())
	}
	var err error
	if out.Unread, err = c.site.read.UnreadCount(c.ctx(), a.ID); err != nil {
		return err
	}
	kind, name := pageOf(c.query("page"))
	if out.Staff, err = c.staffOn(c.ctx(), kind, name); err != nil {
		return err
	}
	if kind == "p" {
		if out.Reactions, err = c.ownReactions(name); err != nil {
			return err
		}
	}
	return writeJSON(c.w, http.StatusOK, out)
}

// pageOf reads what a public page is about from its path: "/ko/p/12" is "p" and "12".
func pageOf(path string) (kind, name string) {
	parts := strings.Split(path, "/")
	if len(parts) < 4 || parts[0] != "" {
		return "", ""
	}
	return parts[2], parts[3]
}

// staffOn reports whether the actor moderates the fandom of a page. Only moderators cost a question.
func (c *visit) staffOn(ctx context.Context, kind, name string) (bool, error) {
	a := c.Actor
	if !a.AnyStaff() || a.Admin() {
		return a.Admin(), nil
	}
	var fandom forum.ID
	var err error
	switch kind {
	case "p":
		if id, ok := parseID(name); ok {
			var p forum.Post
			p, err = c.site.read.Post(ctx, id)
			fandom = p.Board.FandomID
		}
	case "f":
		var f forum.Fandom
		f, err = c.site.read.Fandom(ctx, name)
		fandom = f.ID
	}
	if asFault(err) != nil {
		return false, nil // there is no such page: nothing of it is theirs
	}
	return a.Staff(fandom), err
}

func (c *visit) ownReactions(name string) (map[string][]string, error) {
	post, ok := parseID(name)
	if !ok {
		return nil, nil
	}
	own, err := c.site.read.OwnReactions(c.ctx(), c.Actor.ID, post)
	if err != nil || len(own) == 0 {
		return nil, err
	}
	out := make(map[string][]string, len(own))
	for target, kinds := range own {
		id := elementID(target)
		for _, k := range kinds {
			out[id] = append(out[id], forum.ReactionNames[k])
		}
	}
	return out, nil
}
