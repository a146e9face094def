package e2e_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
)

func hasText(text string) func(int, *goquery.Selection) bool {
	return func(_ int, s *goquery.Selection) bool { return strings.Contains(s.Text(), text) }
}

// search fills in the form of the search page.
func (v *visitor) search(pairs ...string) *page {
	v.t.Helper()
	return v.open("/en/search").form("main form.search").set(pairs...).submit()
}

func (p *page) titles() (list []string) {
	for _, s := range p.Find(".hits .t").EachIter() {
		list = append(list, strings.Join(strings.Fields(s.Text()), " "))
	}
	return list
}

// indexed waits until a word is found so often; each question is another page to the cache.
func (v *visitor) indexed(word string, times int) {
	v.t.Helper()
	day := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	eventually(v.t, eventualCount, word+" in the index", func() bool {
		day = day.AddDate(0, 0, 1)
		return len(v.open("/en/search?q="+word+"&from="+day.Format(time.DateOnly)).titles()) == times
	})
}

// TestSearchWords finds posts that were just written by names as fans type them.
func TestSearchWords(t *testing.T) {
	v := demo(t, "tofu_archive")
	board := anyBoard(t, v)
	v.post(board, "정국 직캠 모음 zzfirst", "오늘 무대의 별, 그리고 숲.")
	v.post(board, "夜明けの配信 zzsecond", "眠れない人のための配信です。")
	v.post(board, "Encore setlist zzthird", "A quiet café after the show.")
	guest := newVisitor(t)
	guest.indexed("zzthird", 1)
	for query, want := range map[string]string{
		"정국": "zzfirst", "ㅈㄱ": "zzfirst", "정": "zzfirst", "직캠": "zzfirst", "숲": "zzfirst", "ㅈㅋ": "zzfirst",
		"夜明け": "zzsecond", "配信": "zzsecond", "夜": "zzsecond", "encore": "zzthird", "SETLIST": "zzthird", "cafe": "zzthird", "quiet show": "zzthird",
	} {
		p := guest.search("q", query, "sort", "new")
		if i := slices.IndexFunc(p.titles(), func(s string) bool { return strings.Contains(s, want) }); i < 0 {
			t.Errorf("%q does not find %s: %q", query, want, p.titles())
		}
		if p.Find(".hits mark").Length() == 0 {
			t.Errorf("%q: what was found is not marked", query)
		}
	}
	nothing := guest.search("q", "qqqxxyyzz")
	nothing.want(".none", "Nothing found")
	guest.open("/en").form("header form.find").set("q", "네레온").submit().want("h2", "result")
}

// TestSearchNarrowed looks for a word of the demo world by place, author, date and kind.
func TestSearchNarrowed(t *testing.T) {
	v := demo(t, "war_tiket_id")
	board := anyBoard(t, v)
	v.post(board, "Narrowword here", "Only one narrowword.")
	v.post(board, "Another place", "It has narrowword and narrowword and narrowword.")
	guest := newVisitor(t)
	guest.indexed("narrowword", 2)
	today := time.Now().In(time.FixedZone("KST", 9*3600)).Format("2006-01-02")
	for _, c := range []struct {
		pairs []string
		want  int
	}{
		{nil, 2}, {[]string{"fandom", "nereon"}, 2}, {[]string{"fandom", "vellune"}, 0}, {[]string{"author", "@war_tiket_id"}, 2},
		{[]string{"author", "quietrow"}, 0}, {[]string{"from", today, "to", today}, 2}, {[]string{"to", "2020-01-01"}, 0}, {[]string{"kind", "post"}, 2}, {[]string{"kind", "comment"}, 0},
	} {
		if got := guest.search(append([]string{"q", "narrowword"}, c.pairs...)...).titles(); len(got) != c.want {
			t.Errorf("narrowed by %q: %d results, want %d: %q", c.pairs, len(got), c.want, got)
		}
	}
	for board, want := range map[string]int{"pier": 2, "bottle-art": 0} {
		q := url.Values{"q": {"narrowword"}, "fandom": {"nereon"}, "board": {board}}
		if got := guest.open("/en/search?" + q.Encode()).titles(); len(got) != want {
			t.Errorf("on the board %s: %d results, want %d", board, len(got), want)
		}
	}
	if got := guest.search("q", "narrowword", "sort", "new").titles(); len(got) != 2 || !strings.HasPrefix(got[0], "Another place") {
		t.Errorf("newest first: %q", got)
	}
	if got := guest.search("q", "narrowword").titles(); len(got) != 2 || !strings.HasPrefix(got[0], "Narrowword") {
		t.Errorf("most relevant first, the title counts most: %q", got)
	}
	bad := guest.get("/en/search?q=x&from=yesterday")
	if bad.status != 422 || bad.Find("#from-wrong").Text() == "" {
		t.Errorf("a bad date: status %d: %s", bad.status, bad.said())
	}
}

// TestSearchAlias lets a moderator teach a fandom that two names are one person.
func TestSearchAlias(t *testing.T) {
	v, mod := demo(t, "ceret_merdu"), demo(t, moderator)
	v.post(anyBoard(t, v), "Jungkook only in Latin zzalias", "Nothing else.")
	guest := newVisitor(t)
	found := func() bool {
		return slices.ContainsFunc(guest.search("q", "정국", "sort", "new").titles(), func(s string) bool { return strings.Contains(s, "zzalias") })
	}
	if found() {
		t.Fatal("the alias is known already")
	}
	f := mod.open("/admin/en/aliases").form(`form[action$="/aliases"]`)
	before := f.values.Get("aliases")
	f.set("aliases", before+"\n정국, Jungkook, JK").submit().want(".notice", "Saved")
	eventually(t, eventualCount, "정국 to find Jungkook", found)
	mod.open("/admin/en/aliases").form(`form[action$="/aliases"]`).set("aliases", before).submit()
	mod.open("/admin/en/audit").want(".rows", "alias")
}
