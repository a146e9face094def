package store_test

import (
	"fmt"
	"testing"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

func (w *world) event(starts time.Time, length time.Duration, change ...func(*forum.Event)) forum.Event {
	w.t.Helper()
	e := forum.Event{FandomID: w.fandom.ID, Kind: forum.EventStream, Title: "Live", StartsAt: starts, EndsAt: starts.Add(length), CreatedAt: w.clock.now(), UpdatedAt: w.clock.now()}
	for _, f := range change {
		f(&e)
	}
	w.update(func(tx forum.Tx) error { return tx.InsertEvent(w.ctx, &e) })
	return e
}

func TestEvents(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		now := w.clock.now()
		e := w.event(now.Add(time.Hour), time.Hour)
		e.Kind, e.Title, e.Text, e.Link, e.BoardID, e.PostID, e.Cancelled = forum.EventTicketing, "표", "text", "https://tickets.example", w.board.ID, 9, true
		stale := e
		w.update(func(tx forum.Tx) error { return tx.UpdateEvent(w.ctx, &e) })
		if got := must[forum.Event](t)(w.Event(w.ctx, e.ID)); got != e || e.Version != 2 {
			t.Errorf("got %+v, want %+v", got, e)
		}
		for name, change := range map[string]func(forum.Tx) error{
			"edited": func(tx forum.Tx) error { return tx.UpdateEvent(w.ctx, &stale) }, "deleted": func(tx forum.Tx) error { return tx.DeleteEvent(w.ctx, stale) },
		} {
			if _, err := w.Update(w.ctx, func(tx forum.Tx) (any, error) { return nil, change(tx) }); !fault.Is(err, "stale") {
				t.Errorf("an old state was %s: %v", name, err)
			}
		}
		w.update(func(tx forum.Tx) error { return tx.DeleteEvent(w.ctx, e) })
		if _, err := w.Event(w.ctx, e.ID); !fault.Is(err, "event_not_found") {
			t.Error(err)
		}
	})
}

func TestEventLists(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		now := w.clock.now()
		other := forum.Fandom{Slug: "other", Name: "Other", Accent: "#000000", CreatedAt: now}
		w.update(func(tx forum.Tx) error { return tx.InsertFandom(w.ctx, &other) })
		title := func(s string) func(*forum.Event) { return func(e *forum.Event) { e.Title = s } }
		w.event(now.Add(2*time.Hour), time.Hour, title("later"))
		w.event(now.Add(-forum.MaxEventLength), forum.MaxEventLength+time.Second, title("longest"))
		w.event(now.Add(-time.Hour), time.Hour, title("just over"))
		w.event(now.Add(-3*time.Hour), time.Hour, title("over"))
		w.event(now.Add(time.Hour), time.Hour, title("off"), func(e *forum.Event) { e.Cancelled = true })
		w.event(now.Add(time.Hour), time.Hour, title("same"))
		w.event(now.Add(time.Minute), time.Hour, title("elsewhere"), func(e *forum.Event) { e.FandomID = other.ID })
		for _, c := range []struct {
			q    forum.EventQuery
			want string
		}{
			{forum.EventQuery{FandomID: w.fandom.ID}, "longest off same later"},
			{forum.EventQuery{FandomID: w.fandom.ID, Standing: true}, "longest same later"},
			{forum.EventQuery{FandomID: w.fandom.ID, Past: true}, "just over, over"},
			{forum.EventQuery{}, "longest elsewhere off same later"},
			{forum.EventQuery{FandomID: 99}, ""},
		} {
			for _, limit := range []int{1, 2, 50} { // pages of any size are the same list
				q, got := c.q, ""
				for q.Limit = limit; ; {
					list, next, err := w.Events(w.ctx, q)
					if err != nil || len(list) > limit {
						t.Fatal(len(list), err)
					}
					for _, e := range list {
						if got != "" && q.Past {
							got += ","
						}
						if got != "" {
							got += " "
						}
						got += e.Title
					}
					if q.After = next; next == "" {
						break
					}
				}
				if got != c.want {
					t.Errorf("%+v in pages of %d: %q, want %q", c.q, limit, got, c.want)
				}
			}
		}
		if _, _, err := w.Events(w.ctx, forum.EventQuery{After: "%%%", Limit: 1}); !fault.Is(err, "bad_cursor") {
			t.Error(err)
		}
		if _, _, err := w.Events(w.ctx, forum.EventQuery{After: forum.NewCursor("x", 1), Limit: 1}); !fault.Is(err, "bad_cursor") {
			t.Error(err)
		}
		for i := range 3 { // a change of the moment moves nothing off the list that is not over
			w.clock.advance(time.Hour)
			if list, _, err := w.Events(w.ctx, forum.EventQuery{FandomID: w.fandom.ID, Limit: 9}); err != nil || len(list) != []int{3, 1, 0}[i] {
				t.Errorf("after %d hours: %s, %v", i+1, fmt.Sprint(list), err)
			}
		}
	})
}
