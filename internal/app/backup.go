package app

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"lightstick/internal/media"
	"lightstick/internal/store"
)

// BackupOptions say how a backup is made.
type BackupOptions struct {
	Folder  string // where it goes; made when missing
	Keep    int    // how many backups stay there, the newest; 0: all
	Version string
	Now     func() time.Time
	Log     io.Writer // hears how it goes
}

var backupName = regexp.MustCompile(`^lightstick-\d{8}T\d{6}Z\.tar$`)

// Backup writes one file with the database and the pictures on disk, while the site serves. The file is
// there once it is whole and durable. It returns its name.
func Backup(ctx context.Context, c Config, o BackupOptions) (path string, err error) {
	if err := mustExist(c); err != nil {
		return "", err
	}
	if err := os.MkdirAll(o.Folder, 0o700); err != nil {
		return "", err
	}
	release, err := alone(o.Folder)
	if err != nil {
		return "", err
	}
	defer release()
	at := o.Now().UTC().Truncate(time.Second)
	path = filepath.Join(o.Folder, "lightstick-"+at.Format("20060102T150405Z")+".tar")
	if _, err := os.Stat(path); err == nil {
		return "", fmt.Errorf("%s is there already", path)
	}
	temp, err := os.MkdirTemp(o.Folder, unfinished)
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	began := time.Now()
	a := &archiver{manifest: Manifest{Format: archiveFormat, Version: o.Version, CreatedAt: at}}
	dump, err := copyDatabase(ctx, c, filepath.Join(temp, "database"), &a.manifest)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(o.Log, "Copied the database: %d posts, %d comments, %d members.\n", dump.Counts["posts"], dump.Counts["comments"], dump.Counts["members"])
	err = writeWhole(path, func(to io.Writer) error {
		a.out = tar.NewWriter(to)
		return a.write(ctx, c, filepath.Join(temp, "database"), o.Log)
	})
	if err != nil {
		return "", err
	}
	fmt.Fprintf(o.Log, "Wrote %d pictures and the database in %.1f s. It holds hashes of passwords and sessions: only you can read it, keep it so.\n",
		len(a.manifest.Files)-1, time.Since(began).Seconds())
	return path, rotate(o.Folder, o.Keep)
}

func (a *archiver) write(ctx context.Context, c Config, database string, log io.Writer) error {
	if err := a.addFile(databaseName(a.manifest.Database.Engine), database); err != nil {
		return err
	}
	if c.S3Endpoint != "" {
		a.manifest.MediaAt = "s3://" + c.S3Endpoint + "/" + c.S3Bucket
		fmt.Fprintf(log, "The pictures stay where they are, in %s: keep versions of that bucket.\n", a.manifest.MediaAt)
	} else if err := a.addMedia(ctx, c, log); err != nil {
		return err
	}
	return a.finish()
}

func (a *archiver) addMedia(ctx context.Context, c Config, log io.Writer) error {
	folder := filepath.Join(c.Data, "media")
	if _, err := os.Stat(folder); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	blobs, err := media.OpenDisk(folder)
	if err != nil {
		return err
	}
	defer blobs.Close()
	return a.addBlobs(ctx, blobs, teller(log))
}

func copyDatabase(ctx context.Context, c Config, file string, m *Manifest) (store.Dump, error) {
	s, err := store.Open(ctx, store.Config{URL: c.Database})
	if err != nil {
		return store.Dump{}, err
	}
	defer s.Close()
	m.Database, err = s.Dump(ctx, file)
	return m.Database, err
}

// sqliteFile is the file of the embedded database.
func sqliteFile(c Config) string {
	return strings.TrimPrefix(strings.TrimPrefix(c.Database, "sqlite:"), "//")
}

// mustExist keeps a command that reads from making a new, empty database where somebody mistyped its name.
func mustExist(c Config) error {
	if !c.Embedded() {
		return nil
	}
	if _, err := os.Stat(sqliteFile(c)); err != nil {
		return fmt.Errorf("there is no site here: %w (--data or --database says where it is)", err)
	}
	return nil
}

// rotate deletes all but the newest backups of a folder, and nothing else in it.
func rotate(folder string, keep int) error {
	if keep <= 0 {
		return nil
	}
	entries, err := os.ReadDir(folder) // sorted, so by age
	if err != nil {
		return err
	}
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool { return !e.Type().IsRegular() || !backupName.MatchString(e.Name()) })
	for len(entries) > keep {
		if err := os.Remove(filepath.Join(folder, entries[0].Name())); err != nil {
			return err
		}
		entries = entries[1:]
	}
	return nil
}
