package edge_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"lightstick/internal/edge"
	"lightstick/internal/fault"

	"github.com/andybalholm/brotli"
)

const (
	pageCC  = "public, max-age=0, s-maxage=2, stale-while-revalidate=30, stale-if-error=86400"
	shortCC = "public, max-age=0, s-maxage=2"
)

var long = strings.Repeat("<p>밤하늘 아래 응원봉 hello</p>\n", 100)

func TestPageIsTheSameForAll(t *testing.T) {
	var calls atomic.Int32
	s, stop := newSite(t, edge.Config{Routes: []edge.Route{page(func(w http.ResponseWriter, r *http.Request) error {
		calls.Add(1)
		if len(r.Header) != 0 || r.RemoteAddr != "" || edge.ClientIP(r.Context()).IsValid() || r.Method != "GET" {
			return fmt.Errorf("the handler sees the client: %v %q %s", r.Header, r.RemoteAddr, r.Method)
		}
		if edge.RequestID(r.Context()) == "" || r.Host != "lightstick.example" || r.PathValue("id") != "1" {
			return errors.New("the handler misses what it may see")
		}
		w.Header().Set("Vary", "Cookie")
		w.Header().Set("Cache-Control", "private")
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		return text(long)(w, r)
	})}})
	defer stop()
	first := s.get("/ko/p/1", "Cookie", "__Host-session=secret", "Authorization", "Basic x", "Accept-Language", "ko")
	want(t, first, 200, "Cache-Control", pageCC, "Vary", "Accept-Encoding", "Set-Cookie", "", "X-Cache", "miss",
		"Content-Type", "text/html; charset=utf-8", "Content-Length", fmt.Sprint(len(long)))
	second := s.get("/ko/p/1?utm_source=x", "Host", "evil.example")
	want(t, second, 200, "Cache-Control", pageCC, "Vary", "Accept-Encoding", "Set-Cookie", "", "X-Cache", "hit")
	if first.Body.String() != second.Body.String() || first.Header().Get("ETag") != second.Header().Get("ETag") {
		t.Error("two clients got different bytes")
	}
	head := s.do("HEAD", "/ko/p/1", "")
	want(t, head, 200, "Cache-Control", pageCC, "X-Cache", "hit", "Content-Length", fmt.Sprint(len(long)))
	if head.Body.Len() != 0 {
		t.Error("HEAD has a body")
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("%d renders, want 1", n)
	}
}

func TestPageSecurityHeaders(t *testing.T) {
	s, stop := newSite(t, edge.Config{MediaOrigin: "https://media.example", Routes: []edge.Route{
		page(text("x")),
		{Method: "GET", Path: "/me", Policy: edge.Personal("me"), Handle: ok},
		{Method: "POST", Path: "/me", Policy: edge.Write("me_write"), Handle: ok},
		{Method: "GET", Path: "/a/{file}", Policy: edge.Immutable("asset"), Handle: text("x")},
		{Method: "GET", Path: "/livez", Policy: edge.Probe("livez"), Handle: ok},
		{Method: "GET", Path: "/{$}", Policy: edge.Open("root"), Handle: ok},
	}})
	defer stop()
	for _, target := range []string{"GET /ko/p/1", "GET /ko/p/1", "GET /me", "POST /me", "GET /a/x.css", "GET /livez", "GET /", "GET /none", "PUT /me", "GET /a%00"} {
		method, path, _ := strings.Cut(target, " ")
		w := s.do(method, path, "")
		h := w.Result().Header
		csp := "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: https://media.example; connect-src 'self'; " +
			"form-action 'self'; frame-src https://www.youtube-nocookie.com; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'"
		if h.Get("Content-Security-Policy") != csp {
			t.Errorf("%s: CSP %q", target, h.Get("Content-Security-Policy"))
		}
		for name, value := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "strict-origin-when-cross-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000",
		} {
			if h.Get(name) != value {
				t.Errorf("%s: %s %q", target, name, h.Get(name))
			}
		}
		resource := "same-origin"
		if path == "/a/x.css" {
			resource = "cross-origin"
		}
		if h.Get("Permissions-Policy") == "" || h.Get("Cross-Origin-Resource-Policy") != resource || len(h.Get("X-Request-Id")) != 16 {
			t.Errorf("%s: %v", target, h)
		}
		if h.Get("Cache-Control") == "" {
			t.Errorf("%s: no Cache-Control", target)
		}
	}
	plain, stop := newSite(t, edge.Config{Routes: []edge.Route{page(text("x"))}, BaseURL: &url.URL{Scheme: "http", Host: "localhost:8080"}})
	defer stop()
	want(t, plain.get("/ko/p/1"), 200, "Strict-Transport-Security", "")
}

