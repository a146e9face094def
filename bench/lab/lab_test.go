package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestShaper(t *testing.T) {
	now := time.Unix(1000, 0)
	at := func(s *shaper, n int) time.Duration {
		t.Helper()
		due, ok := s.pass(now, n)
		if !ok {
			t.Fatal("lost")
		}
		return due.Sub(now)
	}
	s := &shaper{way: way{delay: 20 * time.Millisecond, rate: 8000}} // a byte takes a millisecond
	if first, second := at(s, 100), at(s, 50); first != 120*time.Millisecond || second != 170*time.Millisecond {
		t.Errorf("a line of 8 kbit/s hands over after %v and %v, want 120 and 170 ms", first, second)
	}
	at(s, 500)
	if _, ok := s.pass(now, 1); ok {
		t.Error("a packet waits longer than the modem's buffer lets it")
	}
	now = now.Add(time.Minute)
	if again := at(s, 100); again != 120*time.Millisecond {
		t.Errorf("an idle line takes %v, want 120 ms", again)
	}
	if d := at(&shaper{way: way{delay: time.Second}}, 1500); d != time.Second {
		t.Errorf("a line without a limit takes %v, want its delay", d)
	}
}

func TestShaperLoses(t *testing.T) {
	s := &shaper{way: way{loss: 0.01}, rnd: rand.New(rand.NewPCG(1, 2))}
	lost := 0
	for range 100_000 {
		if _, ok := s.pass(time.Time{}, 100); !ok {
			lost++
		}
	}
	if lost < 900 || lost > 1100 {
		t.Errorf("%d of 100000 packets lost, want about 1000", lost)
	}
}

func TestNeeds(t *testing.T) {
	got := needs([]byte(`<link rel="stylesheet" href="/assets/a.css"><link rel="icon" href="/favicon.svg"><script type="module" src="/assets/a.js"></script>
		<img alt="" src="/media/b/320" srcset="/media/b 1200w"><img src="/media/b/320"><img src="https://elsewhere.test/c">`))
	if want := []string{"/assets/a.css", "/assets/a.js", "/media/b/320"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// worldWith is a world whose readers have seen the same in every phase.
func worldWith(text time.Duration) *world {
	w := &world{options: options{samples: 1}, loads: make([]load, len(phases()))}
	for i := range w.loads {
		w.loads[i] = load{requests: 4, views: 1, cpu: time.Millisecond}
	}
	for _, c := range cities() {
		for _, l := range lines() {
			v := view{Connected: 10 * time.Millisecond, Secured: 20 * time.Millisecond, Text: text, Whole: 2 * text, Requests: 4, Bytes: 1000}
			w.readers = append(w.readers, &reader{city: c, line: l, views: [][]view{{v}, {v}, {v}, {v}}})
		}
	}
	return w
}

func TestClaimIsJudged(t *testing.T) {
	for _, c := range []struct {
		text time.Duration
		want bool
	}{{36 * time.Millisecond, true}, {37 * time.Millisecond, false}} {
		var b strings.Builder
		if got := worldWith(c.text).claim(&b); got != c.want {
			t.Errorf("first text after %v: %t, want %t\n%s", c.text, got, c.want, &b)
		}
	}
}

func TestReports(t *testing.T) {
	w := worldWith(30 * time.Millisecond)
	var b strings.Builder
	if err := w.table(&b); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "\n| "); n != 1+len(cities())*len(lines()) {
		t.Errorf("%d rows in\n%s", n, &b)
	}
	plot := string(w.plot())
	if !strings.Contains(plot, "São Paulo, slow phone") || !strings.HasSuffix(plot, "</svg></html>\n") {
		t.Errorf("the plot is not whole: %.300s", plot)
	}
}

func TestPercentile(t *testing.T) {
	var views []view
	for i := range 20 {
		views = append(views, view{Text: time.Duration(20 - i)})
	}
	if p50, p95 := middle(views, text), slowest(views, text); p50 != 10 || p95 != 19 {
		t.Errorf("p50 %d and p95 %d of 1 to 20, want 10 and 19", p50, p95)
	}
}

func TestParseCPU(t *testing.T) {
	if got, err := parseCPU("12 (odd) name) S 1 12 12 0 -1 4194560 1 2 3 4 250 50 0 0 20 0 9 0 1"); err != nil || got != 3*time.Second {
		t.Errorf("%v, %v; want 3s", got, err)
	}
	if _, err := parseCPU("12 (cut"); err == nil {
		t.Error("a line cut short was read")
	}
}

func TestWaitEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := wait(ctx, time.Minute, "nothing", func() (bool, error) { return false, nil }); err == nil {
		t.Error("waited for what never comes, and came back content")
	}
}
