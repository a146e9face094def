package store

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// pgReads reads from whichever server is best for the context.
type pgReads struct{ p *pg }

func (q pgReads) exec(context.Context, string, ...any) (int64, error) { return 0, errWriteOutside() }

func (q pgReads) each(context.Context, string, [][]any) error { return errWriteOutside() }

func errWriteOutside() error { return errors.New("store: a write outside a transaction") }

func (q pgReads) query(ctx context.Context, text string, args ...any) (rows, error) {
	count(ctx)
	s := q.p.choose(ctx)
	if how := forum.ReadingFrom(ctx); how != nil && how.Fresh && s == q.p.primary.Load() {
		if rs, err := q.p.lookUp(ctx, text, args); err == nil {
			return rs, nil
		}
	}
	s.reading.Add(1)
	r := &asking{p: q.p, s: s, ctx: ctx, slow: time.AfterFunc(pgSlow, s.suspect)}
	rs, err := q.p.readPool(s).Query(ctx, text, args...)
	if err != nil {
		return nil, r.end(err)
	}
	r.Rows = rs
	return r, nil
}

// readPool is the pool to read from a server with: the primary's is the one that writes, so that a
// lone server needs no second set of connections.
func (p *pg) readPool(s *server) *pgxpool.Pool {
	if s == p.primary.Load() {
		return p.pool
	}
	return s.pool
}

// asking is the rows of one statement under way.
type asking struct {
	pgx.Rows
	p     *pg
	s     *server
	ctx   context.Context
	slow  *time.Timer
	ended bool
}

func (r *asking) Err() error { return r.end(r.Rows.Err()) }

func (r *asking) Close() {
	r.Rows.Close()
	r.end(r.Rows.Err())
}

// end says of an error whether another server should be asked instead.
func (r *asking) end(err error) error {
	first := !r.ended
	if first {
		r.ended = true
		r.slow.Stop()
		r.s.reading.Add(-1)
	}
	cause := pgError(err)
	switch {
	case err == nil:
		r.s.answered()
		return nil
	case r.ctx.Err() != nil:
		return cause
	case unreachable(err):
		r.s.suspect()
	case conflicting(err), tooMany(err): // the first: a replica that has to replay what the statement is looking at
		cause = busy(err)
	default:
		return cause
	}
	if first {
		r.p.metrics.elsewhere.Inc()
	}
	return &elsewhere{cause, r.s}
}

func tooMany(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "53300"
}

// elsewhere is the error of a read that another server may well do.
type elsewhere struct {
	cause error
	not   *server
}

func (e *elsewhere) Error() string { return e.cause.Error() }
func (e *elsewhere) Unwrap() error { return e.cause }

// unreachable tells errors of the way to a server, and those of a server that is starting or
// stopping or is not what it was.
func unreachable(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return fatal(e.Code)
	}
	if _, connect := errors.AsType[*pgconn.ConnectError](err); connect {
		return true // also when its own, short time was over
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return false
	}
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, errNoPrimary) || pgconn.SafeToRetry(err)
}

// avoidKey holds the server that has just failed this read.
type avoidKey struct{}

// asWho marks the reads of who somebody is: what takes effect on this node at once, and elsewhere soon, must not be
// read from a replica that has not heard of it.
type asWho struct {
	fresh bool // of the primary
	stale bool // set by the store: a replica was asked while there was a primary
}

type whoKey struct{}

func asWhoever(ctx context.Context) context.Context {
	return context.WithValue(ctx, whoKey{}, &asWho{})
}

// certain reads who somebody is. That something is there a replica may say; that it is not, only
// the primary: it may just have been made.
func certain[T any](ctx context.Context, read func(context.Context) (T, error)) (T, error) {
	who := &asWho{}
	ctx = context.WithValue(ctx, whoKey{}, who)
	v, err := read(ctx)
	if err == nil || !who.stale || fault.KindOf(err) != fault.NotFound {
		return v, err
	}
	who.fresh = true
	return read(ctx)
}

// pick picks the server for one read by how new it must be.
func (p *pg) pick(ctx context.Context) *server {
	how := forum.ReadingFrom(ctx)
	who, _ := ctx.Value(whoKey{}).(*asWho)
	not, _ := ctx.Value(avoidKey{}).(*server)
	primary := p.primary.Load()
	if who != nil && who.fresh && primary != nil {
		how.Settle(primary) // what else is asked of a replica that does not know them would be as old
	}
	w := p.wanted(how, who)
	if primary == nil || !w.primary && how.Place() != any(primary) {
		if s := p.replica(w, how, not); s != nil {
			if who != nil {
				who.stale = primary != nil
			}
			return s
		}
	}
	if primary != nil && primary != not {
		return primary
	}
	return p.leastBad(not)
}

// want is what a read asks of a replica.
type want struct {
	seen
	also   position // the same again, for what this node knows
	maxLag time.Duration
}

func (p *pg) wanted(how *forum.Reading, who *asWho) want {
	w := want{maxLag: p.maxLag}
	if how == nil || how.Fresh {
		w.primary = true
		return w
	}
	token := how.Token()
	if token == "" {
		token = how.Seen
	}
	w.seen = parseToken(token, p.now())
	if who != nil {
		w.maxLag = min(w.maxLag, pgWhoLag)
		w.primary = w.primary || who.fresh
		// Replicas that lag less than pgWhoLag have an older one for sure.
		if f := p.floor.Load(); f != nil && time.Since(f.since) < pinFor {
			w.also = f.position
			w.primary = w.primary || f.position == position{}
		}
	}
	if !p.located && w.after != (position{}) {
		w.primary = true
	}
	return w
}

func (w want) allows(f *finding) bool {
	none := position{}
	return f.up && f.lag <= w.maxLag &&
		(w.after == none || f.certain && f.at.reached(w.after)) &&
		(w.also == none || f.certain && f.at.reached(w.also))
}

// replica picks one of the replicas that will do: the one this Reading is at already or else the better of
// two, so that not all run to the one that looks best at the moment.
func (p *pg) replica(w want, how *forum.Reading, not *server) *server {
	if s, ok := how.Place().(*server); ok && s != not && !s.known().shaky && w.allows(s.known()) {
		return s
	}
	var fit []*server
	for _, steady := range []bool{true, false} {
		for _, s := range p.servers {
			f := s.known()
			if s.reads && s != not && s != p.primary.Load() && f.shaky != steady && w.allows(f) && (f.recovering || !s.writes) {
				fit = append(fit, s)
			}
		}
		if len(fit) > 0 {
			break
		}
	}
	if len(fit) == 0 {
		return nil
	}
	best := fit[rand.IntN(len(fit))]
	if other := fit[rand.IntN(len(fit))]; other.cost() < best.cost() {
		best = other
	}
	how.Settle(best)
	return best
}

// cost is what one more read of a server takes, in seconds of nothing in particular.
func (s *server) cost() float64 {
	f := s.known()
	return (f.latency.Seconds() + 1e-4) * float64(1+s.reading.Load()) * (1 + f.lag.Seconds())
}

// leastBad is who is asked when nobody is good: the newest replica, or else anybody, for what we
// know may be out of date.
func (p *pg) leastBad(not *server) *server {
	var best *server
	for _, s := range p.servers {
		f := s.known()
		if !s.reads || s == not || !f.up {
			continue
		}
		if best == nil || f.at.timeline > best.known().at.timeline || f.at.timeline == best.known().at.timeline && f.at.lsn > best.known().at.lsn {
			best = s
		}
	}
	if best == nil {
		best = p.servers[rand.IntN(len(p.servers))]
	}
	return best
}
