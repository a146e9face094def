package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"lightstick/internal/media"
	"lightstick/internal/store"
)

// RestoreOptions say how a backup is brought back.
type RestoreOptions struct {
	File  string
	Force bool // in place of a site that is not empty
	Now   func() time.Time
	Log   io.Writer // hears how it goes
}

var errSiteNotEmpty = errors.New("there is a site already: choose another --data or --database, or give --force to put the backup in its place")

// Restore puts a backup in place of an empty site, after it has looked at every byte of it. With Force it
// takes the place of a site, of which the embedded database and the pictures stay beside it, under names
// that end in .before-<time>.
func Restore(ctx context.Context, c Config, o RestoreOptions) error {
	f, err := os.Open(o.File)
	if err != nil {
		return err
	}
	defer f.Close()
	r := &restorer{c: c, o: o, stage: filepath.Join(c.Data, unfinished+"restore"), aside: ".before-" + o.Now().UTC().Format("20060102T150405Z")}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return err
	}
	release, err := alone(c.Data)
	if err != nil {
		return err
	}
	defer release()
	if err := r.mayBegin(ctx); err != nil {
		return err
	}
	r.cleanUp() // of a restore that was killed
	defer r.cleanUp()
	m, err := r.unpack(ctx, f)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Log, "The backup of %s by version %s is whole: %d posts, %d comments, %d members, %d pictures.\n", m.CreatedAt.Format(time.RFC3339), m.Version,
		m.Database.Counts["posts"], m.Database.Counts["comments"], m.Database.Counts["members"], len(m.Files)-1)
	if err := r.check(m); err != nil {
		return err
	}
	if c.Embedded() {
		err = r.placeSQLite(ctx, m)
	} else {
		err = r.placePostgres(ctx)
	}
	if err != nil {
		return err
	}
	return r.placeMedia(ctx, m)
}

type restorer struct {
	c     Config
	o     RestoreOptions
	stage string // folder for what is not in place yet, on the file system of the data
	aside string // end of the names of what was there
}

// mayBegin refuses a site with something in it.
func (r *restorer) mayBegin(ctx context.Context) error {
	if r.o.Force {
		if r.c.Embedded() && mustExist(r.c) == nil {
			return store.QuiesceSQLite(ctx, sqliteFile(r.c))
		}
		return nil
	}
	if r.c.S3Endpoint == "" {
		if there, err := inFolder(r.c.Data, "media/??/*"); err != nil || len(there) > 0 {
			return errors.Join(errSiteNotEmpty, err)
		}
	}
	if mustExist(r.c) != nil {
		return nil
	}
	s, err := store.Open(ctx, store.Config{URL: r.c.Database})
	if err != nil {
		return err
	}
	defer s.Close()
	if empty, err := s.Empty(ctx); err != nil || !empty {
		return errors.Join(errSiteNotEmpty, err)
	}
	return nil
}

func (r *restorer) stagedDatabase() string {
	if r.c.Embedded() { // on the file system where it is to stay
		return filepath.Join(filepath.Dir(sqliteFile(r.c)), unfinished+"database")
	}
	return filepath.Join(r.stage, "database")
}

func (r *restorer) cleanUp() {
	os.RemoveAll(r.stage)
	for _, end := range []string{"", "-wal", "-shm", ".migrate"} {
		os.Remove(r.stagedDatabase() + end)
	}
}

func (r *restorer) unpack(ctx context.Context, from io.Reader) (Manifest, error) {
	for _, dir := range []string{r.stage, filepath.Dir(r.stagedDatabase())} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return Manifest{}, err
		}
	}
	blobs, err := media.OpenDisk(filepath.Join(r.stage, "media"))
	if err != nil {
		return Manifest{}, err
	}
	defer blobs.Close()
	tell, done := teller(r.o.Log), 0
	return unpack(ctx, from, func(name string, size int64, body io.Reader) error {
		if name == databaseName("sqlite") || name == databaseName("postgres") {
			return writeWhole(r.stagedDatabase(), func(to io.Writer) error {
				_, err := io.Copy(to, body)
				return err
			})
		}
		done++
		tell("pictures", done, done)
		return blobs.Put(ctx, name[len(mediaPrefix):], body, size, media.ContentTypeOf(name))
	})
}

