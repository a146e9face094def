package api_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
)

// TestRefusals: every kind of bad input has its clear answer.
func TestRefusals(t *testing.T) {
	w := newWorld(t)
	mina := w.member("mina_k")
	posts := "/boards/" + str(w.board) + "/posts"
	for _, c := range []struct {
		name, method, target, body, token string
		header                            []string
		status                            int
		code, fields                      string
	}{
		{"no token", "POST", posts, `{"title":"a","body":"b"}`, "", nil, 401, "sign_in_required", ""},
		{"stolen token", "POST", posts, `{"title":"a","body":"b"}`, "ls_pat_x", nil, 401, "token_invalid", ""},
		{"no body", "POST", posts, ``, mina, []string{"Content-Type", "application/json"}, 400, "body_required", ""},
		{"no type", "POST", posts, `{"title":"a","body":"b"}`, mina, []string{"Content-Type", ""}, 415, "json_only", ""},
		{"a form", "POST", posts, `title=a`, mina, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "json_only", ""},
		{"half", "POST", posts, `{"title":`, mina, nil, 400, "malformed_json", ""},
		{"twice", "POST", posts, `{"title":"a","title":"b","body":"c"}`, mina, nil, 400, "duplicate_field", "title duplicate_field"},
		{"deep", "POST", posts, strings.Repeat("[", 10_000), mina, nil, 400, "json_too_deep", ""},
		{"a list", "POST", posts, `[]`, mina, nil, 422, "invalid", "body wrong_type"},
		{"null", "POST", posts, `null`, mina, nil, 422, "invalid", "body wrong_type"},
		{"all at once", "POST", posts, `{"title":1,"x":2}`, mina, nil, 422, "invalid", "body required, title wrong_type, x unknown_field"},
		{"too long", "POST", posts, `{"title":"` + strings.Repeat("가", 121) + `","body":"` + strings.Repeat("b", 20_001) + `"}`, mina, nil, 422, "invalid", "body too_long, title too_long"},
		{"empty", "POST", posts, `{"title":" ","body":"\n"}`, mina, nil, 422, "invalid", "body required, title required"},
		{"bidi", "POST", posts, `{"title":"a\u202eb","body":"b\u0000"}`, mina, nil, 422, "invalid", "body control_character, title bidi_override"},
		{"a number too far", "POST", "/reports", `{"target":{"kind":"post","id":99999999999999999999},"reason":"spam"}`, mina, nil, 422, "invalid", "target.id number_range"},
		{"half a number", "POST", "/reports", `{"target":{"kind":"post","id":1.5},"reason":"spam"}`, mina, nil, 422, "invalid", "target.id wrong_type"},
		{"an odd whole number", "POST", "/reports", `{"target":{"kind":"post","id":1e0},"reason":"spam"}`, mina, nil, 422, "invalid", "body wrong_type"},
		{"no such word", "POST", "/reports", `{"target":{"kind":"house","id":1},"reason":"boring"}`, mina, nil, 422, "invalid", "reason unknown_value, target.kind unknown_value"},
		{"too large", "POST", posts, `{"title":"a","body":"` + strings.Repeat("b", 300_000) + `"}`, mina, nil, 413, "body_too_large", ""},
		{"id no number", "GET", "/posts/abc", "", "", nil, 422, "invalid", "id wrong_type"},
		{"id zero", "GET", "/posts/0", "", "", nil, 422, "invalid", "id range"},
		{"id too far", "GET", "/posts/99999999999999999999", "", "", nil, 422, "invalid", "id wrong_type"},
		{"nothing there", "GET", "/posts/999", "", "", nil, 404, "post_not_found", ""},
		{"page too large", "GET", "/posts?limit=101", "", "", nil, 422, "invalid", "limit range"},
		{"page too small", "GET", "/posts?limit=0", "", "", nil, 422, "invalid", "limit range"},
		{"odd order", "GET", "/posts?sort=best", "", "", nil, 422, "invalid", "sort unknown_value"},
		{"odd cursor", "GET", "/posts?cursor=!", "", "", nil, 400, "bad_cursor", ""},
		{"no fandom", "GET", "/posts?fandom=none", "", "", nil, 404, "fandom_not_found", ""},
		{"no words", "GET", "/search", "", "", nil, 422, "invalid", "q required"},
		{"odd time", "GET", "/search?q=a&from=yesterday", "", "", nil, 422, "invalid", "from wrong_time"},
		{"two tags", "PATCH", "/members/me", `{"name":"a"}`, mina, []string{"If-Match", `"1-a", "2-b"`}, 400, "bad_if_match", ""},
		{"no tag", "PATCH", "/members/me", `{"name":"a"}`, mina, []string{"If-Match", `1-a`}, 400, "bad_if_match", ""},
		{"another's tag", "PATCH", "/members/me", `{"name":"a"}`, mina, []string{"If-Match", `"abc"`}, 412, "stale", ""},
		{"from another site", "POST", posts, `{"title":"a","body":"b"}`, "", []string{"Cookie", "ls_session=x", "Origin", "https://evil.example"}, 403, "cross_origin", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			a := w.do(c.method, c.target, c.body, c.token, c.header...).problem(c.status, c.code)
			if got := a.fields(); got != c.fields {
				t.Errorf("fields %q, want %q", got, c.fields)
			}
			if a.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("Content-Type %q", a.header.Get("Content-Type"))
			}
			if c.status == 401 && a.header.Get("WWW-Authenticate") == "" {
				t.Error("401 without WWW-Authenticate")
			}
		})
		w.clock.move(2 * time.Second)
	}
	if n := len(w.do("GET", "/posts", "", mina).want(200).items()); n != 0 {
		t.Errorf("%d posts were made of refused requests", n)
	}
}

