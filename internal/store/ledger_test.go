package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"lightstick/internal/forum"
)

// exec damages a database behind the store's back.
func (w *world) exec(sql string) {
	w.t.Helper()
	var err error
	if p := w.Postgres(); p != nil {
		_, err = p.Exec(w.ctx, sql)
	} else {
		_, err = w.SQLite().ExecContext(w.ctx, sql)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// number reads one figure directly.
func (w *world) number(sql string) (n int) {
	w.t.Helper()
	var err error
	if p := w.Postgres(); p != nil {
		err = p.QueryRow(w.ctx, sql).Scan(&n)
	} else {
		err = w.SQLite().QueryRowContext(w.ctx, sql).Scan(&n)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) react(t forum.Target, post forum.ID, m forum.Member, kind forum.ReactionKind, on bool) {
	w.t.Helper()
	w.update(func(tx forum.Tx) error { return tx.SetReaction(w.ctx, t, post, m.ID, kind, on) })
}

// tell describes all counters, so that two states can be compared.
func (w *world) tell(posts ...forum.ID) string {
	w.t.Helper()
	s := ""
	for _, p := range posts {
		v := must[forum.Post](w.t)(w.Post(w.ctx, p))
		s += fmt.Sprintln("post", p, v.Comments, v.Reactions)
		list, _, err := w.Tree(w.ctx, p, "", 100)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, c := range list {
			s += fmt.Sprintln("comment", c.ID, c.Reactions)
		}
	}
	for _, b := range must[[]forum.Board](w.t)(w.Boards(w.ctx, 0)) {
		s += fmt.Sprintln("board", b.Slug, b.Posts)
	}
	ann, ben := must[forum.Member](w.t)(w.Member(w.ctx, w.ann.ID)), must[forum.Member](w.t)(w.Member(w.ctx, w.ben.ID))
	return s + fmt.Sprintln("fandom", must[forum.Fandom](w.t)(w.FandomByID(w.ctx, w.fandom.ID)).Posts, "ann", ann.Posts, ann.Comments, "ben", ben.Posts, ben.Comments)
}

func TestCounters(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		other := w.newBoard("other")
		p, q := w.post("one", "text"), w.post("two", "text")
		a := w.comment(p.ID, 0, "a")
		b := w.comment(p.ID, a.ID, "b")
		post, comment := forum.Target{Kind: forum.TargetPost, ID: p.ID}, forum.Target{Kind: forum.TargetComment, ID: a.ID}
		w.react(post, p.ID, w.ann, 0, true)
		w.react(post, p.ID, w.ann, 0, true) // twice is once
		w.react(post, p.ID, w.ben, 5, true)
		w.react(comment, p.ID, w.ben, 2, true)
		w.react(comment, p.ID, w.ann, 2, true)
		w.react(comment, p.ID, w.ann, 2, false)
		w.react(comment, p.ID, w.ann, 2, false)
		b.State = forum.Hidden
		w.update(func(tx forum.Tx) error { return tx.UpdateComment(w.ctx, &b) })
		q.Board.ID = other.ID
		w.update(func(tx forum.Tx) error { return tx.UpdatePost(w.ctx, &q) })
		if own := must[map[forum.Target][]forum.ReactionKind](t)(w.OwnReactions(w.ctx, w.ben.ID, p.ID)); fmt.Sprint(own) != fmt.Sprint(map[forum.Target][]forum.ReactionKind{post: {5}, comment: {2}}) {
			t.Errorf("ben's own: %v", own)
		}
		w.flush()
		want := fmt.Sprintln("post", p.ID, 1, [6]int{1, 0, 0, 0, 0, 1}) + fmt.Sprintln("comment", a.ID, [6]int{0, 0, 1, 0, 0, 0}) +
			fmt.Sprintln("post", q.ID, 0, [6]int{}) + fmt.Sprintln("board", "free", 1) + fmt.Sprintln("board", "other", 1) + fmt.Sprintln("fandom", 2, "ann", 2, 0, "ben", 0, 1)
		if got := w.tell(p.ID, q.ID); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		b.State, q.State = forum.Visible, forum.Deleted
		w.update(func(tx forum.Tx) error { return errors.Join(tx.UpdateComment(w.ctx, &b), tx.UpdatePost(w.ctx, &q)) })
		w.flush()
		if b := must[forum.Board](t)(w.BoardByID(w.ctx, other.ID)); b.Posts != 0 {
			t.Errorf("a deleted post counts: %d", b.Posts)
		}
		if p := must[forum.Post](t)(w.Post(w.ctx, p.ID)); p.Comments != 2 {
			t.Errorf("a restored comment does not count: %d", p.Comments)
		}
		if list, _, err := w.Posts(w.ctx, forum.PostQuery{Sort: forum.SortTop, Limit: 10}); err != nil || len(list) != 1 {
			t.Errorf("posts %+v %v", list, err)
		}
	})
}

func TestFlushInSmallStepsByMany(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		p := w.post("one", "text")
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 25 {
					c := forum.Comment{PostID: p.ID, Author: ref(w.ben), Lang: "en", Text: "x", CreatedAt: w.clock.now()}
					if _, err := w.Update(w.ctx, func(tx forum.Tx) (any, error) { return nil, tx.InsertComment(w.ctx, &c) }); err != nil {
						t.Error(err)
					}
				}
			})
			wg.Go(func() {
				for range 25 {
					if _, err := w.Flush(w.ctx, 3); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		w.flush()
		if got := must[forum.Post](t)(w.Post(w.ctx, p.ID)); got.Comments != 100 {
			t.Errorf("%d comments counted, want 100", got.Comments)
		}
		if n := w.number(`SELECT count(*) FROM search_docs WHERE kind = 'comment'`); n != 100 {
			t.Errorf("%d in the index, want 100", n)
		}
	})
}

