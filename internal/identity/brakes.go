package identity

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"lightstick/internal/fault"
)

// brake is how many failures one key may have within a window before it has to wait.
type brake struct {
	free   int           // failures without a wait
	window time.Duration // without a failure for so long, all is forgotten
	first  time.Duration // the first wait; each further failure doubles it
	most   time.Duration // up to this
}

const (
	brakeKeys   = 20_000 // of one kind, about 2 MB; beyond it the least guilty of a few is forgotten
	brakeSample = 8
)

// brakes slow down guessing. They live in this process alone and are not stored: a failure must not
// cost the database a write (guessing would then be an attack on the site), a restart gives a
// guesser a handful more tries at most, and n nodes n times as many, which a 2^n wait makes little of.
type brakes struct {
	account, known, addr, mail, mailFrom *brakeList
}

func newBrakes(now func() time.Time) *brakes {
	return &brakes{
		// By account, from anywhere.
		account: newBrakeList(now, brake{free: 10, window: 15 * time.Minute, first: 30 * time.Second, most: 15 * time.Minute}),
		// By account and an address it was signed in from: apart, so that strangers cannot lock its owner out.
		known: newBrakeList(now, brake{free: 10, window: 15 * time.Minute, first: 5 * time.Second, most: 5 * time.Minute}),
		// By address (IPv6: /64), whatever the account; many people share one behind a carrier.
		addr: newBrakeList(now, brake{free: 50, window: 15 * time.Minute, first: 30 * time.Second, most: 15 * time.Minute}),
		// Mails asked for, by receiver and by asker.
		mail:     newBrakeList(now, brake{free: 3, window: time.Hour, first: 10 * time.Minute, most: time.Hour}),
		mailFrom: newBrakeList(now, brake{free: 60, window: time.Hour, first: time.Minute, most: time.Hour}),
	}
}

// askedFrom counts something that sends mail to an address that a stranger may choose.
func (b *brakes) askedFrom(a netip.Addr) error {
	if from := network(a); from != "" {
		return b.mailFrom.take(from)
	}
	return nil
}

type brakeState struct {
	failures int
	last     time.Time
	until    time.Time // no try before
}

type brakeList struct {
	brake
	now  func() time.Time
	seed maphash.Seed

	mu   sync.Mutex // guards keys
	keys map[uint64]brakeState
}

func newBrakeList(now func() time.Time, b brake) *brakeList {
	return &brakeList{brake: b, now: now, seed: maphash.MakeSeed(), keys: map[uint64]brakeState{}}
}

// take counts a try as a failure before its outcome is known, so that tries at the same moment
// cannot slip by together; forgive takes it back. It fails while the key has to wait.
func (l *brakeList) take(key string) error {
	k := maphash.String(l.seed, key)
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.keys[k]
	if now.Before(s.until) {
		return fault.New(fault.RateLimited, "too_many_attempts", "Too many attempts. Wait a little, then try again.").After(s.until.Sub(now))
	}
	if now.Sub(s.last) > max(l.window, 2*l.wait(s.failures)) {
		s = brakeState{}
	}
	s.failures++
	s.last = now
	s.until = now.Add(l.wait(s.failures))
	if _, there := l.keys[k]; !there && len(l.keys) >= brakeKeys {
		l.evict(now)
	}
	l.keys[k] = s
	return nil
}

// wait is the pause after so many failures.
func (l *brakeList) wait(failures int) time.Duration {
	over := failures - l.free
	if over < 0 {
		return 0
	}
	if over > 20 {
		return l.most
	}
	return min(l.most, l.first<<over)
}

// forgive takes one try back; forget all of them.
func (l *brakeList) forgive(key string) {
	k := maphash.String(l.seed, key)
	l.mu.Lock()
	defer l.mu.Unlock()
	s, ok := l.keys[k]
	if !ok {
		return
	}
	if s.failures--; s.failures <= 0 {
		delete(l.keys, k)
		return
	}
	s.until = time.Time{}
	l.keys[k] = s
}

func (l *brakeList) forget(key string) {
	k := maphash.String(l.seed, key)
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.keys, k)
}

// evict makes room: of a few keys (a map is walked in no order) the one with the fewest failures
// goes, so that a flood of new keys does not wash out those that earned a wait.
func (l *brakeList) evict(now time.Time) {
	var least uint64
	fewest, seen := int(^uint(0)>>1), 0
	for k, s := range l.keys {
		if now.Sub(s.last) > l.window && now.After(s.until) {
			delete(l.keys, k)
			return
		}
		if s.failures < fewest {
			least, fewest = k, s.failures
		}
		if seen++; seen >= brakeSample {
			break
		}
	}
	delete(l.keys, least)
}

// network is the part of an address that one subscriber has: all of IPv4, the /64 of IPv6.
func network(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if !a.IsValid() {
		return ""
	}
	if a.Is6() {
		p, err := a.Prefix(64)
		if err == nil {
			return p.Masked().String()
		}
	}
	return a.String()
}
