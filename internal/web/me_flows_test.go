package web_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"lightstick/internal/forum"
	"lightstick/internal/identity"
	"lightstick/internal/web"
)

// cookiesOf are the cookies that an answer sets, by name.
func cookiesOf(rec *httptest.ResponseRecorder) map[string]*http.Cookie {
	list := map[string]*http.Cookie{}
	for _, c := range rec.Result().Cookies() {
		list[c.Name] = c
	}
	return list
}

func TestSignUpVerifySignOut(t *testing.T) {
	h := newHouse(t)
	rec := h.submit(guest, "/me/ko/sign-up?next=/ko/p/1", "main form", "handle", "Newbie", "email", "new@example.com", "password", password, "time_zone", "Asia/Seoul")
	leads(t, rec, "/me/ko/inbox?next=%2Fko%2Fp%2F1")
	cookies := cookiesOf(rec)
	session, member := cookies[h.id.CookieName()], cookies[web.MemberCookie]
	if session == nil || !session.HttpOnly || !session.Secure || member == nil || member.HttpOnly || member.Value != "1" {
		t.Fatalf("cookies %v", cookies)
	}
	h.cookies[guest] = session.Name + "=" + session.Value
	says(t, h.visit(guest, "/me/ko/inbox"), 200, "new@example.com")
	m, err := h.store.MemberByHandle(h.ctx, "newbie")
	if err != nil || m.Locale != "ko" || m.TimeZone != "Asia/Seoul" || m.Verified {
		t.Fatal(m, err)
	}
	token := h.ticket(identity.TicketVerify, m)
	for range 2 { // a program that looks at links changes nothing
		says(t, h.visit(guest, "/me/ko/verify?token="+token), 200, `name="token"`)
	}
	leads(t, h.submit(guest, "/me/ko/verify?token="+token, "main form"), "/me/ko?done=verified")
	if m, err = h.store.Member(h.ctx, m.ID); err != nil || !m.Verified {
		t.Fatal(m, err)
	}
	says(t, h.fill(guest, "/me/ko/verify", "token", token), http.StatusUnprocessableEntity, "mistakes")
	rec = h.submit(guest, "/me/ko/sign-out", "main form")
	leads(t, rec, "/ko")
	if c := cookiesOf(rec); c[web.MemberCookie].MaxAge >= 0 || c[h.id.CookieName()].MaxAge >= 0 {
		t.Errorf("cookies stay: %v", c)
	}
	leads(t, h.visit(guest, "/me/ko"), "/me/ko/sign-in?next=%2Fme%2Fko")
}

func TestSignInLeadsBackButNotAway(t *testing.T) {
	h := newHouse(t)
	for next, want := range map[string]string{
		"/ko/p/1?after=x": "/ko/p/1?after=x", "//evil.example": "/me/en", "https://evil.example/": "/me/en", "/\\evil.example": "/me/en", "": "/me/en", "javascript:alert(1)": "/me/en",
	} {
		rec := h.fill(guest, "/me/en/sign-in", "login", "stranger_1", "password", password, "next", next)
		if got := rec.Header().Get("Location"); rec.Code != http.StatusSeeOther || got != want {
			t.Errorf("next=%q leads to %q (%d), want %q", next, got, rec.Code, want)
		}
	}
	rec := h.submit(guest, "/me/en/sign-in", "main form", "login", "stranger_1", "password", "not this one")
	says(t, rec, http.StatusUnprocessableEntity, `value="stranger_1"`)
	if strings.Contains(rec.Body.String(), "not this one") {
		t.Error("the password comes back")
	}
}

func TestResetPassword(t *testing.T) {
	h := newHouse(t)
	leads(t, h.submit(guest, "/me/en/reset", "main form", "email", "stranger_1@example.com"), "/me/en/reset?done=reset_sent")
	leads(t, h.submit(guest, "/me/en/reset", "main form", "email", "nobody@example.com"), "/me/en/reset?done=reset_sent")
	says(t, h.visit(guest, "/me/en/reset?done=reset_sent"), 200, "one hour")
	link := "/me/en/reset/new?token=" + h.ticket(identity.TicketReset, h.members[stranger])
	says(t, h.submit(guest, link, "main form", "password", "short"), http.StatusUnprocessableEntity, `aria-invalid="true"`)
	leads(t, h.submit(guest, link, "main form", "password", "another-long-password"), "/me/en/sign-in?done=password")
	leads(t, h.fill(guest, "/me/en/sign-in", "login", "stranger_1", "password", "another-long-password"), "/me/en")
	leads(t, h.visit(stranger, "/me/en"), "/me/en/sign-in") // the sessions before are over
}

