package forum_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"lightstick/internal/forum"
	"lightstick/internal/media"
)

func TestReportsOfOneThingAreOneCase(t *testing.T) {
	w := newWorld(t)
	p := w.post(w.ann, "Selling tickets", "cheap!!")
	target := forum.Target{Kind: forum.TargetPost, ID: p.ID}
	w.must(w.ReportTarget(w.ctx, w.ben, target, forum.ReasonSpam, "scam"))
	w.must(w.ReportTarget(w.ctx, w.ben, target, forum.ReasonSpam, "again")) // one voice is one
	w.must(w.ReportTarget(w.ctx, w.member("cat"), target, forum.ReasonOther, ""))
	w.refused(w.ReportTarget(w.ctx, w.ben, target, "because", ""), "unknown_reason")
	w.refused(w.ReportTarget(w.ctx, w.guest, target, forum.ReasonSpam, ""), "sign_in_required")

	cases, _, err := w.Cases(w.ctx, w.mod, forum.CaseQuery{Limit: 10})
	w.must(err)
	if len(cases) != 1 || cases[0].Reports != 2 || cases[0].Title != "Selling tickets" {
		t.Fatalf("queue: %+v", cases)
	}
	id := cases[0].ID
	_, _, err = w.Cases(w.ctx, w.ann, forum.CaseQuery{Limit: 10})
	w.refused(err, "staff_only")
	elsewhere := w.member("mod2")
	w.must(w.SetModerator(w.ctx, w.admin, w.other.ID, elsewhere.ID, true))
	elsewhere.Moderates = []forum.ID{w.other.ID}
	if list, _, err := w.Cases(w.ctx, elsewhere, forum.CaseQuery{Limit: 10}); err != nil || len(list) != 0 {
		t.Fatalf("another fandom's moderator sees %v, %v", list, err)
	}
	_, _, err = w.Case(w.ctx, elsewhere, id)
	w.refused(err, "staff_only")

	_ = must(w.Claim(w.ctx, w.mod, id, true))(t)
	_, err = w.Claim(w.ctx, w.admin, id, true)
	w.refused(err, "case_claimed")
	_, err = w.Resolve(w.ctx, w.admin, id, forum.ActHide, "")
	w.refused(err, "case_claimed")
	done := must(w.Resolve(w.ctx, w.mod, id, forum.ActHide, "scam"))(t)
	if done.State != forum.CaseResolved || done.Resolution != "hide" {
		t.Fatalf("resolved: %+v", done)
	}
	if got := must(w.store.Post(w.ctx, p.ID))(t); got.State != forum.Hidden {
		t.Fatalf("state %v", got.State)
	}
	_, err = w.Resolve(w.ctx, w.mod, id, "", "")
	w.refused(err, "case_resolved")
	w.refused(w.ReportTarget(w.ctx, w.ben, target, forum.ReasonSpam, ""), "post_not_found")
}

func TestAResolutionIsAllOrNothing(t *testing.T) {
	w := newWorld(t)
	p := w.post(w.ann, "x", "y")
	c := w.comment(w.ben, p.ID, 0, "rude")
	w.must(w.ReportTarget(w.ctx, w.ann, forum.Target{Kind: forum.TargetComment, ID: c.ID}, forum.ReasonHarassment, ""))
	cases, _, err := w.Cases(w.ctx, w.mod, forum.CaseQuery{Limit: 10})
	w.must(err)
	_, err = w.Resolve(w.ctx, w.mod, cases[0].ID, forum.ActPin, "") // comments cannot be pinned
	w.refused(err, "unknown_act")
	if got := must(w.store.Case(w.ctx, cases[0].ID))(t); got.State != forum.CaseOpen {
		t.Fatalf("half resolved: %+v", got)
	}
}

