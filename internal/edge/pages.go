package edge

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"lightstick/internal/observe"
)

const (
	maxRenewals = 64              // background renewals at once; the others wait for their next reader
	retryAfter  = time.Second     // between two renewals of a page that fails
	graceful    = 2 * time.Second // for a handler to notice that its time is over
)

// cached is an entry with its route, as the cache holds it.
type cached struct {
	*entry
	rt   *route
	hits *atomic.Int64 // answers since they were last counted, over all renderings of the page
}

// pages is the page cache.
type pages struct {
	e       *Edge
	cache   *otter.Cache[string, *cached]
	flights flights
	slots   chan struct{} // one per background renewal
	bypass  limit         // of renders around the cache, by address
	xcache  [5][]string   // X-Cache by outcome
	long    atomic.Pointer[lengthened]
}

func newPages(e *Edge) (*pages, error) {
	cache, err := otter.New(&otter.Options[string, *cached]{
		MaximumWeight: uint64(e.cfg.CacheBytes),
		Weigher:       func(key string, c *cached) uint32 { return c.weight() + uint32(2*len(key)) },
		// Upkeep is done by whoever writes. In goroutines of its own it came too late on a busy core:
		// writers then turn in circles until there is room, hundreds at once.
		Executor: func(f func()) { f() },
	})
	if err != nil {
		return nil, fmt.Errorf("edge: page cache: %w", err)
	}
	p := &pages{
		e: e, cache: cache, slots: make(chan struct{}, maxRenewals),
		bypass: e.cfg.Limiter.limit(Rate{Per: time.Minute, Burst: 120, By: ByAddress}, "page_bypass"),
	}
	for i := range p.xcache {
		p.xcache[i] = []string{observe.Outcome(i).String()}
	}
	return p, nil
}

func (p *pages) close() { p.cache.StopAllGoroutines() }

// fresh is the copy under key when it needs no renewal.
func (p *pages) fresh(key string, now time.Time) (*cached, bool) {
	c, ok := p.cache.GetIfPresent(key)
	if !ok || now.Sub(c.born) >= c.fresh {
		return nil, false
	}
	return c, true
}

// usable is the copy under key when it may be shown at all.
func (p *pages) usable(key string, now time.Time) *cached {
	c, ok := p.cache.GetIfPresent(key)
	if !ok || now.Sub(c.born) >= p.e.cfg.Keep {
		return nil
	}
	return c
}

// render is all that is needed to make a page, with nothing of the client in it.
type render struct {
	rt  *route
	key string
	req *http.Request
	id  string // of the request that asked first

	class Class         // of the one who asks
	from  netip.Addr    // whose rate limits count the render; invalid for a renewal that nobody waits for
	asked *http.Request // for the WAF to look at before the page is made; nil when it need not
}

// newRender strips a request down to what a page may depend on.
func newRender(rt *route, r *http.Request, u *url.URL, t *trail) render {
	req := r.WithContext(context.Background())
	req.Method, req.URL, req.RequestURI = http.MethodGet, u, u.RequestURI()
	req.Host = rt.edge.cfg.BaseURL.Host
	req.Header, req.Trailer = make(http.Header), nil
	req.Body, req.ContentLength, req.TransferEncoding, req.GetBody = http.NoBody, 0, nil, nil
	req.RemoteAddr, req.TLS = "", nil
	req.Form, req.PostForm, req.MultipartForm = nil, nil, nil
	req.Pattern = rt.Path
	return render{rt: rt, key: req.RequestURI, req: req, id: t.id, class: rt.classOf(r)}
}

// toBeSeen is what the WAF looks at while the client may be gone already.
func toBeSeen(r *http.Request) *http.Request {
	c := r.Clone(context.Background())
	c.Body = http.NoBody
	return c
}

