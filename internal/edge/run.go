package edge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"lightstick/internal/fault"
)

// serve is everything but the hot path: it finds the route and lets its policy answer.
func (e *Edge) serve(w http.ResponseWriter, r *http.Request, start time.Time) {
	t := &trail{start: start, rt: e.unmatched}
	t.ip, t.id = e.client(r)
	defer func() { e.finish(r, t) }()
	if err := checkURL(r); err != nil {
		e.refuse(w, r, t, err)
		return
	}
	found, _ := e.mux.Handler(r)
	rt, ok := found.(*route)
	if !ok {
		e.stray(w, r, found, t)
		return
	}
	t.rt = rt
	// Only ServeMux itself sets path values, so it is asked again to call the route.
	e.mux.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), trailKey{}, t)))
}

type trailKey struct{}

// ServeHTTP is called by the mux, which has set the path values of r.
func (rt *route) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t := r.Context().Value(trailKey{}).(*trail)
	switch rt.Policy.kind {
	case kindPage:
		if rt.named(r) {
			rt.private(w, r, t)
			return
		}
		rt.edge.pages.serve(w, r, rt, t)
	case kindImmutable:
		rt.stream(w, r, t)
	case kindOpen, kindProbe:
		rt.open(w, r, t)
	case kindBeacon:
		rt.note(w, r, t)
	default:
		rt.private(w, r, t)
	}
}

// named reports whether a token asks for a page that takes tokens.
func (rt *route) named(r *http.Request) bool { return rt.Policy.bearer && bearer(r.Header) }

// run calls a handler, the route's own or one around it, and turns whatever goes wrong into an
// answer.
func (rt *route) run(rec *recorder, r *http.Request, h Handler) {
	if stack, err := guard(h, rec, r); err != nil {
		rt.show(rec, r, err, stack)
	}
}

// guard turns a panic into an error with its stack.
func guard(h Handler, w http.ResponseWriter, r *http.Request) (stack []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			stack, err = debug.Stack(), fmt.Errorf("panic: %v", p)
		}
	}()
	return nil, h(w, r)
}

// show logs an error, lets Config.Fail render it and notes its code.
func (rt *route) show(rec *recorder, r *http.Request, err error, stack []byte) {
	err = bodyFault(err)
	f := fault.From(err)
	rt.log(r, err, f, stack)
	if f.RetryAfter > 0 {
		f = spread(f)
		err = f
	}
	if b, ok := r.Body.(*again); ok { // for a page that gives back what was typed
		_, _ = b.Seek(0, io.SeekStart) // to the start, which is there
	}
	rec.reset()
	rec.fault = f.Code
	failStack, failErr := guard(func(w http.ResponseWriter, r *http.Request) error {
		rt.edge.cfg.Fail(w, r, err)
		return nil
	}, rec, r)
	if failErr != nil {
		rt.log(r, failErr, fault.From(failErr), failStack)
		rec.reset()
		rec.header.Set("Content-Type", "text/plain; charset=utf-8")
		rec.WriteHeader(f.Kind.Status())
		_, _ = rec.WriteString(f.Message + "\n") // far below the recorder's bound
	}
	if f.RetryAfter > 0 && rec.header.Get("Retry-After") == "" {
		rec.header.Set("Retry-After", strconv.FormatInt(seconds(f.RetryAfter), 10))
	}
}

// spread is a fault whose clients come back in whole seconds and, where they were all turned away
// at the same moment, not all in the same one.
func spread(f *fault.Error) *fault.Error {
	wait := seconds(f.RetryAfter)
	if f.Kind == fault.Unavailable {
		wait += rand.Int64N(4)
	}
	s := *f
	s.RetryAfter = time.Duration(wait) * time.Second
	return &s
}

// bodyFault finds a body that was too large behind whatever a parser made of it.
func bodyFault(err error) error {
	if big, ok := errors.AsType[*http.MaxBytesError](err); ok && fault.KindOf(err) != fault.TooLarge {
		return fault.Wrap(err, fault.TooLarge, "body_too_large", "That is more than the {max} bytes we take here.", "max", big.Limit)
	}
	return err
}

// log writes faults of ours with their cause; what clients do wrong is in the access line only.
func (rt *route) log(r *http.Request, err error, f *fault.Error, stack []byte) {
	if f.Kind != fault.Internal && (f.Kind != fault.Unavailable || f.Cause == nil) {
		return
	}
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // the client left
	}
	attrs := []slog.Attr{slog.String("route", rt.Policy.name), slog.String("code", f.Code), slog.String("error", err.Error())}
	if stack != nil {
		rt.metrics.Panicked()
		attrs = append(attrs, slog.String("stack", string(stack)))
	}
	rt.edge.cfg.Observer.Log.LogAttrs(r.Context(), slog.LevelError, "request failed", attrs...)
}