func TestSanctionsStopAndEnd(t *testing.T) {
	w := newWorld(t)
	p := w.post(w.ann, "x", "y")
	in := forum.SanctionInput{FandomID: w.fandom.ID, Kind: forum.Mute, Reason: "cool down", For: time.Hour}
	for name, c := range map[string]struct {
		by     *forum.Actor
		member forum.ID
		in     forum.SanctionInput
		code   string
	}{
		"by a member":          {w.ann, w.ben.ID, in, "staff_only"},
		"by a mod, whole site": {w.mod, w.ben.ID, forum.SanctionInput{Kind: forum.Ban, Reason: "x"}, "staff_only"},
		"of an admin":          {w.mod, w.admin.ID, in, "sanction_staff"},
		"of an equal":          {w.mod, w.mod.ID, in, "sanction_staff"},
		"without a reason":     {w.mod, w.ben.ID, forum.SanctionInput{FandomID: w.fandom.ID, Kind: forum.Mute}, "required"},
		"of another kind":      {w.mod, w.ben.ID, forum.SanctionInput{FandomID: w.fandom.ID, Kind: "curse", Reason: "x"}, "unknown_sanction"},
		"into the past":        {w.mod, w.ben.ID, forum.SanctionInput{FandomID: w.fandom.ID, Kind: forum.Mute, Reason: "x", For: -1}, "range"},
		"of nobody":            {w.mod, 999, in, "member_not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Impose(w.ctx, c.by, c.member, c.in)
			w.refused(err, c.code)
		})
	}
	mute := must(w.Impose(w.ctx, w.mod, w.ben.ID, in))(t)
	ben := w.act(w.ben)
	_, err := w.CreateComment(w.ctx, ben, p.ID, forum.CommentInput{Body: "but"})
	w.refused(err, "sanction_mute_until")
	if !strings.Contains(err.Error(), "cool down") {
		t.Fatalf("the member is not told why: %v", err)
	}
	w.must(w.React(w.ctx, ben, forum.Target{Kind: forum.TargetPost, ID: p.ID}, 0, true)) // a mute lets react
	_ = must(w.CreatePost(w.ctx, ben, w.otherBoard.ID, forum.PostInput{Title: "elsewhere", Body: "fine"}))(t)
	w.clock.Advance(time.Hour)
	w.comment(w.act(w.ben), p.ID, 0, "back") // over by itself
	w.comment(ben, p.ID, 0, "back, even with what was known an hour ago")
	w.refused(w.Lift(w.ctx, w.mod, mute.ID), "sanction_over")

	ban := must(w.Impose(w.ctx, w.admin, w.ben.ID, forum.SanctionInput{Kind: forum.Ban, Reason: "spam"}))(t)
	ben = w.act(w.ben)
	w.refused(w.React(w.ctx, ben, forum.Target{Kind: forum.TargetPost, ID: p.ID}, 0, false), "sanction_ban")
	_, err = w.CreatePost(w.ctx, ben, w.otherBoard.ID, forum.PostInput{Title: "x", Body: "y"})
	w.refused(err, "sanction_ban")
	w.refused(w.Lift(w.ctx, w.mod, ban.ID), "staff_only")
	w.must(w.Lift(w.ctx, w.admin, ban.ID))
	w.comment(w.act(w.ben), p.ID, 0, "thanks")
}

func TestWordRules(t *testing.T) {
	w := newWorld(t)
	_, err := w.AddWordRule(w.ctx, w.mod, 0, "site-wide", forum.WordMask)
	w.refused(err, "staff_only")
	_ = must(w.AddWordRule(w.ctx, w.mod, w.fandom.ID, "바보", forum.WordMask))(t)
	_ = must(w.AddWordRule(w.ctx, w.mod, w.fandom.ID, "ticket resale", forum.WordHold))(t)
	refuse := must(w.AddWordRule(w.ctx, w.admin, 0, "casino", forum.WordRefuse))(t)

	p := w.post(w.ann, "너 바보", "완전 바보야 ＢＡＢＯ")
	if p.Title != "너 ●●" || !strings.HasPrefix(p.Body, "완전 ●●야") {
		t.Errorf("masked: %q %q", p.Title, p.Body)
	}
	_, err = w.CreatePost(w.ctx, w.ann, w.board.ID, forum.PostInput{Title: "win", Body: "best ＣＡＳＩＮＯ here"})
	w.refused(err, "word_refused")
	_, err = w.CreateComment(w.ctx, w.ann, p.ID, forum.CommentInput{Body: "the CASINÓ"})
	w.refused(err, "word_refused")
	free := must(w.CreatePost(w.ctx, w.ann, w.otherBoard.ID, forum.PostInput{Title: "바보", Body: "fine elsewhere"}))(t)
	if free.Title != "바보" {
		t.Errorf("a fandom's rule reached another: %q", free.Title)
	}

	held := w.comment(w.ben, p.ID, 0, "Ticket Resale, ask me")
	if held.State != forum.Held {
		t.Fatalf("not held: %v", held.State)
	}
	if tree, _, err := w.store.Tree(w.ctx, p.ID, "", 10); err != nil || len(tree) != 0 {
		t.Fatalf("a held comment is shown: %+v %v", tree, err)
	}
	cases, _, err := w.Cases(w.ctx, w.mod, forum.CaseQuery{Limit: 10})
	w.must(err)
	if len(cases) != 1 || !slices.Contains(cases[0].Reasons, forum.ReasonHeld) {
		t.Fatalf("queue: %+v", cases)
	}
	_ = must(w.Resolve(w.ctx, w.mod, cases[0].ID, "", "harmless"))(t) // dismissed: it is published
	if got := must(w.store.Comment(w.ctx, held.ID))(t); got.State != forum.Visible {
		t.Fatalf("state %v", got.State)
	}

	w.refused(w.RemoveWordRule(w.ctx, w.mod, refuse.ID), "staff_only")
	w.must(w.RemoveWordRule(w.ctx, w.admin, refuse.ID))
	w.post(w.ann, "casino", "now allowed")
}

