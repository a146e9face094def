package app_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// arrows says who may import whom; a package that is not named here is a package too many.
var arrows = map[string][]string{
	"internal/fault":   {},
	"internal/markup":  {},
	"internal/observe": {},
	"internal/edge":    {"internal/fault", "internal/observe"},
	"internal/media":   {"internal/fault", "internal/observe"},
	"internal/jobs":    {"internal/fault", "internal/observe"},
	"internal/forum":   {"internal/fault", "internal/markup"},
	"internal/demo":    {},
	"internal/identity": {
		"internal/fault", "internal/forum",
	},
	"internal/store": {
		"internal/fault", "internal/forum", "internal/identity", "internal/media", "internal/jobs",
		"internal/markup", // index tokens
	},
	"internal/api":   {"internal/fault", "internal/forum", "internal/identity", "internal/media", "internal/edge", "internal/markup"},
	"internal/web":   {"internal/fault", "internal/forum", "internal/identity", "internal/media", "internal/edge", "internal/markup"},
	"internal/ops":   {"internal/fault", "internal/observe"},
	"internal/app":   {"*"},
	"cmd/lightstick": {"internal/app", "internal/ops"},
}

type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func TestArrows(t *testing.T) {
	for _, p := range list(t) {
		name := strings.TrimPrefix(p.ImportPath, "lightstick/")
		if strings.HasPrefix(name, "internal/testkit") || name == "e2e" || name == "bench" || strings.HasPrefix(name, "bench/") || strings.HasPrefix(name, "deploy/") {
			continue // for tests and measurements only: no shipped package may import them, see below
		}
		allowed, known := arrows[name]
		if !known {
			t.Errorf("%s is not in the table of packages", name)
			continue
		}
		for _, dep := range p.Imports {
			ours, ok := strings.CutPrefix(dep, "lightstick/")
			if ok && !slices.Contains(allowed, ours) && (!slices.Contains(allowed, "*") || strings.HasPrefix(ours, "cmd/")) {
				t.Errorf("%s may not import %s", name, ours)
			}
		}
	}
}

func TestShippedCodeHasNoTestCode(t *testing.T) {
	for _, p := range list(t) {
		if p.ImportPath != "lightstick/cmd/lightstick" {
			continue
		}
		for _, dep := range p.Deps {
			if dep == "testing" || strings.HasPrefix(dep, "lightstick/internal/testkit") || strings.HasPrefix(dep, "lightstick/e2e") {
				t.Errorf("the shipped binary contains %s", dep)
			}
		}
		return
	}
	t.Fatal("cmd/lightstick not found")
}

func list(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "lightstick/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