func TestPageConditionalAndEncodings(t *testing.T) {
	s, stop := newSite(t, edge.Config{Routes: []edge.Route{page(text(long))}})
	defer stop()
	plain := s.get("/ko/p/1")
	zip := s.get("/ko/p/1", "Accept-Encoding", "gzip, deflate")
	want(t, zip, 200, "Content-Encoding", "gzip", "Vary", "Accept-Encoding")
	if unzip(t, zip.Body.Bytes()) != long {
		t.Error("gzip holds other bytes")
	}
	want(t, s.get("/ko/p/1", "Accept-Encoding", "gzip;q=0, identity"), 200, "Content-Encoding", "")
	tag, zipTag := plain.Header().Get("ETag"), zip.Header().Get("ETag")
	if tag == "" || tag == zipTag || strings.HasPrefix(tag, "W/") {
		t.Errorf("tags %s and %s", tag, zipTag)
	}
	for _, c := range []struct {
		known, accept, tag string
		status             int
	}{
		{tag, "", tag, 304},
		{"W/" + tag, "", tag, 304},
		{`"other", ` + tag, "", tag, 304},
		{zipTag, "gzip", zipTag, 304},
		{tag, "gzip", tag, 304},
		{zipTag, "", tag, 200},
		{`"other"`, "gzip", zipTag, 200},
		{"*", "", tag, 304},
	} {
		w := s.get("/ko/p/1", "If-None-Match", c.known, "Accept-Encoding", c.accept)
		want(t, w, c.status, "ETag", c.tag, "Cache-Control", pageCC, "Vary", "Accept-Encoding")
		if c.status == 304 && (w.Body.Len() > 0 || w.Header().Get("Content-Length") != "" || w.Header().Get("Content-Encoding") != "") {
			t.Errorf("%s: a 304 has content: %v", c.known, w.Header())
		}
	}
}

func TestPageBrotliInBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, stop := newSite(t, edge.Config{Routes: []edge.Route{page(text(long))}})
		defer stop()
		const accept = "gzip, deflate, br, zstd"
		want(t, s.get("/ko/p/1", "Accept-Encoding", accept), 200, "Content-Encoding", "gzip")
		want(t, s.get("/ko/p/1", "Accept-Encoding", accept), 200, "X-Cache", "hit")
		synctest.Wait()
		w := s.get("/ko/p/1", "Accept-Encoding", accept)
		want(t, w, 200, "Content-Encoding", "br", "X-Cache", "hit", "Content-Length", fmt.Sprint(w.Body.Len()))
		body, err := io.ReadAll(brotli.NewReader(w.Body))
		if err != nil || string(body) != long {
			t.Errorf("brotli holds other bytes: %v", err)
		}
		time.Sleep(3 * time.Second)
		s.get("/ko/p/1")
		synctest.Wait()
		// The page was rendered again with the same bytes: they are not compressed again.
		want(t, s.get("/ko/p/1", "Accept-Encoding", accept), 200, "Content-Encoding", "br", "X-Cache", "hit")
	})
}

func TestPageQuery(t *testing.T) {
	var calls atomic.Int32
	s, stop := newSite(t, edge.Config{Routes: []edge.Route{page(func(w http.ResponseWriter, r *http.Request) error {
		calls.Add(1)
		return text(r.URL.RawQuery)(w, r)
	}, edge.Query("sort", "after"))}})
	defer stop()
	for _, q := range []string{"?after=3&sort=new", "?sort=new&after=3", "?utm=1&sort=new&sort=old&after=3&after=4", "?%61fter=%33&sort=new"} {
		if w := s.get("/ko/p/1" + q); w.Body.String() != "after=3&sort=new" {
			t.Errorf("%s: the handler saw %q", q, w.Body)
		}
	}
	if calls.Load() != 1 {
		t.Errorf("%d renders of one page", calls.Load())
	}
	want(t, s.get("/ko/p/1?after=%00"), 400, "Cache-Control", "no-store")
	want(t, s.get("/ko/p/1?after="+strings.Repeat("x", 513)), 400, "Cache-Control", "no-store")
	want(t, s.get("/ko/p/1?after=%zz"), 400)
	want(t, s.get("/ko/p/1?other=%zz"), 200)
}

