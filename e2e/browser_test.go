package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// chromium is the one browser of the run; each tab has cookies and a store of its own.
var chromium struct {
	once  sync.Once
	ctx   context.Context
	close func()
	err   error
}

func closeBrowser() {
	if chromium.close != nil {
		chromium.close()
	}
}

func startBrowser() (context.Context, func(), error) {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		return nil, nil, fmt.Errorf("the browser tests need Chromium: sudo apt-get install chromium fonts-noto-cjk")
	}
	profile, err := os.MkdirTemp("", "lightstick-chromium-")
	if err != nil {
		return nil, nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("font-render-hinting", "none"))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		stop()
		return nil, nil, fmt.Errorf("start %s: %w", path, err)
	}
	return ctx, func() { cancel(); stop(); os.RemoveAll(profile) }, nil
}

// tab is one reader's browser. Whatever the browser complains about fails the test.
type tab struct {
	ctx   context.Context
	t     testing.TB
	home  string // where the site is for this tab
	rough bool   // its way there breaks now and then, which is no complaint

	mu      sync.Mutex
	trouble []string
	urls    map[network.RequestID]string
	bytes   map[network.RequestID]float64 // on the wire, with headers
	dialogs chan string                   // questions of the page; nil: none is expected
}

// screen is what a tab is opened on.
type screen struct {
	width, height int64
	dark, calm    bool // calm: the reader prefers reduced motion
	zone          string
}

var phone, desk = screen{width: 390, height: 844}, screen{width: 1280, height: 900}

// openTab opens a tab on a screen, as a guest.
func openTab(t testing.TB, s screen) *tab {
	t.Helper()
	chromium.once.Do(func() { chromium.ctx, chromium.close, chromium.err = startBrowser() })
	if chromium.err != nil {
		t.Fatal(chromium.err)
	}
	b := &tab{t: t, home: site, urls: map[network.RequestID]string{}, bytes: map[network.RequestID]float64{}}
	ctx, cancel := chromedp.NewContext(chromium.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(b.hear))
	if err := chromedp.Do(ctx); err != nil { // opens the tab, which lives as long as this context
		cancel()
		t.Fatal(err)
	}
	var stop context.CancelFunc
	b.ctx, stop = context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(func() { b.complain(); stop(); cancel() })
	b.emulate(s)
	return b
}

func (b *tab) emulate(s screen) {
	b.t.Helper()
	scheme, motion, zone := "light", "no-preference", "Asia/Seoul"
	if s.dark {
		scheme = "dark"
	}
	if s.calm {
		motion = "reduce"
	}
	if s.zone != "" {
		zone = s.zone
	}
	call(b, audits.Enable, cdp.Empty{})
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: s.width, Height: s.height, DeviceScaleFactor: 1, Mobile: s.width < 600})
	call(b, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: zone})
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: motion}}})
}

// call runs a command of the browser's protocol.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	result, err := chromedp.Call(b.ctx, command, params)
	if err != nil {
		b.t.Fatalf("browser: %s: %v", command.Method, err)
	}
	return result
}

func (b *tab) run(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("browser: %v\n%s", err, strings.Join(b.complaints(), "\n"))
	}
}

// hear notes what goes wrong and what is transferred.
func (b *tab) hear(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.note(func() { b.urls[e.RequestID] = e.Request.URL })
		if u, err := url.Parse(e.Request.URL); err == nil && u.Host != "" && !strings.HasPrefix(e.Request.URL, b.home) && u.Scheme != "blob" {
			b.say("asks elsewhere: %s", e.Request.URL)
		}
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			b.say("%s answers %d", e.Response.URL, e.Response.Status)
		}
	case *network.EventLoadingFinished:
		b.note(func() { b.bytes[e.RequestID] = e.EncodedDataLength })
	case *network.EventLoadingFailed:
		if !e.Canceled {
			b.note(func() {
				b.trouble = append(b.trouble, fmt.Sprintf("%s failed: %s %s", b.urls[e.RequestID], e.ErrorText, e.BlockedReason))
			})
		}
	case *cdppage.EventJavascriptDialogOpening:
		b.note(func() {
			if b.dialogs == nil {
				b.trouble = append(b.trouble, "an unexpected dialog: "+e.Message)
				return
			}
			b.dialogs <- e.Message
		})
	case *runtime.EventExceptionThrown:
		b.say("exception: %s %s", e.ExceptionDetails.Text, asJSON(e.ExceptionDetails.Exception))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeAssert {
			b.say("console: %s %s", e.Type, asJSON(e.Args))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			b.say("log: %s %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *audits.EventIssueAdded:
		if e.Issue.Code == "PerformanceIssue" || e.Issue.Code == "LazyLoadImageIssue" || e.Issue.Code == "GenericIssue" {
			return // hints, not mistakes
		}
		b.say("issue: %s %s", e.Issue.Code, asJSON(e.Issue.Details))
	}
}

// asJSON shows what the browser says with little effort.
func asJSON(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

func (b *tab) note(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

func (b *tab) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	b.note(func() { b.trouble = append(b.trouble, text) })
}

func (b *tab) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.trouble)
}

func (b *tab) complain() {
	for _, text := range b.complaints() {
		if b.rough && (strings.Contains(text, " answers 5") || strings.Contains(text, " answers 403") || strings.Contains(text, " failed: ") || strings.HasPrefix(text, "log: network")) {
			continue
		}
		b.t.Errorf("the browser complains: %s", text)
	}
}

// open goes to an address of the site and waits until its script has run.
func (b *tab) open(path string) {
	b.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = b.home + path
	}
	b.run(chromedp.Navigate(path), chromedp.WaitReady(chromedp.CSS("main")))
	b.until("document.readyState === 'complete'")
}

// be signs the tab in as a visitor who is signed in.
func (b *tab) be(v *visitor) *tab {
	b.t.Helper()
	u, err := url.Parse(b.home)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range v.http.Jar.Cookies(u) {
		if c.Name != "ls_ryw" {
			call(b, network.SetCookie, network.SetCookieParams{Name: c.Name, Value: c.Value, URL: b.home})
		}
	}
	return b
}

// eval runs an expression in the page; out takes its value.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	out, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("browser: %s: %v", expression, err)
	}
	return out
}

const browserPatience = 15 * time.Second

// until waits for a condition of the page and returns how long it took.
func (b *tab) until(condition string) time.Duration {
	b.t.Helper()
	began := time.Now()
	tick := time.NewTicker(40 * time.Millisecond)
	defer tick.Stop()
	for {
		yes, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("!!("+condition+")")) // fails while the page changes
		if err == nil && yes {
			break
		}
		if time.Since(began) > browserPatience {
			text, _ := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS("main")))
			b.t.Fatalf("waited in vain for %s: %v\n%s\n%s", condition, err, strings.Join(b.complaints(), "\n"), text[:min(len(text), 1500)])
		}
		<-tick.C
	}
	return time.Since(began)
}

func (b *tab) click(selector string) {
	b.t.Helper()
	b.run(chromedp.ScrollIntoView(chromedp.CSS(selector)), chromedp.Click(chromedp.CSS(selector)))
}

// fill types a text into a field, after what is there.
func (b *tab) fill(selector, text string) {
	b.t.Helper()
	b.run(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// transferred is how many bytes came over the wire, by address.
func (b *tab) transferred() map[string]float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	sum := map[string]float64{}
	for id, n := range b.bytes {
		sum[b.urls[id]] += n
	}
	return sum
}
