package app_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"lightstick/internal/app"
	"lightstick/internal/testkit"
)

func TestReadiness(t *testing.T) {
	s := testkit.Boot(t)
	b := s.Browser(t)
	if a := b.Get("/livez"); a.StatusCode != 200 {
		t.Fatalf("alive? %s", a.Status)
	}
	ready := b.Get("/readyz")
	var told struct{ Parts map[string]string }
	if err := json.Unmarshal([]byte(ready.Text), &told); err != nil || ready.StatusCode != 200 {
		t.Fatalf("%s %s %v", ready.Status, ready.Text, err)
	}
	for _, part := range []string{"database", "media", "mail"} {
		if told.Parts[part] != "ok" {
			t.Errorf("%s: %q", part, told.Parts[part])
		}
	}
	if ready.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("a probe may be cached: %q", ready.Header.Get("Cache-Control"))
	}
	s.App.Drain()
	if a := b.Get("/readyz"); a.StatusCode != 503 {
		t.Errorf("draining, still ready: %s", a.Status)
	}
	if a := b.Get("/en"); a.StatusCode != 200 {
		t.Errorf("draining, readers are sent away: %s", a.Status)
	}
}

func TestLostMediaDoesNotTakeTheNodeOut(t *testing.T) {
	s := testkit.Boot(t)
	if err := os.RemoveAll(filepath.Join(s.App.Config.Data, "media")); err != nil {
		t.Fatal(err)
	}
	a := s.Browser(t).Get("/readyz")
	var told struct{ Parts map[string]string }
	if err := json.Unmarshal([]byte(a.Text), &told); err != nil {
		t.Fatal(err)
	}
	if a.StatusCode != 200 || told.Parts["media"] != "failing" {
		t.Fatalf("%s %s", a.Status, a.Text)
	}
}

func TestStartRefusesADatabaseItCannotUse(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "lightstick.db")
	if err := os.WriteFile(file, []byte("this is a diary, not a database, and long enough to tell so .............."), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := app.New(context.Background(), app.Config{Env: app.Dev, Listen: "127.0.0.1:0", BaseURL: "http://127.0.0.1:1", Data: dir, PageCache: 1 << 20}, app.Options{Log: &testkit.Buffer{}})
	if err == nil {
		_ = a.Close(context.Background())
		t.Fatal("started on a diary")
	}
	if raw, _ := os.ReadFile(file); string(raw[:15]) != "this is a diary" {
		t.Error("the file that was there is gone")
	}
}
