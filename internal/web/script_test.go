package web_test

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lightstick/internal/forum"
)

// TestScripts runs testdata/*.txt: readable requests and what must come back.
//
//	GET /ko/p/{post}          a request; {post}, {comment}, {reply} name what the world holds
//	> Cookie: a=b             a header of it
//	< 200                     the status
//	< Cache-Control: no-store a header, exactly; "< Set-Cookie:" says that there is none
//	? main h1                 the page has the selector
//	! form[method=get]        the page has not
//	= h1 | words              the text of the selector, trimmed
//	~ words                   the body has these words
//	# a remark
func TestScripts(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	w := newWorld(t)
	c := w.comment(0, "a ||secret|| for @byul")
	r := w.comment(c.ID, "an answer")
	w.update(func(tx forum.Tx) error { // the history of the comment
		return tx.InsertRevision(w.ctx, forum.Revision{Target: forum.Target{Kind: forum.TargetComment, ID: c.ID}, Version: 1, Body: "before", EditorID: w.sol.ID, At: w.now})
	})
	w.update(func(tx forum.Tx) error {
		e := forum.Event{FandomID: w.fandom.ID, BoardID: w.board.ID, Kind: forum.EventComeback, Title: "Comeback; 1, 2", Text: "a\nb", Link: "https://live.example/a?b=c",
			StartsAt: w.now.Add(50 * time.Hour), EndsAt: w.now.Add(52 * time.Hour), CreatedAt: w.now, UpdatedAt: w.now}
		over := forum.Event{FandomID: w.fandom.ID, Kind: forum.EventStream, Title: "Over", Cancelled: true, StartsAt: w.now.Add(-50 * time.Hour), EndsAt: w.now.Add(-49 * time.Hour)}
		return errors.Join(tx.InsertEvent(w.ctx, &e), tx.InsertEvent(w.ctx, &over))
	})
	w.flush()
	names2 := strings.NewReplacer("{post}", fmt.Sprint(w.post.ID), "{comment}", fmt.Sprint(c.ID), "{reply}", fmt.Sprint(r.ID))
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) { runScript(t, w, name, names2) })
	}
}

func runScript(t *testing.T, w *world, name string, places *strings.Replacer) {
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var s step
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(places.Replace(lines.Text()))
		if line == "" || line[0] == '#' {
			continue
		}
		mark, rest, ok := strings.Cut(line, " ")
		if !ok {
			t.Fatalf("%s:%d: cannot read %q", name, n, line)
		}
		if mark == "GET" {
			s = step{path: rest}
			continue
		}
		if err := s.check(w, mark, rest); err != "" {
			t.Errorf("%s:%d: GET %s: %s", name, n, s.path, err)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// step is one request of a script, asked when the first expectation is read.
type step struct {
	path   string
	header []string
	status int
	got    http.Header
	body   string
}

func (s *step) check(w *world, mark, rest string) string {
	if mark == ">" {
		name, value, _ := strings.Cut(rest, ": ")
		s.header = append(s.header, name, value)
		return ""
	}
	if s.status == 0 {
		rec := w.get(s.path, s.header...)
		s.status, s.got, s.body = rec.Code, rec.Header(), rec.Body.String()
	}
	selector, want, _ := strings.Cut(rest, " | ")
	switch mark {
	case "<":
		return s.answer(rest)
	case "?":
		if w.parse(s.body).Find(rest).Length() == 0 {
			return "has no " + rest
		}
	case "!":
		if w.parse(s.body).Find(rest).Length() != 0 {
			return "has " + rest
		}
	case "=":
		if got := strings.TrimSpace(w.parse(s.body).Find(selector).First().Text()); got != want {
			return fmt.Sprintf("%s is %q, want %q", selector, got, want)
		}
	case "~":
		if !strings.Contains(s.body, rest) {
			return fmt.Sprintf("does not say %q", rest)
		}
	default:
		return "unknown mark " + mark
	}
	return ""
}

func (s *step) answer(rest string) string {
	name, want, isHeader := strings.Cut(rest, ":")
	if !isHeader {
		if got := fmt.Sprint(s.status); got != rest {
			return fmt.Sprintf("status %s, want %s", got, rest)
		}
		return ""
	}
	if got := s.got.Get(name); got != strings.TrimSpace(want) {
		return fmt.Sprintf("%s is %q, want %q", name, got, strings.TrimSpace(want))
	}
	return ""
}
