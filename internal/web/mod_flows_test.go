package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"lightstick/internal/forum"
	"lightstick/internal/web"
)

func TestReportToResolution(t *testing.T) {
	h := newHouse(t)
	p, _ := h.written()
	path := fmt.Sprintf("/me/en/report?target=p%d", p.ID)
	for _, r := range []role{stranger, otherMod} {
		leads(t, h.submit(r, path, "main form", "reason", "spam", "note", "note of "+r.String()), "/me/en/manage?done=reported")
	}
	queue := h.visit(mod, "/admin/en/queue")
	says(t, queue, 200, "2 reports", "What the author says")
	link := h.parse(queue.Body.String()).Find("main .rows a.t").AttrOr("href", "")
	says(t, h.visit(mod, link), 200, "note of stranger", "note of otherMod", "<strong>body</strong>")
	if queue := h.visit(otherMod, "/admin/en/queue"); strings.Contains(queue.Body.String(), "What the author says") {
		t.Error("a moderator sees the cases of another fandom")
	}
	leads(t, h.fill(admin, link+"/claim", "on", "1"), link)
	says(t, h.fill(mod, link+"/resolve", "act", "hide", "kind", "mute", "for", "7", "reason", "adverts"), http.StatusConflict, "Name of admin")
	if list, err := h.store.SanctionsInForce(h.ctx, h.members[author].ID, h.now); err != nil || len(list) != 0 {
		t.Fatalf("a case of somebody else sanctioned %v %v", list, err)
	}
	says(t, h.visit(mod, "/admin/en/queue?state=claimed"), 200, "Name of admin is on it")
	leads(t, h.fill(admin, link+"/claim", "on", "0"), link)
	says(t, h.fill(mod, link+"/resolve", "act", "hide", "kind", "mute", "for", "7"), http.StatusUnprocessableEntity, "mistakes") // a sanction needs a reason
	action, form := h.form(mod, link, "form[action$=resolve]", "act", "hide", "kind", "mute", "for", "7", "reason", "adverts", "note", "clear enough")
	for range 2 {
		leads(t, h.send(sent{method: "POST", path: action, cookie: h.cookies[mod], form: form}), "/admin/en/queue?done=resolved")
	}
	now, err := h.store.Post(h.ctx, p.ID)
	list, err2 := h.store.SanctionsInForce(h.ctx, h.members[author].ID, h.now)
	if err != nil || err2 != nil || now.State != forum.Hidden || len(list) != 1 {
		t.Fatal(now.State, list, err, err2)
	}
	says(t, h.visit(mod, "/admin/en/queue?state=resolved"), 200, "What the author says", "Hidden")
	says(t, h.visit(mod, "/admin/en/audit"), 200, "post.hide", "sanction.mute", "member: "+h.members[author].Handle, "case.resolve", "clear enough")
	says(t, h.visit(admin, "/admin/en/audit?actor=@mod_1"), 200, "post.hide")
	says(t, h.visit(admin, "/admin/en/audit?actor=nobody"), http.StatusUnprocessableEntity, "There is no such member.")
	says(t, h.visit(author, fmt.Sprintf("/me/en/reply?post=%d", p.ID)), 200, "adverts")
	leads(t, h.submit(mod, "/admin/en/sanctions", "form.act"), "/admin/en/sanctions?done=lifted")
}

// TestAResolutionThatFailedIsNotCalledDone: its sanction was imposed, and is not imposed again.
func TestAResolutionThatFailedIsNotCalledDone(t *testing.T) {
	h := newHouse(t)
	_, m := h.written()
	leads(t, h.submit(stranger, fmt.Sprintf("/me/en/report?target=c%d", m.ID), "main form", "reason", "spam"), "/me/en/manage?done=reported")
	link := h.parse(h.visit(mod, "/admin/en/queue").Body.String()).Find("main .rows a.t").AttrOr("href", "")
	action, form := h.form(mod, link, "form[action$=resolve]", "act", "hide", "kind", "mute", "for", "7", "reason", "adverts")
	form.Set("act", "pin") // which comments do not take
	for range 2 {
		if rec := h.send(sent{method: "POST", path: action, cookie: h.cookies[mod], form: form}); rec.Code == http.StatusSeeOther {
			t.Errorf("led on to %s", rec.Header().Get("Location"))
		}
	}
	list, err := h.store.SanctionsInForce(h.ctx, h.members[author].ID, h.now)
	cases, _, err2 := h.store.Cases(h.ctx, forum.CaseQuery{Limit: 10})
	if err != nil || err2 != nil || len(list) != 1 || len(cases) != 1 {
		t.Fatal(list, cases, err, err2)
	}
}

