package ops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Clock drills nodes whose clocks are wrong beside one whose clock is right.
type Clock struct {
	Site   *Site  // each of its nodes, signed in
	Faults Faults // "clock" puts some clocks wrong
	Off    int    // how many; 0 when that is not known
	// Metrics are addresses of the nodes' metrics, to see whether they noticed.
	Metrics []string
	Out     io.Writer
}

const (
	clockFor = 30 * time.Second
	// apart is what two nodes' times may differ by: each is within a second of the database's, and a Date has no fractions.
	apart       = 3 * time.Second
	seenWithin  = 9 * time.Second // a comment by others: the lag that replicas may have, and shownWithin
	limitedMost = 200             // writes of a member after which a node must have said that it is enough
	repeats     = "writes, each sent to two nodes"
)

// Run drills once.
func (d Clock) Run(ctx context.Context) (r Report, err error) {
	r = Report{Drill: "clock", Began: time.Now(), Machine: Machine(),
		About: fmt.Sprintf("Clocks of nodes are wrong, for %s: requests take turns between those and right ones, so that whoever writes on one reads on another: %d public reads a second that the page cache has, "+
			"%d that it does not, %d signed-in reads, %d comments that their authors read at once, and %d comments that are sent again to another node with the same idempotency key.",
			clockFor, cachedRate, uncachedRate, memberRate, authorRate, authorRate)}
	t := teller{d.Out, r.Began}
	s, err := d.once(ctx, t)
	r.Sections, r.Took = []Section{s}, time.Since(r.Began)
	return r, err
}

func (d Clock) once(ctx context.Context, t teller) (s Section, err error) {
	reads, _, err := d.Site.posts(ctx, 400)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, d.Faults.Heal(context.WithoutCancel(ctx))) }()
	where, err := d.Faults.Inject(ctx, "clock")
	if err != nil {
		return s, err
	}
	t.say("clocks are wrong: %s", where)
	s = Section{Name: "clock", About: where}
	if err := d.Site.renew(ctx); err != nil { // sessions that begin while clocks are wrong
		return s, err
	}
	name := "Drill clock " + newKey()[6:14]
	post, err := d.Site.newPost(ctx, name)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, d.Site.deletePost(context.WithoutCancel(ctx), post)) }()
	t.say("requests begin")
	w := &watch{site: d.Site, post: post, written: map[int64]time.Time{}, seen: map[int64]time.Time{}}
	box, dates := newOutbox(d.Site, post, name), &dates{}
	next := &unread{posts: reads}
	l := startLoad(ctx, append(readers(d.Site, post, next), stream{ownReads, authorRate, w.author}, stream{repeats, authorRate, box.twice},
		stream{"a watcher's looks", float64(time.Second / watchEvery), w.look},
		stream{"looks at the time", 1, func(ctx context.Context, _ int) error { return dates.compare(ctx, d.Site) }})...)
	defer l.end()
	if err := rest(ctx, clockFor); err != nil {
		return s, err
	}
	t.say("no more requests")
	span := span{0, l.now()}
	samples := l.end()
	for end := time.Now().Add(seenWithin); time.Now().Before(end); { // so that the last comments can be seen
		if err := errors.Join(w.look(ctx, 0), rest(ctx, watchEvery)); err != nil {
			return s, err
		}
	}
	t.say("reading back")
	sum, err := box.check(ctx, len(samples[repeats]))
	if err != nil {
		return s, err
	}
	s.Plots = plots("all of it", samples, span)
	s.judgeReads(samples, cachedReads, uncachedReads, memberReads, ownReads, repeats, "a watcher's looks", "looks at the time")
	stale, worst, unseen := w.sum(seenWithin)
	s.Claims = append(s.Claims, none("stale reads of authors", stale, len(w.written)), none("comments that a watcher missed", unseen, len(w.written)),
		atMost("seconds until a watcher without a token saw a comment, worst", seenWithin.Seconds(), worst.Seconds(), " s"),
		none("acknowledged writes lost", sum.lost, sum.acked), none("writes doubled", sum.doubled, sum.sent))
	return s, d.rest(ctx, t, &s, box, dates)
}

