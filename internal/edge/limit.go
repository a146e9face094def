package edge

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"lightstick/internal/fault"
)

// Limiter holds the token buckets of one process. Its memory is bounded: when it is full, idle
// buckets go first, then the ones that are closest to idle.
type Limiter struct {
	now    func() time.Time
	seed   maphash.Seed
	shards [limitShards]limitShard
	max    int // buckets per shard
}

const (
	limitShards = 16
	sweepEvery  = time.Second // between two looks at a whole full shard
	evictSample = 8
)

type limitShard struct {
	mu    sync.Mutex
	full  map[uint64]int64 // bucket → when it is full again, Unix nanoseconds
	swept int64
	_     [32]byte // keeps two shards' locks off one cache line
}

// NewLimiter makes a limiter of at most max buckets.
func NewLimiter(max int, now func() time.Time) *Limiter {
	l := &Limiter{now: now, seed: maphash.MakeSeed(), max: (max + limitShards - 1) / limitShards}
	for i := range l.shards {
		l.shards[i].full = make(map[uint64]int64)
	}
	return l
}

// limit is a Rate bound to a limiter.
type limit struct {
	l        *Limiter
	name     string
	by       By
	interval int64 // nanoseconds per token
	depth    int64 // nanoseconds that a full bucket is worth
}

func (l *Limiter) limit(r Rate, policy string) limit {
	if r.Name == "" {
		r.Name = policy
	}
	interval := max(int64(r.Per)/int64(r.Burst), 1)
	return limit{l: l, name: r.Name, by: r.By, interval: interval, depth: interval * int64(r.Burst)}
}

// take takes a token for the caller: the account, or the address of a guest. It returns the
// error to show when there is none.
func (m limit) take(account string, ip netip.Addr) error {
	wait := m.l.take(m.key(account, ip), m.interval, m.depth)
	if wait <= 0 {
		return nil
	}
	return fault.New(fault.RateLimited, "rate_limited", "That was too often. Wait {seconds} s and try again.",
		"seconds", seconds(wait)).After(wait)
}

func (m limit) key(account string, ip netip.Addr) uint64 {
	var h maphash.Hash
	h.SetSeed(m.l.seed)
	h.WriteString(m.name)
	if m.by == ByAccount && account != "" {
		h.WriteByte(1)
		h.WriteString(account)
		return h.Sum64()
	}
	h.WriteByte(2)
	b := network(ip).As16()
	h.Write(b[:])
	return h.Sum64()
}

// network is the part of an address that one subscriber has: all of an IPv4 address, the first
// 64 bits of an IPv6 one.
func network(ip netip.Addr) netip.Addr {
	if !ip.IsValid() {
		return netip.IPv6Unspecified()
	}
	if ip.Is4() {
		return ip
	}
	p, err := ip.Prefix(64)
	if err != nil {
		return ip
	}
	return p.Addr()
}

// take is a token bucket kept as one number, the time at which it is full again. It returns how
// long to wait for a token, 0 when one was taken.
func (l *Limiter) take(key uint64, interval, depth int64) time.Duration {
	now := l.now().UnixNano()
	s := &l.shards[key%limitShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	full, ok := s.full[key]
	// No bucket is ever emptier than empty: one that seems so was filled before the clock was put
	// back, and nobody shall wait until it is that late again.
	if full < now || full > now+depth {
		full = now
	}
	if wait := full + interval - now - depth; wait > 0 {
		return time.Duration(wait)
	}
	if !ok && len(s.full) >= l.max {
		s.makeRoom(now)
	}
	s.full[key] = full + interval
	return 0
}

// makeRoom removes at least one bucket. The caller holds s.mu.
func (s *limitShard) makeRoom(now int64) {
	before := len(s.full)
	if now-s.swept >= int64(sweepEvery) {
		s.swept = now
		for k, full := range s.full {
			if full <= now {
				delete(s.full, k)
			}
		}
	}
	if len(s.full) < before {
		return
	}
	// Map order is random enough for a sample.
	var victim uint64
	least, n := int64(0), 0
	for k, full := range s.full {
		if n == 0 || full < least {
			victim, least = k, full
		}
		if n++; n == evictSample {
			break
		}
	}
	delete(s.full, victim)
}

// Len is the number of buckets held.
func (l *Limiter) Len() int {
	n := 0
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		n += len(s.full)
		s.mu.Unlock()
	}
	return n
}

// seconds rounds up, since a client that comes back a moment too early is refused again.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }
