package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// pg is a PostgreSQL cluster: a primary, if there is one now, and any number of replicas. Which is
// which it finds out by itself, see watch. Writes go through one pool whose connections are always
// made to the primary; reads through a pool for each server.
type pg struct {
	servers []*server
	pool    *pgxpool.Pool   // for writing; also the queue's of jobs
	adding  lanes[*pending] // changes that are written together
	looking lanes[*look]    // reads of the primary that are read together
	wires   *wires          // of pool
	located bool            // positions of writes can be known: no pooler hides which server answers
	ids     ration          // of reads that are asked again because nothing was found,
	names   ration          // by number and by name
	maxLag  time.Duration
	now     func() time.Time // of clock
	clock   *dbClock
	logger  *slog.Logger
	metrics *pgMetrics

	primary atomic.Pointer[server] // nil: none
	floor   atomic.Pointer[floor]  // of the last change here of who may do what
	waiting atomic.Int64           // writes that wait for a primary

	mu       sync.Mutex    // guards the fields below
	changed  chan struct{} // closed when the primary changes
	writable bool
	since    time.Time // of writable
	newest   uint32    // highest timeline that a primary was seen on,
	newestAt time.Time // and since when
	marks    []mark    // where the primary was, oldest first

	stop context.CancelFunc
	work sync.WaitGroup
}

// openPostgres starts to watch the servers and waits a moment for what they are.
func openPostgres(ctx context.Context, c Config, logger *slog.Logger, now func() time.Time) (*pg, error) {
	clock := newClock(now, c.FollowClock)
	p := &pg{wires: newWires(), located: c.ReadURL == "", maxLag: c.MaxLag, now: clock.now, clock: clock, logger: logger,
		changed: make(chan struct{}), since: now()}
	// Two: while one transaction waits for the disk and for replicas, the next is written.
	p.adding.run, p.adding.open = p.together, 2
	p.looking.run, p.looking.open = p.lookAll, 1
	if p.maxLag <= 0 {
		p.maxLag = pgMaxLag
	}
	if err := p.prepare(ctx, c); err != nil {
		p.close()
		return nil, err
	}
	p.metrics = newPgMetrics(c.Metrics, p)
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.stop = stop
	looked := make(chan struct{}, len(p.servers))
	for _, s := range p.servers {
		p.work.Go(func() { p.watch(watching, s, func() { looked <- struct{}{} }) })
	}
	patience := time.NewTimer(2 * pgLook)
	defer patience.Stop()
	for range p.servers {
		select {
		case <-looked:
		case <-patience.C:
			return p, nil
		case <-ctx.Done():
			p.close()
			return nil, ctx.Err()
		}
	}
	return p, nil
}

func (p *pg) prepare(ctx context.Context, c Config) error {
	writers, err := serversOf(c.URL)
	if err != nil {
		return err
	}
	readers := writers
	if c.ReadURL != "" {
		if readers, err = serversOf(c.ReadURL); err != nil {
			return fmt.Errorf("of the replicas: %w", err)
		}
	}
	for _, s := range writers {
		s.writes, s.reads = true, c.ReadURL == ""
		p.servers = append(p.servers, s)
	}
	if c.ReadURL != "" {
		for _, s := range readers {
			s.reads = true
			p.servers = append(p.servers, s)
		}
	}
	for _, s := range p.servers {
		s.conf.DialFunc = s.wires.dial
		if s.pool, err = newPool(ctx, s.conf, c.Conns, nil); err != nil {
			return err
		}
	}
	p.pool, err = newPool(ctx, writers[0].conf, c.Conns, p)
	return err
}

func (p *pg) close() {
	if p.stop != nil {
		p.stop()
		p.work.Wait()
	}
	for _, s := range p.servers {
		if s.pool != nil {
			s.pool.Close()
		}
	}
	if p.pool != nil {
		p.pool.Close()
	}
	p.metrics.close()
}

