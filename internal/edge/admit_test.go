package edge_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"lightstick/internal/edge"
	"lightstick/internal/observe"
)

// slow is a handler that takes as long as it is told, and counts.
type slow struct {
	calls atomic.Int32
	takes atomic.Int64
}

func (s *slow) handle(w http.ResponseWriter, r *http.Request) error {
	s.calls.Add(1)
	select {
	case <-time.After(time.Duration(s.takes.Load())):
	case <-r.Context().Done():
		return r.Context().Err()
	}
	return text("made for "+r.URL.Path)(w, r)
}

// narrow is a site with one place for reads and one for writes.
func narrow(t *testing.T, h edge.Handler) (*site, *edge.Gates, func()) {
	t.Helper()
	gates := edge.FixedGates(1, 1)
	s, stop := newSite(t, edge.Config{Gates: gates, Routes: []edge.Route{
		page(h),
		{Method: "GET", Path: "/me", Policy: edge.Personal("me"), Handle: h},
		{Method: "GET", Path: "/{$}", Policy: edge.Open("root"), Handle: h},
		{Method: "GET", Path: "/livez", Policy: edge.Probe("livez"), Handle: text("alive")},
		{Method: "GET", Path: "/assets/a", Policy: edge.Immutable("assets"), Handle: text("asset")},
		{Method: "POST", Path: "/form", Policy: edge.Write("form"), Handle: h},
		{Method: "POST", Path: "/sign-in", Policy: edge.Write("sign-in", edge.Through(edge.Passwords)), Handle: text("in")},
		{Method: "POST", Path: "/upload", Policy: edge.Write("upload", edge.Body(1<<20)), Handle: text("up")},
		{Method: "POST", Path: "/seen", Policy: edge.Beacon("seen"), Handle: text("seen")},
	}})
	return s, gates, stop
}

// TestFullHouse: what is refused when all places are taken, how, and what never is.
func TestFullHouse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h slow
		s, gates, stop := narrow(t, h.handle)
		defer stop()
		if got := s.get("/ko/p/1"); got.Code != 200 {
			t.Fatalf("at first: %d", got.Code)
		}
		enter(t, gates.Gate(edge.Reads), edge.ClassMember)
		enter(t, gates.Gate(edge.Writes), edge.ClassWrite)
		for _, tc := range []struct {
			method, path string
			want         int
		}{
			{"GET", "/ko/p/1", 200}, {"GET", "/livez", 200}, {"GET", "/assets/a", 200}, {"GET", "/nothing", 404},
			{"POST", "/sign-in", 200},
			{"GET", "/ko/p/2", 503}, {"GET", "/me", 503}, {"GET", "/", 503}, {"POST", "/form", 503}, {"POST", "/seen", 503},
		} {
			got := s.do(tc.method, tc.path, "", "Sec-Fetch-Site", "same-origin")
			after, _ := strconv.Atoi(got.Header().Get("Retry-After"))
			switch {
			case got.Code != tc.want:
				t.Errorf("%s %s: %d, want %d", tc.method, tc.path, got.Code, tc.want)
			case tc.want == 503 && (after < 2 || after > 5 || !strings.Contains(got.Header().Get("Cache-Control"), "no-store") || got.Body.String() != "busy"):
				t.Errorf("%s %s: refused with %v %s", tc.method, tc.path, got.Header(), got.Body)
			}
		}
		time.Sleep(time.Hour) // now the copy is old
		if got := s.get("/ko/p/1"); got.Code != 200 || got.Header().Get("X-Cache") != "stale" || h.calls.Load() != 1 {
			t.Errorf("what has a copy: %d %s after %d calls", got.Code, got.Header().Get("X-Cache"), h.calls.Load())
		}
		if got := s.get("/ko/p/1", "Cookie", "ls_ryw=x"); got.Code != 200 || got.Header().Get("X-Cache") != "stale" {
			t.Errorf("what has a copy, for one who has just written: %d %s", got.Code, got.Header().Get("X-Cache"))
		}
	})
}