// private answers Personal and Write routes.
func (rt *route) private(w http.ResponseWriter, r *http.Request, t *trail) {
	rt.deadlines(w)
	ctx, cancel := context.WithTimeout(withCall(r.Context(), call{id: t.id, ip: t.ip, ryw: token(r.Header)}), rt.Policy.timeout)
	defer cancel()
	r = r.WithContext(ctx)
	r.Header = rt.credentials(r.Header)
	rec := newRecorder()
	rt.run(rec, r, func(rec http.ResponseWriter, r *http.Request) error { return rt.admit(w, rec, r, t) })
	if rt.Policy.bearer {
		put(w.Header(), rt.edge.cors)
	}
	rt.emit(w, r, rec, ccPrivate, t)
}

// credentials leaves a request one way to say who it is: a bearer token where the route takes
// it, else cookies. A token from a script can so never be mixed with a cookie from a browser.
func (rt *route) credentials(h http.Header) http.Header {
	drop := "Authorization"
	if rt.Policy.bearer && bearer(h) {
		drop = "Cookie"
	}
	if h[drop] == nil {
		return h
	}
	h = h.Clone()
	delete(h, drop)
	return h
}

func bearer(h http.Header) bool {
	const scheme = "Bearer "
	v := h.Get("Authorization")
	return len(v) > len(scheme) && strings.EqualFold(v[:len(scheme)], scheme)
}

// admit checks a private request, cheapest first, and then lets the handler answer. conn is the
// connection, which must be closed when a body is too large to be read to its end.
func (rt *route) admit(conn, rec http.ResponseWriter, r *http.Request, t *trail) (err error) {
	if err := rt.limited("", t.ip, ByAddress); err != nil {
		return err
	}
	if rt.Policy.kind == kindWrite && !(rt.Policy.bearer && bearer(r.Header)) {
		if err := rt.edge.origins.Check(r); err != nil {
			return fault.Wrap(err, fault.Forbidden, "cross_origin", "This was sent from another site, so it was not done.")
		}
	}
	if r.ContentLength > rt.Policy.body {
		return bodyFault(&http.MaxBytesError{Limit: rt.Policy.body})
	}
	whole, err := rt.receive(conn, r)
	if err != nil {
		return err
	}
	gate := rt.gate
	if !whole {
		gate = rt.uploads
	}
	class := rt.classOf(r)
	who, named := rt.edge.members.of(r)
	if !named || !rt.edge.members.has(who) {
		class = max(class, ClassGuest) // until it is known who that is: anybody can show something
	}
	place, err := gate.enter(r.Context(), class)
	if err != nil {
		return err
	}
	defer func() { place.leave(err == nil) }()
	ctx, account, err := rt.edge.cfg.Identify(r)
	if err != nil {
		return err
	}
	if named && account != "" {
		rt.edge.members.add(who)
	}
	if err := rt.limited(account, t.ip, ByAccount); err != nil {
		return err
	}
	if rt.edge.cfg.WAF != nil {
		ctx = context.WithValue(ctx, wafKey{}, rt)
	}
	r = r.WithContext(ctx)
	if err := rt.edge.cfg.WAF.inspect(r, rt, t.id); err != nil {
		return err
	}
	return rt.Handle(rec, r)
}

// receive bounds the body. One of usual size is read before the request takes a place at a gate, so
// that whoever sends slowly holds nothing but a connection; whole says so.
func (rt *route) receive(conn http.ResponseWriter, r *http.Request) (whole bool, err error) {
	r.Body = http.MaxBytesReader(conn, r.Body, rt.Policy.body)
	if r.ContentLength == 0 {
		return true, nil
	}
	if rt.Policy.body > defaultBody && (r.ContentLength < 0 || r.ContentLength > defaultBody) {
		return false, nil
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return false, unread(err)
	}
	r.Body = &again{bytes.NewReader(raw), r.Body}
	return true, nil
}

// unread is why a body did not arrive: it was too large, or its sender too slow or gone.
func unread(err error) error {
	if err := bodyFault(err); fault.KindOf(err) == fault.TooLarge {
		return err
	}
	return fault.Wrap(err, fault.Malformed, "bad_form", "The request did not arrive whole. Send it again.")
}

