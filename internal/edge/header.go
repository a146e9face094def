package edge

import (
	"net/http"
	"slices"
	"strings"
)

// The values of Cache-Control.
const (
	ccPage      = "public, max-age=0, s-maxage=2, stale-while-revalidate=30, stale-if-error=86400"
	ccLive      = "public, max-age=0, s-maxage=1, stale-if-error=86400"
	ccShort     = "public, max-age=0, s-maxage=2" // what a public URL says besides 200: 404, redirects
	ccImmutable = "public, max-age=31536000, immutable"
	ccPrivate   = "private, no-store"
	ccNoStore   = "no-store"
)

// field is a header ready to be put into an answer: the name in canonical form, and a slice of
// values that all answers share, so nobody may append to it.
type field struct {
	name   string
	values []string
}

func one(name, value string) field { return field{name, []string{value}} }

// put sets fields without the cost of Header.Set; their names are canonical already.
func put(h http.Header, fields []field) {
	for i := range fields {
		h[fields[i].name] = fields[i].values
	}
}

// security is what every answer carries.
func security(c Config) []field {
	img := "img-src 'self' data: blob:"
	if c.MediaOrigin != "" {
		img += " " + c.MediaOrigin
	}
	csp := []string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", img, "connect-src 'self'",
		"form-action 'self'", "frame-src https://www.youtube-nocookie.com", "frame-ancestors 'none'",
		"base-uri 'none'", "manifest-src 'self'",
	}
	fields := []field{
		one("Content-Security-Policy", strings.Join(csp, "; ")),
		one("X-Content-Type-Options", "nosniff"),
		one("Referrer-Policy", "strict-origin-when-cross-origin"),
		one("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"),
		one("Cross-Origin-Opener-Policy", "same-origin"),
		one(corp, "same-origin"),
	}
	if c.BaseURL.Scheme == "https" {
		fields = append(fields, one("Strict-Transport-Security", "max-age=31536000"))
	}
	return fields
}

const corp = "Cross-Origin-Resource-Policy"

// crossOriginResource lets the site's pages show media that come from a host of their own.
func crossOriginResource(common []field) []field {
	fields := slices.Clone(common)
	for i := range fields {
		if fields[i].name == corp {
			fields[i] = one(corp, "cross-origin")
		}
	}
	return fields
}

// reserved are the headers that only the edge sets; what a handler says of them is dropped.
func reserved(name string) bool {
	switch name {
	case "Cache-Control", "Content-Encoding", "Content-Length", "Date", "Expires", "Pragma", "Vary",
		"X-Cache", "X-Request-Id", "Transfer-Encoding", "Connection":
		return true
	}
	return false
}

// encodings are the content codings that a client takes.
type encodings struct{ gzip, br bool }

// accepted reads Accept-Encoding. A coding named with q=0 is refused; all others count alike,
// since we prefer the smaller one whatever the client prefers.
func accepted(h http.Header) encodings {
	var enc encodings
	for _, line := range h["Accept-Encoding"] {
		for line != "" {
			var part string
			part, line, _ = strings.Cut(line, ",")
			name, params, weighted := strings.Cut(part, ";")
			name = strings.TrimSpace(name)
			if weighted && refused(params) {
				continue
			}
			switch {
			case strings.EqualFold(name, "gzip"):
				enc.gzip = true
			case strings.EqualFold(name, "br"):
				enc.br = true
			}
		}
	}
	return enc
}

// refused reports whether the parameters of a coding are a q of zero.
func refused(params string) bool {
	k, v, _ := strings.Cut(strings.TrimSpace(params), "=")
	return strings.EqualFold(strings.TrimSpace(k), "q") && strings.Trim(strings.TrimSpace(v), "0.") == ""
}

// vary adds a name to the Vary of an answer that a handler may have started.
func vary(h http.Header, name string) {
	for _, v := range h["Vary"] {
		if v == name {
			return
		}
	}
	h["Vary"] = append(slices.Clip(h["Vary"]), name)
}
