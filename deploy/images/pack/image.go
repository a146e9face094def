package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// nobody is the user and group of the process: a number that no host uses for a person.
const nobody = 65532

// image is the binary FROM scratch. Nothing in it is writable but /tmp and /data, which are meant to
// be mounts: the rest works on a read-only file system.
func (b build) image() (v1.Image, error) {
	files, err := b.files()
	if err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files)), nil }
	layer, err := tarball.LayerFromOpener(open, tarball.WithCompressionLevel(gzip.BestCompression))
	if err != nil {
		return nil, err
	}
	img, err := mutate.Append(empty.Image, mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: b.at}, CreatedBy: "pack"}})
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config.OS, config.Architecture, config.Created, config.Config = b.os, b.arch, v1.Time{Time: b.at}, b.config()
	return mutate.ConfigFile(img, config)
}

func (b build) config() v1.Config {
	return v1.Config{
		User:         "65532:65532",
		Entrypoint:   []string{"/lightstick"},
		Cmd:          []string{"serve"},
		WorkingDir:   "/data",
		StopSignal:   "SIGTERM",
		Env:          []string{"LIGHTSTICK_LISTEN=:8080", "LIGHTSTICK_PRIVATE=:9090", "LIGHTSTICK_DATA=/data"},
		ExposedPorts: map[string]struct{}{"8080/tcp": {}, "9090/tcp": {}},
		Healthcheck: &v1.HealthConfig{Test: []string{"CMD", "/lightstick", "healthcheck"},
			Interval: 5 * time.Second, Timeout: 3 * time.Second, StartPeriod: 30 * time.Second, Retries: 3},
		Labels: map[string]string{
			"org.opencontainers.image.title":       "lightstick",
			"org.opencontainers.image.description": "The fan community that stays up when everyone shows up.",
			"org.opencontainers.image.version":     b.version,
			"org.opencontainers.image.revision":    b.revision,
			"org.opencontainers.image.created":     b.at.UTC().Format(time.RFC3339),
		},
	}
}

// files is the one layer, uncompressed.
func (b build) files() ([]byte, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, f := range []struct {
		name  string
		mode  fs.FileMode
		owner int
		data  []byte
	}{
		{"data/", 0o750, nobody, nil},
		{"etc/", 0o755, 0, nil},
		{"etc/group", 0o644, 0, []byte("lightstick:x:65532:\n")},
		{"etc/passwd", 0o644, 0, []byte("lightstick:x:65532:65532::/data:/none\n")},
		{"lightstick", 0o755, 0, b.data},
		{"tmp/", 0o1777, 0, nil},
	} {
		h := tar.Header{Name: f.name, Mode: int64(f.mode), Uid: f.owner, Gid: f.owner, Size: int64(len(f.data)), ModTime: b.at, Typeflag: tar.TypeReg, Format: tar.FormatPAX}
		if f.data == nil {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(&h); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, err
		}
	}
	return buf.Bytes(), w.Close()
}

// pulled is how many bytes somebody who has nothing of the image has to fetch.
func pulled(img v1.Image) (int64, error) {
	m, err := img.Manifest()
	if err != nil {
		return 0, err
	}
	size, err := img.Size()
	if err != nil {
		return 0, err
	}
	size += m.Config.Size
	for _, l := range m.Layers {
		size += l.Size
	}
	return size, nil
}
