package edge_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lightstick/internal/edge"
	"lightstick/internal/fault"
	"lightstick/internal/observe"
)

func TestNewRefuses(t *testing.T) {
	good := page(ok)
	for name, routes := range map[string][]edge.Route{
		"no routes":          nil,
		"no policy":          {{Method: "GET", Path: "/x", Handle: ok}},
		"no handler":         {{Method: "GET", Path: "/x", Policy: edge.Page("x")}},
		"no name":            {{Method: "GET", Path: "/x", Policy: edge.Page(""), Handle: ok}},
		"a name to escape":   {{Method: "GET", Path: "/x", Policy: edge.Page(`x"`), Handle: ok}},
		"two of one name":    {good, {Method: "GET", Path: "/x", Policy: edge.Page("post"), Handle: ok}},
		"the name unmatched": {{Method: "GET", Path: "/x", Policy: edge.Page("unmatched"), Handle: ok}},
		"a page by POST":     {{Method: "POST", Path: "/x", Policy: edge.Page("x"), Handle: ok}},
		"an open POST":       {{Method: "POST", Path: "/x", Policy: edge.Open("x"), Handle: ok}},
		"a write by GET":     {{Method: "GET", Path: "/x", Policy: edge.Write("x"), Handle: ok}},
		"any method":         {{Path: "/x", Policy: edge.Page("x"), Handle: ok}},
		"a bad pattern":      {{Method: "GET", Path: "x{", Policy: edge.Page("x"), Handle: ok}},
		"a conflict":         {good, {Method: "GET", Path: "/{l}/p/{i}", Policy: edge.Page("x"), Handle: ok}},
		"a limited probe":    {{Method: "GET", Path: "/x", Policy: edge.Probe("x", edge.Limit(edge.Rate{Per: 1, Burst: 1})), Handle: ok}},
		"an empty rate":      {{Method: "GET", Path: "/x", Policy: edge.Page("x", edge.Limit(edge.Rate{})), Handle: ok}},
		"a bearer probe":     {{Method: "GET", Path: "/x", Policy: edge.Probe("x", edge.Bearer()), Handle: ok}},
		"query elsewhere":    {{Method: "GET", Path: "/x", Policy: edge.Personal("x", edge.Query("a")), Handle: ok}},
	} {
		if _, err := edge.New(config(routes)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, change := range map[string]func(*edge.Config){
		"no Fail":           func(c *edge.Config) { c.Fail = nil },
		"no BaseURL":        func(c *edge.Config) { c.BaseURL = nil },
		"no Observer":       func(c *edge.Config) { c.Observer = nil },
		"a media path":      func(c *edge.Config) { c.MediaOrigin = "https://media.example/x" },
		"a media directive": func(c *edge.Config) { c.MediaOrigin = "https://media.example; script-src *" },
	} {
		c := config([]edge.Route{good})
		change(&c)
		if _, err := edge.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func config(routes []edge.Route) edge.Config {
	return edge.Config{Routes: routes, Fail: fail, Observer: observe.New(observe.Options{Log: io.Discard}),
		BaseURL: &url.URL{Scheme: "https", Host: "lightstick.example"}}
}

func TestRoutesTellTheirPolicy(t *testing.T) {
	s, stop := newSite(t, edge.Config{Routes: []edge.Route{page(ok, edge.Query("b", "a", "b"))}})
	defer stop()
	p := s.Routes()[0].Policy
	if p.Name() != "post" || !p.Public() || p.CacheControl() != pageCC || p.Class() != edge.ClassGuest || fmt.Sprint(p.Query()) != "[a b]" {
		t.Errorf("%+v", p)
	}
}

func TestPathHygiene(t *testing.T) {
	s, stop := newSite(t, edge.Config{Routes: []edge.Route{
		page(text("x")),
		{Method: "POST", Path: "/{locale}/p/{id}", Policy: edge.Write("write"), Handle: ok},
		{Method: "GET", Path: "/docs/guide/", Policy: edge.Page("docs"), Handle: text("docs")},
	}})
	defer stop()
	for _, c := range []struct {
		method, target string
		status         int
		header         []string
	}{
		{"GET", "/ko/p/%00", 400, nil},
		{"GET", "/ko/p/a%0ab", 400, nil},
		{"GET", "/ko/p/a%2Fb", 400, nil},
		{"GET", "/ko/p/%41%2fb", 400, nil},
		{"GET", "/ko/p/a%5Cb", 400, nil},
		{"GET", "/ko/p/%ff", 400, nil},
		{"GET", "/ko/p/%ED%95%9C", 200, nil},
		{"GET", "/ko/../p", 404, nil},
		{"GET", "/ko/%2e%2e/p", 404, nil},
		{"GET", "/ko//p", 404, nil},
		{"GET", "//evil.example/", 404, nil},
		{"GET", "/ko/p/" + strings.Repeat("x", 2048), 414, []string{"Cache-Control", "no-store"}},
		{"GET", "/ko/p/1?" + strings.Repeat("x", 2048), 414, nil},
		{"GET", "/none", 404, []string{"Cache-Control", shortCC, "Set-Cookie", ""}},
		{"POST", "/none", 404, []string{"Cache-Control", "no-store"}},
		{"DELETE", "/ko/p/1", 405, []string{"Allow", "GET, HEAD, POST", "Cache-Control", "no-store"}},
		{"OPTIONS", "/ko/p/1", 405, nil},
		{"GET", "/ko/p/1/", 308, []string{"Location", "/ko/p/1", "Cache-Control", shortCC}},
		{"GET", "/ko/p/1/?after=2", 308, []string{"Location", "/ko/p/1?after=2"}},
		{"GET", "/docs/guide", 308, []string{"Location", "/docs/guide/"}},
		{"POST", "/ko/p/1/", 404, nil},
		{"GET", "/none/", 404, nil},
	} {
		w := s.do(c.method, c.target, "")
		if w.Code != c.status {
			t.Errorf("%s %.40s", c.method, c.target)
		}
		want(t, w, c.status, c.header...)
	}
}

func TestWriteOrigin(t *testing.T) {
	s, stop := newSite(t, edge.Config{Routes: []edge.Route{
		{Method: "POST", Path: "/post", Policy: edge.Write("web"), Handle: ok},
		{Method: "POST", Path: "/api/posts", Policy: edge.Write("api", edge.Bearer()), Handle: func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("X-Seen", r.Header.Get("Cookie")+"|"+r.Header.Get("Authorization"))
			return ok(w, r)
		}},
	}})
	defer stop()
	const cross = "cross-site"
	for _, c := range []struct {
		path   string
		header []string
		status int
	}{
		{"/post", []string{"Sec-Fetch-Site", "same-origin"}, 204},
		{"/post", []string{"Sec-Fetch-Site", cross}, 403},
		{"/post", []string{"Origin", "https://lightstick.example"}, 204},
		{"/post", []string{"Origin", "https://evil.example"}, 403},
		{"/post", []string{"Origin", "https://evil.example", "Authorization", "Bearer t"}, 403},
		{"/api/posts", []string{"Origin", "https://evil.example", "Cookie", "s=1"}, 403},
		{"/api/posts", []string{"Origin", "https://evil.example", "Cookie", "s=1", "Authorization", "Basic t"}, 403},
		{"/api/posts", []string{"Origin", "https://evil.example", "Cookie", "s=1", "Authorization", "Bearer t"}, 204},
	} {
		w := s.do("POST", c.path, "x", c.header...)
		want(t, w, c.status, "Cache-Control", "private, no-store")
		if c.path == "/api/posts" && c.status == 204 {
			want(t, w, 204, "X-Seen", "|Bearer t", "Access-Control-Allow-Origin", "*")
		}
	}
	want(t, s.do("POST", "/api/posts", "x", "Cookie", "s=1"), 204, "X-Seen", "s=1|")
	asks := []string{"Origin", "https://app.example", "Access-Control-Request-Method", "POST"}
	want(t, s.do("OPTIONS", "/api/posts", "", asks...), 204, "Access-Control-Allow-Origin", "*", "Access-Control-Allow-Methods", "POST")
	want(t, s.do("OPTIONS", "/post", "", asks...), 405, "Access-Control-Allow-Origin", "")
}

func TestWriteBody(t *testing.T) {
	s, stop := newSite(t, edge.Config{Routes: []edge.Route{{Method: "POST", Path: "/post", Policy: edge.Write("web", edge.Body(10)),
		Handle: func(w http.ResponseWriter, r *http.Request) error {
			b, err := io.ReadAll(r.Body)
			if err != nil {
				return fault.Wrap(err, fault.Malformed, "bad_form", "Unreadable.")
			}
			_, err = w.Write(b)
			return err
		}}}})
	defer stop()
	want(t, s.do("POST", "/post", "1234567890"), 200)
	want(t, s.do("POST", "/post", "12345678901"), 413, "Cache-Control", "private, no-store")
	unknown := s.do("POST", "/post", "12345678901", "Content-Type", "text/plain")
	want(t, unknown, 413)
	if got := unknown.Body.String(); got != "body_too_large" {
		t.Errorf("code %q", got)
	}
}

func TestPrivateAnswers(t *testing.T) {
	s, stop := newSite(t, edge.Config{Identify: guest, Routes: []edge.Route{
		{Method: "GET", Path: "/me", Policy: edge.Personal("me"), Handle: func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("Cache-Control", "public")
			http.SetCookie(w, &http.Cookie{Name: "s", Value: "1"})
			if edge.ReadYourWrites(r.Context()) != "T" || edge.ClientIP(r.Context()).String() != "192.0.2.7" {
				return errors.New("context")
			}
			return text(long)(w, r)
		}},
		{Method: "GET", Path: "/tagged", Policy: edge.Personal("tagged"), Handle: func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("ETag", `"v1"`)
			return text(long)(w, r)
		}},
		{Method: "GET", Path: "/deadline", Policy: edge.Personal("deadline", edge.Timeout(time.Millisecond)), Handle: func(_ http.ResponseWriter, r *http.Request) error {
			<-r.Context().Done()
			return r.Context().Err()
		}},
		{Method: "GET", Path: "/open", Policy: edge.Open("open"), Handle: func(w http.ResponseWriter, r *http.Request) error {
			http.SetCookie(w, &http.Cookie{Name: "s", Value: "1"})
			w.Header().Set("Location", "/"+r.Header.Get("Accept-Language")+r.Header.Get("Cookie"))
			w.WriteHeader(302)
			return nil
		}},
	}})
	defer stop()
	w := s.get("/me", "Cookie", "ls_ryw=T", "Accept-Encoding", "gzip")
	want(t, w, 200, "Cache-Control", "private, no-store", "Set-Cookie", "s=1", "Content-Encoding", "gzip", "X-Cache", "")
	if unzip(t, w.Body.Bytes()) != long {
		t.Error("other bytes")
	}
	want(t, s.get("/tagged", "Accept-Encoding", "gzip"), 200, "ETag", `"v1"`, "Content-Encoding", "")
	want(t, s.do("HEAD", "/tagged", ""), 200, "Content-Length", fmt.Sprint(len(long)))
	w = s.get("/deadline")
	want(t, w, 503, "Cache-Control", "private, no-store")
	if w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	want(t, s.get("/open", "Accept-Language", "ko", "Cookie", "x=1"), 302, "Location", "/ko", "Cache-Control", "no-store", "Set-Cookie", "")
}

func TestImmutable(t *testing.T) {
	s, stop := newSite(t, edge.Config{Routes: []edge.Route{{Method: "GET", Path: "/a/{file}", Policy: edge.Immutable("asset"),
		Handle: func(w http.ResponseWriter, r *http.Request) error {
			if r.Header.Get("Cookie") != "" {
				return errors.New("cookie")
			}
			http.SetCookie(w, &http.Cookie{Name: "s", Value: "1"})
			switch r.PathValue("file") {
			case "none":
				return fault.New(fault.NotFound, "no_file", "No.")
			case "half":
				_, _ = io.WriteString(w, "half")
				return errors.New("the disk broke")
			}
			w.Header().Set("Etag", `"v"`)
			if r.PathValue("file") == "standin" {
				w.Header().Set("Cache-Control", "public, max-age=60")
			}
			http.ServeContent(w, r, "x.css", time.Time{}, strings.NewReader("body{color:red}"))
			return nil
		}}}})
	defer stop()
	const cc = "public, max-age=31536000, immutable"
	want(t, s.get("/a/x.css", "Cookie", "s=1"), 200, "Cache-Control", cc, "Set-Cookie", "", "Content-Length", "15")
	want(t, s.get("/a/x.css", "Range", "bytes=0-3"), 206, "Cache-Control", cc, "Content-Range", "bytes 0-3/15")
	want(t, s.get("/a/x.css", "If-None-Match", `"v"`), 304, "Cache-Control", cc)
	want(t, s.get("/a/standin"), 200, "Cache-Control", "public, max-age=60")
	want(t, s.get("/a/standin", "If-None-Match", `"v"`), 304, "Cache-Control", "public, max-age=60")
	want(t, s.get("/a/x.css", "Range", "bytes=99-"), 416, "Cache-Control", "no-store")
	want(t, s.get("/a/none"), 404, "Cache-Control", shortCC, "Set-Cookie", "")
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Errorf("half an answer must end the connection: %v", p)
		}
		if log := fmt.Sprint(s.lines(t)); !strings.Contains(log, "the disk broke") {
			t.Error("not logged")
		}
	}()
	s.get("/a/half")
}