func TestPageStatuses(t *testing.T) {
	answers := map[string]edge.Handler{
		"404": func(http.ResponseWriter, *http.Request) error { return fault.New(fault.NotFound, "no_post", "No.") },
		"403": func(http.ResponseWriter, *http.Request) error { return fault.New(fault.Forbidden, "no", "No.") },
		"500": func(http.ResponseWriter, *http.Request) error { return errors.New("the disk is on fire") },
		"503": func(http.ResponseWriter, *http.Request) error {
			return fault.New(fault.Unavailable, "busy", "Busy.").After(2 * time.Second)
		},
	}
	s, stop := newSite(t, edge.Config{Routes: []edge.Route{page(func(w http.ResponseWriter, r *http.Request) error {
		_, _ = io.WriteString(w, "half a page")
		w.Header().Set("Content-Type", "text/html")
		return answers[r.PathValue("id")](w, r)
	})}})
	defer stop()
	want(t, s.get("/ko/p/404"), 404, "Cache-Control", shortCC, "X-Cache", "miss", "Set-Cookie", "", "ETag", "")
	want(t, s.get("/ko/p/404"), 404, "Cache-Control", shortCC, "X-Cache", "hit")
	want(t, s.get("/ko/p/403"), 403, "Cache-Control", "no-store", "X-Cache", "miss")
	w := s.get("/ko/p/500")
	want(t, w, 500, "Cache-Control", "no-store", "Set-Cookie", "")
	if w.Body.String() != "internal" {
		t.Errorf("the body is %q", w.Body)
	}
	want(t, s.get("/ko/p/500"), 500, "X-Cache", "miss")
	if w := s.get("/ko/p/503"); w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("503: %v", w.Header())
	}
	if log := fmt.Sprint(s.lines(t)); !strings.Contains(log, "the disk is on fire") {
		t.Error("the cause is not in the log")
	}
}

func TestPageRedirect(t *testing.T) {
	s, stop := newSite(t, edge.Config{Routes: []edge.Route{page(func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Location", "/ko/p/2")
		w.WriteHeader(308)
		return nil
	})}})
	defer stop()
	want(t, s.get("/ko/p/1"), 308, "Location", "/ko/p/2", "Cache-Control", shortCC, "X-Cache", "miss")
	want(t, s.get("/ko/p/1"), 308, "Location", "/ko/p/2", "Cache-Control", shortCC, "X-Cache", "hit")
}

func TestPageCoalesces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		s, stop := newSite(t, edge.Config{Routes: []edge.Route{page(func(w http.ResponseWriter, r *http.Request) error {
			calls.Add(1)
			time.Sleep(time.Second)
			return text(long)(w, r)
		})}})
		defer stop()
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				if w := s.get("/ko/p/1"); w.Code != 200 || w.Body.String() != long {
					t.Errorf("got %d", w.Code)
				}
			})
		}
		wg.Wait()
		if calls.Load() != 1 {
			t.Errorf("200 cold requests made %d calls", calls.Load())
		}
	})
}

// versions answers with the number of the render and fails when told to.
type versions struct {
	n       atomic.Int32
	failing atomic.Bool
	slow    atomic.Int64
}

func (v *versions) handle(w http.ResponseWriter, r *http.Request) error {
	n := v.n.Add(1)
	select {
	case <-time.After(time.Duration(v.slow.Load())):
	case <-r.Context().Done():
		return r.Context().Err()
	}
	if v.failing.Load() {
		return errors.New("database gone")
	}
	return text(fmt.Sprint("version ", n))(w, r)
}

