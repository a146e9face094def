package store

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// server is one address of PostgreSQL: a server, or a pooler before one or several.
type server struct {
	name   string // host:port, for operators
	conf   *pgx.ConnConfig
	pool   *pgxpool.Pool // for reading
	wires  *wires        // of the pool
	writes bool          // may be the primary
	reads  bool          // may be read from while there is a primary elsewhere

	aurora  atomic.Bool // positions in its log cannot be asked for
	found   atomic.Pointer[finding]
	began   time.Time
	answer  atomic.Int64  // when a statement was last answered, in nanoseconds after began
	reading atomic.Int64  // statements under way
	ask     chan struct{} // look at it now
}

// finding is what is known of a server. It is never changed, only replaced.
type finding struct {
	up         bool
	shaky      bool // the last look failed, but it may have been chance
	recovering bool // a replica
	certain    bool // at is known, so that positions mean something
	told       bool // at.timeline is that of now, not of some minutes ago
	at         position
	lag        time.Duration // behind the primary
	behind     uint64        // the same in bytes of log
	latency    time.Duration // of a look, smoothed; kept while it is down
	ahead      time.Duration // its clock, of this node's own
}

// known is never nil; before the first look a server is down.
func (s *server) known() *finding {
	if f := s.found.Load(); f != nil {
		return f
	}
	return &finding{}
}

// answered notes that the server lives.
func (s *server) answered() { s.answer.Store(int64(time.Since(s.began))) }

// silent is for how long it has answered nothing.
func (s *server) silent() time.Duration { return time.Since(s.began) - time.Duration(s.answer.Load()) }

// suspect asks for a look without waiting for it.
func (s *server) suspect() {
	select {
	case s.ask <- struct{}{}:
	default:
	}
}

// wires are the open connections to a server, so that they can be cut when it hangs: else every
// one of them, and its place in the pool, would be held until a deadline of 15 s.
type wires struct {
	mu   sync.Mutex
	open map[*wire]struct{}
}

type wire struct {
	net.Conn
	of *wires
}

func newWires() *wires { return &wires{open: make(map[*wire]struct{})} }

func (w *wires) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	// Half-open connections through a gateway that forgets must be noticed while idle, too.
	d := net.Dialer{Timeout: pgDial, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 3 * time.Second, Count: 3}}
	c, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	one := &wire{c, w}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open[one] = struct{}{}
	return one, nil
}

func (c *wire) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// cut ends what goes on over the connections at once, with an error.
func (w *wires) cut() {
	w.mu.Lock()
	open := w.open
	w.open = make(map[*wire]struct{})
	w.mu.Unlock()
	for c := range open {
		c.Conn.Close()
	}
}

// writing is what is noted of one connection for writing.
type writing struct {
	to         *server
	wires      *wires
	committing atomic.Bool
	warned     atomic.Bool // while committing
}

const writingKey = "lightstick.writing"

// writingOf is what was noted when the connection was made.
func writingOf(c *pgconn.PgConn) *writing {
	w, _ := c.CustomData()[writingKey].(*writing)
	return w
}

// dial refuses the extra connection that asks a server to cancel a COMMIT: cancelling would not undo it,
// it would only take back the promise that a replica has it.
func (w *writing) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if w.committing.Load() {
		return nil, net.ErrClosed
	}
	return w.wires.dial(ctx, network, addr)
}

func (w *writing) notice(_ *pgconn.PgConn, n *pgconn.Notice) {
	if n.SeverityUnlocalized == "WARNING" && w.committing.Load() {
		w.warned.Store(true)
	}
}
