package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/store"
)

func (w *world) tree(post forum.ID) string {
	w.t.Helper()
	var all []string
	for after := forum.Cursor(""); ; {
		list, next, err := w.Tree(w.ctx, post, after, 2)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, c := range list {
			all = append(all, fmt.Sprintf("%d:%s", c.Depth, c.Text))
		}
		if after = next; next == "" {
			return strings.Join(all, " ")
		}
	}
}

func TestTreeOrder(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		p := w.post("title", "text")
		a := w.comment(p.ID, 0, "a")
		b := w.comment(p.ID, 0, "b")
		a1 := w.comment(p.ID, a.ID, "a1")
		for range 40 { // ids of two digits in base 36
			w.comment(w.post("other", "").ID, 0, "x")
		}
		a11 := w.comment(p.ID, a1.ID, "a11")
		w.comment(p.ID, b.ID, "b1")
		deep := w.comment(p.ID, a11.ID, "a111")
		w.comment(p.ID, deep.ID, "a1111")
		w.comment(p.ID, a.ID, "a2")
		if got, want := w.tree(p.ID), "0:a 1:a1 2:a11 1:a2 0:b 1:b1"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		list, _, _ := w.Tree(w.ctx, p.ID, "", 10)
		if list[0].Replies != 2 || list[2].Replies != 1 || list[4].Replies != 1 || list[3].Replies != 0 {
			t.Errorf("replies: %d %d %d %d", list[0].Replies, list[2].Replies, list[4].Replies, list[3].Replies)
		}
		if list[2].FandomID != w.fandom.ID || list[2].Author != ref(w.ben) || list[2].HTML != "<p>a11" {
			t.Errorf("comment %+v", list[2])
		}
		more := must[[]forum.Comment](t)(w.Replies(w.ctx, []forum.ID{a11.ID, deep.ID}, 10))
		if len(more) != 2 || more[0].ID != deep.ID || more[0].Replies != 1 || more[0].Depth != 3 || more[0].Path != "" {
			t.Errorf("replies %+v", more)
		}
	})
}

// What is taken down stays as a place without text exactly while something visible hangs on it.
func TestTreePlaceholders(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		p := w.post("title", "text")
		a := w.comment(p.ID, 0, "a")
		b := w.comment(p.ID, a.ID, "b")
		c := w.comment(p.ID, b.ID, "c")
		d := w.comment(p.ID, c.ID, "d")
		e := w.comment(p.ID, d.ID, "e")
		w.comment(p.ID, 0, "z")
		set := func(s forum.State, list ...*forum.Comment) {
			for _, c := range list {
				c.State = s
				w.update(func(tx forum.Tx) error { return tx.UpdateComment(w.ctx, c) })
			}
		}
		set(forum.Deleted, &a, &b, &c, &d)
		if got, want := w.tree(p.ID), "0: 1: 2: 0:z"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		set(forum.Hidden, &e)
		if got, want := w.tree(p.ID), "0:z"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		set(forum.Visible, &b)
		if got, want := w.tree(p.ID), "0: 1:b 0:z"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		list, _, err := w.CommentsBy(w.ctx, w.ben.ID, "", 10)
		if err != nil || len(list) != 2 || list[0].Text != "z" || list[1].Text != "b" {
			t.Errorf("by ben: %+v %v", list, err)
		}
	})
}

func TestTenThousandLevels(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		p := w.post("deep", "text")
		var last forum.Comment
		err := w.Load(w.ctx, func(b *store.Bulk) error {
			for i := range 10_000 {
				last = forum.Comment{PostID: p.ID, ParentID: last.ID, FandomID: w.fandom.ID, Author: ref(w.ben), Text: fmt.Sprint(i), Lang: "en", CreatedAt: w.clock.now()}
				if err := b.Comment(&last, w.board.ID); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		c := w.comment(p.ID, last.ID, "the deepest")
		if c.Depth != 10_000 || c.Path != "" {
			t.Errorf("depth %d, path %q", c.Depth, c.Path)
		}
		if got := w.tree(p.ID); got != "0:0 1:1 2:2" {
			t.Errorf("tree %s", got)
		}
		w.exec(`UPDATE comments SET state = 2 WHERE text <> 'the deepest'`)
		list, _, err := w.Tree(w.ctx, p.ID, "", 10)
		if err != nil || len(list) != 3 {
			t.Errorf("all hidden but the deepest: %d shown, %v", len(list), err)
		}
	})
}

func TestQueriesOfAPage(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		p := w.post("title", "text")
		for range 30 {
			c := w.comment(p.ID, 0, "a")
			w.comment(p.ID, c.ID, "b")
		}
		ctx, n := store.CountQueries(w.ctx)
		got := must[forum.Post](t)(w.Post(ctx, p.ID))
		_, _, err1 := w.Tree(ctx, p.ID, "", 50)
		_, err2 := w.Boards(ctx, got.Board.FandomID)
		_, err3 := w.FandomByID(ctx, got.Board.FandomID)
		if err1 != nil || err2 != nil || err3 != nil {
			t.Fatal(err1, err2, err3)
		}
		if n.Load() > 4 {
			t.Errorf("a page of a post takes %d queries", n.Load())
		}
		ctx, n = store.CountQueries(w.ctx)
		if _, _, err := w.Posts(ctx, forum.PostQuery{BoardID: w.board.ID, Sort: forum.SortHot, Limit: 30}); err != nil || n.Load() != 1 {
			t.Errorf("a list takes %d queries: %v", n.Load(), err)
		}
		ctx, n = store.CountQueries(w.ctx)
		if _, _, err := w.Tail(ctx, p.ID, 0, 30); err != nil || n.Load() != 1 {
			t.Errorf("a tail takes %d queries: %v", n.Load(), err)
		}
	})
}

