package api_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"lightstick/internal/forum"
)

// TestEveryOperation walks a community through all of the API. The client holds each answer
// against the document; in the end every operation of the document must have succeeded once.
func TestEveryOperation(t *testing.T) {
	w := newWorld(t)
	mina := w.member("mina_k")
	w.walkFandoms()
	w.walkEvents()
	post := w.walkPosts(mina)
	comment := w.walkComments(mina, post)
	w.walkReactions(mina, post, comment)
	w.walkMembers(mina)
	w.walkPictures(mina)
	w.clock.move(time.Minute) // for the limits of writes
	w.walkModeration(mina, post, comment)
	w.clock.move(time.Minute)
	w.walkAccounts()
	w.walkDeletes(mina, post, comment)
	if st := w.do("GET", "/status", "", "").want(200); st.body["writable"] != true {
		t.Errorf("status: %s", st.raw)
	}
	for path, item := range w.doc.root["paths"].(map[string]any) {
		for method := range item.(map[string]any) {
			if name := strings.ToUpper(method) + " " + path; !w.called[name] && !slices.Contains(mailed(), name) {
				t.Errorf("%s was never called with success", name)
			}
		}
	}
}

// mailed are operations that need a token from a mail; TestMailedTokens has them.
func mailed() []string { return []string{"PUT /verifications/current", "PUT /password-resets/current"} }

func (w *world) walkFandoms() {
	w.t.Helper()
	if n := len(w.do("GET", "/fandoms", "", "").want(200).items()); n != 1 {
		w.t.Errorf("%d fandoms", n)
	}
	f := w.do("GET", "/fandoms/aurora", "", w.admin).want(200)
	f = w.do("PATCH", "/fandoms/aurora", `{"description":"Light"}`, w.admin, "If-Match", f.header.Get("ETag")).want(200)
	if f.body["description"] != "Light" || f.body["name"] != "Aurora Line" {
		w.t.Errorf("patched: %s", f.raw)
	}
	w.do("GET", "/fandoms/aurora/boards", "", "").want(200)
	w.do("GET", "/boards/"+str(w.board), "", "").want(200)
	w.do("PATCH", "/boards/"+str(w.board), `{"position":3}`, w.admin).want(200)
	w.do("PUT", "/fandoms/aurora/aliases", `{"items":[{"names":["라이트","Light"]}]}`, w.admin).want(204)
	if n := len(w.do("GET", "/fandoms/aurora/aliases", "", "").want(200).items()); n != 1 {
		w.t.Errorf("%d aliases", n)
	}
}

func (w *world) walkEvents() {
	w.t.Helper()
	made := w.do("POST", "/fandoms/aurora/events", `{"kind":"comeback","title":"Aurora comes back","starts_at":"2026-05-04T09:00:00+09:00","board_id":`+str(w.board)+`}`, w.admin).want(201)
	at := "/events/" + str(made.id())
	if made.header.Get("Location") != "/api/v1"+at || made.body["ends_at"] != "2026-05-04T01:00:00Z" {
		w.t.Errorf("made: %v %s", made.header, made.raw)
	}
	w.do("POST", "/fandoms/aurora/events", `{"kind":"stream","title":"Radio","starts_at":"2026-05-03T09:00:00Z","ends_at":"2026-05-03T10:00:00Z"}`, w.admin).want(201)
	if got := w.do("POST", "/fandoms/aurora/events", `{"kind":"stream","title":"","starts_at":"2026-05-03T09:00:00Z","ends_at":"2026-05-03T09:00:00Z"}`, w.admin).problem(422, "invalid").fields(); got != "ends_at event_ends_first, title required" {
		w.t.Error(got)
	}
	page := w.do("GET", "/fandoms/aurora/events?limit=1", "", "").want(200)
	rest := w.do("GET", "/fandoms/aurora/events?limit=1&cursor="+page.body["next"].(string), "", "").want(200)
	if page.items()[0].(map[string]any)["title"] != "Radio" || len(rest.items()) != 1 || rest.body["next"] != nil || page.header.Get("Link") == "" {
		w.t.Errorf("pages: %s %s", page.raw, rest.raw)
	}
	if n := len(w.do("GET", "/fandoms/aurora/events?past=true", "", "").want(200).items()); n != 0 {
		w.t.Errorf("%d events are over", n)
	}
	got := w.do("GET", at, "", w.admin).want(200)
	changed := w.do("PATCH", at, `{"cancelled":true,"board_id":0}`, w.admin, "If-Match", got.header.Get("ETag")).want(200)
	if changed.body["cancelled"] != true || changed.body["board_id"] != nil || changed.body["title"] != "Aurora comes back" {
		w.t.Errorf("changed: %s", changed.raw)
	}
	for _, method := range []string{"PATCH", "DELETE"} {
		body := map[string]string{"PATCH": `{"title":"late"}`}[method]
		w.do(method, at, body, w.admin, "If-Match", got.header.Get("ETag")).problem(412, "stale")
		w.do(method, at, body, "").problem(401, "sign_in_required")
	}
	w.do("DELETE", at, "", w.admin, "If-Match", changed.header.Get("ETag")).want(204)
	w.do("GET", at, "", w.admin).problem(404, "event_not_found")
}

