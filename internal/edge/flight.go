package edge

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

// flights make a page once for all who ask for it at the same time.
type flights struct {
	mu sync.Mutex
	on map[string]*flight
}

// flight is one page on its way. Nobody but its crew waits for the gate and has its request looked
// at by the WAF; what comes of that befalls the crew alone, so passengers who fare better by
// themselves begin anew.
type flight struct {
	done chan struct{} // closed when page and err are set
	page *cached
	err  error // why there is no page: the crew's, not the page's

	class  Class
	ctx    context.Context // ends when nobody waits any more, unless the page is being made
	cancel context.CancelFunc

	aboard int  // who wait; guarded by flights.mu
	begun  bool // the page is being made, and will be kept for the next reader; guarded by flights.mu
}

// board joins the flight to key, or starts one of this class; first says which.
func (fs *flights) board(ctx context.Context, key string, class Class) (f *flight, first bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f := fs.on[key]; f != nil {
		f.aboard++
		return f, false
	}
	f = &flight{done: make(chan struct{}), class: class, aboard: 1}
	f.ctx, f.cancel = context.WithCancel(ctx)
	if fs.on == nil {
		fs.on = make(map[string]*flight)
	}
	fs.on[key] = f
	return f, true
}

// leave ends the wait of one. With the last one goes a flight that has not begun, and a search,
// which nobody is likely to ask for again.
func (fs *flights) leave(key string, f *flight) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f.aboard--
	if f.aboard == 0 && (!f.begun || f.class >= ClassSearch) {
		if fs.on[key] == f {
			delete(fs.on, key) // whoever asks from now on starts another
		}
		f.cancel()
	}
}

// several reports whether more than one waits.
func (fs *flights) several(f *flight) bool {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return f.aboard > 1
}

// begin notes that the page is being made.
func (fs *flights) begin(f *flight) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f.begun = true
}

// land ends a flight.
func (fs *flights) land(key string, f *flight, page *cached, err error) {
	fs.mu.Lock()
	if fs.on[key] == f {
		delete(fs.on, key)
	}
	f.page, f.err = page, err
	fs.mu.Unlock()
	close(f.done)
	f.cancel()
}

// fly joins the making of a page, or starts it. The caller leaves it when it waits no more.
func (p *pages) fly(job render, have *cached) (f *flight, first bool) {
	class := job.class
	if have != nil && class == ClassGuest {
		class = ClassMember // a page that others have read will be read by more than this one
	}
	f, first = p.flights.board(p.e.base, job.key, class)
	if first {
		go func() {
			page, err := p.make(f, job)
			p.flights.land(job.key, f, page, err)
		}()
	}
	return f, first
}

// make passes the gate and renders a page, unless another flight has just done so.
func (p *pages) make(f *flight, job render) (*cached, error) {
	now := p.e.cfg.Now()
	if c, ok := p.fresh(job.key, now); ok {
		return c, nil
	}
	have := p.usable(job.key, now)
	if job.from.IsValid() {
		if err := job.rt.limited("", job.from, ByAddress, ByAccount); err != nil {
			return nil, refusal{err}
		}
	}
	place, err := p.place(f, job.rt)
	if err != nil {
		have.failed(p.e.cfg.Now())
		return nil, err
	}
	if job.asked != nil {
		if err := p.e.cfg.WAF.inspect(job.asked, job.rt, job.id); err != nil {
			place.leave(false)
			return nil, refusal{err}
		}
	}
	p.flights.begin(f)
	c := p.render(withCall(f.ctx, call{id: job.id}), job, have, now)
	place.leave(c.status < http.StatusInternalServerError)
	if c.keep {
		p.cache.Set(job.key, c)
	} else {
		have.failed(p.e.cfg.Now())
	}
	return c, nil
}

// place takes a place for a page. A page for which a crowd waits is worth more than its class.
func (p *pages) place(f *flight, rt *route) (*pass, error) {
	place, err := rt.gate.enter(f.ctx, f.class)
	if err != nil && f.ctx.Err() == nil && f.class > ClassMember && p.flights.several(f) {
		return rt.gate.enter(f.ctx, ClassMember)
	}
	return place, err
}

// failed notes that a copy could not be renewed; without a copy it notes nothing.
func (c *cached) failed(now time.Time) {
	if c != nil {
		c.retryAt.Store(now.Add(retryAfter).UnixNano())
	}
}

// refusal is what a rate limit or the WAF said of the one who asked first.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// misfortune reports whether a passenger of this class may fare better without the crew.
func (f *flight) misfortune(class Class) bool {
	_, refused := errors.AsType[refusal](f.err)
	return refused || class < f.class
}