func TestReconcile(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		p, q := w.post("one", "text"), w.post("two", "text")
		a := w.comment(p.ID, 0, "a")
		w.react(forum.Target{Kind: forum.TargetPost, ID: p.ID}, p.ID, w.ann, 1, true)
		w.react(forum.Target{Kind: forum.TargetComment, ID: a.ID}, p.ID, w.ann, 4, true)
		w.flush()
		want := w.tell(p.ID, q.ID)
		if err := w.Reconcile(w.ctx); err != nil {
			t.Fatal(err)
		}
		if got := w.tell(p.ID, q.ID); got != want {
			t.Fatalf("reconciling what is right changed\n%s\nto\n%s", want, got)
		}
		for _, sql := range []string{`UPDATE posts SET comments = comments + 7, r1 = 0, r2 = 3, score = 0`, `UPDATE comments SET r4 = 9`,
			`UPDATE boards SET posts = 0`, `UPDATE fandoms SET posts = 50`, `UPDATE members SET posts = posts - 1, comments = 40`} {
			w.exec(sql)
		}
		// What waits in the ledger must not be taken for drift.
		w.comment(q.ID, 0, "later")
		w.react(forum.Target{Kind: forum.TargetPost, ID: q.ID}, q.ID, w.ben, 0, true)
		if err := w.Reconcile(w.ctx); err != nil {
			t.Fatal(err)
		}
		w.exec(`DELETE FROM changes WHERE target_id = 0`)
		w.flush()
		if n := w.number(`SELECT count(*) FROM posts WHERE score <> 2 * comments + r0 + r1 + r2 + r3 + r4 + r5`); n != 0 {
			t.Errorf("%d posts are ranked by counters that were wrong", n)
		}
		got := must[forum.Post](t)(w.Post(w.ctx, q.ID))
		if got.Comments != 1 || got.Reactions != (forum.Reactions{1}) {
			t.Errorf("post two: %d %v", got.Comments, got.Reactions)
		}
		if got := must[forum.Post](t)(w.Post(w.ctx, p.ID)); got.Comments != 1 || got.Reactions != (forum.Reactions{0, 1}) {
			t.Errorf("post one: %d %v", got.Comments, got.Reactions)
		}
		if got := must[forum.Comment](t)(w.Comment(w.ctx, a.ID)); got.Reactions != (forum.Reactions{4: 1}) {
			t.Errorf("comment: %v", got.Reactions)
		}
		if b, m := must[forum.Member](t)(w.Member(w.ctx, w.ben.ID)), must[forum.Member](t)(w.Member(w.ctx, w.ann.ID)); b.Comments != 2 || m.Posts != 2 || m.Comments != 0 {
			t.Errorf("ben %d, ann %d %d", b.Comments, m.Posts, m.Comments)
		}
	})
}

