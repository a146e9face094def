package ops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"sync"
	"time"
)

// Lag drills replicas that replay what the primary sends much later.
type Lag struct {
	Site   *Site // signed in
	Faults Faults
	MaxLag time.Duration // that the site lets a replica be behind while there is better
	// Metrics are addresses of the nodes' metrics, to see whether they noticed.
	Metrics []string
	Out     io.Writer
}

const (
	lagFor     = 20 * time.Second
	authorRate = 5 // comments a second, each read by its author at once
	watchEvery = 250 * time.Millisecond
	// shownWithin is what caches and the settling of ids may add to the lag.
	shownWithin = 4 * time.Second
)

const ownReads = "authors reading what they have just written"

// Run drills once.
func (d Lag) Run(ctx context.Context) (r Report, err error) {
	r = Report{Drill: "lag", Began: time.Now(), Machine: Machine(),
		About: fmt.Sprintf("Every replica shows what it gets a minute late, for %s, while %d comments a second are written. Each author reads the own comment at once with the token of the write; "+
			"a watcher without a token notes when others see it; %d public reads a second go on.", lagFor, authorRate, uncachedRate)}
	t := teller{d.Out, r.Began}
	s, err := d.once(ctx, t)
	r.Sections, r.Took = []Section{s}, time.Since(r.Began)
	return r, err
}

func (d Lag) once(ctx context.Context, t teller) (s Section, err error) {
	posts, _, err := d.Site.posts(ctx, 400)
	if err != nil {
		return s, err
	}
	post, err := d.Site.newPost(ctx, "Drill lag "+newKey()[6:14])
	if err != nil {
		return s, err
	}
	defer func() {
		clean := context.WithoutCancel(ctx)
		err = errors.Join(err, d.Faults.Heal(clean), d.Site.deletePost(clean, post))
	}()
	w := &watch{site: d.Site, post: post, written: map[int64]time.Time{}, seen: map[int64]time.Time{}}
	next := &unread{posts: posts}
	l := startLoad(ctx,
		stream{ownReads, authorRate, w.author},
		stream{uncachedReads, uncachedRate, func(ctx context.Context, i int) error { return d.Site.get(ctx, next.path(), "", i) }},
		stream{"a watcher's looks", float64(time.Second / watchEvery), w.look})
	defer l.end()
	if err := rest(ctx, steady); err != nil {
		return s, err
	}
	fault := span{from: l.now()}
	where, err := d.Faults.Inject(ctx, "lag")
	if err != nil {
		return s, err
	}
	t.say("replay is delayed on the replicas of %s", where)
	if err := rest(ctx, lagFor); err != nil {
		return s, err
	}
	fault.to = l.now()
	behind, err := d.behind(ctx)
	if err != nil {
		return s, err
	}
	if err := d.Faults.Heal(ctx); err != nil {
		return s, err
	}
	t.say("replay catches up")
	if err := rest(ctx, d.MaxLag+shownWithin); err != nil { // so that the last comments can be seen
		return s, err
	}
	s = d.judge(w, l.end(), fault)
	if len(d.Metrics) > 0 {
		s.Claims = append(s.Claims, atLeast("seconds that the nodes knew a replica to be behind, the least of them", d.MaxLag.Seconds(), behind, " s"))
	}
	return s, nil
}

// behind is how far replicas are behind as the nodes know it: the least of what each node says of
// its worst replica.
func (d Lag) behind(ctx context.Context) (float64, error) {
	least := math.Inf(1)
	for _, url := range d.Metrics {
		worst, err := largest(ctx, url, "lightstick_db_replica_lag_seconds")
		if err != nil {
			return 0, err
		}
		least = min(least, worst)
	}
	return least, nil
}

func (d Lag) judge(w *watch, samples map[string][]sample, fault span) Section {
	s := Section{Name: "lag", About: "Replay delayed on every replica: what they serve grows older and older.", Plots: plots("all of it", samples, fault)}
	for _, name := range []string{ownReads, uncachedReads, "a watcher's looks"} {
		n, texts := failed(samples[name])
		s.Claims = append(s.Claims, none("failed: "+name, n, len(samples[name])))
		s.Notes = append(append(s.Notes, texts...), fmt.Sprintf("%s: p50 %s, p99 %s, worst %s", name, ms(percentile(samples[name], 0.5)), ms(percentile(samples[name], 0.99)), ms(percentile(samples[name], 1))))
	}
	stale, worst, unseen := w.sum(d.MaxLag + shownWithin)
	s.Claims = append(s.Claims, none("stale reads of authors", stale, len(w.written)), none("comments that a watcher missed", unseen, len(w.written)),
		atMost("seconds until a watcher without a token saw a comment, worst", (d.MaxLag+shownWithin).Seconds(), worst.Seconds(), " s"))
	return s
}

// watch is what authors wrote and when others saw it.
type watch struct {
	site *Site
	post int64

	mu      sync.Mutex
	written map[int64]time.Time // comments, by when they were acknowledged
	seen    map[int64]time.Time
	after   int64 // the watcher's place in the tail
	stale   int   // authors who did not see their own
}

// author writes a comment and reads it at once, as a browser does that carries the token of its write.
func (w *watch) author(ctx context.Context, i int) error {
	var comment struct{ ID int64 }
	c := call{method: http.MethodPost, path: fmt.Sprintf("/api/v1/posts/%d/comments", w.post), key: newKey(), cookie: w.site.cookie(i), from: i,
		body: map[string]string{"body": fmt.Sprintf("Drill comment %d of %s", i, newKey())}}
	a, err := w.site.json(ctx, c, &comment)
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.written[comment.ID] = time.Now()
	w.mu.Unlock()
	token := a.header.Get("Lightstick-Seen")
	if token == "" {
		return errors.New("a write was answered without a token")
	}
	path := fmt.Sprintf("/api/v1/comments/%d", comment.ID)
	a, err = w.site.do(ctx, call{method: http.MethodGet, path: path, seen: token, from: i + 1}) // perhaps another node
	if err != nil {
		return err
	}
	if a.status == http.StatusNotFound {
		w.mu.Lock()
		w.stale++
		w.mu.Unlock()
	}
	if a.status != http.StatusOK {
		return a.bad(path)
	}
	return nil
}

// look asks for the tail as a page without a token does, and notes what is new.
func (w *watch) look(ctx context.Context, i int) error {
	w.mu.Lock()
	after := w.after
	w.mu.Unlock()
	list, settled, err := w.site.tail(ctx, w.post, after, i)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, item := range list {
		if _, had := w.seen[item.ID]; !had {
			w.seen[item.ID] = time.Now()
		}
	}
	w.after = max(w.after, settled)
	return nil
}

// sum says how many authors read stale, after how long others saw a comment at worst, and how many
// comments nobody saw although they had that long to appear.
func (w *watch) sum(within time.Duration) (stale int, worst time.Duration, unseen int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, at := range w.written {
		seen, ok := w.seen[id]
		switch {
		case ok:
			worst = max(worst, seen.Sub(at))
		case time.Since(at) > within:
			unseen++
		}
	}
	return w.stale, worst, unseen
}