func (w *world) walkPosts(mina string) forum.ID {
	w.t.Helper()
	made := w.do("POST", "/boards/"+str(w.board)+"/posts", `{"title":"First light","body":"A **bold** start."}`, mina).want(201)
	post := made.id()
	if got, want := made.header.Get("Location"), "/api/v1/posts/"+str(post); got != want {
		w.t.Errorf("Location %q, want %q", got, want)
	}
	got := w.do("GET", "/posts/"+str(post), "", "").want(200)
	if got.body["html"] != "<p>A <strong>bold</strong> start.</p>\n" && !strings.Contains(got.body["html"].(string), "<strong>bold</strong>") {
		w.t.Errorf("html %q", got.body["html"])
	}
	if got.header.Get("Cache-Control") == "private, no-store" {
		w.t.Error("a public post is not public")
	}
	own := w.do("GET", "/posts/"+str(post), "", mina).want(200)
	if own.header.Get("Cache-Control") != "private, no-store" || own.header.Get("ETag") != made.header.Get("ETag") {
		w.t.Errorf("with a token: %v", own.header)
	}
	w.do("PATCH", "/posts/"+str(post), `{"body":"Better."}`, mina, "If-Match", own.header.Get("ETag")).want(200)
	if n := len(w.do("GET", "/posts/"+str(post)+"/history", "", "").want(200).items()); n != 1 {
		w.t.Errorf("%d revisions", n)
	}
	for _, q := range []string{"", "?sort=new", "?sort=top&fandom=aurora", "?board=" + str(w.board), "?author=mina_k", "?pinned=true"} {
		w.do("GET", "/posts"+q, "", "").want(200)
	}
	p := w.do("POST", "/previews", `{"body":"*hi* @mina_k"}`, mina).want(200)
	if !strings.Contains(p.body["html"].(string), "<em>hi</em>") || toJSON(w.t, p.body["mentions"]) != `["mina_k"]` {
		w.t.Errorf("preview: %s", p.raw)
	}
	return post
}

func (w *world) walkComments(mina string, post forum.ID) forum.ID {
	w.t.Helper()
	under := "/posts/" + str(post)
	c := w.do("POST", under+"/comments", `{"body":"Nice, @root_one!"}`, mina).want(201)
	comment := c.id()
	w.do("POST", under+"/comments", fmt.Sprintf(`{"body":"Thanks","parent_id":%d}`, comment), w.admin).want(201)
	if n := len(w.do("GET", under+"/comments", "", "").want(200).items()); n != 2 {
		w.t.Errorf("%d comments", n)
	}
	tail := w.do("GET", under+"/tail?after=0", "", "").want(200)
	if len(tail.items()) != 2 || tail.body["settled"] == nil {
		w.t.Errorf("tail: %s", tail.raw)
	}
	at := "/comments/" + str(comment)
	got := w.do("GET", at, "", mina).want(200)
	w.do("PATCH", at, `{"body":"Very nice."}`, mina, "If-Match", got.header.Get("ETag")).want(200)
	w.do("PATCH", at, `{"body":"Too late."}`, mina, "If-Match", got.header.Get("ETag")).problem(412, "stale")
	w.do("GET", at+"/history", "", "").want(200)
	if n := len(w.do("GET", at+"/replies", "", "").want(200).items()); n != 1 {
		w.t.Errorf("%d replies", n)
	}
	return comment
}

