package markup

import (
	"bytes"
	"net/url"
	"strings"
)

const (
	maxURL    = 2000 // bytes; a longer address stays text
	minHandle = 3
	maxHandle = 20
)

// urlAt finds a bare address around the colon at src[colon]; it begins at src[low] or later.
// Only ASCII belongs to a bare address, because Korean, Japanese and Chinese put the next word
// right behind it.
func urlAt(src []byte, low, colon int) (start, end int, ok bool) {
	if !bytes.HasPrefix(src[colon:], []byte("://")) {
		return 0, 0, false
	}
	start = colon - 4
	if start >= low && (src[start]|0x20) == 't' { // the second letter of "https"
		start--
	}
	if start < low || start > 0 && isAlnum(src[start-1]) {
		return 0, 0, false
	}
	if scheme := string(bytes.ToLower(src[start:colon])); scheme != "http" && scheme != "https" {
		return 0, 0, false
	}
	host := hostEnd(src, colon+3)
	if host == 0 {
		return 0, 0, false
	}
	end = start + trimURL(src[start:pathEnd(src, host, start+maxURL)], start > 0 && src[start-1] == '_')
	if end < host {
		return 0, 0, false
	}
	_, ok = parseLink(string(src[start:end]))
	return start, end, ok
}

// hostEnd is where the host and port that begin at src[i] end; 0 if that is no host with a dot.
// Whatever is no address must be known early: else a text of a thousand beginnings would be read
// a thousand times.
func hostEnd(src []byte, i int) int {
	const maxHost = 253
	end := i
	for end < len(src) && end-i < maxHost && (isAlnum(src[end]) || src[end] == '.' || src[end] == '-') {
		end++
	}
	for end > i && !isAlnum(src[end-1]) { // the full stop of the sentence
		end--
	}
	if bytes.IndexByte(src[i:end], '.') <= 0 || !isAlnum(src[i]) {
		return 0
	}
	port := end
	if port < len(src) && src[port] == ':' {
		port++
	}
	digits := port
	for port < len(src) && port-digits < 5 && src[port] >= '0' && src[port] <= '9' {
		port++
	}
	if port > digits && digits > end {
		return port
	}
	return end
}

// pathEnd is where the path, query and fragment that begin at src[i] end, before limit.
func pathEnd(src []byte, i, limit int) int {
	if i >= len(src) || strings.IndexByte("/?#", src[i]) < 0 {
		return i
	}
	for ; i < min(len(src), limit) && isURLByte(src[i]); i++ {
		if src[i] == '%' && (i+2 >= len(src) || !isHex(src[i+1]) || !isHex(src[i+2])) {
			break
		}
	}
	return i
}

// trimURL is the length of a bare address without the punctuation of the sentence around it.
// An underscore is only taken for emphasis when one stands before the address too.
func trimURL(u []byte, underscore bool) int {
	open, shut := bytes.Count(u, []byte("(")), bytes.Count(u, []byte(")"))
	for i := len(u); i > 0; i-- {
		switch c := u[i-1]; {
		case c == ')' && shut > open:
			shut--
		case c == '_' && underscore, strings.IndexByte("?!.,:;*~'", c) >= 0:
		default:
			return i
		}
	}
	return 0
}

func isURLByte(c byte) bool {
	return isAlnum(c) || strings.IndexByte("-._~:/?#@!$&'()*+,;=%", c) >= 0
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// mentionEnd is where the mention that begins with the @ at src[at] ends, or 0 if there is none.
// What stands in an e-mail address, in a path or in an address of another network is no mention.
func mentionEnd(src []byte, at int) int {
	if src[at] != '@' {
		return 0
	}
	if at > 0 {
		if c := src[at-1]; isAlnum(c) || strings.IndexByte("_@/+-", c) >= 0 {
			return 0
		}
	}
	end := at + 1
	for end < len(src) && (isAlnum(src[end]) || src[end] == '_') {
		end++
	}
	if n := end - at - 1; n < minHandle || n > maxHandle || end < len(src) && src[end] == '@' {
		return 0
	}
	return end
}

// link is an address that is safe in an href.
type link struct {
	href    string // parses to itself
	host    string // without www.; empty for our own pages
	youtube string // the id of the video, if it is one
}

// parseLink refuses every address but http and https with a host and without a password, and
// those of our own pages that begin with one slash.
func parseLink(raw string) (link, bool) {
	if len(raw) > maxURL || strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == '\\' || unfit(r) }) {
		return link{}, false
	}
	u, err := url.Parse(raw)
	if err != nil || u.User != nil || u.Opaque != "" {
		return link{}, false
	}
	href := u.String()
	// An address that changes when read again could mean something else to the browser.
	again, err := url.Parse(href)
	if err != nil || again.String() != href {
		return link{}, false
	}
	switch u.Scheme {
	case "http", "https":
		host := strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
		return link{href: href, host: host, youtube: youtubeID(host, u)}, host != ""
	case "":
		own := strings.HasPrefix(href, "/") && !strings.HasPrefix(href, "//")
		return link{href: href}, own && u.Host == ""
	}
	return link{}, false
}

func youtubeID(host string, u *url.URL) string {
	id := ""
	switch host {
	case "youtu.be":
		id = strings.TrimPrefix(u.Path, "/")
	case "youtube.com", "m.youtube.com", "music.youtube.com", "youtube-nocookie.com":
		if u.Path == "/watch" {
			id = u.Query().Get("v")
			break
		}
		for _, prefix := range []string{"/shorts/", "/embed/", "/live/"} {
			if rest, ok := strings.CutPrefix(u.Path, prefix); ok {
				id = rest
			}
		}
	}
	if len(id) != 11 || strings.ContainsFunc(id, func(r rune) bool {
		return r >= 0x80 || !isAlnum(byte(r)) && r != '-' && r != '_'
	}) {
		return ""
	}
	return id
}

// shown is how an address reads when nothing better is known.
func (l link) shown() string {
	s := l.href
	for _, p := range []string{"https://", "http://"} {
		s = strings.TrimPrefix(s, p)
	}
	return Excerpt(strings.TrimSuffix(strings.TrimPrefix(s, "www."), "/"), 80)
}
