package edge

import (
	"container/list"
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go/adaptivelimiter"

	"lightstick/internal/fault"
)

// Gate lets as many requests at once to one bottleneck as it can work on, the important first.
// How many that are is found by failsafe-go's adaptive limiter from how long they take; who is next
// is decided here. A request for which there is no place waits for a moment in the line of its
// class, and is refused at once when the line is longer than that moment. The nil Gate lets everyone
// in. It is safe for concurrent use.
type Gate struct {
	limiter adaptivelimiter.AdaptiveLimiter[any]
	bounds  Bounds
	now     func() time.Time
	counts  *gateCounts

	mu      sync.Mutex // guards the fields below; held for a few comparisons
	inside  [classes]int
	total   int
	lines   [classes]line
	ceiling float64 // the guard's own limit, under which the limiter's counts
	service float64 // seconds that a place is held, smoothed
}

// Bounds are the limits of a gate.
type Bounds struct {
	Min, Start, Max uint          // places
	Guard           time.Duration // places are taken away while they are held for longer than this; 0: never
}

// line is who waits in one class, first come first served.
type line struct {
	list.List
	since time.Time // when it was last empty
}

// waiter is one who waits. The gate puts the pass into ready and takes the waiter off its line in
// one step.
type waiter struct {
	ready chan *pass
	place *list.Element // nil when called up
}

// pass is a place at a gate, to be given back. The nil pass is a place at no gate.
type pass struct {
	gate   *Gate
	class  Class
	permit adaptivelimiter.Permit
	since  time.Time
}

const classes = int(ClassBackground) + 1

// longestLine bounds memory when nothing moves; the time to wait ends a line far earlier.
const longestLine = 512

// manners say what a class may do: up to which share of the places it takes one, and how long it
// waits for one in a burst. A class always gets one place while there is one, so that no class
// starves as long as those before it leave one.
func manners(c Class) (share float64, wait time.Duration) {
	switch c {
	case ClassWrite:
		return 1, 500 * time.Millisecond
	case ClassMember:
		return 1, 400 * time.Millisecond
	case ClassGuest:
		return .8, 300 * time.Millisecond
	case ClassSearch:
		return .5, 300 * time.Millisecond
	}
	return .25, 100 * time.Millisecond
}

// standing is how much shorter the wait is in a line that no burst explains: it has not been empty
// for as long as one may wait. Longer waiting would serve nobody more, only everybody later.
const standing = 4

func newGate(b Bounds, now func() time.Time, counts *gateCounts) *Gate {
	builder := adaptivelimiter.NewBuilder[any]().WithLimits(b.Min, b.Max, b.Start).WithMaxLimitFactor(8)
	return &Gate{limiter: builder.Build(), bounds: b, now: now, counts: counts, ceiling: float64(b.Max)}
}

// enter takes a place, waiting for one as its class may. The error is a fault to show, or that of ctx.
func (g *Gate) enter(ctx context.Context, c Class) (*pass, error) {
	if g == nil || c == ClassHealth {
		return nil, nil
	}
	p, w, patience := g.ask(c)
	switch {
	case p != nil:
		makeWay(c)
		return p, nil
	case w == nil:
		g.counts.shed(c)
		return nil, busy()
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case p := <-w.ready:
		makeWay(c)
		return p, nil
	case <-timer.C:
		if p := g.leaveLine(c, w); p != nil {
			return p, nil // called up at the last moment
		}
		g.counts.shed(c)
		return nil, busy()
	case <-ctx.Done():
		g.leaveLine(c, w).leave(false)
		g.counts.left(c)
		return nil, ctx.Err()
	}
}

// makeWay lets those run who have just come, before a place is used. A scheduler whose own queue never
// empties, because each who leaves calls up the next, reads new requests too late: they then wait
// unseen, where no class counts and nobody is refused. Changes go on at once.
func makeWay(c Class) {
	if c > ClassWrite {
		runtime.Gosched()
	}
}

