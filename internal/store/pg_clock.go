package store

import (
	"log/slog"
	"slices"
	"sync/atomic"
	"time"
)

const (
	clockCorrect = time.Second      // a clock that is off by more than this is corrected,
	clockWarn    = 30 * time.Second // and by more than this somebody must look after it
)

// dbClock is a node's clock, corrected by those of the database's servers: nodes that disagree about the time would
// end sessions, lift sanctions and date comments each in its own way.
type dbClock struct {
	own    func() time.Time
	follow bool
	off    atomic.Int64 // own is ahead of the database by so much, in nanoseconds
	put    atomic.Int64 // added to own
}

func newClock(own func() time.Time, follow bool) *dbClock { return &dbClock{own: own, follow: follow} }

// now is the time as the database has it, within clockCorrect.
func (c *dbClock) now() time.Time {
	if d := c.put.Load(); d != 0 {
		return c.own().Add(time.Duration(d))
	}
	return c.own()
}

func (c *dbClock) offset() time.Duration { return time.Duration(c.off.Load()) }

// agreed is what the servers say by and large, the first being the primary: the middle one, or of two in the middle
// the primary's. So one wrong server among several does not count.
func agreed(ahead []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(ahead))
	middle := sorted[(len(sorted)-1)/2 : len(sorted)/2+1]
	if slices.Contains(middle, ahead[0]) {
		return ahead[0]
	}
	return middle[0]
}

// learn takes in by how much each server is ahead of own, the primary's first.
func (c *dbClock) learn(ahead []time.Duration, logger *slog.Logger) {
	if !c.follow || len(ahead) == 0 {
		return
	}
	is := agreed(ahead)
	was := time.Duration(c.off.Swap(int64(-is)))
	if put := time.Duration(c.put.Load()); (is - put).Abs() > clockCorrect {
		c.put.Store(int64(is))
	}
	switch wrong := is.Abs() > clockWarn; {
	case wrong && was.Abs() <= clockWarn:
		logger.Warn("this machine's clock is wrong by the database's; times are corrected, but set it right", slog.Float64("ahead_s", -is.Seconds()))
	case !wrong && was.Abs() > clockWarn:
		logger.Info("this machine's clock is right again")
	}
}
