package e2e_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// What a first view may weigh, compressed, with headers.
const (
	firstView = 50 << 10
	firstHTML = 14 << 10
)

// busiest is the post of the demo world with the most comments.
func busiest(t testing.TB) string {
	t.Helper()
	best, path := -1, ""
	v := newVisitor(t)
	for id := range demoPosts {
		p := v.get("/en/p/" + itoa(id+1))
		if n := p.Find(".cs > li").Length(); p.status == http.StatusOK && n > best {
			best, path = n, p.url.Path
		}
	}
	if path == "" {
		t.Fatal("the demo world has no post")
	}
	return path
}

// TestFirstView sums up what a new reader downloads.
func TestFirstView(t *testing.T) {
	for name, path := range map[string]string{"front": "/ko", "post": strings.Replace(busiest(t), "/en/", "/ko/", 1)} {
		b := openTab(t, phone)
		call(b, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
		b.open(path)
		total, html, pictures := 0.0, 0.0, 0.0
		for address, n := range b.transferred() {
			switch {
			case strings.HasSuffix(address, path):
				html += n
			case strings.Contains(address, "/media/"):
				pictures += n
				continue
			}
			total += n
			t.Logf("%s: %6.0f bytes %s", name, n, strings.TrimPrefix(address, site))
		}
		t.Logf("%s page: %.1f KB in all, HTML %.1f KB, besides %.1f KB of members' pictures", name, total/1024, html/1024, pictures/1024)
		if total > firstView || html > firstHTML {
			t.Errorf("%s page: %.0f bytes in all (at most %d), HTML %.0f (at most %d)", name, total, firstView, html, firstHTML)
		}
	}
}

// TestCompression checks that a client gets the page packed when it can unpack it.
func TestCompression(t *testing.T) {
	req, err := http.NewRequest(http.MethodGet, site+"/ko", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "gzip")
	res, err := (&http.Transport{DisableCompression: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	unzip, err := gzip.NewReader(res.Body)
	if err != nil {
		t.Fatalf("not gzip: %v %v", err, res.Header)
	}
	if text, err := io.ReadAll(unzip); err != nil || !strings.Contains(string(text), "</html>") {
		t.Errorf("not a whole page: %v", err)
	}
}

// slowLine is a command that Chromium of every age knows.
var slowLine = cdp.Command[map[string]any, cdp.Empty]{Method: "Network.emulateNetworkConditions"}

// TestNothingJumps loads a post with pictures over a slow line and watches its layout.
func TestNothingJumps(t *testing.T) {
	const limit = 0.02
	v := demo(t, "dalgona_b")
	f := v.open("/me/en/write?board="+anyBoard(t, v).id).form("form.compose").set("title", "Large pictures", "body", "Above.")
	f.file("image", "a.png", "image/png", picture(t, 1200, 800)).file("image", "b.png", "image/png", picture(t, 800, 1000))
	f = f.press("do=upload").form("form.compose")
	f.set("body", f.values.Get("body")+"\n\nBelow them stands text that must not move.")
	post := f.submit()
	for _, path := range []string{post.url.Path, "/ko", busiest(t)} {
		b := openTab(t, phone)
		call(b, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
		call(b, slowLine, map[string]any{"offline": false, "latency": 60, "downloadThroughput": 400 << 10, "uploadThroughput": 100 << 10})
		b.run(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{
				Source: `window.shift = 0; new PerformanceObserver(l => { for (const e of l.getEntries()) if (!e.hadRecentInput) window.shift += e.value }).observe({type: 'layout-shift', buffered: true})`})
			return err
		}))
		b.open(path)
		b.until(`[...document.images].every(i => i.loading === 'lazy' || i.complete)`)
		eval[bool](b, `new Promise(done => { scrollTo(0, document.body.scrollHeight); setTimeout(() => done(true), 400) })`)
		shift := eval[float64](b, `window.shift`)
		t.Logf("%s: layout shift %.4f", path, shift)
		if shift >= limit {
			t.Errorf("%s: the layout shifts by %.4f, at most %v", path, shift, limit)
		}
	}
}

// TestKeyboard walks through pages with the keyboard alone.
func TestKeyboard(t *testing.T) {
	b := openTab(t, desk)
	b.open("/en")
	press := func(key string) { t.Helper(); b.run(chromedp.KeyEvent(key)) }
	press(kb.Tab)
	if !eval[bool](b, `document.activeElement.matches('a.skip') && document.activeElement.getBoundingClientRect().left >= 0`) {
		t.Error("the first stop is not a visible skip link")
	}
	press(kb.Enter)
	if !eval[bool](b, `document.activeElement.id === 'main' || location.hash === '#main'`) {
		t.Error("the skip link leads nowhere")
	}
	press(kb.Tab)
	if !eval[bool](b, `document.activeElement.closest('main') !== null`) {
		t.Error("after the skip link the next stop is not in the text")
	}
	b.open("/en")
	walk := eval[int](b, `[...document.querySelectorAll('a[href],button,input,select,textarea,summary')].filter(e => e.checkVisibility() && !e.disabled && e.tabIndex >= 0).length`)
	seen := map[string]bool{}
	for range min(walk, 60) {
		press(kb.Tab)
		stop := eval[map[string]any](b, `(() => {
			const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
			return {what: e.outerHTML.slice(0, 90), order: [...document.querySelectorAll('*')].indexOf(e),
				outline: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 || s.boxShadow !== 'none',
				seen: r.width > 0 && r.top >= -1 && r.bottom <= innerHeight + 1,
				covered: !e.matches('.skip') && (() => { const at = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2); return at !== null && !e.contains(at) && !at.contains(e) })()}
		})()`)
		what, _ := stop["what"].(string)
		for _, need := range []string{"outline", "seen"} {
			if stop[need] != true {
				t.Errorf("Tab reaches %s, but its focus is not to be seen (%s)", what, need)
			}
		}
		if stop["covered"] == true {
			t.Errorf("Tab reaches %s, which something covers", what)
		}
		seen[what] = true
	}
	if len(seen) < 20 {
		t.Errorf("Tab reaches %d places only", len(seen))
	}
}

// TestReducedMotion checks that nothing moves for those who asked for that.
func TestReducedMotion(t *testing.T) {
	calm := phone
	calm.calm = true
	b := openTab(t, calm)
	b.open(busiest(t))
	eval[bool](b, `(document.querySelector('.cs > li').classList.add('fresh'), true)`)
	if n := eval[int](b, `document.getAnimations().length`); n != 0 {
		t.Errorf("%d animations run", n)
	}
}