// check compares the backup with what this version and configuration can take.
func (r *restorer) check(m Manifest) error {
	newest, err := store.Newest()
	if err != nil {
		return err
	}
	if m.Database.Schema > newest {
		return fmt.Errorf("the backup is of version %s, with schema %d: this version knows only %d, restore it with that version or a newer one", m.Version, m.Database.Schema, newest)
	}
	if r.c.Embedded() != (m.Database.Engine == "sqlite") {
		return fmt.Errorf("the backup is of %s and --database is the other engine: restore it there, then move with 'lightstick export' and 'import'", m.Database.Engine)
	}
	return nil
}

func (r *restorer) placeSQLite(ctx context.Context, m Manifest) error {
	staged, file := r.stagedDatabase(), sqliteFile(r.c)
	found, err := store.CheckSQLite(ctx, staged, true)
	if err != nil {
		return err
	}
	if !found.Matches(m.Database) {
		return fmt.Errorf("the backup is damaged: its database holds %v instead of %v", found, m.Database)
	}
	if err := migrateCopy(ctx, "sqlite:"+staged); err != nil {
		return err
	}
	if err := store.QuiesceSQLite(ctx, staged); err != nil {
		return err
	}
	if _, err := os.Stat(file); err == nil {
		if err := store.QuiesceSQLite(ctx, file); err != nil {
			return err
		}
		fmt.Fprintf(r.o.Log, "The database that was there is now %s.\n", file+r.aside)
	}
	// A log that lies beside a database is taken for its own.
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(file+end, file+r.aside+end); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := os.Rename(staged, file); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(file))
}

func migrateCopy(ctx context.Context, url string) error {
	s, err := store.Open(ctx, store.Config{URL: url})
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Migrate(ctx)
}

func (r *restorer) placePostgres(ctx context.Context) error {
	s, err := store.Open(ctx, store.Config{URL: r.c.Database})
	if err != nil {
		return err
	}
	if err := s.RestorePostgres(ctx, r.stagedDatabase()); err != nil {
		return err
	}
	return migrateCopy(ctx, r.c.Database)
}

// placeMedia gives the pictures their place.
func (r *restorer) placeMedia(ctx context.Context, m Manifest) error {
	staged, folder := filepath.Join(r.stage, "media"), filepath.Join(r.c.Data, "media")
	switch {
	case m.MediaAt != "":
		fmt.Fprintf(r.o.Log, "The pictures are not in the backup: they were in %s.\n", m.MediaAt)
		return nil
	case r.c.S3Endpoint != "":
		return r.upload(ctx, staged)
	}
	if _, err := os.Stat(folder); err == nil && !r.o.Force {
		if err := os.RemoveAll(folder); err != nil { // there is no picture in it, see mayBegin
			return err
		}
	} else if err == nil {
		if err := os.Rename(folder, folder+r.aside); err != nil {
			return err
		}
		fmt.Fprintf(r.o.Log, "The pictures that were there are now in %s.\n", folder+r.aside)
	}
	if err := os.Rename(staged, folder); err != nil {
		return err
	}
	return syncFolder(r.c.Data)
}

// upload brings the pictures to S3, where they have the same names.
func (r *restorer) upload(ctx context.Context, folder string) error {
	from, err := media.OpenDisk(folder)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := openBlobs(r.c)
	if err != nil {
		return err
	}
	return from.List(ctx, func(key string, _ time.Time) error {
		b, err := from.Get(ctx, key)
		if err != nil {
			return err
		}
		defer b.Body.Close()
		return to.Put(ctx, key, b.Body, b.Size, b.ContentType)
	})
}
