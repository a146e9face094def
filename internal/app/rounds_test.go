package app_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lightstick/internal/app"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
	"lightstick/internal/store"
	"lightstick/internal/testkit"
)

// planned is a database with a fandom, a board, a post and a stream that starts in the given time.
func planned(t *testing.T, in time.Duration) (dir string, post forum.ID) {
	t.Helper()
	dir = t.TempDir()
	s, err := store.Open(t.Context(), store.Config{URL: "sqlite:" + filepath.Join(dir, "lightstick.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	m := forum.Member{Handle: "byul", Name: "Byul", Email: "b@x.example", Role: forum.RoleMember, Locale: "ko", TimeZone: "UTC", CreatedAt: now}
	if _, err := s.UpdateIdentity(t.Context(), func(tx identity.Tx) (any, error) { return nil, tx.InsertMember(t.Context(), &m, m.Email, "x") }); err != nil {
		t.Fatal(err)
	}
	_, err = s.Update(t.Context(), func(tx forum.Tx) (any, error) {
		f := forum.Fandom{Slug: "aurora", Name: "Aurora", Accent: "#3366cc", CreatedAt: now}
		if err := tx.InsertFandom(t.Context(), &f); err != nil {
			return nil, err
		}
		b := forum.Board{FandomID: f.ID, Slug: "talk", Name: "Talk", CreatedAt: now}
		if err := tx.InsertBoard(t.Context(), &b); err != nil {
			return nil, err
		}
		p := forum.Post{Board: forum.BoardRef{ID: b.ID, FandomID: f.ID}, Author: forum.MemberRef{ID: m.ID}, Title: "Live", HTML: "<p>x", Lang: "ko", CreatedAt: now}
		if err := tx.InsertPost(t.Context(), &p); err != nil {
			return nil, err
		}
		post = p.ID
		return nil, tx.InsertEvent(t.Context(), &forum.Event{FandomID: f.ID, Kind: forum.EventStream, Title: "Live", PostID: post, StartsAt: now.Add(in), EndsAt: now.Add(in + time.Hour)})
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir, post
}

func bootOn(t *testing.T, dir string) *testkit.Site {
	t.Helper()
	return testkit.Boot(t, func(c *app.Config, _ *app.Options) { c.Data = dir })
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 400 {
		if is() {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

// metric is the value of a metric line, "" when it is not there.
func metric(t *testing.T, s *testkit.Site, name string) string {
	t.Helper()
	rec := httptest.NewRecorder()
	s.App.Private.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (.*)$`).FindStringSubmatch(rec.Body.String())
	if m == nil {
		return ""
	}
	return m[1]
}

// TestAnEventThatIsNear: its pages are rendered ahead and stay fresh for longer; the tail does not,
// and pages of nobody's event neither.
func TestAnEventThatIsNear(t *testing.T) {
	dir, post := planned(t, 14*time.Minute)
	s := bootOn(t, dir)
	b := s.Browser(t)
	long := "public, max-age=0, s-maxage=8, stale-while-revalidate=30, stale-if-error=86400"
	at := fmt.Sprintf("/ko/p/%d", post)
	eventually(t, "the event's pages are ready", func() bool {
		return metric(t, s, `lightstick_http_page_cache_pages`) >= "2" && b.Get(at).Header.Get("Cache-Control") == long
	})
	for _, path := range []string{at, "/ko", "/id/f/aurora", "/es/f/aurora/talk", "/ja/calendar/aurora"} {
		eventually(t, path+" is ready", func() bool { return b.Get(path).Header.Get("Cache-Control") == long })
		if a := b.Get(path); a.Header.Get("X-Cache") == "miss" {
			t.Errorf("%s was not rendered ahead", path)
		}
	}
	for _, path := range []string{at + "/tail?after=0", "/ko/help"} {
		if cc := b.Get(path).Header.Get("Cache-Control"); strings.Contains(cc, "s-maxage=8") {
			t.Errorf("%s: %s", path, cc)
		}
	}
	if got := metric(t, s, `lightstick_event_active{kind="stream"}`); got != "1" {
		t.Errorf("active: %q", got)
	}
	if got := metric(t, s, `lightstick_event_active{kind="comeback"}`); got != "0" {
		t.Errorf("active comebacks: %q", got)
	}
	if n, err := strconv.ParseFloat(metric(t, s, `lightstick_next_event_seconds{kind="stream"}`), 64); err != nil || n < 780 || n > 840 {
		t.Errorf("seconds until the next: %v %v", n, err)
	}
	if got := metric(t, s, `lightstick_next_event_seconds{kind="birthday"}`); got != "" {
		t.Errorf("a birthday in %s s that nobody planned", got)
	}
}

func TestAnEventThatIsFar(t *testing.T) {
	dir, _ := planned(t, 16*time.Minute)
	s := bootOn(t, dir)
	eventually(t, "the calendar is read", func() bool { return metric(t, s, `lightstick_next_event_seconds{kind="stream"}`) != "" })
	if got := metric(t, s, `lightstick_event_active{kind="stream"}`); got != "0" {
		t.Errorf("active: %q", got)
	}
	if cc := s.Browser(t).Get("/ko/f/aurora").Header.Get("Cache-Control"); !strings.Contains(cc, "s-maxage=2,") {
		t.Errorf("an hour before: %s", cc)
	}
}

// look sends the beacon of a reader.
func look(t *testing.T, b *testkit.Browser, site, reader string, post forum.ID) testkit.Answer {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, site+"/me/seen", strings.NewReader(fmt.Sprint("post=", post)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("User-Agent", reader)
	return b.Send(req)
}

// TestViewsAreExactAfterAStop: readers tell by beacon that they look; after a clean stop all of them
// are counted, each once.
func TestViewsAreExactAfterAStop(t *testing.T) {
	dir, post := planned(t, time.Hour)
	t.Run("looked at", func(t *testing.T) {
		s := bootOn(t, dir)
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Go(func() {
				b := s.Browser(t)
				for range 3 {
					a := look(t, b, s.URL, fmt.Sprint("reader ", i), post)
					if a.StatusCode != 204 || a.Header.Get("Set-Cookie") != "" {
						t.Errorf("a beacon is answered %s %v", a.Status, a.Header)
					}
				}
			})
		}
		wg.Wait()
		for _, bad := range []string{"", "x", "-1", "99999", "1e3"} {
			if a := s.Browser(t).Post("/me/seen", url.Values{"post": {bad}}); a.StatusCode >= 500 {
				t.Errorf("post=%s: %s", bad, a.Status)
			}
		}
	}) // its end stops the site
	s := bootOn(t, dir)
	if a := s.Browser(t).Get(fmt.Sprintf("/en/p/%d", post)); !strings.Contains(a.Text, ">30 views<") {
		t.Errorf("the page does not tell of 30 views: %.3000s", a.Text)
	}
	if a := s.Browser(t).Get("/en/f/aurora/talk"); !strings.Contains(a.Text, ">30 views<") {
		t.Error("the board does not tell of 30 views")
	}
}

// TestWhatWasHotIsWarm: a node that starts renders what was asked for most of another, and says so
// when it is ready.
func TestWhatWasHotIsWarm(t *testing.T) {
	dir, post := planned(t, time.Hour)
	hot := fmt.Sprintf("/ko/p/%d", post)
	t.Run("asked for", func(t *testing.T) {
		b := bootOn(t, dir).Browser(t)
		for range 5 {
			b.Get(hot)
			b.Get("/api/v1/fandoms")
		}
	})
	s := bootOn(t, dir)
	s.App.Warm(context.Background())
	for _, path := range []string{hot, "/api/v1/fandoms", "/es"} {
		if a := s.Browser(t).Get(path); a.Header.Get("X-Cache") == "miss" {
			t.Errorf("%s was not warmed", path)
		}
	}
	if a := s.Browser(t).Get("/readyz"); a.StatusCode != 200 || !strings.Contains(a.Text, `"pages":"ok"`) {
		t.Errorf("warm, but %s %s", a.Status, a.Text)
	}
}

// TestReadyWhenWarm: until then it answers, but is not ready; and a store that hangs does not keep
// it waiting for ever.
func TestReadyWhenWarm(t *testing.T) {
	s := testkit.Boot(t)
	done := s.App.WarmHeld()
	if a := s.Browser(t).Get("/readyz"); a.StatusCode != 503 || !strings.Contains(a.Text, `"pages":"warming"`) {
		t.Errorf("warming, and %s %s", a.Status, a.Text)
	}
	if a := s.Browser(t).Get("/ko"); a.StatusCode != 200 {
		t.Errorf("warming, it does not answer: %s", a.Status)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // nothing can be read any more
	done(ctx)
	if a := s.Browser(t).Get("/readyz"); a.StatusCode != 200 {
		t.Errorf("it tried, and is not ready: %s %s", a.Status, a.Text)
	}
}

// TestRounds: a round comes at once and then in time, failed or hung ones do not end it, and its end
// is waited for.
func TestRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var at []string
		end := app.Rounds(10*time.Second, func(ctx context.Context) error {
			at = append(at, time.Since(began).String())
			if len(at) == 2 {
				<-ctx.Done() // the store hangs
			}
			return errors.New("no store")
		})
		time.Sleep(31 * time.Second)
		end()
		n := len(at)
		time.Sleep(time.Minute)
		if got := strings.Join(at, " "); got != "0s 10s 20s 30s" || len(at) != n {
			t.Errorf("rounds at %s", got)
		}
	})
}
