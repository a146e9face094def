package store

import (
	"context"
	"sync"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// What a replica does not have may have been made a second ago. It is asked again of a server that knows
// more, but not so that strangers could load the primary by asking for what never was.
const (
	missingBelow  = 10_000  // ids may commit out of order, and are taken in bulk
	missingAbove  = 100_000 // ids that may be given out while a replica is behind
	missingWait   = time.Second
	missingIDs    = 100 // asked again in a second, of a node
	missingByName = 20  // the same for what has no number
)

// doubt is a read that may find nothing only because it was asked of a replica.
type doubt struct {
	asked *server // set by choose
	again bool    // ask whoever knows most
}

type doubtKey struct{}

// surely reads one thing by its id in a table, or with no table by a name. That it is not there only the
// primary may say, or without one another replica. If neither answers in time, the replica's word stands:
// reading waits for no primary.
func surely[T any](ctx context.Context, r reader, table string, id forum.ID, read func(context.Context) (T, error)) (T, error) {
	q, ok := r.q.(pgReads)
	if !ok || forum.ReadingFrom(ctx) == nil {
		return read(ctx)
	}
	d := &doubt{}
	ctx = context.WithValue(ctx, doubtKey{}, d)
	v, err := read(ctx)
	if fault.KindOf(err) != fault.NotFound || !q.p.doubts(ctx, d.asked, table, id) {
		return v, err
	}
	q.p.metrics.again.Inc()
	d.again = true
	bounded, cancel := context.WithTimeout(ctx, missingWait)
	defer cancel()
	if late, err := read(bounded); err == nil {
		return late, nil
	}
	return v, err
}

// doubts reports whether another server may have what this one has not.
func (p *pg) doubts(ctx context.Context, asked *server, table string, id forum.ID) bool {
	if asked == nil || asked == p.primary.Load() {
		return false
	}
	if other := p.knowing(asked); other == asked || !other.known().up {
		return false
	}
	if table == "" {
		return p.names.take(missingByName)
	}
	newest, err := first(ctx, pgReads{p}, nil, value[int64], `SELECT coalesce(max(id), 0) FROM `+table)
	n := int64(id)
	return err == nil && n > newest-missingBelow && n <= newest+missingAbove && p.ids.take(missingIDs)
}

// choose picks the server for one read.
func (p *pg) choose(ctx context.Context) *server {
	d, _ := ctx.Value(doubtKey{}).(*doubt)
	if d == nil {
		return p.pick(ctx)
	}
	if d.again {
		not := d.asked
		if failed, ok := ctx.Value(avoidKey{}).(*server); ok {
			not = failed
		}
		s := p.knowing(not)
		forum.ReadingFrom(ctx).Settle(s) // the rest of the page is as new
		return s
	}
	d.asked = p.pick(ctx)
	return d.asked
}

// knowing is the server that knows most: the primary, or else the newest replica, by what was seen of them last.
func (p *pg) knowing(not *server) *server {
	if s := p.primary.Load(); s != nil && s != not {
		return s
	}
	return p.leastBad(not)
}

// ration lets something happen so many times a second.
type ration struct {
	mu   sync.Mutex
	left float64
	at   time.Time
}

func (r *ration) take(rate float64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	r.left = min(rate, r.left+rate*now.Sub(r.at).Seconds()) // the first time since forever: all of it
	r.at = now
	if r.left < 1 {
		return false
	}
	r.left--
	return true
}
