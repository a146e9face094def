package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"lightstick/internal/edge"
	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
)

// visit is one request for a private or staff page: who asks, in which language, and where the
// answer goes.
type visit struct {
	*view
	w http.ResponseWriter
	r *http.Request
}

// private answers a visit.
type private func(c *visit) error

// door is who may come to a private page at all. What they may do there, package forum decides.
type door uint8

const (
	anyone door = iota
	members
	staff  // moderators of anything, and admins
	admins // who run the site
)

// enter opens a private page to those who may come. A guest is led to the sign-in page and back,
// see [Site.Fail].
func (s *Site) enter(d door, area string, h private) edge.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		p := s.locales.Printer(r.PathValue("locale"))
		if p == nil {
			return nothingHere()
		}
		a := identity.ActorFrom(r.Context())
		if err := d.open(a); err != nil {
			return err
		}
		v := &view{Printer: p, site: s, now: s.now(), Actor: a, Area: area, Kind: "website", NoIndex: true,
			Path: strings.TrimPrefix(cmp.Or(formPage(s, r, area, p.Tag), r.URL.RequestURI()), "/"+area+"/"+p.Tag)}
		c := &visit{view: v, w: w, r: r}
		c.notice()
		return h(c)
	}
}

// formPage is the page whose form was sent, for the links to the other languages: the address that
// takes the form may show nothing by itself. It is "" when the browser does not say.
func formPage(s *Site, r *http.Request, area, tag string) string {
	from, ok := strings.CutPrefix(r.Referer(), s.base)
	if r.Method != http.MethodPost || !ok || !strings.HasPrefix(from, "/"+area+"/"+tag+"/") {
		return ""
	}
	return from
}

func (d door) open(a *forum.Actor) error {
	if d == anyone {
		return nil
	}
	if err := a.Require(forum.ScopeRead); err != nil || d == members {
		return err
	}
	if err := a.Require(forum.ScopeModerate); err != nil {
		return err
	}
	switch {
	case d == admins && !a.Admin():
		return fault.New(fault.Forbidden, "admin_only", "Only admins may do this.")
	case !a.AnyStaff():
		return fault.New(fault.Forbidden, "staff_only", "Only staff may do this.")
	}
	return nil
}

func nothingHere() error {
	return fault.New(fault.NotFound, "not_found", "There is nothing at this address.")
}

func (c *visit) ctx() context.Context { return c.r.Context() }

func (c *visit) query(name string) string { return c.r.URL.Query().Get(name) }

func (c *visit) cursor() forum.Cursor { return forum.Cursor(c.query("after")) }

// notice says once what a form that led here has done: ?done=saved is the text me.done_saved.
func (c *visit) notice() {
	key := "me.done_" + c.query("done")
	if text := c.T(key); text != key {
		c.Notice = text
	}
}

// page answers with a private page, whose head shows how much is unread.
func (c *visit) page(status int, t templ.Component) error {
	if !c.Actor.Guest() {
		n, err := c.site.read.UnreadCount(c.ctx(), c.Actor.ID)
		if err != nil {
			return err
		}
		c.Unread = n
	}
	return render(c.w, c.r, status, t)
}

// next leads to the next page of a list at this address, keeping the rest of the query.
func (c *visit) next(after forum.Cursor) templ.SafeURL {
	if after == "" {
		return ""
	}
	q := c.r.URL.Query()
	q.Set("after", string(after))
	q.Del("done")
	return templ.SafeURL(c.r.URL.Path + "?" + q.Encode())
}

// first leads back to the first page of a list, "" when this is it.
func (c *visit) first() templ.SafeURL {
	q := c.r.URL.Query()
	if q.Get("after") == "" {
		return ""
	}
	q.Del("after")
	q.Del("done")
	return templ.SafeURL(strings.TrimSuffix(c.r.URL.Path+"?"+q.Encode(), "?"))
}

// rywFor is how long the pages a writer sees pass by the caches: longer than a cached copy is fresh.
const rywFor = 10 * time.Second

// wrote lets whoever has just written see it: see [edge.RYWCookie].
func (c *visit) wrote() {
	token := cmp.Or(forum.ReadingFrom(c.ctx()).Token(), "1")
	http.SetCookie(c.w, &http.Cookie{Name: edge.RYWCookie, Value: token, Path: "/", MaxAge: int(rywFor.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.site.secure()})
}

func (s *Site) secure() bool { return strings.HasPrefix(s.base, "https:") }

// signedIn and signedOut tell the script whether there is anything to ask for, see [MemberCookie].
func (c *visit) signedIn(in identity.SignedIn) {
	c.site.identity.SetCookie(c.w, in)
	c.memberCookie("1", int(identity.SessionMax.Seconds()))
}

func (c *visit) signedOut() {
	c.site.identity.ClearCookie(c.w)
	c.memberCookie("", -1)
}

func (c *visit) memberCookie(value string, maxAge int) {
	http.SetCookie(c.w, &http.Cookie{Name: MemberCookie, Value: value, Path: "/", MaxAge: maxAge,
		SameSite: http.SameSiteLaxMode, Secure: c.site.secure()})
}

// done ends a form that has written something.
func (c *visit) done(to templ.SafeURL) error {
	c.wrote()
	return redirect(c.w, http.StatusSeeOther, string(to))
}

// posted reads a form of text fields. What is too large or no form at all is a fault.
func (c *visit) posted() (url.Values, error) {
	if err := c.r.ParseForm(); err != nil {
		if big, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, big // the edge says how much it takes
		}
		return nil, badForm(err)
	}
	return c.r.PostForm, nil
}

