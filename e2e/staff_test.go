package e2e_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// eventualCount is how long counters and caches may take to show what was written.
const eventualCount = 10 * time.Second

// The moderator of the fandom whose boards the tests write on.
const moderator = "dungdae_keeper"

// TestReportToResolution follows a report from the member who makes it to its end in the log.
func TestReportToResolution(t *testing.T) {
	author, mod := demo(t, "gorae_bob"), demo(t, moderator)
	post := author.post(anyBoard(t, author), "Buy cheap tickets", "Totally real tickets here.")
	target := post.target("article.post")
	for _, handle := range []string{"bus_143", "quietrow"} {
		reporter := demo(t, handle)
		f := reporter.open(post.url.Path).follow("article .do a.more").follow(`a[href*="/report?"]`).form("form.plain")
		if p := f.send(); p.status != http.StatusUnprocessableEntity {
			t.Errorf("a report without a reason: status %d", p.status)
		}
		f.set("reason", "spam", "note", "From "+handle).submit().want(".notice", "Moderators will look")
	}
	queue := mod.open("/me/en").follow(`a.button[href^="/admin/"]`).follow(`a[href$="/queue"]`).want(".rows li", "2 reports")
	found := queue.Find(".rows li").FilterFunction(hasText("Buy cheap tickets"))
	if found.Length() != 1 {
		t.Fatalf("two reports of one post must be one case: %s", queue.said())
	}
	kase := mod.open(found.Find("a.t").AttrOr("href", "")).want("ul.cards", "From quietrow")
	kase.form(`form[action$="/claim"]`).submit().want("main", "is on it")
	second := demo(t, "pier9_maggie").open(kase.url.Path)
	if second.Find(`form[action$="/resolve"]`).Length() != 0 {
		t.Error("a claimed case can be resolved by another moderator")
	}
	takenDown.Store(post.url.Path[3:], true)
	mod.expect(mod.open(kase.url.Path).form(`form[action$="/resolve"]`).set("note", "Spam it is").press("act=hide"), http.StatusOK).want(".notice", "resolved")
	eventually(t, eventualCount, "the post to be hidden", func() bool { return newVisitor(t).get(post.url.Path).status == http.StatusNotFound })
	author.manage(target).want(".notice", "Hidden by moderators")
	mod.open("/admin/en/queue?state=resolved").want(".rows li", "Buy cheap tickets")
	mod.manage(target).form(`form[action$="/moderate"]`).press("act=restore")
	eventually(t, eventualCount, "the post to be back", func() bool { return newVisitor(t).get(post.url.Path).status == http.StatusOK })
	mod.open("/admin/en/audit").want(".rows", "hide").want(".rows", "restore").want(".rows", "claim").want(".rows", "resolve")
	if p := author.get("/admin/en/queue"); p.status != http.StatusForbidden {
		t.Errorf("a member sees the queue: status %d", p.status)
	}
}

func TestLockPinMove(t *testing.T) {
	author, mod := demo(t, "eomma_fan"), demo(t, moderator)
	post := author.post(anyBoard(t, author), "Lock me", "Then pin me, then move me.")
	target := post.target("article.post")
	act := func(name string) *page {
		t.Helper()
		return mod.expect(mod.manage(target).form(`form[action$="/moderate"]`).press("act="+name), http.StatusOK)
	}
	act("lock")
	locked := author.open(post.url.Path)
	if locked.Find(".answer").Length() != 0 || !locked.has("#comments", "locked") {
		t.Errorf("not locked: %s", locked.said())
	}
	if p := author.open("/me/en/reply?post="+target[1:]).form("form.compose").set("body", "Still here?").send(); p.status < 400 || p.form("form.compose").values.Get("body") != "Still here?" {
		t.Errorf("a comment on a locked post: status %d", p.status)
	}
	act("unlock")
	act("pin")
	if p := mod.open("/en/f/nereon/pier"); !p.has(".pinned", "Lock me") {
		t.Errorf("not pinned: %s", p.said())
	}
	act("unpin")
	mod.manage(target).form(`form:has([name=board])`).choose("board", "Fan art").submit()
	mod.open(post.url.Path).want(".crumbs", "Fan art")
	mod.open("/admin/en/audit").want(".rows", "lock").want(".rows", "pin").want(".rows", "move")
}