func (w *world) walkReactions(mina string, post, comment forum.ID) {
	w.t.Helper()
	for range 2 { // idempotent
		w.do("PUT", "/posts/"+str(post)+"/reactions/lightstick", "", mina).want(204)
		w.do("PUT", "/comments/"+str(comment)+"/reactions/fire", "", mina).want(204)
	}
	own := w.do("GET", "/posts/"+str(post)+"/reactions", "", mina).want(200)
	if got := toJSON(w.t, own.items()); !strings.Contains(got, `"lightstick"`) || !strings.Contains(got, `"fire"`) {
		w.t.Errorf("own reactions: %s", got)
	}
	w.do("DELETE", "/posts/"+str(post)+"/reactions/lightstick", "", mina).want(204)
	w.do("DELETE", "/comments/"+str(comment)+"/reactions/fire", "", mina).want(204)
	w.do("PUT", "/posts/"+str(post)+"/reactions/thumb", "", mina).problem(422, "invalid")
}

func (w *world) walkMembers(mina string) {
	w.t.Helper()
	if body := w.do("GET", "/members/mina_k", "", "").want(200).body; body["email"] != nil {
		w.t.Error("everybody sees the address")
	}
	w.do("GET", "/members/mina_k/posts", "", "").want(200)
	w.do("GET", "/members/mina_k/comments", "", "").want(200)
	me := w.do("GET", "/members/me", "", mina).want(200)
	if me.body["email"] != "mina_k@fans.example" {
		w.t.Errorf("me: %s", me.raw)
	}
	changed := w.do("PATCH", "/members/me", `{"name":"Mina","bio":"*Hi*","time_zone":"Asia/Seoul"}`, mina, "If-Match", me.header.Get("ETag")).want(200)
	if changed.body["name"] != "Mina" {
		w.t.Errorf("changed: %s", changed.raw)
	}
	w.do("PATCH", "/members/me", `{"name":"Late"}`, mina, "If-Match", me.header.Get("ETag")).problem(412, "stale")
	if got := w.do("PATCH", "/members/me", `{"locale":"xx","time_zone":"Moon/Base"}`, mina).problem(422, "invalid").fields(); got != "locale unknown_locale, time_zone unknown_time_zone" {
		w.t.Error(got)
	}
	list := w.do("GET", "/notifications", "", w.admin).want(200)
	if len(list.items()) == 0 {
		w.t.Fatal("the mention told nobody")
	}
	w.do("PUT", "/notifications/read", fmt.Sprintf(`{"up_to":%v}`, list.items()[0].(map[string]any)["id"]), w.admin).want(204)
	if n := len(w.do("GET", "/members?limit=1", "", w.admin).want(200).items()); n != 1 {
		w.t.Errorf("%d members", n)
	}
	w.do("GET", "/members", "", mina).problem(403, "admin_only")
	w.do("PUT", "/members/mina_k/role", `{"role":"admin"}`, w.admin).want(200)
	w.do("PUT", "/members/mina_k/role", `{"role":"member"}`, w.admin).want(200)
	w.do("PUT", "/members/root_one/role", `{"role":"member"}`, w.admin).problem(409, "last_admin")
	w.do("GET", "/search?q=light&kind=post,comment&order=newest&from=2026-01-01T00:00:00Z", "", "").want(200)
}

// picturePNG is a small picture; each shade is another one.
func picturePNG(t testing.TB, shade uint8) string {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 32, 24))
	for i := range 32 {
		img.Set(i, i%24, color.RGBA{shade, 80, uint8(i), 255})
	}
	var b bytes.Buffer
	must(t, png.Encode(&b, img))
	return b.String()
}