func TestMoveStaysWithinTheFandom(t *testing.T) {
	w := newWorld(t)
	p := w.post(w.ann, "x", "y")
	target := forum.Target{Kind: forum.TargetPost, ID: p.ID}
	w.refused(w.Moderate(w.ctx, w.mod, target, forum.ActMove, w.otherBoard.ID, ""), "move_across")
	w.refused(w.Moderate(w.ctx, w.mod, target, forum.ActMove, 999, ""), "board_not_found")
	w.must(w.Moderate(w.ctx, w.mod, target, forum.ActMove, w.news.ID, ""))
	w.must(w.Moderate(w.ctx, w.admin, target, forum.ActMove, w.otherBoard.ID, ""))
	got := must(w.store.Post(w.ctx, p.ID))(t)
	if got.Board.ID != w.otherBoard.ID || got.Board.FandomSlug != "nereon" {
		t.Fatalf("moved to %+v", got.Board)
	}
	w.refused(w.Moderate(w.ctx, w.mod, target, forum.ActHide, 0, ""), "staff_only") // no longer theirs
}

func TestEveryActOfStaffIsAudited(t *testing.T) {
	w := newWorld(t)
	p := w.post(w.ann, "x", "y")
	target := forum.Target{Kind: forum.TargetPost, ID: p.ID}
	for _, act := range []forum.Act{forum.ActLock, forum.ActUnlock, forum.ActPin, forum.ActUnpin, forum.ActHide, forum.ActRestore} {
		w.must(w.Moderate(w.ctx, w.mod, target, act, 0, "because"))
	}
	_ = must(w.EditPost(w.ctx, w.mod, p.ID, forum.PostInput{Title: "z", Body: "y"}))(t)
	entries, _, err := w.Audit(w.ctx, w.mod, forum.AuditQuery{ActorID: w.mod.ID, Limit: 100})
	w.must(err)
	var actions []string
	for _, e := range entries {
		if e.Target == target {
			actions = append(actions, e.Action)
		}
	}
	want := "post.edit post.restore post.hide post.unpin post.pin post.unlock post.lock"
	if strings.Join(actions, " ") != want {
		t.Fatalf("audit: %v, want %s", actions, want)
	}
	_, _, err = w.Audit(w.ctx, w.ann, forum.AuditQuery{Limit: 10})
	w.refused(err, "staff_only")
	for _, asked := range [][]forum.ID{{w.other.ID}, {0}} { // what is not theirs to see is nothing, not everything
		if list, _, err := w.Audit(w.ctx, w.mod, forum.AuditQuery{Fandoms: asked, Limit: 10}); err != nil || len(list) != 0 {
			t.Fatalf("a moderator sees %v of %v, %v", list, asked, err)
		}
	}
	if list, _, err := w.Audit(w.ctx, w.mod, forum.AuditQuery{Fandoms: []forum.ID{w.other.ID, w.fandom.ID}, Limit: 100}); err != nil || len(list) == 0 {
		t.Fatalf("a moderator sees nothing of their own, %v", err)
	}
}

