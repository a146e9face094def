package demo_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"lightstick/internal/demo"
)

// TestEvents: each fandom has something to wait for and something that was, of bounded size.
func TestEvents(t *testing.T) {
	w := demo.New(1, demo.Size{})
	fandoms := w.Fandoms()
	coming, past, kinds := map[int]int{}, map[int]int{}, map[string]int{}
	for _, e := range w.Events() {
		if e.Fandom >= len(fandoms) || e.Board >= len(fandoms[e.Fandom].Boards) {
			t.Errorf("%q is nowhere", e.Title)
		}
		if n := utf8.RuneCountInString(e.Title); n == 0 || n > 120 || utf8.RuneCountInString(e.Text) > 1000 {
			t.Errorf("%q is too long or empty", e.Title)
		}
		if e.AllDay == (e.Length > 0) || e.Length > 31*24*time.Hour {
			t.Errorf("%q lasts %v", e.Title, e.Length)
		}
		if e.Link != "" && (!strings.HasPrefix(e.Link, "https://") || !strings.Contains(e.Link, ".example/")) {
			t.Errorf("%q leads to a place that may exist: %s", e.Title, e.Link)
		}
		kinds[e.Kind]++
		if e.In > 0 && !e.Cancelled {
			coming[e.Fandom]++
		} else if e.In < 0 {
			past[e.Fandom]++
		}
	}
	for f := range fandoms {
		if coming[f] < 3 || past[f] == 0 {
			t.Errorf("%s waits for %d things and has %d behind it", fandoms[f].Name, coming[f], past[f])
		}
	}
	for _, k := range []string{"comeback", "stream", "ticketing", "birthday", "other"} {
		if kinds[k] == 0 {
			t.Errorf("no event is a %s", k)
		}
	}
	if len(kinds) != 5 {
		t.Errorf("kinds: %v", kinds)
	}
}
