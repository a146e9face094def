package e2e_test

import (
	"image"
	"image/color"
	_ "image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cdppage "github.com/chromedp/cdproto/page"
)

// mainPage is one of the six pages that the product is judged by.
type mainPage struct {
	name, path string // path without the language
	private    bool   // below /me/{language}
}

func mainPages(t testing.TB, v *visitor) []mainPage {
	t.Helper()
	return []mainPage{
		{"front", "", false}, {"fandom", "/f/vellune", false}, {"board", "/f/paper-comet/garage", false},
		{"post", strings.TrimPrefix(busiest(t), "/en"), false}, {"search", "/search?q=%EB%84%A4%EB%A0%88%EC%98%A8", false},
		{"write", "/write?board=" + anyBoard(t, v).id, true},
	}
}

func (p mainPage) in(lang string) string {
	if p.private {
		return "/me/" + lang + p.path
	}
	return "/" + lang + p.path
}

// contrastAudit lists the texts of a page that are too faint on what is behind them (WCAG 2.2,
// 1.4.3), and the fields whose edge is (1.4.11). Where a gradient is behind, its worst colour counts.
const contrastAudit = `(() => {
	const parse = c => { const m = c.match(/[\d.]+/g).map(Number); if (c.startsWith('color(srgb')) return [m[0]*255, m[1]*255, m[2]*255, m[3] ?? 1]; return [m[0], m[1], m[2], m[3] ?? 1]; };
	const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
	const light = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 }); return .2126 * r + .7152 * g + .0722 * b };
	const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + .05) / (y + .05) };
	const behind = e => {
		const layers = [];
		for (; e; e = e.parentElement) {
			const s = getComputedStyle(e);
			const stops = s.backgroundImage.includes('gradient') ? s.backgroundImage.match(/(rgba?|color)\([^)]*\)/g).map(parse) : [];
			layers.push([parse(s.backgroundColor), stops]);
			if (parse(s.backgroundColor)[3] === 1) break;
		}
		let grounds = [[255, 255, 255, 1]];
		for (const [flat, stops] of layers.reverse()) {
			grounds = grounds.map(g => over(flat, g));
			if (stops.length) grounds = grounds.flatMap(g => stops.map(s => over(s, g)));
		}
		return grounds;
	};
	const wrong = new Set();
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) {
		const e = walk.currentNode.parentElement;
		if (!walk.currentNode.data.trim() || !e.checkVisibility({opacityProperty: true, visibilityProperty: true}) || e.closest('span.spoiler:not(.on),option,svg,.skip')) continue;
		const s = getComputedStyle(e), size = parseFloat(s.fontSize), bold = Number(s.fontWeight) >= 700;
		const need = size >= 24 || bold && size >= 18.66 ? 3 : 4.5;
		const got = Math.min(...behind(e).map(g => ratio(over(parse(s.color), g), g)));
		if (got < need) wrong.add(e.tagName + '.' + e.className + ' "' + walk.currentNode.data.trim().slice(0, 24) + '" ' + got.toFixed(2) + ' < ' + need);
	}
	for (const e of document.querySelectorAll('input:not([type=hidden],[type=file],[type=checkbox]),select,textarea')) {
		if (!e.checkVisibility()) continue;
		const s = getComputedStyle(e), around = behind(e.parentElement), inside = parse(s.backgroundColor);
		const got = Math.min(...around.map(g => Math.max(ratio(over(parse(s.borderTopColor), g), g), ratio(over(inside, g), g))));
		if (got < 3) wrong.add('edge of ' + e.tagName + ' ' + (e.name || e.id) + ' ' + got.toFixed(2) + ' < 3');
		const faint = getComputedStyle(e, '::placeholder').color, hint = ratio(over(parse(faint), inside), over(inside, around[0]));
		if (e.placeholder && hint < 4.5) wrong.add('placeholder ' + e.placeholder + ' ' + hint.toFixed(2));
	}
	return [...wrong];
})()`

