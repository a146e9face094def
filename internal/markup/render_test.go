package markup_test

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"lightstick/internal/markup"
)

func options() markup.Options {
	return markup.Options{
		Image: func(src string) (markup.Image, bool) {
			return markup.Image{Src: src + "/m", Full: src, Srcset: src + "/m 800w, " + src + "/s 400w", Width: 800, Height: 600},
				strings.HasPrefix(src, "/media/")
		},
		Mention: func(handle string) bool { return handle == "mina" || handle == "star_light" },
		Card: func(url string) (markup.Card, bool) {
			return markup.Card{Title: "A <b>title</b>", Description: "What it says", Site: "Example"}, strings.Contains(url, "known")
		},
	}
}

const rel = ` rel="nofollow ugc noopener noreferrer"`

func TestRenderHTML(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"empty":              {"", ""},
		"plain":              {"안녕하세요", "<p>안녕하세요</p>"},
		"line break":         {"a\nb  \nc\\\nd", "<p>a<br>b<br>c<br>d</p>"},
		"paragraphs":         {"a\n\n \nb", "<p>a</p><p>b</p>"},
		"escapes":            {`<b> & "x" <3`, "<p>&lt;b&gt; &amp; &#34;x&#34; &lt;3</p>"},
		"raw HTML":           {"<script>alert(1)</script>\n\n<div onclick=x>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p><p>&lt;div onclick=x&gt;</p>"},
		"emphasis":           {"*a* **b** ~~c~~ `d`", "<p><em>a</em> <strong>b</strong> <del>c</del> <code>d</code></p>"},
		"emphasis in Korean": {`**"강조"**은 **(가)**나`, "<p><strong>&#34;강조&#34;</strong>은 <strong>(가)</strong>나</p>"},
		"tilde":              {"안녕~ 반가워~ 또 봐~", "<p>안녕~ 반가워~ 또 봐~</p>"},
		"headings":           {"# a\n## b\n###### c", "<h3>a</h3><h4>b</h4><h6>c</h6>"},
		"hashtag":            {"#컴백 #1위", "<p>#컴백 #1위</p>"},
		"quote":              {"> a\n> > b", "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>"},
		"lists":              {"- a\n- b\n\n3. c", "<ul><li>a</li><li>b</li></ul><ol start=\"3\"><li>c</li></ol>"},
		"code":               {"```js\n<a> **b**\n```", "<pre><code>&lt;a&gt; **b**\n</code></pre>"},
		"rule":               {"a\n\n---", "<p>a</p><hr>"},
		"table": {"|a|b|\n|-|:-:|\n|1|2|", `<table><thead><tr><th>a</th><th class="center">b</th></tr></thead>` +
			`<tbody><tr><td>1</td><td class="center">2</td></tr></tbody></table>`},

		"spoiler":              {"범인은 ||그 사람||이다", `<p>범인은 <span class="spoiler" tabindex="0">그 사람</span>이다</p>`},
		"spoiler with markup":  {"||a **b**||", `<p><span class="spoiler" tabindex="0">a <strong>b</strong></span></p>`},
		"spoiler open":         {"||a", "<p>||a</p>"},
		"spoiler block":        {">! a\n>! b\n\nc", `<details class="spoiler"><summary>👁</summary><p>a<br>b</p></details><p>c</p>`},
		"spoiler ends a quote": {"> a\n>! b", `<blockquote><p>a</p></blockquote><details class="spoiler"><summary>👁</summary><p>b</p></details>`},

		"mention":             {"@mina 안녕", `<p><a class="mention" href="/-/u/mina">@mina</a> 안녕</p>`},
		"mention folded":      {"(@Star_Light)", `<p>(<a class="mention" href="/-/u/star_light">@Star_Light</a>)</p>`},
		"mention in markup":   {"*@star_light*님", `<p><em><a class="mention" href="/-/u/star_light">@star_light</a></em>님</p>`},
		"mention of nobody":   {"@nobody @_a_b_", "<p>@nobody @_a_b_</p>"},
		"e-mail":              {"a@mina.example <b@mina.example> x/@mina @mina@else.example", "<p>a@mina.example b@mina.example x/@mina @mina@else.example</p>"},
		"mention in code":     {"`@mina`", "<p><code>@mina</code></p>"},
		"mention in link":     {"[@mina](/x)", `<p><a href="/x"` + rel + `>@mina</a></p>`},
		"mention length":      {"@mi @" + strings.Repeat("a", 21), "<p>@mi @" + strings.Repeat("a", 21) + "</p>"},
		"address":             {"see https://a.example/b_c_d?e=1&f=2.", `<p>see <a href="https://a.example/b_c_d?e=1&amp;f=2"` + rel + `>https://a.example/b_c_d?e=1&amp;f=2</a>.</p>`},
		"address in Korean":   {"링크https://a.example/b에서", `<p>링크<a href="https://a.example/b"` + rel + `>https://a.example/b</a>에서</p>`},
		"address in brackets": {"(https://a.example/b_(c))", `<p>(<a href="https://a.example/b_(c)"` + rel + `>https://a.example/b_(c)</a>)</p>`},
		"address in emphasis": {"**https://a.example/b**", `<p><strong><a href="https://a.example/b"` + rel + `>https://a.example/b</a></strong></p>`},
		"address in spoiler":  {"||https://a.example||", `<p><span class="spoiler" tabindex="0"><a href="https://a.example"` + rel + `>https://a.example</a></span></p>`},
		"address with under":  {"x https://a.example/_b_", `<p>x <a href="https://a.example/_b_"` + rel + `>https://a.example/_b_</a></p>`},
		"address in angles":   {"<https://a.example>", `<p><a href="https://a.example"` + rel + `>https://a.example</a></p>`},
		"no address":          {"xhttp://a.example http://nodot ftp://a.example", "<p>xhttp://a.example http://nodot ftp://a.example</p>"},

		"link":             {"[a **b**](https://x.example \"t\")", `<p><a href="https://x.example"` + rel + `>a <strong>b</strong></a></p>`},
		"link of ours":     {"[a](/ko/b?c=d)", `<p><a href="/ko/b?c=d"` + rel + `>a</a></p>`},
		"link by name":     {"[a][b]\n\n[b]: https://x.example", `<p><a href="https://x.example"` + rel + `>a</a></p>`},
		"bad links":        {"[a](javascript:alert(1)) [b](data:text/html,x) [c](//x.example) [d](mailto:a@b.example) [e](x) [f](/\\x.example)", "<p>a b c d e f</p>"},
		"hidden scheme":    {"[a](java&#x73;cript:x) [b](&#1;javascript:x) [c](jav&#x0A;ascript:x)", "<p>a b c</p>"},
		"password in link": {"[a](https://good.example@evil.example/)", "<p>a</p>"},

		"image": {"![a *b*](/media/1)", `<p><a href="/media/1" class="image"><img src="/media/1/m" srcset="/media/1/m 800w, /media/1/s 400w"` +
			` width="800" height="600" alt="a b" loading="lazy" decoding="async"></a></p>`},
		"image in a link": {"[![a](/media/1)](/x)", `<p><a href="/x"` + rel + `><img src="/media/1/m" srcset="/media/1/m 800w, /media/1/s 400w"` +
			` width="800" height="600" alt="a" loading="lazy" decoding="async"></a></p>`},
		"foreign image":   {"![a](https://x.example/i.png)", `<p><a href="https://x.example/i.png"` + rel + `>a</a></p>`},
		"foreign, no alt": {"![](https://x.example/i.png)", `<p><a href="https://x.example/i.png"` + rel + `>https://x.example/i.png</a></p>`},
		"bad image":       {"![a](javascript:x)", "<p>a</p>"},

		"card": {"https://a.example/p", `<a class="card" href="https://a.example/p"` + rel + `><span class="card-site">a.example</span>` +
			`<span class="card-title">a.example/p</span></a>`},
		"known card": {"hi\n\nhttps://www.a.example/known", `<p>hi</p><a class="card" href="https://www.a.example/known"` + rel + `>` +
			`<span class="card-site">Example</span><span class="card-title">A &lt;b&gt;title&lt;/b&gt;</span><span class="card-text">What it says</span></a>`},
		"video": {"https://youtu.be/abc-DEF_12_?t=1", `<a class="card" href="https://youtu.be/abc-DEF_12_?t=1"` + rel + ` data-youtube="abc-DEF_12_">` +
			`<span class="card-site">youtu.be</span><span class="card-title">youtu.be/abc-DEF_12_?t=1</span></a>`},
		"bad video": {"https://www.youtube.com/watch?v=abc%22onload=x", `<a class="card" href="https://www.youtube.com/watch?v=abc%22onload=x"` + rel + `>` +
			`<span class="card-site">youtube.com</span><span class="card-title">youtube.com/watch?v=abc%22onload=x</span></a>`},
		"no card in a quote": {"> https://a.example/p", `<blockquote><p><a href="https://a.example/p"` + rel + `>https://a.example/p</a></p></blockquote>`},
		"controls":           {"a\x00b\x1b\u202ec&#x202e;d\xffe\r\nf", "<p>abcd\uFFFDe<br>f</p>"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := markup.Render(c.src, options()).HTML; got != c.want {
				t.Errorf("Render(%q)\n got %s\nwant %s", c.src, got, c.want)
			}
		})
	}
}