// rest judges what is looked at after the load.
func (d Clock) rest(ctx context.Context, t teller, s *Section, box *outbox, dates *dates) error {
	back, n, err := box.disorder(ctx)
	if err != nil {
		return err
	}
	said, err := d.Site.wrongClocks(ctx)
	if err != nil {
		return err
	}
	s.Claims = append(s.Claims, atMost("seconds that a comment is dated before an earlier one, worst of "+strconv.Itoa(n), apart.Seconds(), back.Seconds(), " s"),
		atMost("seconds between the Date headers of nodes, worst", apart.Seconds(), dates.worst.Seconds(), " s"),
		atLeast("nodes that say that their clock is wrong", float64(max(1, d.Off)), float64(said), ""))
	if len(d.Metrics) > 0 {
		var noticed int
		for _, url := range d.Metrics {
			off, err := metric(ctx, url, "lightstick_clock_offset_seconds")
			if err != nil {
				return err
			}
			s.Notes = append(s.Notes, fmt.Sprintf("a node says that its clock is ahead by %.3f s", off))
			if off > 30 || off < -30 {
				noticed++
			}
		}
		s.Claims = append(s.Claims, atLeast("nodes whose metric tells", float64(max(1, d.Off)), float64(noticed), ""))
	}
	t.say("trying the limits of writing")
	stuck := 0
	for i := range d.Site.urls {
		if err := d.Site.limited(ctx, box.post, i); err != nil {
			stuck++
			s.Notes = append(s.Notes, err.Error())
		}
	}
	s.Claims = append(s.Claims, none("nodes that let nobody write again after a limit, or have none", stuck, len(d.Site.urls)))
	return nil
}

// judgeReads claims that no request of these streams failed.
func (s *Section) judgeReads(samples map[string][]sample, names ...string) {
	for _, name := range names {
		n, texts := failed(samples[name])
		s.Claims = append(s.Claims, none("failed: "+name, n, len(samples[name])))
		s.Notes = append(append(s.Notes, texts...), fmt.Sprintf("%s: p50 %s, p99 %s, worst %s", name, ms(percentile(samples[name], 0.5)), ms(percentile(samples[name], 0.99)), ms(percentile(samples[name], 1))))
	}
}

// dates are the times that nodes say it is.
type dates struct {
	mu    sync.Mutex
	worst time.Duration // between two nodes
}

// compare asks every node at the same moment.
func (d *dates) compare(ctx context.Context, s *Site) error {
	said := make([]time.Time, len(s.urls))
	errs := make([]error, len(s.urls))
	var wg sync.WaitGroup
	for i := range s.urls {
		wg.Go(func() {
			a, err := s.do(ctx, call{method: http.MethodGet, path: "/livez", from: i})
			if err == nil {
				said[i], err = http.ParseTime(a.header.Get("Date"))
			}
			errs[i] = err
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.worst = max(d.worst, slices.MaxFunc(said, time.Time.Compare).Sub(slices.MinFunc(said, time.Time.Compare)))
	return nil
}

// wrongClocks is how many nodes say that their clock is wrong.
func (s *Site) wrongClocks(ctx context.Context) (n int, err error) {
	for i := range s.urls {
		var ready struct{ Parts map[string]string }
		if _, err := s.json(ctx, call{method: http.MethodGet, path: "/readyz", from: i}, &ready); err != nil {
			return n, err
		}
		if ready.Parts["clock"] == "failing" {
			n++
		}
	}
	return n, nil
}

// limited writes on one node as one member until it is too much, waits as told, and writes again.
func (s *Site) limited(ctx context.Context, post int64, node int) error {
	c := call{method: http.MethodPost, path: fmt.Sprintf("/api/v1/posts/%d/comments", post), cookie: s.cookie(node), from: node}
	for i := range limitedMost {
		c.key, c.body = newKey(), map[string]string{"body": fmt.Sprintf("One too many? %d of %s", i, c.key)}
		a, err := s.do(ctx, c)
		if err != nil {
			return err
		}
		if a.status == http.StatusTooManyRequests {
			seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
			if err != nil || seconds < 1 || seconds > 120 {
				return fmt.Errorf("node %d: told to come back after %q", node+1, a.header.Get("Retry-After"))
			}
			if err := rest(ctx, time.Duration(seconds)*time.Second); err != nil {
				return err
			}
			_, err = s.json(ctx, c, nil)
			return err
		}
		if a.status != http.StatusCreated {
			return a.bad(c.path)
		}
	}
	return fmt.Errorf("node %d: no limit after %d comments", node+1, limitedMost)
}
