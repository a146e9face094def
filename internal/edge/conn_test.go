package edge_test

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"lightstick/internal/edge"
)

// serve starts a real server and returns its address.
func serve(t *testing.T, h http.Handler, wrap func(net.Listener) net.Listener) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := edge.Server(h, slog.New(slog.DiscardHandler))
	done := make(chan error)
	go func() { done <- srv.Serve(wrap(l)) }()
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
	return l.Addr().String()
}

// talk sends raw requests one after the other on one connection and reads the answers.
func talk(t *testing.T, addr string, methods []string, raw string) []answer {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go func() { _, _ = io.WriteString(c, raw) }()
	br := bufio.NewReader(c)
	var all []answer
	for _, m := range methods {
		res, err := http.ReadResponse(br, &http.Request{Method: m})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, answer{res.StatusCode, res.Header, string(body)})
	}
	return all
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) names() string {
	var names []string
	for name, values := range a.header {
		if name != "Date" && name != "X-Request-Id" {
			names = append(names, name+": "+strings.Join(values, "|"))
		}
	}
	slices.Sort(names)
	return strings.Join(names, "\n")
}

// The fast way out must be told from the plain one by nothing but its speed.
func TestListenChangesNoByte(t *testing.T) {
	bodies := map[string]string{
		"none": "", "tiny": "x", "edge1": strings.Repeat("y", 2048), "edge2": strings.Repeat("y", 4096),
		"long": long, "huge": strings.Repeat("z", 200_000),
	}
	s, stop := newSite(t, edge.Config{Routes: []edge.Route{
		page(func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
			return text(bodies[r.PathValue("id")])(w, r)
		}),
		{Method: "GET", Path: "/a/{file}", Policy: edge.Immutable("asset"), Handle: func(w http.ResponseWriter, r *http.Request) error {
			http.ServeFile(w, r, "conn_test.go")
			return nil
		}},
	}})
	defer stop()
	fast := serve(t, s, func(l net.Listener) net.Listener { return edge.Listen(l, nil) })
	plain := serve(t, s, func(l net.Listener) net.Listener { return l })
	for id := range bodies {
		s.get("/ko/p/" + id)
	}
	var raw strings.Builder
	var methods []string
	for id := range bodies {
		for _, ask := range []string{"GET * HTTP/1.1\r\n", "GET * HTTP/1.1\r\nAccept-Encoding: gzip\r\n", "HEAD * HTTP/1.1\r\n", "GET * HTTP/1.1\r\nIf-None-Match: *\r\n"} {
			methods = append(methods, ask[:strings.IndexByte(ask, ' ')])
			raw.WriteString(strings.Replace(ask, "*", "/ko/p/"+id, 1) + "Host: x\r\n\r\n")
		}
	}
	for _, path := range []string{"/none", "/a/b", "/none", "/ko/p/long"} {
		methods = append(methods, "GET")
		raw.WriteString("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n")
	}
	methods = append(methods, "GET")
	raw.WriteString("GET /ko/p/long HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	// All requests are sent at once: answers must not run into each other.
	a, b := talk(t, fast, methods, raw.String()), talk(t, plain, methods, raw.String())
	for i := range a {
		if a[i].status != b[i].status || a[i].body != b[i].body || a[i].names() != b[i].names() {
			t.Errorf("answer %d: %d\n%s\n%d bytes, not %d\n%s\n%d bytes", i, a[i].status, a[i].names(), len(a[i].body), b[i].status, b[i].names(), len(b[i].body))
		}
		if len(a[i].header.Values("X-Request-Id")) != 1 || a[i].header.Get("Content-Security-Policy") == "" {
			t.Errorf("answer %d: %v", i, a[i].header)
		}
	}
	old := talk(t, fast, []string{"GET"}, "GET /ko/p/long HTTP/1.0\r\nHost: x\r\n\r\n")
	if old[0].body != long || old[0].header.Get("Content-Security-Policy") == "" {
		t.Errorf("HTTP/1.0: %v", old[0].header)
	}
}

func TestServerBoundsHeaders(t *testing.T) {
	s, stop := newSite(t, edge.Config{Routes: []edge.Route{page(text("x"))}})
	defer stop()
	addr := serve(t, s, func(l net.Listener) net.Listener { return edge.Listen(l, nil) })
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	write := "GET /ko/p/1 HTTP/1.1\r\nHost: x\r\nX-Big: " + strings.Repeat("x", 32<<10) + "\r\n\r\n"
	go func() { _, _ = io.WriteString(c, write) }()
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "HTTP/1.1 431 ") {
		t.Errorf("%q, %v", line, err)
	}
	srv := edge.Server(s, slog.New(slog.DiscardHandler))
	if srv.ReadHeaderTimeout <= 0 || srv.ReadTimeout <= 0 || srv.WriteTimeout <= 0 || srv.IdleTimeout <= 0 {
		t.Error("a slow client is not bounded")
	}
}