func TestRenderDocument(t *testing.T) {
	d := markup.Render("# 제목\n\n@mina 와 @mina, @nobody\n범인은 ||비밀||이다 ![응원봉](/media/1) ![응원봉](/media/1)\n\n>! 반전\n\n"+
		"https://a.example/known\n\nhttps://a.example/known\n\n- a\n- b\n\n|x|y|\n|-|-|\n|1|2|", options())
	if want := "제목\n@mina 와 @mina, @nobody\n범인은 이다 응원봉 응원봉\nhttps://a.example/known\nhttps://a.example/known\na\nb\nx y \n1 2"; d.Text != want {
		t.Errorf("Text\n got %q\nwant %q", d.Text, want)
	}
	if d.Hidden != "비밀 \n반전" {
		t.Errorf("Hidden %q", d.Hidden)
	}
	if !slices.Equal(d.Mentions, []string{"mina"}) || !slices.Equal(d.Images, []string{"/media/1"}) ||
		!slices.Equal(d.Links, []string{"https://a.example/known"}) {
		t.Errorf("Mentions %q Images %q Links %q", d.Mentions, d.Images, d.Links)
	}
}

func TestRenderWithoutOptions(t *testing.T) {
	d := markup.Render("@mina ![a](/media/1)\n\nhttps://a.example", markup.Options{})
	want := `<p>@mina <a href="/media/1"` + rel + `>a</a></p><a class="card" href="https://a.example"` + rel +
		`><span class="card-site">a.example</span><span class="card-title">a.example</span></a>`
	if d.HTML != want || len(d.Mentions)+len(d.Images) != 0 {
		t.Errorf("got %+v", d)
	}
	o := options()
	o.ImageOff = true
	if d := markup.Render("![a](/media/1)", o); strings.Contains(d.HTML, "<img") || len(d.Images) != 0 {
		t.Errorf("ImageOff: %+v", d)
	}
}

