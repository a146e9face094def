package store_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"lightstick/internal/forum"
	"lightstick/internal/identity"
	"lightstick/internal/store"
	"lightstick/internal/testkit/pgtest"
)

// clock is a time that moves only when told to.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.at.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMicro())
	return c
}

func (c *clock) now() time.Time          { return time.UnixMicro(c.at.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.at.Add(d.Microseconds()) }

// world is a store with one fandom, one board and two members in it.
type world struct {
	*store.Store
	t      testing.TB
	ctx    context.Context
	clock  *clock
	url    string
	fandom forum.Fandom
	board  forum.Board
	ann    forum.Member
	ben    forum.Member
}

// engines runs a test on both databases.
func engines(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))) })
	t.Run("postgres", func(t *testing.T) { test(t, newWorld(t, pgtest.Database(t))) })
}

func open(t testing.TB, url string, now func() time.Time) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{URL: url, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func newWorld(t testing.TB, url string) *world {
	t.Helper()
	w := &world{t: t, ctx: t.Context(), clock: newClock(), url: url}
	w.Store = open(t, url, w.clock.now)
	if err := w.Migrate(w.ctx); err != nil {
		t.Fatal(err)
	}
	w.ann, w.ben = w.member("ann"), w.member("ben")
	w.fandom = forum.Fandom{Slug: "aurora", Name: "Aurora", Accent: "#112233", CreatedAt: w.clock.now()}
	w.update(func(tx forum.Tx) error { return tx.InsertFandom(w.ctx, &w.fandom) })
	w.board = w.newBoard("free")
	return w
}

func (w *world) update(change func(forum.Tx) error) {
	w.t.Helper()
	if _, err := w.Update(w.ctx, func(tx forum.Tx) (any, error) { return nil, change(tx) }); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) member(handle string) forum.Member {
	w.t.Helper()
	m := forum.Member{Handle: handle, Name: handle, Email: handle + "@example.com", Verified: true, Role: forum.RoleMember, Locale: "en", TimeZone: "UTC", CreatedAt: w.clock.now()}
	_, err := w.UpdateIdentity(w.ctx, func(tx identity.Tx) (any, error) {
		return nil, tx.InsertMember(w.ctx, &m, m.Email, "hash-"+handle)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

func (w *world) newBoard(slug string) forum.Board {
	w.t.Helper()
	b := forum.Board{FandomID: w.fandom.ID, Slug: slug, Name: slug, CreatedAt: w.clock.now()}
	w.update(func(tx forum.Tx) error { return tx.InsertBoard(w.ctx, &b) })
	return b
}

func ref(m forum.Member) forum.MemberRef {
	return forum.MemberRef{ID: m.ID, Handle: m.Handle, Name: m.Name, AvatarKey: m.AvatarKey}
}

func (w *world) post(title, text string) forum.Post {
	w.t.Helper()
	p := forum.Post{Board: forum.BoardRef{ID: w.board.ID, FandomID: w.fandom.ID}, Author: ref(w.ann), Title: title, Body: text, HTML: "<p>" + text, Text: text, Lang: "ko", CreatedAt: w.clock.now()}
	w.update(func(tx forum.Tx) error { return tx.InsertPost(w.ctx, &p) })
	return p
}

func (w *world) comment(post, parent forum.ID, text string) forum.Comment {
	w.t.Helper()
	c := forum.Comment{PostID: post, ParentID: parent, Author: ref(w.ben), Body: text, HTML: "<p>" + text, Text: text, Lang: "ko", CreatedAt: w.clock.now()}
	w.update(func(tx forum.Tx) error { return tx.InsertComment(w.ctx, &c) })
	return c
}

// flush brings everything derived up to date.
func (w *world) flush() {
	w.t.Helper()
	for {
		n, err := w.Flush(w.ctx, 2000)
		if err != nil {
			w.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
