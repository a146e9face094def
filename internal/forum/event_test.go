package forum_test

import (
	"strings"
	"testing"
	"time"

	"lightstick/internal/forum"
)

func (w *world) eventInput() forum.EventInput {
	return forum.EventInput{Kind: forum.EventComeback, Title: "컴백", StartsAt: w.clock.Now().Add(72 * time.Hour)}
}

func TestEventsAreForStaff(t *testing.T) {
	w := newWorld(t)
	in := w.eventInput()
	p := w.post(w.ann, "watch here", "y")
	in.BoardID, in.PostID, in.Link = w.board.ID, p.ID, "https://live.example/x?a=b"
	e := must(w.CreateEvent(w.ctx, w.mod, w.fandom.ID, in))(t)
	if e.EndsAt.Sub(e.StartsAt) != time.Hour || e.Version != 1 || e.PostID != p.ID {
		t.Errorf("made: %+v", e)
	}
	elsewhere := w.member("mod2")
	w.must(w.SetModerator(w.ctx, w.admin, w.other.ID, elsewhere.ID, true))
	elsewhere.Moderates = []forum.ID{w.other.ID}
	for name, c := range map[string]struct {
		by   *forum.Actor
		code string
	}{
		"a guest": {w.guest, "sign_in_required"}, "nobody": {nil, "sign_in_required"}, "a member": {w.ann, "staff_only"},
		"a token without the scope": {w.bare, "scope_missing"}, "staff of another fandom": {elsewhere, "staff_only"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.CreateEvent(w.ctx, c.by, w.fandom.ID, in)
			w.refused(err, c.code)
			_, err = w.UpdateEvent(w.ctx, c.by, e.ID, in)
			w.refused(err, c.code)
			w.refused(w.DeleteEvent(w.ctx, c.by, e.ID, 0), c.code)
		})
	}
	in.Version, in.Cancelled = e.Version, true
	e = must(w.UpdateEvent(w.ctx, w.mod, e.ID, in))(t)
	_, err := w.UpdateEvent(w.ctx, w.mod, e.ID, in)
	w.refused(err, "stale")
	w.refused(w.DeleteEvent(w.ctx, w.mod, e.ID, 1), "stale")
	w.must(w.Moderate(w.ctx, w.mod, forum.Target{Kind: forum.TargetPost, ID: p.ID}, forum.ActHide, 0, ""))
	in.Version, in.Cancelled, in.Title = 0, false, "컴백!" // its post is gone, which was so before
	_ = must(w.UpdateEvent(w.ctx, w.admin, e.ID, in))(t)
	w.must(w.DeleteEvent(w.ctx, w.mod, e.ID, 0))
	w.refused(w.DeleteEvent(w.ctx, w.mod, e.ID, 0), "event_not_found")
	_, err = w.CreateEvent(w.ctx, w.admin, 999, w.eventInput())
	w.refused(err, "fandom_not_found")

	entries, _, err := w.Audit(w.ctx, w.admin, forum.AuditQuery{Limit: 100})
	w.must(err)
	var acts []string
	for _, a := range entries {
		if a.Target.Kind == forum.TargetEvent && a.FandomID == w.fandom.ID {
			acts = append(acts, a.Action)
		}
	}
	if got, want := strings.Join(acts, " "), "event.delete event.revive event.cancel event.create"; got != want {
		t.Errorf("audit: %s, want %s", got, want)
	}
}

func TestEventsThatCannotBe(t *testing.T) {
	w := newWorld(t)
	now := w.clock.Now()
	theirs := must(w.CreatePost(w.ctx, w.ann, w.otherBoard.ID, forum.PostInput{Title: "x", Body: "y"}))(t)
	for name, c := range map[string]struct {
		change func(*forum.EventInput)
		code   string
	}{
		"no kind":             {func(in *forum.EventInput) { in.Kind = "" }, "unknown_event_kind"},
		"no title":            {func(in *forum.EventInput) { in.Title = " " }, "required"},
		"a long title":        {func(in *forum.EventInput) { in.Title = strings.Repeat("x", forum.MaxTitle+1) }, "too_long"},
		"a long text":         {func(in *forum.EventInput) { in.Text = strings.Repeat("x", forum.MaxEventText+1) }, "too_long"},
		"no start":            {func(in *forum.EventInput) { in.StartsAt = time.Time{} }, "required"},
		"a start long ago":    {func(in *forum.EventInput) { in.StartsAt = now.AddDate(-11, 0, 0) }, "event_far"},
		"the far future":      {func(in *forum.EventInput) { in.StartsAt = now.AddDate(11, 0, 0) }, "event_far"},
		"beyond all clocks":   {func(in *forum.EventInput) { in.StartsAt = time.Unix(1<<40, 0) }, "event_far"},
		"no time at all":      {func(in *forum.EventInput) { in.EndsAt = in.StartsAt }, "event_ends_first"},
		"backwards":           {func(in *forum.EventInput) { in.EndsAt = in.StartsAt.Add(-time.Hour) }, "event_ends_first"},
		"for months":          {func(in *forum.EventInput) { in.EndsAt = in.StartsAt.Add(forum.MaxEventLength + time.Second) }, "event_long"},
		"a script":            {func(in *forum.EventInput) { in.Link = "javascript:alert(1)" }, "web_address"},
		"no host":             {func(in *forum.EventInput) { in.Link = "https:///x" }, "web_address"},
		"a password":          {func(in *forum.EventInput) { in.Link = "https://a:b@evil.example" }, "web_address"},
		"a board of others":   {func(in *forum.EventInput) { in.BoardID = w.otherBoard.ID }, "board_elsewhere"},
		"no board":            {func(in *forum.EventInput) { in.BoardID = 999 }, "board_elsewhere"},
		"a post of others":    {func(in *forum.EventInput) { in.PostID = theirs.ID }, "post_elsewhere"},
		"no post":             {func(in *forum.EventInput) { in.PostID = 999 }, "post_elsewhere"},
		"text that turns":     {func(in *forum.EventInput) { in.Title = "a\u202eb" }, "bidi_override"},
		"text that is broken": {func(in *forum.EventInput) { in.Text = "\xff" }, "invalid_utf8"},
	} {
		t.Run(name, func(t *testing.T) {
			in := w.eventInput()
			c.change(&in)
			_, err := w.CreateEvent(w.ctx, w.mod, w.fandom.ID, in)
			w.refused(err, c.code)
		})
	}
	if list, _, err := w.store.Events(w.ctx, forum.EventQuery{Limit: 10}); err != nil || len(list) != 0 {
		t.Errorf("kept: %+v %v", list, err)
	}
}
