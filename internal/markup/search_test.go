package markup_test

import (
	"slices"
	"strings"
	"testing"

	"lightstick/internal/markup"
)

func TestFold(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"JungKook ＪＫ", "jungkook jk"}, {"Ünïcödé Straße Łódź Ærø", "unicode strasse lodz aero"}, {"İstanbul ıI", "istanbul ii"},
		{"カタカナ ｶﾞｷﾞ ヴ ー", "かたかな がぎ ゔ ー"}, {"ㅋㅋㅋ ㅈㄱ ㅠㅠ ㅋㅏ", "ㅋㅋㅋ ㅈㄱ ㅠㅠ ㅋㅏ"}, {"\u1112\u1161\u11ab", "한"}, {"ﾡￂ", "ㄱㅏ"},
		{"مَرْحَبًا", "مرحبا"}, {"Σίσυφος", "σίσυφοσ"}, {"정\u200b국", "정국"}, {"①㈱", "1(株)"}, {"é ㅠㅠ éㅠ", "e ㅠㅠ eㅠ"}, {"a\xffb", "a\uFFFDb"},
	} {
		if got := markup.Fold(c.in); got != c.want {
			t.Errorf("Fold(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestTokens(t *testing.T) {
	for _, c := range []struct {
		in   []string
		want string
	}{
		{[]string{"정국"}, "정 국 정국 ㅈㄱ"},
		{[]string{"뷔"}, "뷔"},
		{[]string{"정국이 JK!", "정국"}, "정 국 이 정국 국이 ㅈㄱ ㄱㅇ ㅈㄱㅇ jk"},
		{[]string{"ㅋㅋㅋ"}, "ㅋㅋ ㅋㅋㅋ"},
		{[]string{"推しの子"}, "推 し の 子 推し しの の子"},
		{[]string{"Don't stop-2024년"}, "don t stop 2024 년"},
		{[]string{"ที่"}, "ท"},
		{[]string{strings.Repeat("a", 50)}, strings.Repeat("a", 40)},
		{[]string{"👍 … '\"*:&|!()"}, ""},
	} {
		if got := strings.Join(markup.Tokens(c.in...), " "); got != c.want {
			t.Errorf("Tokens(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestTermsFind(t *testing.T) {
	for _, c := range []struct {
		query, text string
		found       bool
	}{
		{"정국", "오늘정국이 왔다", true}, {"정국", "국정 감사, 정 국", false}, {"뷔", "뷔가", true}, {"ㅈㄱ", "정국", true}, {"ㅈㄱ", "정말 국", false},
		{"정ㄱ", "정국", true}, {"ㅂㅌㅅㄴㄷ", "방탄소년단", true}, {"방탄소년단", "우리 방탄소년단은", true}, {"방탄소년단", "방탄 소년단", false},
		{"jung", "JungKook!", true}, {"kook", "JungKook", false}, {"jk", "JK가 왔다", true}, {"jk", "jkx", false}, {"Café", "the CAFE", true},
		{"アイドル", "あいどるの日", true}, {"น้ำตา", "น้ำตาไหล", true}, {"ㅋㅋ", "웃겨ㅋㅋㅋ", true}, {"BTS정국", "bts정국이", true}, {strings.Repeat("a", 60), strings.Repeat("A", 60), true},
		{"정국 콘서트", "콘서트에 정국", true}, {"정국 콘서트", "콘서트", false}, {"👍정국", "정국", true},
	} {
		folded, tokens := markup.Fold(c.text), markup.Tokens(c.text)
		terms := markup.Terms(c.query)
		if len(terms) == 0 {
			t.Errorf("%q has no terms", c.query)
		}
		found := true
		for _, term := range terms {
			found = found && hasTokens(tokens, term) && term.Matches(folded)
		}
		if found != c.found {
			t.Errorf("%q in %q: %v, want %v (%+v)", c.query, c.text, found, c.found, terms)
		}
	}
}

func TestTerms(t *testing.T) {
	for _, c := range []struct{ query, want string }{
		{"정국", "정국"}, {"뷔", "뷔"}, {"ㅈㄱ", "ㅈㄱ"}, {"방탄소년단", "방탄 탄소 소년 년단"}, {"jungkook", "jungkook*"}, {"JK", "jk"},
		{"ㅂㅌㅅㄴㄷ", "ㅂㅌㅅ ㅌㅅㄴ ㅅㄴㄷ"}, {"ㅈ 👍 ...", ""}, {"", ""}, {"a a b c d e f g h i j", "a|b|c|d|e|f|g|h"}, {"stray-kids", "stray*|kids*"},
	} {
		var got []string
		for _, term := range markup.Terms(c.query) {
			s := strings.Join(term.Tokens, " ")
			if term.Prefix {
				s += "*"
			}
			got = append(got, s)
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("Terms(%q) = %q, want %q", c.query, got, c.want)
		}
	}
	if (markup.Term{}).Matches("anything") {
		t.Error("the empty term matches")
	}
	if got := markup.Terms(strings.Repeat("한", 400)); len(got) != 1 || markup.Length(got[0].Text) != 40 {
		t.Errorf("long word: %+v", got)
	}
}

func TestInitials(t *testing.T) {
	if got := markup.Initials("정국 까치 힣 ㅋㅋ JK"); got != "ㅈㄱ ㄲㅊ ㅎ ㅋㅋ JK" {
		t.Errorf("got %q", got)
	}
}

func TestSegments(t *testing.T) {
	long := strings.Repeat("가나다라 ", 100)
	for name, c := range map[string]struct{ text, query, want string }{
		"hit":        {"오늘 정국이 왔다", "정국", "오늘 [정국]이 왔다"},
		"initials":   {"오늘 정국이 왔다", "ㅈㄱ", "오늘 [정국]이 왔다"},
		"case":       {"Say CAFÉ\nnow", "café", "Say [CAFÉ] now"},
		"decomposed": {"Cafe\u0301 x", "cafe", "[Cafe\u0301] x"},
		"half width": {"ｶﾞﾝﾊﾞﾚ!", "がんばれ", "[ｶﾞﾝﾊﾞﾚ]!"},
		"two":        {"정국과 뷔 정국", "정국 뷔", "[정국]과 [뷔] [정국]"},
		"touching":   {"정국정국", "정국", "[정국정국]"},
		"none":       {"짧은 글", "정국", "짧은 글"},
		"far":        {long + "정국 끝", "정국", "…" + strings.Repeat("가나다라 ", 8) + "[정국] 끝"},
		"cut":        {long, "정국", strings.Repeat("가나다라 ", 32) + "…"},
		"empty":      {"", "정국", ""},
	} {
		var got strings.Builder
		for _, s := range markup.Segments(c.text, markup.Terms(c.query)) {
			if s.Hit {
				got.WriteString("[" + s.Text + "]")
			} else {
				got.WriteString(s.Text)
			}
		}
		if got.String() != c.want {
			t.Errorf("%s:\n got %q\nwant %q", name, got.String(), c.want)
		}
	}
}

func TestDetectLang(t *testing.T) {
	for text, want := range map[string]string{
		"오늘 컴백": "ko", "I really love the new song of 정국": "en", "BTS 정국 콘서트 티켓": "ko", "推しが尊い": "ja", "カムバック": "ja", "限定版應援棒": "zh",
		"中文里的の字很多很多人": "zh", "สนุกมาก": "th", "hello": "en", "": "en", "👍": "en", "정국が大好きです、本当に": "ja", "привет": "en",
	} {
		if got := markup.DetectLang(text, "en"); got != want {
			t.Errorf("DetectLang(%q) = %s, want %s", text, got, want)
		}
	}
}

// TestTokensOfEverySyllable looks every pair of Hangul up by itself and by its initials.
func TestTokensOfEverySyllable(t *testing.T) {
	for r := rune(0xAC00); r < 0xD7A3; r += 7 {
		word := string(r) + string(0xD7A3-(r-0xAC00))
		tokens := markup.Tokens("앞" + word + "뒤")
		for _, query := range []string{word, string(r), markup.Initials(word)} {
			terms := markup.Terms(query)
			if len(terms) != 1 || !hasTokens(tokens, terms[0]) || !terms[0].Matches(markup.Fold("앞"+word+"뒤")) {
				t.Fatalf("%q is not found by %q: %+v", word, query, terms)
			}
		}
		if !slices.Contains(tokens, word) {
			t.Fatalf("no %q in %q", word, tokens)
		}
	}
}
