package forum_test

import (
	"strings"
	"testing"
	"time"

	"lightstick/internal/forum"
	"lightstick/internal/markup"
)

// TestABanTakesTheRoleAlong checks that a banned moderator can neither moderate nor let themselves off.
func TestABanTakesTheRoleAlong(t *testing.T) {
	w := newWorld(t)
	p := w.post(w.ann, "x", "y")
	target := forum.Target{Kind: forum.TargetPost, ID: p.ID}
	mute := must(w.Impose(w.ctx, w.admin, w.mod.ID, forum.SanctionInput{FandomID: w.fandom.ID, Kind: forum.Mute, Reason: "calm down"}))(t)
	w.refused(w.Lift(w.ctx, w.act(w.mod), mute.ID), "admin_only")
	w.must(w.Moderate(w.ctx, w.act(w.mod), target, forum.ActPin, 0, "")) // a mute leaves the role
	for name, fandom := range map[string]forum.ID{"in the fandom": w.fandom.ID, "on the site": 0} {
		t.Run(name, func(t *testing.T) {
			ban := must(w.Impose(w.ctx, w.admin, w.mod.ID, forum.SanctionInput{FandomID: fandom, Kind: forum.Ban, Reason: "sold the queue", For: time.Hour}))(t)
			banned := w.act(w.mod)
			if banned.AnyStaff() {
				t.Error("still staff")
			}
			w.refused(w.Lift(w.ctx, banned, ban.ID), "staff_only")
			w.refused(w.Moderate(w.ctx, banned, target, forum.ActHide, 0, ""), "staff_only")
			_, err := w.EditPost(w.ctx, banned, p.ID, forum.PostInput{Title: "mine", Body: "now"})
			w.refused(err, "not_yours")
			_, _, err = w.Cases(w.ctx, banned, forum.CaseQuery{Limit: 1})
			w.refused(err, "staff_only")
			_, _, err = w.Audit(w.ctx, banned, forum.AuditQuery{Limit: 1})
			w.refused(err, "staff_only")
			w.must(w.Lift(w.ctx, w.admin, ban.ID))
		})
	}
	w.must(w.Moderate(w.ctx, w.act(w.mod), target, forum.ActUnpin, 0, ""))
}

// TestBannedMembersOnlyRead checks what a ban leaves besides posts and reactions.
func TestBannedMembersOnlyRead(t *testing.T) {
	w := newWorld(t)
	p := w.post(w.ben, "x", "y")
	c := w.comment(w.ben, p.ID, 0, "z")
	_ = must(w.Impose(w.ctx, w.admin, w.ben.ID, forum.SanctionInput{Kind: forum.Ban, Reason: "spam"}))(t)
	ben := w.act(w.ben)
	w.refused(w.DeletePost(w.ctx, ben, p.ID, 0), "sanction_ban")
	w.refused(w.DeleteComment(w.ctx, ben, c.ID, 0), "sanction_ban")
	_, err := w.EditComment(w.ctx, ben, c.ID, forum.CommentInput{Body: "!"})
	w.refused(err, "sanction_ban")
	w.refused(w.ReportTarget(w.ctx, ben, forum.Target{Kind: forum.TargetMember, ID: w.ann.ID}, forum.ReasonSpam, ""), "sanction_ban")
	same, shout, zone := ben.Name, "BUY TICKETS AT ME", "Asia/Seoul"
	_, err = w.UpdateMember(w.ctx, ben, forum.MemberChange{Name: &shout})
	w.refused(err, "sanction_ban")
	_, err = w.UpdateMember(w.ctx, ben, forum.MemberChange{Bio: &shout})
	w.refused(err, "sanction_ban")
	// How they see the site stays theirs; the form sends the name along.
	_ = must(w.UpdateMember(w.ctx, ben, forum.MemberChange{Name: &same, TimeZone: &zone}))(t)
}

// TestHistoryShowsOnlyWhatWasShown checks that approving a text does not publish what a rule held before.
func TestHistoryShowsOnlyWhatWasShown(t *testing.T) {
	w := newWorld(t)
	_ = must(w.AddWordRule(w.ctx, w.mod, w.fandom.ID, "secretaddress", forum.WordHold))(t)
	p := w.post(w.ann, "One", "first, for all to see")
	edit := func(body string) {
		p = must(w.EditPost(w.ctx, w.ann, p.ID, forum.PostInput{Title: "One", Body: body}))(t)
	}
	edit("she lives at secretaddress")
	edit("sorry, nothing")
	w.must(w.Moderate(w.ctx, w.mod, forum.Target{Kind: forum.TargetPost, ID: p.ID}, forum.ActRestore, 0, ""))
	all := must(w.store.Revisions(w.ctx, forum.Target{Kind: forum.TargetPost, ID: p.ID}))(t)
	if len(all) != 2 || all[0].State != forum.Held || all[1].State != forum.Visible {
		t.Fatalf("kept: %+v", all)
	}
	if shown := forum.ReadersHistory(all); len(shown) != 1 || shown[0].Body != "first, for all to see" {
		t.Errorf("readers see %+v", shown)
	}
	if len(all) != 2 {
		t.Error("what staff see was cut as well")
	}
}

func TestNobodyAnswersWhatIsHeld(t *testing.T) {
	w := newWorld(t)
	_ = must(w.AddWordRule(w.ctx, w.mod, w.fandom.ID, "maybe", forum.WordHold))(t)
	p := w.post(w.ann, "x", "y")
	held := w.comment(w.ben, p.ID, 0, "maybe rude")
	_, err := w.CreateComment(w.ctx, w.ann, p.ID, forum.CommentInput{ParentID: held.ID, Body: "how did I see this?"})
	w.refused(err, "parent_gone")
	w.refused(w.ReportTarget(w.ctx, w.ann, forum.Target{Kind: forum.TargetComment, ID: held.ID}, forum.ReasonSpam, ""), "comment_not_found")
}

// TestAPageIsFetchedOnce: posting an address again must not make this site call on it again.
func TestAPageIsFetchedOnce(t *testing.T) {
	w := newWorld(t)
	fetches := func() (n int) {
		t.Helper()
		w.must(w.store.SQLite().QueryRowContext(w.ctx, `SELECT count(*) FROM river_job WHERE kind = 'link_card' AND queue = 'cards'`).Scan(&n))
		return n
	}
	const url = "https://stage.example/a"
	p := w.post(w.ann, "Look", url)
	if n := fetches(); n != 1 {
		t.Fatalf("%d fetches of a new address", n)
	}
	w.must(w.StoreCard(w.ctx, forum.CardJob{URL: url, Target: forum.Target{Kind: forum.TargetPost, ID: p.ID}}, markup.Card{Title: "The stage"}))
	c := w.comment(w.ben, p.ID, 0, url)
	if n := fetches(); n != 1 || !strings.Contains(c.HTML, "The stage") {
		t.Errorf("%d fetches of a known address; the card is %s", n, c.HTML)
	}
}