// TestMute checks that a muted member learns why and for how long, and can write again after it.
func TestMute(t *testing.T) {
	m, mod := verified(t, "loud"), demo(t, moderator)
	board := anyBoard(t, m.visitor)
	mod.open("/admin/en/sanctions").form(`form[action$="/sanctions"]`).
		set("member", m.handle, "kind", "mute", "for", "3", "reason", "Shouting in the lighthouse").submit().want("ul.cards", "Shouting in the lighthouse")
	home := m.open("/me/en").want(".stop", "Shouting in the lighthouse").want(".stop", "Until")
	if !strings.Contains(home.Find(".stop").Text(), "NEREON") {
		t.Errorf("the member does not learn where: %s", home.Find(".stop").Text())
	}
	refused := m.open("/me/en/write?board="+board.id).want(".stop", "Shouting").form("form.compose").set("title", "Let me in", "body", "Please.").send()
	if refused.status != http.StatusForbidden || refused.form("form.compose").values.Get("body") != "Please." {
		t.Errorf("a muted member's post: status %d", refused.status)
	}
	elsewhere := m.open("/en/f/vellune/night-talk").follow(`a[href*="/write?board="]`)
	if elsewhere.Find(".stop").Length() != 0 {
		t.Error("muted in one fandom, stopped in another")
	}
	mod.open("/admin/en/sanctions").form(`ul.cards li:contains("Shouting in the lighthouse") form.act`).submit().want(".notice", "lifted")
	m.post(board, "Back again", "Quietly.").want("h1", "Back again")
	mod.open("/admin/en/audit").want(".rows", "sanction")
	if p := mod.open("/admin/en/sanctions").form(`form[action$="/sanctions"]`).set("member", "nobody_at_all", "reason", "x").send(); p.Find("#member-wrong").Text() == "" {
		t.Errorf("an unknown member: status %d: %s", p.status, p.said())
	}
}

func TestWordRules(t *testing.T) {
	mod, author := demo(t, moderator), demo(t, "mulsujebi")
	board := anyBoard(t, author)
	for pattern, action := range map[string]string{"maskedword": "mask", "heldword": "hold", "refusedword": "refuse"} {
		mod.open("/admin/en/words").form(`form[action$="/words"]`).set("pattern", pattern, "action", action).submit().want("ul.cards", pattern)
	}
	masked := author.post(board, "A mild word", "This has a MaskedWord in it.")
	if text := masked.Find("article .md").Text(); strings.Contains(strings.ToLower(text), "maskedword") || !strings.Contains(text, "●●●") {
		t.Errorf("not masked: %q", text)
	}
	refused := author.open("/me/en/write?board="+board.id).form("form.compose").set("title", "A bad word", "body", "This is a refusedword.").send()
	if refused.status != http.StatusUnprocessableEntity || !refused.has("[role=alert]", "refusedword") {
		t.Errorf("not refused: status %d: %s", refused.status, refused.said())
	}
	held := author.open("/me/en/write?board="+board.id).form("form.compose").set("title", "An odd word", "body", "This is a heldword.").submit()
	held.want(".notice", "once moderators have looked")
	if p := newVisitor(t).open("/en/f/nereon/pier?sort=new"); p.has(".rows", "An odd word") {
		t.Error("a held post is on the board")
	}
	queue := mod.open("/admin/en/queue")
	row := queue.Find(".rows li").FilterFunction(hasText("An odd word"))
	kase := mod.open(row.Find("a.t").AttrOr("href", "")).want("ul.cards", "Word rule")
	kase.form(`form[action$="/resolve"]`).press("act=dismiss")
	eventually(t, eventualCount, "the held post to appear", func() bool {
		return newVisitor(t).open("/en/f/nereon/pier?sort=new").has(".rows", "An odd word")
	})
	for p := mod.open("/admin/en/words"); p.Find(`ul.cards form[action$="/remove"]`).Length() > 0; {
		p = p.form(`ul.cards form[action$="/remove"]`).submit()
	}
	mod.open("/admin/en/audit").want(".rows", "word_rule.add").want(".rows", "word_rule.remove")
}

// TestAdmin makes a fandom with a board and a moderator, and lets a member write there.
func TestAdmin(t *testing.T) {
	admin := demo(t, "admin")
	slug := "moonrise-" + runName
	f := admin.open("/admin/en/fandoms").follow(`a[href$="/fandoms/new"]`).form("form.plain")
	if p := f.set("name", "", "slug", "Not A Slug").send(); p.status != http.StatusUnprocessableEntity || p.Find("#slug-wrong").Text() == "" {
		t.Errorf("a bad fandom: status %d: %s", p.status, p.said())
	}
	fandom := f.set("name", "MOONRISE", "slug", slug, "description", "A new one.", "accent", "#7a3cff").submit()
	fandom.follow(`a[href$="/boards"]`).form("form.plain").set("name", "Free talk", "slug", "talk").submit()
	admin.open(fandom.url.Path).form(`form[action$="/moderators"]:has([name=handle])`).set("handle", "row_four").submit().want("ul.cards", "Row Four")
	public := newVisitor(t).open("/en").v.open("/en/f/"+slug).want("h1", "MOONRISE").want("section", "Row Four")
	public.follow(".boards a").want(".none", "No posts yet")
	mod := demo(t, "row_four").open("/me/en").follow(`a.button[href^="/admin/"]`).want(".links", "MOONRISE")
	if mod.has(".links", "VELLUNE") {
		t.Error("a moderator of one fandom sees another among theirs")
	}
	if p := mod.v.get("/admin/en/members"); p.status != http.StatusForbidden {
		t.Errorf("a moderator sees the members' roles: status %d", p.status)
	}
	admin.open("/admin/en/members?handle=row_four").want("ul.cards", "row_four")
	admin.open("/admin/en/aliases").want("h1", "Search aliases")
	admin.open("/me/en/sign-out").form("form.plain").submit()
	if p := admin.open("/admin/en"); p.Find("[name=password]").Length() == 0 {
		t.Error("the staff pages are open after signing out")
	}
}
