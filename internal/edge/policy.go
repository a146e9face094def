package edge

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Handler answers one request. An error that it returns is logged and shown by Config.Fail;
// what it wrote before is dropped, except on Immutable routes, which stream.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Route is one row of the route table. Path is a net/http ServeMux pattern without the method.
type Route struct {
	Method string
	Path   string
	Policy Policy
	Handle Handler
}

// Class is what a route costs and how early it is refused under load, first refused last.
type Class uint8

// The classes of admission.
const (
	ClassHealth     Class = iota + 1 // never refused
	ClassWrite                       // posts, comments, reactions
	ClassMember                      // a member's own reads
	ClassGuest                       // public pages that the cache does not have
	ClassSearch                      // search
	ClassBackground                  // crawlers and everything that can come back later
)

func (c Class) String() string {
	return [...]string{"none", "health", "write", "member", "guest", "search", "background"}[c]
}

type kind uint8

const (
	kindPage kind = iota + 1
	kindPersonal
	kindWrite
	kindImmutable
	kindOpen
	kindProbe
	kindBeacon
)

// Policy says how a route may be cached, what it costs and who may come. The zero value is
// invalid: a route without a policy does not start.
type Policy struct {
	kind    kind
	name    string
	class   Class
	query   []string // sorted
	body    int64
	limits  []Rate
	bearer  bool
	live    bool
	timeout time.Duration
	through Bottleneck
}

// Name is the policy's name: unique in a route table, and the "route" label of metrics and logs.
func (p Policy) Name() string { return p.name }

// Class is the policy's class of admission.
func (p Policy) Class() Class { return p.class }

// Public reports whether every client gets the same bytes, so that shared caches may keep them.
func (p Policy) Public() bool { return p.kind == kindPage || p.kind == kindImmutable }

// Query is the names of the query parameters that a Page reads.
func (p Policy) Query() []string { return slices.Clone(p.query) }

// CacheControl is the Cache-Control of this policy's successful answers.
func (p Policy) CacheControl() string {
	switch p.kind {
	case kindPage:
		return p.pageControl(http.StatusOK)
	case kindImmutable:
		return ccImmutable
	case kindOpen, kindProbe:
		return ccNoStore
	default:
		return ccPrivate
	}
}

// By is whom a rate limit counts.
type By uint8

// The callers that a limit can count.
const (
	ByAccount By = iota // the account; guests by address
	ByAddress           // the client's address (IPv6: its /64), checked before anyone is identified
)

// Rate lets Burst requests through at once and refills them evenly over Per.
type Rate struct {
	Per   time.Duration
	Burst int
	By    By
	Name  string // routes whose rates share a name (and By) share the count; default: the policy's name
}

// Option changes a policy.
type Option func(*Policy)

// Query names the query parameters that a Page reads. All others are dropped before handler and
// cache key; of a repeated one only the first value is kept; empty values count as absent.
func Query(names ...string) Option {
	return func(p *Policy) {
		p.query = append(p.query, names...)
		slices.Sort(p.query)
		p.query = slices.Compact(p.query)
	}
}

// Body sets how many bytes a request body may have; past it the client gets a 413.
func Body(n int64) Option { return func(p *Policy) { p.body = n } }

// Limit adds a rate limit. The first Limit replaces the default one of Write. On a Page it
// counts renders, never answers from the cache.
func Limit(r Rate) Option { return func(p *Policy) { p.limits = append(p.limits, r) } }

// Bearer opens a route to clients that authenticate with "Authorization: Bearer": such requests
// lose their cookies and need no origin check, and scripts of other origins may call the route
// (CORS without credentials). A Page with it is public as ever without a token; with one it is
// answered like Personal: by its handler, knowing who asks, privately, never stored.
func Bearer() Option { return func(p *Policy) { p.bearer = true } }

// Live is for a Page that readers ask for again and again to see what is new: it is fresh for half
// as long as others and is not served stale while it is renewed, only when it cannot be renewed.
// So what a reader sees is never older than that and the time of one render.
func Live() Option { return func(p *Policy) { p.live = true } }

// Timeout sets how long the handler's context lives; the connection's deadlines follow.
func Timeout(d time.Duration) Option { return func(p *Policy) { p.timeout = d } }

// In sets the class of admission.
func In(c Class) Option { return func(p *Policy) { p.class = c } }

const (
	defaultTimeout = 10 * time.Second
	defaultBody    = 256 << 10
)

