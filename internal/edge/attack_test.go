package edge_test

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"lightstick/internal/edge"
	"lightstick/internal/observe"
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

// TestForgedTokensPromoteNoSearch: a cookie that anybody can make lets nobody search before members read.
func TestForgedTokensPromoteNoSearch(t *testing.T) {
	obs := observe.New(observe.Options{Log: io.Discard})
	gates, err := edge.NewGates(1, false, time.Now, obs)
	if err != nil {
		t.Fatal(err)
	}
	s, stop := newSite(t, edge.Config{Gates: gates, Routes: []edge.Route{
		page(text("page")),
		{Method: "GET", Path: "/ko/search", Policy: edge.Page("search", edge.In(edge.ClassSearch), edge.Query("q")), Handle: text("found")}}})
	defer stop()
	for _, r := range []struct{ target, agent, class string }{
		{"/ko/p/1", "Mozilla/5.0", "member"}, {"/ko/search?q=a", "Mozilla/5.0", "search"}, {"/ko/p/2", "Somebot/1.0", "background"},
	} {
		before := admitted(t, obs, r.class)
		want(t, s.get(r.target, "Cookie", "ls_ryw=1-ffffffff", "User-Agent", r.agent), 200, "X-Cache", "bypass")
		if n := admitted(t, obs, r.class) - before; n != 1 {
			t.Errorf("%s of %s is not of the class %s", r.target, r.agent, r.class)
		}
	}
}

// admitted is how many requests of a class the gate for reads has let in.
func admitted(t *testing.T, obs *observe.Observer, class string) (n float64) {
	t.Helper()
	families, err := obs.Metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if f.GetName() == "lightstick_admission_total" && labels["gate"] == "reads" && labels["class"] == class && labels["outcome"] == "admitted" {
				n += m.GetCounter().GetValue()
			}
		}
	}
	return n
}
