package edge_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"lightstick/internal/edge"
	"lightstick/internal/fault"
)

// enter takes a place that must be there.
func enter(t *testing.T, g *edge.Gate, c edge.Class) (leave func(served bool)) {
	t.Helper()
	leave, err := g.Enter(t.Context(), c)
	if err != nil {
		t.Fatalf("no place for %s: %v", c, err)
	}
	return leave
}

func TestGateTakesTheImportantFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := edge.FixedGate(1, 0)
		leave := enter(t, g, edge.ClassGuest)
		var mu sync.Mutex
		var order []edge.Class
		for _, c := range []edge.Class{edge.ClassBackground, edge.ClassSearch, edge.ClassGuest, edge.ClassMember, edge.ClassWrite} {
			go func() {
				leave := enter(t, g, c)
				mu.Lock()
				order = append(order, c)
				mu.Unlock()
				leave(true)
			}()
			synctest.Wait() // each stands in line before the next one comes
		}
		leave(true)
		synctest.Wait()
		if want := []edge.Class{edge.ClassWrite, edge.ClassMember, edge.ClassGuest, edge.ClassSearch, edge.ClassBackground}; !slices.Equal(order, want) {
			t.Errorf("let in %v", order)
		}
	})
}

// TestGateShares: how many places each class takes of ten when nobody else is there, and that the
// last one of all still gets one while others have their share.
func TestGateShares(t *testing.T) {
	for class, want := range map[edge.Class]int{edge.ClassWrite: 10, edge.ClassMember: 10, edge.ClassGuest: 8, edge.ClassSearch: 5, edge.ClassBackground: 3} {
		synctest.Test(t, func(t *testing.T) {
			g := edge.FixedGate(10, 0)
			for range 12 {
				go func() { _, _ = g.Enter(t.Context(), class) }()
			}
			synctest.Wait()
			if _, inside, _ := g.Load(); inside != want {
				t.Errorf("%s took %d places of 10, want %d", class, inside, want)
			}
			if class == edge.ClassGuest {
				enter(t, g, edge.ClassBackground)
				enter(t, g, edge.ClassSearch)
			}
			time.Sleep(time.Second) // those in line give up
		})
	}
}

func TestGateRefusesWhoWouldWaitTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := edge.FixedGate(1, 0)
		for range 50 { // a place is held for 20 ms
			leave := enter(t, g, edge.ClassWrite)
			time.Sleep(20 * time.Millisecond)
			leave(true)
		}
		enter(t, g, edge.ClassWrite)
		var refused atomic.Int32
		for range 40 {
			go func() {
				began := time.Now()
				_, err := g.Enter(t.Context(), edge.ClassMember)
				if took := time.Since(began); fault.KindOf(err) != fault.Unavailable || fault.From(err).RetryAfter == 0 || took != 0 && took != 400*time.Millisecond {
					t.Errorf("%v after %v", err, took)
				}
				if time.Since(began) == 0 {
					refused.Add(1)
				}
			}()
		}
		synctest.Wait()
		if n := refused.Load(); n != 20 { // 20 times 20 ms are the 400 ms that a member waits
			t.Errorf("%d of 40 were refused at once, want 20", n)
		}
		time.Sleep(time.Second)
		if _, _, waiting := g.Load(); waiting != 0 {
			t.Errorf("%d still wait", waiting)
		}
	})
}

// TestGateWaitsLessInAStandingLine: when a line does not become empty it is no burst.
func TestGateWaitsLessInAStandingLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := edge.FixedGate(1, 0)
		enter(t, g, edge.ClassMember) // never left
		wait := func() time.Duration {
			began := time.Now()
			_, _ = g.Enter(t.Context(), edge.ClassMember)
			return time.Since(began)
		}
		for range 9 {
			go wait()
			time.Sleep(50 * time.Millisecond)
		}
		if d := wait(); d != 100*time.Millisecond {
			t.Errorf("waited %v, want 100ms", d)
		}
		time.Sleep(time.Second)
		if d := wait(); d != 400*time.Millisecond {
			t.Errorf("once the line was empty, waited %v, want 400ms", d)
		}
	})
}

func TestGateDropsWhoseClientLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := edge.FixedGate(1, 0)
		leave := enter(t, g, edge.ClassMember)
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() { _, err := g.Enter(ctx, edge.ClassWrite); left <- err }()
		synctest.Wait()
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		leave(true)
		if _, inside, waiting := g.Load(); inside != 0 || waiting != 0 {
			t.Errorf("%d inside, %d wait", inside, waiting)
		}
	})
}

// TestGateGuard: when places are held for long, there are fewer, whatever the limiter thinks, and
// they come back.
func TestGateGuard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := edge.FixedGate(8, 100*time.Millisecond)
		pass := func(n int, d time.Duration) (limit int) {
			for range n {
				leave := enter(t, g, edge.ClassMember)
				time.Sleep(d)
				leave(true)
			}
			limit, _, _ = g.Load()
			return limit
		}
		if n := pass(5, time.Second); n != 3 {
			t.Errorf("after 5 slow ones there are %d places, want 3", n)
		}
		if n := pass(50, time.Second); n != 1 {
			t.Errorf("after 50 more there are %d places, want 1", n)
		}
		if n := pass(100, time.Millisecond); n != 8 {
			t.Errorf("after 100 quick ones there are %d places, want 8", n)
		}
	})
}

// TestGateUnderCrowd: never more inside than there are places, and in the end nobody is forgotten.
func TestGateUnderCrowd(t *testing.T) {
	const places = 6
	g := edge.FixedGate(places, 0)
	var inside, most, served atomic.Int32
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for range 200 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(3000))*time.Microsecond)
				leave, err := g.Enter(ctx, edge.Class(2+rand.IntN(5)))
				if err == nil {
					n := inside.Add(1)
					for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
					}
					served.Add(1)
					if rand.IntN(3) == 0 {
						time.Sleep(50 * time.Microsecond)
					}
					inside.Add(-1)
					leave(rand.IntN(2) == 0)
				}
				cancel()
			}
		})
	}
	wg.Wait()
	if n := most.Load(); n > places {
		t.Errorf("%d inside at once, with %d places", n, places)
	}
	if limit, in, waiting := g.Load(); limit != places || in != 0 || waiting != 0 || served.Load() < 100 {
		t.Errorf("in the end %d places, %d inside, %d wait, %d served", limit, in, waiting, served.Load())
	}
}
