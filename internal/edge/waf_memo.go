package edge

import (
	"hash/maphash"
	"net/http"
	"net/netip"
	"strings"
)

// innocents are requests in which the rules found nothing, so that the same need not be looked at
// twice: most requests differ from one before in nothing but a number, a key or an address of ours.
type innocents struct{ *recent }

// key is one number for all that the rules would see of a request, with what cannot be an attack
// blurred.
func (in *innocents) key(r *http.Request, fields []argument) uint64 {
	var h maphash.Hash
	h.SetSeed(in.seed)
	part := func(s string) { // its length first, so that no two rows of parts read alike
		n := len(s)
		h.Write([]byte{byte(n), byte(n >> 8), byte(n >> 16)})
		h.WriteString(s)
	}
	part(r.Method)
	part(r.Proto)
	part(r.Host)
	part(blurPath(r.URL.EscapedPath()))
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		part(name)
		part(blur(value))
	}
	part("fields")
	for _, f := range fields {
		part(f.name)
		part(blur(f.value))
	}
	return h.Sum64() + in.headers(r.Header)
}

// headers adds up the lines, whose order is random in memory and no matter to the rules.
func (in *innocents) headers(h http.Header) (sum uint64) {
	for name, values := range h {
		if name == "Authorization" { // never shown to the rules
			continue
		}
		for _, v := range values {
			if name == "Cookie" {
				v = foreignCookies(v)
			}
			sum += maphash.String(in.seed, name+"\x00"+blurHeader(name, v))
		}
	}
	return sum
}

func blurHeader(name, v string) string {
	switch name {
	case "X-Forwarded-For", "X-Real-Ip":
		for a := range strings.SplitSeq(v, ",") {
			if _, err := netip.ParseAddr(strings.TrimSpace(a)); err != nil {
				return v
			}
		}
		return "addresses"
	case "Content-Length", "X-Request-Id", "Idempotency-Key":
		return blur(v)
	case "If-None-Match":
		if tag, ok := strings.CutPrefix(v, `"`); ok && plainKey(strings.TrimSuffix(tag, `"`)) {
			return "tag"
		}
	}
	return v
}

// blur makes all numbers one, and all keys made at random one. An address of this site keeps its
// words.
func blur(v string) string {
	switch {
	case digits(v):
		return "0"
	case plainKey(v):
		return "key"
	case strings.HasPrefix(v, "/") || strings.HasPrefix(v, "%2F"):
		return blurPath(strings.ReplaceAll(v, "%2F", "/"))
	}
	return v
}

// blurPath makes all numbers in a path one.
func blurPath(path string) string {
	if !strings.ContainsAny(path, "0123456789") {
		return path
	}
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if digits(p) {
			parts[i] = "0"
		}
	}
	return strings.Join(parts, "/")
}

// digits reports whether s is a number as ours are.
func digits(s string) bool {
	return s != "" && len(s) <= 20 && strings.Trim(s, "0123456789") == ""
}

// plainKey reports whether s can be nothing but a UUID or a hash: hexadecimal digits, and single
// hyphens between them.
func plainKey(s string) bool {
	return len(s) >= 16 && len(s) <= 64 && strings.Trim(s, "0123456789abcdef-") == "" && !strings.Contains(s, "--")
}