// serversOf makes a server of each address in a URL. The addresses that TLS adds (with and
// without, as sslmode has it) stay with theirs.
func serversOf(dsn string) ([]*server, error) {
	parsed, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		// The error shows the address with its password masked.
		return nil, fmt.Errorf("read the address of the database: %w", err)
	}
	all := parsed.ConnConfig
	limit(all)
	addrs := append([]*pgconn.FallbackConfig{{Host: all.Host, Port: all.Port, TLSConfig: all.TLSConfig}}, all.Fallbacks...)
	var list []*server
	for _, a := range addrs {
		if n := len(list); n > 0 && list[n-1].conf.Host == a.Host && list[n-1].conf.Port == a.Port {
			list[n-1].conf.Fallbacks = append(list[n-1].conf.Fallbacks, a)
			continue
		}
		conf := all.Copy()
		conf.Host, conf.Port, conf.TLSConfig, conf.Fallbacks = a.Host, a.Port, a.TLSConfig, nil
		list = append(list, &server{name: net.JoinHostPort(a.Host, strconv.Itoa(int(a.Port))), conf: conf,
			wires: newWires(), ask: make(chan struct{}, 1), began: time.Now()})
	}
	return list, nil
}

// limit sets what every connection is bounded by and says of itself.
func limit(c *pgx.ConnConfig) {
	c.ConnectTimeout = pgConnect
	c.ValidateConnect = nil // target_session_attrs: which server is what we find out ourselves
	set := c.RuntimeParams
	set["application_name"] = "lightstick"
	set["timezone"] = "UTC"
	set["synchronous_commit"] = "on"
	set["default_transaction_isolation"] = "read committed"
	set["statement_timeout"] = ms(pgStatement)
	set["idle_in_transaction_session_timeout"] = ms(pgIdle)
	set["lock_timeout"] = ms(pgLock)
	// Every query is a short one over an index, on disks that seek: the defaults think otherwise.
	set["random_page_cost"] = "1.1"
	set["jit"] = "off"
	c.OnPgError = func(_ *pgconn.PgConn, e *pgconn.PgError) bool { return !fatal(e.Code) }
}

func ms(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }

// newPool makes a pool of connections to one server or, with primary, to whichever is the primary.
func newPool(ctx context.Context, conf *pgx.ConnConfig, conns int, primary *pg) (*pgxpool.Pool, error) {
	c, err := pgxpool.ParseConfig(conf.ConnString())
	if err != nil {
		return nil, fmt.Errorf("read the address of the database: %w", err)
	}
	c.ConnConfig = conf.Copy()
	if conns > 0 {
		c.MaxConns = int32(conns)
	}
	// Short, so that connections through a pooler find servers that came later; spread, so that they
	// neither end together nor all come from one moment.
	c.MaxConnLifetime, c.MaxConnLifetimeJitter = 5*time.Minute, 5*time.Minute
	c.MaxConnIdleTime, c.HealthCheckPeriod = 2*time.Minute, 15*time.Second
	if primary != nil {
		c.BeforeConnect = primary.aim
		c.PrepareConn = primary.aimed
	}
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	return pool, nil
}

var errNoPrimary = errors.New("store: no server takes writes now")

// aim makes a new connection of the writing pool one to the primary.
func (p *pg) aim(_ context.Context, c *pgx.ConnConfig) error {
	s := p.primary.Load()
	if s == nil {
		return errNoPrimary
	}
	w := &writing{to: s, wires: p.wires}
	c.Host, c.Port, c.TLSConfig, c.Fallbacks = s.conf.Host, s.conf.Port, s.conf.TLSConfig, s.conf.Fallbacks
	c.DialFunc, c.OnNotice = w.dial, w.notice
	c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	c.AfterConnect = func(_ context.Context, conn *pgconn.PgConn) error {
		conn.CustomData()[writingKey] = w
		return nil
	}
	return nil
}

// aimed lets a connection be used while its server is the primary.
func (p *pg) aimed(_ context.Context, c *pgx.Conn) (bool, error) {
	s := p.primary.Load()
	if s == nil {
		return false, errNoPrimary
	}
	return writingOf(c.PgConn()).to == s, nil
}
