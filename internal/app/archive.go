package app

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/media"
	"lightstick/internal/store"
)

// A backup is a tar: the database, then the pictures, then the manifest. One that lacks its manifest
// is not whole, and is never taken for a backup.
const (
	archiveFormat = 1
	manifestName  = "manifest.json"
	mediaPrefix   = "media/"
	manifestMost  = 512 << 20
)

// databaseName is the copy of the database in the archive.
func databaseName(engine string) string {
	return map[string]string{"sqlite": "database.sqlite", "postgres": "database.pgdump"}[engine]
}

// Manifest says what is in a backup.
type Manifest struct {
	Format    int        `json:"format"`
	Version   string     `json:"version"` // of Lightstick
	CreatedAt time.Time  `json:"created_at"`
	Database  store.Dump `json:"database"`
	// MediaAt is where the pictures are when they are not in the backup: s3://endpoint/bucket.
	MediaAt string        `json:"media_at,omitempty"`
	Files   []ArchiveFile `json:"files"`
}

// ArchiveFile is one file of a backup.
type ArchiveFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// archiver writes a backup.
type archiver struct {
	out      *tar.Writer
	manifest Manifest
}

func (a *archiver) add(name string, size int64, body io.Reader) error {
	if err := a.head(name, size); err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(a.out, sum), io.LimitReader(body, size+1))
	if err != nil || n != size {
		return fmt.Errorf("write %s, %d of %d bytes: %w", name, n, size, err)
	}
	a.manifest.Files = append(a.manifest.Files, ArchiveFile{name, size, hex.EncodeToString(sum.Sum(nil))})
	return nil
}

func (a *archiver) head(name string, size int64) error {
	return a.out.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: a.manifest.CreatedAt, Format: tar.FormatPAX})
}

func (a *archiver) addFile(name, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return a.add(name, info.Size(), f)
}

// addBlobs adds what is there after the database was copied: whatever its rows name was stored before them.
func (a *archiver) addBlobs(ctx context.Context, from media.Blobs, tell func(what string, done, of int)) error {
	done := 0
	return from.List(ctx, func(key string, _ time.Time) error {
		b, err := from.Get(ctx, key)
		if fault.KindOf(err) == fault.NotFound { // deleted meanwhile
			return nil
		}
		if err != nil {
			return err
		}
		defer b.Body.Close()
		done++
		tell("pictures", done, done)
		return a.add(mediaPrefix+key, b.Size, b.Body)
	})
}

// finish writes the manifest.
func (a *archiver) finish() error {
	b, err := json.MarshalIndent(a.manifest, "", " ")
	if err != nil {
		return err
	}
	if err := a.head(manifestName, int64(len(b))); err != nil {
		return err
	}
	if _, err := a.out.Write(b); err != nil {
		return err
	}
	return a.out.Close()
}

// errNotWhole is about archives that end too soon.
var errNotWhole = errors.New("this is not a whole backup: its last part, the manifest, is missing")

// unpack puts the files of a backup where into says, and makes sure that they are what the manifest says.
func unpack(ctx context.Context, from io.Reader, into func(name string, size int64, body io.Reader) error) (Manifest, error) {
	var m Manifest
	got := map[string]ArchiveFile{}
	in := tar.NewReader(from)
	for {
		h, err := in.Next()
		switch {
		case ctx.Err() != nil:
			return m, ctx.Err()
		case err == io.EOF && len(got) > 0:
			return m, errNotWhole
		case err != nil:
			return m, fmt.Errorf("this is not a whole backup: %w", err)
		case h.Typeflag != tar.TypeReg || !archived(h.Name) || got[h.Name].Name != "":
			return m, fmt.Errorf("this is not a backup: it has no business with %.100q", h.Name)
		case h.Name == manifestName:
			return m, readManifest(in, h.Size, got, &m)
		}
		sum := sha256.New()
		if err := into(h.Name, h.Size, io.TeeReader(in, sum)); errors.Is(err, io.ErrUnexpectedEOF) {
			return m, errNotWhole
		} else if err != nil {
			return m, fmt.Errorf("unpack %s: %w", h.Name, err)
		}
		got[h.Name] = ArchiveFile{h.Name, h.Size, hex.EncodeToString(sum.Sum(nil))}
	}
}

// archived reports whether a backup may have such a file. Nothing else ever reaches the disk.
func archived(name string) bool {
	key, picture := strings.CutPrefix(name, mediaPrefix)
	return picture && media.ValidKey(key) || name == manifestName || name == databaseName("sqlite") || name == databaseName("postgres")
}

func readManifest(in io.Reader, size int64, got map[string]ArchiveFile, m *Manifest) error {
	if size > manifestMost {
		return errors.New("this is not a backup: its manifest is too large")
	}
	if err := json.NewDecoder(in).Decode(m); errors.Is(err, io.ErrUnexpectedEOF) {
		return errNotWhole
	} else if err != nil {
		return fmt.Errorf("read the manifest: %w", err)
	}
	if m.Format != archiveFormat {
		return fmt.Errorf("the backup has format %d, this version reads %d", m.Format, archiveFormat)
	}
	for _, f := range m.Files {
		switch g, ok := got[f.Name]; {
		case !ok:
			return fmt.Errorf("the backup is damaged: %s is missing", f.Name)
		case g != f:
			return fmt.Errorf("the backup is damaged: %s is not what it was (%d bytes, sha256 %s)", f.Name, g.Size, g.SHA256)
		}
	}
	if name := databaseName(m.Database.Engine); len(got) != len(m.Files) || got[name].Name == "" {
		return errors.New("the backup is damaged: its files are not those of its manifest")
	}
	return nil
}

// writeWhole writes a file that is there as a whole or not at all, readable to its owner only.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, unfinished+"*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(dir)
}

// unfinished begins the names of what is not whole yet.
const unfinished = ".lightstick-unfinished-"

// syncFolder makes new names in a folder durable.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// alone makes sure that no other process does the same in a folder, and clears away what one that was
// killed has left there. The system lets go of the lock when the process ends, however it does.
func alone(dir string) (release func() error, err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("another backup or restore works in %s: %w", dir, err)
	}
	left, err := inFolder(dir, unfinished+"*")
	for _, name := range left {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, name)))
	}
	return f.Close, err
}

// inFolder lists what matches a pattern in a folder whose own name may hold anything.
func inFolder(dir, pattern string) ([]string, error) { return fs.Glob(os.DirFS(dir), pattern) }
