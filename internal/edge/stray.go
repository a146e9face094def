package edge

import (
	"net/http"
	"slices"
	"strings"

	"lightstick/internal/fault"
)

// refuse answers a request that reaches no handler, whatever its method.
func (e *Edge) refuse(w http.ResponseWriter, r *http.Request, t *trail, err error) {
	e.unmatchedAnswer(w, r, t, err, nil)
}

// unmatchedAnswer shows an error through Fail with a request that holds nothing of the client,
// since a 404 of a public URL may be kept by caches.
func (e *Edge) unmatchedAnswer(w http.ResponseWriter, r *http.Request, t *trail, err error, allow []string) {
	bare := newRender(t.rt, r, r.URL, t).req
	rec := newRecorder()
	t.rt.show(rec, bare.WithContext(withCall(r.Context(), call{id: t.id})), err, nil)
	delete(rec.header, "Set-Cookie")
	if allow != nil {
		rec.header["Allow"] = allow
	}
	cc := ccNoStore
	if safe(r.Method) && rec.status == http.StatusNotFound {
		cc = ccShort
	}
	t.rt.emit(w, r, rec, cc, t)
}

// stray answers what matches no route: a redirect to the one spelling of a path, a preflight, a
// 405 that says what would be allowed, or a 404.
func (e *Edge) stray(w http.ResponseWriter, r *http.Request, found http.Handler, t *trail) {
	rec := newRecorder()
	found.ServeHTTP(rec, r) // of ServeMux: an error or a redirect
	switch {
	case rec.status == http.StatusMethodNotAllowed && e.preflight(w, r, t):
	case rec.status == http.StatusMethodNotAllowed:
		err := fault.New(fault.MethodNotAllowed, "method_not_allowed", "This address does not take {method}.", "method", r.Method)
		e.unmatchedAnswer(w, r, t, err, rec.header["Allow"])
	case rec.status >= 300 && rec.status < 400 && safe(r.Method):
		e.redirect(w, r, t, rec.header.Get("Location"))
	case e.withoutSlash(r):
		e.redirect(w, r, t, strings.TrimRight(r.URL.EscapedPath(), "/")+query(r))
	default:
		e.refuse(w, r, t, notFound())
	}
}

func query(r *http.Request) string {
	if r.URL.RawQuery == "" {
		return ""
	}
	return "?" + r.URL.RawQuery
}

// withoutSlash reports whether the path minus its trailing slash is a route: the spelling
// without the slash is the only one, the other leads there.
func (e *Edge) withoutSlash(r *http.Request) bool {
	path, ok := strings.CutSuffix(r.URL.Path, "/")
	if !ok || path == "" || !safe(r.Method) {
		return false
	}
	return e.lookup(r, r.Method, path) != nil
}

func (e *Edge) lookup(r *http.Request, method, path string) *route {
	u := *r.URL
	u.Path, u.RawPath = path, ""
	probe := &http.Request{Method: method, URL: &u, Host: r.Host}
	h, _ := e.mux.Handler(probe)
	rt, _ := h.(*route)
	return rt
}

func (e *Edge) redirect(w http.ResponseWriter, r *http.Request, t *trail, to string) {
	rec := newRecorder()
	rec.header.Set("Location", to)
	rec.WriteHeader(http.StatusPermanentRedirect)
	t.rt.emit(w, r, rec, ccShort, t)
}

// cors lets scripts of any origin read the answers of a bearer route. Browsers send no cookies
// to a "*" origin, and such a request would not pass the origin check with them.
func cors() []field {
	return []field{
		one("Access-Control-Allow-Origin", "*"),
		one("Access-Control-Expose-Headers", "ETag, Location, Link, Retry-After, X-Request-Id, Idempotency-Replayed, "+RYWHeader),
	}
}

// preflight answers the question of a browser whether a script of another origin may call a
// bearer route. It reports whether it did.
func (e *Edge) preflight(w http.ResponseWriter, r *http.Request, t *trail) bool {
	method := r.Header.Get("Access-Control-Request-Method")
	if r.Method != http.MethodOptions || r.Header.Get("Origin") == "" {
		return false
	}
	if !slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}, method) {
		return false
	}
	rt := e.lookup(r, method, r.URL.Path)
	if rt == nil || !rt.Policy.bearer {
		return false
	}
	t.rt = rt
	rec := newRecorder()
	put(rec.header, e.cors[:1])
	rec.header.Set("Access-Control-Allow-Methods", method)
	rec.header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, "+RYWHeader)
	rec.header.Set("Access-Control-Max-Age", "7200")
	rec.WriteHeader(http.StatusNoContent)
	rt.emit(w, r, rec, ccNoStore, t)
	return true
}
