package forum_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
	"lightstick/internal/store"
)

// world is a small community on a real database: one fandom with two boards and some people.
type world struct {
	*forum.Forum
	t     *testing.T
	ctx   context.Context
	store *store.Store
	clock *clock

	fandom, other    forum.Fandom
	board, news      forum.Board
	otherBoard       forum.Board
	admin, mod       *forum.Actor
	ann, ben, guest  *forum.Actor
	unverified, bare *forum.Actor // bare: a token without scopes
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, ctx: context.Background(), clock: &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}}
	var err error
	w.store, err = store.Open(w.ctx, store.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "forum.db"), Now: w.clock.Now})
	w.must(err)
	t.Cleanup(w.store.Close)
	w.must(w.store.Migrate(w.ctx))
	w.Forum = forum.New(forum.Options{Store: w.store, Now: w.clock.Now, Locales: []string{"ko", "en"}})
	w.admin = w.member("boss", func(m *forum.Member) { m.Role = forum.RoleAdmin })
	w.ann, w.ben, w.mod = w.member("ann"), w.member("ben"), w.member("mod")
	w.unverified = w.member("newbie", func(m *forum.Member) { m.Verified = false })
	w.guest = &forum.Actor{}
	w.bare = &forum.Actor{Member: w.ann.Member, Token: true}
	w.fandom = must(w.CreateFandom(w.ctx, w.admin, forum.FandomInput{Slug: "vellune", Name: "VELLUNE", Accent: "#6741c4"}))(t)
	w.other = must(w.CreateFandom(w.ctx, w.admin, forum.FandomInput{Slug: "nereon", Name: "NEREON", Accent: "#006d7a"}))(t)
	w.must(w.SetModerator(w.ctx, w.admin, w.fandom.ID, w.mod.ID, true))
	w.mod.Moderates = []forum.ID{w.fandom.ID}
	w.board = must(w.CreateBoard(w.ctx, w.mod, w.fandom.ID, forum.BoardInput{Slug: "talk", Name: "Talk"}))(t)
	w.news = must(w.CreateBoard(w.ctx, w.mod, w.fandom.ID, forum.BoardInput{Slug: "news", Name: "News", StaffOnly: true}))(t)
	w.otherBoard = must(w.CreateBoard(w.ctx, w.admin, w.other.ID, forum.BoardInput{Slug: "talk", Name: "Talk"}))(t)
	return w
}

func (w *world) member(handle string, change ...func(*forum.Member)) *forum.Actor {
	w.t.Helper()
	m := forum.Member{Handle: handle, Name: handle, Email: handle + "@example.test", Verified: true, Role: forum.RoleMember,
		Locale: "en", TimeZone: "UTC", CreatedAt: w.clock.Now(), Version: 1}
	for _, f := range change {
		f(&m)
	}
	_, err := w.store.UpdateIdentity(w.ctx, func(tx identity.Tx) (any, error) {
		return nil, tx.InsertMember(w.ctx, &m, m.Email, "x")
	})
	w.must(err)
	return &forum.Actor{Member: m}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// must unwraps a result: must(f())(t).
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// refused fails unless err is the fault of this code.
func (w *world) refused(err error, code string) {
	w.t.Helper()
	if fault.Is(err, code) {
		return
	}
	for _, f := range fault.From(err).Fields {
		if err != nil && f.Code == code {
			return
		}
	}
	w.t.Fatalf("got %v, want the refusal %q", err, code)
}

func (w *world) post(a *forum.Actor, title, body string) forum.Post {
	w.t.Helper()
	return must(w.CreatePost(w.ctx, a, w.board.ID, forum.PostInput{Title: title, Body: body}))(w.t)
}

func (w *world) comment(a *forum.Actor, post, parent forum.ID, body string) forum.Comment {
	w.t.Helper()
	return must(w.CreateComment(w.ctx, a, post, forum.CommentInput{ParentID: parent, Body: body}))(w.t)
}

// settle applies the ledger, so that counters and search are up to date.
func (w *world) settle() {
	w.t.Helper()
	for {
		n, err := w.store.Flush(w.ctx, 1000)
		w.must(err)
		if n == 0 {
			return
		}
	}
}

// act is a caller's copy of an actor with the sanctions that are in force now, as identity loads it.
func (w *world) act(a *forum.Actor) *forum.Actor {
	w.t.Helper()
	c := *a
	c.Sanctions = must(w.store.SanctionsInForce(w.ctx, a.ID, w.clock.Now()))(w.t)
	return &c
}