func (w *world) walkPictures(mina string) {
	w.t.Helper()
	up := w.do("POST", "/attachments?alt=A+stage", picturePNG(w.t, 1), mina, "Content-Type", "image/png").want(201)
	at := "/attachments/" + up.body["key"].(string)
	if up.body["width"] != 32.0 || up.body["alt"] != "A stage" || up.header.Get("Location") != "/api/v1"+at {
		w.t.Errorf("upload: %s", up.raw)
	}
	w.do("GET", at, "", "").want(200)
	if got := w.do("PATCH", at, `{"alt":"A big stage"}`, mina).want(200); got.body["alt"] != "A big stage" {
		w.t.Errorf("alt: %s", got.raw)
	}
	w.do("PATCH", at, `{"alt":"Mine"}`, w.admin).want(404)
	w.do("DELETE", at, "", mina).want(204)
	form := "--xx\r\nContent-Disposition: form-data; name=\"alt\"\r\n\r\nBy form\r\n--xx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../../a.png\"\r\n\r\n" +
		picturePNG(w.t, 2) + "\r\n--xx--\r\n"
	if got := w.do("POST", "/attachments", form, mina, "Content-Type", "multipart/form-data; boundary=xx").want(201); got.body["alt"] != "By form" {
		w.t.Errorf("form: %s", got.raw)
	}
	w.do("POST", "/attachments", "not a picture", mina, "Content-Type", "image/png").problem(415, "image_type")
	w.do("POST", "/attachments", "{}", mina).problem(415, "picture_only")
	w.do("POST", "/attachments", "--xx\r\nbroken", mina, "Content-Type", "multipart/form-data; boundary=xx").problem(400, "malformed_form")
	w.do("POST", "/attachments", strings.Repeat("x", 11<<20), mina, "Content-Type", "image/png").problem(413, "body_too_large")
	me := w.do("PUT", "/members/me/avatar", picturePNG(w.t, 3), mina, "Content-Type", "image/png").want(200)
	if me.body["avatar"] == nil {
		w.t.Errorf("avatar: %s", me.raw)
	}
	w.do("DELETE", "/members/me/avatar", "", mina).want(204)
}

func (w *world) walkModeration(mina string, post, comment forum.ID) {
	w.t.Helper()
	w.do("POST", "/reports", fmt.Sprintf(`{"target":{"kind":"comment","id":%d},"reason":"spam","note":"look"}`, comment), w.admin).want(204)
	cases := w.do("GET", "/cases", "", w.admin).want(200).items()
	if len(cases) != 1 {
		w.t.Fatalf("cases: %v", cases)
	}
	at := fmt.Sprintf("/cases/%v", cases[0].(map[string]any)["id"])
	w.do("GET", "/cases", "", mina).problem(403, "staff_only")
	w.do("GET", at, "", w.admin).want(200)
	w.do("POST", at+"/claim", "", w.admin).want(200)
	w.do("DELETE", at+"/claim", "", w.admin).want(204)
	w.do("POST", at+"/resolution", `{"act":"hide","note":"spam"}`, w.admin).want(200)
	w.do("POST", at+"/resolution", `{}`, w.admin).problem(409, "case_resolved")
	w.do("GET", "/comments/"+str(comment), "", mina).problem(404, "comment_not_found")
	w.do("GET", "/comments/"+str(comment), "", w.admin).want(200)
	w.do("POST", "/comments/"+str(comment)+"/acts", `{"act":"restore"}`, w.admin).want(204)
	w.do("POST", "/posts/"+str(post)+"/acts", `{"act":"pin","reason":"good"}`, w.admin).want(204)
	w.do("POST", "/posts/"+str(post)+"/acts", `{"act":"pin"}`, mina).problem(403, "staff_only")

	w.do("PUT", "/fandoms/aurora/moderators/mina_k", "", w.admin).want(204)
	if n := len(w.do("GET", "/fandoms/aurora/moderators", "", "").want(200).items()); n != 1 {
		w.t.Errorf("%d moderators", n)
	}
	rule := w.do("POST", "/word-rules", `{"fandom":"aurora","pattern":"badword","action":"hold"}`, mina).want(201)
	w.do("GET", "/word-rules?fandom=aurora", "", mina).want(200)
	w.do("GET", "/word-rules", "", mina).problem(403, "staff_only")
	w.do("GET", "/audit?fandom=aurora", "", mina).want(200)
	w.do("GET", "/audit?actor=root_one&limit=2", "", w.admin).want(200)
	w.do("DELETE", fmt.Sprintf("/word-rules/%d", rule.id()), "", mina).want(204)

	w.member("loud_one")
	s := w.do("POST", "/sanctions", `{"member":"loud_one","fandom":"aurora","kind":"mute","reason":"Too loud","expires_at":"2026-06-01T00:00:00Z"}`, mina).want(201)
	if s.body["expires_at"] != "2026-06-01T00:00:00Z" {
		w.t.Errorf("sanction: %s", s.raw)
	}
	at = "/sanctions/" + str(s.id())
	w.do("GET", at, "", mina).want(200)
	w.do("GET", "/sanctions?fandom=aurora&member=loud_one&in_force=true", "", mina).want(200)
	w.do("POST", "/sanctions", `{"member":"loud_one","kind":"ban","reason":"x","expires_at":"2020-01-01T00:00:00Z"}`, w.admin).problem(422, "invalid")
	w.do("DELETE", at, "", mina).want(204)
	w.do("DELETE", at, "", mina).problem(409, "sanction_over")
	w.do("DELETE", "/fandoms/aurora/moderators/mina_k", "", w.admin).want(204)
}

