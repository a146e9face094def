package main_test

import (
	"archive/tar"
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Budgets of the image. What is pulled is compressed.
const (
	mostPulled   = 20 << 20
	mostUnpacked = 50 << 20
)

// TestImage builds the image of the commit twice, in two folders, and looks into it. With
// LIGHTSTICK_COLD set the second build also has an empty build cache, which takes minutes.
func TestImage(t *testing.T) {
	first, second := clone(t), clone(t)
	build(t, first, "")
	cache := ""
	if os.Getenv("LIGHTSTICK_COLD") != "" {
		cache = t.TempDir()
	}
	build(t, second, cache)
	for _, name := range []string{"digest", "cdx.json", "provenance.json", "tar"} {
		if a, b := read(t, first, name), read(t, second, name); !bytes.Equal(a, b) {
			t.Errorf("lightstick.%s differs between two builds of one commit", name)
		}
	}
	img, err := tarball.ImageFromPath(filepath.Join(first, "build/image/lightstick.tar"), nil)
	if err != nil {
		t.Fatal(err)
	}
	digest := strings.TrimSpace(string(read(t, first, "digest")))
	if got, err := img.Digest(); err != nil || got.String() != digest {
		t.Errorf("the archive's digest is %v (%v), the file says %s", got, err, digest)
	}
	t.Run("settings", func(t *testing.T) { settings(t, img, first) })
	t.Run("files", func(t *testing.T) { files(t, img) })
	t.Run("sbom", func(t *testing.T) { sbom(t, first) })
	t.Run("provenance", func(t *testing.T) { provenance(t, first, digest) })
}

func clone(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	run(t, "../../..", "git", "clone", "-q", "--shared", ".", dir)
	return dir
}

func build(t *testing.T, dir, cache string) {
	t.Helper()
	cmd := exec.Command("scripts/image")
	cmd.Dir, cmd.Env = dir, os.Environ()
	if cache != "" {
		cmd.Env = append(cmd.Env, "GOCACHE="+cache)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("scripts/image: %v\n%s", err, out)
	}
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "build/image/lightstick."+name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func settings(t *testing.T, img v1.Image, dir string) {
	f, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c := f.Config
	if c.User != "65532:65532" || !slices.Equal(c.Entrypoint, []string{"/lightstick"}) || c.StopSignal != "SIGTERM" {
		t.Errorf("user %q, entry point %q, stop signal %q", c.User, c.Entrypoint, c.StopSignal)
	}
	if c.Healthcheck == nil || !slices.Equal(c.Healthcheck.Test, []string{"CMD", "/lightstick", "healthcheck"}) {
		t.Errorf("health check %+v", c.Healthcheck)
	}
	version := run(t, dir, "git", "describe", "--tags", "--always")
	revision := run(t, dir, "git", "rev-parse", "HEAD")
	for name, want := range map[string]string{"title": "lightstick", "version": version, "revision": revision} {
		if got := c.Labels["org.opencontainers.image."+name]; got != want {
			t.Errorf("label %s: %q, want %q", name, got, want)
		}
	}
	if got := run(t, dir, "build/image/lightstick", "version"); got != version {
		t.Errorf("the binary says it is %q, want %q", got, version)
	}
	for _, env := range c.Env {
		for _, secret := range []string{"PASSWORD", "SECRET", "DATABASE", "SMTP", "KEY", "TOKEN"} {
			if strings.Contains(env, secret) {
				t.Errorf("the image sets %s", env)
			}
		}
	}
}

func files(t *testing.T, img v1.Image) {
	layers, err := img.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers (%v), want 1", len(layers), err)
	}
	if size, err := layers[0].Size(); err != nil || size > mostPulled {
		t.Errorf("%d bytes to pull (%v), at most %d", size, err, mostPulled)
	}
	r, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, unpacked := map[string]string{}, int64(0)
	for archive := tar.NewReader(r); ; {
		h, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got[h.Name] = h.FileInfo().Mode().String()
		unpacked += h.Size
	}
	want := map[string]string{"data/": "drwxr-x---", "etc/": "drwxr-xr-x", "etc/group": "-rw-r--r--", "etc/passwd": "-rw-r--r--",
		"lightstick": "-rwxr-xr-x", "tmp/": "dtrwxrwxrwx"}
	if !maps.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
	if unpacked > mostUnpacked {
		t.Errorf("%d bytes unpacked, at most %d", unpacked, mostUnpacked)
	}
}

func sbom(t *testing.T, dir string) {
	var doc struct {
		Format     string `json:"bomFormat"`
		Components []struct {
			URL    string `json:"purl"`
			Hashes []any  `json:"hashes"`
		}
	}
	if err := json.Unmarshal(read(t, dir, "cdx.json"), &doc); err != nil || doc.Format != "CycloneDX" {
		t.Fatalf("format %q: %v", doc.Format, err)
	}
	listed := map[string]bool{}
	for _, c := range doc.Components {
		listed[c.URL] = len(c.Hashes) == 1
	}
	info, err := buildinfo.ReadFile(filepath.Join(dir, "build/image/lightstick"))
	if err != nil {
		t.Fatal(err)
	}
	if len(doc.Components) != len(info.Deps)+1 {
		t.Errorf("%d parts, want the %d modules and the standard library", len(doc.Components), len(info.Deps))
	}
	for _, d := range info.Deps {
		if url := "pkg:golang/" + d.Path + "@" + d.Version; !listed[url] {
			t.Errorf("%s is missing or has no checksum", url)
		}
	}
}

func provenance(t *testing.T, dir, digest string) {
	var doc struct {
		Subject []struct {
			Digest map[string]string
		}
		Predicate struct {
			BuildDefinition struct {
				ResolvedDependencies []struct{ Digest map[string]string }
			}
		}
	}
	if err := json.Unmarshal(read(t, dir, "provenance.json"), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Subject) != 1 || "sha256:"+doc.Subject[0].Digest["sha256"] != digest {
		t.Errorf("it is about %v, want %s", doc.Subject, digest)
	}
	deps := doc.Predicate.BuildDefinition.ResolvedDependencies
	if revision := run(t, dir, "git", "rev-parse", "HEAD"); len(deps) != 1 || deps[0].Digest["gitCommit"] != revision {
		t.Errorf("made from %v, want %s", deps, revision)
	}
}
