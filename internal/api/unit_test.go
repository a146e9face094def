package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"lightstick/internal/api"
	"lightstick/internal/fault"
)

func TestCheckJSON(t *testing.T) {
	for _, c := range []struct{ body, code string }{
		{`{"title":"a","list":[1,2.5,-3e2,true,null],"o":{"x":"y"}}`, ""},
		{"", "body_required"}, {" \n", "body_required"},
		{"{\"a\":\"\xff\"}", "invalid_utf8"},
		{`{"a":1`, "malformed_json"}, {`{"a":1}}`, "malformed_json"}, {`{"a":1} x`, "malformed_json"}, {`{a:1}`, "malformed_json"},
		{`{"a":01}`, "malformed_json"}, {"{\"a\":\"\n\"}", "malformed_json"}, {`nul`, "malformed_json"}, {`{"a":1,}`, "malformed_json"},
		{`{"a":1,"a":2}`, "duplicate_field a"}, {`{"o":[{"a":1},{"b":1,"b":2}]}`, "duplicate_field o[1].b"},
		{`{"Title":1}`, "unknown_field Title"}, {`{"":1}`, "unknown_field "}, {"{\"\u212a\":1}", "unknown_field ?"},
		{`{"a":9223372036854775807}`, ""}, {`{"a":9223372036854775808}`, "number_range a"}, {`{"a":1e400}`, "number_range a"}, {`{"a":` + strings.Repeat("9", 5000) + `}`, "number_range a"},
		{strings.Repeat("[", 16) + strings.Repeat("]", 16), ""},
		{strings.Repeat("[", 17) + strings.Repeat("]", 17), "json_too_deep"},
		{strings.Repeat(`{"a":`, 10_000), "json_too_deep"}, {strings.Repeat("[", 200_000), "json_too_deep"},
	} {
		got := ""
		if err := api.CheckJSON([]byte(c.body)); err != nil {
			f := fault.From(err)
			got = f.Code
			if len(f.Fields) > 0 {
				got = f.Fields[0].Code + " " + f.Fields[0].Name
			}
		}
		if got != c.code {
			t.Errorf("%.60q: %q, want %q", c.body, got, c.code)
		}
	}
}

func TestFromHuma(t *testing.T) {
	detail := func(location, message string) *huma.ErrorModel {
		return &huma.ErrorModel{Status: 422, Errors: []*huma.ErrorDetail{{Location: location, Message: message}}}
	}
	for _, c := range []struct {
		m    *huma.ErrorModel
		want string
	}{
		{detail("body", "expected required property title to be present"), "title required Please fill this in."},
		{detail("body.target", "expected required property id to be present"), "target.id required Please fill this in."},
		{detail("body.list[2].x", "unexpected property"), "list[2].x unknown_field There is no such field."},
		{detail("query.limit", "expected number <= 100"), "limit range Use 100 or less."},
		{detail("query.limit", "invalid integer"), "limit wrong_type Give a whole number."},
		{detail("body.act", `expected value to be one of "hide, restore"`), "act unknown_value Use one of hide, restore."},
		{detail("body", "expected object"), "body wrong_type Give an object."},
		{detail("body.a\x00b", "something new"), "a?b wrong_type This value cannot be used here."},
	} {
		f := fault.From(api.FromHuma(c.m))
		if len(f.Fields) != 1 || f.Kind != fault.Invalid {
			t.Fatalf("%v: %v", c.m.Errors[0], f)
		}
		if got := f.Fields[0].Name + " " + f.Fields[0].Code + " " + f.Fields[0].Message; got != c.want {
			t.Errorf("%v: %q, want %q", c.m.Errors[0], got, c.want)
		}
	}
	if f := fault.From(api.FromHuma(&huma.ErrorModel{Status: 413})); f.Kind != fault.TooLarge {
		t.Error(f)
	}
	if f := fault.From(api.FromHuma(&huma.ErrorModel{Status: 400})); f.Kind != fault.Malformed {
		t.Error(f)
	}
}

func TestEntityTag(t *testing.T) {
	a, b := api.EntityTag(3, []byte("x")), api.EntityTag(3, []byte("y"))
	if a == b || !strings.HasPrefix(a, `"3-`) || a != api.EntityTag(3, []byte("x")) {
		t.Errorf("%s %s", a, b)
	}
	for _, c := range []struct {
		header string
		want   bool
	}{
		{a, true}, {"W/" + a, true}, {`"other", ` + a, true}, {"*", true}, {"", false}, {`"other"`, false}, {strings.Trim(a, `"`), false},
	} {
		if got := api.NoneMatch(c.header, a); got != c.want {
			t.Errorf("If-None-Match %s against %s: %v", c.header, a, got)
		}
	}
	if api.NoneMatch("*", "") {
		t.Error("* matches what has no tag")
	}
}

// FuzzBody: whatever is sent, it is taken whole or refused with a client's error.
func FuzzBody(f *testing.F) {
	w := newWorld(f)
	for _, body := range []string{`{"title":"a","body":"b"}`, `{"title":1}`, `{"title":"a","body":"b","x":[[[]]]}`, `[`, `{"a":1e999}`, "{\"title\":\"\\ud800\",\"body\":\"\u202e\"}", `null`} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if body == "" {
			return // sent without a Content-Type
		}
		w.t = t
		w.clock.move(2 * time.Second) // for the limit of writes
		a := w.do("POST", fmt.Sprintf("/boards/%d/posts", w.board), body, w.admin)
		if a.status != 201 && (a.status < 400 || a.status >= 500) {
			t.Errorf("%q: %d %s", body, a.status, a.raw)
		}
	})
}

// FuzzCursor: a cursor that nobody handed out is refused or shows a page, never more.
func FuzzCursor(f *testing.F) {
	w := newWorld(f)
	lists := []string{"/posts?sort=hot", "/posts?sort=new", "/posts?sort=top", "/posts/1/comments?limit=5", "/search?q=a&order=newest", "/members?limit=5",
		"/notifications?limit=5", "/cases?limit=5", "/sanctions?limit=5", "/audit?limit=5", "/members/root_one/posts?limit=5", "/members/root_one/comments?limit=5"}
	w.do("POST", "/boards/"+str(w.board)+"/posts", `{"title":"a","body":"b"}`, w.admin).want(201)
	for _, c := range []string{"MSAy", "LTEgMg", "!", "MA", strings.Repeat("A", 500), strings.Repeat("A", 5000), "MSAyIDM", "OTIyMzM3MjAzNjg1NDc3NTgwOA"} {
		f.Add(c, uint8(0))
	}
	f.Fuzz(func(t *testing.T, cursor string, which uint8) {
		w.t = t
		target := lists[int(which)%len(lists)]
		a := w.do("GET", target+"&cursor="+escape(cursor), "", w.admin)
		if a.status != 200 && (a.status < 400 || a.status >= 500) {
			t.Errorf("%s %q: %d %s", target, cursor, a.status, a.raw)
		}
	})
}