// Every list of posts, walked in pages, shows each visible post exactly once in order, although
// many of them are equal in rank.
func TestPaging(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		other := w.newBoard("other")
		random := rand.New(rand.NewPCG(1, 2))
		inBoard := map[forum.ID]int{}
		for i := range 57 {
			p := forum.Post{Board: forum.BoardRef{ID: w.board.ID, FandomID: w.fandom.ID}, Author: ref(w.ann), Title: fmt.Sprint(i), Lang: "en", Pinned: i%10 == 0, CreatedAt: w.clock.now()}
			if i%3 == 0 {
				p.Board.ID = other.ID
			}
			if i%7 == 6 {
				p.State = forum.Hidden
			} else {
				inBoard[p.Board.ID]++
			}
			w.update(func(tx forum.Tx) error { return tx.InsertPost(w.ctx, &p) })
			if random.IntN(3) == 0 && p.State == forum.Visible {
				w.comment(p.ID, 0, "c")
			}
			if random.IntN(4) == 0 {
				w.clock.advance(time.Hour)
			}
		}
		w.flush()
		for _, s := range []forum.Sort{forum.SortHot, forum.SortNew, forum.SortTop} {
			for _, q := range []struct {
				forum.PostQuery
				want int
			}{
				{forum.PostQuery{}, inBoard[w.board.ID] + inBoard[other.ID]}, {forum.PostQuery{FandomID: w.fandom.ID}, inBoard[w.board.ID] + inBoard[other.ID]},
				{forum.PostQuery{BoardID: other.ID}, inBoard[other.ID]}, {forum.PostQuery{AuthorID: w.ann.ID}, inBoard[w.board.ID] + inBoard[other.ID]},
				{forum.PostQuery{FandomID: w.fandom.ID, Pinned: true}, 5}, {forum.PostQuery{BoardID: w.board.ID, FandomID: w.fandom.ID, Pinned: true}, 3},
			} {
				q.Sort, q.Limit = s, 4
				walk(t, w, q.PostQuery, q.want)
			}
		}
	})
}

func walk(t *testing.T, w *world, q forum.PostQuery, want int) {
	t.Helper()
	whole := q
	whole.Limit = 100
	all, _, err := w.Posts(w.ctx, whole)
	if err != nil || len(all) != want {
		t.Fatalf("%+v: %d posts %v, want %d", q, len(all), err, want)
	}
	for i := 0; ; {
		list, next, err := w.Posts(w.ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list {
			if i >= len(all) || p.ID != all[i].ID {
				t.Fatalf("%+v: place %d holds %d", q, i, p.ID)
			}
			i++
		}
		if q.After = next; next == "" {
			if i != len(all) {
				t.Errorf("%+v: the walk ends after %d of %d", q, i, len(all))
			}
			return
		}
	}
}

func TestHotFavoursTheRecentAndTheStirring(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		old := w.post("old", "")
		w.clock.advance(24 * time.Hour)
		quiet := w.post("quiet", "")
		stirring := w.post("stirring", "")
		for range 10 {
			w.comment(stirring.ID, 0, "!")
			w.comment(old.ID, 0, "!")
		}
		w.clock.advance(time.Hour)
		fresh := w.post("fresh", "")
		w.flush()
		list, _, err := w.Posts(w.ctx, forum.PostQuery{BoardID: w.board.ID, Sort: forum.SortHot, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		var got []forum.ID
		for _, p := range list {
			got = append(got, p.ID)
		}
		if want := []forum.ID{stirring.ID, fresh.ID, quiet.ID, old.ID}; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("hot: %v, want %v", got, want)
		}
	})
}

func TestCancelledChangeDoesNotRun(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		ctx, cancel := context.WithCancel(w.ctx)
		cancel()
		if err := w.audit(ctx, "late"); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if w.audited("late") != 0 {
			t.Error("it ran all the same")
		}
	})
}
