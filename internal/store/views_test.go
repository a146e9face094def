package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"lightstick/internal/forum"
	"lightstick/internal/store"
)

func TestViews(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		p, q := w.post("seen", "x"), w.post("hidden", "x")
		q.State = forum.Hidden
		w.update(func(tx forum.Tx) error { return tx.UpdatePost(w.ctx, &q) })
		var wg sync.WaitGroup
		for range 4 { // nodes
			wg.Go(func() {
				for range 5 {
					if err := w.AddViews(w.ctx, map[forum.ID]int{p.ID: 3, q.ID: 5, 99999: 7, -1: 1}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if got := must[forum.Post](t)(w.Post(w.ctx, p.ID)); got.Views != 60 {
			t.Errorf("%d views, want 60", got.Views)
		}
		if got := must[forum.Post](t)(w.Post(w.ctx, q.ID)); got.Views != 0 {
			t.Errorf("a hidden post has %d views", got.Views)
		}
		list, _, err := w.Posts(w.ctx, forum.PostQuery{BoardID: w.board.ID, Sort: forum.SortHot, Limit: 10})
		if err != nil || len(list) != 1 || list[0].Views != 60 {
			t.Errorf("list: %+v %v", list, err)
		}
		if n := w.number(`SELECT count(*) FROM post_views`); n != 1 {
			t.Errorf("%d posts have views: some were made up", n)
		}
	})
}

func TestHotPages(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		put := func(list ...store.HotPage) {
			t.Helper()
			if err := w.PutHotPages(w.ctx, list); err != nil {
				t.Fatal(err)
			}
		}
		put()
		if list := must[[]store.HotPage](t)(w.HotPages(w.ctx)); len(list) != 0 {
			t.Errorf("pages of nobody: %v", list)
		}
		put(store.HotPage{Path: "/ko", Hits: 900}, store.HotPage{Path: "/en", Hits: 300}, store.HotPage{Path: "/none"})
		put(store.HotPage{Path: "/ko", Hits: 5}) // another node, where few are
		list := must[[]store.HotPage](t)(w.HotPages(w.ctx))
		if want := "[{/ko 900} {/en 300}]"; fmt.Sprint(list) != want {
			t.Errorf("%v, want %s", list, want)
		}
		w.clock.advance(3 * time.Hour)
		many := []store.HotPage{{Path: "/ko/p/1", Hits: 2}}
		for i := range 250 {
			many = append(many, store.HotPage{Path: fmt.Sprintf("/ko/p/%d", i+10), Hits: 1})
		}
		put(many...)
		list = must[[]store.HotPage](t)(w.HotPages(w.ctx))
		if len(list) != 200 || list[0].Path != "/ko/p/1" {
			t.Errorf("%d pages, first %v", len(list), list[0])
		}
		if n := w.number(`SELECT count(*) FROM hot_pages`); n != 200 {
			t.Errorf("%d pages kept", n)
		}
		for _, p := range list {
			if p.Path == "/en" {
				t.Error("what was hot three hours ago still is")
			}
		}
	})
}