// TestLists: pages follow each other to the end, by cursor and by Link.
func TestLists(t *testing.T) {
	w := newWorld(t)
	for i := range 7 {
		w.do("POST", "/boards/"+str(w.board)+"/posts", fmt.Sprintf(`{"title":"Post %d","body":"x"}`, i), w.admin).want(201)
		w.clock.move(time.Second)
	}
	target, seen := "/posts?sort=new&limit=3", map[float64]bool{}
	for pages := 1; ; pages++ {
		a := w.do("GET", target, "", w.admin).want(200)
		for _, item := range a.items() {
			seen[item.(map[string]any)["id"].(float64)] = true
		}
		next, more := a.body["next"]
		link := a.header.Get("Link")
		if !more {
			if pages != 3 || len(seen) != 7 || link != "" {
				t.Errorf("%d pages, %d posts, last Link %q", pages, len(seen), link)
			}
			return
		}
		address, _, _ := strings.Cut(strings.TrimPrefix(link, "</api/v1"), ">")
		if !strings.HasSuffix(link, `>; rel="next"`) || !strings.Contains(address, escape(next.(string))) {
			t.Fatalf("Link %q for %v", link, next)
		}
		target = address
	}
}

// TestConditional: an ETag saves the bytes of a second reading and guards an edit.
func TestConditional(t *testing.T) {
	w := newWorld(t)
	post := w.do("POST", "/boards/"+str(w.board)+"/posts", `{"title":"a","body":"b"}`, w.admin).want(201)
	at := "/posts/" + str(post.id())
	for _, token := range []string{"", w.admin} {
		first := w.do("GET", at, "", token).want(200)
		if tag := first.header.Get("ETag"); len(w.do("GET", at, "", token, "If-None-Match", tag).want(304).raw) != 0 {
			t.Error("304 with a body")
		}
	}
	tag := post.header.Get("ETag")
	edited := w.do("PATCH", at, `{"title":"c"}`, w.admin, "If-Match", "W/"+tag).want(200)
	if edited.body["title"] != "c" || edited.body["body"] != "b" || edited.header.Get("ETag") == tag {
		t.Errorf("edited: %s %s", edited.raw, edited.header.Get("ETag"))
	}
	w.do("PATCH", at, `{"title":"d"}`, w.admin, "If-Match", tag).problem(412, "stale")
	w.do("GET", at, "", w.admin, "If-None-Match", tag).want(200)
	w.do("PATCH", at, `{"title":"d"}`, w.admin, "Content-Type", "application/merge-patch+json").want(200)
	w.do("DELETE", at, "", w.admin, "If-Match", tag).problem(412, "stale")
}