// serve answers a request for a page.
func (p *pages) serve(w http.ResponseWriter, r *http.Request, rt *route, t *trail) {
	u, err := pageURL(r.URL, rt.Policy.query)
	if err != nil {
		p.e.refuse(w, r, t, err)
		return
	}
	job := newRender(rt, r, u, t)
	have := p.usable(job.key, t.start)
	if have == nil && p.e.cfg.WAF != nil { // what has a copy was looked at before it was made
		job.asked = toBeSeen(r)
	}
	if ryw := token(r.Header); ryw != "" && p.bypass.take("", t.ip) == nil {
		p.around(w, r, job, ryw, have, t)
		return
	}
	c, err := p.find(r.Context(), job, have, t)
	if err != nil {
		p.e.refuse(w, r, t, err)
		return
	}
	p.write(w, r, c, t)
}

// find returns the best copy that can be had and notes in t how it was had.
func (p *pages) find(ctx context.Context, job render, have *cached, t *trail) (*cached, error) {
	if have != nil {
		age := t.start.Sub(have.born)
		if age < have.fresh {
			t.outcome = observe.Hit
			return have, nil
		}
		t.outcome = observe.Stale
		// A 404 is not served stale: the page may exist by now. A page whose last renewal failed is not waited for: that would make every reader
		// wait for a handler that is likely to fail again.
		if age < p.e.cfg.Stale && have.status == http.StatusOK && !job.rt.Policy.live || have.retryAt.Load() != 0 {
			p.renew(job, have)
			return have, nil
		}
	}
	job.from = t.ip
	return p.await(ctx, job, have, t)
}

// await waits for a render, not longer than Patience when there is a copy to fall back on.
func (p *pages) await(ctx context.Context, job render, have *cached, t *trail) (*cached, error) {
	patience := (<-chan time.Time)(nil)
	if have != nil {
		timer := time.NewTimer(p.e.cfg.Patience)
		defer timer.Stop()
		patience = timer.C
	}
	for {
		f, first := p.fly(job, have)
		landed, err := false, error(nil)
		select {
		case <-f.done:
			landed = true
		case <-patience:
		case <-ctx.Done():
			err = ctx.Err()
		}
		p.flights.leave(job.key, f)
		switch {
		case err != nil:
			t.outcome = observe.Miss
			return nil, err
		case have != nil && (!landed || f.err != nil || f.page.status >= http.StatusInternalServerError):
			return have, nil // what has a copy is never refused
		case f.err == nil:
			t.outcome = observe.Miss
			return f.page, nil
		case first || !f.misfortune(job.class):
			t.outcome = observe.Miss
			return nil, f.err
		}
	}
}

// renew starts a background renewal unless one is under way or has just failed.
func (p *pages) renew(job render, old *cached) {
	if p.e.cfg.Now().UnixNano() < old.retryAt.Load() || !old.renewing.CompareAndSwap(false, true) {
		return
	}
	select {
	case p.slots <- struct{}{}:
	default:
		old.renewing.Store(false)
		return
	}
	done := func() { old.renewing.Store(false); <-p.slots }
	if !p.e.work.run(func() {
		defer done()
		f, _ := p.fly(job, old)
		<-f.done
		p.flights.leave(job.key, f)
	}) {
		done()
	}
}

// render runs the handler. It returns soon after the handler's time is over even when the handler
// does not, so that a hung page does not hang its readers.
func (p *pages) render(ctx context.Context, job render, have *cached, now time.Time) *cached {
	ctx, cancel := context.WithTimeout(ctx, job.rt.Policy.timeout)
	defer cancel()
	done := make(chan *recorder, 1)
	go func() {
		rec := newRecorder()
		job.rt.run(rec, job.req.Clone(ctx), job.rt.Handle)
		job.rt.metrics.Rendered()
		done <- rec
	}()
	var rec *recorder
	timer := time.NewTimer(job.rt.Policy.timeout + graceful)
	defer timer.Stop()
	select {
	case rec = <-done:
	case <-timer.C:
		rec = newRecorder()
		err := fmt.Errorf("edge: the handler of %s did not stop at its deadline: %w", job.rt.Policy.name, context.DeadlineExceeded)
		job.rt.show(rec, job.req.WithContext(ctx), err, nil)
	}
	var prev *entry
	hits := new(atomic.Int64)
	if have != nil {
		prev, hits = have.entry, have.hits
	}
	return &cached{entry: newEntry(job.rt, p.freshFor(job), rec, now, prev), rt: job.rt, hits: hits}
}

