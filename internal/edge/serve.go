package edge

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"time"
	"unicode/utf8"

	"lightstick/internal/observe"
)

// trail is what is noted of one request, for the access log and the metrics.
type trail struct {
	start   time.Time
	id      string
	ip      netip.Addr
	rt      *route
	outcome observe.Outcome
	status  int
	bytes   int64
	fault   string // code of the error that was shown, "" for none
}

// ServeHTTP answers a request. The first lines are the hot path: a fresh copy under the exact
// URL as it was sent is written without looking at anything else.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := e.cfg.Now()
	e.cfg.Observer.Begin()
	if safe(r.Method) {
		if p, ok := e.pages.fresh(r.RequestURI, start); ok && !mayBypass(r.Header) && !p.rt.named(r) {
			t := trail{start: start, rt: p.rt, outcome: observe.Hit}
			t.ip, t.id = e.client(r)
			e.pages.write(w, r, p, &t)
			e.finish(r, &t)
			return
		}
	}
	e.serve(w, r, start)
}

func safe(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// clientLeft is noted instead of an error of ours when nobody was there any more to see it.
const clientLeft = 499

// finish counts and logs an answer.
func (e *Edge) finish(r *http.Request, t *trail) {
	took := e.cfg.Now().Sub(t.start)
	if t.status >= http.StatusInternalServerError && errors.Is(r.Context().Err(), context.Canceled) {
		t.status = clientLeft
	}
	t.rt.metrics.Done(t.status, t.bytes, t.outcome, took)
	var line [768]byte
	e.cfg.Observer.Line(t.appendLine(line[:0], r, took))
}

const maxLogPath = 256 // bytes of a path in the log

// appendLine builds the access line. It has no query: that holds search words and, from
// mistaken links, secrets.
func (t *trail) appendLine(b []byte, r *http.Request, took time.Duration) []byte {
	b = append(b, `{"time":"`...)
	b = observe.AppendTime(b, t.start)
	b = append(b, `","level":"INFO","msg":"request","request_id":"`...)
	b = append(b, t.id...)
	b = append(b, `","method":`...)
	b = appendString(b, r.Method)
	b = append(b, t.rt.logPart...)
	b = append(b, `,"path":`...)
	path := r.URL.Path
	if len(path) > maxLogPath {
		path = path[:maxLogPath]
	}
	b = appendString(b, path)
	b = append(b, `,"status":`...)
	b = strconv.AppendInt(b, int64(t.status), 10)
	b = append(b, `,"bytes":`...)
	b = strconv.AppendInt(b, t.bytes, 10)
	b = append(b, `,"us":`...)
	b = strconv.AppendInt(b, took.Microseconds(), 10)
	if t.outcome != observe.None {
		b = append(b, `,"cache":"`...)
		b = append(b, t.outcome.String()...)
		b = append(b, '"')
	}
	if t.fault != "" {
		b = append(b, `,"error":`...)
		b = appendString(b, t.fault)
	}
	if t.ip.IsValid() {
		b = append(b, `,"ip":"`...)
		b = t.ip.AppendTo(b)
		b = append(b, '"')
	}
	return append(b, "}\n"...)
}

// appendString appends s as a JSON string. What is not plain text becomes an escape or U+FFFD,
// so that no request can forge a line.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20 || c == 0x7f:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += size
			continue
		}
		i++
	}
	return append(b, '"')
}