func TestFirstAdmin(t *testing.T) {
	h := &house{world: newWorld(t)}
	h.open()
	token, ok, err := h.id.SetupToken(h.ctx)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	rec := h.submit(guest, "/me/en/setup?token="+token, "main form", "handle", "boss", "email", "boss@example.com", "password", password)
	leads(t, rec, "/admin/en?done=setup")
	c := cookiesOf(rec)[h.id.CookieName()]
	h.cookies[guest] = c.Name + "=" + c.Value
	says(t, h.visit(guest, "/admin/en/fandoms/new"), 200)
	says(t, h.fill(guest, "/me/en/setup", "token", token, "handle", "boss2", "email", "b@example.com", "password", password), http.StatusUnprocessableEntity)
}

func TestWriteOnce(t *testing.T) {
	h := newHouse(t)
	action, form := h.form(stranger, fmt.Sprintf("/me/en/write?board=%d", h.board.ID), "form.compose", "title", "A title", "body", "**words**")
	first := h.send(sent{method: "POST", path: action, cookie: h.cookies[stranger], form: form})
	leads(t, first, "/en/p/")
	if c := cookiesOf(first)["ls_ryw"]; c == nil || c.MaxAge != 10 || !c.HttpOnly || c.Path != "/" {
		t.Errorf("read-your-writes cookie %v", c)
	}
	again := h.send(sent{method: "POST", path: action, cookie: h.cookies[stranger], form: form})
	leads(t, again, first.Header().Get("Location"))
	if posts, _, err := h.store.Posts(h.ctx, forum.PostQuery{AuthorID: h.members[stranger].ID, Sort: forum.SortNew, Limit: 10}); err != nil || len(posts) != 1 {
		t.Fatalf("%d posts, %v", len(posts), err)
	}
	says(t, h.get(first.Header().Get("Location")), 200, "<strong>words</strong>")
	form.Set("body", "other words")
	changed := h.send(sent{method: "POST", path: action, cookie: h.cookies[stranger], form: form})
	says(t, changed, http.StatusUnprocessableEntity, "other words")
	if key := h.parse(changed.Body.String()).Find("form.compose [name=once]").AttrOr("value", ""); key == "" || key == form.Get("once") {
		t.Errorf("the form keeps the used key %q", key)
	}
}

func TestMistakesAreLinkedToTheirFields(t *testing.T) {
	h := newHouse(t)
	p, _ := h.written()
	for path, send := range map[string]*httptest.ResponseRecorder{
		"write":    h.fill(stranger, "/me/en/write", "board", fmt.Sprint(h.board.ID), "title", "", "body", strings.Repeat("a", forum.MaxBody+1)),
		"reply":    h.fill(stranger, "/me/en/reply", "post", fmt.Sprint(p.ID), "body", " "),
		"sign-up":  h.fill(guest, "/me/en/sign-up", "handle", "x", "email", "x", "password", "x"),
		"settings": h.fill(stranger, "/me/en/settings", "name", "", "locale", "xx", "time_zone", "Mars/Base"),
		"token":    h.fill(stranger, "/me/en/settings/tokens", "name", "", "days", "5000"),
		"report":   h.fill(stranger, "/me/en/report", "target", fmt.Sprintf("p%d", p.ID), "reason", "boring"),
		"sanction": h.fill(admin, "/admin/en/sanctions", "member", "nobody", "kind", "mute", "for", "7"),
		"word":     h.fill(admin, "/admin/en/words", "pattern", "!!", "action", "burn"),
		"alias":    h.fill(admin, "/admin/en/aliases", "fandom", fmt.Sprint(h.fandom.ID), "aliases", "alone"),
		"fandom":   h.fill(admin, "/admin/en/fandoms/new", "slug", "-", "accent", "red"),
		"board":    h.fill(admin, fmt.Sprintf("/admin/en/fandoms/%d/boards", h.fandom.ID), "slug", "-", "position", "first"),
	} {
		if send.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", path, send.Code)
			continue
		}
		doc := h.parse(send.Body.String())
		if title := doc.Find("title").Text(); !strings.HasPrefix(title, "Error: ") {
			t.Errorf("%s: title %q", path, title)
		}
		links := doc.Find(".mistakes[role=alert] a")
		if links.Length() == 0 {
			t.Errorf("%s: the summary leads nowhere", path)
		}
		links.Each(func(_ int, a *goquery.Selection) {
			id := strings.TrimPrefix(a.AttrOr("href", ""), "#")
			field := doc.Find(fmt.Sprintf("[id='%s']", id))
			if field.Length() != 1 {
				t.Errorf("%s: %d elements have the id %q", path, field.Length(), id)
			} else if goquery.NodeName(field) != "fieldset" && (field.AttrOr("aria-invalid", "") != "true" || field.AttrOr("aria-describedby", "") == "") {
				t.Errorf("%s: %s is not marked as invalid", path, id)
			}
		})
		checkForms(t, path, doc)
	}
}

