package edge

import (
	"net/http"
	"net/netip"
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
