package markup_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"

	"lightstick/internal/markup"
)

// samples are the seeds of all fuzz targets.
var samples = []string{
	"", " ", "정국이 오늘 컴백했다!! ㅋㅋㅋ 뷔도 최고 ㅠㅠ", "방탄소년단 @mina ||스포|| https://youtu.be/abcdefghijk",
	"「推し」が尊い〜 **「限定」**版のライトスティック https://a.example/日本語", "ｶﾞｷﾞｸﾞ ｱｲﾄﾞﾙ がぎ ヴ", "限定版應援棒已經到貨了",
	"คอนเสิร์ตสนุกมากกกก น้ำตาไหล ๆ", "مرحبا بالعالم **مَرْحَبًا** @mina", "שָׁלוֹם", "हिन्दी में क्या", "Ünïcödé Straße İstanbul ﬁancé ＡＢＣ①",
	"👨‍👩‍👧‍👦 ❤️ 🇰🇷🇯🇵 👍🏽 @mina", "# h\n\n- a\n  - b\n\n> q\n>! s\n\n1. x\n\n|a|b|\n|-|-|\n|c|d|\n\n```\ncode\n```\n\n---",
	"![a](/media/1) ![b](https://x.example/b.png) [c](javascript:x) <d@e.example> &lt;script&gt; &#x202e;", "a\\\nb  \nc\n\n\\*d\\*",
	"[a]: /b 'c'\n\n[a] [a][a] ![a]", "<script>alert(1)</script><img src=x onerror=y style=z>", "||a *b|| c*", "http://a.example:80/?q=\"'<>(x)_", "\u1112\u1161\u11ab e\u0301 \u200b", "ㄱ\uffa1\uffc2가",
	"a\tb\n \t\nc ~~d~~ ~e~ :-) :) #f 1) 2. 3", "*https://a.example/_b_* _@mina_ @star_light_", "> a\nb\n> - c\n\n      d", "\x00\x1b\x85\xff\ufeff",
}

var allowed = map[string]string{
	"p": "", "br": "", "hr": "", "h3": "", "h4": "", "h5": "", "h6": "", "em": "", "strong": "", "del": "", "blockquote": "", "ul": "", "li": "", "pre": "", "code": "",
	"table": "", "thead": "", "tbody": "", "tr": "", "summary": "", "ol": "start", "th": "class", "td": "class", "span": "class tabindex", "details": "class",
	"a": "href rel class data-youtube", "img": "src srcset sizes width height alt loading decoding",
}

// checkHTML reports anything but balanced elements of the fixed set with safe attributes.
func checkHTML(s string) error {
	z := html.NewTokenizer(strings.NewReader(s))
	var open []string
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				return fmt.Errorf("left open: %q", open)
			}
			return nil
		case html.StartTagToken:
			tok := z.Token()
			if err := checkTag(tok, open); err != nil {
				return err
			}
			if tok.Data != "br" && tok.Data != "hr" && tok.Data != "img" {
				open = append(open, tok.Data)
			}
		case html.EndTagToken:
			tok := z.Token()
			if len(open) == 0 || open[len(open)-1] != tok.Data {
				return fmt.Errorf("</%s> inside %q", tok.Data, open)
			}
			open = open[:len(open)-1]
		case html.TextToken:
		default:
			return fmt.Errorf("unexpected token %v", z.Token())
		}
	}
}

func checkTag(tok html.Token, open []string) error {
	attrs, ok := allowed[tok.Data]
	if !ok {
		return fmt.Errorf("element %v", tok)
	}
	if tok.Data == "a" && slices.Contains(open, "a") {
		return errors.New("a link in a link")
	}
	if len(open) > 64 {
		return fmt.Errorf("nested %d deep", len(open))
	}
	for _, a := range tok.Attr {
		if !slices.Contains(strings.Fields(attrs), a.Key) {
			return fmt.Errorf("attribute %s of %v", a.Key, tok)
		}
		switch a.Key {
		case "src":
			if !strings.HasPrefix(a.Val, "/media/") {
				return fmt.Errorf("foreign image %v", tok)
			}
		case "href":
			own := strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "//")
			away := strings.HasPrefix(a.Val, "http://") || strings.HasPrefix(a.Val, "https://")
			if !own && !(away && strings.Contains(tok.String(), rel)) {
				return fmt.Errorf("link %v", tok)
			}
		}
	}
	return nil
}

func FuzzRender(f *testing.F) {
	for _, s := range samples {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		d := markup.Render(src, options())
		if err := checkHTML(d.HTML); err != nil {
			t.Fatalf("%v in %s", err, d.HTML)
		}
		if again := markup.Sanitise(d.HTML); again != d.HTML {
			t.Fatalf("not what the sanitiser lets through\n got %s\nwant %s", d.HTML, again)
		}
		for _, s := range []string{d.HTML, d.Text, d.Hidden} {
			if !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\r\u202e\u2066") {
				t.Fatalf("unfit text %q", s)
			}
		}
	})
}

