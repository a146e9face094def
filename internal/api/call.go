package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"lightstick/internal/edge"
	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// call is one request on its way through huma.
type call struct {
	r      *http.Request
	once   *forum.Once // nil without an Idempotency-Key
	whole  bool        // the body was read to its end, so the fingerprint is complete
	answer *answer
	err    error
}

// answer is what is sent, or stored to be sent again.
type answer struct {
	status   int
	location string
	etag     string
	link     string
	finish   func(http.ResponseWriter) // sets what is never stored: cookies
	body     []byte
	replayed bool
}

type callKey struct{}

func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

// sink is where huma writes. Answers are written by this package, errors by the edge.
type sink http.Header

func (s sink) Header() http.Header         { return http.Header(s) }
func (s sink) Write(p []byte) (int, error) { return len(p), nil }
func (s sink) WriteHeader(int)             {}

// serve lets huma parse and validate a request and call the operation.
func (a *API) serve(o *op, h http.HandlerFunc) edge.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		c := &call{}
		ctx := context.WithValue(r.Context(), callKey{}, c)
		c.r = r.WithContext(ctx)
		if err := c.open(a, o); err != nil {
			return err
		}
		h(sink{}, c.r)
		if c.err != nil {
			return c.err
		}
		return c.answer.write(w, r)
	}
}

// open reads the Idempotency-Key and the JSON body.
func (c *call) open(a *API, o *op) error {
	if c.r.Method == http.MethodPost {
		if err := c.openOnce(a); err != nil {
			return err
		}
	}
	if !o.json {
		c.hashStream()
		return nil
	}
	if err := jsonType(c.r.Header); err != nil {
		return err
	}
	body, err := io.ReadAll(c.r.Body)
	if err != nil {
		return readFault(err)
	}
	if err := checkJSON(body); err != nil {
		return err
	}
	c.r.Body = io.NopCloser(bytes.NewReader(body))
	if c.once != nil {
		h := c.fingerprint()
		h.Write(body)
		h.Sum(c.once.Fingerprint[:0])
		c.whole = true
	}
	return nil
}

// readFault tells a body that is too large (the edge names the limit) from one that broke off.
func readFault(err error) error {
	if strings.Contains(err.Error(), "request body too large") {
		return err
	}
	return fault.Wrap(err, fault.Malformed, "body_incomplete", "The body ended before it was complete.")
}

func jsonType(h http.Header) error {
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err == nil && (t == "application/json" || t == "application/merge-patch+json") {
		return nil
	}
	return fault.New(fault.Unsupported, "json_only", "Send the body as JSON, with Content-Type: application/json.")
}

const maxKey = 128 // bytes of an Idempotency-Key

// openOnce reads the Idempotency-Key, quoted as the draft has it or bare as most clients send it.
func (c *call) openOnce(a *API) error {
	values := c.r.Header.Values("Idempotency-Key")
	if len(values) == 0 {
		return nil
	}
	key := values[0]
	if len(key) >= 2 && key[0] == '"' && key[len(key)-1] == '"' {
		key = key[1 : len(key)-1]
	}
	printable := !strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' })
	if len(values) > 1 || key == "" || len(key) > maxKey || !printable {
		return fault.New(fault.Malformed, "bad_idempotency_key", "Send one Idempotency-Key of 1 to {max} printable ASCII characters without blanks.", "max", maxKey)
	}
	c.once = &forum.Once{Key: key}
	if actor := a.Actor(c.r.Context()); !actor.Guest() {
		c.once.Owner = actor.ID
		return nil
	}
	// Guests have no id. Their keys are kept apart by address, so that nobody is answered with
	// what somebody else was told.
	sum := sha256.Sum256([]byte(edge.ClientIP(c.r.Context()).String() + "\x00" + key))
	c.once.Key = base64.RawURLEncoding.EncodeToString(sum[:])
	return nil
}

// fingerprint begins the hash of method, path and body.
func (c *call) fingerprint() hash.Hash {
	h := sha256.New()
	io.WriteString(h, c.r.Method+" "+c.r.URL.RequestURI()+"\n")
	return h
}

// hashStream takes the fingerprint of a body while its operation reads it: it is complete when
// the body is, which is before anything is stored.
func (c *call) hashStream() {
	if c.once == nil {
		return
	}
	h := c.fingerprint()
	h.Sum(c.once.Fingerprint[:0])
	c.whole = c.r.ContentLength == 0
	c.r.Body = &hashing{ReadCloser: c.r.Body, hash: h, call: c}
}

type hashing struct {
	io.ReadCloser
	hash hash.Hash
	call *call
}

func (b *hashing) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.hash.Write(p[:n])
	if err == io.EOF {
		b.hash.Sum(b.call.once.Fingerprint[:0])
		b.call.whole = true
	}
	return n, err
}

// write sends the answer, or 304 when the client has it.
func (n *answer) write(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	for name, value := range map[string]string{"ETag": n.etag, "Location": n.location, "Link": n.link} {
		if value != "" {
			h.Set(name, value)
		}
	}
	if n.finish != nil {
		n.finish(w)
	}
	if token := forum.ReadingFrom(r.Context()).Token(); token != "" {
		h.Set(edge.RYWHeader, token)
	}
	if n.replayed {
		h.Set("Idempotency-Replayed", "true")
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		if noneMatch(r.Header.Get("If-None-Match"), n.etag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	if n.body != nil {
		h.Set("Content-Type", "application/json")
		h.Set("Content-Length", strconv.Itoa(len(n.body)))
	}
	w.WriteHeader(n.status)
	_, err := w.Write(n.body)
	return err
}
