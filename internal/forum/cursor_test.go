package forum_test

import (
	"testing"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

func TestCursorCarriesItsKey(t *testing.T) {
	c := forum.NewCursor(forum.ID(42), 3.25, "a1b2")
	var (
		id   forum.ID
		hot  float64
		path string
	)
	if err := c.Scan(&id, &hot, &path); err != nil || id != 42 || hot != 3.25 || path != "a1b2" {
		t.Fatalf("got %d %v %q, %v", id, hot, path, err)
	}
}

func TestCursorRefusesWhatItDidNotMake(t *testing.T) {
	for name, c := range map[string]forum.Cursor{
		"not base64":     "%%%",
		"empty":          "",
		"too few parts":  forum.NewCursor(1),
		"too many parts": forum.NewCursor(1, 2, 3),
		"not a number":   forum.NewCursor("x", 2),
		"trailing":       forum.NewCursor("1x", 2),
		"overflow":       forum.NewCursor("99999999999999999999", 2),
		"too long":       forum.Cursor(make([]byte, 500)),
	} {
		var a, b forum.ID
		if err := c.Scan(&a, &b); !fault.Is(err, "bad_cursor") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(string(forum.NewCursor(1, 2.5, "abc")))
	f.Add("")
	f.Add("MSAyIDM")
	f.Fuzz(func(t *testing.T, s string) {
		var (
			id   forum.ID
			hot  float64
			path string
		)
		err := forum.Cursor(s).Scan(&id, &hot, &path)
		if err != nil {
			if !fault.Is(err, "bad_cursor") {
				t.Fatalf("unclear error: %v", err)
			}
			return
		}
		var id2 forum.ID
		var hot2 float64
		var path2 string
		if err := forum.NewCursor(id, hot, path).Scan(&id2, &hot2, &path2); err != nil || id2 != id || hot2 != hot && hot == hot || path2 != path {
			t.Fatalf("%q read as %d %v %q, and again as %d %v %q: %v", s, id, hot, path, id2, hot2, path2, err)
		}
	})
}
