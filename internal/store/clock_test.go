package store_test

import (
	"sync/atomic"
	"testing"
	"time"

	"lightstick/internal/store"
	"lightstick/internal/testkit/pgtest"
)

// A node's wrong clock must not become the site's, whichever way it is wrong, also when it goes wrong while it runs.
func TestAWrongClockIsCorrected(t *testing.T) {
	url := pgtest.Database(t)
	for _, off := range []time.Duration{10 * time.Minute, -10 * time.Minute, 0} {
		var wrong atomic.Int64
		wrong.Store(int64(off))
		s, err := store.Open(t.Context(), store.Config{URL: url, FollowClock: true, Now: func() time.Time { return time.Now().Add(time.Duration(wrong.Load())) }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		right := func(off time.Duration) bool {
			return time.Since(s.Now()).Abs() < 2*time.Second && (s.ClockOffset()-off).Abs() < 2*time.Second && (s.ProbeClock(t.Context()) == nil) == (off == 0)
		}
		if !right(off) { // from the start: the first request must not see it
			t.Errorf("off by %s: it is %s, off by %s", off, s.Now(), s.ClockOffset())
		}
		wrong.Store(int64(-off + time.Hour))
		eventually(t, "a clock that jumps is corrected", func() bool { return right(-off + time.Hour) })
		wrong.Store(0)
		eventually(t, "a clock that is put right is let alone", func() bool { return right(0) })
	}
}

// One wrong server of the database among several must not become the site's time either.
func TestServersDisagreeAboutTheTime(t *testing.T) {
	const m = time.Minute
	for _, c := range []struct {
		name  string
		ahead []time.Duration // the primary first
		want  time.Duration
	}{
		{"one", []time.Duration{m}, m},
		{"the primary of two", []time.Duration{m, 0}, m},
		{"the replica of two", []time.Duration{0, -m}, 0},
		{"the primary of three", []time.Duration{9 * m, m, m + 1}, m + 1},
		{"a replica of three", []time.Duration{m, m, -9 * m}, m},
		{"the primary of four", []time.Duration{9 * m, 3, 1, 2}, 2},
		{"a replica of four", []time.Duration{3, 9 * m, 1, 2}, 3},
	} {
		if got := store.Agreed(c.ahead...); got != c.want {
			t.Errorf("%s is wrong: %s, want %s", c.name, got, c.want)
		}
	}
}
