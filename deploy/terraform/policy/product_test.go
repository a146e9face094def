package policy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// names are all first groups of a pattern in a file of the repository, sorted, each once.
func names(t *testing.T, file, pattern string) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(raw), -1) {
		list = append(list, m[1])
	}
	if len(list) == 0 {
		t.Fatalf("%s has no %s", file, pattern)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// TestSettings: the tasks set no variable that the program does not know.
func TestSettings(t *testing.T) {
	known := names(t, "internal/app/config.go", `env:"(LIGHTSTICK_[A-Z0-9_]+)"`)
	for _, name := range names(t, "deploy/terraform/modules/compute/tasks.tf", `\b(LIGHTSTICK_[A-Z0-9_]+)\b`) {
		if !slices.Contains(known, name) {
			t.Errorf("the program knows no %s", name)
		}
	}
}

// TestParameters: CloudFront passes on the query parameters that the POP does, whose list is held to
// the route table.
func TestParameters(t *testing.T) {
	pop := names(t, "deploy/nginx/conf/maps.conf", `map \$arg_([a-z]+) `)
	raw := names(t, "deploy/terraform/modules/edge/cache.tf", `parameters = \[([^\]]+)\]`)
	var edge []string
	for _, m := range regexp.MustCompile(`"([a-z]+)"`).FindAllStringSubmatch(raw[0], -1) {
		edge = append(edge, m[1])
	}
	slices.Sort(edge)
	if !slices.Equal(pop, edge) {
		t.Errorf("CloudFront knows %v, the POP %v", edge, pop)
	}
}

// TestOwnPaths: what the POP takes straight to the origin CloudFront does, too.
func TestOwnPaths(t *testing.T) {
	kept := names(t, "deploy/terraform/modules/edge/distribution.tf", `own_paths = (\[[^\]]+\])`)
	for _, own := range names(t, "deploy/nginx/conf/locations.conf", `(?m)^location =? ?(/[a-z-]*/?)\s*\{ include own.conf`) {
		want := `"` + own + `"`
		if own != "/" && own[len(own)-1] == '/' {
			want = `"` + own + `*"`
		}
		if own != "/dev/" && !regexp.MustCompile(regexp.QuoteMeta(want)).MatchString(kept[0]) { // /dev/ exists in dev on a laptop only
			t.Errorf("CloudFront keeps %s, which is somebody's own", own)
		}
	}
}
