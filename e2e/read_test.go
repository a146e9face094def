package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

func TestLanguageByHeader(t *testing.T) {
	v := newVisitor(t)
	for header, want := range map[string]string{
		"ko-KR,ko;q=0.9,en-US;q=0.8": "/ko", "ja": "/ja", "es-MX,es;q=0.9": "/es", "id-ID": "/id", "fr-FR,en;q=0.5": "/en", "": "/en",
	} {
		req, err := http.NewRequest(http.MethodGet, site+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		if header != "" {
			req.Header.Set("Accept-Language", header)
		}
		p := v.do(req)
		if p.url.Path != want {
			t.Errorf("Accept-Language %q leads to %s, want %s", header, p.url.Path, want)
		}
		if got := p.Find("html").AttrOr("lang", ""); "/"+got != want {
			t.Errorf("%s is in %q", want, got)
		}
	}
}

// TestReadAsGuest walks from the front page to a member's page in every language.
func TestReadAsGuest(t *testing.T) {
	for _, lang := range []string{"ko", "en", "ja", "es", "id"} {
		t.Run(lang, func(t *testing.T) {
			v := newVisitor(t)
			front := v.open("/" + lang)
			if n := front.Find("footer a[hreflang]").Length(); n != 5 {
				t.Errorf("%d languages in the footer, want 5", n)
			}
			if n := front.Find("head link[rel=alternate][hreflang]").Length(); n != 6 {
				t.Errorf("%d alternates, want 5 languages and x-default", n)
			}
			board := front.follow(".fandoms a").follow(".boards a")
			for _, sort := range []string{"hot", "new", "top"} {
				sorted := board.follow(`.sorts a[href$="sort=` + sort + `"]`)
				if sorted.Find(`.sorts [aria-current][href$="sort=`+sort+`"]`).Length() != 1 {
					t.Errorf("%s: not marked as the order in force", sorted.url)
				}
			}
			post := front.follow(".rows .t")
			if post.Find("article .md").Length() != 1 {
				t.Errorf("%s: no text", post.url)
			}
			member := post.follow("article .who")
			member.follow(`.tabs a[href$="tab=comments"]`)
			v.open("/" + lang + "/help")
			if own := "/" + lang + "/"; !strings.HasPrefix(member.url.Path, own) {
				t.Errorf("the language was lost on the way: %s", member.url)
			}
			if len(v.http.Jar.Cookies(front.url)) > 0 {
				t.Error("reading set a cookie")
			}
		})
	}
}

func TestDeeperThread(t *testing.T) {
	v := newVisitor(t)
	seen := 0
	for id := range demoPosts {
		p := v.get("/en/p/" + itoa(id+1))
		if p.status != http.StatusOK || p.Find(".cs .deeper").Length() == 0 {
			continue
		}
		seen++
		if p.Find(".cs .d3").Length() > 0 {
			t.Errorf("%s: shows more than three levels", p.url)
		}
		thread := p.follow(".cs .deeper")
		if thread.Find(".cs > li").Length() < 2 {
			t.Errorf("%s: the thread shows no replies", thread.url)
		}
		back := thread.follow(`main a[href*="/p/"]`)
		if back.url.Path != p.url.Path {
			t.Errorf("%s leads back to %s, not %s", thread.url, back.url.Path, p.url.Path)
		}
		if seen == 3 {
			return
		}
	}
	if seen == 0 {
		t.Error("no post of the demo world has a thread deeper than three levels")
	}
}

// TestPaging walks through a board that is longer than a page: every post comes once.
func TestPaging(t *testing.T) {
	const more = 65
	w := demo(t, "admin")
	board := w.newBoard("endless")
	for _, handle := range []string{"quietrow", "shoelace_gg", "marmalade_k", "row_four"} {
		m := signInAPI(t, handle)
		for i := range more/4 + 1 {
			m.post("/boards/"+board.id+"/posts", map[string]any{"title": handle + " writes " + itoa(i), "body": "One of many."}, http.StatusCreated)
		}
	}
	for _, sort := range []string{"new", "hot", "top"} {
		seen, guest, pages := map[string]int{}, newVisitor(t), 1
		var p *page
		eventually(t, eventualCount, "the posts on the board", func() bool {
			p = guest.open("/en/f/" + board.fandom + "/endless?sort=" + sort)
			return p.Find(".pager a[rel=next]").Length() > 0
		})
		for {
			p.Find("ol.rows:not(.pinned) .t").Each(func(_ int, s *goquery.Selection) { seen[s.AttrOr("href", "")]++ })
			if p.Find(".pager a[rel=next]").Length() == 0 {
				break
			}
			if p, pages = p.follow(".pager a[rel=next]"), pages+1; pages > 10 {
				t.Fatal("the board has no end")
			}
		}
		if len(seen) != 4*(more/4+1) || pages < 3 {
			t.Errorf("sort=%s: %d posts on %d pages, want %d on 3", sort, len(seen), pages, 4*(more/4+1))
		}
		for href, n := range seen {
			if n != 1 {
				t.Errorf("sort=%s: %s came %d times", sort, href, n)
			}
		}
		if p.follow(".pager a:not([rel=next])").Find(".rows .t").Length() == 0 {
			t.Error("the first page is empty")
		}
	}
}

func TestMissingPages(t *testing.T) {
	v := newVisitor(t)
	for _, path := range []string{"/en/p/999999", "/ko/f/nobody", "/ja/u/nobody_here", "/es/f/nereon/nothing", "/en/p/1/c/999999", "/id/p/abc", "/en/nowhere"} {
		p := v.get(path)
		if p.status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", path, p.status)
		}
		if lang := p.Find("html").AttrOr("lang", ""); lang != path[1:3] {
			t.Errorf("%s: the page is in %q", path, lang)
		}
	}
}
