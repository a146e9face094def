package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/chromedp/chromedp"
)

// The ways in which a road to the site fails for writers.
const (
	roadOpen   = iota
	roadPaused // the site says 503, as it does while the database has no primary
	roadCut    // the connection breaks before anything arrives
	roadDeaf   // the site does what it is asked, but its answer is lost
)

// road is a way to the site that can be made to fail for writers. Readers pass.
func road(t *testing.T) (address string, fails *atomic.Int32, writes *atomic.Int32) {
	t.Helper()
	to, err := url.Parse(site)
	if err != nil {
		t.Fatal(err)
	}
	fails, writes = &atomic.Int32{}, &atomic.Int32{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			// The site knows its own address only.
			if r.In.Header.Get("Origin") != "" {
				r.Out.Header.Set("Origin", site)
			}
		},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		how := fails.Load()
		if r.Method != http.MethodPost {
			how = roadOpen
		} else {
			writes.Add(1)
		}
		switch how {
		case roadPaused:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		case roadCut:
			panic(http.ErrAbortHandler)
		case roadDeaf:
			proxy.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, fails, writes
}

// TestOutbox: a text that nobody takes is kept, also when its tab is closed, and stands once when the
// site is back.
func TestOutbox(t *testing.T) {
	for name, how := range map[string]int32{"paused": roadPaused, "cut": roadCut, "answer lost": roadDeaf} {
		t.Run(name, func(t *testing.T) {
			v := demo(t, "ekor_komet")
			board := anyBoard(t, v)
			title := "Kept while the road was " + name
			address, fails, writes := road(t)
			b := openTab(t, phone)
			b.home, b.rough = address, true
			b.be(v)
			b.open("/me/en/write?board=" + board.id)
			fails.Store(how)
			b.fill("#title", title)
			b.fill("form.compose textarea", "Nothing is lost.")
			b.click("form.compose button.main")
			b.until(`document.querySelector('.draft').textContent.includes('kept here')`)
			b.run(leave())
			b.open("/en/f/nereon/pier")
			b.until(`localStorage.length > 0`)
			tried := writes.Load()
			fails.Store(roadOpen)
			b.until(`document.querySelector('main .notice a')?.textContent === 'Your text was sent.'`)
			if n := writes.Load() - tried; n < 1 {
				t.Errorf("it was not sent after the road was open")
			}
			b.open("/me/en/write?board=" + board.id)
			if left := eval[int](b, `Object.keys(localStorage).filter(k => k.startsWith('out:') || k.startsWith('draft:')).length`); left != 0 {
				t.Errorf("%d things stay on the device after it was sent", left)
			}
			b.open("/en/f/nereon/pier?sort=new") // who has written sees it at once
			if n := eval[int](b, `[...document.querySelectorAll('.rows .t')].filter(t => t.textContent.includes("`+title+`")).length`); n != 1 {
				t.Errorf("it stands %d times on the board", n)
			}
		})
	}
}

// TestOutboxOfAnother: what one member left in the outbox is not sent as somebody else.
func TestOutboxOfAnother(t *testing.T) {
	v, other := demo(t, "ekor_komet"), demo(t, "kopi_dingin")
	board := anyBoard(t, v)
	address, fails, writes := road(t)
	b := openTab(t, phone)
	b.home, b.rough = address, true
	b.be(v)
	b.open("/me/en/write?board=" + board.id)
	fails.Store(roadPaused)
	b.fill("#title", "Mine, not theirs")
	b.fill("form.compose textarea", "By one member only.")
	b.click("form.compose button.main")
	b.until(`document.querySelector('.draft').textContent.includes('kept here')`)
	b.run(leave())
	fails.Store(roadOpen)
	tried := writes.Load()
	b.be(other)
	b.open("/en/f/nereon/pier")
	b.until(`Object.keys(localStorage).some(k => k.startsWith('out:') && JSON.parse(localStorage.getItem(k)).tries > 1)`)
	if writes.Load() == tried {
		t.Error("the site was not asked")
	}
	if n := countTitles(v.open("/en/f/nereon/pier?sort=new"), "Mine, not theirs"); n != 0 {
		t.Fatalf("it was sent as somebody else")
	}
	b.be(v)
	b.open("/en/f/nereon/pier")
	b.until(`document.querySelector('main .notice a')?.textContent === 'Your text was sent.'`)
}

// leave closes the page, and with it all that its script had planned.
func leave() chromedp.Action[chromedp.Void] { return chromedp.Navigate("about:blank") }

func countTitles(p *page, title string) int {
	return p.Find(".rows .t").FilterFunction(func(_ int, s *goquery.Selection) bool { return strings.Contains(s.Text(), title) }).Length()
}
