package web_test

import (
	"slices"
	"strings"
	"testing"

	"lightstick/internal/web"
)

func TestDiff(t *testing.T) {
	for name, c := range map[string]struct {
		before, after string
		want          []string
	}{
		"same":     {"a\nb", "a\nb", []string{"~"}},
		"one line": {"a\nb\nc", "a\nx\nc", []string{" a", "-b", "+x", " c"}},
		"added":    {"a", "a\nb", []string{" a", "+b"}},
		"emptied":  {"a", "", []string{"-a", "+"}},
		"far":      {"1\n2\n3\n4\n5\n6", "1\n2\n3\n4\n5\nsix", []string{"~", " 4", " 5", "-6", "+six"}},
		"moved":    {"a\nb\nc\nd", "b\nc\nd\na", []string{"-a", " b", " c", " d", "+a"}},
	} {
		if got := web.Diff(c.before, c.after); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestDiffIsBounded compares the longest texts that may be stored, alike in nothing.
func TestDiffIsBounded(t *testing.T) {
	before, after := strings.Repeat("a\n", 10_000), strings.Repeat("b\n", 10_000)
	lines := web.Diff(before, after)
	if len(lines) != 20_001 {
		t.Errorf("%d lines", len(lines))
	}
}
