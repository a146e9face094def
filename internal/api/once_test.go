package api_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestOnce: every POST that stores anything happens once for a key, and its second request is
// answered with the very bytes of the first.
func TestOnce(t *testing.T) {
	w := newWorld(t)
	mina := w.member("mina_k")
	post := w.do("POST", "/boards/"+str(w.board)+"/posts", `{"title":"First","body":"x"}`, mina).want(201).id()
	w.member("loud_one")
	w.do("POST", "/reports", fmt.Sprintf(`{"target":{"kind":"post","id":%d},"reason":"spam"}`, post), w.admin).want(204)
	for i, c := range []struct {
		target, body, token string
		header              []string
	}{
		{"/fandoms", `{"slug":"second","name":"Second","accent":"#123456"}`, w.admin, nil},
		{"/fandoms/aurora/boards", `{"slug":"news","name":"News"}`, w.admin, nil},
		{"/fandoms/aurora/events", `{"kind":"stream","title":"Live","starts_at":"2026-06-01T12:00:00Z"}`, w.admin, nil},
		{"/boards/" + str(w.board) + "/posts", `{"title":"Twice?","body":"No."}`, mina, nil},
		{"/posts/" + str(post) + "/comments", `{"body":"Once."}`, mina, nil},
		{"/posts/" + str(post) + "/acts", `{"act":"lock"}`, w.admin, nil},
		{"/reports", fmt.Sprintf(`{"target":{"kind":"post","id":%d},"reason":"other"}`, post), mina, nil},
		{"/cases/1/claim", "", w.admin, nil},
		{"/cases/1/resolution", `{"note":"fine"}`, w.admin, nil},
		{"/word-rules", `{"pattern":"badword","action":"mask"}`, w.admin, nil},
		{"/sanctions", `{"member":"loud_one","kind":"mute","reason":"Too loud"}`, w.admin, nil},
		{"/attachments?alt=x", picturePNG(t, 9), mina, []string{"Content-Type", "image/png"}},
		{"/password-resets", `{"email":"mina_k@fans.example"}`, "", nil},
		{"/verifications", "", mina, nil},
	} {
		w.clock.move(20 * time.Minute) // mails to one address are few
		key := append([]string{"Idempotency-Key", fmt.Sprintf("key-%d", i)}, c.header...)
		first := w.do("POST", c.target, c.body, c.token, key...)
		if first.status >= 300 || first.header.Get("Idempotency-Replayed") != "" {
			t.Errorf("%s: first %d %s", c.target, first.status, first.raw)
			continue
		}
		second := w.do("POST", c.target, c.body, c.token, key...)
		if second.status != first.status || !bytes.Equal(second.raw, first.raw) || second.header.Get("Idempotency-Replayed") != "true" ||
			second.header.Get("Location") != first.header.Get("Location") || second.header.Get("ETag") != first.header.Get("ETag") {
			t.Errorf("%s: second %d %s %v\nfirst %d %s", c.target, second.status, second.raw, second.header, first.status, first.raw)
		}
	}
	if n := len(w.do("GET", "/posts?sort=new&board="+str(w.board), "", mina).want(200).items()); n != 2 {
		t.Errorf("%d posts", n)
	}
}

func TestOnceKeys(t *testing.T) {
	w := newWorld(t)
	mina := w.member("mina_k")
	target := "/boards/" + str(w.board) + "/posts"
	body := `{"title":"One","body":"x"}`
	first := w.do("POST", target, body, mina, "Idempotency-Key", "k").want(201)
	w.do("POST", target, `{"title":"Two","body":"x"}`, mina, "Idempotency-Key", "k").problem(422, "idempotency_key_reused")
	w.do("POST", target, `{"title":"","body":"x"}`, mina, "Idempotency-Key", "k").problem(422, "idempotency_key_reused")
	if again := w.do("POST", target, body, mina, "Idempotency-Key", `"k"`).want(201); again.id() != first.id() {
		t.Error("a quoted key is another key")
	}
	if other := w.do("POST", target, body, w.admin, "Idempotency-Key", "k").want(201); other.id() == first.id() {
		t.Error("two members share a key")
	}
	for _, bad := range []string{" ", "a b", "ä", strings.Repeat("k", 129), `""`, "a\tb"} {
		w.do("POST", target, body, mina, "Idempotency-Key", bad).problem(400, "bad_idempotency_key")
	}
	w.do("POST", target, body, mina, "Idempotency-Key", strings.Repeat("k", 128)).want(201)

	// What failed stores nothing.
	w.do("POST", target, `{"title":"","body":"x"}`, mina, "Idempotency-Key", "mend").problem(422, "invalid")
	w.do("POST", target, `{"title":"Mended","body":"x"}`, mina, "Idempotency-Key", "mend").want(201)
}

