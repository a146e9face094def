package api_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"lightstick/internal/api"
)

func toJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	return string(b)
}

// raw sends a request to any address.
func (w *world) raw(method, target string, header ...string) answer {
	w.t.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.RemoteAddr = "192.0.2.7:1234"
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	w.edge.ServeHTTP(rec, r)
	a := answer{t: w.t, status: rec.Code, header: rec.Result().Header, raw: rec.Body.Bytes()}
	if strings.HasSuffix(a.header.Get("Content-Type"), "json") && len(a.raw) > 0 {
		must(w.t, json.Unmarshal(a.raw, &a.body))
	}
	return a
}

// TestReference: the pages load nothing from elsewhere, run nothing, and every link on them leads
// somewhere.
func TestReference(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/api/docs", api.ProblemsPath, api.ProblemsPath + "/stale"} {
		a := w.raw("GET", path).want(200)
		page, err := goquery.NewDocumentFromReader(strings.NewReader(string(a.raw)))
		must(t, err)
		if n := page.Find("script, style, [style], img, iframe, [onclick]").Length(); n > 0 {
			t.Errorf("%s: %d elements that the policy of the site forbids", path, n)
		}
		page.Find("[src], link[href], a[href]").Each(func(_ int, s *goquery.Selection) {
			target := s.AttrOr("href", s.AttrOr("src", ""))
			switch {
			case strings.HasPrefix(target, "#"):
				if page.Find(`[id="`+target[1:]+`"]`).Length() != 1 {
					t.Errorf("%s: %s leads nowhere", path, target)
				}
			case strings.HasPrefix(target, "/api/"):
				if got := w.raw("GET", target).status; got != 200 {
					t.Errorf("%s: %s is %d", path, target, got)
				}
			case target != "/":
				t.Errorf("%s: %s leads elsewhere", path, target)
			}
		})
	}
	page, err := goquery.NewDocumentFromReader(strings.NewReader(string(w.raw("GET", "/api/docs").raw)))
	must(t, err)
	for _, item := range w.doc.root["paths"].(map[string]any) {
		for _, op := range item.(map[string]any) {
			id := op.(map[string]any)["operationId"].(string)
			if page.Find(`details[id="op-`+id+`"] pre`).Length() != 1 {
				t.Errorf("%s is not on the page with an example", id)
			}
		}
	}
}

func TestMethods(t *testing.T) {
	w := newWorld(t)
	head := w.raw("HEAD", "/api/v1/fandoms").want(200)
	if len(head.raw) != 0 || head.header.Get("Content-Type") != "application/json" {
		t.Errorf("HEAD: %q %v", head.raw, head.header)
	}
	a := w.raw("DELETE", "/api/v1/fandoms").problem(405, "method_not_allowed")
	if a.header.Get("Allow") != "GET, HEAD, POST" {
		t.Errorf("Allow: %q", a.header.Get("Allow"))
	}
	w.raw("OPTIONS", "/api/v1/fandoms").problem(405, "method_not_allowed")
	w.raw("GET", "/api/v1/nothing").problem(404, "not_found")
	ask := w.raw("OPTIONS", "/api/v1/boards/1/posts", "Origin", "https://app.example", "Access-Control-Request-Method", "POST").want(204)
	if ask.header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(ask.header.Get("Access-Control-Allow-Headers"), "Idempotency-Key") {
		t.Errorf("preflight: %v", ask.header)
	}
	if got := w.raw("GET", "/api/v1/fandoms", "Origin", "https://app.example").header.Get("Access-Control-Allow-Origin"); got != "*" {
		t.Errorf("other sites may not read what is public: %q", got)
	}
}
