package nginx_test

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lightstick/internal/app"
	"lightstick/internal/edge"
	"lightstick/internal/testkit"
)

// TestSite runs testdata/site/*.txt against a POP in front of a real community: a small demo world
// that the test starts, or the one behind LIGHTSTICK_POP_URL.
func TestSite(t *testing.T) {
	t.Parallel()
	p, err := runningPOP()
	if err != nil {
		t.Fatal(err)
	}
	if p == nil {
		p = startPOP(t, strings.TrimPrefix(bootDemo(t).URL, "http://"))
	}
	places := find(t, p)
	names, err := filepath.Glob("testdata/site/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) { (&script{name: name, pop: p, places: places}).run(t) })
	}
}

// runningPOP is the one that LIGHTSTICK_POP_URL names, or nil.
func runningPOP() (*pop, error) {
	raw := strings.TrimSuffix(os.Getenv("LIGHTSTICK_POP_URL"), "/")
	if raw == "" {
		return nil, nil
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, err
	}
	addr := u.Host
	if u.Port() == "" {
		addr += ":443"
	}
	// A POP on loopback is reached under the name that scripts/pop gave it.
	name := os.Getenv("LIGHTSTICK_POP_NAME")
	if name == "" {
		name = u.Hostname()
	}
	return &pop{url: raw, host: name, client: newClient(addr, name)}, nil
}

// bootDemo starts a community with a small demo world.
func bootDemo(t *testing.T) *testkit.Site {
	t.Helper()
	return testkit.Boot(t, func(c *app.Config, _ *app.Options) {
		c.BaseURL = "https://" + serverName
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		world := *c
		if err := world.Check(); err != nil {
			t.Fatal(err)
		}
		if err := app.Demo(t.Context(), world, app.DemoSize{Posts: 4, Comments: 12, Seed: 1}, io.Discard); err != nil {
			t.Fatal(err)
		}
	})
}

// find looks up what the scripts name: {post} in the sitemap, {asset} and {script} on its page,
// {media} anywhere.
func find(t *testing.T, p *pop) *strings.Replacer {
	t.Helper()
	get := func(path string) string {
		t.Helper()
		a := (&step{method: http.MethodGet, path: path}).ask(p)
		if a.status != http.StatusOK {
			t.Fatalf("GET %s: status %d, %v: %.300s", path, a.status, a.err, a.body)
		}
		return a.body
	}
	first := func(pattern, text string) string {
		t.Helper()
		m := regexp.MustCompile(pattern).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("nothing like %s", pattern)
		}
		return m[1]
	}
	sitemap := get("/sitemap.xml")
	post := first(`/ko/p/([0-9]+)<`, sitemap)
	page := get("/ko/p/" + post)
	media := ""
	for _, m := range regexp.MustCompile(`<loc>https?://[^/<]+(/ko/[^<]+)</loc>`).FindAllStringSubmatch(sitemap, -1) {
		if pictures := regexp.MustCompile(`"(/media/[^" ]+)`).FindStringSubmatch(get(m[1])); pictures != nil {
			media = pictures[1]
			break
		}
	}
	if media == "" {
		t.Fatal("no page of the site shows a picture")
	}
	return strings.NewReplacer("{post}", post, "{asset}", first(`"(/assets/app\.[^"]+\.css)"`, page), "{media}", media)
}

// TestRouteTable asks for every route of the community through a POP, to see that the POP takes
// public for public and no parameter of a page gets lost.
func TestRouteTable(t *testing.T) {
	t.Parallel()
	routes := testkit.Boot(t).App.Routes()
	if len(routes) < 100 {
		t.Fatalf("only %d routes", len(routes))
	}
	p := startPOP(t, newOrigin(t, 1).addrs()...)
	wild := regexp.MustCompile(`\{[^}]*\}`)
	for _, rt := range routes {
		path := wild.ReplaceAllString(strings.ReplaceAll(rt.Path, "{$}", ""), "1")
		if rt.Method == http.MethodGet {
			checkRead(t, p, rt, path)
			continue
		}
		a := (&step{method: rt.Method, path: path, header: []string{"Cookie: __Host-session=mine"}}).ask(p)
		if a.err != nil || !strings.Contains(a.body, "Cookie: __Host-session=mine") || a.header.Get("X-Pop-Cache") != "none" {
			t.Errorf("%s %s did not arrive as a write: %v %d %.300q", rt.Method, path, a.err, a.status, a.body)
		}
	}
}

func checkRead(t *testing.T, p *pop, rt edge.Route, path string) {
	t.Helper()
	isAPI := strings.HasPrefix(path, "/api/")
	uri := path
	for i, name := range rt.Policy.Query() {
		uri += fmt.Sprintf("%c%s=1", "?&"[min(i, 1)], name)
	}
	a := (&step{method: http.MethodGet, path: uri, header: []string{"Cookie: __Host-session=mine"}}).ask(p)
	if a.err != nil || a.status != http.StatusOK {
		t.Fatalf("GET %s: %d %v", uri, a.status, a.err)
	}
	wantCache, wantCookie := []string{"none"}, true
	switch {
	case isAPI:
		wantCache = []string{"bypass"}
	case rt.Policy.Public():
		wantCache, wantCookie = []string{"miss", "hit", "renewed"}, false
	}
	if got := a.header.Get("X-Pop-Cache"); !slices.Contains(wantCache, got) {
		t.Errorf("GET %s: X-Pop-Cache is %s, want %v", path, got, wantCache)
	}
	if strings.Contains(a.body, "mine") != wantCookie {
		t.Errorf("GET %s: the cookie arrived: %t, want %t", path, !wantCookie, wantCookie)
	}
	if !strings.Contains(a.body, "GET "+uri+"\n") {
		t.Errorf("GET %s arrived as %.200q", uri, a.body)
	}
}
