package edge

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip" // half the time of the standard one for 4 % more bytes
)

const (
	minCompress = 512 // bytes; below it the coding costs more than it saves
	brotliLevel = 5   // about gzip's time for a tenth less bytes
	etagBytes   = 15  // of the SHA-256 of the body: 20 characters
	overhead    = 2048
)

// entry is one rendering of a page: what was rendered and how old it is.
type entry struct {
	*content
	born     time.Time    // when its handler was started
	renewing atomic.Bool  // a background renewal is under way
	retryAt  atomic.Int64 // Unix nanoseconds before which no renewal starts; not 0 since the last one failed
}

// content is an answer in every coding, ready to be written. Renderings with equal bytes share
// it, so that an unchanged page is compressed once.
type content struct {
	status  int
	fault   string        // code of the error that is shown, "" for none
	keep    bool          // whether a later request may get it
	fresh   time.Duration // how long it is served as it is
	hash    [sha256.Size]byte
	own     []field // headers that the handler set
	plain   *variant
	gzip    *variant                // nil when not worth it
	br      atomic.Pointer[variant] // nil until it was asked for and made
	brStart atomic.Bool
}

// variant is the answer in one coding.
type variant struct {
	etag   string
	body   []byte
	fields []field // everything but X-Cache and X-Request-Id
	lean   []field // fields without those in block
	block  []byte  // the security headers, as they are on the wire
	same   []field // of a 304
}

