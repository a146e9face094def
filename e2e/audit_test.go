package e2e_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/PuerkitoBio/goquery"
)

// audit looks at a page as a strict reader of HTML would: structure, names for those who cannot
// see, nothing inline, nothing from elsewhere, no link that leads nowhere.
func audit(p *page) {
	p.v.t.Helper()
	wrong := func(format string, args ...any) {
		p.v.t.Helper()
		p.v.t.Errorf("%s: "+format, append([]any{p.url}, args...)...)
	}
	auditFrame(p, wrong)
	auditIDs(p, wrong)
	auditNames(p, wrong)
	auditInline(p, wrong)
	auditElsewhere(p, wrong)
	auditLinks(p, wrong)
}

func auditFrame(p *page, wrong func(string, ...any)) {
	if n := p.Find("h1").Length(); n != 1 {
		wrong("%d h1, want 1", n)
	}
	if strings.TrimSpace(p.Find("h1").Text()) == "" {
		wrong("the h1 is empty")
	}
	if strings.TrimSpace(p.Find("head > title").Text()) == "" {
		wrong("no title")
	}
	if lang := p.Find("html").AttrOr("lang", ""); lang == "" || strings.HasPrefix(p.url.Path, "/"+lang+"x") {
		wrong("no language")
	}
	if strings.HasPrefix(p.url.Path, "/api/") {
		return
	}
	for _, landmark := range []string{"body > header", "main#main", "body > footer", "nav[aria-label]", "a.skip[href='#main']"} {
		if p.Find(landmark).Length() == 0 {
			wrong("no %s", landmark)
		}
	}
	if !strings.Contains(p.Find("meta[name=viewport]").AttrOr("content", ""), "width=device-width") {
		wrong("no viewport")
	}
	p.Find("nav:not([aria-label]):not([aria-labelledby])").Each(func(int, *goquery.Selection) { wrong("a nav without a name") })
}

func auditIDs(p *page, wrong func(string, ...any)) {
	seen := map[string]bool{}
	p.Find("[id]").Each(func(_ int, s *goquery.Selection) {
		id := s.AttrOr("id", "")
		if id == "" || seen[id] {
			wrong("the id %q is empty or used twice", id)
		}
		seen[id] = true
	})
	for _, attribute := range []string{"for", "aria-labelledby", "aria-describedby", "form"} {
		p.Find("[" + attribute + "]").Each(func(_ int, s *goquery.Selection) {
			for _, id := range strings.Fields(s.AttrOr(attribute, "")) {
				if !seen[id] {
					wrong("%s=%q on %s names nothing", attribute, id, goquery.NodeName(s))
				}
			}
		})
	}
}

func auditNames(p *page, wrong func(string, ...any)) {
	p.Find("input,select,textarea").Each(func(_ int, s *goquery.Selection) {
		if kind := s.AttrOr("type", ""); kind == "hidden" || kind == "submit" {
			return
		}
		id := s.AttrOr("id", "")
		labelled := s.Is("[aria-label],[aria-labelledby]") || s.Closest("label").Length() > 0 || id != "" && p.Find(`label[for="`+id+`"]`).Length() > 0
		if !labelled {
			wrong("the field %q has no label", s.AttrOr("name", id))
		}
	})
	p.Find("a[href],button,summary").Each(func(_ int, s *goquery.Selection) {
		name := s.Text() + s.AttrOr("aria-label", "") + s.Find("[aria-label]").AttrOr("aria-label", "") + s.Find("img").AttrOr("alt", "")
		if strings.TrimSpace(name) == "" {
			html, _ := goquery.OuterHtml(s)
			wrong("nameless: %s", html)
		}
	})
	p.Find("img").Each(func(_ int, s *goquery.Selection) {
		if !s.Is("[alt][width][height]") {
			html, _ := goquery.OuterHtml(s)
			wrong("an image without alt, width or height: %s", html)
		}
	})
	p.Find("table").Each(func(_ int, s *goquery.Selection) {
		if s.Find("th").Length() == 0 {
			wrong("a table without headings")
		}
	})
}

