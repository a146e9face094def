package api_test

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestStatusTellsWhetherWritingIsPaused(t *testing.T) {
	w := newWorld(t)
	a := w.raw("GET", "/api/v1/status")
	var got struct {
		Writable    bool           `json:"writable"`
		Environment string         `json:"environment"`
		Servers     map[string]int `json:"database_servers"`
	}
	if err := json.Unmarshal(a.raw, &got); err != nil || a.status != 200 || !got.Writable || got.Servers["primaries"] != 1 {
		t.Fatalf("%d %s %v", a.status, a.raw, err)
	}
	if got.Environment != "dev" {
		t.Errorf("the site does not say what it is: %s", a.raw)
	}
	if c := a.header.Get("Cache-Control"); !strings.Contains(c, "s-maxage=1") {
		t.Errorf("kept for too long: %q", c)
	}
}
