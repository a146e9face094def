package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"lightstick/internal/fault"
)

// Fail shows an error: as a page in the language of the address, or as [Refused] to the script.
// It has no page that needs the store, so it works when nothing else does.
func (s *Site) Fail(w http.ResponseWriter, r *http.Request, err error) {
	e := fault.From(err)
	p := s.locales.ofPath(r.URL.Path)
	status := e.Kind.Status()
	if wantsJSON(r) {
		s.refuse(w, r, p, status, e)
		return
	}
	v := &view{Printer: p, site: s, now: s.now(), Path: "", NoIndex: true, Kind: "website"}
	v.Title = p.T(errorTitle(e.Kind))
	if e.Kind == fault.Unauthenticated {
		_ = redirect(w, http.StatusSeeOther, signInURL(p, r)) // it writes two headers, which cannot fail
		return
	}
	if e.Kind == fault.Unavailable {
		_ = render(w, r, status, waitPage(v, e, resendOf(r)))
		return
	}
	// The answer is built in memory by the edge; if even this fails, the edge says it in plain text.
	_ = render(w, r, status, errorPage(v, e))
}

func wantsJSON(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Accept"), "application/json")
}

func (s *Site) refuse(w http.ResponseWriter, r *http.Request, p *Printer, status int, e *fault.Error) {
	out := Refused{Code: e.Code, Message: p.Fault(e)}
	for _, f := range e.Fields {
		if out.Fields == nil {
			out.Fields = map[string]string{}
		}
		out.Fields[f.Name] = p.FieldFault(f)
	}
	if e.Kind == fault.Unauthenticated {
		out.SignIn = "/me/" + p.Tag + "/sign-in"
	}
	_ = writeJSON(w, status, out)
}

// writeJSON answers the script.
func writeJSON(w http.ResponseWriter, status int, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, err = w.Write(raw)
	return err
}

// signInURL leads to the sign-in page and back. What was posted is not repeated: the reader goes
// back to the page of the form.
func signInURL(p *Printer, r *http.Request) string {
	to := "/me/" + p.Tag + "/sign-in"
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		to += "?next=" + url.QueryEscape(r.URL.RequestURI())
	}
	return to
}

func errorTitle(k fault.Kind) string {
	switch k {
	case fault.NotFound:
		return "error.not_found"
	case fault.Forbidden:
		return "error.forbidden"
	case fault.RateLimited:
		return "error.rate_limited"
	case fault.Unavailable:
		return "error.unavailable"
	case fault.Internal:
		return "error.internal"
	}
	return "error.failed"
}

// asFault is err when the reader should see it in place, nil when it belongs to the edge.
func asFault(err error) *fault.Error {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Kind == fault.Internal || e.Kind == fault.Unavailable {
		return nil
	}
	return e
}