func TestRenderAsksABoundedNumberOfQuestions(t *testing.T) {
	var src strings.Builder
	for i := range 500 {
		fmt.Fprintf(&src, "@user%d ![](/media/%d)\n\nhttps://a.example/%d\n\n", i, i, i)
	}
	members, images, cards := 0, 0, 0
	markup.Render(src.String(), markup.Options{
		Mention: func(string) bool { members++; return true },
		Image:   func(string) (markup.Image, bool) { images++; return markup.Image{}, true },
		Card:    func(string) (markup.Card, bool) { cards++; return markup.Card{}, true },
	})
	if members == 0 || members > 64 || images == 0 || images > 64 || cards == 0 || cards > 64 {
		t.Errorf("asked for %d members, %d images, %d cards", members, images, cards)
	}
}

// hostile are texts made to keep a parser busy, each of about n bytes.
func hostile(n int) map[string]string {
	of := func(s string) string { return strings.Repeat(s, n/len(s)+1) }
	lines := func(s string) string { return of(s + "\n") }
	var deep, tabs strings.Builder
	for i := 0; deep.Len() < n; i++ {
		deep.WriteString(strings.Repeat("  ", i) + "- a\n")
		tabs.WriteString(strings.Repeat("\t", i) + "- a\n")
	}
	return map[string]string{
		"brackets": of("["), "closed brackets": of("[") + of("]"), "pairs": of("[]"), "images": of("![")[:n] + of("](x)"),
		"stars": of("*"), "opening stars": of("*a "), "mixed stars": of("*a **b "), "both stars": of("a*b**c"), "unders": of("_a __b "),
		"tildes": of("~~a "), "bars": of("||a"), "bars alone": of("|"), "emphasis": of("**a")[:n/2] + of("a**")[:n/2],
		"ticks": of("`a``b```c"), "angles": of("<http://"), "entities": of("&amp"), "numbers": of("&#1;"),
		"links": of("[a](b "), "titles": of(`[a](b "c`), "nested links": of("[a](") + of(")"), "refs": lines("[a]: b 'c"),
		"many refs": lines("[a]: b"), "ref uses": "[a]: b\n\n" + of("[a]"), "long refs": "[a]: b\n\n" + of("[a][") + of("]"),
		"quotes": of(">"), "spaced quotes": of("> "), "quote lines": lines(strings.Repeat(">", 1000) + "a"), "spoilers": of(">!"), "spoiler lines": lines(strings.Repeat(">! ", 500) + "a"),
		"lists": of("- "), "list text": of("- ") + "a", "plus": of("+ ") + "a", "numbered": of("1. "), "mixed": of("> - 1. "), "deep": deep.String(), "deep tabs": tabs.String(), "tabs blank": tabs.String()[:n/4] + of("\n")[:n/2], "deep blank": deep.String()[:n/2] + of("\n")[:n/2],
		"table":  strings.Repeat("|a", n/8) + "\n" + strings.Repeat("|-", n/8) + "\n" + of("a\n")[:n/2],
		"tables": lines("|a\n|-"), "rows": "|a|b|\n|-|-|\n" + lines("|"), "columns": strings.Repeat("|a", 16) + "\n" + strings.Repeat("|-", 16) + "\n" + lines("b"),
		"rules": lines("---"), "setext": lines("a\n-"), "headings": lines("# a"), "fences": lines("```"), "open fence": "```\n" + lines("a"), "blank": of("\n"), "backslashes": of("\\"),
		"mentions": of("@mina "), "addresses": of("https://a.example/b "), "colons": of("http:"), "schemes": of("http://"), "joined": of("https://a.example/"), "parens": "https://a.example/" + of("("), "shut parens": "https://a.example/" + of(")"),
		"at signs": of("@"), "words": of("안녕 "), "cells": of("|-"), "indents": of("\t"), "item lines": lines("- *a"), "indented bullets": lines("    - *a"), "starred lines": lines("* *a [b"),
	}
}