// Sixteen writers, some of them slow, and a watcher who only ever reads on from the settled end: it
// sees every comment that was committed. The window is shortened to a few times the slowest writer.
func TestTailMissesNothing(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		const slowest, window = 150 * time.Millisecond, 600 * time.Millisecond
		if w.Postgres() != nil {
			w.SetSettle(window)
		}
		p := w.post("live", "")
		written := make(chan forum.ID, 1000)
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				for k := range 16 {
					if c, ok := w.live(p.ID, i%2 == 0, i < 4 && k%3 == 0, slowest, k == 5); ok {
						written <- c
					}
				}
			})
		}
		go func() { wg.Wait(); close(written) }()
		watch := &watcher{w: w, post: p.ID, seen: map[forum.ID]bool{}}
		want := map[forum.ID]bool{}
		for open := true; open; {
			select {
			case c, ok := <-written:
				if open = ok; ok {
					want[c] = true
				}
			default:
				watch.look()
			}
		}
		if len(want) != 16*15 {
			t.Errorf("%d written", len(want))
		}
		for begun := time.Now(); len(watch.seen) < len(want) && time.Since(begun) < 20*time.Second; {
			watch.look()
		}
		for c := range want {
			if !watch.seen[c] {
				t.Errorf("the watcher missed comment %d", c)
			}
		}
		if watch.settled == 0 {
			t.Error("nothing has settled")
		}
	})
}

// live writes one comment, with others if it may, taking its time or giving up when told to.
func (w *world) live(post forum.ID, together, slowly bool, pause time.Duration, giveUp bool) (forum.ID, bool) {
	c := forum.Comment{PostID: post, Author: ref(w.ben), Text: "x", Lang: "en", CreatedAt: w.clock.now()}
	update := w.Update
	if together {
		update = w.Add
	}
	_, err := update(w.ctx, func(tx forum.Tx) (any, error) {
		if err := tx.InsertComment(w.ctx, &c); err != nil {
			return nil, err
		}
		if slowly {
			slow(w.ctx, pause)
		}
		if giveUp {
			return nil, fault.New(fault.Conflict, "given_up", "")
		}
		return nil, nil
	})
	if err != nil && !fault.Is(err, "given_up") {
		w.t.Error(err)
	}
	return c.ID, err == nil
}

// watcher follows a post as a page does, but knows only what lies behind its settled end.
type watcher struct {
	w       *world
	post    forum.ID
	settled forum.ID
	seen    map[forum.ID]bool
}

func (v *watcher) look() {
	list, next, err := v.w.Tail(v.w.ctx, v.post, v.settled, 20)
	if err != nil {
		v.w.t.Fatal(err)
	}
	if next < v.settled {
		v.w.t.Fatalf("settled goes back from %d to %d", v.settled, next)
	}
	for _, c := range list {
		v.seen[c.ID] = true
	}
	v.settled = next
}

// slow passes time inside a transaction.
func slow(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func TestTailSettlesBelowWhatMayStillAppear(t *testing.T) {
	w := newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "tail.db"))
	p := w.post("live", "")
	if list, settled, err := w.Tail(w.ctx, p.ID, 0, 10); len(list) != 0 || settled != 0 || err != nil {
		t.Errorf("of nothing: %v %d %v", list, settled, err)
	}
	a := w.comment(p.ID, 0, "a")
	b := w.comment(p.ID, 0, "b")
	b.State = forum.Hidden
	w.update(func(tx forum.Tx) error { return tx.UpdateComment(w.ctx, &b) })
	if list, settled, err := w.Tail(w.ctx, p.ID, 0, 10); len(list) != 1 || list[0].ID != a.ID || settled != b.ID || err != nil {
		t.Errorf("%v %d %v", list, settled, err)
	}
	if list, settled, err := w.Tail(w.ctx, p.ID, b.ID, 10); len(list) != 0 || settled != b.ID || err != nil {
		t.Errorf("at the end: %v %d %v", list, settled, err)
	}
}
