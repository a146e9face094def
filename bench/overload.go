package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// What an overload asks for, in turns of twenty: changes, what members see, pages that no cache has,
// searches, crawlers.
const (
	writing   = iota // comments by token: a tenth
	reading          // a member's fragments
	visiting         // guests' post pages
	searching        // guests' searches, each another
	crawling         // a crawler's post pages
	sorts
)

func sortOf(i int) int {
	return [...]int{writing, visiting, reading, visiting, searching, visiting, reading, visiting, searching, reading,
		writing, visiting, reading, visiting, searching, visiting, reading, visiting, visiting, crawling}[i%20]
}

const (
	overloadConns  = 1024
	overloadFor    = 30 * time.Second
	overloadPhase  = 10 * time.Second      // of the others
	waitForWriters = 50 * time.Millisecond // least p99 of a write that is worth comparing with
)

// throng makes the requests of an overload.
type throng struct {
	keys  *keys
	posts int
	sent  int
}

func (t *throng) next(i int) []byte {
	i += t.sent
	switch sortOf(i) {
	case writing:
		return t.keys.comment(i/10, t.posts)
	case reading:
		return wire(http.MethodGet, fmt.Sprintf("/me/ko/fragments?page=/ko/p/%d", i%t.posts+1), i, nil,
			"Accept: application/json", "Cookie: ls_member=1; ls_session="+t.keys.sessions[i%len(t.keys.sessions)])
	case searching:
		q := url.QueryEscape(overloadWord(i) + " " + overloadWord(i/7))
		return wire(http.MethodGet, "/ko/search?q="+q, i, nil)
	case crawling:
		return wire(http.MethodGet, t.page(i), i, nil, "User-Agent: Mozilla/5.0 (compatible; Examplebot/2.1)")
	}
	return wire(http.MethodGet, t.page(i), i, nil)
}

// page is a post page, in an order in which none comes again while the cache has it.
func (t *throng) page(i int) string {
	locale := [...]string{"ko", "en", "ja", "es", "id"}[i/t.posts%5]
	return fmt.Sprintf("/%s/p/%d", locale, i*7%t.posts+1)
}

func overloadWord(i int) string {
	words := strings.Fields("컴백 무대 앨범 콘서트 응원 포카 직캠 팬미팅 티켓 노래 안무 라이브 comeback stage album ticket dance light fan live song")
	return words[i%len(words)]
}

// ask sends the crowd at a rate and remembers where it stopped.
func (t *throng) ask(s *server, rate float64, d time.Duration) (phase, error) {
	answers, err := openLoop(s.addr, t.next, overloadConns, rate, d)
	p := phase{answers: answers, first: t.sent, lasted: d}
	t.sent += len(answers)
	t.sent += (20 - t.sent%20) % 20
	return p, err
}

// phase is what a crowd got.
type phase struct {
	answers []answer
	first   int
	lasted  time.Duration
}

func good(a answer) bool { return a.status == http.StatusOK || a.status == http.StatusCreated }

// goodput is how many good answers there were in a second. One that took longer than 2 s was
// made for nobody.
func (p phase) goodput() float64 {
	n := 0
	for _, a := range p.answers {
		if good(a) && a.took < 2*time.Second {
			n++
		}
	}
	return float64(n) / p.lasted.Seconds()
}

// of picks the answers to one sort of request.
func (p phase) of(sort int) (list []answer) {
	for _, a := range p.answers {
		if sortOf(p.first+a.n) == sort {
			list = append(list, a)
		}
	}
	return list
}

// served is the share of good answers, in percent.
func served(list []answer) float64 {
	n := 0
	for _, a := range list {
		if good(a) {
			n++
		}
	}
	return 100 * float64(n) / float64(max(len(list), 1))
}

// slow is the p99 of good answers in milliseconds.
func slow(list []answer) float64 {
	var times []time.Duration
	for _, a := range list {
		if good(a) {
			times = append(times, a.took)
		}
	}
	return percentile(times, 0.99).Seconds() * 1000
}

// recovered is how long after the beginning of a calm phase everything was well again: from then on
// all is answered, within the bound.
func (p phase) recovered(bound time.Duration) time.Duration {
	last := time.Duration(0)
	for _, a := range p.answers {
		if !good(a) || a.took > bound {
			last = max(last, a.due+a.took)
		}
	}
	return last
}

// overload asks for more than one core can answer, with a cache too small to help.
func (b *bench) overload(ctx context.Context) (err error) {
	dir, err := b.fork(crowd)
	if err != nil {
		return err
	}
	k, err := b.keys(ctx, dir)
	if err != nil {
		return err
	}
	s, err := b.serve(ctx, dir, "/readyz", "--waf", "on", "--page-cache", "1048576")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	t := &throng{keys: k, posts: b.size(crowd).posts}
	capacity, err := b.capacity(ctx, s, t)
	if err != nil {
		return err
	}
	b.rows = append(b.rows, shown("requests that one core answers, without cache, with WAF, a tenth changes", "/s", capacity))
	phases := map[float64]phase{}
	for _, step := range []struct {
		times float64
		lasts time.Duration
	}{{.25, overloadPhase}, {1, overloadPhase}, {3, overloadFor}, {.5, overloadPhase}, {10, overloadPhase}} {
		if phases[step.times], err = t.ask(s, step.times*capacity, step.lasts); err != nil {
			return fmt.Errorf("%g times the capacity: %w", step.times, err)
		}
		p := phases[step.times]
		b.say("%4g × %s: %.0f good answers/s; served %% and p99 ms of changes %.1f %.1f, members %.1f %.1f, guests %.1f %.1f, searches %.1f %.1f, crawlers %.1f %.1f", step.times, step.lasts, p.goodput(),
			served(p.of(writing)), slow(p.of(writing)), served(p.of(reading)), slow(p.of(reading)), served(p.of(visiting)), slow(p.of(visiting)),
			served(p.of(searching)), slow(p.of(searching)), served(p.of(crawling)), slow(p.of(crawling)))
	}
	peak := max(capacity, phases[1].goodput())
	calm := slow(phases[.25].of(writing))
	for _, times := range []float64{3, 10} {
		p := phases[times]
		b.rows = append(b.rows, atLeast(fmt.Sprintf("good answers at %g × the load, against the most", times), "/s", peak, p.goodput(), .95),
			atLeast("  changes served, of 100", "", 100, served(p.of(writing)), .99),
			atMost("  the p99 of a change, against a calm time", " ms", calm, slow(p.of(writing)), 3))
	}
	b.rows = append(b.rows, within("seconds until all is well after 30 s of 3 ×", " s", 2, phases[.5].recovered(2*waitForWriters).Seconds()))
	return nil
}

// capacity is what a few callers who wait for their answers get, over the same mix.
func (b *bench) capacity(ctx context.Context, s *server, t *throng) (float64, error) {
	var list []float64
	for i := range b.rounds + 1 {
		from := t.sent
		w, err := load(ctx, s, 4, b.window, 0, func(i int) []byte { return t.next(from + i - t.sent) })
		if err != nil {
			return 0, err
		}
		t.sent += w.requests + 4
		if i > 0 {
			list = append(list, w.perSecond())
		}
	}
	t.sent += (20 - t.sent%20) % 20
	return median(list), nil
}
