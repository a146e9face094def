package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"lightstick/internal/app"
	"lightstick/internal/testkit"
	"lightstick/internal/testkit/pgtest"
)

// A node that is restarted while the primary is gone must serve what can be read, and work as if nothing
// had been once the primary is back.
func TestStartWithoutAPrimary(t *testing.T) {
	primary := pgtest.NewCluster(t)
	replica := primary.Replica(t, 0)
	all := pgtest.URLs("postgres", primary, replica)
	var cookie string
	well := t.Run("before", func(t *testing.T) { // its end stops the node
		s := testkit.Boot(t, func(c *app.Config, _ *app.Options) { c.Database = all })
		if err := s.App.FillDemo(t.Context(), app.DemoSize{Posts: 8, Comments: 20, Members: 13, Seed: 1}, io.Discard); err != nil {
			t.Fatal(err)
		}
		a := send(t, http.MethodPost, s.URL+"/api/v1/sessions", "", map[string]string{"login": "admin", "password": app.DemoPassword})
		cookie = session(t, a)
	})
	if !well {
		return
	}
	caughtUp(t, primary, replica)
	primary.Stop()

	// A database without a schema is refused, also when only its replica tells.
	if err := app.Run(t.Context(), alone(t, strings.Replace(all, "/postgres", "/template1", 1), false), "test", io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "schema") && !strings.Contains(err.Error(), "migrations") {
		t.Fatalf("started without a schema: %v", err)
	}

	c, log := alone(t, all, true), &testkit.Buffer{}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx, c, "test", io.Discard, log) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("stop: %v", err)
		}
		if t.Failed() {
			t.Log(log.Tail(10_000))
		}
	}()
	site := "http://" + c.Listen
	awaitHTTP(t, "the node is ready", site+"/readyz", func(a answer) bool { return a.status == http.StatusOK })
	if a := send(t, http.MethodGet, site+"/en/p/1", "", nil); a.status != http.StatusOK {
		t.Errorf("a public page: %d %.200s", a.status, a.body)
	}
	if a := send(t, http.MethodGet, site+"/api/v1/members/me", cookie, nil); a.status != http.StatusOK {
		t.Errorf("a session: %d %.200s", a.status, a.body)
	}
	comment := map[string]string{"body": "I am back"}
	if a := send(t, http.MethodPost, site+"/api/v1/posts/1/comments", cookie, comment); a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "writing_paused") {
		t.Errorf("a comment without a primary: %d %.200s", a.status, a.body)
	}

	var before struct{ Comments int }
	if err := json.Unmarshal([]byte(send(t, http.MethodGet, site+"/api/v1/posts/1", "", nil).body), &before); err != nil {
		t.Fatal(err)
	}
	if err := primary.Start(); err != nil {
		t.Fatal(err)
	}
	if a := send(t, http.MethodPost, site+"/api/v1/posts/1/comments", cookie, comment); a.status != http.StatusCreated {
		t.Fatalf("a comment with the primary back: %d %.200s", a.status, a.body)
	}
	awaitHTTP(t, "background work counts the comment", site+"/api/v1/posts/1", func(a answer) bool {
		var now struct{ Comments int }
		return json.Unmarshal([]byte(a.body), &now) == nil && now.Comments == before.Comments+1
	})
}

// alone is how a node is set up that migrates nothing, or if it can.
func alone(t *testing.T, database string, migrate bool) app.Config {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return app.Config{Env: app.Dev, Listen: l.Addr().String(), Data: t.TempDir(), Database: database, Migrate: migrate, Worker: true,
		MailFrom: "Lightstick <no-reply@localhost>", PageCache: 32 << 20, LogLevel: "info"}
}

type answer struct {
	status int
	header http.Header
	body   string
}

func send(t *testing.T, method, url, cookie string, body any) answer {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if cookie != "" {
		req.Header.Set("Cookie", cookie)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{body: err.Error()}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{body: err.Error()}
	}
	return answer{res.StatusCode, res.Header, string(text)}
}

// session is the cookie of a fresh sign-in.
func session(t *testing.T, a answer) string {
	t.Helper()
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if strings.HasSuffix(c.Name, "ls_session") {
			return c.Name + "=" + c.Value
		}
	}
	t.Fatalf("no session: %d %.300s", a.status, a.body)
	return ""
}

// awaitHTTP asks until an answer is right.
func awaitHTTP(t *testing.T, what, url string, right func(answer) bool) {
	t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	var last answer
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-again.C {
		if last = send(t, http.MethodGet, url, "", nil); right(last) {
			return
		}
	}
	t.Fatalf("not in time: %s; last: %d %.300s", what, last.status, last.body)
}

// caughtUp waits until the replica has everything.
func caughtUp(t *testing.T, primary, replica *pgtest.Cluster) {
	t.Helper()
	at := func(c *pgtest.Cluster, sql string) string {
		v, err := c.Ask(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	there := at(primary, `SELECT pg_current_wal_insert_lsn()::text`)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for end := time.Now().Add(20 * time.Second); at(replica, fmt.Sprintf(`SELECT (pg_last_wal_replay_lsn() >= '%s')::text`, there)) != "true"; <-again.C {
		if time.Now().After(end) {
			t.Fatal("the replica does not catch up")
		}
	}
}
