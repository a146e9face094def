package web

import (
	"net/http"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// homeData is the member's own page: what is new for them, and what they wrote.
type homeData struct {
	Stops    []stop
	Unread   []forum.Notification
	Posts    []forum.Post
	Comments []forum.Comment
}

const homeRows = 10 // of each list on the member's page

func (c *visit) home() error {
	d := &homeData{}
	var err error
	if d.Stops, err = c.stops(0); err != nil {
		return err
	}
	list, _, err := c.site.forum.Notifications(c.ctx(), c.Actor, "", homeRows)
	if err != nil {
		return err
	}
	for _, n := range list {
		if !n.Read {
			d.Unread = append(d.Unread, n)
		}
	}
	if d.Posts, _, err = c.site.read.Posts(c.ctx(), forum.PostQuery{AuthorID: c.Actor.ID, Sort: forum.SortNew, Limit: homeRows}); err != nil {
		return err
	}
	if d.Comments, _, err = c.site.read.CommentsBy(c.ctx(), c.Actor.ID, "", homeRows); err != nil {
		return err
	}
	c.titled(c.Actor.Name)
	return c.page(http.StatusOK, homePage(c.view, d))
}

// notesData is a page of notifications.
type notesData struct {
	List        []forum.Notification
	Next, First string
	Newest      forum.ID // up to which they can be marked as read
}

func (c *visit) notifications() error {
	list, next, err := c.site.forum.Notifications(c.ctx(), c.Actor, c.cursor(), pageSize)
	if err != nil {
		return err
	}
	d := &notesData{List: list, Next: string(c.next(next)), First: string(c.first())}
	for _, n := range list {
		if !n.Read {
			d.Newest = max(d.Newest, n.ID)
		}
	}
	c.titled(c.T("me.notifications"))
	return c.page(http.StatusOK, notesPage(c.view, d))
}

// markRead marks what the page showed: what came since stays unread.
func (c *visit) markRead() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	upTo, ok := parseID(values.Get("up_to"))
	if !ok {
		return fault.New(fault.Malformed, "bad_form", "This form could not be read. Go back, load the page again and repeat it.")
	}
	if err := c.site.forum.MarkRead(c.ctx(), c.Actor, upTo); err != nil {
		return err
	}
	return c.done(c.me("/notifications?done=read"))
}

// noteURL leads to what a notification is about.
func (v *view) noteURL(n *forum.Notification) string {
	if n.Target.Kind == forum.TargetComment {
		return string(v.threadURL(n.PostID, n.Target.ID))
	}
	return string(v.postURL(n.PostID))
}

// pressed is a value of aria-pressed.
func pressed(on bool) string {
	if on {
		return "true"
	}
	return "false"
}
