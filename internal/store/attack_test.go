package store_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// TestAnotherProcessHoldsTheLock: however many wait, they wait together, are told so, and nothing of
// theirs is done later.
func TestAnotherProcessHoldsTheLock(t *testing.T) {
	file := filepath.Join(t.TempDir(), "test.db")
	w := newWorld(t, "sqlite:"+file)
	other, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetMaxOpenConns(1)
	exec := func(text string) {
		t.Helper()
		if _, err := other.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	exec(`BEGIN IMMEDIATE`)
	const writers = 30
	began := time.Now()
	outcomes := make(chan error, writers)
	for range writers {
		go func() { outcomes <- w.audit(w.ctx, "waited") }()
	}
	for range writers {
		if err := <-outcomes; fault.KindOf(err) != fault.Unavailable {
			t.Errorf("not told that it was not done: %v", err)
		}
	}
	if took := time.Since(began); took > 20*time.Second { // twice the patience of SQLite, and a slow machine
		t.Errorf("the last one waited %s", took)
	}
	if _, _, err := w.Posts(w.ctx, forum.PostQuery{Sort: forum.SortNew, Limit: 1}); err != nil {
		t.Errorf("reading waits for the writer: %v", err)
	}
	exec(`ROLLBACK`)
	if err := w.audit(w.ctx, "after"); err != nil {
		t.Error(err)
	}
	if n := w.audited("waited"); n != 0 {
		t.Errorf("%d writes were done after all", n)
	}
}

// TestTextThatNoDatabaseTakes: names of members and fandoms come out of addresses as they are.
func TestTextThatNoDatabaseTakes(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		for _, name := range []string{"a\x00b", "\xff\xfe"} {
			_, byHandle := w.MemberByHandle(w.ctx, name)
			_, bySlug := w.Fandom(w.ctx, name)
			for _, err := range []error{byHandle, bySlug} {
				if k := fault.KindOf(err); err == nil || k != fault.NotFound && k != fault.Malformed {
					t.Errorf("%q: %v", name, err)
				}
			}
		}
	})
}

// TestDatabaseIsPrivate: e-mail addresses and hashes are nobody's business on the machine.
func TestDatabaseIsPrivate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "test.db")
	newWorld(t, "sqlite:"+file)
	for _, end := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(file + end)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o", info.Name(), mode)
		}
	}
}
