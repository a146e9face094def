package edge

import (
	"context"
	"net/http"
	"net/netip"
	"time"
)

// CanonicalQuery is canonicalQuery, for its fuzz test.
func CanonicalQuery(raw string, allowed []string) (string, error) {
	return canonicalQuery(raw, allowed)
}

// Forwarded is the client's address behind these proxies, for its fuzz test.
func Forwarded(peer string, lines []string, trusted ...netip.Prefix) netip.Addr {
	e := &Edge{cfg: Config{TrustedProxies: trusted}, ids: newIDs()}
	ip, _ := e.client(&http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": lines}})
	return ip
}

// Gate at work, for its tests.

// FixedGate has always the same number of places, taken away by the guard only.
func FixedGate(places uint, guard time.Duration) *Gate {
	return newGate(Bounds{Min: 1, Start: places, Max: places, Guard: guard}, time.Now, newCounts().of(Reads))
}

// FixedGates are gates with so many places for reads and for writes.
func FixedGates(reads, writes uint) *Gates {
	gs := &Gates{}
	for b := Reads; b < bottlenecks; b++ {
		gs.gates[b] = newGate(Bounds{Min: 8, Start: 8, Max: 8}, time.Now, newCounts().of(b))
	}
	gs.gates[Reads] = newGate(Bounds{Min: reads, Start: reads, Max: reads}, time.Now, newCounts().of(Reads))
	gs.gates[Writes] = newGate(Bounds{Min: writes, Start: writes, Max: writes}, time.Now, newCounts().of(Writes))
	return gs
}

// Gate is the gate of a bottleneck.
func (gs *Gates) Gate(b Bottleneck) *Gate { return gs.of(b) }

// Enter takes a place; leave gives it back.
func (g *Gate) Enter(ctx context.Context, c Class) (leave func(served bool), err error) {
	p, err := g.enter(ctx, c)
	return p.leave, err
}

// Load is how full the gate is.
func (g *Gate) Load() (limit, inside, waiting int) {
	limit, in, wait := g.load()
	for c := range in {
		inside += in[c]
		waiting += wait[c]
	}
	return limit, inside, waiting
}

// Len is how many connections there are.
func (c *Crowd) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.conns)
}
