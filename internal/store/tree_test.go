package store_test

import (
	"testing"

	"lightstick/internal/forum"
)

func TestTreeOrder(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		p := w.post("title", "text")
		a := w.comment(p.ID, 0, "a")
		b := w.comment(p.ID, 0, "b")
		a1 := w.comment(p.ID, a.ID, "a1")
		a11 := w.comment(p.ID, a1.ID, "a11")
		w.comment(p.ID, a11.ID, "a111")
		a2 := w.comment(p.ID, a.ID, "a2")
		list, next, err := w.Tree(w.ctx, p.ID, "", 10)
		if err != nil || next != "" {
			t.Fatal(err, next)
		}
		want := []forum.ID{a.ID, a1.ID, a11.ID, a2.ID, b.ID}
		if len(list) != len(want) {
			t.Fatalf("got %d comments, want %d", len(list), len(want))
		}
		for i, c := range list {
			if c.ID != want[i] {
				t.Errorf("place %d: comment %d %q, want %d", i, c.ID, c.Text, want[i])
			}
		}
		if list[2].Replies != 1 || list[0].Replies != 2 {
			t.Errorf("replies of a11 and a: %d, %d", list[2].Replies, list[0].Replies)
		}
		w.flush()
	})
}