// targetAudit lists what is smaller to touch than 24 by 24 pixels (WCAG 2.2, 2.5.8). Links within
// a sentence are excepted, and so is what has enough room around it.
const targetAudit = `(() => {
	const all = [...document.querySelectorAll('a[href],button,input:not([type=hidden]),select,textarea,summary')].filter(e => e.checkVisibility({visibilityProperty: true}) && !e.closest('.skip'));
	const boxes = new Map(all.map(e => [e, e.getBoundingClientRect()]));
	const within = e => e.matches('.md a, .md span, p > a, .hint a, .quiet a, li > a:only-child') && getComputedStyle(e).display === 'inline';
	return all.filter(e => {
		const r = boxes.get(e);
		if (!r.width || r.width >= 24 && r.height >= 24 || within(e)) return false;
		const x = r.left + r.width / 2, y = r.top + r.height / 2;
		return all.some(o => { // a circle of 24 px around its middle must touch no other
			if (o === e || o.contains(e) || e.contains(o)) return false;
			const b = boxes.get(o), dx = Math.max(b.left - x, 0, x - b.right), dy = Math.max(b.top - y, 0, y - b.bottom);
			return b.width > 0 && Math.hypot(dx, dy) < 12;
		});
	}).map(e => e.outerHTML.slice(0, 100) + ' ' + Math.round(boxes.get(e).width) + 'x' + Math.round(boxes.get(e).height));
})()`

const overflowAudit = `(() => {
	const wide = document.documentElement.scrollWidth - innerWidth;
	if (wide <= 0) return [];
	return ['the page is ' + wide + ' px too wide'].concat([...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 3).map(e => e.outerHTML.slice(0, 120)));
})()`

// TestLook audits the main pages on two screens, by day and by night.
func TestLook(t *testing.T) {
	v := demo(t, "admin")
	pages := append(mainPages(t, v), mainPage{"settings", "/settings", true}, mainPage{"sign-out", "/sign-out", true}, mainPage{"tokens", "/settings/tokens", true})
	for _, s := range []screen{phone, desk} {
		b := openTab(t, s).be(v)
		for _, p := range pages {
			b.open(p.in("ko"))
			for _, dark := range []bool{false, true} {
				s.dark = dark
				b.emulate(s)
				for _, audit := range []string{contrastAudit, targetAudit, overflowAudit} {
					for _, wrong := range eval[[]string](b, audit) {
						t.Errorf("%s, %d px, dark %v: %s", p.name, s.width, dark, wrong)
					}
				}
			}
		}
	}
}

// TestScreenshots takes pictures of the main pages for people to look at, into build/screenshots.
func TestScreenshots(t *testing.T) {
	dir := filepath.Join("..", "build", "screenshots")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	v := demo(t, "admin")
	pages := mainPages(t, v)
	for _, s := range []screen{phone, desk} {
		guest, member := openTab(t, s), openTab(t, s).be(v)
		for _, lang := range []string{"ko", "en"} {
			for _, p := range pages {
				b := guest
				if p.private {
					b = member
				}
				b.open(p.in(lang))
				for _, dark := range []bool{false, true} {
					s.dark = dark
					b.emulate(s)
					theme := map[bool]string{false: "light", true: "dark"}[dark]
					b.shoot(filepath.Join(dir, p.name+"-"+itoa(int(s.width))+"-"+theme+"-"+lang+".png"), s)
				}
			}
		}
	}
}

// shoot takes a picture of what is seen first, and checks that it shows something.
func (b *tab) shoot(file string, s screen) {
	b.t.Helper()
	eval[bool](b, `document.fonts.ready.then(() => Promise.all([...document.images].filter(i => i.getBoundingClientRect().top < innerHeight).map(i => i.decode().catch(() => 0)))).then(() => true)`)
	shot := call(b, cdppage.CaptureScreenshot, cdppage.CaptureScreenshotParams{Format: "png", CaptureBeyondViewport: new(bool),
		Clip: &cdppage.Viewport{Width: float64(s.width), Height: float64(s.height), Scale: 1}})
	raw := []byte(shot.Data)
	if err := os.WriteFile(file, raw, 0o640); err != nil {
		b.t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	m, _, err := image.Decode(f)
	if err != nil {
		b.t.Fatalf("%s: %v", file, err)
	}
	if m.Bounds().Dx() != int(s.width) || m.Bounds().Dy() != int(s.height) {
		b.t.Errorf("%s is %v", file, m.Bounds().Size())
	}
	colours := map[color.Color]bool{}
	for y := 0; y < m.Bounds().Dy(); y += 4 {
		for x := 0; x < m.Bounds().Dx(); x += 4 {
			colours[m.At(x, y)] = true
		}
	}
	if len(colours) < 30 {
		b.t.Errorf("%s shows %d colours: nothing to see", file, len(colours))
	}
}
