package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lightstick/internal/forum"
	"lightstick/internal/identity"
	"lightstick/internal/store"
	"lightstick/internal/testkit/pgtest"
)

// command runs a command in this process and returns what it said.
func command(t testing.TB, args ...string) (stdout, stderr string, exit int) {
	t.Helper()
	var out, err bytes.Buffer
	exit = run(t.Context(), args, &out, &err)
	return out.String(), err.String(), exit
}

func mustRun(t testing.TB, args ...string) string {
	t.Helper()
	out, err, exit := command(t, args...)
	if exit != 0 {
		t.Fatalf("lightstick %v: %s%s", args, out, err)
	}
	return strings.TrimSpace(out)
}

// content is what an export holds but for its time.
func content(t testing.TB, args ...string) string {
	t.Helper()
	_, rows, _ := strings.Cut(mustRun(t, append([]string{"export", "-", "--with-secrets"}, args...)...), "\n")
	return rows
}

func TestBackupPostgres(t *testing.T) {
	dir := t.TempDir()
	from, to := pgtest.Database(t), pgtest.Empty(t)
	newWriters(t, from, 200).store.Close()
	want := content(t, "--data", dir+"/from", "--database", from)
	backup := mustRun(t, "backup", "--data", dir+"/from", "--database", from, dir+"/backups")

	// The other engine does not take it, and says what does.
	if _, said, exit := command(t, "restore", "--data", dir+"/lite", backup); exit != 1 || !strings.Contains(said, "'lightstick export' and 'import'") {
		t.Errorf("restored into the other engine: %s", said)
	}
	mustRun(t, "restore", "--data", dir+"/to", "--database", to, backup)
	if got := content(t, "--data", dir+"/to", "--database", to); got != want {
		t.Error("what was restored differs")
	}
	// Nor does a site that is not empty, unless told to.
	if _, said, exit := command(t, "restore", "--data", dir+"/to", "--database", to, backup); exit != 1 || !strings.Contains(said, "--force") {
		t.Errorf("restored over a site: %s", said)
	}
	s, err := store.Open(t.Context(), store.Config{URL: to})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, said, exit := command(t, "restore", "--force", "--data", dir+"/to", "--database", to, backup); exit != 1 || !strings.Contains(said, "the site is running") {
		t.Errorf("restored under a running site: %s", said)
	}
	s.Close()
	mustRun(t, "restore", "--force", "--data", dir+"/to", "--database", to, backup)
	if got := content(t, "--data", dir+"/to", "--database", to); got != want {
		t.Error("what was restored by force differs")
	}

	// From one engine to the other and back through the commands.
	mustRun(t, "export", "--data", dir+"/to", "--database", to, "--with-secrets", dir+"/all.ndjson")
	mustRun(t, "import", "--data", dir+"/lite", dir+"/all.ndjson")
	if got := content(t, "--data", dir+"/lite"); got != want {
		t.Error("what was moved differs")
	}
}

// writers is a site of its own, with writers that note how long each of their comments took.
type writers struct {
	store *store.Store
	post  forum.ID
	ann   forum.Member

	mu   sync.Mutex
	took []time.Duration
	done int
}