func auditInline(p *page, wrong func(string, ...any)) {
	p.Find("script").Each(func(_ int, s *goquery.Selection) {
		if !s.Is("[src]") || strings.TrimSpace(s.Text()) != "" {
			wrong("an inline script")
		}
	})
	p.Find("style,[style]").Each(func(_ int, s *goquery.Selection) { wrong("inline style on %s", goquery.NodeName(s)) })
	p.Find("*").Each(func(_ int, s *goquery.Selection) {
		for _, a := range s.Get(0).Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "href" && strings.HasPrefix(strings.ToLower(a.Val), "javascript:") {
				wrong("inline script in %s of %s", a.Key, goquery.NodeName(s))
			}
		}
	})
}

func auditElsewhere(p *page, wrong func(string, ...any)) {
	p.Find("[src],[srcset],[poster],link[href],object,embed,iframe").Each(func(_ int, s *goquery.Selection) {
		if s.Is("object,embed,iframe") {
			wrong("%s on a page that nobody has clicked", goquery.NodeName(s))
		}
		if s.Is("link") && !s.Is("[rel=stylesheet],[rel=icon],[rel=manifest],[rel=preload],[rel=modulepreload]") {
			return
		}
		for _, attribute := range []string{"src", "href", "poster"} {
			if to, err := p.url.Parse(s.AttrOr(attribute, "")); err != nil || to.Host != p.url.Host {
				wrong("%s loads %s from elsewhere", goquery.NodeName(s), s.AttrOr(attribute, ""))
			}
		}
	})
}

var digits = regexp.MustCompile(`\d+|[?&](?:next|after|page|q)=[^&]*`)

const linksOfAKind = 4 // links that differ only in numbers are checked this often by one visitor

// auditLinks asks for what the page links to within the site.
func auditLinks(p *page, wrong func(string, ...any)) {
	p.Find("a[href],link[href],[src]").Each(func(_ int, s *goquery.Selection) {
		href := s.AttrOr("href", s.AttrOr("src", ""))
		to, err := p.url.Parse(href)
		if err != nil {
			wrong("the link %q cannot be read", href)
			return
		}
		if to.Host != p.url.Host {
			if s.Is("a") && !strings.Contains(s.AttrOr("rel", ""), "nofollow") && s.Closest(".md").Length() > 0 {
				wrong("the member's link %q lacks rel=nofollow", href)
			}
			return
		}
		if to.Fragment != "" && to.Path == p.url.Path && to.RawQuery == p.url.RawQuery && p.Find(`[id="`+to.Fragment+`"]`).Length() == 0 {
			wrong("the link %q leads to no place on this page", href)
		}
		to.Fragment = ""
		if to.String() == p.url.String() || p.status != http.StatusOK && to.Path[3:] == p.url.Path[3:] {
			return // this page, or the same refusal in another language
		}
		if status := p.v.check(to); status != http.StatusOK && status != http.StatusFound && status != http.StatusSeeOther {
			wrong("the link %q answers %d", href, status)
		}
	})
}

// takenDown are the posts that the tests hid or deleted, by path without language: a cached list may
// lead to them for some seconds more.
var takenDown sync.Map

// check asks for an address as the visitor, once, without going where it leads.
func (v *visitor) check(to *url.URL) int {
	v.t.Helper()
	address := to.String()
	if _, ok := takenDown.Load(to.Path[min(len(to.Path), 3):]); ok {
		return http.StatusOK
	}
	if status, ok := v.checked[address]; ok {
		return status
	}
	if kind := digits.ReplaceAllString(address, "#"); v.kinds[kind] >= linksOfAKind {
		return http.StatusOK
	} else {
		v.kinds[kind]++
	}
	once := *v.http
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	once.Jar = looker{v.http.Jar}
	res, err := once.Head(address)
	if err != nil {
		v.t.Fatalf("HEAD %s: %v", address, err)
	}
	res.Body.Close()
	v.checked[address] = res.StatusCode
	return res.StatusCode
}

// looker is a cookie jar for looking at links: it keeps nothing, and it leaves out the cookie that
// lets a writer pass by the page cache, which each address may do only so often.
type looker struct{ jar http.CookieJar }

func (l looker) SetCookies(*url.URL, []*http.Cookie) {}

func (l looker) Cookies(u *url.URL) []*http.Cookie {
	return slices.DeleteFunc(l.jar.Cookies(u), func(c *http.Cookie) bool { return c.Name == "ls_ryw" })
}
