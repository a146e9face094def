package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"lightstick/internal/forum"
)

func (h *house) event(id forum.ID) forum.Event {
	h.t.Helper()
	e, err := h.store.Event(h.ctx, id)
	if err != nil {
		h.t.Fatal(err)
	}
	return e
}

// TestEventsOfStaff keeps a calendar the way a moderator does.
func TestEventsOfStaff(t *testing.T) {
	h := newHouse(t)
	p, _ := h.written()
	list := fmt.Sprintf("/admin/en/events?fandom=%d", h.fandom.ID)
	add := h.parse(h.visit(mod, list).Body.String()).Find("a.button").AttrOr("href", "")
	values := []string{"title", "Aurora live", "kind", "stream", "starts_at", "2026-12-24T20:00", "board_id", fmt.Sprint(h.board.ID), "post_id", base + "/ko/p/" + fmt.Sprint(p.ID), "link", "https://live.example"}
	action, form := h.form(mod, add, "form.plain", values...)
	for range 2 { // sent twice, made once
		leads(t, h.send(sent{method: "POST", path: action, cookie: h.cookies[mod], form: form}), "/admin/en/events?done=saved")
	}
	page := h.parse(h.visit(mod, list).Body.String())
	links := page.Find(".events a.t")
	if links.Length() != 1 {
		t.Fatalf("%d events", links.Length())
	}
	at := links.AttrOr("href", "")
	var id forum.ID
	if _, err := fmt.Sscanf(at, "/admin/en/events/%d", &id); err != nil {
		t.Fatal(at, err)
	}
	e := h.event(id)
	if want := time.Date(2026, 12, 24, 11, 0, 0, 0, time.UTC); !e.StartsAt.Equal(want) || e.PostID != p.ID || e.BoardID != h.board.ID || e.EndsAt.Sub(want) != time.Hour {
		t.Errorf("made %+v", e)
	}
	says(t, h.submit(mod, at, "form.plain", "ends_at", "2026-12-24T19:00"), 422, "It must end after it starts.", "2026-12-24T19:00")
	says(t, h.submit(mod, at, "form.plain", "starts_at", "tomorrow", "post_id", "here"), 422, "Give date and time", "This is no post of the fandom.")
	leads(t, h.submit(mod, at, "form.plain", "cancelled", "1"), "/admin/en/events?done=saved")
	if e = h.event(id); !e.Cancelled || e.Version != 2 || e.Title != "Aurora live" {
		t.Errorf("called off: %+v", e)
	}
	says(t, h.fill(mod, at, "title", "late", "kind", "stream", "starts_at", "2026-12-24T20:00", "version", "1"), http.StatusPreconditionFailed, "late")
	says(t, h.visit(guest, "/en/calendar/aurora"), 200, "Called off", "Aurora live")
	says(t, h.fill(mod, at+"/delete", "version", "1"), http.StatusPreconditionFailed)
	leads(t, h.submit(mod, at, "form[action$=delete]"), "/admin/en/events?done=removed")
	says(t, h.visit(mod, at), http.StatusNotFound)
	says(t, h.visit(mod, "/admin/en/audit"), 200, "event.create", "event.cancel", "event.delete", "title: Aurora live")
}

// TestCountdownWords: the words of a page made long before are right for the hour it was made in.
func TestCountdownWords(t *testing.T) {
	w := newWorld(t)
	start := w.now.Add(49 * time.Hour)
	w.update(func(tx forum.Tx) error {
		return tx.InsertEvent(w.ctx, &forum.Event{FandomID: w.fandom.ID, Kind: forum.EventStream, Title: "x", StartsAt: start, EndsAt: start.Add(time.Hour)})
	})
	for _, c := range []struct {
		before time.Duration
		want   string
	}{
		{49 * time.Hour, "in 2 days"}, {24 * time.Hour, "in 1 day"}, {24*time.Hour - 1, "in 23 hours"}, {time.Hour, "in 1 hour"}, {time.Hour - 1, "in 60 minutes"},
		{time.Second, "in 1 minute"}, {0, "On now"}, {-59 * time.Minute, "On now"}, {-time.Hour, ""},
	} {
		w.now = start.Add(-c.before)
		w.openEdge() // whose page cache is empty
		if got := w.page("/en/f/aurora").Find(".events .left").Text(); got != c.want {
			t.Errorf("%v before: %q, want %q", c.before, got, c.want)
		}
		if n := w.asked.Load(); n > 6 {
			t.Errorf("the page asked the store %d times", n)
		}
	}
}

// TestFeed: lines end in CR LF, none is longer than 75 bytes, no character is cut, nothing that
// people wrote makes a line of its own.
func TestFeed(t *testing.T) {
	w := newWorld(t)
	for i := range 3 {
		at := w.now.Add(time.Duration(i-1) * 48 * time.Hour)
		w.update(func(tx forum.Tx) error {
			return tx.InsertEvent(w.ctx, &forum.Event{FandomID: w.fandom.ID, Kind: forum.EventBirthday, Title: strings.Repeat("별빛 ✨, ", 12) + fmt.Sprint(i),
				Text: "one\nEND:VEVENT\nBEGIN:VALARM", StartsAt: at, EndsAt: at.Add(time.Hour), UpdatedAt: w.now, Cancelled: i == 2})
		})
	}
	body := w.get("/ko/calendar/aurora/feed.ics").Body.String()
	lines := strings.Split(body, "\r\n")
	if strings.Contains(strings.ReplaceAll(body, "\r\n", ""), "\n") || lines[len(lines)-1] != "" {
		t.Error("a line ends otherwise")
	}
	for _, line := range lines {
		if len(line) > 75 || strings.ToValidUTF8(line, "?") != line || line == "BEGIN:VALARM" {
			t.Errorf("%d bytes: %q", len(line), line)
		}
	}
	whole := strings.ReplaceAll(body, "\r\n ", "")
	for part, n := range map[string]int{"BEGIN:VEVENT": 3, "END:VEVENT\r": 3, "STATUS:CANCELLED": 1, strings.Repeat(`별빛 ✨\, `, 12) + "1\r": 1, `\nEND:VEVENT\nBEGIN:VALARM`: 3,
		"CATEGORIES:생일·기념일": 3, "URL:" + base + "/ko/calendar/aurora": 3, "@fans.example": 3} {
		if got := strings.Count(whole, part); got != n {
			t.Errorf("%q is there %d times, want %d", part, got, n)
		}
	}
}

// TestCalendarPages: a long calendar goes on where its page ended.
func TestCalendarPages(t *testing.T) {
	w := newWorld(t)
	for i := range 70 {
		at := w.now.Add(time.Duration(i+1) * time.Hour)
		w.update(func(tx forum.Tx) error {
			return tx.InsertEvent(w.ctx, &forum.Event{FandomID: w.fandom.ID, Kind: forum.EventOther, Title: fmt.Sprint("n", i), StartsAt: at, EndsAt: at.Add(time.Hour)})
		})
	}
	seen := map[string]bool{}
	for path := "/en/calendar/aurora"; path != ""; {
		doc := w.page(path)
		for _, n := range doc.Find(".events h2").Nodes {
			seen[n.FirstChild.Data] = true
		}
		path = doc.Find(".pager .go").AttrOr("href", "")
	}
	if len(seen) != 70 {
		t.Errorf("%d events on all pages", len(seen))
	}
	says(t, w.get("/en/calendar/aurora?after=%25"), http.StatusBadRequest)
}