// TestOnceAfterTheRulesChanged: the first answer is given even if the request would be refused now.
func TestOnceAfterTheRulesChanged(t *testing.T) {
	w := newWorld(t)
	mina := w.member("mina_k")
	post := w.do("POST", "/boards/"+str(w.board)+"/posts", `{"title":"First","body":"x"}`, mina).want(201).id()
	target := "/posts/" + str(post) + "/comments"
	first := w.do("POST", target, `{"body":"In time."}`, mina, "Idempotency-Key", "k").want(201)
	w.do("POST", "/posts/"+str(post)+"/acts", `{"act":"lock"}`, w.admin).want(204)
	w.do("POST", target, `{"body":"Too late."}`, mina).problem(409, "post_locked")
	if again := w.do("POST", target, `{"body":"In time."}`, mina, "Idempotency-Key", "k").want(201); again.id() != first.id() {
		t.Errorf("another comment: %s", again.raw)
	}

	account := `{"handle":"new_fan","email":"new@fans.example","password":"` + password + `"}`
	up := w.do("POST", "/accounts", account, "", "Idempotency-Key", "k").want(201)
	again := w.do("POST", "/accounts", account, "", "Idempotency-Key", "k").want(201)
	if again.header.Get("Set-Cookie") != "" || !bytes.Equal(again.raw, up.raw) {
		t.Errorf("the replay of a sign-up: %v %s", again.header, again.raw)
	}
	if got := w.do("POST", "/accounts", account, "").problem(422, "invalid").fields(); got != "handle handle_taken" {
		t.Error(got)
	}
}

func TestOnceKeepsNoSecret(t *testing.T) {
	w := newWorld(t)
	mina := w.member("mina_k")
	body := `{"name":"Bot","scopes":["read"]}`
	first := w.do("POST", "/tokens", body, mina, "Idempotency-Key", "k").want(201)
	again := w.do("POST", "/tokens", body, mina, "Idempotency-Key", "k").want(201)
	if first.body["secret"] == nil || again.body["secret"] != nil || again.id() != first.id() {
		t.Errorf("first %s, again %s", first.raw, again.raw)
	}
	login := `{"login":"mina_k","password":"` + password + `"}`
	for range 2 {
		if in := w.do("POST", "/sessions", login, "", "Idempotency-Key", "k").want(201); in.header.Get("Set-Cookie") == "" {
			t.Error("signed in without a cookie")
		}
	}
	w.do("POST", "/previews", `{"body":"a"}`, mina, "Idempotency-Key", "p").want(200)
	w.do("POST", "/previews", `{"body":"a"}`, mina, "Idempotency-Key", "p").want(200)
}

// TestOnceAtTheSameTime: of many requests with one key that meet, one happens; the others get its
// answer or are told to wait.
func TestOnceAtTheSameTime(t *testing.T) {
	w := newWorld(t)
	mina := w.member("mina_k")
	target := "/boards/" + str(w.board) + "/posts"
	answers := make([]answer, 16)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			answers[i] = w.do("POST", target, `{"title":"Race","body":"x"}`, mina, "Idempotency-Key", "race")
		})
	}
	all.Wait()
	fresh := 0
	for _, a := range answers {
		switch {
		case a.status == 201 && a.header.Get("Idempotency-Replayed") == "":
			fresh++
		case a.status == 409:
			a.problem(409, "idempotency_in_flight")
			if a.header.Get("Retry-After") == "" {
				t.Error("in flight without Retry-After")
			}
		default:
			a.want(201)
		}
	}
	if fresh != 1 {
		t.Errorf("%d of them happened", fresh)
	}
	if n := len(w.do("GET", "/posts?board="+str(w.board), "", mina).want(200).items()); n != 1 {
		t.Errorf("%d posts", n)
	}
}
