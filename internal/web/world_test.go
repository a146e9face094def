package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"lightstick/internal/edge"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
	"lightstick/internal/markup"
	"lightstick/internal/observe"
	"lightstick/internal/store"
	"lightstick/internal/web"
)

const base = "https://fans.example"

// world is a small community on real SQLite, behind the real edge. Time stands still in it.
type world struct {
	t     testing.TB
	ctx   context.Context
	now   time.Time
	store *store.Store
	site  *web.Site
	edge  *edge.Edge

	byul, sol forum.Member
	fandom    forum.Fandom
	board     forum.Board
	post      forum.Post
	asked     atomic.Int64 // questions to the store by the last page
	paused    bool         // the database has no primary
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, ctx: context.Background(), now: time.Date(2026, 11, 22, 3, 30, 0, 0, time.UTC)}
	var err error
	if w.store, err = store.Open(w.ctx, store.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "web.db"), Now: w.clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.store.Close)
	if err := w.store.Migrate(w.ctx); err != nil {
		t.Fatal(err)
	}
	w.people()
	w.start()
	return w
}

func (w *world) clock() time.Time { return w.now }

// start makes the site and its edge.
func (w *world) start() {
	w.t.Helper()
	f := forum.New(forum.Options{Store: w.store, Now: w.clock, Locales: []string{"en", "es", "id", "ja", "ko"},
		Status: func() forum.Status { return forum.Status{Writable: !w.paused, Since: w.now} }})
	var err error
	if w.site, err = web.New(web.Options{Forum: f, BaseURL: base, Now: w.clock}); err != nil {
		w.t.Fatal(err)
	}
	w.openEdge()
}

// openEdge puts a fresh edge before the site.
func (w *world) openEdge() {
	w.t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		w.t.Fatal(err)
	}
	w.edge, err = edge.New(edge.Config{Routes: w.counted(), Fail: w.site.Fail, BaseURL: u,
		Observer: observe.New(observe.Options{Log: io.Discard}), Now: w.clock})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(w.edge.Close)
}

// counted is the route table, each handler counting what it asks of the store.
func (w *world) counted() []edge.Route {
	routes := w.site.Routes()
	for i := range routes {
		handle := routes[i].Handle
		routes[i].Handle = func(rw http.ResponseWriter, r *http.Request) error {
			ctx, n := store.CountQueries(r.Context())
			err := handle(rw, r.WithContext(ctx))
			w.asked.Store(n.Load())
			return err
		}
	}
	return routes
}

func (w *world) people() {
	w.byul, w.sol = w.member("byul", "별이"), w.member("sol", "Sol")
	w.fandom = forum.Fandom{Slug: "aurora", Name: "Aurora", Description: "Lights in the north.", Accent: "#3366cc", CreatedAt: w.now}
	w.update(func(tx forum.Tx) error { return tx.InsertFandom(w.ctx, &w.fandom) })
	w.board = forum.Board{FandomID: w.fandom.ID, Slug: "talk", Name: "자유게시판", CreatedAt: w.now}
	w.update(func(tx forum.Tx) error { return tx.InsertBoard(w.ctx, &w.board) })
	w.post = w.write("컴백 기다리는 글", "**같이** 기다려요 @sol")
}

func (w *world) member(handle, name string) forum.Member {
	w.t.Helper()
	m := forum.Member{Handle: handle, Name: name, Email: handle + "@example.com", Verified: true, Role: forum.RoleMember, Locale: "ko", TimeZone: "Asia/Seoul", CreatedAt: w.now}
	_, err := w.store.UpdateIdentity(w.ctx, func(tx identity.Tx) (any, error) { return nil, tx.InsertMember(w.ctx, &m, m.Email, "none") })
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

func (w *world) update(change func(forum.Tx) error) {
	w.t.Helper()
	if _, err := w.store.Update(w.ctx, func(tx forum.Tx) (any, error) { return nil, change(tx) }); err != nil {
		w.t.Fatal(err)
	}
}

func ref(m forum.Member) forum.MemberRef {
	return forum.MemberRef{ID: m.ID, Handle: m.Handle, Name: m.Name}
}

func html(text string) string {
	return markup.Render(text, markup.Options{Mention: func(string) bool { return true }}).HTML
}

func (w *world) write(title, body string) forum.Post {
	w.t.Helper()
	p := forum.Post{Board: forum.BoardRef{ID: w.board.ID, FandomID: w.fandom.ID}, Author: ref(w.byul), Title: title, Body: body,
		HTML: html(body), Text: body, Lang: "ko", CreatedAt: w.now.Add(-time.Hour)}
	w.update(func(tx forum.Tx) error { return tx.InsertPost(w.ctx, &p) })
	return p
}

func (w *world) comment(parent forum.ID, body string) forum.Comment {
	w.t.Helper()
	c := forum.Comment{PostID: w.post.ID, ParentID: parent, Author: ref(w.sol), Body: body, HTML: html(body), Text: body, Lang: "en", CreatedAt: w.now}
	w.update(func(tx forum.Tx) error { return tx.InsertComment(w.ctx, &c) })
	return c
}

// flush brings counters, ranks and the search index up to date.
func (w *world) flush() {
	w.t.Helper()
	for {
		n, err := w.store.Flush(w.ctx, 2000)
		if err != nil {
			w.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// get asks for an address; header is name, value pairs.
func (w *world) get(path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, base+path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	r.RequestURI = path
	rec := httptest.NewRecorder()
	w.edge.ServeHTTP(rec, r)
	return rec
}

// page asks for a page that must be there.
func (w *world) page(path string) *goquery.Document {
	w.t.Helper()
	rec := w.get(path)
	if rec.Code != http.StatusOK {
		w.t.Fatalf("%s: status %d: %s", path, rec.Code, rec.Body)
	}
	return w.parse(rec.Body.String())
}

func (w *world) parse(text string) *goquery.Document {
	w.t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(text))
	if err != nil {
		w.t.Fatal(err)
	}
	return doc
}

func (w *world) postPath(rest string) string {
	return fmt.Sprintf("/ko/p/%d%s", w.post.ID, rest)
}
