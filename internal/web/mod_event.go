package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// eventsData is the calendar of a fandom for its staff.
type eventsData struct {
	Realm       *realm
	Fandom      forum.Fandom
	Past        bool
	List        []forum.Event
	Next, First string
}

func (c *visit) events() error {
	r, err := c.realm()
	if err != nil {
		return err
	}
	fd, err := c.eventFandom(r, c.query("fandom"))
	if err != nil {
		return err
	}
	d := &eventsData{Realm: r, Fandom: fd, Past: c.query("past") != ""}
	list, next, err := c.site.read.Events(c.ctx(), forum.EventQuery{FandomID: fd.ID, Past: d.Past, After: c.cursor(), Limit: pageSize})
	if err != nil {
		return err
	}
	d.List, d.Next, d.First = list, string(c.next(next)), string(c.first())
	c.titled(c.T("mod.events"))
	return c.page(http.StatusOK, eventsPage(c.view, d))
}

// eventFandom is the fandom that was named, or the actor's first.
func (c *visit) eventFandom(r *realm, text string) (forum.Fandom, error) {
	id, err := chosen(text)
	if err != nil {
		return forum.Fandom{}, err
	}
	if id == 0 {
		if len(r.Fandoms) == 0 {
			return forum.Fandom{}, forum.NotFound(forum.TargetFandom)
		}
		return r.Fandoms[0], nil
	}
	if !c.Actor.Staff(id) {
		return forum.Fandom{}, fault.New(fault.Forbidden, "staff_only", "Only staff may do this.")
	}
	return c.site.read.FandomByID(c.ctx(), id)
}

// eventMoment is how a form writes a time: in Korea's, as schedules are announced.
const eventMoment = "2006-01-02T15:04"

func (c *visit) eventFields(fandom forum.ID) ([]input, error) {
	kinds := []option{}
	for _, k := range forum.EventKinds() {
		kinds = append(kinds, option{string(k), c.T("event.kind_" + string(k))})
	}
	boards, err := c.site.read.Boards(c.ctx(), fandom)
	if err != nil {
		return nil, err
	}
	places := []option{{"", "–"}}
	for _, b := range boards {
		places = append(places, option{idText(b.ID), b.Name})
	}
	return []input{
		{Name: "title", Label: c.T("mod.event_title"), Required: true, Max: forum.MaxTitle},
		{Name: "kind", Label: c.T("mod.kind"), Options: kinds},
		{Name: "starts_at", Label: c.T("mod.event_starts"), Hint: c.T("mod.event_kst"), Type: "datetime-local", Required: true},
		{Name: "ends_at", Label: c.T("mod.event_ends"), Hint: c.T("mod.event_ends_hint"), Type: "datetime-local"},
		{Name: "text", Label: c.T("mod.description"), Lines: 3, Max: forum.MaxEventText},
		{Name: "link", Label: c.T("mod.event_link"), Type: "url", Max: forum.MaxEventLink},
		{Name: "board_id", Label: c.T("mod.event_board"), Hint: c.T("mod.event_warm"), Options: places},
		{Name: "post_id", Label: c.T("mod.event_post"), Hint: c.T("mod.event_post_hint"), Max: 200},
	}, nil
}

// eventInput reads the form of an event.
func eventInput(values url.Values) (forum.EventInput, error) {
	var bad fault.Fields
	moment := func(name string) time.Time {
		text := values.Get(name)
		if text == "" {
			return time.Time{}
		}
		t, err := time.ParseInLocation(eventMoment, text, kst())
		if err != nil {
			bad.Add(name, "bad_moment", "Give date and time as YYYY-MM-DDTHH:MM.")
		}
		return t
	}
	in := forum.EventInput{Kind: forum.EventKind(values.Get("kind")), Title: values.Get("title"), Text: values.Get("text"), Link: values.Get("link"),
		StartsAt: moment("starts_at"), EndsAt: moment("ends_at"), Cancelled: values.Get("cancelled") != ""}
	in.Version, _ = strconv.Atoi(values.Get("version")) // 0, of a form without one, is any version
	if text := values.Get("board_id"); text != "" {
		var ok bool
		if in.BoardID, ok = parseID(text); !ok {
			bad.Add("board_id", "board_elsewhere", "This is no board of the fandom.")
		}
	}
	// A post is named by its number or its address.
	if text := strings.TrimSpace(values.Get("post_id")); text != "" {
		var ok bool
		if in.PostID, ok = parseID(text[strings.LastIndexByte(text, '/')+1:]); !ok {
			bad.Add("post_id", "post_elsewhere", "This is no post of the fandom.")
		}
	}
	return in, bad.Err()
}

func eventEntered(values url.Values) *form {
	return formOf(values, "title", "kind", "starts_at", "ends_at", "text", "link", "board_id", "post_id", "cancelled")
}