// TestWaitersTakeNoPlace: a thousand readers of a page that is being made are one.
func TestWaitersTakeNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h slow
		h.takes.Store(int64(time.Second))
		s, gates, stop := narrow(t, h.handle)
		defer stop()
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				if got := s.get("/ko/p/1"); got.Code != 200 {
					t.Errorf("got %d", got.Code)
				}
			})
		}
		synctest.Wait()
		if _, inside, waiting := gates.Gate(edge.Reads).Load(); inside != 1 || waiting != 0 || h.calls.Load() != 1 {
			t.Errorf("%d inside, %d in line, %d calls", inside, waiting, h.calls.Load())
		}
		wg.Wait()
	})
}

// TestCrowdRaisesAPage: a page for which a crowd waits is not refused like one that nobody else wants.
func TestCrowdRaisesAPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h slow
		s, gates, stop := narrow(t, h.handle)
		defer stop()
		leave := enter(t, gates.Gate(edge.Reads), edge.ClassMember)
		codes := make(chan int, 100)
		for range 100 {
			go func() { codes <- s.get("/ko/p/1").Code }()
		}
		alone := make(chan int, 1)
		go func() { alone <- s.get("/ko/p/2").Code }()
		time.Sleep(350 * time.Millisecond) // longer than a guest waits
		leave(true)
		for range 100 {
			if code := <-codes; code != 200 {
				t.Fatalf("one of a crowd got %d", code)
			}
		}
		if code := <-alone; code != 503 {
			t.Errorf("one alone got %d", code)
		}
	})
}

// TestCrawlersGoFirst: a crawler is refused, and does not take with it a guest who waits for the same page.
func TestCrawlersGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h slow
		s, gates, stop := narrow(t, h.handle)
		defer stop()
		leave := enter(t, gates.Gate(edge.Reads), edge.ClassMember)
		bot, guest := make(chan int, 1), make(chan int, 1)
		go func() { bot <- s.get("/ko/p/1", "User-Agent", "Mozilla/5.0 (compatible; Examplebot/2.1)").Code }()
		synctest.Wait()
		go func() { guest <- s.get("/ko/p/1", "User-Agent", "Mozilla/5.0 (Linux; Android 14)").Code }()
		time.Sleep(250 * time.Millisecond)
		leave(true)
		if code := <-guest; code != 200 {
			t.Errorf("the guest got %d", code)
		}
		if code := <-bot; code != 200 && code != 503 {
			t.Errorf("the crawler got %d", code)
		}
		if h.calls.Load() != 1 {
			t.Errorf("%d calls", h.calls.Load())
		}
	})
}

// TestOnlyTheAttackerIsRefused: the WAF looks at whoever asks first; the others are not in it with him.
func TestOnlyTheAttackerIsRefused(t *testing.T) {
	obs := observe.New(observe.Options{Log: &syncBuffer{}})
	waf, err := edge.NewWAF(edge.WAFOptions{Observer: obs})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		gates := edge.FixedGates(1, 1)
		s, stop := newSite(t, edge.Config{Gates: gates, WAF: waf, Routes: []edge.Route{page(text("fine"))}})
		defer stop()
		leave := enter(t, gates.Gate(edge.Reads), edge.ClassMember)
		bad, good := make(chan int, 1), make(chan int, 1)
		go func() { bad <- s.get("/ko/p/1", "User-Agent", "() { :; }; /bin/bash -c 'id'").Code }()
		synctest.Wait()
		go func() { good <- s.get("/ko/p/1").Code }()
		synctest.Wait()
		leave(true)
		if b, g := <-bad, <-good; b != 403 || g != 200 {
			t.Errorf("the attacker got %d, the reader %d", b, g)
		}
	})
}

// TestLeftWorkIsDropped: a page in line is not made when nobody waits for it any more.
func TestLeftWorkIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h slow
		s, gates, stop := narrow(t, h.handle)
		defer stop()
		leave := enter(t, gates.Gate(edge.Reads), edge.ClassMember)
		gone := make(chan struct{})
		go func() { s.leaving("/ko/p/1", 10*time.Millisecond); close(gone) }()
		<-gone
		synctest.Wait()
		if _, _, waiting := gates.Gate(edge.Reads).Load(); waiting != 0 {
			t.Errorf("%d wait for a client who left", waiting)
		}
		leave(true)
		synctest.Wait()
		if h.calls.Load() != 0 {
			t.Error("a page was made for nobody")
		}
	})
}

