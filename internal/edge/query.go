package edge

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"lightstick/internal/fault"
)

const (
	maxURL   = 2 << 10 // bytes of a request's path and query
	maxValue = 512     // bytes of one decoded query value of a page
)

// checkURL refuses what no link of ours contains. NUL, control characters, encoded slashes,
// backslashes and invalid UTF-8 are malformed; empty and dot segments name nothing here.
func checkURL(r *http.Request) error {
	path := r.URL.Path
	switch {
	case len(r.RequestURI) > maxURL:
		return fault.New(fault.URITooLong, "url_too_long", "The address is longer than {max} bytes.", "max", maxURL)
	case path == "" || path[0] != '/':
		return badPath()
	case !text(path) || strings.IndexByte(path, '\\') >= 0 || encodedSlash(r.URL.RawPath):
		return badPath()
	case oddSegment(path):
		return notFound()
	}
	return nil
}

func badPath() error {
	return fault.New(fault.Malformed, "bad_path", "The address contains characters that no page of ours has.")
}

func notFound() error {
	return fault.New(fault.NotFound, "not_found", "There is nothing at this address.")
}

// encodedSlash looks at RawPath, which net/url sets whenever a path holds an encoded slash.
func encodedSlash(raw string) bool {
	for i := strings.IndexByte(raw, '%'); i >= 0 && i+2 < len(raw); {
		if raw[i+1] == '2' && raw[i+2]|0x20 == 'f' {
			return true
		}
		next := strings.IndexByte(raw[i+1:], '%')
		if next < 0 {
			return false
		}
		i += 1 + next
	}
	return false
}

// oddSegment reports an empty, "." or ".." segment; the last one may be empty (a trailing slash).
func oddSegment(path string) bool {
	for rest := path[1:]; ; {
		segment, more, found := strings.Cut(rest, "/")
		if segment == "." || segment == ".." || segment == "" && found {
			return true
		}
		if !found {
			return false
		}
		rest = more
	}
}

// text reports whether s is valid UTF-8 without control characters.
func text(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] == 0x7f {
			return false
		}
	}
	return utf8.ValidString(s)
}

// canonicalQuery keeps the first value of each allowed name (sorted), in the one encoding that
// makes equal queries equal strings. Names that are not allowed are dropped unread.
func canonicalQuery(raw string, allowed []string) (string, error) {
	if raw == "" || len(allowed) == 0 {
		return "", nil
	}
	values := make([]string, len(allowed))
	seen := make([]bool, len(allowed))
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			continue
		}
		i, ok := slices.BinarySearch(allowed, name)
		if !ok || seen[i] {
			continue
		}
		seen[i] = true
		if values[i], err = url.QueryUnescape(value); err != nil || !text(values[i]) {
			return "", fault.New(fault.Malformed, "bad_query", "The parameter {name} cannot be read.", "name", name)
		}
		if len(values[i]) > maxValue {
			return "", fault.New(fault.Malformed, "query_too_long", "The parameter {name} is longer than {max} bytes.", "name", name, "max", maxValue)
		}
	}
	return joinQuery(allowed, values), nil
}

func joinQuery(names, values []string) string {
	var b strings.Builder
	for i, v := range values {
		if v == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(names[i]))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(v))
	}
	return b.String()
}

// pageURL is the one URL of a page: canonical path, canonical query.
func pageURL(u *url.URL, allowed []string) (*url.URL, error) {
	query, err := canonicalQuery(u.RawQuery, allowed)
	if err != nil {
		return nil, err
	}
	return &url.URL{Path: u.Path, RawQuery: query}, nil
}
