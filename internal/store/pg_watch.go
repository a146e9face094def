package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// How servers are watched.
const (
	pgEvery   = 500 * time.Millisecond // between two looks at a server
	pgHurry   = 100 * time.Millisecond // while there is no primary, or the last look failed
	pgLook    = 400 * time.Millisecond // a look that takes longer has failed
	pgSlow    = 250 * time.Millisecond // a read that takes longer makes the server suspect
	pgMarks   = 120                    // places of the primary that lag is measured by
	pgMaxLag  = 5 * time.Second        // of replicas that are read while there is better, unless set otherwise
	pgWhoLag  = 2 * time.Second        // the same for reads of who somebody is and what they may do
	pgSilence = 2 * pgLook             // a server that answers nothing for so long hangs
)

// mark is where the log of the primary ended at some moment.
type mark struct {
	at  time.Time
	lsn uint64
}

// watch looks at a server until ctx ends, over a connection of its own. looked is called after the first look.
func (p *pg) watch(ctx context.Context, s *server, looked func()) {
	w := &watcher{server: s, wires: newWires(), own: p.clock.own}
	defer w.wires.cut()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-s.ask:
		}
		f, err := w.look(ctx)
		if ctx.Err() != nil {
			return
		}
		p.learn(s, f, err)
		if looked != nil {
			looked()
			looked = nil
		}
		pause := pgEvery
		if err != nil || p.primary.Load() == nil {
			pause = pgHurry
		}
		timer.Reset(time.Duration(float64(pause) * (0.8 + 0.4*rand.Float64())))
	}
}

// watcher holds the connection that a server is looked at over.
type watcher struct {
	server *server
	wires  *wires
	own    func() time.Time // this node's clock
	conn   *pgx.Conn
}

func (w *watcher) look(ctx context.Context) (f finding, err error) {
	old := w.server.known()
	most := pgLook + 8*old.latency // a far server's connection takes that many round trips
	if old.latency == 0 {
		most = pgConnect
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	began := time.Now()
	if err = w.connect(ctx); err == nil {
		f, err = w.ask(ctx)
	}
	if err != nil && w.conn != nil {
		w.wires.cut()
		w.conn = nil
	}
	if err == nil {
		f.up, f.latency = true, time.Since(began)
		if old.latency > 0 {
			f.latency = (7*old.latency + f.latency) / 8
		}
	}
	return f, err
}

func (w *watcher) connect(ctx context.Context) (err error) {
	if w.conn != nil {
		return nil
	}
	conf := w.server.conf.Copy()
	conf.DialFunc = w.wires.dial
	conf.RuntimeParams["application_name"] = "lightstick watch"
	if w.conn, err = pgx.ConnectConfig(ctx, conf); err != nil {
		w.conn = nil
		return err
	}
	var aurora bool
	err = w.conn.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_proc WHERE proname = 'aurora_version')`).Scan(&aurora)
	w.server.aurora.Store(aurora)
	return err
}

// lookAt asks what a server is. Of a replica, its control file tells the timeline late, and the
// receiver at once, but only to roles with pg_monitor.
const lookAt = `SELECT r, CASE WHEN r THEN pg_last_wal_replay_lsn()::text ELSE pg_current_wal_insert_lsn()::text END,
	CASE WHEN r THEN '' ELSE left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) END,
	pg_has_role('pg_read_all_stats', 'USAGE'),
	CASE WHEN r THEN greatest((SELECT timeline_id FROM pg_control_checkpoint()), (SELECT min_recovery_end_timeline FROM pg_control_recovery()),
		(SELECT received_tli FROM pg_stat_wal_receiver LIMIT 1)) ELSE 0 END,
	clock_timestamp()
	FROM pg_is_in_recovery() r`

func (w *watcher) ask(ctx context.Context) (f finding, err error) {
	var there time.Time
	began := w.own()
	defer func() { f.ahead = there.Sub(began) - w.own().Sub(began)/2 }() // read half-way, most likely
	if w.server.aurora.Load() {
		err = w.conn.QueryRow(ctx, `SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on', clock_timestamp()`).Scan(&f.recovering, &there)
		return f, err
	}
	var lsn *string
	var own string
	var followed int64
	if err = w.conn.QueryRow(ctx, lookAt).Scan(&f.recovering, &lsn, &own, &f.told, &followed, &there); err != nil || lsn == nil {
		return f, err
	}
	if f.at.lsn, err = parseLSN(*lsn); err != nil {
		return f, err
	}
	timeline := uint64(followed)
	if !f.recovering {
		if timeline, err = strconv.ParseUint(own, 16, 32); err != nil {
			return f, fmt.Errorf("store: timeline %q: %w", own, err)
		}
	}
	f.at.timeline, f.certain = uint32(timeline), true
	return f, nil
}