func TestPanics(t *testing.T) {
	boom := func(w http.ResponseWriter, _ *http.Request) error {
		_, _ = io.WriteString(w, "half")
		panic("boom")
	}
	s, stop := newSite(t, edge.Config{Routes: []edge.Route{
		page(boom),
		{Method: "POST", Path: "/w", Policy: edge.Write("w"), Handle: boom},
		{Method: "GET", Path: "/o", Policy: edge.Open("o"), Handle: boom},
	}})
	defer stop()
	for _, target := range []string{"GET /ko/p/1", "POST /w", "GET /o"} {
		method, path, _ := strings.Cut(target, " ")
		w := s.do(method, path, "")
		want(t, w, 500)
		if w.Body.String() != "internal" {
			t.Errorf("%s: body %q", target, w.Body)
		}
		found := false
		for _, line := range s.lines(t) {
			stack, _ := line["stack"].(string)
			found = found || line["level"] == "ERROR" && line["request_id"] == w.Header().Get("X-Request-Id") && strings.Contains(stack, "route_test.go")
		}
		if !found {
			t.Errorf("%s: no stack under the request id", target)
		}
	}
	bad, stop := newSite(t, edge.Config{Routes: []edge.Route{page(boom)}, Fail: func(http.ResponseWriter, *http.Request, error) { panic("again") }})
	defer stop()
	want(t, bad.get("/none"), 404, "Content-Type", "text/plain; charset=utf-8")
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		identified := 0
		s, stop := newSite(t, edge.Config{
			Identify: identify(&identified),
			Routes: []edge.Route{
				{Method: "POST", Path: "/post", Policy: edge.Write("post", edge.Limit(edge.Rate{Per: time.Minute, Burst: 3})), Handle: ok},
				{Method: "POST", Path: "/login", Policy: edge.Write("login", edge.Limit(edge.Rate{Per: time.Minute, Burst: 3, By: edge.ByAddress})), Handle: ok},
				{Method: "GET", Path: "/livez", Policy: edge.Probe("livez"), Handle: ok},
			}})
		defer stop()
		spend := func(path string, n int, header ...string) {
			t.Helper()
			for range n {
				want(t, s.do("POST", path, "", header...), 204)
			}
			want(t, s.do("POST", path, "", header...), 429, "Cache-Control", "private, no-store", "Retry-After", "20")
		}
		spend("/post", 3, "X-Test-Account", "ann")
		spend("/post", 3, "X-Test-Account", "ben")
		spend("/post", 3)
		time.Sleep(20 * time.Second)
		want(t, s.do("POST", "/post", "", "X-Test-Account", "ann"), 204)
		want(t, s.do("POST", "/post", "", "X-Test-Account", "ann"), 429)
		identified = 0
		spend("/login", 3, "RemoteAddr", "[2001:db8::1]:9", "X-Test-Account", "ann")
		want(t, s.do("POST", "/login", "", "RemoteAddr", "[2001:db8::ffff]:9", "X-Test-Account", "ben"), 429)
		if identified != 3 {
			t.Errorf("%d were identified: the limit by address comes first", identified)
		}
		want(t, s.do("POST", "/login", "", "RemoteAddr", "[2001:db8:0:1::1]:9"), 204)
		for range 1000 {
			want(t, s.get("/livez"), 204)
		}
	})
}