func busy() error {
	return fault.New(fault.Unavailable, "busy", "Too much is going on right now. Try again in a moment.").After(2 * time.Second)
}

// ask gives a place, or a place in the line and how long to stay in it, or nothing.
func (g *Gate) ask(c Class) (*pass, *waiter, time.Duration) {
	now := g.now()
	g.mu.Lock()
	defer g.mu.Unlock()
	line := &g.lines[c]
	if line.Len() == 0 {
		line.since = now
		if p := g.admit(c, now); p != nil {
			return p, nil, 0
		}
	}
	_, patience := manners(c)
	if now.Sub(line.since) > patience {
		patience /= standing
	}
	if g.expected(c) >= patience || line.Len() >= longestLine {
		return nil, nil, 0
	}
	w := &waiter{ready: make(chan *pass, 1)}
	w.place = line.PushBack(w)
	return nil, w, patience
}

// expected is how long the line before a newcomer will take, all other things being equal.
func (g *Gate) expected(c Class) time.Duration {
	ahead := 0
	for before := ClassWrite; before <= c; before++ {
		ahead += g.lines[before].Len()
	}
	return time.Duration(float64(ahead) * g.service / float64(g.limit()) * float64(time.Second))
}

func (g *Gate) limit() int { return min(g.limiter.Limit(), int(g.ceiling)) }

// admit gives a place when the class may take one. The caller holds g.mu.
func (g *Gate) admit(c Class, now time.Time) *pass {
	limit := g.limit()
	share, _ := manners(c)
	if g.total >= limit || float64(g.total) >= share*float64(limit) && g.inside[c] > 0 {
		return nil
	}
	permit, ok := g.limiter.TryAcquirePermit()
	if !ok {
		return nil
	}
	g.inside[c]++
	g.total++
	g.counts.admitted(c)
	return &pass{gate: g, class: c, permit: permit, since: now}
}

// leaveLine gives up waiting; it returns the pass that may have come in the meantime.
func (g *Gate) leaveLine(c Class, w *waiter) *pass {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w.place == nil {
		return <-w.ready
	}
	g.lines[c].Remove(w.place)
	return nil
}

// leave gives the place back. served says that the request got what it asked for: how long a refusal
// or a failure took says nothing of what the bottleneck can do.
func (p *pass) leave(served bool) {
	if p == nil {
		return
	}
	if served {
		p.permit.Record()
	} else {
		p.permit.Drop()
	}
	g, now := p.gate, p.gate.now()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside[p.class]--
	g.total--
	if served {
		g.learn(now.Sub(p.since))
	}
	g.callUp(now)
}

// learn keeps what a place is held for, and the guard. The limiter compares with what was usual and
// forgets what that was in a long incident; the guard does not.
func (g *Gate) learn(took time.Duration) {
	const weight = .1
	if g.service == 0 {
		g.service = took.Seconds()
	}
	g.service += weight * (took.Seconds() - g.service)
	switch {
	case g.bounds.Guard == 0:
	case took > g.bounds.Guard:
		g.ceiling = max(g.ceiling-1, float64(g.bounds.Min))
	default:
		g.ceiling = min(g.ceiling+weight, float64(g.bounds.Max))
	}
}

// callUp gives free places to those who wait, the most important first. The caller holds g.mu.
func (g *Gate) callUp(now time.Time) {
	for c := ClassWrite; c <= ClassBackground; c++ {
		line := &g.lines[c]
		for line.Len() > 0 {
			p := g.admit(c, now)
			if p == nil {
				break // a later class may still have its one place
			}
			w := line.Remove(line.Front()).(*waiter)
			w.place = nil
			w.ready <- p
		}
	}
}

// load is how full the gate is, for the metrics.
func (g *Gate) load() (limit int, inside, waiting [classes]int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.lines {
		waiting[c] = g.lines[c].Len()
	}
	return g.limit(), g.inside, waiting
}
