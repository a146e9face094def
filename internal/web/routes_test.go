package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"lightstick/internal/edge"
)

// TestPublicRoutes walks the whole table: each public address carries exactly the header of its
// kind, sets no cookie, and gives the same bytes with and without cookies.
func TestPublicRoutes(t *testing.T) {
	w := newWorld(t)
	c := w.comment(0, "hello")
	w.flush()
	css, _ := w.page("/ko").Find("link[rel=stylesheet]").Attr("href")
	fill := map[string]string{
		"{fandom}": "aurora", "{board}": "talk", "{post}": fmt.Sprint(w.post.ID), "{comment}": fmt.Sprint(c.ID), "{handle}": "byul",
		"{file}": strings.TrimPrefix(css, "/assets/"),
	}
	place := regexp.MustCompile(`\{\w+\}`)
	seen := 0
	for _, rt := range w.site.Routes() {
		if !rt.Policy.Public() {
			continue
		}
		path := place.ReplaceAllStringFunc(rt.Path, func(p string) string { return fill[p] })
		if strings.HasPrefix(path, "/media/") {
			continue // there are no pictures in this world; package media tests them
		}
		if strings.Contains(path, "/search") {
			path += "?q=hello"
		}
		seen++
		checkPublic(t, w, path, rt.Policy)
	}
	if seen < 60 {
		t.Errorf("only %d public routes", seen)
	}
}

func checkPublic(t *testing.T, w *world, path string, p edge.Policy) {
	t.Helper()
	want := "public, max-age=0, s-maxage=2, stale-while-revalidate=30, stale-if-error=86400"
	switch {
	case strings.HasPrefix(p.Name(), "tail."):
		want = "public, max-age=0, s-maxage=1, stale-if-error=86400"
	case p.CacheControl() != want:
		want = "public, max-age=31536000, immutable"
	}
	guest := w.get(path)
	w.openEdge() // a fresh one, whose page cache is empty
	member := w.get(path, "Cookie", "__Host-session=abc; ls_member=1", "Authorization", "Bearer abc", "Accept-Language", "ja", "User-Agent", "x")
	for _, rec := range []*httptest.ResponseRecorder{guest, member} {
		if rec.Code != http.StatusOK {
			t.Errorf("%s: status %d", path, rec.Code)
		}
		if got := rec.Header().Get("Cache-Control"); got != want {
			t.Errorf("%s: Cache-Control %q, want %q", path, got, want)
		}
		if rec.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s sets a cookie", path)
		}
		if vary := strings.Join(rec.Header().Values("Vary"), ", "); vary != "" && vary != "Accept-Encoding" {
			t.Errorf("%s varies by %s", path, vary)
		}
		if rec.Header().Get("ETag") == "" {
			t.Errorf("%s has no ETag", path)
		}
	}
	if guest.Body.String() != member.Body.String() {
		t.Errorf("%s differs between guest and member", path)
	}
}

// TestPrivateRoutesAreNotPublic holds the border: what is under /me/ and /admin/ is never kept by
// caches, and nothing else reads who is asking.
func TestPrivateRoutesAreNotPublic(t *testing.T) {
	for _, rt := range newWorld(t).site.Routes() {
		private := strings.HasPrefix(rt.Path, "/me/") || strings.HasPrefix(rt.Path, "/admin/")
		if cc := rt.Policy.CacheControl(); private != (cc == "private, no-store") {
			t.Errorf("%s %s: Cache-Control %q", rt.Method, rt.Path, cc)
		}
	}
}

func TestAssetsSpeakThreeCodings(t *testing.T) {
	w := newWorld(t)
	doc := w.page("/ja")
	js, _ := doc.Find("script[type=module]").Attr("src")
	plain := w.get(js)
	if !strings.HasPrefix(plain.Body.String(), "const T={") || !strings.Contains(plain.Body.String(), "プレビュー") {
		t.Error("the script does not begin with the texts of its language")
	}
	if ct := plain.Header().Get("Content-Type"); ct != "text/javascript; charset=utf-8" {
		t.Errorf("the script is %q", ct)
	}
	tags := map[string]bool{plain.Header().Get("ETag"): true}
	for accept, want := range map[string]string{"gzip": "gzip", "gzip, deflate, br": "br"} {
		rec := w.get(js, "Accept-Encoding", accept)
		tags[rec.Header().Get("ETag")] = true
		if got := rec.Header().Get("Content-Encoding"); got != want || rec.Body.Len() >= plain.Body.Len() {
			t.Errorf("%q: coded as %q in %d bytes", accept, got, rec.Body.Len())
		}
	}
	if len(tags) != 3 {
		t.Errorf("the codings share ETags: %v", tags)
	}
	if rec := w.get(js, "If-None-Match", plain.Header().Get("ETag")); rec.Code != http.StatusNotModified {
		t.Errorf("a known script: %d", rec.Code)
	}
}
