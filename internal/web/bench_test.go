package web_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
)

// BenchmarkTemplates writes a post with fifty comments from what the store gave: at most 0.4 ms.
func BenchmarkTemplates(b *testing.B) {
	w := newWorld(b)
	w.hotPost()
	post, err := w.store.Post(w.ctx, w.post.ID)
	if err != nil {
		b.Fatal(err)
	}
	comments, _, err := w.store.Tree(w.ctx, w.post.ID, "", 50)
	if err != nil || len(comments) != 50 {
		b.Fatalf("%d comments: %v", len(comments), err)
	}
	p := loadLocales(b).Printer("ko")
	b.ReportAllocs()
	var out bytes.Buffer
	for b.Loop() {
		out.Reset()
		if err := w.site.WritePost(w.ctx, &out, p, post, comments, w.now); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(out.Len()))
}

// BenchmarkPostHandler is the same page from SQLite to bytes, without edge and compression.
func BenchmarkPostHandler(b *testing.B) {
	w := newWorld(b)
	w.hotPost()
	path := w.postPath("")
	handle, r := handler(b, w, path)
	for b.Loop() {
		rec := httptest.NewRecorder()
		rec.Body = nil
		if err := handle(rec, r); err != nil {
			b.Fatal(err)
		}
	}
}

// handler finds the handler of a path and a request that carries its path values.
func handler(b *testing.B, w *world, path string) (func(http.ResponseWriter, *http.Request) error, *http.Request) {
	b.Helper()
	mux := http.NewServeMux()
	var found func(http.ResponseWriter, *http.Request) error
	var request *http.Request
	for _, rt := range w.site.Routes() {
		mux.HandleFunc(rt.Method+" "+rt.Path, func(_ http.ResponseWriter, r *http.Request) { found, request = rt.Handle, r })
	}
	mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, base+path, nil))
	if found == nil {
		b.Fatalf("no route for %s", path)
	}
	return found, request
}
