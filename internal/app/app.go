package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"lightstick/internal/api"
	"lightstick/internal/edge"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
	"lightstick/internal/jobs"
	"lightstick/internal/media"
	"lightstick/internal/observe"
	"lightstick/internal/store"
	"lightstick/internal/web"
)

// Options are what the surroundings hand to the community.
type Options struct {
	Version string
	Log     io.Writer        // nil: standard error
	Now     func() time.Time // nil: time.Now
}

// limitedCallers is how many callers' allowances are kept at once; the idlest goes first.
const limitedCallers = 1 << 16

// App is the community, wired and ready to serve. Close it when [New] succeeded.
type App struct {
	Config  Config
	Handler http.Handler // for readers: pages and API
	Private http.Handler // for operators: metrics and pprof

	now      func() time.Time
	observer *observe.Observer
	store    *store.Store
	forum    *forum.Forum
	identity *identity.Service
	media    *media.Service
	mailer   mailer
	locales  *web.Locales
	site     *web.Site
	views    *forum.Views
	schedule *schedule
	api      *api.API
	limiter  *edge.Limiter // one for both edges: a caller has one allowance
	waf      *edge.WAF     // nil: off
	gates    *edge.Gates   // nil: off
	crowd    *edge.Crowd
	edges    []*edge.Edge
	runner   *jobs.Runner
	health   *health
	closers  []func(context.Context) error // run in reverse
}

// New checks the configuration, opens and (when asked or embedded) migrates the database, and wires
// all parts. Nothing listens and no background work runs yet.
func New(ctx context.Context, c Config, o Options) (a *App, err error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	follow := o.Now == nil
	if follow {
		o.Now = func() time.Time { return time.Now().Add(c.ClockOffset) }
	}
	a = &App{Config: c, now: o.Now}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close(ctx))
		}
	}()
	a.observer = observe.New(observe.Options{Log: o.Log, Level: level(c.LogLevel), Version: o.Version})
	a.onClose(func(context.Context) error { return a.observer.Close() })
	if err := a.openStore(ctx, follow); err != nil {
		return a, err
	}
	a.now, o.Now = a.store.Now, a.store.Now // all nodes of a site have one time
	if err := a.openMedia(); err != nil {
		return a, err
	}
	if a.mailer, err = newMailer(c, o.Now); err != nil {
		return a, err
	}
	if a.locales, err = web.LoadLocales(); err != nil {
		return a, err
	}
	a.forum = forum.New(forum.Options{Store: a.store, Now: o.Now, Locales: a.locales.Tags(), Image: a.image, MayPostUnverified: c.MayPostUnverified,
		Status: a.store.Status})
	a.identity = identity.New(identity.Options{Store: a.store, Forum: a.forum, Now: o.Now, Logger: a.observer.Log,
		Hashers: c.Hashers, SecureCookies: strings.HasPrefix(c.BaseURL, "https:"), SiteName: "Lightstick"})
	a.onClose(a.identity.Close)
	return a, a.serveParts(o.Version)
}

func (a *App) openStore(ctx context.Context, follow bool) (err error) {
	c := a.Config
	if a.store, err = store.Open(ctx, store.Config{URL: c.Database, ReadURL: c.DatabaseRead, MaxLag: c.DatabaseMaxLag,
		Metrics: a.observer.Metrics, Now: a.now, FollowClock: follow, Logger: a.observer.Log}); err != nil {
		return err
	}
	a.onClose(func(context.Context) error { a.store.Close(); return nil })
	if c.Embedded() || c.Migrate && a.store.Status().Writable {
		return a.store.Migrate(ctx)
	}
	pending, err := a.store.Pending(ctx) // a replica knows, too
	if err != nil {
		return err
	}
	if pending > 0 {
		return fmt.Errorf("the database lacks %d migrations: run 'lightstick migrate' first", pending)
	}
	return nil
}

func (a *App) openMedia() error {
	blobs, err := openBlobs(a.Config)
	if err != nil {
		return err
	}
	a.media = media.New(media.Options{Blobs: blobs, Store: a.store, Now: a.now, Log: a.observer.Log})
	return nil
}

// openBlobs opens the place of uploads.
func openBlobs(c Config) (media.Blobs, error) {
	if c.S3Endpoint == "" {
		return media.OpenDisk(filepath.Join(c.Data, "media"))
	}
	return media.OpenS3(media.S3Config{Endpoint: c.S3Endpoint, Bucket: c.S3Bucket, Region: c.S3Region,
		AccessKey: c.S3AccessKey, SecretKey: c.S3SecretKey, TLS: !c.S3Plain})
}

func newMailer(c Config, now func() time.Time) (mailer, error) {
	if c.SMTP == "" {
		return folder{dir: mailDir(c), from: c.MailFrom, now: now}, nil
	}
	return newSMTP(c.SMTP, c.MailFrom)
}

func mailDir(c Config) string { return filepath.Join(c.Data, "mail") }

