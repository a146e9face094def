package edge_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"lightstick/internal/edge"
	"lightstick/internal/fault"
)

func identify(n *int) func(r *http.Request) (context.Context, string, error) {
	return func(r *http.Request) (context.Context, string, error) {
		*n++
		return guest(r)
	}
}

func TestForwarded(t *testing.T) {
	proxies := []netip.Prefix{prefix("10.0.0.0/8"), prefix("fd00::/8")}
	for _, c := range []struct {
		peer  string
		lines []string
		want  string
	}{
		{"192.0.2.1:1", nil, "192.0.2.1"},
		{"192.0.2.1:1", []string{"203.0.113.9"}, "192.0.2.1"},
		{"10.0.0.1:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"10.0.0.1:1", []string{"1.1.1.1, 203.0.113.9"}, "203.0.113.9"},
		{"10.0.0.1:1", []string{"1.1.1.1, 203.0.113.9, 10.2.2.2"}, "203.0.113.9"},
		{"10.0.0.1:1", []string{"1.1.1.1", "203.0.113.9"}, "203.0.113.9"},
		{"10.0.0.1:1", []string{"203.0.113.9, nonsense"}, "10.0.0.1"},
		{"10.0.0.1:1", []string{"203.0.113.9, "}, "10.0.0.1"},
		{"10.0.0.1:1", []string{"10.3.3.3, 10.2.2.2"}, "10.3.3.3"},
		{"10.0.0.1:1", []string{"203.0.113.9:8080"}, "203.0.113.9"},
		{"[fd00::1]:1", []string{"[2001:db8::7]:8080"}, "2001:db8::7"},
		{"[fd00::1]:1", []string{"[2001:db8::7]"}, "2001:db8::7"},
		{"[::ffff:10.0.0.1]:1", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		{"10.0.0.1:1", []string{"203.0.113.9" + strings.Repeat(",10.0.0.1", 40)}, "10.0.0.1"},
		{"@", []string{"203.0.113.9"}, "invalid IP"},
	} {
		if got := edge.Forwarded(c.peer, c.lines, proxies...); got.String() != c.want {
			t.Errorf("%s %q: %s, want %s", c.peer, c.lines, got, c.want)
		}
	}
}

func FuzzForwarded(f *testing.F) {
	f.Add("10.0.0.1:1", "1.1.1.1, 203.0.113.9, 10.2.2.2")
	f.Add("192.0.2.1:1", "[::1]:80,,x")
	f.Fuzz(func(t *testing.T, peer, line string) {
		got := edge.Forwarded(peer, []string{line}, prefix("10.0.0.0/8"))
		ap, err := netip.ParseAddrPort(peer)
		if err != nil {
			return
		}
		direct := ap.Addr().Unmap().WithZone("")
		if !prefix("10.0.0.0/8").Contains(direct) && got != direct {
			t.Errorf("an untrusted peer %s made itself %s", direct, got)
		}
		if !got.IsValid() || got.Zone() != "" || got.Is4In6() {
			t.Errorf("%q %q: %s", peer, line, got)
		}
	})
}

func FuzzCanonicalQuery(f *testing.F) {
	f.Add("after=3&sort=new")
	f.Add("sort=%ec%a0%95+x&sort=b&;=1&%zz")
	allowed := []string{"after", "q", "sort"}
	f.Fuzz(func(t *testing.T, raw string) {
		one, err := edge.CanonicalQuery(raw, allowed)
		if err != nil {
			if fault.KindOf(err) != fault.Malformed {
				t.Errorf("%q: %v", raw, err)
			}
			return
		}
		two, err := edge.CanonicalQuery(one, allowed)
		if err != nil || one != two {
			t.Errorf("%q → %q → %q, %v", raw, one, two, err)
		}
		values, err := url.ParseQuery(one)
		if err != nil {
			t.Fatalf("%q: %v", one, err)
		}
		for name, list := range values {
			if !slices.Contains(allowed, name) || len(list) != 1 || list[0] == "" || len(list[0]) > 512 {
				t.Errorf("%q: %q=%q", raw, name, list)
			}
		}
	})
}

func TestRequestID(t *testing.T) {
	s, stop := newSite(t, edge.Config{TrustedProxies: []netip.Prefix{prefix("10.0.0.0/8")}, Routes: []edge.Route{page(text("x"))}})
	defer stop()
	id := func(header ...string) string { return s.get("/ko/p/1", header...).Header().Get("X-Request-Id") }
	if a, b := id(), id(); a == b || len(a) != 16 {
		t.Errorf("%q and %q", a, b)
	}
	if got := id("X-Request-Id", "mine"); got == "mine" {
		t.Error("a stranger chose the id")
	}
	if got := id("RemoteAddr", "10.0.0.1:1", "X-Request-Id", "Root=1-67"); got != "Root=1-67" {
		t.Errorf("the proxy's id became %q", got)
	}
	for _, bad := range []string{`a"b`, "a b", strings.Repeat("x", 65)} {
		if got := id("RemoteAddr", "10.0.0.1:1", "X-Request-Id", bad); got == bad {
			t.Errorf("took %q", bad)
		}
	}
}

func TestAccessLine(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	s, stop := newSite(t, edge.Config{Routes: []edge.Route{page(func(w http.ResponseWriter, r *http.Request) error {
		switch r.PathValue("id") {
		case "slow":
			<-release
		case "none":
			return fault.New(fault.NotFound, "no_post", "No.")
		}
		return text("hello")(w, r)
	}),
		{Method: "POST", Path: "/w", Policy: edge.Write("w"), Handle: func(http.ResponseWriter, *http.Request) error {
			return fault.Wrap(errors.New("row 7"), fault.Conflict, "taken", "Taken.")
		}}}})
	defer stop()
	w := s.get("/ko/p/%22x%e2%80%ae%ED%95%9C?secret=1", "RemoteAddr", "[2001:db8::1]:5")
	s.do("POST", "/w", "")
	s.get("/%0a%ff\"level")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/ko/p/slow", nil).WithContext(gone))
	s.get("/ko/p/none")
	lines := s.lines(t)
	if len(lines) != 5 {
		t.Fatalf("%d lines: %v", len(lines), lines)
	}
	for name, value := range map[string]any{"method": "GET", "route": "post", "path": "/ko/p/\"x\u202e한", "status": 200.0, "bytes": 5.0,
		"cache": "miss", "ip": "2001:db8::1", "request_id": w.Header().Get("X-Request-Id"), "level": "INFO", "msg": "request"} {
		if lines[0][name] != value {
			t.Errorf("%s: %v, want %v", name, lines[0][name], value)
		}
	}
	if lines[1]["error"] != "taken" || lines[1]["status"] != 409.0 || lines[1]["level"] != "INFO" {
		t.Errorf("%v", lines[1])
	}
	if lines[3]["status"] != 499.0 || lines[4]["error"] != "no_post" {
		t.Errorf("%v\n%v", lines[3], lines[4])
	}
	if strings.Contains(s.log.String(), "secret") {
		t.Error("the query is in the log")
	}
}
