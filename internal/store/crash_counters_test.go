package store_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lightstick/internal/forum"
	"lightstick/internal/store"
	"lightstick/internal/testkit/pgtest"
)

// childReacts makes the child put reactions and notifications instead of comments.
const childReacts = "LIGHTSTICK_TEST_REACTS"

// reacting puts reactions, takes some of them back and notifies, from 6 writers, until it is killed
// or its database is, and tells each that was acknowledged.
func reacting(ctx context.Context, s *store.Store, post, reader forum.ID) {
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Printf(format+"\n", args...)
	}
	target := forum.Target{Kind: forum.TargetPost, ID: post}
	var wg sync.WaitGroup
	write := func(change func(ctx context.Context, tx forum.Tx) error) bool {
		ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		_, err := s.Update(ctx, func(tx forum.Tx) (any, error) { return nil, change(ctx, tx) })
		return err == nil
	}
	for i := range 6 {
		wg.Go(func() {
			for k := 1; ; k++ {
				who := forum.ID(i*1_000_000 + k)
				react := func(on bool) bool {
					return write(func(ctx context.Context, tx forum.Tx) error {
						return tx.SetReaction(ctx, target, post, who, forum.ReactionKind(k%6), on)
					})
				}
				if !react(true) {
					return
				}
				if k%4 == 0 {
					say("reacting %d", who) // from here on either is right
					if !react(false) {
						return
					}
					say("unreacted %d", who)
					continue
				}
				say("reacted %d", who)
				if k%5 == 0 {
					n := forum.Notification{MemberID: reader, Kind: forum.NotifyReply, Target: forum.Target{Kind: forum.TargetComment, ID: who}, PostID: post, At: time.Now()}
					if !write(func(ctx context.Context, tx forum.Tx) error { return tx.InsertNotification(ctx, n) }) {
						return
					}
					say("notified %d", who)
				}
			}
		})
	}
	go func() {
		for {
			if _, err := s.Flush(ctx, 20); err != nil {
				return
			}
		}
	}()
	wg.Wait()
}

// TestCountersAfterAKill: reactions and notifications that were acknowledged are there after a
// kill -9, and what is counted is what is there.
func TestCountersAfterAKill(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		w := newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "crash.db"))
		p := w.post("live", "")
		w.Close()
		said := crashReacting(t, w, p.ID, func(child *os.Process) { child.Kill() })
		w.Store = open(t, w.url, time.Now)
		verifyCounters(t, w, p.ID, said)
	})
	t.Run("postgres", func(t *testing.T) {
		cluster := pgtest.NewCluster(t)
		w := newWorld(t, cluster.URL("postgres"))
		p := w.post("live", "")
		w.Close()
		said := crashReacting(t, w, p.ID, func(*os.Process) { cluster.Stop() })
		if err := cluster.Start(); err != nil {
			t.Fatal(err)
		}
		w.Store = open(t, w.url, time.Now)
		t.Cleanup(w.Close)
		verifyCounters(t, w, p.ID, said)
	})
}

// crashReacting runs the child until it has had enough acknowledged, calls kill, and returns the
// last word about each.
func crashReacting(t *testing.T, w *world, post forum.ID, kill func(child *os.Process)) map[string]map[string]bool {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childReacts+"=1", childURL+"="+w.url, fmt.Sprintf("%s=%d %d", childPost, post, w.ben.ID))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said, n := map[string]map[string]bool{}, 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		word, who, _ := strings.Cut(lines.Text(), " ")
		if said[word] == nil {
			said[word] = map[string]bool{}
		}
		said[word][who] = true
		if n++; n == 500 {
			kill(cmd.Process)
		}
	}
	cmd.Wait()
	if len(said["reacted"]) < 100 || len(said["unreacted"]) < 20 || len(said["notified"]) < 20 {
		t.Fatalf("only %d reactions, %d taken back, %d notifications were acknowledged", len(said["reacted"]), len(said["unreacted"]), len(said["notified"]))
	}
	return said
}

func verifyCounters(t *testing.T, w *world, post forum.ID, said map[string]map[string]bool) {
	t.Helper()
	for who := range said["reacted"] {
		if n := w.number(`SELECT count(*) FROM reactions WHERE member_id = ` + who); n != 1 {
			t.Errorf("an acknowledged reaction is there %d times", n)
		}
	}
	for who := range said["unreacted"] {
		if n := w.number(`SELECT count(*) FROM reactions WHERE member_id = ` + who); n != 0 {
			t.Error("a reaction that was taken back is there")
		}
	}
	for who := range said["notified"] {
		if n := w.number(`SELECT count(*) FROM notifications WHERE target_id = ` + who); n != 1 {
			t.Errorf("an acknowledged notification is there %d times", n)
		}
	}
	w.flush()
	counted := must[forum.Post](t)(w.Post(w.ctx, post)).Reactions
	if err := w.Reconcile(w.ctx); err != nil {
		t.Fatal(err)
	}
	if after := must[forum.Post](t)(w.Post(w.ctx, post)).Reactions; after != counted {
		t.Errorf("counted %v, and %v after being reconciled", counted, after)
	}
	for kind, n := range counted {
		if truth := w.number(fmt.Sprint(`SELECT count(*) FROM reactions WHERE kind = `, kind)); n != truth {
			t.Errorf("kind %d: counted %d, there are %d", kind, n, truth)
		}
	}
	unread := must[int](t)(w.UnreadCount(w.ctx, w.ben.ID))
	if truth := min(100, w.number(`SELECT count(*) FROM notifications`)); unread != truth {
		t.Errorf("%d unread, there are %d", unread, truth)
	}
}
