package observe

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Outcome is what the page cache did for a request.
type Outcome uint8

// The outcomes, as they are named in X-Cache, in the access log and in the metrics.
const (
	None   Outcome = iota // not a cached route
	Hit                   // fresh copy
	Stale                 // older copy, while it is renewed or because it cannot be
	Miss                  // rendered for this request, or for another one it waited for
	Bypass                // rendered for this request alone, around the cache
	outcomes
)

func (o Outcome) String() string {
	return [outcomes]string{"none", "hit", "stale", "miss", "bypass"}[o]
}

// routes are the metric families of the edge, shared by all of its routes.
type routes struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	cache    *prometheus.CounterVec
	renders  *prometheus.CounterVec
	bytes    *prometheus.CounterVec
	limited  *prometheus.CounterVec
	panics   *prometheus.CounterVec
	inFlight atomic.Int64
}

func newRoutes(registry *prometheus.Registry) *routes {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		registry.MustRegister(v)
		return v
	}
	rs := &routes{
		requests: counter("lightstick_http_requests_total", "Answers, by route, admission class and class of status.", "route", "class", "status"),
		cache:    counter("lightstick_http_page_cache_total", "What the page cache did, by route.", "route", "outcome"),
		renders:  counter("lightstick_http_page_renders_total", "Pages made by their handlers: for one who waits, for all who wait, or in the background, by route.", "route"),
		bytes:    counter("lightstick_http_response_bytes_total", "Bytes of answer bodies, by route.", "route"),
		limited:  counter("lightstick_http_rate_limited_total", "Requests refused by a rate limit, by route.", "route"),
		panics:   counter("lightstick_http_panics_total", "Handlers that panicked, by route.", "route"),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "lightstick_http_request_seconds", Help: "Time from the first line of a request to its answer, by route.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route"}),
	}
	registry.MustRegister(rs.duration, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "lightstick_http_in_flight", Help: "Requests being answered now.",
	}, func() float64 { return float64(rs.inFlight.Load()) }))
	return rs
}

// Route is the metrics of one route, resolved once so that a request looks up no label.
type Route struct {
	status   [6]prometheus.Counter // by the first digit of the status; 0 is anything else
	outcome  [outcomes]prometheus.Counter
	duration prometheus.Observer
	renders  prometheus.Counter
	bytes    prometheus.Counter
	limited  prometheus.Counter
	panics   prometheus.Counter
	inFlight *atomic.Int64
}

// Route resolves the metrics of a route. The name and the class become labels: they come from
// the route table, never from a request.
func (o *Observer) Route(name, class string) *Route {
	rs := o.routes
	r := &Route{
		duration: rs.duration.WithLabelValues(name), bytes: rs.bytes.WithLabelValues(name),
		limited: rs.limited.WithLabelValues(name), panics: rs.panics.WithLabelValues(name),
		renders: rs.renders.WithLabelValues(name), inFlight: &rs.inFlight,
	}
	for i, s := range [...]string{"other", "1xx", "2xx", "3xx", "4xx", "5xx"} {
		r.status[i] = rs.requests.WithLabelValues(name, class, s)
	}
	for i := Hit; i < outcomes; i++ {
		r.outcome[i] = rs.cache.WithLabelValues(name, i.String())
	}
	return r
}

// Begin counts a request in; Done counts it out.
func (o *Observer) Begin() { o.routes.inFlight.Add(1) }

// Done counts one answer: its status, the bytes of its body, what the page cache did for it and
// how long it took.
func (r *Route) Done(status int, bytes int64, outcome Outcome, took time.Duration) {
	i := status / 100
	if i < 0 || i >= len(r.status) {
		i = 0
	}
	r.status[i].Inc()
	if outcome != None {
		r.outcome[outcome].Inc()
	}
	r.bytes.Add(float64(bytes))
	r.duration.Observe(took.Seconds())
	r.inFlight.Add(-1)
}

// Rendered counts a page that its handler made.
func (r *Route) Rendered() { r.renders.Inc() }

// Limited counts a request that a rate limit refused.
func (r *Route) Limited() { r.limited.Inc() }

// Panicked counts a handler that panicked.
func (r *Route) Panicked() { r.panics.Inc() }
