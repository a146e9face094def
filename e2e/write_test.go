package e2e_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// picture draws a PNG that no encoder makes tiny.
func picture(t testing.TB, w, h int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, color.RGBA{uint8(x), uint8(y), uint8(x ^ y), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// post writes a post with the form and returns its page.
func (v *visitor) post(board boardRef, title, body string) *page {
	v.t.Helper()
	return v.open("/me/en/write?board="+board.id).form("form.compose").set("title", title, "body", body).submit()
}

// manage opens what can be done with a post or comment ("p12", "c34").
func (v *visitor) manage(target string) *page {
	v.t.Helper()
	return v.open("/me/en/manage?target=" + target)
}

// target is the element id of the first thing that matches.
func (p *page) target(selector string) string {
	p.v.t.Helper()
	id := p.Find(selector).First().AttrOr("id", "")
	if id == "" {
		p.v.t.Fatalf("%s: nothing is %s: %s", p.url, selector, p.said())
	}
	return id
}

func TestWritePost(t *testing.T) {
	v := demo(t, "yuzu_note")
	board := anyBoard(t, v)
	guest := newVisitor(t).open("/en/f/nereon/pier").follow(`a[href*="/write?board="]`)
	if guest.Find("[name=password]").Length() == 0 {
		t.Errorf("%s: a guest who wants to write is not asked to sign in", guest.url)
	}
	f := v.open("/en/f/nereon/pier").follow(`a[href*="/write?board="]`).form("form.compose").set("title", "Written twice", "body", "Sent twice, stands **once**.")
	preview := f.press("do=preview")
	if preview.Find(".preview strong").Text() != "once" || preview.form("form.compose").values.Get("title") != "Written twice" {
		t.Errorf("preview: %s", preview.said())
	}
	f = preview.form("form.compose")
	first, second := f.submit(), f.submit()
	if first.url.Path != second.url.Path || !strings.HasPrefix(first.url.Path, "/en/p/") {
		t.Errorf("sent twice, led to %s and %s", first.url, second.url)
	}
	if n := v.open("/en/f/nereon/pier?sort=new").Find(".rows .t").FilterFunction(func(_ int, s *goquery.Selection) bool {
		return strings.Contains(s.Text(), "Written twice")
	}).Length(); n != 1 {
		t.Errorf("the board shows it %d times", n)
	}
	empty := v.open("/me/en/write?board="+board.id).form("form.compose").set("title", "", "body", "Text without a title.").send()
	if empty.status != http.StatusUnprocessableEntity || empty.form("form.compose").values.Get("body") != "Text without a title." {
		t.Errorf("without a title: status %d: %s", empty.status, empty.said())
	}
	v.open("/me/en/write").want("h2", "NEREON")
}

func TestPictureWithoutScript(t *testing.T) {
	v := demo(t, "hashi_click")
	board := anyBoard(t, v)
	f := v.open("/me/en/write?board="+board.id).form("form.compose").set("title", "With a picture", "body", "Look:").
		file("image", "stage.png", "image/png", picture(t, 900, 500))
	p := v.expect(f.press("do=upload"), http.StatusOK)
	body := p.form("form.compose").values.Get("body")
	if !strings.HasPrefix(body, "Look:") || !strings.Contains(body, "![](") {
		t.Fatalf("after the upload the text is %q", body)
	}
	f = p.form("form.compose").set("body", strings.Replace(body, "![]", "![A stage in blue]", 1))
	post := f.submit()
	img := post.Find("article .md img")
	if img.AttrOr("alt", "") != "A stage in blue" || img.AttrOr("width", "") != "900" || img.AttrOr("height", "") != "500" {
		html, _ := goquery.OuterHtml(img)
		t.Errorf("the picture stands as %s", html)
	}
	if status := v.get(post.resolve(img.AttrOr("src", ""))).status; status != http.StatusOK {
		t.Errorf("the picture answers %d", status)
	}
	bad := v.open("/me/en/write?board="+board.id).form("form.compose").set("title", "Broken", "body", "Text stays.").
		file("image", "broken.png", "image/png", []byte("\x89PNG\r\n\x1a\nno picture"))
	refused := bad.press("do=upload")
	if refused.status < 400 || refused.form("form.compose").values.Get("body") != "Text stays." || refused.Find("[role=alert]").Length() == 0 {
		t.Errorf("a broken picture: status %d: %s", refused.status, refused.said())
	}
}

func TestConversation(t *testing.T) {
	author, other := demo(t, "kettle_core"), demo(t, "futon_live")
	post := author.post(anyBoard(t, author), "Let us talk", "Say something, ||or spoil it||.")
	if post.Find(".md .spoiler").Length() != 1 {
		t.Error("the spoiler is not covered")
	}
	number := strings.TrimPrefix(post.target("article.post"), "p")
	thread := other.open("/en/p/"+number).follow(".answer a.reply").form("form.compose").
		set("body", "Hello @kettle_core, first!").submit()
	if thread.Find(`.c .mention[href$="/u/kettle_core"]`).Length() != 1 {
		t.Errorf("the mention is no link: %s", thread.said())
	}
	comment := thread.target(".cs > li")
	reply := author.open("/en/p/" + number).follow("#" + comment + " a.reply")
	reply.want("blockquote.answers", "Hello")
	reply.form("form.compose").set("body", "Nice to meet you.").submit()
	quoted := other.manage(comment).follow(`a[href*="quote=1"]`).form("form.compose")
	if !strings.HasPrefix(quoted.values.Get("body"), "> ") {
		t.Errorf("the quotation starts with %q", quoted.values.Get("body"))
	}
	quoted.set("body", quoted.values.Get("body")+"\n\nQuoting myself.").submit()
	p := author.open("/en/p/" + number)
	if p.Find(".cs > li").Length() != 3 || p.Find(".cs .d1").Length() != 2 || p.Find(".cs blockquote").Length() != 1 {
		t.Errorf("want a comment, a reply and a quotation: %s", p.said())
	}
	author.open("/me/en").want(".notes .unread .t", "mentioned you").want(".notes .unread .t", "answered you")
	author.open("/me/en/notifications").form("form.act").submit()
	author.open("/me/en").want("section", "Nothing new")
}

func TestReact(t *testing.T) {
	v := demo(t, "osaka_penlight")
	post := v.post(anyBoard(t, v), "Shine", "Press something.")
	target := post.target("article.post")
	press := func(kind string) *page {
		f := v.open(post.url.Path).form("form#react")
		f.values.Set("r", target+"."+kind)
		return v.expect(f.send(), http.StatusOK)
	}
	if post.Find(`button[form=react][value="`+target+`.lightstick"]`).Length() != 1 {
		t.Fatal("no lightstick to press")
	}
	shown := func(kind string) string {
		var text string
		eventually(t, eventualCount, "the count of "+kind, func() bool {
			text = v.open(post.url.Path).Find(`button[value="` + target + "." + kind + `"] b`).Text()
			return true
		})
		return text
	}
	press("lightstick")
	press("heart")
	eventually(t, eventualCount, "one lightstick and one heart", func() bool { return shown("lightstick") == "1" && shown("heart") == "1" })
	six := v.open("/me/en/react?target=" + target)
	if six.Find("form.six button").Length() != 6 || six.Find("form.six [aria-pressed=true]").Length() != 2 {
		t.Errorf("the page of six reactions: %s", six.said())
	}
	press("heart")
	eventually(t, eventualCount, "the heart taken back", func() bool { return shown("heart") == "" })
}

func TestEditAndHistory(t *testing.T) {
	v := demo(t, "nemuri3byo")
	post := v.post(anyBoard(t, v), "First title", "First text.\n\nA second line.")
	target := post.target("article.post")
	stale := v.manage(target).follow(`a[href*="/edit?"]`).form("form.compose")
	v.manage(target).follow(`a[href*="/edit?"]`).form("form.compose").set("title", "Second title", "body", "Changed text.\n\nA second line.").submit().want("h1", "Second title")
	conflict := stale.set("body", "My own late text.").send()
	if conflict.status != http.StatusConflict && conflict.status != http.StatusPreconditionFailed {
		t.Errorf("a stale edit: status %d", conflict.status)
	}
	if mine := conflict.form("form.compose").values.Get("body"); mine != "My own late text." || !strings.Contains(conflict.Find(".conflict textarea").Text(), "Changed text.") {
		t.Errorf("a stale edit must keep both texts: %s", conflict.said())
	}
	conflict.form("form.compose").submit().want("article .md", "My own late text.")
	guest := newVisitor(t)
	var history *page
	eventually(t, eventualCount, "the history for guests", func() bool {
		history = guest.open(post.url.Path).follow(`article .by a[href$="/history"]`)
		return history.Find("ol.history > li").Length() == 3
	})
	if !history.has(".diff del", "First text.") || !history.has(".diff ins", "Changed text.") {
		t.Errorf("%s: %s", history.url, history.said())
	}
	if p := demo(t, "picaporte").get("/me/en/edit?target=" + target); p.status != http.StatusForbidden {
		t.Errorf("a stranger may edit: status %d", p.status)
	}
}

func TestDeleteOwn(t *testing.T) {
	v := demo(t, "abuela_fan")
	post := v.post(anyBoard(t, v), "Not for long", "Gone soon.")
	target := post.target("article.post")
	post.follow(".answer a.reply").form("form.compose").set("body", "Mine too.").submit()
	comment := v.open(post.url.Path).target(".cs > li")
	v.manage(comment).follow(`a[href*="/delete?"]`).form("form.plain").submit()
	if p := v.open(post.url.Path); p.has(".cs", "Mine too.") {
		t.Error("the comment still stands")
	}
	takenDown.Store(post.url.Path[3:], true)
	v.manage(target).follow(`a[href*="/delete?"]`).form("form.plain").submit()
	eventually(t, eventualCount, "the post to be gone for guests", func() bool {
		return newVisitor(t).get(post.url.Path).status == http.StatusNotFound
	})
	if p := demo(t, "picaporte").get("/me/en/delete?target=" + target); p.status < 400 {
		t.Errorf("a stranger may delete: status %d", p.status)
	}
}