func TestHeldTextIsPublishedWhenDismissed(t *testing.T) {
	h := newHouse(t)
	leads(t, h.submit(mod, "/admin/en/words?fandom="+fmt.Sprint(h.fandom.ID), "form.plain", "pattern", "cheap tickets", "action", "hold"), "/admin/en/words?done=saved")
	rec := h.submit(stranger, fmt.Sprintf("/me/en/write?board=%d", h.board.ID), "form.compose", "title", "Cheap Tickets", "body", "here")
	leads(t, rec, "/me/en?done=held")
	says(t, h.visit(stranger, "/me/en?done=held"), 200, "once moderators have looked")
	queue := h.parse(h.visit(mod, "/admin/en/queue").Body.String())
	link := queue.Find("main .rows a.t").AttrOr("href", "")
	says(t, h.visit(mod, link), 200, "Publish it", "Word rule")
	leads(t, h.submit(mod, link, "form[action$=resolve]", "act", "dismiss"), "/admin/en/queue?done=resolved")
	if list, _, err := h.store.Posts(h.ctx, forum.PostQuery{BoardID: h.board.ID, Sort: forum.SortNew, Limit: 10}); err != nil || len(list) == 0 || list[0].Title != "Cheap Tickets" {
		t.Error(list, err)
	}
	leads(t, h.submit(mod, "/admin/en/words?fandom="+fmt.Sprint(h.fandom.ID), "form.act"), "/admin/en/words?done=removed")
}

func TestReportOfAMember(t *testing.T) {
	h := newHouse(t)
	m := h.members[author]
	leads(t, h.submit(stranger, fmt.Sprintf("/me/en/report?target=m%d", m.ID), "main form", "reason", "harassment"), "/me/en?done=reported")
	link := h.parse(h.visit(admin, "/admin/en/queue").Body.String()).Find("main .rows a.t").AttrOr("href", "")
	says(t, h.visit(admin, link), 200, "author_1")
	leads(t, h.submit(admin, link, "form[action$=resolve]", "act", "dismiss", "kind", "ban", "for", "0", "reason", "threats"), "/admin/en/queue?done=resolved")
	if list, err := h.store.SanctionsInForce(h.ctx, m.ID, h.now); err != nil || len(list) != 1 || list[0].FandomID != 0 || !list[0].ExpiresAt.IsZero() {
		t.Error(list, err)
	}
}

func TestModerateAndMove(t *testing.T) {
	h := newHouse(t)
	p, _ := h.written()
	b := forum.Board{FandomID: h.fandom.ID, Slug: "news", Name: "News", CreatedAt: h.now}
	h.update(func(tx forum.Tx) error { return tx.InsertBoard(h.ctx, &b) })
	manage := fmt.Sprintf("/me/en/manage?target=p%d", p.ID)
	for _, a := range []string{"lock", "pin", "unlock", "unpin", "hide", "restore"} {
		if h.parse(h.visit(mod, manage).Body.String()).Find(fmt.Sprintf("button[name=act][value=%s]", a)).Length() != 1 {
			t.Fatalf("the page does not offer to %s", a)
		}
		leads(t, h.fill(mod, "/admin/en/moderate", "target", fmt.Sprintf("p%d", p.ID), "act", a, "reason", "r"), manage[:len("/me/en/manage?")])
	}
	leads(t, h.submit(mod, manage, "form:has([name=board])", "board", fmt.Sprint(b.ID)), "/me/en/manage?done=acted")
	if now, err := h.store.Post(h.ctx, p.ID); err != nil || now.Board.ID != b.ID {
		t.Error(now.Board, err)
	}
	says(t, h.fill(mod, "/admin/en/moderate", "target", fmt.Sprintf("p%d", p.ID), "act", "explode"), http.StatusUnprocessableEntity, "There is no such act")
	if h.parse(h.visit(stranger, manage).Body.String()).Find("button[name=act]").Length() != 0 {
		t.Error("a member is offered the acts of staff")
	}
}

func TestAliases(t *testing.T) {
	h := newHouse(t)
	path := "/admin/ko/aliases?fandom=" + fmt.Sprint(h.fandom.ID)
	leads(t, h.submit(mod, path, "form.plain", "aliases", "정국, Jungkook，JK\r\n\r\n 별 、 Byul \r\n"), "/admin/ko/aliases?done=saved")
	if list, err := h.store.Aliases(h.ctx, h.fandom.ID); err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	if got := h.parse(h.visit(mod, path).Body.String()).Find("textarea").Text(); got != "정국, Jungkook, JK\n별, Byul" {
		t.Errorf("the names are %q", got)
	}
}

