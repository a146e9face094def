package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/store"
	"lightstick/internal/testkit/pgtest"
)

const (
	childURL  = "LIGHTSTICK_TEST_STORE"
	childPost = "LIGHTSTICK_TEST_POST"
)

// TestMain is also the program that the crash tests kill.
func TestMain(m *testing.M) {
	if url := os.Getenv(childURL); url != "" {
		child(url)
		return
	}
	os.Exit(m.Run())
}

// child writes comments from 8 writers until it is killed or its database is, and tells each one
// begun and each one acknowledged.
func child(url string) {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Config{URL: url})
	if err != nil {
		fmt.Println("failed", err)
		return
	}
	var post, author int64
	fmt.Sscan(os.Getenv(childPost), &post, &author)
	if os.Getenv(childReacts) != "" {
		reacting(ctx, s, forum.ID(post), forum.ID(author))
		return
	}
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Printf(format+"\n", args...)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for k := 0; ; k++ {
				key := fmt.Sprintf("key-%d-%d", i, k)
				say("begun %s", key)
				c, err := crashComment(ctx, s, forum.ID(post), forum.ID(author), key)
				if err != nil {
					say("stopped %v", err)
					return
				}
				say("acknowledged %s %d", key, c)
			}
		})
	}
	go func() {
		for {
			if _, err := s.Flush(ctx, 50); err != nil {
				return
			}
		}
	}()
	wg.Wait()
}

func crashComment(ctx context.Context, s *store.Store, post, author forum.ID, key string) (forum.ID, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	c := forum.Comment{PostID: post, Author: forum.MemberRef{ID: author}, Text: key, Lang: "en", CreatedAt: time.Now()}
	ctx = forum.WithOnce(ctx, once(author, key, key))
	_, err := s.Add(ctx, func(tx forum.Tx) (any, error) { return c.ID, tx.InsertComment(ctx, &c) })
	return c.ID, err
}

// crash runs the child until it has had enough acknowledged, calls kill, and returns what it said.
func crash(t *testing.T, w *world, post forum.ID, kill func(child *os.Process)) (begun []string, acknowledged map[string]string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childURL+"="+w.url, fmt.Sprintf("%s=%d %d", childPost, post, w.ben.ID))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged = map[string]string{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		switch words[0] {
		case "begun":
			begun = append(begun, words[1])
		case "acknowledged":
			acknowledged[words[1]] = words[2]
			if len(acknowledged) == 300 {
				kill(cmd.Process)
			}
		case "failed":
			t.Fatal(lines.Text())
		}
	}
	cmd.Wait()
	if len(acknowledged) < 300 {
		t.Fatalf("only %d acknowledged", len(acknowledged))
	}
	return begun, acknowledged
}

func TestKilledWhileWriting(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		w := newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "crash.db"))
		p := w.post("live", "")
		w.Close()
		begun, acknowledged := crash(t, w, p.ID, func(child *os.Process) { child.Kill() })
		w.Store = open(t, w.url, time.Now)
		var verdict string
		if err := w.SQLite().QueryRowContext(w.ctx, `PRAGMA integrity_check`).Scan(&verdict); err != nil || verdict != "ok" {
			t.Errorf("integrity: %s %v", verdict, err)
		}
		verifyCrash(t, w, p.ID, begun, acknowledged)
	})
	t.Run("postgres", func(t *testing.T) {
		cluster := pgtest.NewCluster(t)
		w := newWorld(t, cluster.URL("postgres"))
		p := w.post("live", "")
		w.Close()
		begun, acknowledged := crash(t, w, p.ID, func(child *os.Process) { cluster.Stop() })
		if err := cluster.Start(); err != nil {
			t.Fatal(err)
		}
		w.Store = open(t, w.url, time.Now)
		t.Cleanup(w.Close)
		verifyCrash(t, w, p.ID, begun, acknowledged)
	})
}

// verifyCrash checks that what was acknowledged is there, and that sending everything again doubles nothing.
func verifyCrash(t *testing.T, w *world, post forum.ID, begun []string, acknowledged map[string]string) {
	t.Helper()
	for key, c := range acknowledged {
		var n forum.ID
		fmt.Sscan(c, &n)
		got, err := w.Comment(w.ctx, n)
		if err != nil || got.Text != key {
			t.Errorf("%s was acknowledged as comment %s: %q %v", key, c, got.Text, err)
		}
	}
	for _, key := range begun {
		_, err := crashComment(w.ctx, w.Store, post, w.ben.ID, key)
		if _, replayed := errors.AsType[*forum.Replay](err); err != nil && !replayed {
			t.Fatal(err)
		} else if _, was := acknowledged[key]; was && !replayed {
			t.Errorf("%s was written twice", key)
		}
	}
	if n := w.number(`SELECT count(*) FROM comments`); n != len(begun) {
		t.Errorf("%d comments, want %d", n, len(begun))
	}
	w.flush()
	if p := must[forum.Post](t)(w.Post(w.ctx, post)); p.Comments != len(begun) {
		t.Errorf("%d comments counted, want %d", p.Comments, len(begun))
	}
	if n := w.number(`SELECT count(*) FROM search_docs WHERE kind = 'comment'`); n != len(begun) {
		t.Errorf("%d comments in the index, want %d", n, len(begun))
	}
}

// fillUp writes until the disk is full, from 4 writers, and checks that what was acknowledged stays
// and that the rest was refused in clear words.
func fillUp(t *testing.T, w *world, post forum.ID) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	stored := 0
	text := strings.Repeat("filling ", 600)
	for range 4 {
		wg.Go(func() {
			for refused := 0; refused < 3; {
				c := forum.Comment{PostID: post, Author: ref(w.ben), Body: text, Lang: "en", CreatedAt: w.clock.now()}
				_, err := w.Update(w.ctx, func(tx forum.Tx) (any, error) { return nil, tx.InsertComment(w.ctx, &c) })
				switch {
				case err == nil:
					mu.Lock()
					stored++
					mu.Unlock()
				case fault.Is(err, "disk_full") || fault.Is(err, "storage"):
					refused++
				default:
					t.Errorf("not a clear word: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	if stored == 0 {
		t.Error("nothing fitted")
	}
	if n := w.number(`SELECT count(*) FROM comments`); n != stored {
		t.Errorf("%d comments, %d acknowledged", n, stored)
	}
	if list, _, err := w.Tree(w.ctx, post, "", 10); err != nil || len(list) != 10 {
		t.Errorf("reading with a full disk: %d, %v", len(list), err)
	}
}

func TestFullDisk(t *testing.T) {
	t.Run("limit of the file", func(t *testing.T) {
		w := newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "full.db"))
		p := w.post("live", "")
		w.exec(`PRAGMA max_page_count = 400`)
		fillUp(t, w, p.ID)
		w.exec(`PRAGMA max_page_count = 100000`)
		w.comment(p.ID, 0, "space again")
	})
	t.Run("file system", func(t *testing.T) {
		dir, more := smallDisk(t)
		w := newWorld(t, "sqlite:"+filepath.Join(dir, "full.db"))
		p := w.post("live", "")
		fillUp(t, w, p.ID)
		more()
		w.comment(p.ID, 0, "space again")
		w.flush()
		w.Close()
		w.Store = open(t, w.url, w.clock.now)
		var verdict string
		if err := w.SQLite().QueryRowContext(w.ctx, `PRAGMA integrity_check`).Scan(&verdict); err != nil || verdict != "ok" {
			t.Errorf("integrity: %s %v", verdict, err)
		}
	})
}
