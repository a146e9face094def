package web_test

import (
	"strings"
	"testing"
	"time"
)

// TestPaused: every page says that writing is paused, in its language, for as long as it is.
func TestPaused(t *testing.T) {
	w := newWorld(t)
	for locale, want := range map[string]string{
		"en": "Writing is paused", "ko": "글쓰기가 멈춰", "ja": "一時停止", "es": "en pausa", "id": "dijeda",
	} {
		for _, path := range []string{"/" + locale, "/me/" + locale + "/sign-in"} {
			w.paused = true
			w.now = w.now.Add(time.Minute)
			if got := w.page(path).Find("p.paused[role=status]").Text(); !strings.Contains(got, want) {
				t.Errorf("%s while writing is paused: %q", path, got)
			}
			w.paused = false
			w.now = w.now.Add(time.Minute)
			if got := w.page(path).Find("p.paused").Text(); got != "" {
				t.Errorf("%s after that: %q", path, got)
			}
		}
	}
}
