package web_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"lightstick/internal/forum"
)

func TestPostPage(t *testing.T) {
	w := newWorld(t)
	a := w.comment(0, "first")
	b := w.comment(a.ID, "second")
	c := w.comment(b.ID, "third")
	w.comment(c.ID, "too deep for the page")
	w.update(func(tx forum.Tx) error {
		return tx.SetReaction(w.ctx, forum.Target{Kind: forum.TargetComment, ID: a.ID}, w.post.ID, w.byul.ID, 1, true)
	})
	w.flush()
	doc := w.page(w.postPath(""))
	for selector, want := range map[string]string{
		"h1":                             "컴백 기다리는 글",
		".post .md strong":               "같이",
		"#comments-title .n":             "4",
		fmt.Sprintf("#c%d.d2 .md", c.ID): "third",
		fmt.Sprintf("#c%d .to", b.ID):    "↳ Sol",
		".deeper":                        "답글 1개 더 보기",
		fmt.Sprintf("#c%d button[value='c%d.heart'] b", a.ID, a.ID): "1",
	} {
		if got := strings.TrimSpace(doc.Find(selector).Text()); got != want {
			t.Errorf("%s is %q, want %q", selector, got, want)
		}
	}
	if href, _ := doc.Find(".post .mention").Attr("href"); href != "/ko/u/sol" {
		t.Errorf("the mention leads to %q", href)
	}
	if lang, _ := doc.Find(".c .md").First().Attr("lang"); lang != "en" {
		t.Errorf("the comment's language is %q", lang)
	}
	if n := doc.Find("link[hreflang]").Length(); n != 6 {
		t.Errorf("%d alternates, want five languages and x-default", n)
	}
	if n := w.asked.Load(); n > 6 {
		t.Errorf("the page asked the store %d times", n)
	}
}

func TestTailGivesWhatThePageHasNot(t *testing.T) {
	w := newWorld(t)
	w.comment(0, "on the page")
	after, ok := w.page(w.postPath("")).Find(".cs").Attr("data-after")
	if !ok {
		t.Fatal("the page does not say where its tail starts")
	}
	late := w.comment(0, "after the page")
	doc := w.page(w.postPath("/tail?after=" + after))
	if n := doc.Find("li").Length(); n != 1 {
		t.Fatalf("%d comments in the tail, want 1", n)
	}
	if id, _ := doc.Find("li").Attr("id"); id != fmt.Sprintf("c%d", late.ID) {
		t.Errorf("the tail shows %s", id)
	}
	if next, _ := doc.Find("ol").Attr("data-after"); next != fmt.Sprint(late.ID) {
		t.Errorf("the next tail starts at %s, want %d", next, late.ID)
	}
}

func TestTailOfALongThreadStartsAtItsEnd(t *testing.T) {
	w := newWorld(t)
	var last forum.Comment
	for i := range 60 {
		last = w.comment(0, fmt.Sprint("comment ", i))
	}
	if after, _ := w.page(w.postPath("")).Find(".cs").Attr("data-after"); after != fmt.Sprint(last.ID) {
		t.Errorf("the tail starts at %s, want %d: a reader of the first page is told of what is new only", after, last.ID)
	}
}

func TestWhatIsTakenDownIsNotFound(t *testing.T) {
	w := newWorld(t)
	c := w.comment(0, "bad words")
	r := w.comment(c.ID, "an answer that stays")
	w.update(func(tx forum.Tx) error { c.State = forum.Hidden; return tx.UpdateComment(w.ctx, &c) })
	w.flush()
	body := w.get(w.postPath("")).Body.String()
	if strings.Contains(body, "bad words") || !strings.Contains(body, "an answer that stays") {
		t.Error("the hidden comment shows, or took its answer with it")
	}
	if rec := w.get(fmt.Sprintf("/ko/c/%d/history", c.ID)); rec.Code != http.StatusNotFound {
		t.Errorf("the history of a hidden comment: %d", rec.Code)
	}
	if doc := w.page(w.postPath(fmt.Sprintf("/c/%d", c.ID))); doc.Find(fmt.Sprintf("#c%d .md", r.ID)).Length() != 1 {
		t.Error("the thread lost its answer")
	} else if whole, _ := doc.Html(); strings.Contains(whole, "bad words") || doc.Find(fmt.Sprintf("#c%d .to", r.ID)).Length() != 0 {
		t.Error("the thread of a hidden comment tells what it said, or who said it")
	}
	w.post.State = forum.Deleted
	w.update(func(tx forum.Tx) error { return tx.UpdatePost(w.ctx, &w.post) })
	for _, rest := range []string{"?after=x1", "/tail", "/history", fmt.Sprintf("/c/%d", r.ID)} {
		if rec := w.get(w.postPath(rest)); rec.Code != http.StatusNotFound {
			t.Errorf("%s of a deleted post: %d", rest, rec.Code)
		}
	}
}