// checkForms finds inputs without a label, ids that are there twice and descriptions that are not there.
func checkForms(t *testing.T, where string, doc *goquery.Document) {
	t.Helper()
	ids := map[string]int{}
	doc.Find("[id]").Each(func(_ int, e *goquery.Selection) { ids[e.AttrOr("id", "")]++ })
	for id, n := range ids {
		if n > 1 {
			t.Errorf("%s: the id %q is there %d times", where, id, n)
		}
	}
	doc.Find("main input:not([type=hidden]), main textarea, main select").Each(func(_ int, in *goquery.Selection) {
		id := in.AttrOr("id", "")
		if doc.Find(fmt.Sprintf("label[for='%s']", id)).Length() == 0 && in.AttrOr("aria-labelledby", "") == "" {
			t.Errorf("%s: %s %q has no label", where, goquery.NodeName(in), in.AttrOr("name", ""))
		}
		for _, ref := range strings.Fields(in.AttrOr("aria-describedby", "")) {
			if ids[ref] == 0 {
				t.Errorf("%s: %q is described by %q, which is not there", where, id, ref)
			}
		}
	})
	if n := doc.Find("h1").Length(); n != 1 {
		t.Errorf("%s has %d h1", where, n)
	}
	doc.Find("[style], script:not([src])").Each(func(int, *goquery.Selection) { t.Errorf("%s has inline style or script", where) })
}

func TestEveryPrivatePageIsSound(t *testing.T) {
	h := newHouse(t)
	id := h.reported()
	p := h.post
	f := fmt.Sprint(h.fandom.ID)
	for _, path := range []string{"", "/notifications", "/settings", "/settings/password", "/settings/email", "/settings/sessions", "/settings/tokens", "/sign-out", "/verify?token=x", "/reset",
		"/reset/new?token=x", "/setup?token=x", "/write", fmt.Sprintf("/write?board=%d", h.board.ID), fmt.Sprintf("/reply?post=%d", p.ID), fmt.Sprintf("/edit?target=p%d", p.ID),
		fmt.Sprintf("/manage?target=p%d", p.ID), fmt.Sprintf("/report?target=p%d", p.ID), fmt.Sprintf("/react?target=p%d", p.ID),
		"!", "!/queue", fmt.Sprintf("!/cases/%d", id), "!/sanctions", "!/words", "!/aliases", "!/audit", "!/fandoms", "!/fandoms/new", "!/fandoms/" + f, "!/fandoms/" + f + "/boards",
		fmt.Sprintf("!/boards/%d", h.board.ID), "!/members"} {
		for _, tag := range []string{"en", "ko", "ja", "es", "id"} {
			address := "/me/" + tag + path
			if rest, ok := strings.CutPrefix(path, "!"); ok {
				address = "/admin/" + tag + rest
			}
			rec := h.visit(admin, address)
			if rec.Code != http.StatusOK {
				t.Fatalf("%s: %d", address, rec.Code)
			}
			doc := h.parse(rec.Body.String())
			checkForms(t, address, doc)
			if lang := doc.Find("html").AttrOr("lang", ""); lang != tag {
				t.Errorf("%s is in %q", address, lang)
			}
			if n := h.asked.Load(); n > 8 {
				t.Errorf("%s asked the store %d times", address, n)
			}
			doc.Find("nav[aria-label] a[hreflang]").Each(func(_ int, a *goquery.Selection) {
				if to := a.AttrOr("href", ""); !strings.HasPrefix(to, "/me/") && !strings.HasPrefix(to, "/admin/") {
					t.Errorf("%s in another language is %q", address, to)
				}
			})
		}
	}
}

