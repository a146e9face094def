package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"lightstick/internal/api"
	"lightstick/internal/edge"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
	"lightstick/internal/media"
	"lightstick/internal/observe"
	"lightstick/internal/store"
)

const password = "seven purple umbrellas"

// world is the API on everything real that stands behind it: edge, identity, forum, media and the
// store on SQLite.
type world struct {
	t     testing.TB
	edge  *edge.Edge
	api   *api.API
	doc   document
	ids   *identity.Service
	clock *clock

	admin string // tokens with all scopes
	board forum.ID
	file  string // of the database

	mu     sync.Mutex
	called map[string]bool // operations that succeeded once
}

// clock is moved by hand. It starts at a whole second, like no clock does.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newWorld(t testing.TB) *world {
	t.Helper()
	ctx := t.Context()
	w := &world{t: t, clock: &clock{now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}, called: map[string]bool{}}
	dir := t.TempDir()
	w.file = filepath.Join(dir, "test.db")
	db, err := store.Open(ctx, store.Config{URL: "sqlite:" + w.file, Now: w.clock.Now})
	must(t, err)
	t.Cleanup(db.Close)
	must(t, db.Migrate(ctx))
	blobs, err := media.OpenDisk(filepath.Join(dir, "media"))
	must(t, err)
	pictures := media.New(media.Options{Blobs: blobs, Store: db, Now: w.clock.Now, TempDir: dir})
	f := forum.New(forum.Options{Store: db, Now: w.clock.Now, Locales: []string{"en", "ko"}, MayPostUnverified: true})
	w.ids = identity.New(identity.Options{Store: db, Forum: f, Now: w.clock.Now})
	t.Cleanup(func() { must(t, w.ids.Close(context.Background())) })
	w.api, err = api.New(api.Options{Forum: f, Accounts: w.ids, Media: pictures, Actor: identity.ActorFrom, Now: w.clock.Now, Version: "test", Environment: "dev"})
	must(t, err)
	w.doc = parseDocument(t, w.api.Document())
	obs := observe.New(observe.Options{Log: io.Discard})
	t.Cleanup(func() { must(t, obs.Close()) })
	base, _ := url.Parse("https://fans.example")
	w.edge, err = edge.New(edge.Config{Routes: w.api.Routes(), Fail: w.api.Fail, Identify: w.ids.Identify, BaseURL: base, Observer: obs, Now: w.clock.Now})
	must(t, err)
	t.Cleanup(w.edge.Close)
	w.found()
	return w
}

// found makes the first admin, a fandom and a board.
func (w *world) found() {
	w.t.Helper()
	secret, ok, err := w.ids.SetupToken(w.t.Context())
	if err != nil || !ok {
		w.t.Fatal("no setup token:", err)
	}
	in, err := w.ids.CompleteSetup(w.t.Context(), secret, identity.SignUpInput{Handle: "root_one", Email: "root@fans.example", Password: password}, identity.Client{})
	must(w.t, err)
	w.admin = w.token(in.Member, forum.Scopes()...)
	w.do("POST", "/fandoms", `{"slug":"aurora","name":"Aurora Line","accent":"#7a4cff"}`, w.admin).want(201)
	w.board = w.do("POST", "/fandoms/aurora/boards", `{"slug":"talk","name":"Talk"}`, w.admin).want(201).id()
}

// member signs somebody up and returns a token of theirs with all scopes.
func (w *world) member(handle string) string {
	w.t.Helper()
	in, err := w.ids.SignUp(w.t.Context(), identity.SignUpInput{Handle: handle, Email: handle + "@fans.example", Password: password}, identity.Client{})
	must(w.t, err)
	return w.token(in.Member, forum.Scopes()...)
}

func (w *world) token(m forum.Member, scopes ...forum.Scope) string {
	w.t.Helper()
	_, secret, err := w.ids.CreateToken(w.t.Context(), &forum.Actor{Member: m}, "Test", scopes, 24*time.Hour)
	must(w.t, err)
	return secret
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// answer is what came back, checked against the document.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	raw    []byte
	body   map[string]any
}

// do sends a request to an address under the prefix and holds the answer against the document.
// header is name, value pairs; a body that is not JSON says so there.
func (w *world) do(method, target, body, token string, header ...string) answer {
	w.t.Helper()
	r := httptest.NewRequest(method, api.Prefix+target, strings.NewReader(body))
	r.RemoteAddr = "192.0.2.7:1234"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	w.edge.ServeHTTP(rec, r)
	a := answer{t: w.t, status: rec.Code, header: rec.Result().Header, raw: bytes.Clone(rec.Body.Bytes())}
	w.check(r, &a)
	return a
}

// check is the contract: the status is described, the body is what is described for it.
func (w *world) check(r *http.Request, a *answer) {
	w.t.Helper()
	name := r.Method + " " + r.URL.Path
	template, op := w.doc.operation(r.Method, strings.TrimPrefix(r.URL.Path, api.Prefix))
	if op == nil {
		return
	}
	described, ok := op["responses"].(map[string]any)[strconv.Itoa(a.status)].(map[string]any)
	if !ok {
		w.t.Errorf("%s: status %d is not described: %s", name, a.status, a.raw)
		return
	}
	content, _ := w.doc.resolve(described)["content"].(map[string]any)
	if len(content) == 0 {
		if len(a.raw) > 0 {
			w.t.Errorf("%s %d: a body where none is described: %s", name, a.status, a.raw)
		}
	} else if r.Method != http.MethodHead {
		contentType := a.header.Get("Content-Type")
		schema, ok := content[contentType].(map[string]any)
		if !ok {
			w.t.Errorf("%s %d: Content-Type %q, want one of %v", name, a.status, contentType, slices.Collect(maps.Keys(content)))
			return
		}
		var v any
		if err := json.Unmarshal(a.raw, &v); err != nil {
			w.t.Errorf("%s %d: %v: %s", name, a.status, err, a.raw)
			return
		}
		a.body, _ = v.(map[string]any)
		if err := w.doc.check(schema["schema"].(map[string]any), v, "body"); err != nil {
			w.t.Errorf("%s %d: %v\n%s", name, a.status, err, a.raw)
		}
	}
	if a.status < 400 {
		w.mu.Lock()
		w.called[r.Method+" "+template] = true
		w.mu.Unlock()
	}
}

func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.raw)
	}
	return a
}

// problem wants a problem document of a type.
func (a answer) problem(status int, code string) answer {
	a.t.Helper()
	if a.status != status || a.body["type"] != "/api/problems/"+code {
		a.t.Errorf("%d %v, want %d %s: %s", a.status, a.body["type"], status, code, a.raw)
	}
	if a.body["instance"] == "" || a.body["instance"] != a.header.Get("X-Request-Id") {
		a.t.Errorf("instance %v, want the request id %q", a.body["instance"], a.header.Get("X-Request-Id"))
	}
	return a
}

// fields are the mistakes of a problem as "field code".
func (a answer) fields() string {
	var list []string
	errors, _ := a.body["errors"].([]any)
	for _, e := range errors {
		m := e.(map[string]any)
		list = append(list, m["field"].(string)+" "+m["code"].(string))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func (a answer) id() forum.ID {
	a.t.Helper()
	n, ok := a.body["id"].(float64)
	if !ok {
		a.t.Fatalf("no id in %s", a.raw)
	}
	return forum.ID(n)
}

func (a answer) items() []any {
	list, _ := a.body["items"].([]any)
	return list
}

func escape(s string) string { return url.QueryEscape(s) }

func str(id forum.ID) string { return strconv.FormatInt(int64(id), 10) }