// TestSlowSendersHoldNoPlace: bodies that trickle in do not keep others from writing, and what is
// larger than usual has places of its own.
func TestSlowSendersHoldNoPlace(t *testing.T) {
	var h slow
	s, _, stop := narrow(t, h.handle)
	defer stop()
	addr := serve(t, s, func(l net.Listener) net.Listener { return edge.Listen(l, nil) })
	for _, length := range []int{1000, 1000, 1000, 500_000, 500_000} {
		path := "/form"
		if length > 1000 {
			path = "/upload"
		}
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: lightstick.example\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\nbody=", path, length)
	}
	res, err := http.Post("http://"+addr+"/form", "application/x-www-form-urlencoded", strings.NewReader("body=quick"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 200 {
		t.Errorf("the quick one got %d", res.StatusCode)
	}
}

// TestConnectionsAreBounded: one address may have half, a trusted proxy all, and quiet ones make way.
func TestConnectionsAreBounded(t *testing.T) {
	var clock atomic.Int64
	now := func() time.Time { return time.Unix(1000, 0).Add(time.Duration(clock.Load())) }
	for _, tc := range []struct {
		exempt []netip.Prefix
		want   int
	}{{nil, 10}, {[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, 20}} {
		crowd, err := edge.NewCrowd(20, tc.exempt, now, observe.New(observe.Options{Log: &syncBuffer{}}))
		if err != nil {
			t.Fatal(err)
		}
		s, stop := newSite(t, edge.Config{Routes: []edge.Route{page(text("fine"))}})
		defer stop()
		addr := serve(t, s, func(l net.Listener) net.Listener { return edge.Listen(l, crowd) })
		ask := func() (net.Conn, bool) {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			_ = c.SetDeadline(time.Now().Add(5 * time.Second))
			_, _ = io.WriteString(c, "GET /ko/p/1 HTTP/1.1\r\nHost: lightstick.example\r\n\r\n")
			n, _ := c.Read(make([]byte, 64))
			return c, n > 0
		}
		for i := range 30 {
			c, ok := ask()
			defer c.Close()
			if ok != (i < tc.want) {
				t.Fatalf("connection %d: served %v, with room for %d", i+1, ok, tc.want)
			}
		}
		if tc.exempt == nil {
			continue
		}
		clock.Add(int64(2 * time.Second))
		c, ok := ask()
		defer c.Close()
		if n := crowd.Len(); !ok || n > 20 {
			t.Errorf("after a quiet time served %v; %d are open", ok, n)
		}
	}
}

// TestSlowloris: hundreds who send a header byte by byte, or nothing, keep nobody out.
func TestSlowloris(t *testing.T) {
	t.Parallel()
	crowd, err := edge.NewCrowd(2000, nil, time.Now, observe.New(observe.Options{Log: &syncBuffer{}}))
	if err != nil {
		t.Fatal(err)
	}
	s, stop := newSite(t, edge.Config{Gates: edge.FixedGates(2, 2), Routes: []edge.Route{page(text("fine"))}})
	defer stop()
	addr := serve(t, s, func(l net.Listener) net.Listener { return edge.Listen(l, crowd) })
	var held []net.Conn
	for i := range 500 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if i%2 == 0 {
			_, _ = io.WriteString(c, "GET /ko/p/1 HTTP/1.1\r\nHost: lightstick.example\r\nX-")
		}
		held = append(held, c)
	}
	began := time.Now()
	for i := range 200 {
		res, err := http.Get("http://" + addr + "/ko/p/" + strconv.Itoa(i))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if res.StatusCode != 200 {
			t.Fatalf("a reader got %d", res.StatusCode)
		}
	}
	t.Logf("200 readers were served in %v beside 500 who say little", time.Since(began))
	for _, c := range held {
		_ = c.SetReadDeadline(time.Now().Add(15 * time.Second))
		if _, err := c.Read(make([]byte, 1)); err == nil {
			continue // 408 or the like
		} else if ne, ok := err.(net.Error); ok && ne.Timeout() {
			t.Fatal("one who says little is still connected")
		}
	}
}

// TestHallBehindOneAddress: two thousand readers behind one address read one page, each on a
// connection of its own.
func TestHallBehindOneAddress(t *testing.T) {
	readers := 2000
	var files syscall.Rlimit // both ends of a connection are files of this process
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err == nil && files.Cur < 5000 {
		readers = int(files.Cur) / 3
		t.Logf("only %d files may be open: %d readers", files.Cur, readers)
	}
	crowd, err := edge.NewCrowd(2*readers, nil, time.Now, observe.New(observe.Options{Log: &syncBuffer{}}))
	if err != nil {
		t.Fatal(err)
	}
	gates, err := edge.NewGates(1, true, time.Now, observe.New(observe.Options{Log: &syncBuffer{}}))
	if err != nil {
		t.Fatal(err)
	}
	s, stop := newSite(t, edge.Config{Gates: gates, Routes: []edge.Route{page(text(long), edge.Limit(edge.Rate{Per: time.Minute, Burst: 5, By: edge.ByAddress}))}})
	defer stop()
	addr := serve(t, s, func(l net.Listener) net.Listener { return edge.Listen(l, crowd) })
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: false, MaxIdleConnsPerHost: readers}, Timeout: 20 * time.Second}
	defer client.CloseIdleConnections()
	var wg sync.WaitGroup
	var bad atomic.Int32
	for range readers {
		wg.Go(func() {
			res, err := client.Get("http://" + addr + "/ko/p/1")
			if err != nil {
				bad.Add(1)
				return
			}
			_, _ = io.Copy(io.Discard, res.Body)
			res.Body.Close()
			if res.StatusCode != 200 {
				bad.Add(1)
			}
		})
	}
	wg.Wait()
	if n := bad.Load(); n != 0 {
		t.Errorf("%d of %d readers behind one address got no page", n, readers)
	}
}

