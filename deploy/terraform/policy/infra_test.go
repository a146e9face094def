//go:build infra

package policy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lightstick/deploy/terraform/policy"
)

// The plans that ../check has made are in the folder INFRA.

func open(t *testing.T, name string) *policy.Plan {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, err := policy.Read(f)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return p
}

func files(t *testing.T, pattern string, least int) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(os.Getenv("INFRA"), pattern))
	if err != nil || len(list) < least {
		t.Fatalf("%s: %d files, want %d at least (%v)", pattern, len(list), least, err)
	}
	return list
}

// TestPlans holds each environment, as planned and where it can be as applied, to all policies.
func TestPlans(t *testing.T) {
	list := files(t, "plans/*.json", 4)
	applied, err := filepath.Glob(filepath.Join(os.Getenv("INFRA"), "applied", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(list, applied...) {
		p := open(t, name)
		for _, f := range policy.Check(p) {
			t.Errorf("%s: %s", filepath.Base(name), f)
		}
		modules := map[string]bool{}
		for _, r := range p.Resources {
			modules[strings.TrimSuffix(strings.TrimPrefix(r.Module, "module."), "[0]")] = true
		}
		t.Logf("%s: %d resources in %d modules", filepath.Base(name), len(p.Resources), len(modules)-1)
		for _, m := range []string{"network", "edge", "compute", "data", "observe", "access", "delivery", "cost"} {
			if !modules[m] {
				t.Errorf("%s: module %s plans nothing", filepath.Base(name), m)
			}
		}
		if strings.HasPrefix(filepath.Base(name), "everything") && !modules["identity"] {
			t.Error("identity plans nothing")
		}
	}
}

var seedLine = regexp.MustCompile(`(?m)^# (want|target): (.+)$`)

// TestSeeds has the policies name the fault in each spoilt copy, and none other.
func TestSeeds(t *testing.T) {
	for _, dir := range files(t, "seeded/*", 10) {
		raw, err := os.ReadFile(filepath.Join(dir, "seed"))
		if err != nil {
			t.Fatal(err)
		}
		head := map[string]string{}
		for _, m := range seedLine.FindAllStringSubmatch(string(raw), -1) {
			head[m[1]] = m[2]
		}
		var found []policy.Finding
		if head["target"] != "none" { // such a fault stands in the text alone
			found = policy.Check(open(t, filepath.Join(dir, "plan.json")))
		}
		source, err := policy.CheckModules(os.DirFS(dir))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, f := range append(found, source...) {
			names = append(names, f.Rule)
			t.Logf("%s: %s", filepath.Base(dir), f)
		}
		slices.Sort(names)
		if got := slices.Compact(names); !slices.Equal(got, strings.Fields(head["want"])) {
			t.Errorf("%s: found %v, want %s", filepath.Base(dir), got, head["want"])
		}
	}
}

// TestChange is a change of every module over what is there: nothing that holds data or an address
// goes, and every module had a part in it.
func TestChange(t *testing.T) {
	list, err := filepath.Glob(filepath.Join(os.Getenv("INFRA"), "changed", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 && os.Getenv("TF_RIG") != "" {
		t.Fatal("there is no changed plan")
	}
	for _, name := range list {
		p := open(t, name)
		for _, f := range policy.Check(p) {
			t.Errorf("%s: %s", filepath.Base(name), f)
		}
		changed := map[string]int{}
		for _, r := range p.Resources {
			if !r.Data && !slices.Equal(r.Actions, []string{"no-op"}) {
				changed[strings.TrimSuffix(strings.TrimPrefix(r.Module, "module."), "[0]")]++
			}
			if r.Name == "openvpn" && (r.Type == "aws_eip" || r.Type == "aws_instance") && slices.Contains(r.Actions, "delete") {
				t.Errorf("%s goes", r.Address)
			}
		}
		for _, m := range []string{"network", "edge", "compute", "data", "identity", "observe", "access", "delivery", "cost"} {
			if changed[m] == 0 {
				t.Errorf("nothing of %s changes", m)
			}
		}
		t.Logf("changes by module: %v", changed)
	}
}
