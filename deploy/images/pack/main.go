// Command pack makes the image of Lightstick from its binary. It needs neither Docker nor a base
// image, and the same binary always gives the same digest: every time in the image is that of the
// commit. It reads what is in the binary (modules, commit, platform) from the binary itself.
//
//	pack -binary build/lightstick -version v1.2.3 -out build/image
//
// writes into the folder
//
//	lightstick.tar              for `docker load`, or to push to a registry
//	lightstick.digest           of the manifest, as a registry will tell it
//	lightstick.cdx.json         SBOM, CycloneDX
//	lightstick.provenance.json  in-toto statement, SLSA provenance v1
package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func main() {
	binary := flag.String("binary", "build/lightstick", "the binary, built inside of a git checkout")
	version := flag.String("version", "dev", "version, which is also the image's tag")
	out := flag.String("out", "build/image", "folder to write to")
	builder := flag.String("builder", "urn:lightstick:builder:local", "who builds, for the provenance: an URI")
	flag.Parse()
	if err := pack(*binary, *version, *builder, *out); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func pack(path, version, builder, out string) error {
	b, err := read(path, version)
	if err != nil {
		return err
	}
	img, err := b.image()
	if err != nil {
		return err
	}
	digest, err := img.Digest()
	if err != nil {
		return err
	}
	tag, err := name.NewTag("lightstick:" + version)
	if err != nil {
		return err
	}
	var archive bytes.Buffer
	if err := tarball.Write(tag, img, &archive); err != nil {
		return err
	}
	sbom, err := b.sbom()
	if err != nil {
		return err
	}
	provenance, err := json.MarshalIndent(b.provenance(builder, digest), "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for name, data := range map[string][]byte{".tar": archive.Bytes(), ".cdx.json": sbom, ".provenance.json": append(provenance, '\n'), ".digest": []byte(digest.String() + "\n")} {
		if err := os.WriteFile(filepath.Join(out, "lightstick"+name), data, 0o644); err != nil {
			return err
		}
	}
	size, err := pulled(img)
	if err != nil {
		return err
	}
	fmt.Printf("%s  %s  %.1f MB to pull, %.1f MB unpacked\n", tag, digest, float64(size)/1e6, float64(len(b.data))/1e6)
	return nil
}

// build is a binary and what it tells about itself.
type build struct {
	data     []byte
	info     *buildinfo.BuildInfo
	version  string
	revision string
	at       time.Time // of the commit
	os, arch string
}

func read(path, version string) (build, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return build{}, err
	}
	info, err := buildinfo.Read(bytes.NewReader(data))
	if err != nil {
		return build{}, err
	}
	b := build{data: data, info: info, version: version}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.revision = s.Value
		case "vcs.time":
			if b.at, err = time.Parse(time.RFC3339, s.Value); err != nil {
				return build{}, err
			}
		case "GOOS":
			b.os = s.Value
		case "GOARCH":
			b.arch = s.Value
		}
	}
	if b.revision == "" {
		return build{}, errors.New("the binary does not tell its commit: build it inside of a git checkout")
	}
	if b.os != "linux" {
		return build{}, fmt.Errorf("the binary is for %s: build it with GOOS=linux", b.os)
	}
	return b, nil
}
