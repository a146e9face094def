package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"lightstick/internal/forum"
)

// How many events are shown.
const (
	fandomEvents = 3   // on the fandom's page
	feedEvents   = 100 // of either kind, in a feed
)

// calendarData is the calendar of a fandom: three questions to the store.
type calendarData struct {
	Fandom      forum.Fandom
	Boards      []forum.Board
	Past        bool
	Events      []forum.Event
	Next, First templ.SafeURL
}

func (s *Site) calendar(w http.ResponseWriter, r *http.Request, p *Printer) error {
	ctx, q := r.Context(), r.URL.Query()
	d := calendarData{Past: q.Get("past") != ""}
	var err error
	if d.Fandom, err = s.read.Fandom(ctx, r.PathValue("fandom")); err != nil {
		return err
	}
	if d.Boards, err = s.read.Boards(ctx, d.Fandom.ID); err != nil {
		return err
	}
	after := forum.Cursor(q.Get("after"))
	list, next, err := s.read.Events(ctx, forum.EventQuery{FandomID: d.Fandom.ID, Past: d.Past, After: after, Limit: pageSize})
	if err != nil {
		return err
	}
	d.Events = list
	v := s.publicView(r, p, p.T("event.calendar")+" · "+d.Fandom.Name)
	v.Description, v.Hue, v.NoIndex = d.Fandom.Description, hueClass(d.Fandom.Accent), after != ""
	self := v.calendarURL(d.Fandom.Slug, d.Past)
	if next != "" {
		more := map[bool]string{false: "?after=", true: "&after="}[d.Past]
		d.Next = self + templ.SafeURL(more+url.QueryEscape(string(next)))
	}
	if after != "" {
		d.First = self
	}
	return render(w, r, http.StatusOK, calendarPage(v, &d))
}

func (v *view) calendarURL(fandom string, past bool) templ.SafeURL {
	if past {
		return v.to("/calendar/", fandom, "?past=1")
	}
	return v.to("/calendar/", fandom)
}

// eventURL leads to an event within the calendar.
func (v *view) eventURL(fandom string, e *forum.Event) templ.SafeURL {
	return v.calendarURL(fandom, !v.now.Before(e.EndsAt)) + templ.SafeURL("#e"+idText(e.ID))
}

// left says how long it is until an event, in its largest unit; the script counts on from there.
func (v *view) left(e *forum.Event) string {
	switch d := e.StartsAt.Sub(v.now); {
	case d <= 0:
		return v.T("event.now")
	case d < time.Hour:
		return v.N("event.in_minutes", int((d+time.Minute-1)/time.Minute))
	case d < 24*time.Hour:
		return v.N("event.in_hours", int(d/time.Hour))
	default:
		return v.N("event.in_days", int(d/(24*time.Hour)))
	}
}

// meet is where people meet for an event: its post, else its board, "" for neither.
func (v *view) meet(e *forum.Event, fandom string, boards []forum.Board) templ.SafeURL {
	if e.PostID != 0 {
		return v.postURL(e.PostID)
	}
	for _, b := range boards {
		if b.ID == e.BoardID {
			return v.boardURL(fandom, b.Slug)
		}
	}
	return ""
}

// EventPages are the addresses, in all languages, that people will ask for when an event of the
// fandom comes near: those of the fandom, its calendar and boards, the post it names, and the front.
func (s *Site) EventPages(f forum.Fandom, boards []forum.Board, post forum.ID) []string {
	var list []string
	for _, p := range s.locales.All() {
		at := "/" + p.Tag
		if post != 0 {
			list = append(list, at+"/p/"+idText(post))
		}
		list = append(list, at+"/f/"+f.Slug, at, at+"/calendar/"+f.Slug)
		for _, b := range boards {
			list = append(list, at+"/f/"+f.Slug+"/"+b.Slug)
		}
	}
	return list
}

// feed is the calendar of a fandom for other programs, after RFC 5545: what is coming, and what was of late.
func (s *Site) feed(w http.ResponseWriter, r *http.Request, p *Printer) error {
	ctx := r.Context()
	f, err := s.read.Fandom(ctx, r.PathValue("fandom"))
	if err != nil {
		return err
	}
	c := ical{site: s.base, host: s.base[strings.Index(s.base, "//")+2:]}
	c.line("BEGIN", "VCALENDAR")
	c.line("VERSION", "2.0")
	c.line("PRODID", "-//Lightstick//"+strings.ToUpper(p.Tag))
	c.text("X-WR-CALNAME", f.Name+" · "+p.T("event.calendar"))
	c.line("REFRESH-INTERVAL;VALUE=DURATION", "PT1H")
	for _, past := range []bool{true, false} {
		list, _, err := s.read.Events(ctx, forum.EventQuery{FandomID: f.ID, Past: past, Limit: feedEvents})
		if err != nil {
			return err
		}
		for i := range list {
			c.event(p, f, &list[i])
		}
	}
	c.line("END", "VCALENDAR")
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	_, err = w.Write([]byte(c.b.String()))
	return err
}

// ical writes lines of a calendar.
type ical struct {
	b          strings.Builder
	site, host string
}

func (c *ical) event(p *Printer, f forum.Fandom, e *forum.Event) {
	utc := func(t time.Time) string { return t.UTC().Format("20060102T150405Z") }
	c.line("BEGIN", "VEVENT")
	c.line("UID", "event-"+idText(e.ID)+"@"+c.host)
	c.line("DTSTAMP", utc(e.UpdatedAt))
	c.line("SEQUENCE", idText(forum.ID(e.Version-1)))
	c.line("DTSTART", utc(e.StartsAt))
	c.line("DTEND", utc(e.EndsAt))
	c.text("SUMMARY", f.Name+": "+e.Title)
	c.text("CATEGORIES", p.T("event.kind_"+string(e.Kind)))
	if e.Text != "" {
		c.text("DESCRIPTION", e.Text)
	}
	c.line("URL", cmp.Or(e.Link, c.site+"/"+p.Tag+"/calendar/"+f.Slug))
	if e.Cancelled {
		c.line("STATUS", "CANCELLED")
	}
	c.line("END", "VEVENT")
}

// text writes a value that people wrote.
func (c *ical) text(name, value string) {
	c.line(name, strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r", "", "\n", `\n`).Replace(value))
}

// line writes a property, folded after at most 75 bytes without cutting a character.
func (c *ical) line(name, value string) {
	const most = 75
	room := most
	for i, r := range name + ":" + value {
		size := len(string(r))
		if i > 0 && size > room {
			c.b.WriteString("\r\n ")
			room = most - 1
		}
		c.b.WriteRune(r)
		room -= size
	}
	c.b.WriteString("\r\n")
}
