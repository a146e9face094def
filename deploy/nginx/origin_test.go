package nginx_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lightstick/internal/edge"
)

// node is an origin that does as it is told. It answers with what it was asked, under the cache
// headers that the route's policy would give.
type node struct {
	name   string
	addr   string
	origin *origin

	mu     sync.Mutex // guards what it is told
	mode   string     // "up", "hang", "slow", "dead", "cut", or a status
	server *http.Server
}

// origin is all nodes of a test and what they were asked.
type origin struct {
	nodes []*node

	mu    sync.Mutex // guards asked
	asked []string   // "node1 GET /ko"
}

func newOrigin(t *testing.T, n int) *origin {
	t.Helper()
	o := &origin{}
	for i := range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		d := &node{name: fmt.Sprintf("node%d", i+1), addr: l.Addr().String(), origin: o, mode: "up"}
		o.nodes = append(o.nodes, d)
		d.serve(l)
		t.Cleanup(func() { d.tell(t, "dead") })
	}
	return o
}

func (o *origin) addrs() (list []string) {
	for _, d := range o.nodes {
		list = append(list, d.addr)
	}
	return list
}

// take returns what was asked since it was called last.
func (o *origin) take() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := o.asked
	o.asked = nil
	return list
}

func (o *origin) node(name string) *node {
	i := slices.IndexFunc(o.nodes, func(d *node) bool { return d.name == name })
	if i < 0 {
		return nil
	}
	return o.nodes[i]
}

func (d *node) serve(l net.Listener) {
	d.server = &http.Server{Handler: d, ReadHeaderTimeout: patience}
	s := d.server
	go func() { _ = s.Serve(l) }() // ends with Close
}

// tell changes what the node does. A dead node refuses connections; any other word revives it.
func (d *node) tell(t *testing.T, mode string) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if mode == "dead" && d.mode != "dead" {
		_ = d.server.Close() // cuts what hangs; there is nothing else to fail
	}
	if mode != "dead" && d.mode == "dead" {
		l, err := net.Listen("tcp", d.addr)
		if err != nil {
			t.Fatal(err)
		}
		d.serve(l)
	}
	d.mode = mode
}

func (d *node) told() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.mode
}

const slow = 300 * time.Millisecond

func (d *node) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.origin.mu.Lock()
	d.origin.asked = append(d.origin.asked, d.name+" "+r.Method+" "+r.RequestURI)
	d.origin.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the POP left
	}
	switch mode := d.told(); mode {
	case "hang":
		wait(r.Context(), patience)
		return
	case "slow":
		wait(r.Context(), slow)
	case "cut":
		panic(http.ErrAbortHandler)
	case "500", "502", "503", "504", "429":
		var status int
		_, _ = fmt.Sscan(mode, &status) // it is one of those above
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, d.name+" fails", status)
		return
	}
	d.answer(w, r, len(body))
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// answer tells what arrived.
func (d *node) answer(w http.ResponseWriter, r *http.Request, body int) {
	h := w.Header()
	h.Set("Cache-Control", policyOf(r).CacheControl())
	h.Set("Vary", "Accept-Encoding")
	if r.URL.Path == "/ko/f/odd" {
		h.Set("Vary", "Accept-Encoding, Cookie")
	}
	h.Set("X-Cache", "miss")
	h.Set("X-Request-Id", "of-the-origin")
	h.Set("X-Node", d.name)
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\nHost: %s\nbody: %d bytes\n", r.Method, r.RequestURI, r.Host, body)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		fmt.Fprintf(&b, "%s: %s\n", name, strings.Join(r.Header[name], " AND "))
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		if r.URL.Path == "/ko/f/tagged" {
			h.Set("ETag", `"the-tag"`)
		}
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(b.String()))
	case http.MethodPost:
		w.WriteHeader(http.StatusCreated)
		fallthrough
	default:
		_, _ = io.WriteString(w, b.String()) // the POP may have left
	}
}

// policyOf gives a path the kind of policy that it has on a real node. Two paths are there
// for the tests: they age in a second and are not shown unasked after it, so that nobody waits for
// half a minute.
func policyOf(r *http.Request) policy {
	path := r.URL.Path
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return edge.Write("write")
	case strings.HasPrefix(path, "/me/"), strings.HasPrefix(path, "/admin/"), r.Header.Get("Authorization") != "":
		return edge.Personal("personal")
	case path == "/", strings.HasPrefix(path, "/-/"):
		return edge.Open("open")
	case strings.HasPrefix(path, "/assets/"), strings.HasPrefix(path, "/media/"):
		return edge.Immutable("immutable")
	case strings.HasSuffix(path, "/tail"):
		return edge.Page("tail", edge.Live())
	case path == "/ko/f/short":
		return literal("public, max-age=0, s-maxage=1, stale-if-error=60, for-tests")
	case path == "/ko/f/tagged":
		return literal("public, max-age=0, s-maxage=1, for-tests")
	}
	return edge.Page("page")
}

type policy interface{ CacheControl() string }

type literal string

func (l literal) CacheControl() string { return string(l) }
