package forum_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"lightstick/internal/forum"
)

// sums is a store of views that can fail.
type sums struct {
	mu     sync.Mutex
	views  map[forum.ID]int
	failed error
}

func (s *sums) AddViews(_ context.Context, views map[forum.ID]int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return s.failed
	}
	for post, n := range views {
		s.views[post] += n
	}
	return nil
}

func TestAViewCountsOnceInAWhile(t *testing.T) {
	kept, c := &sums{views: map[forum.ID]int{}}, &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	v := forum.NewViews(kept, c.Now)
	want := func(n int, when string) {
		t.Helper()
		if err := v.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := kept.views[7]; got != n {
			t.Errorf("%s: %d views, want %d", when, got, n)
		}
	}
	for range 5 {
		v.See("a", 7)
	}
	v.See("b", 7)
	v.See("a", 8)
	want(2, "two readers")
	v.See("a", 7)
	want(2, "after a flush")
	c.Advance(29 * time.Minute)
	v.See("c", 7)
	c.Advance(time.Minute) // a salt is drawn anew; c was here a minute ago
	v.See("c", 7)
	want(3, "across a change of the salt")
	c.Advance(31 * time.Minute)
	v.See("c", 7)
	want(4, "half an hour later")
	c.Advance(48 * time.Hour)
	v.See("c", 7)
	want(5, "two days later")
}

func TestViewsAreKeptWhileTheStoreIsGone(t *testing.T) {
	kept := &sums{views: map[forum.ID]int{}, failed: errors.New("gone")}
	v := forum.NewViews(kept, (&clock{}).Now)
	for i := range 100 {
		v.See(fmt.Sprint(i), 1)
		if err := v.Flush(t.Context()); !errors.Is(err, kept.failed) {
			t.Fatal(err)
		}
	}
	kept.failed = nil
	for range 2 {
		if err := v.Flush(t.Context()); err != nil || kept.views[1] != 100 {
			t.Fatal(kept.views, err)
		}
	}
}

// TestViewsAreBounded: who makes up posts and readers fills no memory, and others are still counted
// after the next flush.
func TestViewsAreBounded(t *testing.T) {
	kept := &sums{views: map[forum.ID]int{}}
	v := forum.NewViews(kept, (&clock{}).Now)
	for i := range 300_000 {
		v.See("liar", forum.ID(i+10))
	}
	v.See("a", 1)
	if err := v.Flush(t.Context()); err != nil || len(kept.views) > 1<<14 || kept.views[1] != 0 {
		t.Fatalf("%d posts, %v", len(kept.views), err)
	}
	for i := range 300_000 {
		v.See(fmt.Sprint(i), 1)
	}
	if n := v.Remembered(); n > 1<<18 {
		t.Errorf("%d readers remembered", n)
	}
	if err := v.Flush(t.Context()); err != nil || kept.views[1] != 300_000 {
		t.Errorf("%d of 300000 readers counted, %v", kept.views[1], err)
	}
}

func TestViewsFromManyAtOnce(t *testing.T) {
	kept := &sums{views: map[forum.ID]int{}}
	v := forum.NewViews(kept, time.Now)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for k := range 500 {
				v.See(fmt.Sprint(i, k), forum.ID(1+k%3))
				if k%50 == 0 {
					if err := v.Flush(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if err := v.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := map[forum.ID]int{1: 8 * 167, 2: 8 * 167, 3: 8 * 166}; !maps.Equal(kept.views, want) {
		t.Errorf("%v, want %v", kept.views, want)
	}
}
