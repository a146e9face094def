package media

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
)

// Disk keeps blobs in one folder: <first two characters of the key>/<key>. Everything goes
// through an os.Root, so no key and no symbolic link can reach outside it.
type Disk struct{ root *os.Root }

var _ Blobs = (*Disk)(nil)

const (
	diskTemp = ".tmp" // half-written blobs; on the same file system, so that a rename is atomic
	// Temporary files older than this belong to a process that was killed.
	diskTempAge = time.Hour
)

// OpenDisk opens the folder, makes it when it is missing, and clears away what a killed process
// may have left half-written.
func OpenDisk(dir string) (*Disk, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("open the media folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the media folder: %w", err)
	}
	d := &Disk{root}
	if err := d.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the media folder: %w", err), root.Close())
	}
	return d, nil
}

// Close releases the folder.
func (d *Disk) Close() error { return d.root.Close() }

func (d *Disk) prepare() error {
	if err := d.root.MkdirAll(diskTemp, 0o750); err != nil {
		return err
	}
	names, err := fs.ReadDir(d.root.FS(), diskTemp)
	if err != nil {
		return err
	}
	for _, entry := range names {
		info, err := entry.Info()
		// The system's clock, not an injected one: it is what stamped the file.
		if err != nil || time.Since(info.ModTime()) < diskTempAge {
			continue
		}
		if err := d.root.Remove(path.Join(diskTemp, entry.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func diskPath(key string) string { return path.Join(key[:2], key) }

// Put implements [Blobs].
func (d *Disk) Put(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	if err := checkPut(key, size, contentType); err != nil {
		return err
	}
	temp, err := d.writeTemp(&exactly{ctx, body, size})
	if err != nil {
		return unavailable(fmt.Errorf("write blob %s: %w", key, err))
	}
	if err := d.publish(temp, key); err != nil {
		return unavailable(errors.Join(fmt.Errorf("publish blob %s: %w", key, err), ignoreMissing(d.root.Remove(temp))))
	}
	return nil
}

// writeTemp writes a durable temporary file, or none.
func (d *Disk) writeTemp(body io.Reader) (name string, err error) {
	name = path.Join(diskTemp, strings.ToLower(rand.Text()))
	f, err := d.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(f, body)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, ignoreMissing(d.root.Remove(name)))
	}
	return name, nil
}

// publish gives the temporary file its name. The folder is synced too: without that a power cut
// can forget the rename.
func (d *Disk) publish(temp, key string) error {
	shard := key[:2]
	switch err := d.root.Mkdir(shard, 0o750); {
	case err == nil:
		if err := d.syncFolder("."); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrExist):
		return err
	}
	if err := d.root.Rename(temp, diskPath(key)); err != nil {
		return err
	}
	return d.syncFolder(shard)
}

func (d *Disk) syncFolder(name string) error {
	f, err := d.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Get implements [Blobs].
func (d *Disk) Get(ctx context.Context, key string) (*Blob, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !ValidKey(key) {
		return nil, notFound(key)
	}
	f, err := d.root.Open(diskPath(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notFound(key)
	}
	if err != nil {
		return nil, unavailable(fmt.Errorf("open blob %s: %w", key, err))
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		return nil, unavailable(errors.Join(fmt.Errorf("open blob %s: %w", key, err), f.Close()))
	}
	return &Blob{Body: f, Size: info.Size(), ContentType: ContentTypeOf(key), Modified: info.ModTime().UTC()}, nil
}

// Delete implements [Blobs].
func (d *Disk) Delete(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !ValidKey(key) {
		return nil
	}
	if err := ignoreMissing(d.root.Remove(diskPath(key))); err != nil {
		return unavailable(fmt.Errorf("delete blob %s: %w", key, err))
	}
	return nil
}

// List implements [Blobs].
func (d *Disk) List(ctx context.Context, visit func(key string, modified time.Time) error) error {
	return fs.WalkDir(d.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fs.ErrNotExist):
			return nil // deleted while we walked
		case err != nil:
			return unavailable(fmt.Errorf("list blobs: %w", err))
		case name == diskTemp:
			return fs.SkipDir
		case !entry.Type().IsRegular() || !ValidKey(entry.Name()) || diskPath(entry.Name()) != name:
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return ignoreMissing(err)
		}
		return visit(entry.Name(), info.ModTime().UTC())
	})
}

// Probe implements [Blobs]: it writes, syncs and removes a small file, because a full or
// read-only disk still opens what is there.
func (d *Disk) Probe(ctx context.Context) error {
	const probe = "probe"
	name, err := d.writeTemp(&exactly{ctx, strings.NewReader(probe), int64(len(probe))})
	if err == nil {
		err = d.root.Remove(name)
	}
	if err != nil {
		return unavailable(fmt.Errorf("probe the media folder: %w", err))
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