// FuzzPlain holds the short way for plain text to the result of the parser and the sanitiser.
func FuzzPlain(f *testing.F) {
	for _, s := range samples {
		f.Add(s)
	}
	for _, s := range []string{"https://a.example  \n x", " a\n  b\n   c", "=\n-", "a\n===", "#", "1.", "10", "::-", "a:b@c", "http://http://a.b", "ahttps://a.b/@mina", "<3 <.a@b.c> <3@a.b>", "I <3 u >.<", "a < b > c", "@minahttps://a.b", "https://a.b/ \t", "\uFEFFa", "a\u00a0\n\u3000b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		short, long, ok := markup.BothWays(src, options())
		if !ok {
			return
		}
		if short.HTML != long.HTML || short.Text != long.Text || short.Hidden != long.Hidden || !slices.Equal(short.Links, long.Links) || !slices.Equal(short.Mentions, long.Mentions) {
			t.Fatalf("%q\nshort %+v\n long %+v", src, short, long)
		}
	})
}

func FuzzClean(f *testing.F) {
	for _, s := range samples {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, s string, multiline bool) {
		got, err := markup.Clean(s, multiline)
		if err != nil {
			if got != "" {
				t.Fatalf("%v with %q", err, got)
			}
			return
		}
		again, err := markup.Clean(got, multiline)
		if err != nil || again != got {
			t.Fatalf("Clean(%q) = %q, %v", got, again, err)
		}
		for _, r := range got {
			if unicode.IsControl(r) && !(multiline && (r == '\n' || r == '\t')) {
				t.Fatalf("control in %q", got)
			}
		}
	})
}

func FuzzTokens(f *testing.F) {
	for _, s := range samples {
		f.Add(s, "정국")
		f.Add("앞 "+s+" 뒤", s)
	}
	f.Add("방탄소년단", "ㅂㅌㅅㄴㄷ")
	f.Add("정국", "정ㄱ")
	f.Fuzz(func(t *testing.T, text, query string) {
		folded := markup.Fold(text)
		if again := markup.Fold(folded); again != folded {
			t.Fatalf("Fold(%q) = %q", folded, again)
		}
		if slow := markup.FoldSlowly(text); slow != folded {
			t.Fatalf("Fold(%q) = %q, slowly %q", text, folded, slow)
		}
		tokens := markup.Tokens(text)
		checkTokens(t, tokens)
		for _, term := range markup.Terms(query) {
			checkTokens(t, term.Tokens)
			if len(term.Tokens) == 0 {
				t.Fatalf("%q has no tokens", term.Text)
			}
			for _, s := range []string{text, text + query, query + text, text + " " + query} {
				if folded := markup.Fold(s); term.Matches(folded) && !hasTokens(markup.Tokens(s), term) {
					t.Fatalf("%+v matches %q with tokens %q", term, folded, markup.Tokens(s))
				}
			}
		}
		checkSegments(t, text, markup.Terms(query))
	})
}

func checkTokens(t *testing.T, tokens []string) {
	t.Helper()
	seen := map[string]bool{}
	for _, token := range tokens {
		if seen[token] || token == "" || utf8.RuneCountInString(token) > 40 {
			t.Fatalf("token %q", token)
		}
		seen[token] = true
		if strings.ContainsFunc(token, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			t.Fatalf("token %q", token)
		}
	}
}

func hasTokens(tokens []string, term markup.Term) bool {
	for i, want := range term.Tokens {
		if slices.Contains(tokens, want) {
			continue
		}
		prefix := term.Prefix && i == len(term.Tokens)-1
		if !prefix || !slices.ContainsFunc(tokens, func(s string) bool { return strings.HasPrefix(s, want) }) {
			return false
		}
	}
	return true
}

func checkSegments(t *testing.T, text string, terms []markup.Term) {
	t.Helper()
	var all strings.Builder
	for _, s := range markup.Segments(text, terms) {
		if s.Text == "" {
			t.Fatalf("empty segment of %q", text)
		}
		all.WriteString(s.Text)
	}
	whole := strings.TrimSuffix(strings.TrimPrefix(all.String(), "…"), "…")
	if one := strings.Join(strings.Fields(text), " "); utf8.ValidString(text) && !strings.Contains(one, strings.TrimSpace(whole)) {
		t.Fatalf("%q is not in %q", whole, one)
	}
	if n := markup.Length(whole); n > 162 {
		t.Fatalf("a snippet of %d code points", n)
	}
}