// TestHeld: what a word rule holds is for its author and staff alone.
func TestHeld(t *testing.T) {
	w := newWorld(t)
	mina, other := w.member("mina_k"), w.member("other_one")
	w.do("POST", "/word-rules", `{"pattern":"badword","action":"hold"}`, w.admin).want(201)
	post := w.do("POST", "/boards/"+str(w.board)+"/posts", `{"title":"badword","body":"b"}`, mina).want(201)
	if post.body["state"] != "held" {
		t.Fatalf("not held: %s", post.raw)
	}
	at := "/posts/" + str(post.id())
	for token, status := range map[string]int{"": 404, other: 404, mina: 200, w.admin: 200} {
		w.do("GET", at, "", token).want(status)
		w.do("GET", at+"/comments", "", token).want(status)
		w.do("GET", at+"/history", "", token).want(status)
	}
	w.do("PATCH", at, `{"title":"x"}`, other).problem(404, "post_not_found")
}

// TestMailedTokens: what arrives by mail works once.
func TestMailedTokens(t *testing.T) {
	w := newWorld(t)
	w.do("POST", "/accounts", `{"handle":"new_fan","email":"new@fans.example","password":"`+password+`"}`, "").want(201)
	verify := fmt.Sprintf(`{"token":%q}`, w.mailed("verify"))
	w.do("PUT", "/verifications/current", verify, "").want(204)
	w.do("PUT", "/verifications/current", verify, "").problem(422, "link_invalid")
	w.do("POST", "/password-resets", `{"email":"new@fans.example"}`, "").want(204)
	must(t, w.ids.DeliverReset(t.Context(), identity.ResetJob{Email: "new@fans.example"})) // as the queue would
	reset := fmt.Sprintf(`{"token":%q,"password":"nine yellow umbrellas"}`, w.mailed("reset"))
	w.do("PUT", "/password-resets/current", reset, "").want(204)
	w.do("PUT", "/password-resets/current", reset, "").problem(422, "link_invalid")
	w.do("POST", "/sessions", `{"login":"new_fan","password":"nine yellow umbrellas"}`, "").want(201)
	for _, name := range mailed() {
		if !w.called[name] {
			t.Errorf("%s was never called with success", name)
		}
	}
}

// TestProblem: what is not a fault tells nothing of itself.
func TestProblem(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{
		{fmt.Errorf("dial tcp 10.0.0.1: secret"), 500, "internal"},
		{fault.New(fault.Unavailable, "busy", "Busy.").After(1500 * time.Millisecond), 503, "busy"},
		{forum.Stale(), 412, "stale"},
	} {
		rec := httptest.NewRecorder()
		r, err := http.NewRequestWithContext(t.Context(), "GET", "/", nil)
		must(t, err)
		w.api.Fail(rec, r, c.err)
		var p struct{ Type, Detail string }
		must(t, json.Unmarshal(rec.Body.Bytes(), &p))
		if rec.Code != c.status || p.Type != "/api/problems/"+c.code || strings.Contains(rec.Body.String(), "secret") {
			t.Errorf("%v: %d %s %v", c.err, rec.Code, rec.Body, rec.Header())
		}
	}
}

// mailed is the token of the last mail of a kind, from the queue.
func (w *world) mailed(template string) string {
	w.t.Helper()
	db, err := sql.Open("sqlite", w.file)
	must(w.t, err)
	defer db.Close()
	var args string
	must(w.t, db.QueryRow(`SELECT json(args) FROM river_job WHERE kind = 'mail' AND json_extract(args, '$.template') = ? ORDER BY id DESC LIMIT 1`, template).Scan(&args))
	var job struct{ Params map[string]string }
	must(w.t, json.Unmarshal([]byte(args), &job))
	return job.Params["token"]
}