func (w *world) walkAccounts() {
	w.t.Helper()
	up := w.do("POST", "/accounts", `{"handle":"new_fan","email":"new@fans.example","password":"`+password+`"}`, "").want(201)
	cookie, _, _ := strings.Cut(up.header.Get("Set-Cookie"), ";")
	if cookie == "" {
		w.t.Fatal("no session after signing up")
	}
	w.do("POST", "/verifications", "", "", "Cookie", cookie).want(204)
	w.do("POST", "/password-resets", `{"email":"new@fans.example"}`, "").want(204)
	w.do("POST", "/password-resets", `{"email":"nobody@fans.example"}`, "").want(204)
	w.do("POST", "/sessions", `{"login":"new_fan","password":"wrong wrong wrong"}`, "").problem(401, "wrong_login")
	in := w.do("POST", "/sessions", `{"login":"new_fan","password":"`+password+`"}`, "").want(201)
	other, _, _ := strings.Cut(in.header.Get("Set-Cookie"), ";")
	if n := len(w.do("GET", "/sessions", "", "", "Cookie", cookie).want(200).items()); n != 2 {
		w.t.Errorf("%d sessions", n)
	}
	w.do("DELETE", "/sessions/"+str(in.id()), "", "", "Cookie", cookie).want(204)
	w.do("GET", "/sessions", "", "", "Cookie", other).problem(401, "sign_in_required")
	w.do("DELETE", "/sessions", "", "", "Cookie", cookie).want(204)
	w.do("PUT", "/members/me/email", `{"email":"newer@fans.example","password":"`+password+`"}`, "", "Cookie", cookie).want(204)

	made := w.do("POST", "/tokens", `{"name":"Bot","scopes":["read"],"days":5}`, "", "Cookie", cookie).want(201)
	secret := made.body["secret"].(string)
	w.do("GET", "/members/me", "", secret).want(200)
	w.do("PATCH", "/members/me", `{"name":"X"}`, secret).problem(403, "scope_missing")
	if list := w.do("GET", "/tokens", "", "", "Cookie", cookie).want(200); strings.Contains(string(list.raw), secret) {
		w.t.Error("the secret is shown again")
	}
	w.do("DELETE", "/tokens/"+str(made.id()), "", "", "Cookie", cookie).want(204)
	w.do("GET", "/members/me", "", secret).problem(401, "token_invalid")
	w.do("GET", "/fandoms", "", secret).problem(401, "token_invalid")

	w.do("PUT", "/members/me/password", `{"current":"`+password+`","password":"eight green umbrellas"}`, "", "Cookie", cookie).want(204)
	again := w.do("POST", "/sessions", `{"login":"new_fan","password":"eight green umbrellas"}`, "").want(201)
	cookie, _, _ = strings.Cut(again.header.Get("Set-Cookie"), ";")
	out := w.do("DELETE", "/sessions/current", "", "", "Cookie", cookie).want(204)
	if !strings.Contains(out.header.Get("Set-Cookie"), "Max-Age=0") {
		w.t.Errorf("signed out: %v", out.header)
	}
	w.do("DELETE", "/sessions/current", "", "").want(204)
}

func (w *world) walkDeletes(mina string, post, comment forum.ID) {
	w.t.Helper()
	w.do("DELETE", "/comments/"+str(comment), "", mina, "If-Match", `"1-00"`).problem(412, "stale")
	w.do("DELETE", "/comments/"+str(comment), "", mina).want(204)
	w.do("DELETE", "/posts/"+str(post), "", w.admin).problem(403, "not_yours")
	w.do("DELETE", "/posts/"+str(post), "", mina, "If-Match", "*").want(204)
	w.do("GET", "/posts/"+str(post), "", mina).problem(404, "post_not_found")
	w.do("GET", "/posts/"+str(post)+"/comments", "", mina).problem(404, "post_not_found")
}