func badForm(cause error) error {
	return fault.Wrap(cause, fault.Malformed, "bad_form", "This form could not be read. Go back, load the page again and repeat it.")
}

// formOf starts a form with what was entered.
func formOf(values url.Values, names ...string) *form {
	f := newForm()
	for _, n := range names {
		f.values[n] = values.Get(n)
	}
	return f
}

// newOnce draws the key that makes sending a form twice harmless.
func newOnce() string { return rand.Text() }

const maxOnce = 128 // characters

// once makes the write of this request happen once: sent again, it leads to where the first led.
// where says that from what the write returned.
func (c *visit) once(values url.Values, where func(result any) Written) (context.Context, error) {
	// What an outbox kept is sent later, maybe from a device that others sign in on, too.
	if as := values.Get("as"); as != "" && as != c.Actor.Handle {
		return nil, fault.New(fault.Forbidden, "other_account", "This was written by another account than the one that is signed in here.")
	}
	key := values.Get("once")
	if key == "" {
		return c.ctx(), nil
	}
	if len(key) > maxOnce || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, badForm(errors.New("key of the form"))
	}
	h := sha256.New()
	h.Write([]byte(c.r.Method + " " + c.r.URL.Path + "\n"))
	same := url.Values{}
	for name, list := range values {
		if name != "once" && name != "do" {
			same[name] = list
		}
	}
	h.Write([]byte(same.Encode()))
	o := &forum.Once{Owner: c.Actor.ID, Key: key}
	h.Sum(o.Fingerprint[:0])
	o.Answer = func(result any) (forum.Replay, error) {
		written := where(result)
		body, err := json.Marshal(written)
		return forum.Replay{Status: http.StatusSeeOther, Location: written.Location, Body: body}, err
	}
	return forum.WithOnce(c.ctx(), o), nil
}

// at is an answer of [visit.once] that does not depend on the result.
func at(to templ.SafeURL) func(any) Written {
	return func(any) Written { return Written{Location: string(to)} }
}

// written ends a form that the script may have sent.
func (c *visit) written(w Written) error {
	c.wrote()
	if wantsJSON(c.r) {
		return writeJSON(c.w, http.StatusCreated, w)
	}
	return redirect(c.w, http.StatusSeeOther, w.Location)
}

// replay answers as the first time, when err says that this was done before.
func (c *visit) replay(err error) (bool, error) {
	first, ok := errors.AsType[*forum.Replay](err)
	if !ok {
		return false, nil
	}
	w := Written{Location: first.Location}
	if len(first.Body) > 0 {
		if err := json.Unmarshal(first.Body, &w); err != nil {
			return true, err
		}
	}
	return true, c.written(w)
}

// refused prepares to show a form again after err and returns the status of that answer, or err
// itself when it belongs elsewhere: to the script, or to a page of its own.
func (c *visit) refused(f *form, err error) (int, error) {
	if wantsJSON(c.r) || !f.blame(c.Printer, err) {
		return 0, err
	}
	e := fault.From(err)
	if e.RetryAfter > 0 {
		c.w.Header().Set("Retry-After", strconv.Itoa(int((e.RetryAfter+time.Second-1)/time.Second)))
	}
	c.Title = c.F("me.error_title", "title", c.Title)
	if e.Kind == fault.Unauthenticated || e.Kind == fault.Malformed {
		return http.StatusUnprocessableEntity, nil
	}
	return e.Kind.Status(), nil
}

// when is a time in the member's own zone, with Korea's beside it where that differs.
func (v *view) when(t time.Time) string {
	korea := v.Moment(t) + " KST"
	if v.Actor.Guest() {
		return korea
	}
	zone, err := time.LoadLocation(v.Actor.TimeZone)
	if err != nil {
		return korea
	}
	_, here := t.In(zone).Zone()
	_, there := t.In(kst()).Zone()
	if here == there {
		return korea
	}
	return v.dateIn(v.moment, t, zone) + " (" + v.dateIn(v.short, t, kst()) + " KST)"
}