func TestStaffMayOnlyRuleTheirOwn(t *testing.T) {
	w := newWorld(t)
	_, err := w.CreateFandom(w.ctx, w.mod, forum.FandomInput{Slug: "new", Name: "New", Accent: "#000000"})
	w.refused(err, "admin_only")
	_, err = w.CreateFandom(w.ctx, w.admin, forum.FandomInput{Slug: "vellune", Name: "Again", Accent: "#000000"})
	w.refused(err, "slug_taken")
	_, err = w.UpdateFandom(w.ctx, w.mod, w.fandom.ID, forum.FandomInput{Slug: "renamed", Name: "V", Accent: "#000000"})
	w.refused(err, "admin_only")
	_, err = w.UpdateFandom(w.ctx, w.mod, w.fandom.ID, forum.FandomInput{Slug: "vellune", Name: "V", Accent: "red"})
	w.refused(err, "colour")
	_ = must(w.UpdateFandom(w.ctx, w.mod, w.fandom.ID, forum.FandomInput{Slug: "vellune", Name: "Vellune!", Accent: "#112233"}))(t)
	_, err = w.CreateBoard(w.ctx, w.mod, w.other.ID, forum.BoardInput{Slug: "x1", Name: "X"})
	w.refused(err, "staff_only")
	w.refused(w.SetModerator(w.ctx, w.mod, w.fandom.ID, w.ben.ID, true), "admin_only")
	_, err = w.SetRole(w.ctx, w.mod, w.ben.ID, forum.RoleAdmin)
	w.refused(err, "admin_only")
	_, err = w.SetRole(w.ctx, w.admin, w.admin.ID, forum.RoleMember)
	w.refused(err, "last_admin")
	_, err = w.CreateBoard(w.ctx, w.mod, w.fandom.ID, forum.BoardInput{Slug: "-bad", Name: "X"})
	w.refused(err, "slug")
	archived := must(w.UpdateBoard(w.ctx, w.mod, w.board.ID, forum.BoardInput{Slug: "talk", Name: "Talk", Archived: true}))(t)
	_, err = w.CreatePost(w.ctx, w.ann, archived.ID, forum.PostInput{Title: "x", Body: "y"})
	w.refused(err, "board_archived")
}

func TestSettingsAreOnesOwn(t *testing.T) {
	w := newWorld(t)
	name, locale, zone, bio := "Ann ✨", "ko", "America/Sao_Paulo", "hello **there**"
	m := must(w.UpdateMember(w.ctx, w.ann, forum.MemberChange{Name: &name, Locale: &locale, TimeZone: &zone, Bio: &bio}))(t)
	if m.Name != name || m.Locale != "ko" || m.TimeZone != zone || !strings.Contains(m.BioHTML, "<strong>") {
		t.Fatalf("settings: %+v", m)
	}
	_, err := w.UpdateMember(w.ctx, w.ann, forum.MemberChange{Name: &name, Version: 1})
	w.refused(err, "stale")
	bad := "xx"
	_, err = w.UpdateMember(w.ctx, w.ann, forum.MemberChange{Locale: &bad})
	w.refused(err, "unknown_locale")
	_, err = w.UpdateMember(w.ctx, w.ann, forum.MemberChange{TimeZone: &bad})
	w.refused(err, "unknown_time_zone")
	_, err = w.UpdateMember(w.ctx, w.bare, forum.MemberChange{Name: &name})
	w.refused(err, "scope_missing")
}

func TestAnAvatarIsNotClearedAway(t *testing.T) {
	w := newWorld(t)
	key := "abcdefghijklmnopqrstuvwxyz.jpg"
	_ = must(w.store.InsertAttachment(w.ctx, media.Attachment{OwnerID: int64(w.ann.ID), Key: key, ContentType: "image/jpeg", Width: 1, Height: 1, CreatedAt: w.clock.Now()}))(t)
	_ = must(w.UpdateMember(w.ctx, w.ann, forum.MemberChange{AvatarKey: &key}))(t)
	w.clock.Advance(48 * time.Hour)
	if unused := must(w.store.UnusedAttachments(w.ctx, w.clock.Now(), 10))(t); len(unused) != 0 {
		t.Fatalf("the avatar would be deleted: %+v", unused)
	}
}

func TestAFandomThatIsNotThereIsSaidSo(t *testing.T) {
	w := newWorld(t)
	for _, missing := range []forum.ID{-1, 999} {
		w.refused(w.SetAliases(w.ctx, w.admin, missing, [][]string{{"a", "b"}}), "fandom_not_found")
		_, err := w.AddWordRule(w.ctx, w.admin, missing, "word", forum.WordMask)
		w.refused(err, "fandom_not_found")
		_, err = w.Impose(w.ctx, w.admin, w.ben.ID, forum.SanctionInput{FandomID: missing, Kind: forum.Mute, Reason: "x"})
		w.refused(err, "fandom_not_found")
	}
	w.refused(w.SetAliases(w.ctx, w.admin, 0, [][]string{{"a", "b"}}), "fandom_not_found")
}