// TestStrangersAreGuests: whoever shows something that nobody was found behind yet has a guest's
// place, also for changes; whoever was found has a member's.
func TestStrangersAreGuests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gates := edge.FixedGates(10, 10)
		identify := func(r *http.Request) (context.Context, string, error) {
			if c, err := r.Cookie("session"); err == nil && c.Value == "ann's" {
				return r.Context(), "ann", nil
			}
			if r.Header.Get("Authorization") == "Bearer ben's" {
				return r.Context(), "ben", nil
			}
			return r.Context(), "", nil
		}
		s, stop := newSite(t, edge.Config{Gates: gates, Identify: identify, SessionCookie: "session", Routes: []edge.Route{
			{Method: "GET", Path: "/me", Policy: edge.Personal("me", edge.Bearer()), Handle: text("me")},
			{Method: "POST", Path: "/form", Policy: edge.Write("form", edge.Bearer()), Handle: text("done")},
		}})
		defer stop()
		ann, ben := []string{"Cookie", "other=1; session=ann's"}, []string{"Authorization", "Bearer ben's"}
		for _, known := range [][]string{ann, ben} {
			if code := s.get("/me", known...).Code; code != 200 {
				t.Fatalf("at first: %d", code)
			}
		}
		for range 8 { // what guests may have
			enter(t, gates.Gate(edge.Reads), edge.ClassGuest)
			enter(t, gates.Gate(edge.Writes), edge.ClassGuest)
		}
		for _, tc := range []struct {
			header []string
			want   int
		}{{ann, 200}, {ben, 200}, {nil, 503}, {[]string{"Cookie", "session=forged"}, 503}, {[]string{"Authorization", "Bearer forged"}, 503},
			{[]string{"Cookie", "other=ann's"}, 503}} {
			if code := s.get("/me", tc.header...).Code; code != tc.want {
				t.Errorf("GET with %v: %d, want %d", tc.header, code, tc.want)
			}
			if code := s.do("POST", "/form", "", append([]string{"Sec-Fetch-Site", "same-origin"}, tc.header...)...).Code; code != tc.want {
				t.Errorf("POST with %v: %d, want %d", tc.header, code, tc.want)
			}
		}
	})
}
