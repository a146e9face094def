package app_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lightstick/internal/app"
	"lightstick/internal/media"
	"lightstick/internal/store"
)

// backedUp is a site with a picture, and a backup of it as parts of a tar.
func backedUp(t *testing.T) (app.Config, []part) {
	t.Helper()
	c := app.Config{Data: t.TempDir(), Env: app.Dev, Listen: "127.0.0.1:0", PageCache: 1 << 20}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Migrate(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	blobs, err := media.OpenDisk(filepath.Join(c.Data, "media"))
	if err != nil {
		t.Fatal(err)
	}
	defer blobs.Close()
	if err := blobs.Put(t.Context(), "aaaa.png", strings.NewReader("picture"), 7, "image/png"); err != nil {
		t.Fatal(err)
	}
	path, err := app.Backup(t.Context(), c, app.BackupOptions{Folder: t.TempDir(), Version: "v1", Now: time.Now, Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	return c, parts(t, path)
}

type part struct {
	name string
	body []byte
}

func parts(t *testing.T, path string) (list []part) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for in := tar.NewReader(f); ; {
		h, err := in.Next()
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, part{h.Name, body})
	}
}

func write(t *testing.T, list []part, kind byte) string {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, p := range list {
		h := &tar.Header{Name: p.name, Size: int64(len(p.body)), Typeflag: kind}
		if kind != tar.TypeReg {
			h.Size, h.Linkname = 0, "/etc/passwd"
			p.body = nil
		}
		_, err := w.Write(nil)
		if err = errors.Join(err, w.WriteHeader(h)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(p.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "b.tar")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func restore(t *testing.T, path string) (data string, err error) {
	t.Helper()
	c := app.Config{Data: filepath.Join(t.TempDir(), "new"), Env: app.Dev, Listen: "127.0.0.1:0", PageCache: 1 << 20}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	return c.Data, app.Restore(t.Context(), c, app.RestoreOptions{File: path, Now: time.Now, Log: io.Discard})
}

// rewrite changes the manifest of a backup, its last part.
func rewrite(t *testing.T, list []part, change func(*app.Manifest)) []part {
	t.Helper()
	var m app.Manifest
	list = slices.Clone(list)
	last := &list[len(list)-1]
	if err := json.Unmarshal(last.body, &m); err != nil {
		t.Fatal(err)
	}
	change(&m)
	var err error
	if last.body, err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestRestoreRefusesWhatIsNoBackup(t *testing.T) {
	_, whole := backedUp(t)
	if len(whole) != 3 {
		t.Fatalf("%d parts", len(whole))
	}
	newest, err := store.Newest()
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func([]part) []part) []part { return change(slices.Clone(whole)) }
	for name, c := range map[string]struct {
		list []part
		kind byte
		want string
	}{
		"link":             {whole, tar.TypeSymlink, "it has no business with"},
		"outside":          {with(func(l []part) []part { l[1].name = "media/../../../etc/evil.png"; return l }), tar.TypeReg, "it has no business with"},
		"other file":       {with(func(l []part) []part { l[1].name = ".profile"; return l }), tar.TypeReg, "it has no business with"},
		"twice":            {with(func(l []part) []part { return slices.Insert(l, 1, l[1]) }), tar.TypeReg, "it has no business with"},
		"no manifest":      {whole[:2], tar.TypeReg, "not a whole backup"},
		"nothing":          {nil, tar.TypeReg, "not a whole backup"},
		"altered picture":  {with(func(l []part) []part { l[1].body = []byte("Picture"); return l }), tar.TypeReg, "media/aaaa.png is not what it was"},
		"missing picture":  {with(func(l []part) []part { return slices.Delete(l, 1, 2) }), tar.TypeReg, "media/aaaa.png is missing"},
		"another picture":  {with(func(l []part) []part { return slices.Insert(l, 1, part{"media/bbbb.png", []byte("x")}) }), tar.TypeReg, "not those of its manifest"},
		"manifest no JSON": {with(func(l []part) []part { l[2].body = []byte("hello"); return l }), tar.TypeReg, "read the manifest"},
		"other format":     {rewrite(t, whole, func(m *app.Manifest) { m.Format = 2 }), tar.TypeReg, "format 2"},
		"newer schema":     {rewrite(t, whole, func(m *app.Manifest) { m.Database.Schema = newest + 1 }), tar.TypeReg, "restore it with that version or a newer one"},
		"fewer rows":       {rewrite(t, whole, func(m *app.Manifest) { m.Database.Counts["posts"] = 9 }), tar.TypeReg, "its database holds"},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := restore(t, write(t, c.list, c.kind))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if left, err := os.ReadDir(data); err != nil || len(left) > 0 {
				t.Errorf("it left %v: %v", left, err)
			}
		})
	}
	if data, err := restore(t, write(t, whole, tar.TypeReg)); err != nil {
		t.Error(err)
	} else if b, err := os.ReadFile(filepath.Join(data, "media", "aa", "aaaa.png")); err != nil || string(b) != "picture" {
		t.Errorf("the picture is %q: %v", b, err)
	}
}

// TestRestoreMigrates restores a backup of the oldest schema there can be: none.
func TestRestoreMigrates(t *testing.T) {
	c, _ := backedUp(t)
	s, err := store.Open(t.Context(), store.Config{URL: c.Database})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	db := s.SQLite()
	undo := []string{`PRAGMA foreign_keys = 0`, `DELETE FROM goose_db_version WHERE version_id > 0`}
	rows, err := db.QueryContext(t.Context(), `SELECT name FROM sqlite_master WHERE type = 'table' AND NOT (name LIKE 'river%' OR name LIKE 'goose%' OR name LIKE 'sqlite%' OR name LIKE 'search_index_%')`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		undo = append(undo, `DROP TABLE `+name)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
	for _, sql := range undo {
		if _, err := db.ExecContext(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	path, err := app.Backup(t.Context(), c, app.BackupOptions{Folder: t.TempDir(), Now: time.Now, Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	data, err := restore(t, path)
	if err != nil {
		t.Fatal(err)
	}
	back, err := store.Open(t.Context(), store.Config{URL: "sqlite:" + filepath.Join(data, "lightstick.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	if n, err := back.Pending(t.Context()); err != nil || n != 0 {
		t.Errorf("%d migrations wait: %v", n, err)
	}
}

// TestBackupLeavesNothingHalf gives a backup a folder that cannot hold it, and what a killed one left.
func TestBackupLeavesNothingHalf(t *testing.T) {
	c, _ := backedUp(t)
	folder := t.TempDir()
	stale := filepath.Join(folder, ".lightstick-unfinished-123")
	if err := os.Mkdir(stale, 0o700); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }
	o := app.BackupOptions{Folder: folder, Now: now, Log: io.Discard}
	path, err := app.Backup(t.Context(), c, o)
	if err != nil || filepath.Base(path) != "lightstick-20260301T120000Z.tar" {
		t.Fatalf("%s: %v", path, err)
	}
	if _, err := app.Backup(t.Context(), c, o); err == nil {
		t.Error("a backup was overwritten")
	}
	// The database is no database: nothing of a backup stays.
	if err := os.WriteFile(filepath.Join(c.Data, "broken.db"), bytes.Repeat([]byte("not a database. "), 100), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Database = "sqlite:" + filepath.Join(c.Data, "broken.db")
	if path, err := app.Backup(t.Context(), c, app.BackupOptions{Folder: folder, Now: time.Now, Log: io.Discard}); err == nil {
		t.Errorf("a backup of nothing: %s", path)
	}
	if list, err := os.ReadDir(folder); err != nil || len(list) != 1 {
		t.Errorf("the folder holds %v: %v", list, err)
	}
}

// TestRestoreSparesPictures: pictures are something, too, whatever their folder is called.
func TestRestoreSparesPictures(t *testing.T) {
	_, whole := backedUp(t)
	c := app.Config{Data: filepath.Join(t.TempDir(), "site[1] *"), Env: app.Dev, Listen: "127.0.0.1:0", PageCache: 1 << 20}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	blobs, err := media.OpenDisk(filepath.Join(c.Data, "media"))
	if err != nil {
		t.Fatal(err)
	}
	defer blobs.Close()
	if err := blobs.Put(t.Context(), "bbbb.png", strings.NewReader("mine"), 4, "image/png"); err != nil {
		t.Fatal(err)
	}
	err = app.Restore(t.Context(), c, app.RestoreOptions{File: write(t, whole, tar.TypeReg), Now: time.Now, Log: io.Discard})
	if err == nil || !strings.Contains(err.Error(), "there is a site already") {
		t.Errorf("a restore over pictures: %v", err)
	}
	if b, err := blobs.Get(t.Context(), "bbbb.png"); err != nil {
		t.Errorf("the picture is gone: %v", err)
	} else {
		b.Body.Close()
	}
}
