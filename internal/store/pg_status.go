package store

import (
	"github.com/prometheus/client_golang/prometheus"

	"lightstick/internal/forum"
)

// Status is how the database does now. It asks nobody.
func (s *Store) Status() forum.Status {
	if p, ok := s.engine.(*pg); ok {
		return p.status()
	}
	return forum.Status{Writable: true, Since: s.opened, Primaries: 1}
}

func (p *pg) status() forum.Status {
	p.mu.Lock()
	st := forum.Status{Writable: p.writable, Since: p.since}
	p.mu.Unlock()
	primary := p.primary.Load()
	for _, s := range p.servers {
		switch f := s.known(); {
		case s == primary:
			st.Primaries++
		case !f.up:
			st.Down++
		case s.reads:
			st.Replicas++
			if f.lag <= p.maxLag {
				st.Lag = max(st.Lag, f.lag)
			}
		}
	}
	return st
}

// pgMetrics are the metrics of the cluster. They carry the names of servers, which are few and fixed.
type pgMetrics struct {
	to        prometheus.Registerer
	failovers prometheus.Counter
	refused   prometheus.Counter
	elsewhere prometheus.Counter
	again     prometheus.Counter
	unknown   prometheus.Counter
	clock     prometheus.GaugeFunc
	servers   *serverMetrics
}

func newPgMetrics(to prometheus.Registerer, p *pg) *pgMetrics {
	c := &pgMetrics{
		to:        to,
		failovers: prometheus.NewCounter(prometheus.CounterOpts{Name: "lightstick_db_primary_changes_total", Help: "Times that writing moved to a server, the first included."}),
		refused:   prometheus.NewCounter(prometheus.CounterOpts{Name: "lightstick_db_writes_paused_total", Help: "Writes refused for want of a primary."}),
		elsewhere: prometheus.NewCounter(prometheus.CounterOpts{Name: "lightstick_db_reads_repeated_total", Help: "Reads that one server failed and that were asked of another."}),
		again:     prometheus.NewCounter(prometheus.CounterOpts{Name: "lightstick_db_missing_asked_again_total", Help: "Reads that found nothing on a replica and were asked of a server that knows more."}),
		unknown:   prometheus.NewCounter(prometheus.CounterOpts{Name: "lightstick_db_commits_unanswered_total", Help: "Commits that got no answer."}),
		clock: prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "lightstick_clock_offset_seconds", Help: "How far this machine's clock is ahead of the database's."},
			func() float64 { return p.clock.offset().Seconds() }),
		servers: newServerMetrics(p),
	}
	if to != nil {
		to.MustRegister(c.all()...)
	}
	return c
}

func (c *pgMetrics) all() []prometheus.Collector {
	return []prometheus.Collector{c.failovers, c.refused, c.elsewhere, c.again, c.unknown, c.clock, c.servers}
}

// close lets another store use the registry; c may be nil.
func (c *pgMetrics) close() {
	if c == nil || c.to == nil {
		return
	}
	for _, m := range c.all() {
		c.to.Unregister(m)
	}
}

// serverMetrics are read off the servers when somebody asks.
type serverMetrics struct {
	p                                               *pg
	up, lag, behind, latency, conns, waits, waiting *prometheus.Desc
}

func newServerMetrics(p *pg) *serverMetrics {
	desc := func(o prometheus.Opts, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("lightstick_db_"+o.Name, o.Help, labels, nil)
	}
	return &serverMetrics{
		p:       p,
		up:      desc(prometheus.Opts{Name: "server_up", Help: "Whether a server answers, by what it is now."}, "server", "role"),
		lag:     desc(prometheus.Opts{Name: "replica_lag_seconds", Help: "How far a replica is behind the primary."}, "server"),
		behind:  desc(prometheus.Opts{Name: "replica_lag_bytes", Help: "The same in bytes of log."}, "server"),
		latency: desc(prometheus.Opts{Name: "server_latency_seconds", Help: "Time of a look at a server, smoothed."}, "server"),
		conns:   desc(prometheus.Opts{Name: "connections", Help: "Connections, by pool: write, or the server read from."}, "pool", "state"),
		waits:   desc(prometheus.Opts{Name: "pool_wait_seconds_total", Help: "Time that statements waited for a connection, by pool."}, "pool"),
		waiting: desc(prometheus.Opts{Name: "writes_waiting", Help: "Writes that wait for a primary now."}),
	}
}

// Describe implements [prometheus.Collector].
func (m *serverMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.up, m.lag, m.behind, m.latency, m.conns, m.waits, m.waiting} {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (m *serverMetrics) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	pool := func(name string, s *server) {
		st := m.p.pool.Stat()
		if s != nil {
			st = s.pool.Stat()
		}
		gauge(m.conns, float64(st.AcquiredConns()), name, "busy")
		gauge(m.conns, float64(st.IdleConns()), name, "idle")
		to <- prometheus.MustNewConstMetric(m.waits, prometheus.CounterValue, st.EmptyAcquireWaitTime().Seconds(), name)
	}
	for _, s := range m.p.servers {
		f := s.known()
		switch {
		case !f.up:
			gauge(m.up, 0, s.name, "unknown")
		case f.recovering:
			gauge(m.up, 1, s.name, "replica")
			gauge(m.lag, f.lag.Seconds(), s.name)
			gauge(m.behind, float64(f.behind), s.name)
			gauge(m.latency, f.latency.Seconds(), s.name)
		default:
			gauge(m.up, 1, s.name, "primary")
			gauge(m.latency, f.latency.Seconds(), s.name)
		}
		pool(s.name, s)
	}
	pool("write", nil)
	gauge(m.waiting, float64(m.p.waiting.Load()))
}
