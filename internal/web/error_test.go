package web_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/web"
)

// fail shows an error to a browser, or to the script when accept says so.
func fail(w *world, method, path, accept string, err error) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, base+path, nil)
	r.Header.Set("Accept", accept)
	rec := httptest.NewRecorder()
	w.site.Fail(rec, r, err)
	return rec
}

func TestFailSpeaksToTheScript(t *testing.T) {
	w := newWorld(t)
	var bad fault.Fields
	bad.Add("body", "too_long", "Use at most {max} characters.", "max", 5000)
	rec := fail(w, http.MethodPost, "/me/ko/reply", "application/json", bad.Err())
	var got web.Refused
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if rec.Code != http.StatusUnprocessableEntity || got.Code != "invalid" || got.Fields["body"] != "5,000자까지 쓸 수 있어요." {
		t.Errorf("%d %+v", rec.Code, got)
	}
	rec = fail(w, http.MethodPost, "/me/ja/react", "application/json", fault.New(fault.Unauthenticated, "sign_in_required", "Sign in first."))
	if !strings.Contains(rec.Body.String(), `"sign_in":"/me/ja/sign-in"`) || rec.Code != http.StatusUnauthorized {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

func TestFailLeadsGuestsToSignIn(t *testing.T) {
	w := newWorld(t)
	guest := fault.New(fault.Unauthenticated, "sign_in_required", "Sign in first.")
	for method, want := range map[string]string{
		http.MethodGet:  "/me/es/sign-in?next=%2Fme%2Fes%2Fwrite%3Fboard%3D5%26x%3D%253C",
		http.MethodPost: "/me/es/sign-in",
	} {
		rec := fail(w, method, "/me/es/write?board=5&x=%3C", "text/html", guest)
		if got := rec.Header().Get("Location"); rec.Code != http.StatusSeeOther || got != want {
			t.Errorf("%s: %d to %q, want %q", method, rec.Code, got, want)
		}
	}
}

func TestFailHidesCauses(t *testing.T) {
	w := newWorld(t)
	for _, err := range []error{
		errors.New("dial tcp 10.0.0.7:5432: refused"),
		fault.Wrap(errors.New("10.0.0.7"), fault.Unavailable, "busy", "Too much is going on right now. Try again in a moment.").After(time.Second),
	} {
		for _, accept := range []string{"text/html", "application/json"} {
			rec := fail(w, http.MethodGet, "/admin/ko/queue", accept, err)
			if rec.Code != fault.KindOf(err).Status() || strings.Contains(rec.Body.String(), "10.0.0.7") {
				t.Errorf("%d %s", rec.Code, rec.Body)
			}
		}
	}
	if doc := w.parse(fail(w, http.MethodGet, "/ko", "", errors.New("x")).Body.String()); doc.Find("h1").Text() != "문제가 생겼어요" {
		t.Errorf("the page is headed %q", doc.Find("h1").Text())
	}
}