// Page is a public page: GET and HEAD, the same bytes for all, kept by the page cache. Its
// handler sees method, path and the declared query parameters, and nothing of the client: no
// header, cookie or address. What it sets of cookies and cache headers is dropped.
func Page(name string, opts ...Option) Policy {
	return build(Policy{kind: kindPage, name: name, class: ClassGuest}, opts)
}

// Personal is a page or fragment for one member: GET and HEAD, private, never stored.
func Personal(name string, opts ...Option) Policy {
	return build(Policy{kind: kindPersonal, name: name, class: ClassMember}, opts)
}

// Write is a change: private, never stored, checked for its origin, its body bounded (256 KB),
// its rate limited (60 a minute by account).
func Write(name string, opts ...Option) Policy {
	p := build(Policy{kind: kindWrite, name: name, class: ClassWrite}, opts)
	if p.limits == nil {
		p.limits = []Rate{{Per: time.Minute, Burst: 60, By: ByAccount}}
	}
	return p
}

// Immutable is bytes that never change under their URL: hashed assets, media. It streams, so
// ranges and conditional requests are the handler's (http.ServeContent does both).
func Immutable(name string, opts ...Option) Policy {
	return build(Policy{kind: kindImmutable, name: name, class: ClassGuest, timeout: 2 * time.Minute}, opts)
}

// Open is an answer for anyone that no cache may keep and no cookie changes, such as the
// redirect of "/" by Accept-Language.
func Open(name string, opts ...Option) Policy {
	return build(Policy{kind: kindOpen, name: name, class: ClassGuest}, opts)
}

// Probe is livez and readyz: never limited, never refused, never stored.
func Probe(name string, opts ...Option) Policy {
	return build(Policy{kind: kindProbe, name: name, class: ClassHealth}, opts)
}

func build(p Policy, opts []Option) Policy {
	for _, o := range opts {
		o(&p)
	}
	if p.timeout == 0 {
		p.timeout = defaultTimeout
	}
	if p.body == 0 {
		p.body = defaultBody
	}
	return p
}

// validName holds for names that can become a label and a part of log lines without escaping.
func validName(s string) bool {
	odd := func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789_.-", r) }
	return s != "" && len(s) <= 48 && !strings.ContainsFunc(s, odd)
}

// check says why the route cannot be served.
func (rt Route) check() error {
	p := rt.Policy
	fail := func(format string, args ...any) error {
		return fmt.Errorf("edge: route %s %s: %s", rt.Method, rt.Path, fmt.Sprintf(format, args...))
	}
	switch {
	case p.kind == 0:
		return fail("no policy")
	case !validName(p.name):
		return fail("policy name %q: want lower case, digits, '_', '-', '.'", p.name)
	case p.class < ClassHealth || p.class > ClassBackground:
		return fail("unknown class")
	case rt.Handle == nil:
		return fail("no handler")
	case p.timeout < 0 || p.body < 0:
		return fail("negative timeout or body limit")
	case p.live && p.kind != kindPage:
		return fail("Live is for pages: nothing else is kept")
	case len(p.query) > 0 && p.kind != kindPage:
		return fail("Query is for pages: other handlers get the whole query")
	case p.bearer && p.kind != kindPage && p.kind != kindPersonal && p.kind != kindWrite:
		return fail("Bearer is for pages, personal and write routes: the others see no credentials")
	case p.kind == kindProbe && len(p.limits) > 0:
		return fail("a probe is never limited")
	}
	for _, l := range p.limits {
		if l.Burst < 1 || l.Per <= 0 {
			return fail("a rate needs a burst and a time")
		}
	}
	return rt.checkMethod(fail)
}

func (rt Route) checkMethod(fail func(string, ...any) error) error {
	switch rt.Method {
	case http.MethodGet:
		if rt.Policy.kind == kindWrite || rt.Policy.kind == kindBeacon {
			return fail("a GET must not write")
		}
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		if rt.Policy.kind != kindWrite && (rt.Policy.kind != kindBeacon || rt.Method != http.MethodPost) {
			return fail("only a write policy takes this method")
		}
	default:
		return fail("method must be GET, POST, PUT, PATCH or DELETE")
	}
	return nil
}

func checkTable(routes []Route) error {
	if len(routes) == 0 {
		return errors.New("edge: no routes")
	}
	seen := make(map[string]bool, len(routes))
	for _, rt := range routes {
		if err := rt.check(); err != nil {
			return err
		}
		if seen[rt.Policy.name] {
			return fmt.Errorf("edge: two routes are named %q", rt.Policy.name)
		}
		if rt.Policy.name == unmatched {
			return fmt.Errorf("edge: the route name %q is taken", unmatched)
		}
		seen[rt.Policy.name] = true
	}
	return nil
}