// serveParts builds the two edges, one for the browser's routes and one for the API's, so that
// neither can answer in the other's manner.
func (a *App) serveParts(version string) (err error) {
	base, err := url.Parse(a.Config.BaseURL)
	if err != nil {
		return err
	}
	a.views = forum.NewViews(a.store, a.now)
	a.site, err = web.New(web.Options{Forum: a.forum, Identity: a.identity, Pictures: a.media, Uploads: a.media, Views: a.views, BaseURL: a.Config.BaseURL,
		MediaURL: mediaBase(a.Config), Now: a.now, Locales: a.locales})
	if err != nil {
		return err
	}
	a.api, err = api.New(api.Options{Forum: a.forum, Accounts: a.identity, Media: a.media, Actor: identity.ActorFrom, Now: a.now, Version: version,
		MediaBase: mediaBase(a.Config), Environment: a.Config.Env})
	if err != nil {
		return err
	}
	a.limiter = edge.NewLimiter(limitedCallers, a.now)
	a.health = &health{probes: []probe{{"database", true, a.store.Probe}, {"writing", false, a.store.ProbeWrite},
		{"media", false, a.media.Probe}, {"mail", false, a.mailer.probe}, {"clock", false, a.store.ProbeClock}}}
	browser := append(a.site.Routes(), a.health.routes()...)
	if f, ok := a.mailer.(folder); ok && a.Config.Env == Dev {
		browser = append(browser, devMail{f.dir}.routes()...)
	}
	if a.Config.wafOn() {
		if a.waf, err = edge.NewWAF(edge.WAFOptions{FreeText: freeText(), Observer: a.observer}); err != nil {
			return err
		}
		debug.FreeOSMemory() // compiling the rules leaves twice their size behind
	}
	if a.Config.Admission != "off" {
		if a.gates, err = edge.NewGates(runtime.GOMAXPROCS(0), a.store.SQLite() != nil, a.now, a.observer); err != nil {
			return err
		}
	}
	if a.crowd, err = edge.NewCrowd(a.Config.connections(), a.Config.TrustedProxies, a.now, a.observer); err != nil {
		return err
	}
	pages, err := a.edge(base, browser, a.site.Fail)
	if err != nil {
		return err
	}
	rest, err := a.edge(base, a.api.Routes(), a.api.Fail)
	if err != nil {
		return err
	}
	a.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.store.ClockOffset().Abs() > time.Second { // caches reckon ages from the Date that is sent
			w.Header().Set("Date", a.now().UTC().Format(http.TimeFormat))
		}
		if strings.HasPrefix(r.URL.Path, "/api/") {
			rest.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
	a.schedule = &schedule{store: a.store, site: a.site, pages: pages, now: a.now, log: a.observer.Log}
	a.observer.Metrics.MustRegister(a.schedule, cacheUse{a.edges})
	a.Private = a.observer.Debug()
	return nil
}

func (a *App) edge(base *url.URL, routes []edge.Route, fail func(http.ResponseWriter, *http.Request, error)) (*edge.Edge, error) {
	e, err := edge.New(edge.Config{Routes: withReading(routes), Fail: fail, Identify: a.identify, SessionCookie: a.identity.CookieName(), BaseURL: base, TrustedProxies: a.Config.TrustedProxies,
		MediaOrigin: a.Config.MediaURL, Observer: a.observer, Limiter: a.limiter, WAF: a.waf, Gates: a.gates, Now: a.now, CacheBytes: a.Config.PageCache / 2})
	if err != nil {
		return nil, err
	}
	a.edges = append(a.edges, e)
	a.onClose(func(context.Context) error { e.Close(); return nil })
	return e, nil
}

// freeText are the fields of forms and JSON bodies in which people write what they like, and
// passwords. They carry the same names everywhere.
func freeText() []string {
	return []string{"title", "body", "text", "name", "bio", "description", "note", "reason", "alt", "aliases", "names", "pattern",
		"password", "old", "new", "current"}
}

// Routes is the table of everything that is served, for tests that walk it.
func (a *App) Routes() (all []edge.Route) {
	for _, e := range a.edges {
		all = append(all, e.Routes()...)
	}
	return all
}

// StartWork begins the background work: what each node does for itself and, where the configuration
// says so, jobs.
func (a *App) StartWork(ctx context.Context) (err error) {
	a.startRounds()
	if !a.Config.Worker {
		return nil
	}
	conf := jobs.Config{SQLite: a.store.SQLite(), Pool: a.store.Postgres(), Registry: a.work(),
		Logger: a.observer.Log, Metrics: a.observer.Metrics, Now: a.now}
	if a.Config.Migrate && !a.store.Status().Writable {
		conf.Prepare = a.store.Migrate // of the queue's tables nobody but the primary tells
	}
	a.runner, err = jobs.Start(ctx, conf)
	if err != nil {
		return err
	}
	a.onClose(a.runner.Stop)
	return nil
}

func (a *App) onClose(f func(context.Context) error) { a.closers = append(a.closers, f) }

// Close stops what was started, last first, and waits for it until ctx ends.
func (a *App) Close(ctx context.Context) error {
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		errs = append(errs, a.closers[i](ctx))
	}
	a.closers = nil
	return errors.Join(errs...)
}

func mediaBase(c Config) string { return strings.TrimSuffix(c.MediaURL, "/") }

func level(name string) slog.Level {
	var l slog.Level
	if l.UnmarshalText([]byte(name)) != nil {
		return slog.LevelInfo
	}
	return l
}

// Observer is where the community logs and counts.
func (a *App) Observer() *observe.Observer { return a.observer }