func (c *visit) newEventSheet(fd *forum.Fandom, f *form) (*sheet, error) {
	c.titled(c.F("mod.new_event", "fandom", fd.Name))
	c.Hue = hueClass(fd.Accent)
	fields, err := c.eventFields(fd.ID)
	return &sheet{Form: f, Action: c.admin("/events/new"), Hidden: hidden("once", newOnce(), "fandom", idText(fd.ID)), Fields: fields,
		Submit: c.T("mod.create"), Links: []link{{c.admin("/events?fandom=", idText(fd.ID)), c.T("mod.events")}}}, err
}

func (c *visit) newEventForm() error {
	r, err := c.realm()
	if err != nil {
		return err
	}
	fd, err := c.eventFandom(r, c.query("fandom"))
	if err != nil {
		return err
	}
	d, err := c.newEventSheet(&fd, newForm("kind", string(forum.EventComeback)))
	if err != nil {
		return err
	}
	return c.sheet(d, nil)
}

func (c *visit) createEvent() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	r, err := c.realm()
	if err != nil {
		return err
	}
	fd, err := c.eventFandom(r, values.Get("fandom"))
	if err != nil {
		return err
	}
	to := c.admin("/events?done=saved&fandom=", idText(fd.ID))
	ctx, err := c.once(values, at(to))
	if err != nil {
		return err
	}
	in, err := eventInput(values)
	if err == nil {
		_, err = c.site.forum.CreateEvent(ctx, c.Actor, fd.ID, in)
	}
	if err == nil {
		return c.done(to)
	}
	d, other := c.newEventSheet(&fd, eventEntered(values))
	if other != nil {
		return other
	}
	return c.sheet(d, err)
}

// eventHere is the event of the address with its fandom, if the actor moderates it.
func (c *visit) eventHere() (forum.Event, forum.Fandom, error) {
	id, err := pathID(c.r, "event", forum.TargetEvent)
	if err != nil {
		return forum.Event{}, forum.Fandom{}, err
	}
	e, err := c.site.read.Event(c.ctx(), id)
	if err != nil {
		return e, forum.Fandom{}, err
	}
	if !c.Actor.Staff(e.FandomID) {
		return e, forum.Fandom{}, fault.New(fault.Forbidden, "staff_only", "Only staff may do this.")
	}
	fd, err := c.site.read.FandomByID(c.ctx(), e.FandomID)
	return e, fd, err
}

func (c *visit) eventForm() error {
	e, fd, err := c.eventHere()
	if err != nil {
		return err
	}
	number := func(id forum.ID) string {
		if id == 0 {
			return ""
		}
		return idText(id)
	}
	return c.showEvent(&e, &fd, newForm("title", e.Title, "kind", string(e.Kind), "starts_at", e.StartsAt.In(kst()).Format(eventMoment),
		"ends_at", e.EndsAt.In(kst()).Format(eventMoment), "text", e.Text, "link", e.Link, "board_id", number(e.BoardID), "post_id", number(e.PostID),
		"cancelled", checked(e.Cancelled), "version", strconv.Itoa(e.Version)), nil)
}

// eventEdit is one event, to change or delete.
type eventEdit struct {
	Event forum.Event
	Sheet *sheet
}

func (c *visit) showEvent(e *forum.Event, fd *forum.Fandom, f *form, wrong error) error {
	c.titled(e.Title)
	c.Hue = hueClass(fd.Accent)
	fields, err := c.eventFields(fd.ID)
	if err != nil {
		return err
	}
	fields = append(fields, input{Name: "cancelled", Label: c.T("mod.event_cancelled"), Hint: c.T("mod.event_cancelled_hint"), Type: "checkbox"})
	d := &eventEdit{Event: *e, Sheet: &sheet{Form: f, Action: c.admin("/events/", idText(e.ID)), Hidden: hidden("version", f.values["version"]), Fields: fields,
		Submit: c.T("me.save"), Links: []link{{c.admin("/events?fandom=", idText(fd.ID)), c.T("mod.events")}, {c.eventURL(fd.Slug, e), c.T("mod.see_event")}}}}
	status := http.StatusOK
	if wrong != nil {
		if status, err = c.refused(f, wrong); err != nil {
			return err
		}
	}
	return c.page(status, eventPage(c.view, d))
}

func (c *visit) saveEvent() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	e, fd, err := c.eventHere()
	if err != nil {
		return err
	}
	in, err := eventInput(values)
	if err == nil {
		_, err = c.site.forum.UpdateEvent(c.ctx(), c.Actor, e.ID, in)
	}
	if err != nil {
		f := eventEntered(values)
		f.values["version"] = values.Get("version")
		return c.showEvent(&e, &fd, f, err)
	}
	return c.done(c.admin("/events?done=saved&fandom=", idText(fd.ID)))
}

func (c *visit) deleteEvent() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	e, fd, err := c.eventHere()
	if err != nil {
		return err
	}
	version, _ := strconv.Atoi(values.Get("version")) // 0, of a form without one, is any version
	if err := c.site.forum.DeleteEvent(c.ctx(), c.Actor, e.ID, version); err != nil {
		return err
	}
	return c.done(c.admin("/events?done=removed&fandom=", idText(fd.ID)))
}