func TestHistory(t *testing.T) {
	w := newWorld(t)
	w.update(func(tx forum.Tx) error {
		old := forum.Revision{Target: forum.Target{Kind: forum.TargetPost, ID: w.post.ID}, Version: 1, Title: "옛 제목", Body: "하나\n둘\n셋", EditorID: w.byul.ID, At: w.now}
		if err := tx.InsertRevision(w.ctx, old); err != nil {
			return err
		}
		w.post.Body = "하나\n둘 반\n셋"
		return tx.UpdatePost(w.ctx, &w.post)
	})
	doc := w.page(w.postPath("/history"))
	for selector, want := range map[string]string{
		".history li:first-child > .diff > del": "옛 제목둘",
		".history li:first-child > .diff > ins": "컴백 기다리는 글둘 반",
		".history li:last-child .diff":          "하나\n둘\n셋",
	} {
		if got := strings.TrimSpace(doc.Find(selector).Text()); got != want {
			t.Errorf("%s is %q, want %q", selector, got, want)
		}
	}
}

func TestFrontFandomBoardMember(t *testing.T) {
	w := newWorld(t)
	w.flush()
	for path, selector := range map[string]string{
		"/ko":                        ".fandoms a[href='/ko/f/aurora']",
		"/en/f/aurora":               ".boards a[href='/en/f/aurora/talk']",
		"/ja/f/aurora/talk":          ".rows a.t",
		"/es/f/aurora/talk?sort=new": ".sorts [aria-current][href*='sort=new']",
		"/id/u/byul":                 ".rows a.t",
		"/id/u/byul?tab=comments":    ".none",
		"/ko/search?q=컴백":            ".hits mark",
		"/ko/search":                 "form.search input[name=q]",
		"/en/help":                   "dl.help",
	} {
		doc := w.page(path)
		if doc.Find(selector).Length() == 0 {
			t.Errorf("%s has no %s", path, selector)
		}
		if doc.Find("h1").Length() != 1 || doc.Find("main").Length() != 1 {
			t.Errorf("%s needs one h1 and one main", path)
		}
		if n := w.asked.Load(); n > 6 {
			t.Errorf("%s asked the store %d times", path, n)
		}
		doc.Find("[style]").Each(func(int, *goquery.Selection) { t.Errorf("%s has a style attribute, which the policy forbids", path) })
	}
}

func TestSearchSaysWhatIsWrong(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]int{
		"/en/search?q=a&from=yesterday": http.StatusUnprocessableEntity,
		"/en/search?q=a&kind=song":      http.StatusUnprocessableEntity,
		"/en/search?q=a&author=nobody":  http.StatusOK,
		"/en/search?q=a&fandom=nowhere": http.StatusOK,
		"/en/search?q=a&after=%25":      http.StatusOK,
	} {
		rec := w.get(path)
		if rec.Code != want {
			t.Errorf("%s: %d, want %d", path, rec.Code, want)
		}
		if said := w.parse(rec.Body.String()).Find(".mistakes").Length() == 1; !said && want != http.StatusOK {
			t.Errorf("%s does not say what is wrong", path)
		}
	}
}

func TestErrorsSpeakTheLanguageOfTheAddress(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]string{
		"/ko/p/99999":         "그런 글이 없어요.",
		"/ja/p/abc":           "その投稿はありません。",
		"/es/f/nowhere":       "No existe ese fandom.",
		"/xx/anything":        "There is nothing at this address.",
		"/id/f/aurora/no-way": "Papan itu tidak ada.",
		"/en/p/007":           "There is no such post.",
	} {
		rec := w.get(path)
		doc := w.parse(rec.Body.String())
		if got := doc.Find(".oops > p").First().Text(); rec.Code != http.StatusNotFound || got != want {
			t.Errorf("%s: %d %q, want %q", path, rec.Code, got, want)
		}
	}
}