func TestPageStaleWhileRenewing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &versions{}
		s, stop := newSite(t, edge.Config{Routes: []edge.Route{page(v.handle)}})
		defer stop()
		expect := func(xcache, body string) {
			t.Helper()
			w := s.get("/ko/p/1")
			want(t, w, 200, "X-Cache", xcache)
			if w.Body.String() != body {
				t.Errorf("got %q, want %q", w.Body, body)
			}
		}
		expect("miss", "version 1")
		time.Sleep(1999 * time.Millisecond)
		expect("hit", "version 1")
		v.slow.Store(int64(time.Second))
		time.Sleep(time.Millisecond)
		for range 50 {
			expect("stale", "version 1") // one renewal is under way
		}
		time.Sleep(1100 * time.Millisecond)
		expect("hit", "version 2")
		if v.n.Load() != 2 {
			t.Errorf("%d renders, want 2", v.n.Load())
		}
		time.Sleep(31 * time.Second)
		expect("miss", "version 3") // too old: waited for
	})
}

// TestPageLive checks the page that readers ask again and again: it is never older than a second,
// unless it cannot be renewed.
func TestPageLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		var broken atomic.Bool
		s, stop := newSite(t, edge.Config{Routes: []edge.Route{page(func(w http.ResponseWriter, r *http.Request) error {
			if broken.Load() {
				return errors.New("no store")
			}
			return text(fmt.Sprint("version ", calls.Add(1)))(w, r)
		}, edge.Live())}})
		defer stop()
		const cc = "public, max-age=0, s-maxage=1, stale-if-error=86400"
		expect := func(outcome, body string) {
			t.Helper()
			w := s.get("/ko/p/1")
			want(t, w, 200, "X-Cache", outcome, "Cache-Control", cc)
			if w.Body.String() != body {
				t.Errorf("got %q, want %q", w.Body, body)
			}
		}
		expect("miss", "version 1")
		time.Sleep(999 * time.Millisecond)
		expect("hit", "version 1")
		time.Sleep(time.Millisecond)
		expect("miss", "version 2")
		broken.Store(true)
		time.Sleep(5 * time.Second)
		expect("stale", "version 2")
	})
	if _, err := edge.New(edge.Config{BaseURL: &url.URL{Scheme: "https", Host: "a.example"}, Routes: []edge.Route{{Method: "GET", Path: "/x", Policy: edge.Personal("x", edge.Live()), Handle: ok}}}); err == nil {
		t.Error("a personal page may be live")
	}
}

func TestPageStaleOnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &versions{}
		s, stop := newSite(t, edge.Config{Routes: []edge.Route{page(v.handle)}})
		defer stop()
		s.get("/ko/p/1")
		v.failing.Store(true)
		time.Sleep(time.Hour)
		stale := func() {
			t.Helper()
			w := s.get("/ko/p/1")
			want(t, w, 200, "X-Cache", "stale", "Cache-Control", pageCC)
			if w.Body.String() != "version 1" {
				t.Errorf("got %q", w.Body)
			}
		}
		stale()
		for range 100 {
			stale()
		}
		synctest.Wait()
		if n := v.n.Load(); n != 2 {
			t.Errorf("%d renders: a failing page must be tried once a second", n)
		}
		time.Sleep(2 * time.Second)
		stale()
		synctest.Wait()
		v.failing.Store(false)
		time.Sleep(2 * time.Second)
		stale() // starts the renewal that works
		synctest.Wait()
		want(t, s.get("/ko/p/1"), 200, "X-Cache", "hit")
		v.failing.Store(true)
		time.Sleep(25 * time.Hour)
		want(t, s.get("/ko/p/1"), 500, "Cache-Control", "no-store")
	})
}

func TestPageTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &versions{}
		s, stop := newSite(t, edge.Config{Routes: []edge.Route{page(v.handle, edge.Timeout(10*time.Second))}})
		defer stop()
		v.slow.Store(int64(time.Hour))
		start := time.Now()
		want(t, s.get("/ko/p/1"), 503, "Cache-Control", "no-store", "X-Cache", "miss")
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("took %v", took)
		}
		v.slow.Store(0)
		s.get("/ko/p/1")
		v.slow.Store(int64(time.Hour))
		time.Sleep(time.Minute)
		start = time.Now()
		want(t, s.get("/ko/p/1"), 200, "X-Cache", "stale")
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("a reader with a stale copy waited %v", took)
		}
		time.Sleep(time.Minute)
	})
}

func TestPageHandlerThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s, stop := newSite(t, edge.Config{Routes: []edge.Route{page(func(w http.ResponseWriter, r *http.Request) error {
			<-release // deaf to its context
			return nil
		})}})
		defer stop()
		want(t, s.get("/ko/p/1"), 503, "Cache-Control", "no-store")
		close(release)
	})
}

