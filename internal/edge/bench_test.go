package edge_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"

	"lightstick/internal/edge"
	"lightstick/internal/observe"
)

// hotPage is HTML that gzip makes about 8 KB of, like a post with 50 comments.
func hotPage() []byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for i := range 200 {
		fmt.Fprintf(&b, "<article id=c%d><p>comment %d: %d %d %d</p></article>\n", i, i, rnd.Uint64(), rnd.Uint64(), rnd.Uint64())
	}
	return b.Bytes()
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(b)
	_ = z.Close()
	return out.Bytes()
}

// bare is the limit that the edge is measured against: the same bytes and the same headers of
// the content, from memory, and nothing else.
func bare(page []byte) http.Handler {
	body := zipped(page)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(body)))
		h.Set("Cache-Control", "public, max-age=0, s-maxage=2, stale-while-revalidate=30, stale-if-error=86400")
		h.Set("Vary", "Accept-Encoding")
		h.Set("Etag", `"abcdefghijklmnopqrst-gzip"`)
		_, _ = w.Write(body)
	})
}

// hotEdge serves the page with everything on. The function it returns stops it.
func hotEdge(page []byte, log io.Writer) (http.Handler, func(), error) {
	obs := observe.New(observe.Options{Log: log})
	e, err := edge.New(edge.Config{
		Routes: []edge.Route{{Method: "GET", Path: "/{locale}/p/{id}", Policy: edge.Page("post", edge.Query("after")),
			Handle: func(w http.ResponseWriter, _ *http.Request) error {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				_, err := w.Write(page)
				return err
			}}},
		Fail:    func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusInternalServerError) },
		BaseURL: &url.URL{Scheme: "https", Host: "lightstick.example"}, Observer: obs,
	})
	if err != nil {
		return nil, nil, err
	}
	return e, func() { e.Close(); _ = obs.Close() }, nil
}

func request() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/ko/p/1", nil)
	r.Header.Set("Accept-Encoding", "gzip, deflate")
	return r
}

// discard is a connection that costs nothing, so that a benchmark shows the handler alone.
type discard struct{ h http.Header }

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

func benchmark(b *testing.B, h http.Handler) {
	r := request()
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(&discard{h: make(http.Header)}, r)
	}
}

// The two differ by what the edge adds to an answer from its cache, without the network.
func BenchmarkHandlerBare(b *testing.B) { benchmark(b, bare(hotPage())) }
func BenchmarkHandlerHit(b *testing.B) {
	e, stop, err := hotEdge(hotPage(), io.Discard)
	if err != nil {
		b.Fatal(err)
	}
	defer stop()
	benchmark(b, e)
}