func TestBrokenCursors(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{w.postPath("?after=%00"), w.postPath("?after=zzz"), w.postPath("/tail?after=-1"), w.postPath("/tail?after=1e3"), "/ko/f/aurora/talk?after=!!"} {
		if rec := w.get(path); rec.Code != http.StatusBadRequest {
			t.Errorf("%s: %d, want 400", path, rec.Code)
		}
	}
}

func TestRedirectsFindTheLanguage(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ path, accept, want string }{
		{"/", "ko-KR,ko;q=0.9,en;q=0.8", "/ko"}, {"/", "", "/en"}, {"/", "xx", "/en"}, {"/", "pt-BR,es;q=0.5", "/es"},
		{"/-/p/1?after=x", "ja", "/ja/p/1?after=x"}, {"/-/u/sol", strings.Repeat("q", 5000), "/en/u/sol"},
	} {
		rec := w.get(c.path, "Accept-Language", c.accept)
		if got := rec.Header().Get("Location"); rec.Code != http.StatusFound || got != c.want {
			t.Errorf("%s for %.20q leads to %q (%d), want %q", c.path, c.accept, got, rec.Code, c.want)
		}
		if cc := rec.Header().Get("Cache-Control"); cc != "no-store" {
			t.Errorf("%s: Cache-Control %q", c.path, cc)
		}
	}
}

// TestBudgets holds the sizes that make the first page one round trip.
func TestBudgets(t *testing.T) {
	w := newWorld(t)
	w.hotPost()
	post := zipped(t, w.get(w.postPath("")).Body.Bytes())
	t.Logf("post with 50 comments: %d bytes gzip", post)
	if post > 14<<10 {
		t.Errorf("a post with 50 comments is %d bytes, want at most 14 KB", post)
	}
	page := w.page("/ko")
	css, _ := page.Find("link[rel=stylesheet]").Attr("href")
	js, _ := page.Find("script").Attr("src")
	sizes := map[string]int{}
	for _, path := range []string{css, js} {
		rec := w.get(path, "Accept-Encoding", "gzip")
		sizes[path] = rec.Body.Len()
		if rec.Header().Get("Content-Encoding") != "gzip" || rec.Body.Len() > 12<<10 {
			t.Errorf("%s: %d bytes as %q, want at most 12 KB gzip", path, rec.Body.Len(), rec.Header().Get("Content-Encoding"))
		}
	}
	front := zipped(t, w.get("/ko").Body.Bytes())
	total := front + sizes[css] + sizes[js] + w.get("/favicon.svg").Body.Len()
	t.Logf("front page: html %d, css %d, js %d, in all %d bytes", front, sizes[css], sizes[js], total)
	if total > 50<<10 {
		t.Errorf("the first view is %d bytes, want at most 50 KB", total)
	}
}

func zipped(t testing.TB, raw []byte) int {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}

// shuffled is a comment of twenty words in an order that comes but once, so that it does not
// compress better than what people write.
func shuffled(lines []string, seed int) string {
	words := strings.Fields(strings.Join(lines, " "))
	random := rand.New(rand.NewPCG(1, uint64(seed)))
	out := make([]string, 20)
	for i := range out {
		out[i] = words[random.IntN(len(words))]
	}
	return strings.Join(out, " ")
}

// hotPost gives the post fifty comments of the length that people write, half of them replies,
// and enough posts to fill the front page.
func (w *world) hotPost() {
	w.t.Helper()
	lines := []string{
		"이번 무대 진짜 조명부터 소름이었어요. 특히 2절 들어갈 때 응원봉 색이 한꺼번에 바뀌는 거 보고 울 뻔했습니다.",
		"Watched it at 4 a.m. on my phone with one bar of signal and it was still worth every second of buffering.",
		"私も現地にいました！最後のあいさつのとき、隣の席の方と一緒に泣いてしまいました。次の公演も行きたいです。",
		"¿Alguien sabe si van a subir la versión completa? En mi país todavía no aparece en la tienda y quiero comprarla.",
		"Aku baru pulang kerja dan langsung nonton ulang. Bagian jembatannya bikin merinding, suaranya stabil banget!",
	}
	var parent forum.ID
	for i := range 50 {
		if i%2 == 0 {
			parent = 0
		}
		c := w.comment(parent, shuffled(lines, i))
		parent = c.ID
	}
	for i := range 20 {
		w.write(fmt.Sprintf("%d번째 글: 같이 이야기해요 %s", i, lines[i%5][:40]), lines[i%5])
	}
	w.flush()
}
