// Package fault says what went wrong in words that are safe to show.
//
// An [Error] has a kind (what a caller may do about it), a stable code (what a program or a
// translation matches on), an English message (safe for anyone to read) and, inside, the cause
// (for the log only). Nothing in this package formats a cause into a message: what a database
// or a file system said never reaches a reader.
package fault

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Kind is what a caller may do about an error.
type Kind uint8

// The kinds, each with the status code that RFC 9110 gives it.
const (
	Internal           Kind = iota // 500: our mistake; the cause is in the log
	Invalid                        // 422: the input must change; see Fields
	Malformed                      // 400: the request could not be read at all
	Unauthenticated                // 401: sign in first
	Forbidden                      // 403: this actor may not
	NotFound                       // 404: no such thing, or not for this actor to know
	Conflict                       // 409: the state of the thing does not allow it
	PreconditionFailed             // 412: somebody else changed it first
	TooLarge                       // 413: more bytes than we take
	Unsupported                    // 415: bytes of a kind we do not take
	RateLimited                    // 429: wait RetryAfter
	Unavailable                    // 503: wait RetryAfter
	MethodNotAllowed               // 405: this address takes other methods
	URITooLong                     // 414: the address itself is too long
)

var kinds = [...]struct {
	name   string
	status int
}{
	Internal: {"internal", http.StatusInternalServerError}, Invalid: {"invalid", http.StatusUnprocessableEntity},
	Malformed: {"malformed", http.StatusBadRequest}, Unauthenticated: {"unauthenticated", http.StatusUnauthorized},
	Forbidden: {"forbidden", http.StatusForbidden}, NotFound: {"not_found", http.StatusNotFound},
	Conflict: {"conflict", http.StatusConflict}, PreconditionFailed: {"precondition_failed", http.StatusPreconditionFailed},
	TooLarge: {"too_large", http.StatusRequestEntityTooLarge}, Unsupported: {"unsupported", http.StatusUnsupportedMediaType},
	RateLimited: {"rate_limited", http.StatusTooManyRequests}, Unavailable: {"unavailable", http.StatusServiceUnavailable},
	MethodNotAllowed: {"method_not_allowed", http.StatusMethodNotAllowed}, URITooLong: {"uri_too_long", http.StatusRequestURITooLong},
}

func (k Kind) String() string { return kinds[k].name }

// Status is the HTTP status code of the kind.
func (k Kind) Status() int { return kinds[k].status }

// Params fill the named places of a message ("{max}").
type Params map[string]any

// Field is one mistake in one input.
type Field struct {
	Name    string // as the API names it: "title", "images[2].alt"
	Code    string // stable, "too_long"; translated as "fault.<code>"
	Message string // English, safe
	Params  Params
}

// Error is a fault that may be shown.
type Error struct {
	Kind       Kind
	Code       string // stable, "post_locked"; translated as "fault.<code>"
	Message    string // English, safe
	Params     Params
	Fields     []Field
	RetryAfter time.Duration // for RateLimited and Unavailable
	Cause      error         // for the log only
}

// New makes an error. Places like {max} in message are filled from params, given as name, value pairs.
func New(kind Kind, code, message string, params ...any) *Error {
	p := pairs(params)
	return &Error{Kind: kind, Code: code, Message: Fill(message, p), Params: p}
}

// Wrap makes an error around a cause that only the log will see.
func Wrap(cause error, kind Kind, code, message string, params ...any) *Error {
	e := New(kind, code, message, params...)
	e.Cause = cause
	return e
}

// After sets how long to wait before trying again.
func (e *Error) After(d time.Duration) *Error { e.RetryAfter = d; return e }

func (e *Error) Error() string {
	s := e.Code + ": " + e.Message
	for _, f := range e.Fields {
		s += "; " + f.Name + ": " + f.Message
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether err is a fault of this code.
func Is(err error, code string) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code == code
}

// KindOf is the kind of err; Internal for anything that is not a fault.
func KindOf(err error) Kind { return From(err).Kind }

// From returns err as a fault: itself when it is one, else Internal (or Unavailable, when a
// deadline passed) with err as the cause and a message that tells nothing of it.
func From(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return Wrap(err, Unavailable, "timeout", "That took too long. Try again in a moment.").After(2 * time.Second)
	}
	return Wrap(err, Internal, "internal", "Something went wrong on our side. Try again; if it stays, tell us the request id.")
}

// Fields collects the mistakes of one form, so that all are told at once.
type Fields []Field

// Add notes one mistake; params are name, value pairs.
func (f *Fields) Add(name, code, message string, params ...any) {
	p := pairs(params)
	*f = append(*f, Field{Name: name, Code: code, Message: Fill(message, p), Params: p})
}

// Err is nil when nothing was noted, else one Invalid error with every field.
func (f Fields) Err() error {
	if len(f) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Code: "invalid", Message: "Some of the input needs another look.", Fields: f}
}

// Fill puts params into the {name} places of a message.
func Fill(message string, params Params) string {
	for name, value := range params {
		if at, ok := value.(time.Time); ok {
			value = at.UTC().Format("2006-01-02 15:04 MST")
		}
		message = strings.ReplaceAll(message, "{"+name+"}", fmt.Sprint(value))
	}
	return message
}

func pairs(list []any) Params {
	if len(list) == 0 {
		return nil
	}
	p := make(Params, len(list)/2)
	for i := 0; i+1 < len(list); i += 2 {
		p[list[i].(string)] = list[i+1]
	}
	return p
}