func TestLimiterIsBounded(t *testing.T) {
	now := time.Now()
	l := edge.NewLimiter(1000, func() time.Time { return now })
	s, stop := newSite(t, edge.Config{Identify: guest, Limiter: l, Routes: []edge.Route{
		{Method: "POST", Path: "/post", Policy: edge.Write("post", edge.Limit(edge.Rate{Per: time.Minute, Burst: 2})), Handle: ok}}})
	defer stop()
	for i := range 5000 {
		s.do("POST", "/post", "", "X-Test-Account", fmt.Sprint("account", i))
	}
	if l.Len() > 1008 || l.Len() < 500 {
		t.Errorf("%d buckets", l.Len())
	}
	now = now.Add(time.Hour)
	for i := range 2000 {
		s.do("POST", "/post", "", "X-Test-Account", fmt.Sprint("other", i))
	}
	if l.Len() > 1008 {
		t.Errorf("%d buckets", l.Len())
	}
}

func TestSharedRates(t *testing.T) {
	rate := edge.Limit(edge.Rate{Per: time.Minute, Burst: 2, Name: "posting"})
	s, stop := newSite(t, edge.Config{Routes: []edge.Route{
		{Method: "POST", Path: "/a", Policy: edge.Write("a", rate), Handle: ok},
		{Method: "POST", Path: "/b", Policy: edge.Write("b", rate), Handle: ok},
	}})
	defer stop()
	want(t, s.do("POST", "/a", ""), 204)
	want(t, s.do("POST", "/b", ""), 204)
	want(t, s.do("POST", "/a", ""), 429)
}

// TestBearerPage: one URL is a public page for everyone and the member's own answer for a token,
// and neither is ever given in place of the other.
func TestBearerPage(t *testing.T) {
	s, stop := newSite(t, edge.Config{Routes: []edge.Route{
		{Method: "GET", Path: "/api/posts", Policy: edge.Page("posts", edge.Bearer()), Handle: func(w http.ResponseWriter, r *http.Request) error {
			_, err := w.Write([]byte("for " + r.Header.Get("Authorization") + r.Header.Get("Cookie")))
			return err
		}},
	}})
	defer stop()
	for range 2 {
		w := s.get("/api/posts", "Cookie", "s=1")
		want(t, w, 200, "Cache-Control", pageCC, "Vary", "Accept-Encoding, Authorization", "Access-Control-Allow-Origin", "*")
		if w.Body.String() != "for " {
			t.Errorf("public: %q", w.Body)
		}
		w = s.get("/api/posts", "Authorization", "Bearer t", "Cookie", "s=1")
		want(t, w, 200, "Cache-Control", "private, no-store", "Access-Control-Allow-Origin", "*")
		if w.Body.String() != "for Bearer t" {
			t.Errorf("with a token: %q", w.Body)
		}
	}
}
