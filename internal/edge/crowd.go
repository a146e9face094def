package edge

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"lightstick/internal/observe"
)

// Crowd bounds the connections of a listener, so that a flood of them is refused before it costs
// memory. One address may have half of them: a concert hall behind one address still fits, and a
// flood from it leaves the other half to everybody else. When there is no more room, connections on
// which nothing happens make way. It is safe for concurrent use.
type Crowd struct {
	most   int
	exempt []netip.Prefix
	now    func() time.Time

	mu     sync.Mutex // guards the fields below
	conns  map[*conn]struct{}
	from   map[netip.Addr]int // by network, see network
	looked time.Time          // for connections that could make way

	refused  *prometheus.CounterVec
	madeRoom prometheus.Counter
}

const (
	leastQuiet = time.Second            // that a connection is left in peace
	lookAgain  = 100 * time.Millisecond // between two looks at all connections
)

// NewCrowd bounds connections to most. Those of exempt networks, which are trusted proxies, may have
// all of them.
func NewCrowd(most int, exempt []netip.Prefix, now func() time.Time, o *observe.Observer) (*Crowd, error) {
	c := &Crowd{most: most, exempt: exempt, now: now, conns: map[*conn]struct{}{}, from: map[netip.Addr]int{},
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "lightstick_connections_refused_total",
			Help: "Connections refused, because one address had half of all, or because there were no more."}, []string{"reason"}),
		madeRoom: prometheus.NewCounter(prometheus.CounterOpts{Name: "lightstick_connections_made_room_total",
			Help: "Quiet connections closed to make room for others."})}
	for _, reason := range []string{"address", "full"} {
		c.refused.WithLabelValues(reason)
	}
	open := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "lightstick_connections", Help: "Open connections."}, func() float64 {
		c.mu.Lock()
		defer c.mu.Unlock()
		return float64(len(c.conns))
	})
	for _, m := range []prometheus.Collector{c.refused, c.madeRoom, open} {
		if err := o.Metrics.Register(m); err != nil {
			return nil, fmt.Errorf("edge: connections: %w", err)
		}
	}
	return c, nil
}

// admit takes a connection in, or says that there is no room for it.
func (c *Crowd) admit(n *conn) bool {
	if c == nil {
		return true
	}
	ap, err := netip.ParseAddrPort(n.RemoteAddr().String())
	if err == nil {
		n.network = network(clean(ap.Addr()))
	}
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.from[n.network] >= c.most/2 && !within(c.exempt, n.network) {
		c.refused.WithLabelValues("address").Inc()
		return false
	}
	if len(c.conns) >= c.most && !c.makeRoom(now) {
		c.refused.WithLabelValues("full").Inc()
		return false
	}
	n.crowd = c
	n.quiet.Store(now.UnixNano())
	c.conns[n] = struct{}{}
	c.from[n.network]++
	return true
}

// makeRoom closes the connections on which nothing has happened for a while. The caller holds c.mu;
// the closed leave by themselves, which has to wait for it.
func (c *Crowd) makeRoom(now time.Time) bool {
	if now.Sub(c.looked) < lookAgain {
		return false
	}
	c.looked = now
	room := false
	for n := range c.conns {
		if since := n.quiet.Load(); since != 0 && now.UnixNano()-since >= int64(leastQuiet) {
			c.forget(n)
			_ = n.Conn.Close() // nobody is told: nothing was under way
			c.madeRoom.Inc()
			room = true
		}
	}
	return room
}

// leave is called by a connection that is closed, as often as it likes.
func (c *Crowd) leave(n *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, in := c.conns[n]; in {
		c.forget(n)
	}
}

func (c *Crowd) forget(n *conn) {
	delete(c.conns, n)
	if c.from[n.network]--; c.from[n.network] == 0 {
		delete(c.from, n.network)
	}
}

// note keeps since when nothing has happened on a connection, 0 while something does.
func note(c net.Conn, s http.ConnState) {
	n, ok := c.(*conn)
	if !ok || n.crowd == nil {
		return
	}
	switch s {
	case http.StateActive:
		n.quiet.Store(0)
	case http.StateIdle:
		n.quiet.Store(n.crowd.now().UnixNano())
	}
}

// membership is what a connection is to its crowd.
type membership struct {
	crowd   *Crowd // nil: of no crowd
	network netip.Addr
	quiet   atomic.Int64 // Unix nanoseconds since when nothing happens, 0 while something does
}

// Close leaves the crowd.
func (c *conn) Close() error {
	if c.crowd != nil {
		c.crowd.leave(c)
	}
	return c.Conn.Close()
}

func within(networks []netip.Prefix, a netip.Addr) bool {
	for _, p := range networks {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