func TestEditConflictKeepsBothTexts(t *testing.T) {
	h := newHouse(t)
	p, _ := h.written()
	path := fmt.Sprintf("/me/en/edit?target=p%d", p.ID)
	action, form := h.form(author, path, "form.compose", "body", "what I meant")
	leads(t, h.submit(mod, path, "form.compose", "body", "what staff made of it"), fmt.Sprintf("/en/p/%d", p.ID))
	rec := h.send(sent{method: "POST", path: action, cookie: h.cookies[author], form: form})
	says(t, rec, http.StatusPreconditionFailed, "what I meant", "what staff made of it")
	doc := h.parse(rec.Body.String())
	for name, list := range form {
		if got := doc.Find(fmt.Sprintf("form.compose [name='%s']", name)); got.Length() == 0 {
			t.Errorf("the form lost %s=%v", name, list)
		}
	}
	form.Set("version", doc.Find("form.compose [name=version]").AttrOr("value", ""))
	leads(t, h.send(sent{method: "POST", path: action, cookie: h.cookies[author], form: form}), fmt.Sprintf("/en/p/%d", p.ID))
	if now, err := h.store.Post(h.ctx, p.ID); err != nil || now.Body != "what I meant" {
		t.Error(now.Body, err)
	}
}

func TestSignedOutWhileWriting(t *testing.T) {
	h := newHouse(t)
	p, c := h.written()
	for path, form := range map[string][]string{
		"/me/en/write": {"board", fmt.Sprint(h.board.ID), "title", "my long title", "body", "my long text"},
		"/me/en/reply": {"post", fmt.Sprint(p.ID), "body", "my long text"},
		"/me/en/edit":  {"target", fmt.Sprintf("c%d", c.ID), "body", "my long text", "version", "1"},
	} {
		rec := h.fill(guest, path, append(form, "once", "k1")...)
		says(t, rec, http.StatusUnprocessableEntity, "my long text", "/me/en/sign-in")
		if strings.Contains(path, "edit") && strings.Contains(rec.Body.String(), "what the author answers") {
			t.Error("a guest reads what they may not")
		}
		rec = h.send(sent{method: "POST", path: path, form: pairs(form...), header: []string{"Accept", "application/json"}})
		var why web.Refused
		if err := json.Unmarshal(rec.Body.Bytes(), &why); err != nil || rec.Code != http.StatusUnauthorized || why.SignIn != "/me/en/sign-in" {
			t.Errorf("%s: %d %s %v", path, rec.Code, rec.Body, err)
		}
	}
}

// withPicture is a multipart form with fields and one PNG.
func withPicture(t *testing.T, fields ...string) (body, contentType string) {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 40, 30))
	for i := range 40 {
		img.Set(i, 10, color.RGBA{uint8(i), 200, 100, 255})
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"image", "picture"} {
		part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + name + `"; filename="../../etc/passwd.png"`}, "Content-Type": {"image/png"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(part, img); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

func TestPicturesWithoutScript(t *testing.T) {
	h := newHouse(t)
	p, _ := h.written()
	body, kind := withPicture(t, "post", fmt.Sprint(p.ID), "body", "look", "once", "k2")
	rec := h.send(sent{method: "POST", path: "/me/en/reply", cookie: h.cookies[stranger], body: body, header: []string{"Content-Type", kind}})
	says(t, rec, http.StatusOK)
	text := h.parse(rec.Body.String()).Find("form.compose textarea").Text()
	if !strings.HasPrefix(text, "look\n\n![](/media/") {
		t.Fatalf("the text is %q", text)
	}
	src := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(text), "look\n\n![]("), ")")
	if pic := h.get(src); pic.Code != http.StatusOK || pic.Header().Get("Content-Type") != "image/png" {
		t.Errorf("%s: %d", src, pic.Code)
	}
	rec = h.send(sent{method: "POST", path: "/me/en/reply", cookie: h.cookies[stranger], body: strings.Replace(body, "\x89PNG", "MPEG", 1), header: []string{"Content-Type", kind}})
	says(t, rec, http.StatusUnsupportedMediaType, "look", "mistakes")
	rec = h.send(sent{method: "POST", path: "/me/en/settings/avatar", cookie: h.cookies[stranger], body: body, header: []string{"Content-Type", kind}})
	leads(t, rec, "/me/en/settings?done=saved")
	says(t, h.visit(stranger, "/me/en/settings"), 200, `<img class="av"`)
	none, kind := multipartOf(t, "remove", "1")
	leads(t, h.send(sent{method: "POST", path: "/me/en/settings/avatar", cookie: h.cookies[stranger], body: none, header: []string{"Content-Type", kind}}), "/me/en/settings?done=saved")
	if m, err := h.store.Member(h.ctx, h.members[stranger].ID); err != nil || m.AvatarKey != "" {
		t.Error(m.AvatarKey, err)
	}
}