// open answers Open and Probe routes.
func (rt *route) open(w http.ResponseWriter, r *http.Request, t *trail) {
	r, cancel := rt.anonymous(r, t)
	defer cancel()
	rec := newRecorder()
	rt.run(rec, r, func(rec http.ResponseWriter, r *http.Request) (err error) {
		if err := rt.limited("", t.ip, ByAddress, ByAccount); err != nil {
			return err
		}
		place, err := rt.gate.enter(r.Context(), rt.classOf(r))
		if err != nil {
			return err
		}
		defer func() { place.leave(err == nil) }()
		if rt.Policy.kind == kindOpen {
			if err := rt.edge.cfg.WAF.inspect(r, rt, t.id); err != nil {
				return err
			}
		}
		return rt.Handle(rec, r)
	})
	delete(rec.header, "Set-Cookie")
	rt.emit(w, r, rec, ccNoStore, t)
}

// anonymous takes the credentials off a request.
func (rt *route) anonymous(r *http.Request, t *trail) (*http.Request, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(withCall(r.Context(), call{id: t.id, ip: t.ip}), rt.Policy.timeout)
	r = r.WithContext(ctx)
	r.Header = r.Header.Clone()
	delete(r.Header, "Cookie")
	delete(r.Header, "Authorization")
	r.Body = http.NoBody
	return r, cancel
}

// stream answers Immutable routes. Once the first byte is out, an error can only end the
// connection, so that no cache keeps half an image.
func (rt *route) stream(w http.ResponseWriter, r *http.Request, t *trail) {
	rt.deadlines(w)
	r, cancel := rt.anonymous(r, t)
	defer cancel()
	put(w.Header(), rt.security)
	w.Header()["X-Request-Id"] = []string{t.id}
	s := &streamer{ResponseWriter: w}
	err := rt.limited("", t.ip, ByAddress, ByAccount)
	var stack []byte
	if err == nil {
		stack, err = guard(rt.Handle, s, r)
	}
	t.status, t.bytes = s.status, s.bytes
	switch {
	case err == nil && s.status == 0:
		s.WriteHeader(http.StatusOK)
		t.status = s.status
	case err == nil:
	case s.status == 0:
		rec := newRecorder()
		rt.show(rec, r, err, stack)
		clear(w.Header())
		delete(rec.header, "Set-Cookie")
		rec.finish()
		rt.emit(w, r, rec, immutableCacheControl(rec.status), t)
	default:
		f := fault.From(err)
		t.fault = f.Code
		rt.log(r, err, f, stack)
		panic(http.ErrAbortHandler)
	}
}

// emit writes an answer that was built in memory.
func (rt *route) emit(w http.ResponseWriter, r *http.Request, rec *recorder, cacheControl string, t *trail) {
	rec.finish()
	h := w.Header()
	put(h, rt.security)
	rec.copyTo(h)
	if rec.status >= http.StatusInternalServerError || rec.status == http.StatusTooManyRequests {
		cacheControl = noStore(cacheControl)
	}
	h["Cache-Control"] = []string{cacheControl}
	h["X-Request-Id"] = []string{t.id}
	body := rec.body.Bytes()
	// An ETag of the handler's names these very bytes, so they are not encoded. Errors of ours are
	// short, and come when there is no time for it.
	if len(body) >= minCompress && rec.status < http.StatusInternalServerError && h["Etag"] == nil && compressible(h.Get("Content-Type")) {
		vary(h, "Accept-Encoding")
		if accepted(r.Header).gzip {
			body = rt.edge.zips.fast(body)
			h["Content-Encoding"] = []string{"gzip"}
		}
	}
	if rec.status != http.StatusNoContent && rec.status != http.StatusNotModified {
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	t.status, t.fault = rec.status, rec.fault
	w.WriteHeader(rec.status)
	if r.Method != http.MethodHead && len(body) > 0 {
		n, _ := w.Write(body) // a client that went away needs no answer
		t.bytes = int64(n)
	}
}

func noStore(cacheControl string) string {
	if cacheControl == ccPrivate {
		return ccPrivate
	}
	return ccNoStore
}

// deadlines gives the connection as long as the policy gives the handler, where that is more
// than what the server gives everyone.
func (rt *route) deadlines(w http.ResponseWriter) {
	if rt.Policy.timeout <= defaultTimeout {
		return
	}
	c := http.NewResponseController(w)
	end := time.Now().Add(rt.Policy.timeout + graceful) // the kernel's clock, not ours
	// Not every writer is a connection; one that is not has no deadline to move.
	_ = c.SetReadDeadline(end)
	_ = c.SetWriteDeadline(end)
}