// around renders for one client that has just written. When that fails, a copy from the cache
// is better than an error.
func (p *pages) around(w http.ResponseWriter, r *http.Request, job render, ryw string, have *cached, t *trail) {
	t.outcome = observe.Bypass
	c, err := p.alone(withCall(r.Context(), call{id: t.id, ryw: ryw}), job, have, t.start)
	switch {
	case have != nil && (err != nil || c.status >= http.StatusInternalServerError):
		t.outcome, c = observe.Stale, have
	case err != nil:
		p.e.refuse(w, r, t, err)
		return
	}
	t.fault = c.fault
	v, _ := c.choose(http.Header{"Accept-Encoding": r.Header["Accept-Encoding"]})
	h := w.Header()
	put(h, v.fields)
	delete(h, "Etag") // of the public page, which this answer is not
	h["Cache-Control"] = []string{ccPrivate}
	p.send(w, r, c.status, v.body, t)
}

// alone renders for one client.
func (p *pages) alone(ctx context.Context, job render, have *cached, now time.Time) (*cached, error) {
	class := job.class
	if class == ClassGuest { // not a search or a crawler: anybody can say that they have written
		class = ClassMember
	}
	place, err := job.rt.gate.enter(ctx, class)
	if err != nil {
		return nil, err
	}
	if job.asked != nil {
		if err := p.e.cfg.WAF.inspect(job.asked, job.rt, job.id); err != nil {
			place.leave(false)
			return nil, err
		}
	}
	c := p.render(ctx, job, have, now)
	place.leave(c.status < http.StatusInternalServerError)
	return c, nil
}

// write answers with a copy.
func (p *pages) write(w http.ResponseWriter, r *http.Request, c *cached, t *trail) {
	t.fault = c.fault
	c.hits.Add(1)
	v, held := c.choose(r.Header)
	if c.gzip != nil && t.outcome == observe.Hit && !c.brStart.Load() && accepted(r.Header).br {
		p.brotli(c)
	}
	if held {
		put(w.Header(), v.same)
		p.send(w, r, http.StatusNotModified, nil, t)
		return
	}
	if conn := connOf(r); conn != nil && len(v.body) > 0 {
		put(w.Header(), v.lean)
		conn.announce(v.block, len(v.body))
	} else {
		put(w.Header(), v.fields)
	}
	p.send(w, r, c.status, v.body, t)
}

func (p *pages) send(w http.ResponseWriter, r *http.Request, status int, body []byte, t *trail) {
	h := w.Header()
	h["X-Cache"] = p.xcache[t.outcome]
	h["X-Request-Id"] = []string{t.id}
	t.status = status
	w.WriteHeader(status)
	if r.Method != http.MethodHead && len(body) > 0 {
		n, _ := w.Write(body) // a client that went away needs no answer
		t.bytes = int64(n)
	}
}

// brotli compresses a page that is read by clients who take br, once.
func (p *pages) brotli(c *cached) {
	if c.brStart.CompareAndSwap(false, true) {
		p.e.work.run(func() { c.addBrotli(c.rt) })
	}
}

// tracker runs background work and waits for it at the end.
type tracker struct {
	mu     sync.Mutex
	closed bool
	wg     sync.WaitGroup
}

func (t *tracker) run(f func()) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.wg.Go(f)
	return true
}

func (t *tracker) close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.wg.Wait()
}

// limited takes a token from each of the route's limits that count by one of these.
func (rt *route) limited(account string, ip netip.Addr, by ...By) error {
	for _, l := range rt.limits {
		if !slices.Contains(by, l.by) {
			continue
		}
		if err := l.take(account, ip); err != nil {
			rt.metrics.Limited()
			return err
		}
	}
	return nil
}