func multipartOf(t *testing.T, fields ...string) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

func TestWhatTheScriptGets(t *testing.T) {
	h := newHouse(t)
	p, c := h.written()
	ask := []string{"Accept", "application/json"}
	post := func(r role, path string, values ...string) *httptest.ResponseRecorder {
		return h.send(sent{method: "POST", path: path, cookie: h.cookies[r], form: pairs(values...), header: ask})
	}
	var w web.Written
	rec := post(stranger, "/me/ko/reply", "post", fmt.Sprint(p.ID), "parent", fmt.Sprint(c.ID), "body", "hi @author_1", "once", "k3")
	if err := json.Unmarshal(rec.Body.Bytes(), &w); err != nil || rec.Code != http.StatusCreated {
		t.Fatal(rec.Code, rec.Body, err)
	}
	li := h.parse(w.HTML).Find("li")
	if li.AttrOr("id", "") != w.ID || li.AttrOr("data-p", "") != fmt.Sprint(c.ID) || li.Find(".mention").AttrOr("href", "") != "/ko/u/author_1" {
		t.Errorf("the comment is %s", w.HTML)
	}
	again := post(stranger, "/me/ko/reply", "post", fmt.Sprint(p.ID), "parent", fmt.Sprint(c.ID), "body", "hi @author_1", "once", "k3")
	var replay web.Written
	if err := json.Unmarshal(again.Body.Bytes(), &replay); err != nil || replay.ID != w.ID || replay.Location != w.Location {
		t.Errorf("sent again: %s %v", again.Body, err)
	}
	var why web.Refused
	rec = post(stranger, "/me/ja/reply", "post", fmt.Sprint(p.ID), "body", "")
	if err := json.Unmarshal(rec.Body.Bytes(), &why); err != nil || rec.Code != http.StatusUnprocessableEntity || why.Fields["body"] == "" {
		t.Errorf("%d %s %v", rec.Code, rec.Body, err)
	}
	react := fmt.Sprintf("c%d.fire", c.ID)
	for range 2 {
		if rec := post(stranger, "/me/ko/react", "r", react, "on", "1"); rec.Code != http.StatusNoContent {
			t.Fatal(rec.Code, rec.Body)
		}
	}
	body, kind := withPicture(t, "alt", "a [bright] stage")
	rec = h.send(sent{method: "POST", path: "/me/ko/upload", cookie: h.cookies[stranger], body: body, header: append(ask, "Content-Type", kind)})
	var up web.Uploaded
	if err := json.Unmarshal(rec.Body.Bytes(), &up); err != nil || rec.Code != http.StatusCreated || up.Width != 40 || up.Height != 30 || !strings.HasPrefix(up.Markdown, "![a  bright  stage](/media/") {
		t.Errorf("%d %s %v", rec.Code, rec.Body, err)
	}
	says(t, h.fill(stranger, "/me/ko/preview", "body", "**b** @author_1"), 200, "<strong>b</strong>", `href="/ko/u/author_1"`)
}

