package api_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"lightstick/internal/api"
)

var update = flag.Bool("update", false, "write the golden document")

// TestDocument: the document is a promise. A change of it is made on purpose: write it with
// -update and tell of it in a line of CHANGELOG.md.
func TestDocument(t *testing.T) {
	golden := filepath.Join("testdata", "openapi.json")
	got := newWorld(t).api.Document()
	if *update {
		must(t, os.WriteFile(golden, got, 0o644))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if !bytes.Equal(got, want) {
		t.Fatalf("the OpenAPI document changed. If that is meant: go test ./internal/api -run TestDocument -update, and a line in CHANGELOG.md.\n%s", firstDifference(want, got))
	}
}

func firstDifference(want, got []byte) string {
	a, b := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "- " + a[i] + "\n+ " + b[i]
		}
	}
	return "one is the beginning of the other"
}

// TestDocumentIsWhole: every operation says what it is for, what it answers and who may call it.
func TestDocumentIsWhole(t *testing.T) {
	w := newWorld(t)
	paths := w.doc.root["paths"].(map[string]any)
	count := 0
	for path, item := range paths {
		for method, node := range item.(map[string]any) {
			op := node.(map[string]any)
			name := method + " " + path
			count++
			if op["summary"] == nil || op["operationId"] == nil || op["tags"] == nil {
				t.Errorf("%s: no summary, operationId or tag", name)
			}
			responses := op["responses"].(map[string]any)
			for _, status := range []string{"429", "500", "503"} {
				if responses[status] == nil {
					t.Errorf("%s: %s is not described", name, status)
				}
			}
			if strings.Contains(path, "{") && responses["422"] == nil {
				t.Errorf("%s: 422 is not described", name)
			}
			hasKey := strings.Contains(toJSON(t, op["parameters"]), `"Idempotency-Key"`)
			if hasKey != (method == "post") {
				t.Errorf("%s: Idempotency-Key described: %v", name, hasKey)
			}
			if method != "get" && op["security"] == nil && !strings.Contains(" /accounts /sessions /sessions/current /verifications/current /password-resets /password-resets/current ", " "+path+" ") {
				t.Errorf("%s: anybody may", name)
			}
		}
	}
	if routes := len(w.api.Routes()); count+5 != routes { // the document, the reference, its style, two pages of problems
		t.Errorf("%d operations and %d routes", count, routes)
	}
	if text := string(w.api.Document()); strings.Contains(text, "ErrorModel") || strings.Contains(text, `"null"`) {
		t.Error("something of huma's own is in the document")
	}
}

// TestEveryProblemIsExplained looks for the codes of faults in the sources of everything below
// the API.
func TestEveryProblemIsExplained(t *testing.T) {
	w := newWorld(t)
	pattern := regexp.MustCompile(`fault\.(?:New|Wrap)\((?:[^"\n]*, )?fault\.[A-Za-z]+, "([a-z_]+)"(?:\)|,)`)
	for _, dir := range []string{".", "../edge", "../fault", "../forum", "../identity", "../media", "../store"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		must(t, err)
		if len(files) == 0 {
			t.Fatalf("no sources in %s", dir)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := os.ReadFile(file)
			must(t, err)
			for _, m := range pattern.FindAllStringSubmatch(string(source), -1) {
				if m[1] == "warm" || m[1] == "card_not_found" {
					continue // these never leave the program
				}
				if a := w.raw("GET", api.ProblemsPath+"/"+m[1]); a.status != 200 {
					t.Errorf("%s: %s is not explained in problems.go", file, m[1])
				}
			}
		}
	}
}
