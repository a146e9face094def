package edge_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestNothingHidesAnAttackInAQuery: what handlers read of a query the rules read too.
func TestNothingHidesAnAttackInAQuery(t *testing.T) {
	s, _ := guarded(t)
	sql := url.QueryEscape("' UNION SELECT password FROM users--")
	for name, query := range map[string]string{
		"behind a number sign":        "q=x#" + sql,
		"behind an encoded one":       "q=x%23" + sql,
		"behind many names":           strings.Repeat("a&", 190) + "q=" + sql,
		"behind a thousand names":     strings.Repeat("a&", 1000) + "q=$(id)",
		"in the name":                 sql + "=x",
		"after a broken pair":         "a=%zz&q=" + sql,
		"in a pair with a semicolon":  "a=1;q=" + sql,
		"fullwidth":                   "q=" + url.QueryEscape("＜script＞alert(1)＜/script＞"),
		"fullwidth and a broken pair": "q=" + url.QueryEscape("＜script＞alert(1)＜/script＞") + "&a=%zz",
		"fullwidth and a semicolon":   "q=" + url.QueryEscape("＜script＞alert(1)＜/script＞") + "&a;b",
	} {
		for _, target := range []string{"/me?", "/ko/p/1?"} {
			if got := s.get(target + query).Code; got == http.StatusOK {
				t.Errorf("%s%s: %d", target, name, got)
			}
		}
	}
}

func TestInnocentQueries(t *testing.T) {
	s, _ := guarded(t)
	for _, q := range []string{
		"가사; 나를 봐; 너를 봐; 우리 둘", "look at me; look at you; (oh-oh)", "for (i = 0; i < n; i++)",
		"https://youtu.be/abc?t=1m5s", "https://www.example.com/a/b.html?x=1&y=2#part", "🥹💜✨ 오늘 무대 ✨", "ㅋㅋㅋㅋㅋㅋㅋ;;;;", "^^;;", "ㅠㅠ!!!!!!!",
		"(G)I-DLE", "NewGroup's 'Title' (Remix) [feat. X]", "A.B.C", "T-ara & co.", "100% == perfect?", "เพลง; ท่อนฮุก; \"รัก\"", "'90s vibe", "a/b test", "오후 6시~8시, 3층 <구역 A>",
		"who's next?", "select all members", "where is it from", "like or love", "let's go!! --> stage", "1+1=2", "@everyone", "#hashtag", "$10 ticket", "50~60€", "C++ or Go?", "see you at 7:30",
		"Lirik lagu: \"Aku dan kamu; selamanya\"", "cuándo; dónde; cómo", "新曲「夢;現」", "rm -rf lol", "union of fans", "drop table tennis", "<3 <3 <3", "o.o;", "(╯°□°)╯︵ ┻━┻", "¯\\_(ツ)_/¯", "=)", "null", "NaN", "undefined", "true", "0x1F",
	} {
		if got := s.get("/ko/p/1?q=" + url.QueryEscape(q)).Code; got != http.StatusOK {
			t.Errorf("search for %q: %d", q, got)
		}
	}
}

// TestWarmingIsNoAttack: what the site asks of itself passes the WAF like what a browser asks.
func TestWarmingIsNoAttack(t *testing.T) {
	s, _ := guarded(t)
	if err := s.Warm(t.Context(), "/ko/p/1", "/ko/p/2?q=x"); err != nil {
		t.Error(err)
	}
	want(t, s.get("/ko/p/1"), http.StatusOK, "X-Cache", "hit")
}