func TestFragments(t *testing.T) {
	h := newHouse(t)
	p, c := h.written()
	page := fmt.Sprintf("page=/ko/p/%d", p.ID)
	h.fill(stranger, "/me/ko/react", "r", fmt.Sprintf("p%d.heart", p.ID))
	h.fill(stranger, "/me/ko/react", "r", fmt.Sprintf("c%d.wow", c.ID))
	h.fill(mod, "/me/ko/reply", "post", fmt.Sprint(p.ID), "body", "for you @stranger_1")
	ask := func(r role) (f web.Fragments, rec *httptest.ResponseRecorder) {
		rec = h.visit(r, "/me/ko/fragments?"+page, "Accept", "application/json")
		if err := json.Unmarshal(rec.Body.Bytes(), &f); err != nil || rec.Code != http.StatusOK {
			t.Fatal(rec.Code, rec.Body, err)
		}
		return f, rec
	}
	f, _ := ask(stranger)
	if f.Member.Handle != "stranger_1" || f.Member.Admin != "" || f.Unread != 1 || f.Staff ||
		fmt.Sprint(f.Reactions) != fmt.Sprint(map[string][]string{fmt.Sprintf("p%d", p.ID): {"heart"}, fmt.Sprintf("c%d", c.ID): {"wow"}}) {
		t.Errorf("fragments of a member: %+v", f)
	}
	if n := h.asked.Load(); n > 3 {
		t.Errorf("fragments asked the store %d times", n)
	}
	for r, want := range map[role]bool{mod: true, otherMod: false, admin: true} {
		if f, _ := ask(r); f.Staff != want || f.Member.Admin != "/admin/ko" {
			t.Errorf("fragments of %s: %+v", r, f)
		}
	}
	f, rec := ask(guest)
	if c := cookiesOf(rec)[web.MemberCookie]; f.Member != nil || c == nil || c.MaxAge >= 0 {
		t.Errorf("fragments of a guest: %+v, cookie %v", f, c)
	}
	for _, odd := range []string{"", "page=", "page=//evil", "page=/ko/p/x", "page=/ko/f/nowhere", "page=/ko/p/99999"} {
		if rec := h.visit(otherMod, "/me/ko/fragments?"+odd); rec.Code != http.StatusOK {
			t.Errorf("%s: %d", odd, rec.Code)
		}
	}
}

func TestReactToggles(t *testing.T) {
	h := newHouse(t)
	p, _ := h.written()
	target := forum.Target{Kind: forum.TargetPost, ID: p.ID}
	for _, want := range []int{1, 0} {
		leads(t, h.fill(stranger, "/me/ko/react", "r", fmt.Sprintf("p%d.lightstick", p.ID)), fmt.Sprintf("/ko/p/%d", p.ID))
		own, err := h.store.OwnReactions(h.ctx, h.members[stranger].ID, p.ID)
		if err != nil || len(own[target]) != want {
			t.Fatal(own, err)
		}
	}
}

func TestWhoIsStoppedReadsWhyBeforeWriting(t *testing.T) {
	h := newHouse(t)
	s := forum.Sanction{Member: ref(h.members[stranger]), FandomID: h.fandom.ID, Kind: forum.Mute, Reason: "three times the same advert", By: ref(h.members[mod]), CreatedAt: h.now, ExpiresAt: h.now.Add(48 * time.Hour)}
	h.update(func(tx forum.Tx) error { return tx.InsertSanction(h.ctx, &s) })
	m := h.members[otherMod]
	m.TimeZone = "America/Lima"
	h.update(func(tx forum.Tx) error { return tx.UpdateMember(h.ctx, &m) })
	form := fmt.Sprintf("/me/en/write?board=%d", h.board.ID)
	for _, path := range []string{form, "/me/en", "/me/en/settings"} {
		says(t, h.visit(stranger, path), 200, "three times the same advert", "24 Nov 2026, 12:30 KST")
	}
	rec := h.submit(stranger, form, "form.compose", "title", "T", "body", "kept text")
	says(t, rec, http.StatusForbidden, "kept text", "three times the same advert")
	h.credentials(func(tx identity.Tx) error { return tx.SetEmail(h.ctx, m.ID, m.Email, m.Email, false) })
	h.id.Forget(m.ID)
	says(t, h.visit(otherMod, form), 200, "Confirm your e-mail address before you write")
	leads(t, h.submit(otherMod, "/me/en/inbox", "main form"), "/me/en/inbox?done=sent")
}

func TestTimesAreInTheMembersZone(t *testing.T) {
	h := newHouse(t)
	m := h.members[stranger]
	m.TimeZone = "America/Lima"
	h.update(func(tx forum.Tx) error { return tx.UpdateMember(h.ctx, &m) })
	says(t, h.visit(stranger, "/me/en/settings/sessions"), 200, "21 Nov 2026, 22:30 (22 Nov, 12:30 KST)")
	says(t, h.visit(author, "/me/ko/settings/sessions"), 200, "2026.11.22 12:30 KST")
}

