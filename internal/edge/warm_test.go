package edge_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"lightstick/internal/edge"
)

const longCC = "public, max-age=0, s-maxage=8, stale-while-revalidate=30, stale-if-error=86400"

// TestLengthen: from its next rendering on a page of an event is fresh for longer, here and for
// caches on the way, whatever its query; a tail never is, and all is as before when it is over.
func TestLengthen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		counted := func(w http.ResponseWriter, r *http.Request) error {
			calls.Add(1)
			return text(long)(w, r) // the same bytes each time
		}
		s, stop := newSite(t, edge.Config{Routes: []edge.Route{
			{Method: "GET", Path: "/b/{id}", Policy: edge.Page("board", edge.Query("sort")), Handle: counted},
			{Method: "GET", Path: "/tail", Policy: edge.Page("tail", edge.Live()), Handle: counted},
		}})
		defer stop()
		tag := s.get("/b/1").Header().Get("ETag")
		s.Lengthen(8*time.Second, "/b/1", "/tail", "/b/none")
		want(t, s.get("/b/1"), 200, "X-Cache", "hit", "Cache-Control", pageCC)
		time.Sleep(2 * time.Second)
		want(t, s.get("/b/1"), 200, "X-Cache", "stale")
		synctest.Wait()
		for range 3 { // of 8 seconds
			time.Sleep(2 * time.Second)
			want(t, s.get("/b/1"), 200, "X-Cache", "hit", "Cache-Control", longCC, "ETag", tag)
		}
		want(t, s.get("/b/1?sort=new"), 200, "Cache-Control", longCC)
		want(t, s.get("/b/2"), 200, "Cache-Control", pageCC)
		want(t, s.get("/tail"), 200, "Cache-Control", "public, max-age=0, s-maxage=1, stale-if-error=86400")
		time.Sleep(time.Second)
		calls.Store(0)
		want(t, s.get("/tail"), 200, "X-Cache", "miss")
		if calls.Load() != 1 {
			t.Error("a tail was lengthened")
		}
		want(t, s.get("/b/3/none"), 404)

		s.Lengthen(0)
		time.Sleep(8 * time.Second)
		s.get("/b/1")
		synctest.Wait()
		want(t, s.get("/b/1"), 200, "X-Cache", "hit", "Cache-Control", pageCC, "ETag", tag)
		time.Sleep(2 * time.Second)
		want(t, s.get("/b/1"), 200, "X-Cache", "stale")
		synctest.Wait()
	})
}

func TestHotPages(t *testing.T) {
	s, stop := newSite(t, edge.Config{Routes: []edge.Route{
		page(text(long), edge.Query("after")),
		{Method: "GET", Path: "/search", Policy: edge.Page("search", edge.In(edge.ClassSearch), edge.Query("q")), Handle: text("x")},
		{Method: "GET", Path: "/tail", Policy: edge.Page("tail", edge.Live()), Handle: text("x")},
		{Method: "GET", Path: "/to", Policy: edge.Page("to"), Handle: func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Location", "/ko/p/1")
			w.WriteHeader(http.StatusFound)
			return nil
		}},
	}})
	defer stop()
	for i := range 9 {
		for range i {
			s.get(fmt.Sprint("/ko/p/", i))
		}
	}
	s.get("/ko/p/8?after=x&utm_source=y", "Cookie", "ls_ryw=1")
	for _, uri := range []string{"/search?q=me", "/tail", "/to", "/ko/p/0?after=" + strings.Repeat("x", 600)} {
		for range 20 {
			s.get(uri)
		}
	}
	if got := fmt.Sprint(s.HotPages(3)); got != "[{/ko/p/8 8} {/ko/p/7 7} {/ko/p/6 6}]" {
		t.Errorf("hot: %s", got)
	}
	if list := s.HotPages(200); len(list) != 0 {
		t.Errorf("counted again: %v", list)
	}
	if err := s.Warm(t.Context(), "/ko/p/7", "/ko/p/70"); err != nil {
		t.Fatal(err)
	}
	s.get("/ko/p/2")
	if got := fmt.Sprint(s.HotPages(200)); got != "[{/ko/p/2 1}]" {
		t.Errorf("hot since: %s", got)
	}
	if n, bytes := s.CacheUse(); n < 8 || bytes < int64(8*len(long)) {
		t.Errorf("the cache holds %d pages in %d bytes", n, bytes)
	}
}