func TestFandomsAndBoards(t *testing.T) {
	h := newHouse(t)
	rec := h.submit(admin, "/admin/en/fandoms/new", "form.plain", "name", "Comet", "slug", "comet", "accent", "#00FF00")
	leads(t, rec, "/admin/en/fandoms/")
	page := strings.TrimSuffix(rec.Header().Get("Location"), "?done=saved")
	says(t, h.visit(admin, page), 200, "swatch h")
	leads(t, h.submit(admin, page, "form[action$=moderators]", "handle", "@Stranger_1"), page)
	says(t, h.visit(stranger, page), 200, "Name of stranger") // from now on, without signing in again
	leads(t, h.submit(stranger, page+"/boards", "form.plain", "name", "Talk", "slug", "talk", "staff_only", "1"), page+"?done=saved")
	board := h.parse(h.visit(stranger, page).Body.String()).Find("a[href*='/boards/']").AttrOr("href", "")
	leads(t, h.submit(stranger, board, "form.plain", "archived", "1"), page)
	f, err := h.store.Fandom(h.ctx, "comet")
	if err != nil {
		t.Fatal(err)
	}
	list, err := h.store.Boards(h.ctx, f.ID)
	if err != nil || len(list) != 1 || !list[0].Archived || !list[0].StaffOnly || list[0].Position != 1 {
		t.Error(list, err)
	}
	says(t, h.submit(stranger, page, "form.plain", "slug", "star"), http.StatusForbidden, "Only admins") // the address is for admins
	says(t, h.submit(admin, "/admin/en/fandoms/new", "form.plain", "name", "Comet", "slug", "comet"), http.StatusConflict, "This address is taken")
	id := fmt.Sprint(h.members[stranger].ID)
	leads(t, h.fill(admin, page+"/moderators", "remove", id), page)
	says(t, h.visit(stranger, page), http.StatusForbidden)
}

func TestRoles(t *testing.T) {
	h := newHouse(t)
	says(t, h.visit(admin, "/admin/en/members?handle=STRANGER_1"), 200, "Name of stranger")
	says(t, h.visit(admin, "/admin/en/members?handle=nobody"), 200, "No such member")
	leads(t, h.fill(admin, "/admin/en/members/role", "id", fmt.Sprint(h.members[stranger].ID), "role", "admin"), "/admin/en/members?done=saved")
	says(t, h.visit(stranger, "/admin/en/members"), 200)
	leads(t, h.fill(stranger, "/admin/en/members/role", "id", fmt.Sprint(h.members[admin].ID), "role", "member"), "/admin/en/members")
	says(t, h.visit(admin, "/admin/en"), http.StatusForbidden)
	says(t, h.fill(stranger, "/admin/en/members/role", "id", fmt.Sprint(h.members[stranger].ID), "role", "member"), http.StatusConflict)
}

func TestMail(t *testing.T) {
	h := newHouse(t)
	params := map[string]string{"name": "별이 {link}", "handle": "byul", "token": "abc_-123", "email": "new@example.com"}
	links := map[string]string{"verify": "/verify?token=abc_-123", "reset": "/reset/new?token=abc_-123", "exists": "/sign-in", "password_changed": "/reset", "email_changed": ""}
	for _, tag := range []string{"ko", "en", "ja", "es", "id"} {
		for template, link := range links {
			subject, text, err := h.site.Mail(tag, template, params)
			if err != nil || subject == "" || strings.ContainsAny(subject, "{}\n") {
				t.Errorf("%s %s: subject %q, %v", tag, template, subject, err)
			}
			if link != "" && !strings.Contains(text, base+"/me/"+tag+link+"\n") {
				t.Errorf("%s %s has no link: %s", tag, template, text)
			}
			if !strings.Contains(text, "별이 {link}") || !strings.Contains(text, "@byul") || strings.Contains(text, "{name}") || strings.Contains(text, `\n`) {
				t.Errorf("%s %s: %s", tag, template, text)
			}
		}
	}
	params["name"] = "Win at tickets.example"
	if _, text, err := h.site.Mail("en", "verify", params); err != nil || strings.Contains(text, "tickets") {
		t.Errorf("a name advertises in mail to strangers: %v %s", err, text)
	}
	if _, _, err := h.site.Mail("en", "lottery", nil); err == nil {
		t.Error("an unknown mail was written")
	}
	if _, text, err := h.site.Mail("xx", "verify", params); err != nil || !strings.Contains(text, "/me/"+web.DefaultLocale+"/") {
		t.Error(text, err)
	}
}
