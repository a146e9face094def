package edge

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"

	"lightstick/internal/observe"
)

// RYWCookie is the cookie of a client that has just written. It takes the client's requests for
// public pages around every cache; its value is the store's read-your-writes token.
const RYWCookie = "ls_ryw"

// RYWHeader is the same for clients without cookies; it goes before the cookie.
const RYWHeader = "Lightstick-Seen"

const (
	maxRYW  = 256 // bytes of a token
	maxHops = 32  // proxies that X-Forwarded-For may name
)

// call is what the edge knows of one request, in the context of its handler.
type call struct {
	id  string
	ip  netip.Addr
	ryw string
}

type callKey struct{}

func withCall(ctx context.Context, c call) context.Context {
	return context.WithValue(observe.WithRequestID(ctx, c.id), callKey{}, c)
}

func callOf(ctx context.Context) call {
	c, _ := ctx.Value(callKey{}).(call)
	return c
}

// RequestID is the id of the request, as in X-Request-Id and the log; "" outside of a request.
func RequestID(ctx context.Context) string { return observe.RequestID(ctx) }

// ClientIP is the client's address. It is invalid in the context of a Page handler, whose
// answer must not depend on the client.
func ClientIP(ctx context.Context) netip.Addr { return callOf(ctx).ip }

// ReadYourWrites is the read-your-writes token of a client that has just written, else "".
func ReadYourWrites(ctx context.Context) string { return callOf(ctx).ryw }

// token reads the RYW header or cookie; a value that no store of ours would write counts as none.
func token(h http.Header) string {
	if !mayBypass(h) {
		return ""
	}
	if v := h[RYWHeader]; v != nil && len(v[0]) <= maxRYW {
		return v[0]
	}
	c, err := (&http.Request{Header: h}).Cookie(RYWCookie)
	if err != nil || len(c.Value) > maxRYW {
		return ""
	}
	return c.Value
}

// mayBypass is a cheap first look for the RYW header and cookie.
func mayBypass(h http.Header) bool {
	if h[RYWHeader] != nil {
		return true
	}
	for _, line := range h["Cookie"] {
		if strings.Contains(line, RYWCookie+"=") {
			return true
		}
	}
	return false
}

// peer is the address of the other end of the connection.
func peer(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return clean(ap.Addr())
}

func clean(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func (e *Edge) trusts(a netip.Addr) bool { return within(e.cfg.TrustedProxies, a) }

// client says who is asking, and under which request id. Only a trusted proxy may name either.
func (e *Edge) client(r *http.Request) (netip.Addr, string) {
	ip := peer(r)
	if len(e.cfg.TrustedProxies) == 0 || !e.trusts(ip) {
		return ip, e.ids.next()
	}
	id := r.Header.Get("X-Request-Id")
	if !validID(id) {
		id = e.ids.next()
	}
	return e.forwarded(ip, r.Header["X-Forwarded-For"]), id
}

// forwarded walks X-Forwarded-For from the right, where the nearest proxy wrote, as long as the
// one who wrote is trusted. What cannot be read ends the walk: everything left of it is hearsay.
func (e *Edge) forwarded(ip netip.Addr, lines []string) netip.Addr {
	hops := 0
	for i := len(lines) - 1; i >= 0; i-- {
		for line := lines[i]; line != ""; {
			var last string
			if j := strings.LastIndexByte(line, ','); j >= 0 {
				line, last = line[:j], line[j+1:]
			} else {
				line, last = "", line
			}
			next, ok := parseHop(strings.TrimSpace(last))
			if hops++; !ok || hops > maxHops {
				return ip
			}
			ip = next
			if !e.trusts(ip) {
				return ip
			}
		}
	}
	return ip
}

// parseHop reads an address with or without a port, IPv6 with or without brackets.
func parseHop(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return clean(a), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return clean(ap.Addr()), true
	}
	if n := len(s); n > 2 && s[0] == '[' && s[n-1] == ']' {
		if a, err := netip.ParseAddr(s[1 : n-1]); err == nil {
			return clean(a), true
		}
	}
	return netip.Addr{}, false
}

const maxID = 64 // bytes of a request id that a proxy hands us

func validID(s string) bool {
	if s == "" || len(s) > maxID {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '_', c == '=':
		default:
			return false
		}
	}
	return true
}

// ids makes request ids: 40 random bits per process, then a counter, in base 32. They are
// unique, cheap and no secret.
type ids struct {
	prefix  [8]byte
	counter *atomic.Uint64
}

const base32 = "0123456789abcdefghjkmnpqrstvwxyz"

func newIDs() ids {
	var seed [8]byte
	_, _ = rand.Read(seed[:]) // never fails: crypto/rand ends the process instead
	id := ids{counter: new(atomic.Uint64)}
	encode(id.prefix[:], binary.LittleEndian.Uint64(seed[:]))
	return id
}

func (g ids) next() string {
	var b [16]byte
	copy(b[:], g.prefix[:])
	encode(b[8:], g.counter.Add(1))
	return string(b[:])
}

// encode writes the low 5*len(b) bits of n.
func encode(b []byte, n uint64) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = base32[n&31]
		n >>= 5
	}
}