// TestWarmEndsInTime: pages that hang, as they do when the store does, keep nobody waiting.
func TestWarmEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		s, stop := newSite(t, edge.Config{Routes: []edge.Route{page(func(_ http.ResponseWriter, r *http.Request) error {
			for n := now.Add(1); ; {
				if m := most.Load(); n <= m || most.CompareAndSwap(m, n) {
					break
				}
			}
			defer now.Add(-1)
			<-r.Context().Done()
			return r.Context().Err()
		})}})
		defer stop()
		var uris []string
		for i := range 100 {
			uris = append(uris, fmt.Sprint("/ko/p/", i))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		if err := s.Warm(ctx, uris...); err == nil || !strings.Contains(err.Error(), "96 of 100 pages not warmed") {
			t.Errorf("warmed: %v", err)
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("it took %v", took)
		}
		if n := most.Load(); n != 4 {
			t.Errorf("%d pages were rendered at once", n)
		}
		synctest.Wait()
	})
}

func TestBeacon(t *testing.T) {
	var got string
	s, stop := newSite(t, edge.Config{Identify: func(*http.Request) (context.Context, string, error) { panic("somebody was asked who they are") },
		Routes: []edge.Route{{Method: "POST", Path: "/seen", Policy: edge.Beacon("seen", edge.Limit(edge.Rate{Per: time.Minute, Burst: 6, By: edge.ByAddress})),
			Handle: func(w http.ResponseWriter, r *http.Request) error {
				if err := r.ParseForm(); err != nil {
					return err
				}
				got = r.PostForm.Get("post") + "|" + r.Header.Get("Cookie") + r.Header.Get("Authorization") + "|" + edge.ClientIP(r.Context()).String() + "|" + r.UserAgent()
				http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
				w.WriteHeader(http.StatusNoContent)
				return nil
			}}}})
	defer stop()
	form := []string{"Content-Type", "application/x-www-form-urlencoded", "User-Agent", "x", "Cookie", "s=1", "Authorization", "Bearer y"}
	want(t, s.do("POST", "/seen", "post=12", append(form, "Sec-Fetch-Site", "same-origin")...), 204, "Cache-Control", "private, no-store", "Set-Cookie", "")
	if got != "12||192.0.2.7|x" {
		t.Errorf("the handler saw %q", got)
	}
	got = ""
	want(t, s.do("POST", "/seen", "post=12", append(form, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")...), 403)
	want(t, s.do("POST", "/seen", "post=12"+strings.Repeat("x", 300), form...), 413)
	want(t, s.do("GET", "/seen", ""), 405)
	if got != "" {
		t.Errorf("the handler was asked: %q", got)
	}
	for range 3 {
		want(t, s.do("POST", "/seen", "post=1", form...), 204)
	}
	want(t, s.do("POST", "/seen", "post=1", form...), 429)
	want(t, s.do("POST", "/seen", "post=1", append(form, "RemoteAddr", "192.0.2.8:1")...), 204)
	for _, bad := range []edge.Route{{Method: "GET", Path: "/x", Policy: edge.Beacon("x"), Handle: ok}, {Method: "PUT", Path: "/x", Policy: edge.Beacon("x"), Handle: ok}} {
		if _, err := edge.New(edge.Config{Routes: []edge.Route{bad}, Fail: fail, BaseURL: &url.URL{Scheme: "https", Host: "x.example"}, Observer: s.obs}); err == nil {
			t.Errorf("a beacon by %s starts", bad.Method)
		}
	}
}