func TestSettings(t *testing.T) {
	h := newHouse(t)
	rec := h.submit(stranger, "/me/en/settings", "main form", "name", "밤하늘", "bio", "**hello**", "locale", "ja", "time_zone", "Asia/Tokyo")
	leads(t, rec, "/me/ja/settings?done=saved")
	if m, err := h.store.Member(h.ctx, h.members[stranger].ID); err != nil || m.Name != "밤하늘" || m.TimeZone != "Asia/Tokyo" || m.Locale != "ja" {
		t.Error(m, err)
	}
	says(t, h.visit(stranger, "/me/ja/settings?done=saved"), 200, "保存しました。", "밤하늘")
	leads(t, h.submit(stranger, "/me/en/settings/password", "main form", "old", password, "password", "a-very-new-password"), "/me/en/settings/password?done=password")
	leads(t, h.submit(stranger, "/me/en/settings/email", "main form", "email", "moved@example.com", "password", "a-very-new-password"), "/me/en/inbox")
	h.session(h.members[stranger].ID)
	leads(t, h.fill(stranger, "/me/en/settings/sessions", "id", "others"), "/me/en/settings/sessions?done=session")
	if list, err := h.store.SessionsOf(h.ctx, h.members[stranger].ID); err != nil || len(list) != 1 {
		t.Error(list, err)
	}
}

func TestTokenIsShownOnce(t *testing.T) {
	h := newHouse(t)
	action, form := h.form(stranger, "/me/en/settings/tokens", "form.plain", "name", "my bot", "scope_write", "1")
	rec := h.send(sent{method: "POST", path: action, cookie: h.cookies[stranger], form: form})
	secret := h.parse(rec.Body.String()).Find("#secret").AttrOr("value", "")
	if a, err := h.id.AuthenticateBearer(h.ctx, secret); rec.Code != http.StatusCreated || err != nil || len(a.Scopes) != 2 {
		t.Fatal(rec.Code, err)
	}
	leads(t, h.send(sent{method: "POST", path: action, cookie: h.cookies[stranger], form: form}), "/me/en/settings/tokens")
	page := h.visit(stranger, "/me/en/settings/tokens").Body.String()
	if strings.Contains(page, secret) || strings.Count(page, "my bot") != 1 {
		t.Error("the secret is shown again, or there are two tokens")
	}
	id := h.parse(page).Find(".cards form [name=id]").AttrOr("value", "")
	if rec := h.fill(author, "/me/en/settings/tokens/revoke", "id", id); rec.Code != http.StatusNotFound {
		t.Errorf("somebody else revokes it: %d", rec.Code)
	}
	leads(t, h.fill(stranger, "/me/en/settings/tokens/revoke", "id", id), "/me/en/settings/tokens?done=revoked")
}

func TestMarkReadSparesWhatCameSince(t *testing.T) {
	h := newHouse(t)
	p, _ := h.written()
	h.fill(mod, "/me/en/reply", "post", fmt.Sprint(p.ID), "body", "first")
	action, form := h.form(author, "/me/en/notifications", "form.act")
	h.fill(mod, "/me/en/reply", "post", fmt.Sprint(p.ID), "body", "second")
	leads(t, h.send(sent{method: "POST", path: action, cookie: h.cookies[author], form: form}), "/me/en/notifications?done=read")
	if n, err := h.store.UnreadCount(h.ctx, h.members[author].ID); err != nil || n != 1 {
		t.Error(n, err)
	}
}

func TestDelete(t *testing.T) {
	h := newHouse(t)
	p, c := h.written()
	leads(t, h.submit(author, fmt.Sprintf("/me/en/delete?target=c%d", c.ID), "main form"), fmt.Sprintf("/en/p/%d#comments", p.ID))
	leads(t, h.submit(author, fmt.Sprintf("/me/en/delete?target=p%d", p.ID), "main form"), "/en/f/aurora/talk")
	if rec := h.get(fmt.Sprintf("/en/p/%d", p.ID)); rec.Code != http.StatusNotFound {
		t.Errorf("the deleted post: %d", rec.Code)
	}
	leads(t, h.fill(mod, "/admin/en/moderate", "target", fmt.Sprintf("p%d", p.ID), "act", "restore"), fmt.Sprintf("/me/en/manage?done=acted&target=p%d", p.ID))
	if now, err := h.store.Post(h.ctx, p.ID); err != nil || now.State != forum.Visible {
		t.Error(now.State, err)
	}
}