// cacheable reports whether a status says something about the page rather than about us.
func cacheable(status int) bool {
	switch status {
	case http.StatusOK, http.StatusNotFound, http.StatusGone, http.StatusMovedPermanently, http.StatusFound,
		http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

func (p Policy) pageControl(status int) string {
	switch {
	case status == http.StatusOK && p.live:
		return ccLive
	case status == http.StatusOK:
		return ccPage
	case cacheable(status):
		return ccShort
	}
	return ccNoStore
}

// control tells caches on the way to keep a page for as long as we do.
func (c *content) control(rt *route) string {
	if c.status == http.StatusOK && c.fresh > rt.edge.cfg.Fresh {
		return longControl(c.fresh)
	}
	return rt.Policy.pageControl(c.status)
}

// newEntry makes an answer out of what a page's handler wrote. It takes the compressed bytes of
// the previous rendering when nothing changed.
func newEntry(rt *route, fresh time.Duration, rec *recorder, born time.Time, prev *entry) *entry {
	rec.finish()
	own := ownFields(rec.header)
	hash := digest(rec.status, own, rec.body.Bytes())
	if prev != nil && prev.hash == hash && prev.fresh == fresh {
		return &entry{content: prev.content, born: born}
	}
	c := &content{status: rec.status, fault: rec.fault, keep: cacheable(rec.status), fresh: fresh, hash: hash, own: own}
	body := slices.Clip(bytes.Clone(rec.body.Bytes()))
	c.plain = c.variant(rt, own, "", body)
	if len(body) >= minCompress && compressible(rec.header.Get("Content-Type")) {
		c.gzip = c.variant(rt, own, "gzip", rt.edge.zips.best(body))
	}
	return &entry{content: c, born: born}
}

// ownFields are the headers that a page's handler may set, in a fixed order.
func ownFields(h http.Header) []field {
	var own []field
	for name, values := range h {
		if !reserved(name) && name != "Set-Cookie" && name != "Etag" {
			own = append(own, field{name, slices.Clip(slices.Clone(values))})
		}
	}
	slices.SortFunc(own, func(a, b field) int { return strings.Compare(a.name, b.name) })
	return own
}

func digest(status int, own []field, body []byte) (sum [sha256.Size]byte) {
	h := sha256.New()
	h.Write(strconv.AppendInt(nil, int64(status), 10))
	for _, f := range own {
		h.Write([]byte("\n" + f.name + ":" + strings.Join(f.values, ",")))
	}
	h.Write([]byte("\n\n"))
	h.Write(body)
	h.Sum(sum[:0])
	return sum
}

func (c *content) variant(rt *route, own []field, coding string, body []byte) *variant {
	v := &variant{body: body}
	fixed := without(rt.security, own)
	v.block = lines(fixed)
	v.lean = append(slices.Clone(own),
		one("Cache-Control", c.control(rt)), one("Vary", "Accept-Encoding"),
		one("Content-Length", strconv.Itoa(len(body))))
	if rt.Policy.bearer { // for caches between us and the client; their readers with tokens come here
		v.lean = append(v.lean, rt.edge.cors...)
		v.lean[len(own)+1] = one("Vary", "Accept-Encoding, Authorization")
	}
	if coding != "" {
		v.lean = append(v.lean, one("Content-Encoding", coding))
	}
	if c.status == http.StatusOK {
		v.etag = `"` + base64.RawURLEncoding.EncodeToString(c.hash[:etagBytes])
		if coding != "" {
			v.etag += "-" + coding
		}
		v.etag += `"`
		v.lean = append(v.lean, one("Etag", v.etag))
	}
	v.fields = append(fixed, v.lean...)
	for _, f := range v.fields {
		if !strings.HasPrefix(f.name, "Content-") || f.name == "Content-Security-Policy" {
			v.same = append(v.same, f)
		}
	}
	return v
}

// without is a copy of fields less those that a handler has set itself.
func without(fields, own []field) []field {
	return slices.DeleteFunc(slices.Clone(fields), func(f field) bool {
		return slices.ContainsFunc(own, func(o field) bool { return o.name == f.name })
	})
}

// compressible reports whether bytes of this type shrink.
func compressible(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	switch t = strings.TrimSpace(t); t {
	case "application/json", "application/problem+json", "application/javascript", "application/xml",
		"application/atom+xml", "application/rss+xml", "application/manifest+json", "image/svg+xml":
		return true
	}
	return strings.HasPrefix(t, "text/")
}

// zips keeps gzip writers, each of which costs about a megabyte to make.
type zips struct{ fastPool, bestPool sync.Pool }

// fast is for answers that are sent once.
func (z *zips) fast(body []byte) []byte { return zip(&z.fastPool, gzip.BestSpeed, body) }

// best is for answers that are sent many times.
func (z *zips) best(body []byte) []byte { return zip(&z.bestPool, gzip.DefaultCompression, body) }

func zip(pool *sync.Pool, level int, body []byte) []byte {
	var b bytes.Buffer
	w, ok := pool.Get().(*gzip.Writer)
	if ok {
		w.Reset(&b)
	} else {
		w, _ = gzip.NewWriterLevel(&b, level) // the levels above are valid
	}
	_, _ = w.Write(body) // a bytes.Buffer takes everything
	_ = w.Close()
	pool.Put(w)
	return slices.Clip(b.Bytes())
}

// addBrotli makes the br variant. It runs in the background, once per content.
func (c *content) addBrotli(rt *route) {
	var b bytes.Buffer
	z := brotli.NewWriterLevel(&b, brotliLevel)
	_, _ = z.Write(c.plain.body) // a bytes.Buffer takes everything
	_ = z.Close()
	c.br.Store(c.variant(rt, c.own, "br", slices.Clip(b.Bytes())))
}

// weight is the memory of an entry, with a place kept for the br variant.
func (c *content) weight() uint32 {
	n := overhead + len(c.plain.body)
	if c.gzip != nil {
		n += 2 * len(c.gzip.body)
	}
	return uint32(n)
}

// choose picks the variant for a client, and whether the client has it already. Any variant that
// the client may take and holds will do, so that a variant made later costs nobody a download.
func (c *content) choose(h http.Header) (v *variant, held bool) {
	v = c.plain
	var known string
	if list := h["If-None-Match"]; list != nil && c.plain.etag != "" {
		known = strings.Join(list, ",")
		held = holds(known, v.etag)
	}
	if c.gzip == nil {
		return v, held
	}
	enc := accepted(h)
	if enc.gzip && (!held || known == "*") {
		v = c.gzip
		held = known != "" && holds(known, v.etag)
	}
	if br := c.br.Load(); br != nil && enc.br && (!held || known == "*") {
		v = br
		held = known != "" && holds(known, v.etag)
	}
	return v, held
}

// holds does the weak comparison of RFC 9110: the tags are quoted, so a part never matches.
func holds(known, etag string) bool {
	return strings.TrimSpace(known) == "*" || strings.Contains(known, etag)
}