func TestPageOf404IsNotServedStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var exists atomic.Bool
		s, stop := newSite(t, edge.Config{Routes: []edge.Route{page(func(w http.ResponseWriter, r *http.Request) error {
			if !exists.Load() {
				return fault.New(fault.NotFound, "no_post", "No.")
			}
			return text("here")(w, r)
		})}})
		defer stop()
		want(t, s.get("/ko/p/1"), 404)
		exists.Store(true)
		time.Sleep(3 * time.Second)
		want(t, s.get("/ko/p/1"), 200, "X-Cache", "miss")
	})
}

func TestPageBypass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var failing atomic.Bool
		s, stop := newSite(t, edge.Config{Routes: []edge.Route{page(func(w http.ResponseWriter, r *http.Request) error {
			if failing.Load() {
				return errors.New("gone")
			}
			if len(r.Header) > 0 {
				return errors.New("headers")
			}
			return text("token "+edge.ReadYourWrites(r.Context())+long)(w, r)
		})}})
		defer stop()
		s.get("/ko/p/1")
		w := s.get("/ko/p/1", "Cookie", "a=b; ls_ryw=T42", "Accept-Encoding", "gzip")
		want(t, w, 200, "X-Cache", "bypass", "Cache-Control", "private, no-store", "ETag", "", "Content-Encoding", "gzip")
		if got := unzip(t, w.Body.Bytes()); got != "token T42"+long {
			t.Errorf("got %.40q", got)
		}
		if got := s.get("/ko/p/1"); got.Body.String() != "token "+long || got.Header().Get("X-Cache") != "hit" {
			t.Errorf("the private answer was kept: %.40q", got.Body)
		}
		want(t, s.get("/ko/p/1", "Cookie", "ls_ryw="+strings.Repeat("x", 300)), 200, "X-Cache", "hit")
		failing.Store(true)
		want(t, s.get("/ko/p/1", "Cookie", "ls_ryw=T42"), 200, "X-Cache", "stale", "Cache-Control", "private, no-store")
		for range 200 {
			w = s.get("/ko/p/1", "Cookie", "ls_ryw=T42")
		}
		// A client that does nothing but bypass is served like everyone.
		want(t, w, 200, "X-Cache", "hit", "Cache-Control", pageCC)
	})
}

func TestPageLimitCountsRendersOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rate := edge.Rate{Per: time.Minute, Burst: 2}
		s, stop := newSite(t, edge.Config{Routes: []edge.Route{page(text("x"), edge.Limit(rate), edge.In(edge.ClassSearch))}})
		defer stop()
		for range 20 {
			want(t, s.get("/ko/p/1"), 200)
		}
		want(t, s.get("/ko/p/2"), 200)
		want(t, s.get("/ko/p/3"), 429, "Cache-Control", "no-store", "Retry-After", "30")
		want(t, s.get("/ko/p/2"), 200, "X-Cache", "hit")
		want(t, s.get("/ko/p/3", "RemoteAddr", "192.0.2.8:1"), 200)
		time.Sleep(20 * time.Second)
		want(t, s.get("/ko/p/1"), 200, "X-Cache", "stale")
	})
}

func TestWarmAndBoundedMemory(t *testing.T) {
	big := strings.Repeat("x", 10_000)
	var calls atomic.Int32
	s, stop := newSite(t, edge.Config{CacheBytes: 200_000, Routes: []edge.Route{page(func(w http.ResponseWriter, r *http.Request) error {
		calls.Add(1)
		if r.PathValue("id") == "broken" {
			return errors.New("broken")
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		_, err := io.WriteString(w, big)
		return err
	})}})
	defer stop()
	if err := s.Warm(t.Context(), "/ko/p/1", "/ko/p/2"); err != nil {
		t.Fatal(err)
	}
	want(t, s.get("/ko/p/2"), 200, "X-Cache", "hit")
	if err := s.Warm(t.Context(), "/ko/p/broken"); err == nil {
		t.Error("a page that fails is called warm")
	}
	for i := range 500 {
		s.get(fmt.Sprint("/ko/p/", i))
	}
	calls.Store(0)
	for i := range 500 {
		s.get(fmt.Sprint("/ko/p/", i))
	}
	if n := calls.Load(); n < 400 {
		t.Errorf("a cache of 200 KB kept %d pages of 10 KB", 500-n)
	}
}