func newWriters(t testing.TB, url string, comments int) *writers {
	w := &writers{}
	s, err := store.Open(t.Context(), store.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	w.store = s
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	w.ann = forum.Member{Handle: "ann", Name: "ann", CreatedAt: time.Now()}
	if _, err := s.UpdateIdentity(ctx, func(tx identity.Tx) (any, error) { return nil, tx.InsertMember(ctx, &w.ann, "", "x") }); err != nil {
		t.Fatal(err)
	}
	err = s.Load(ctx, func(b *store.Bulk) error {
		f := forum.Fandom{Slug: "aurora", Name: "Aurora", CreatedAt: time.Now()}
		if err := b.Fandom(&f); err != nil {
			return err
		}
		board := forum.Board{FandomID: f.ID, Slug: "free", Name: "free", CreatedAt: time.Now()}
		if err := b.Board(&board); err != nil {
			return err
		}
		p := forum.Post{Board: forum.BoardRef{ID: board.ID, FandomID: f.ID}, Author: forum.MemberRef{ID: w.ann.ID}, Title: "t", CreatedAt: time.Now()}
		if err := b.Post(&p); err != nil {
			return err
		}
		w.post = p.ID
		for i := range comments {
			text := fmt.Sprintf("오늘 무대 진짜 최고였어요 %d this encore stage was so good, I cried twice watching it", i)
			c := forum.Comment{PostID: p.ID, FandomID: f.ID, Author: p.Author, Body: text, HTML: "<p>" + text + "</p>", Text: text, Lang: "ko", CreatedAt: time.Now()}
			if err := b.Comment(&c, board.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// write runs eight writers while during runs.
func (w *writers) write(t testing.TB, during func()) []time.Duration {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var all sync.WaitGroup
	w.took = nil
	for range 8 {
		all.Go(func() {
			for ctx.Err() == nil {
				c := forum.Comment{PostID: w.post, Author: forum.MemberRef{ID: w.ann.ID}, Body: "new", HTML: "new", Text: "new", Lang: "en", CreatedAt: time.Now()}
				began := time.Now()
				if _, err := w.store.Update(t.Context(), func(tx forum.Tx) (any, error) { return nil, tx.InsertComment(t.Context(), &c) }); err != nil {
					t.Error(err)
					return
				}
				w.mu.Lock()
				w.took = append(w.took, time.Since(began))
				w.done++
				w.mu.Unlock()
			}
		})
	}
	during()
	stop()
	all.Wait()
	slices.Sort(w.took)
	return w.took
}

func (w *writers) acknowledged() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.done
}

// backupProcess runs the command in a process of its own, as an operator does beside a running site.
func backupProcess(t testing.TB, data, to string) string {
	t.Helper()
	self := filepath.Join(t.TempDir(), "lightstick")
	if err := os.Symlink(os.Args[0], self); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "backup", "--data", data, to)
	cmd.Stderr = io.Discard
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// longestWait is what a writer may wait for a backup at most, on a busy machine.
const longestWait = 3 * time.Second

func TestBackupWhileWriting(t *testing.T) {
	const before = 2000
	data := t.TempDir()
	w := newWriters(t, "sqlite:"+filepath.Join(data, "lightstick.db"), before)
	var backup string
	var first, last int
	took := w.write(t, func() {
		first = w.acknowledged()
		backup = backupProcess(t, data, t.TempDir())
		last = w.acknowledged()
	})
	if longest := took[len(took)-1]; longest > longestWait {
		t.Errorf("a writer waited %v", longest)
	}
	back := t.TempDir()
	mustRun(t, "restore", "--data", back, backup)
	s, err := store.Open(t.Context(), store.Config{URL: "sqlite:" + filepath.Join(back, "lightstick.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for {
		n, err := s.Flush(t.Context(), 2000)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	// What was acknowledged before the backup began is in it, and nothing that came after it ended.
	p, err := s.Post(t.Context(), w.post)
	if err != nil || p.Comments < before+first || p.Comments > before+last+8 || last == first {
		t.Errorf("%d comments, of %d to %d: %v", p.Comments, before+first, before+last, err)
	}
}

// BenchmarkBackupUnderWriters tells how long eight writers wait with and without a backup beside them.
func BenchmarkBackupUnderWriters(b *testing.B) {
	data := b.TempDir()
	w := newWriters(b, "sqlite:"+filepath.Join(data, "lightstick.db"), 200_000)
	for b.Loop() {
		report := func(name string, took []time.Duration, of time.Duration) {
			b.ReportMetric(float64(len(took))/of.Seconds(), name+"-writes/s")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, name+"-p99-ms")
			b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, name+"-max-ms")
		}
		began := time.Now()
		report("alone", w.write(b, func() { <-time.After(5 * time.Second) }), time.Since(began))
		began = time.Now()
		report("backup", w.write(b, func() { backupProcess(b, data, b.TempDir()) }), time.Since(began))
		b.ReportMetric(time.Since(began).Seconds(), "backup-s")
	}
}
