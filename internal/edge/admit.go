package edge

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"lightstick/internal/observe"
)

// Bottleneck is what a request needs that there is little of. Each has a [Gate] of its own, so that
// a rush for one does not take the places of the others.
type Bottleneck uint8

// The bottlenecks. A policy has its own by its kind; see [Through] for the exception.
const (
	nothing   Bottleneck = iota // probes, files
	Reads                       // pages and fragments: processor and database
	Writes                      // changes: the database's commits
	Uploads                     // changes whose body is too large to wait for before: they hold a place for as long as a phone sends
	Passwords                   // hashing, which has slots of its own; here only the waiting for them is bounded
	bottlenecks
)

func (b Bottleneck) String() string {
	return [bottlenecks]string{"none", "reads", "writes", "uploads", "passwords"}[b]
}

// Through names the bottleneck of a route that is not the usual one of its kind.
func Through(b Bottleneck) Option { return func(p *Policy) { p.through = b } }

func (p Policy) bottleneck() Bottleneck {
	if p.through != nothing {
		return p.through
	}
	switch p.kind {
	case kindPage, kindPersonal, kindOpen, kindBeacon:
		return Reads
	case kindWrite:
		return Writes
	}
	return nothing
}

// Gates are the gates of one process.
type Gates struct {
	gates [bottlenecks]*Gate
}

// NewGates makes the gates for a machine of so many processors and registers their metrics:
// places, how many are taken and waited for by class, and what was admitted, refused or left.
// embedded says that the database works on the same processors, so that more than a few requests
// at once only wait for each other; else most of them wait for an answer of the database.
func NewGates(processors int, embedded bool, now func() time.Time, o *observe.Observer) (*Gates, error) {
	n := uint(max(processors, 1))
	bounds := [bottlenecks]Bounds{
		Reads:     {Min: 2 * n, Start: 4 * n, Max: 8 * n, Guard: 250 * time.Millisecond},
		Writes:    {Min: 16 * n, Start: 32 * n, Max: 64 * n, Guard: time.Second},
		Uploads:   {Min: 16 * n, Start: 16 * n, Max: 16 * n},
		Passwords: {Min: 32 * n, Start: 32 * n, Max: 32 * n},
	}
	if embedded {
		bounds[Reads] = Bounds{Min: n, Start: 2 * n, Max: 2 * n, Guard: 250 * time.Millisecond}
		bounds[Writes] = Bounds{Min: 4 * n, Start: 8 * n, Max: 16 * n, Guard: time.Second}
	}
	gs := &Gates{}
	counts := newCounts()
	for b := Reads; b < bottlenecks; b++ {
		gs.gates[b] = newGate(bounds[b], now, counts.of(b))
	}
	if err := o.Metrics.Register(counts.total); err != nil {
		return nil, fmt.Errorf("edge: admission: %w", err)
	}
	if err := o.Metrics.Register(gs); err != nil {
		return nil, fmt.Errorf("edge: admission: %w", err)
	}
	return gs, nil
}

func (gs *Gates) of(b Bottleneck) *Gate {
	if gs == nil {
		return nil
	}
	return gs.gates[b]
}

// classOf is the class of a request: its route's, but members before guests and crawlers last.
func (rt *route) classOf(r *http.Request) Class {
	c := rt.Policy.class
	switch {
	case c == ClassGuest && rt.named(r):
		return ClassMember
	case (c == ClassGuest || c == ClassSearch) && crawler(r.Header["User-Agent"]):
		return ClassBackground
	}
	return c
}

// crawler reports whether a program says that it reads on its own. Who lies is a guest.
func crawler(agent []string) bool {
	if len(agent) == 0 {
		return false
	}
	s := strings.ToLower(agent[0])
	for _, word := range [...]string{"bot", "crawl", "spider", "slurp", "scrap", "archive", "externalhit", "fetcher"} {
		if strings.Contains(s, word) {
			return true
		}
	}
	return false
}

// counts are what the gates have done so far.
type counts struct{ total *prometheus.CounterVec }

// gateCounts are those of one gate, resolved once.
type gateCounts struct{ in, out, gone [classes]prometheus.Counter }

func newCounts() counts {
	return counts{prometheus.NewCounterVec(prometheus.CounterOpts{Name: "lightstick_admission_total",
		Help: "Requests at the gates, by bottleneck, class and what became of them: admitted, shed, left (the client went while waiting)."},
		[]string{"gate", "class", "outcome"})}
}

func (c counts) of(b Bottleneck) *gateCounts {
	g := &gateCounts{}
	for class := ClassWrite; class <= ClassBackground; class++ {
		get := func(outcome string) prometheus.Counter {
			return c.total.WithLabelValues(b.String(), class.String(), outcome)
		}
		g.in[class], g.out[class], g.gone[class] = get("admitted"), get("shed"), get("left")
	}
	return g
}

func (g *gateCounts) admitted(c Class) { g.in[c].Inc() }
func (g *gateCounts) shed(c Class)     { g.out[c].Inc() }
func (g *gateCounts) left(c Class)     { g.gone[c].Inc() }

// Describe and Collect make the gates a collector: their state is asked for when somebody looks.
func (gs *Gates) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(gs, ch) }

// Collect sends how full each gate is.
func (gs *Gates) Collect(ch chan<- prometheus.Metric) {
	desc := prometheus.NewDesc
	limits := desc("lightstick_admission_limit", "Places at the gate now", []string{"gate"}, nil)
	insides := desc("lightstick_admission_in_flight", "Places taken, by class", []string{"gate", "class"}, nil)
	waitings := desc("lightstick_admission_waiting", "Requests that wait for a place, by class", []string{"gate", "class"}, nil)
	for b := Reads; b < bottlenecks; b++ {
		limit, inside, waiting := gs.gates[b].load()
		ch <- prometheus.MustNewConstMetric(limits, prometheus.GaugeValue, float64(limit), b.String())
		for c := ClassWrite; c <= ClassBackground; c++ {
			ch <- prometheus.MustNewConstMetric(insides, prometheus.GaugeValue, float64(inside[c]), b.String(), c.String())
			ch <- prometheus.MustNewConstMetric(waitings, prometheus.GaugeValue, float64(waiting[c]), b.String(), c.String())
		}
	}
}
