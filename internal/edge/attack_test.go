package edge_test

import (
	"testing"
	"testing/synctest"
	"time"

	"lightstick/internal/edge"
)

// TestLimitsOutliveAClockPutBack: an hour back must not mean an hour of waiting.
func TestLimitsOutliveAClockPutBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var back time.Duration
		now := func() time.Time { return time.Now().Add(-back) }
		s, stop := newSite(t, edge.Config{Identify: guest, Now: now, Limiter: edge.NewLimiter(100, now), Routes: []edge.Route{
			{Method: "POST", Path: "/post", Policy: edge.Write("post", edge.Limit(edge.Rate{Per: time.Minute, Burst: 2})), Handle: ok}}})
		defer stop()
		spend := func() {
			t.Helper()
			for _, status := range []int{204, 204, 429} {
				want(t, s.do("POST", "/post", ""), status)
			}
		}
		spend()
		back = time.Hour
		spend()
		time.Sleep(30 * time.Second)
		want(t, s.do("POST", "/post", ""), 204)
		want(t, s.do("POST", "/post", ""), 429)
	})
}