// learn takes in what a look at a server has found.
func (p *pg) learn(s *server, f finding, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := s.known()
	if err != nil {
		f.latency = old.latency
		if old.up && !gone(err) && (!old.shaky || s.silent() < pgSilence) {
			f = *old
			f.shaky = true // a busy server may be late, and one with too many clients takes no more
		}
	} else {
		s.answered()
		p.measure(s, &f)
	}
	s.found.Store(&f)
	if old.up && !f.up {
		s.wires.cut()
	}
	if old.up != f.up || old.recovering != f.recovering {
		p.tell(s, &f, err)
	}
	p.clock.learn(p.ahead(), p.logger)
	p.elect()
}

// ahead are the clocks of the servers that answer, of our own, the primary's first.
func (p *pg) ahead() (list []time.Duration) {
	primary := p.primary.Load()
	for _, s := range p.servers {
		switch f := s.known(); {
		case s == primary:
			list = append([]time.Duration{f.ahead}, list...)
		case f.up:
			list = append(list, f.ahead)
		}
	}
	return list
}

// gone tells errors that leave no doubt: nobody listens, or the server says that it is going down.
func gone(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return fatal(e.Code)
	}
	return !errors.Is(err, context.DeadlineExceeded)
}

// measure says how far a server is behind the primary, by our own clock.
func (p *pg) measure(s *server, f *finding) {
	now := time.Now()
	if !f.recovering {
		if s.writes && f.certain && f.at.timeline >= p.newest {
			if f.at.timeline > p.newest {
				p.newest, p.newestAt, p.marks = f.at.timeline, now, nil
			}
			p.marks = append(p.marks, mark{now, f.at.lsn})
			p.marks = p.marks[max(0, len(p.marks)-pgMarks):]
		}
		return
	}
	if f.told && f.at.timeline < p.newest { // whatever it has, it does not follow the primary
		f.lag = now.Sub(p.newestAt)
		return
	}
	for _, m := range p.marks {
		if m.lsn > f.at.lsn {
			f.lag, f.behind = now.Sub(m.at), p.marks[len(p.marks)-1].lsn-f.at.lsn
			return
		}
	}
}

// elect finds the primary: the one on the highest timeline. One on a lower timeline than was seen
// before is a ghost of a failover: what it takes would be lost.
func (p *pg) elect() {
	var best *server
	for _, s := range p.servers {
		f := s.known()
		if !s.writes || !f.up || f.recovering || f.at.timeline < p.newest {
			continue
		}
		if best == nil || f.at.timeline > best.known().at.timeline || s == p.primary.Load() && f.at.timeline == best.known().at.timeline {
			best = s
		}
	}
	if old := p.primary.Swap(best); old == best {
		return
	}
	if best != nil {
		p.metrics.failovers.Inc()
	}
	// What goes on with the former primary can only end badly; the pool must not wait for it.
	p.wires.cut()
	p.pool.Reset()
	if writable := best != nil; writable != p.writable {
		p.writable, p.since = writable, p.now()
	}
	close(p.changed)
	p.changed = make(chan struct{})
	if best == nil {
		p.logger.Warn("no primary: writing is paused, reading goes on")
		return
	}
	p.logger.Info("writing goes to", slog.String("server", best.name), slog.Uint64("timeline", uint64(best.known().at.timeline)))
}

func (p *pg) tell(s *server, f *finding, err error) {
	role := "replica"
	if !f.recovering {
		role = "primary"
	}
	if f.up {
		p.logger.Info("database server is up", slog.String("server", s.name), slog.String("role", role))
		return
	}
	p.logger.Warn("database server is down", slog.String("server", s.name), slog.Any("error", err))
}