// cpuTime is what this process has computed so far. Unlike the clock it does not run while others do.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestRenderHostile holds every shape to a time per byte, at a size under the limit of the
// parser, at one above it and at a megabyte.
func TestRenderHostile(t *testing.T) {
	for _, n := range []int{10_000, 120_000, 1 << 20} {
		for name, src := range hostile(n) {
			before := cpuTime(t)
			d := markup.Render(src, options())
			took := cpuTime(t) - before
			if limit := 5 * time.Second; took > limit { // the worst takes 0.2 s; what is not linear takes minutes
				t.Errorf("%s of %d bytes took %v", name, n, took)
			}
			if took > 100*time.Millisecond {
				t.Logf("%s of %d bytes took %v", name, n, took)
			}
			if len(d.HTML) > 200*len(src) {
				t.Errorf("%s: %d bytes of HTML from %d", name, len(d.HTML), len(src))
			}
			if err := checkHTML(d.HTML); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestQuote(t *testing.T) {
	for name, c := range map[string]struct{ author, src, want string }{
		"plain":        {"@mina", "안녕\n하세요", "> @mina:\n> 안녕\n> 하세요\n\n"},
		"name":         {"*Kim*  [a]", "x", "> \\*Kim\\* \\[a\\]:\n> x\n\n"},
		"nobody":       {"", "x", "> x\n\n"},
		"inner quotes": {"", "> old\n>! hidden\nnew", "> new\n\n"},
		"cut spoiler":  {"", "||a" + strings.Repeat("\nb", 20) + "||", "> ||a" + strings.Repeat("\n> b", 11) + "\n> …||\n\n"},
	} {
		if got := markup.Quote(c.author, c.src); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
