package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"lightstick/internal/fault"
)

func busy() error { return fault.New(fault.Unavailable, "busy", "Busy.").After(4 * time.Second) }

// TestWaitPageComesBack: a page that cannot be had asks again by itself, and for little.
func TestWaitPageComesBack(t *testing.T) {
	w := newWorld(t)
	rec := fail(w, http.MethodGet, "/ko/p/1", "text/html", busy())
	body := rec.Body.String()
	for _, want := range []string{`<html lang="ko"`, `http-equiv="refresh" content="4"`, "4초 뒤에", "503 busy"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
	if rec.Code != http.StatusServiceUnavailable || len(body) > 2000 || strings.Contains(body, "<script") {
		t.Errorf("%d, %d bytes", rec.Code, len(body))
	}
}

// TestWaitPageKeepsTheText: a form that could not be taken comes back with what was typed, except
// passwords, and its key, so that it is done once.
func TestWaitPageKeepsTheText(t *testing.T) {
	w := newWorld(t)
	text := "오늘 무대 <b>최고</b>\n\"진짜\""
	send := func(kind, body string) string {
		r := httptest.NewRequest(http.MethodPost, base+"/me/en/reply?post=3&x=%22", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		rec := httptest.NewRecorder()
		w.site.Fail(rec, r, busy())
		if rec.Code != http.StatusServiceUnavailable {
			t.Errorf("status %d", rec.Code)
		}
		return rec.Body.String()
	}
	var multi bytes.Buffer
	m := multipart.NewWriter(&multi)
	for _, f := range [][2]string{{"once", "k-1"}, {"body", text}, {"password", "hunter2 hunter2"}} {
		if err := m.WriteField(f[0], f[1]); err != nil {
			t.Fatal(err)
		}
	}
	m.Close()
	for kind, body := range map[string]string{
		"application/x-www-form-urlencoded": url.Values{"once": {"k-1"}, "body": {text}, "password": {"hunter2 hunter2"}}.Encode(),
		m.FormDataContentType():             multi.String(),
	} {
		page := send(kind, body)
		for _, want := range []string{`action="/me/en/reply?post=3&amp;x=%22"`, `name="once" value="k-1"`, `type="password" id="password" name="password"`,
			`<blockquote>오늘 무대 &lt;b&gt;최고&lt;/b&gt;`, `name="body" value="오늘 무대 &lt;b&gt;최고&lt;/b&gt;`, "Send it again"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: no %s in %s", kind, want, page)
			}
		}
		if strings.Contains(page, "hunter2") || strings.Contains(page, `http-equiv="refresh"`) {
			t.Errorf("%s: the page holds a password or loads itself: %s", kind, page)
		}
	}
	for name, body := range map[string]string{"nothing": "", "too much": strings.Repeat("a=1&", 300)} {
		if page := send("application/x-www-form-urlencoded", body); strings.Contains(page, "<form") {
			t.Errorf("%s: a form came back", name)
		}
	}
}
