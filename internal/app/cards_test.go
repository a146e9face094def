package app_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"lightstick/internal/app"
	"lightstick/internal/markup"
)

func TestCardsNeverReachInside(t *testing.T) {
	var asked atomic.Int32
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "text/html")
	}))
	defer inside.Close()
	port := inside.URL[strings.LastIndex(inside.URL, ":"):]
	for _, url := range []string{
		inside.URL, "http://localhost" + port, "http://[::1]" + port, "http://[::ffff:127.0.0.1]" + port, "http://2130706433" + port,
		"http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://192.168.1.1:80/", "https://[fd00::1]/", "http://0.0.0.0" + port,
		"file:///etc/passwd", "gopher://127.0.0.1" + port,
	} {
		if card, err := app.FetchCard(context.Background(), url); err == nil {
			t.Errorf("%s was fetched: %+v", url, card)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Fatalf("a server inside was asked %d times", n)
	}
}

func TestReadCard(t *testing.T) {
	for name, c := range map[string]struct {
		page string
		want markup.Card
	}{
		"og before plain": {`<head><title>Plain</title><meta name=description content="plain words"><meta property="og:title" content="Teaser 2"><meta property="og:site_name" content="Moon TV"></head>`,
			markup.Card{Title: "Teaser 2", Description: "plain words", Site: "Moon TV"}},
		"title only":     {"<html><head><title>\n  세 번째\n 티저 </title></head>", markup.Card{Title: "세 번째 티저"}},
		"stops at body":  {`<head></head><body><title>not me</title><meta property="og:title" content="nor me">`, markup.Card{}},
		"hostile":        {"<head><title>a\u202eb</title><meta property='og:description' content='&lt;script&gt;alert(1)&lt;/script&gt;'>", markup.Card{Description: "<script>alert(1)</script>"}},
		"nothing at all": {"", markup.Card{}},
		"broken to bits": {"<head><meta property=\"og:title\" content=\"x", markup.Card{}},
		"long is cut":    {"<head><title>" + strings.Repeat("word ", 100) + "</title>", markup.Card{Title: strings.TrimSpace(strings.Repeat("word ", 24)) + "…"}},
	} {
		got, err := app.ReadCard(strings.NewReader(c.page))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if name == "long is cut" {
			if n := len([]rune(got.Title)); n > 121 || !strings.HasSuffix(got.Title, "…") {
				t.Errorf("%s: %d runes: %q", name, n, got.Title)
			}
			continue
		}
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
