// Package edge stands between the network and the handlers. It holds the one route table, and
// for each route enforces the [Policy] beside it: cache headers and the page cache, who is
// asking, rate limits, origin checks, body and time limits, security headers, the access log.
//
// It promises that a public page is the same bytes for everyone and carries no cookie in either
// direction, that answers from its cache are neither limited nor counted against anyone, that a
// page which has been rendered once stays readable while its handler fails, and that no panic
// or error reaches a client unexplained. It never knows what a route is for: no rule of the
// community is decided here.
package edge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"lightstick/internal/observe"
)

// Config is what an Edge needs. Routes, Fail, BaseURL and Observer are required.
type Config struct {
	Routes []Route

	// Fail shows an error to the client: a page on the browser's edge, a problem document on
	// the API's. It sets the status (fault.From(err).Kind.Status()), content type and body; the
	// edge adds everything else. For a Page and for paths that match no route, r carries
	// nothing of the client, like the request of a Page handler.
	Fail func(w http.ResponseWriter, r *http.Request, err error)

	// Identify says who is asking on Personal and Write routes: it returns a context that
	// carries the actor, and a key of the account for rate limits, "" for guests. An error
	// ends the request. Nil: everyone is a guest.
	Identify func(r *http.Request) (ctx context.Context, account string, err error)

	SessionCookie  string         // name of the cookie by which Identify knows members; "" when it knows them by tokens only
	BaseURL        *url.URL       // of the site as clients see it: its origin may send forms, https turns HSTS on
	TrustedProxies []netip.Prefix // peers whose X-Forwarded-For and X-Request-Id are believed
	MediaOrigin    string         // scheme://host of uploads when they have a host of their own, else ""
	Observer       *observe.Observer
	Limiter        *Limiter         // shared by the edges of one process; its own when nil
	WAF            *WAF             // shared likewise; none when nil
	Gates          *Gates           // shared likewise; nil lets everyone in at once
	Now            func() time.Time // time.Now when nil

	CacheBytes int64         // bound of the page cache; 64 MB when 0
	Fresh      time.Duration // how long a page is served as it is; 2 s when 0
	Stale      time.Duration // age up to which it is served while being renewed; 30 s when 0
	Keep       time.Duration // age up to which it is served when it cannot be renewed; 24 h when 0
	Patience   time.Duration // how long a client waits for the renewal of an older copy; 3 s when 0
}

func (c *Config) check() error {
	switch {
	case c.Fail == nil:
		return errors.New("edge: no Fail")
	case c.BaseURL == nil || c.BaseURL.Host == "":
		return errors.New("edge: no BaseURL")
	case c.Observer == nil:
		return errors.New("edge: no Observer")
	}
	if c.MediaOrigin != "" {
		u, err := url.Parse(c.MediaOrigin)
		if err != nil || u.Host == "" || c.MediaOrigin != u.Scheme+"://"+u.Host {
			return fmt.Errorf("edge: media origin %q is not scheme://host", c.MediaOrigin)
		}
	}
	return checkTable(c.Routes)
}

func (c *Config) fill() {
	or := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	or(&c.Fresh, 2*time.Second)
	or(&c.Stale, 30*time.Second)
	or(&c.Keep, 24*time.Hour)
	or(&c.Patience, 3*time.Second)
	if c.CacheBytes == 0 {
		c.CacheBytes = 64 << 20
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Limiter == nil {
		c.Limiter = NewLimiter(1<<16, c.Now)
	}
	if c.Identify == nil {
		c.Identify = func(r *http.Request) (context.Context, string, error) { return r.Context(), "", nil }
	}
}

// Edge serves one route table.
type Edge struct {
	cfg  Config
	base context.Context // of work that no client waits for; ends at Close
	stop context.CancelFunc
	work tracker // background renewals and compressions

	mux       *http.ServeMux
	unmatched *route
	origins   *http.CrossOriginProtection
	common    []field // security headers
	pages     *pages
	ids       ids
	zips      zips
	cors      []field
	members   members
}

// route is a Route made ready to serve.
type route struct {
	Route
	edge     *Edge
	metrics  *observe.Route
	limits   []limit
	gate     *Gate
	uploads  *Gate   // for bodies that arrive while the handler reads them
	logPart  []byte  // `,"route":"…"`
	security []field // security headers
}

// unmatched is the name under which requests that match no route are counted.
const unmatched = "unmatched"

// manyMembers is half of how many members a node takes for members before it has asked who they are.
const manyMembers = 32768

// New checks the route table and makes it ready. It refuses a route without a policy, two
// routes of one name, and a policy that does not fit its method.
func New(c Config) (*Edge, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	c.fill()
	e := &Edge{cfg: c, mux: http.NewServeMux(), origins: http.NewCrossOriginProtection(), ids: newIDs(),
		members: members{newRecent(manyMembers), c.SessionCookie}}
	if err := e.origins.AddTrustedOrigin(c.BaseURL.Scheme + "://" + c.BaseURL.Host); err != nil {
		return nil, fmt.Errorf("edge: base URL: %w", err)
	}
	e.common, e.cors = security(c), cors()
	e.unmatched = e.route(Route{Policy: Open(unmatched)})
	for _, rt := range c.Routes {
		if err := e.register(e.route(rt)); err != nil {
			return nil, err
		}
	}
	var err error
	if e.pages, err = newPages(e); err != nil {
		return nil, err
	}
	e.base, e.stop = context.WithCancel(context.Background())
	return e, nil
}

func (e *Edge) route(rt Route) *route {
	r := &route{
		Route: rt, edge: e, security: e.common,
		metrics: e.cfg.Observer.Route(rt.Policy.name, rt.Policy.class.String()),
		gate:    e.cfg.Gates.of(rt.Policy.bottleneck()), uploads: e.cfg.Gates.of(Uploads),
		logPart: []byte(`,"route":"` + rt.Policy.name + `"`),
	}
	if rt.Policy.kind == kindImmutable && e.cfg.MediaOrigin != "" {
		r.security = crossOriginResource(e.common)
	}
	for _, rate := range rt.Policy.limits {
		r.limits = append(r.limits, e.cfg.Limiter.limit(rate, rt.Policy.name))
	}
	return r
}

// register turns ServeMux's panic over a bad or conflicting pattern into an error.
func (e *Edge) register(r *route) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("edge: route %s %s: %v", r.Method, r.Path, p)
		}
	}()
	e.mux.Handle(r.Method+" "+r.Path, r)
	return nil
}

// Routes is the route table, for tests that walk it.
func (e *Edge) Routes() []Route { return append([]Route(nil), e.cfg.Routes...) }

// Close ends background work and waits for it. Requests under way are not touched: the server
// drains them first.
func (e *Edge) Close() {
	e.stop()
	e.work.close()
	e.pages.close()
}
