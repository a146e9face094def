package e2e_test

import (
	"io"
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
	roadHotel  // a network that wants to be signed into answers instead
	roadNo     // the site refuses
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
		case roadHotel:
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"welcome":"Accept our terms to use this network."}`)
		case roadNo:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"code":"muted","message":"You may not write here for now."}`)
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
	for name, how := range map[string]int32{"paused": roadPaused, "cut": roadCut, "answer lost": roadDeaf, "a hotel's": roadHotel} {
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

// writing opens the form of a new post on a road, and leaves a text in it without sending it.
func writing(t *testing.T, v *visitor, title string) (b *tab, form string, fails, writes *atomic.Int32) {
	t.Helper()
	board := anyBoard(t, v)
	address, fails, writes := road(t)
	b = openTab(t, phone)
	b.home, b.rough = address, true
	b.be(v)
	form = "/me/en/write?board=" + board.id
	b.open(form)
	b.fill("#title", title)
	b.fill("form.compose textarea", "Nothing is lost.")
	return b, form, fails, writes
}

const (
	sendButton = "form.compose button.main"
	bodyText   = `document.querySelector('form.compose textarea').value`
	keptHere   = `document.querySelector('.draft').textContent.includes('kept here')`
)

// TestOutboxFormAgain: the form of a text that is in the outbox shows that text and sends nothing new, also
// when the site has the text already and only its answer was lost.
func TestOutboxFormAgain(t *testing.T) {
	v := demo(t, "ekor_komet")
	title := "Opened again before it was sent"
	b, form, fails, _ := writing(t, v, title)
	fails.Store(roadDeaf)
	b.click(sendButton)
	b.until(keptHere)
	b.run(leave())
	b.open(form)
	b.until(bodyText + ` === 'Nothing is lost.'`)
	if !eval[bool](b, `document.querySelector('`+sendButton+`').disabled && document.querySelector('#title').readOnly`) {
		t.Error("what is in the outbox can be sent again as something new")
	}
	fails.Store(roadOpen)
	b.until(`location.pathname.includes('/p/')`)
	b.open("/en/f/nereon/pier?sort=new")
	if n := eval[int](b, `[...document.querySelectorAll('.rows .t')].filter(t => t.textContent.includes("`+title+`")).length`); n != 1 {
		t.Errorf("it stands %d times on the board", n)
	}
}

// TestOutboxRefused: what is refused later is a draft again, however fast it was sent.
func TestOutboxRefused(t *testing.T) {
	v := demo(t, "ekor_komet")
	b, form, fails, _ := writing(t, v, "Refused later")
	fails.Store(roadPaused)
	eval[bool](b, `(document.querySelector('form.compose textarea').value = 'Pasted.', document.querySelector('form.compose').requestSubmit(), true)`)
	b.until(keptHere)
	fails.Store(roadNo)
	b.until(`!Object.keys(localStorage).some(k => k.startsWith('out:'))`)
	b.run(leave())
	b.open(form)
	if text := eval[string](b, bodyText); text != "Pasted." {
		t.Errorf("the form says %q", text)
	}
}

// TestOutboxClock: a text whose age nobody knows, since the clock was wrong, is not sent by itself: the
// site may have forgotten that it has it.
func TestOutboxClock(t *testing.T) {
	v := demo(t, "ekor_komet")
	b, form, fails, writes := writing(t, v, "From the day after tomorrow")
	fails.Store(roadPaused)
	b.click(sendButton)
	b.until(keptHere)
	eval[bool](b, `Object.keys(localStorage).filter(k => k.startsWith('out:')).every(k => {
		const out = JSON.parse(localStorage.getItem(k));
		localStorage.setItem(k, JSON.stringify({...out, at: Date.now() + 48 * 36e5, next: 0}));
		return true;
	})`)
	b.run(leave())
	fails.Store(roadOpen)
	tried := writes.Load()
	b.open("/en/f/nereon/pier")
	b.until(`!Object.keys(localStorage).some(k => k.startsWith('out:'))`)
	b.open(form)
	b.until(bodyText + ` === 'Nothing is lost.'`)
	if n := countTitles(v.open("/en/f/nereon/pier?sort=new"), "From the day after tomorrow"); n != 0 {
		t.Errorf("it was sent, with %d requests", writes.Load()-tried)
	}
}

// TestDraftOfAnother: who signs in next on a device is not shown what others were writing.
func TestDraftOfAnother(t *testing.T) {
	v, other := demo(t, "ekor_komet"), demo(t, "kopi_dingin")
	b, form, _, _ := writing(t, v, "A secret")
	b.until(`Object.keys(localStorage).some(k => k.startsWith('draft:'))`)
	b.run(leave())
	b.be(other)
	b.open(form)
	if text := eval[string](b, bodyText+` + document.querySelector('#title').value`); text != "" {
		t.Errorf("another member is shown %q", text)
	}
	b.be(v)
	b.open(form)
	b.until(bodyText + ` === 'Nothing is lost.'`)
}

// leave closes the page, and with it all that its script had planned.
func leave() chromedp.Action[chromedp.Void] { return chromedp.Navigate("about:blank") }

func countTitles(p *page, title string) int {
	return p.Find(".rows .t").FilterFunction(func(_ int, s *goquery.Selection) bool { return strings.Contains(s.Text(), title) }).Length()
}
