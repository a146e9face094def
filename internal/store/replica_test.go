package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
	"lightstick/internal/jobs"
	"lightstick/internal/store"
	"lightstick/internal/testkit/pgtest"
)

// within is the patience of tests with what must become so.
const within = 20 * time.Second

func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for end := time.Now().Add(within); !so(); <-again.C {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", within, what)
		}
	}
}

// reader is the context of a reader who has seen the write of a token.
func reader(ctx context.Context, token string) (context.Context, *forum.Reading) {
	r := &forum.Reading{Seen: token}
	return forum.WithReading(ctx, r), r
}

// reached waits until a replica has everything that is on the primary now.
func (w *world) reached(r *pgtest.Cluster) {
	w.t.Helper()
	var at string
	if err := w.Postgres().QueryRow(w.ctx, `SELECT pg_current_wal_insert_lsn()::text`).Scan(&at); err != nil {
		w.t.Fatal(err)
	}
	conn, err := pgx.Connect(w.ctx, r.URL("postgres"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close(w.ctx)
	eventually(w.t.(*testing.T), "the replica has replayed", func() (done bool) {
		return conn.QueryRow(w.ctx, `SELECT pg_last_wal_replay_lsn() >= $1::text::pg_lsn`, at).Scan(&done) == nil && done
	})
}

// write inserts a comment as a request would and returns the token that its client gets.
func (w *world) write(ctx context.Context, s *store.Store, post forum.ID) (forum.ID, string, error) {
	how := &forum.Reading{Fresh: true}
	c := forum.Comment{PostID: post, Author: ref(w.ben), Body: "x", HTML: "x", Text: "x", Lang: "en", CreatedAt: w.clock.now()}
	_, err := s.Add(forum.WithReading(ctx, how), func(tx forum.Tx) (any, error) { return nil, tx.InsertComment(ctx, &c) })
	return c.ID, how.Token(), err
}

func TestReplicas(t *testing.T) {
	primary := pgtest.NewCluster(t)
	w := newWorld(t, primary.URL("postgres"))
	w.Close()
	quick, late := primary.Replica(t, 0), primary.Replica(t, 2*time.Second)
	all := pgtest.URLs("postgres", primary, quick, late)
	post := w.on(t, store.Config{URL: all}).post("live", "")

	t.Run("authors see their writes, others read replicas", func(t *testing.T) {
		w.on(t, store.Config{URL: all}).authors(t, post.ID, func(token string) bool { return !strings.HasPrefix(token, "w-") })
	})
	t.Run("behind a pooler", func(t *testing.T) {
		w.on(t, store.Config{URL: primary.URL("postgres"), ReadURL: pgtest.URLs("postgres", quick, late)}).
			authors(t, post.ID, func(token string) bool { return strings.HasPrefix(token, "w-") })
	})
	t.Run("a replica that lags too much is left alone", func(t *testing.T) {
		w := w.on(t, store.Config{URL: pgtest.URLs("postgres", primary, late), MaxLag: time.Second})
		_, _, err := w.write(w.ctx, w.Store, post.ID)
		must[any](t)(nil, err)
		eventually(t, "readers leave the replica", func() bool {
			w.write(w.ctx, w.Store, post.ID)
			ctx, how := reader(w.ctx, "")
			_, err := w.Post(ctx, post.ID)
			return err == nil && how.Place() == nil
		})
	})
	t.Run("a role without rights", func(t *testing.T) {
		if _, err := w.on(t, store.Config{URL: all}).Postgres().Exec(t.Context(), `CREATE ROLE plain LOGIN; GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO plain; GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO plain`); err != nil {
			t.Fatal(err)
		}
		w.reached(late)
		w.on(t, store.Config{URL: strings.Replace(all, "postgres@", "plain@", 1)}).
			authors(t, post.ID, func(token string) bool { return strings.HasPrefix(token, "1-") })
	})
	t.Run("what a replica has not got yet", func(t *testing.T) { w.notYet(t, all, late, post.ID) })
	t.Run("what a replica has not got yet, without a primary", func(t *testing.T) { w.notYetAlone(t, primary, quick, post.ID) })
	t.Run("access given and taken", func(t *testing.T) { w.on(t, store.Config{URL: all}).access(t) })
	t.Run("aurora", func(t *testing.T) {
		if _, err := w.on(t, store.Config{URL: all}).Postgres().Exec(t.Context(), `CREATE FUNCTION aurora_version() RETURNS text LANGUAGE sql AS 'SELECT ''15.4'''`); err != nil {
			t.Fatal(err)
		}
		w.reached(late)
		w.on(t, store.Config{URL: all}).authors(t, post.ID, func(token string) bool { return strings.HasPrefix(token, "w-") })
	})
}

// on is the same world through another store.
func (w *world) on(t *testing.T, c store.Config) *world {
	t.Helper()
	c.Now = w.clock.now
	s, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	eventually(t, "every server is known", func() bool { st := s.Status(); return st.Writable && st.Down == 0 && st.Replicas > 0 })
	w.Store, w.t, w.ctx = s, t, t.Context()
	return w
}

// authors lets some write and look at once, while others look as well.
func (w *world) authors(t *testing.T, post forum.ID, right func(token string) bool) {
	t.Helper()
	var stale, behind, replicas, checks atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				id, token, err := w.write(w.ctx, w.Store, post)
				if err != nil || !right(token) {
					t.Errorf("token %q, error %v", token, err)
					return
				}
				checks.Add(1)
				ctx, _ := reader(w.ctx, token)
				if _, err := w.Comment(ctx, id); err != nil {
					stale.Add(1)
				}
				ctx, how := reader(w.ctx, "")
				if list, _, err := w.Tail(ctx, post, id-1, 1); err != nil || len(list) == 0 {
					behind.Add(1)
				}
				if how.Place() != nil {
					replicas.Add(1)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d checks: authors %d stale; others %d from replicas, %d of them behind", checks.Load(), stale.Load(), replicas.Load(), behind.Load())
	if stale.Load() > 0 || checks.Load() < 400 {
		t.Errorf("authors read %d of %d of their writes from the past", stale.Load(), checks.Load())
	}
	if replicas.Load() < checks.Load()*9/10 || behind.Load() == 0 {
		t.Errorf("others: %d of %d from replicas, %d behind: this proves nothing", replicas.Load(), checks.Load(), behind.Load())
	}
}

// notYet checks that a stranger finds what was just made, and that asking for what never was costs the primary next to nothing.
func (w *world) notYet(t *testing.T, all string, late *pgtest.Cluster, post forum.ID) {
	metrics := prometheus.NewRegistry()
	w = w.on(t, store.Config{URL: all, Metrics: metrics})
	asked := func() float64 { return counted(t, metrics, "lightstick_db_missing_asked_again_total") }
	for range 30 {
		id, _, err := w.write(w.ctx, w.Store, post)
		must[any](t)(nil, err)
		ctx, how := reader(w.ctx, "")
		if _, err := w.Comment(ctx, id); err != nil {
			t.Fatalf("a comment that is there, asked of %v: %v", how.Place(), err)
		}
	}
	if asked() == 0 {
		t.Error("no replica was behind: this proves nothing")
	}
	if _, err := w.Postgres().Exec(w.ctx, `SELECT setval(pg_get_serial_sequence('comments', 'id'), 50000)`); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.write(w.ctx, w.Store, post)
	must[any](t)(nil, err)
	w.reached(late)
	for from, most := range map[forum.ID]float64{20_000: 0, 1 << 40: 0, 60_000: 100} {
		before, began := asked(), time.Now()
		for n := range forum.ID(1000) {
			ctx, _ := reader(w.ctx, "")
			if _, err := w.Comment(ctx, from+n); fault.KindOf(err) != fault.NotFound {
				t.Fatalf("comment %d: %v", from+n, err)
			}
		}
		most += most * time.Since(began).Seconds()
		if got := asked() - before; got > most {
			t.Errorf("ids from %d: the primary was asked %v times, want at most %v", from, got, most)
		}
	}
}

// notYetAlone is the same while the primary is gone: then the newest replica knows most.
func (w *world) notYetAlone(t *testing.T, primary, quick *pgtest.Cluster, post forum.ID) {
	late := primary.Replica(t, 20*time.Second)
	metrics := prometheus.NewRegistry()
	w = w.on(t, store.Config{URL: pgtest.URLs("postgres", primary, quick, late), MaxLag: time.Minute, Metrics: metrics})
	id, _, err := w.write(w.ctx, w.Store, post)
	must[any](t)(nil, err)
	w.reached(quick)
	primary.Stop()
	defer func() { must[any](t)(nil, primary.Start()) }()
	eventually(t, "the primary's loss is seen", func() bool { return !w.Status().Writable })
	for range 40 {
		ctx, how := reader(w.ctx, "")
		if _, err := w.Comment(ctx, id); err != nil {
			t.Fatalf("a comment that is there, asked of %v: %v", how.Place(), err)
		}
	}
	if counted(t, metrics, "lightstick_db_missing_asked_again_total") == 0 {
		t.Error("the late replica was not asked: this proves nothing")
	}
}

// counted is a counter of a registry.
func counted(t *testing.T, from prometheus.Gatherer, name string) float64 {
	t.Helper()
	families, err := from.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

// access checks that sessions made and ended count at once, whatever replicas have heard.
func (w *world) access(t *testing.T) {
	for n := range 20 {
		hash := identity.Hash{byte(n), 7}
		one := identity.Session{MemberID: w.ann.ID, CreatedAt: w.clock.now(), ExpiresAt: w.clock.now().Add(time.Hour)}
		change := func(f func(tx identity.Tx) error) {
			_, err := w.UpdateIdentity(w.ctx, func(tx identity.Tx) (any, error) { return nil, f(tx) })
			must[any](t)(nil, err)
		}
		change(func(tx identity.Tx) error { return tx.InsertSession(w.ctx, &one, hash) })
		ctx, _ := reader(w.ctx, "")
		if _, err := w.SessionByHash(ctx, hash); err != nil {
			t.Fatalf("a fresh session: %v", err)
		}
		if _, err := w.Member(ctx, w.ann.ID); err != nil {
			t.Fatal(err)
		}
		change(func(tx identity.Tx) error { return tx.DeleteSession(w.ctx, w.ann.ID, one.ID) })
		ctx, _ = reader(w.ctx, "")
		if _, err := w.SessionByHash(ctx, hash); fault.KindOf(err) != fault.NotFound {
			t.Fatalf("an ended session: %v", err)
		}
	}
}

// readers read all the time and count; the function that is returned ends them and gives the worst wait.
func (w *world) readers(t *testing.T, post forum.ID) (stop func() (worst time.Duration)) {
	ctx, cancel := context.WithCancel(w.ctx)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var worst time.Duration
	var reads int
	for range 8 {
		wg.Go(func() {
			for ctx.Err() == nil {
				began := time.Now()
				as, _ := reader(context.WithoutCancel(ctx), "")
				_, err := w.Post(as, post)
				took := time.Since(began)
				mu.Lock()
				reads, worst = reads+1, max(worst, took)
				mu.Unlock()
				if err != nil {
					t.Errorf("a read failed after %s: %v", took, err)
				}
				sleep(ctx, time.Millisecond)
			}
		})
	}
	return func() time.Duration {
		cancel()
		wg.Wait()
		t.Logf("%d reads, the slowest %s", reads, worst)
		return worst
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

type ping struct{ N int }

func (ping) Kind() string { return "ping" }

func TestFailover(t *testing.T) {
	primary := pgtest.NewCluster(t)
	newWorld(t, primary.URL("postgres")).Close()
	heir := primary.Replica(t, 0)
	w := (&world{t: t, ctx: t.Context(), clock: newClock()}).on(t, store.Config{URL: pgtest.URLs("postgres", primary, heir)})
	w.ann, w.ben = must[forum.Member](t)(w.MemberByHandle(w.ctx, "ann")), must[forum.Member](t)(w.MemberByHandle(w.ctx, "ben"))
	w.fandom = must[forum.Fandom](t)(w.Fandom(w.ctx, "aurora"))
	w.board = must[forum.Board](t)(w.Board(w.ctx, "aurora", "free"))
	post := w.post("live", "")
	w.reached(heir)
	did := make(chan int, 9)
	registry := jobs.NewRegistry()
	jobs.Handle(registry, jobs.HandlerOptions{}, func(_ context.Context, p ping) error { did <- p.N; return nil })
	runner, err := jobs.Start(t.Context(), jobs.Config{Pool: w.Postgres(), Registry: registry})
	must[any](t)(nil, err)
	t.Cleanup(func() { runner.Stop(context.Background()) })
	work := func(n int) {
		w.update(func(tx forum.Tx) error { return tx.Enqueue(w.ctx, ping{n}) })
		for limit := time.After(within); ; {
			select {
			case got := <-did:
				if got == n {
					return
				}
				if got > n { // one before may run again: whether it was done was lost with the primary
					t.Errorf("job %d ran, want %d", got, n)
				}
			case <-limit:
				t.Fatalf("job %d did not run", n)
			}
		}
	}
	work(1)

	stop := w.readers(t, post.ID)
	primary.Stop()
	began := time.Now()
	_, _, err = w.write(w.ctx, w.Store, post.ID)
	if took := time.Since(began); !fault.Is(err, "writing_paused") || fault.From(err).RetryAfter <= 0 || took < 4*time.Second || took > 7*time.Second {
		t.Errorf("a write without a primary: after %s %v", took, err)
	}
	if st := w.Status(); st.Writable || st.Primaries != 0 || st.Replicas != 1 || st.Down != 1 {
		t.Errorf("without a primary: %+v", st)
	}
	if err := w.Probe(w.ctx); err != nil {
		t.Errorf("reading: %v", err)
	}
	if err := w.ProbeWrite(w.ctx); !fault.Is(err, "writing_paused") {
		t.Errorf("writing: %v", err)
	}
	waiting := make(chan error, 1)
	write := func() { _, _, err := w.write(w.ctx, w.Store, post.ID); waiting <- err }
	go write()
	promoted := time.Now()
	must[any](t)(nil, heir.Promote())
	err = <-waiting
	if fault.Is(err, "writing_paused") && time.Since(promoted) > 4*time.Second { // a slow machine promotes for longer than a write waits
		write()
		err = <-waiting
	}
	if err != nil {
		t.Errorf("a write that waited: %v", err)
	}
	t.Logf("written %s after the promotion began", time.Since(promoted))
	work(2)

	must[any](t)(nil, primary.Start()) // a ghost: it still thinks that it is the primary
	eventually(t, "the ghost is seen", func() bool { return w.Status().Down == 0 })
	id, token, err := w.write(w.ctx, w.Store, post.ID)
	if err != nil || !strings.HasPrefix(token, "2-") {
		t.Errorf("token %q, error %v", token, err)
	}
	ctx, _ := reader(w.ctx, token)
	must[forum.Comment](t)(w.Comment(ctx, id))
	stop()
}

func TestAHungReplicaHoldsNobodyUp(t *testing.T) {
	primary := pgtest.NewCluster(t)
	newWorld(t, primary.URL("postgres")).Close()
	one, two := primary.Replica(t, 0), primary.Replica(t, 0)
	w := (&world{t: t, ctx: t.Context(), clock: newClock()}).on(t, store.Config{URL: pgtest.URLs("postgres", primary, one, two)})
	w.ann = must[forum.Member](t)(w.MemberByHandle(w.ctx, "ann"))
	w.board = must[forum.Board](t)(w.Board(w.ctx, "aurora", "free"))
	post := w.post("live", "")
	w.reached(one)
	w.reached(two)
	stop := w.readers(t, post.ID)
	one.Pause()
	eventually(t, "the hung replica is found out", func() bool { return w.Status().Down == 1 })
	one.Resume()
	eventually(t, "it is taken back", func() bool { return w.Status().Down == 0 && w.Status().Replicas == 2 })
	if worst := stop(); worst > 3*time.Second {
		t.Errorf("a reader waited %s", worst)
	}
}

func TestTokens(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for token, want := range map[string]struct {
		timeline uint32
		lsn      uint64
		primary  bool
	}{
		"":                               {},
		"5-3000148":                      {5, 0x3000148, false},
		"ffffffff-ffffffffffffffff":      {0xffffffff, 0xffffffffffffffff, false},
		"1":                              {primary: true},
		"-":                              {primary: true},
		"5-":                             {primary: true},
		"-5":                             {primary: true},
		"5--5":                           {primary: true},
		"05-3000148":                     {primary: true},
		"5-3000148 ":                     {primary: true},
		"5-ABC":                          {primary: true},
		"100000000-1":                    {primary: true},
		"1-10000000000000000":            {primary: true},
		"5-3' OR 1=1":                    {primary: true},
		"w-6553f100":                     {primary: true}, // now
		"w-6553f0f0":                     {},              // 16 s ago
		"w-ffffffffffffffff":             {primary: true},
		"w--1":                           {primary: true},
		strings.Repeat("f", 4000) + "-1": {primary: true},
	} {
		timeline, lsn, primary := store.Token(token, now)
		if timeline != want.timeline || lsn != want.lsn || primary != want.primary {
			t.Errorf("%.40q: %d %x %v", token, timeline, lsn, primary)
		}
	}
}

func replayed(err error) bool {
	_, ok := errors.AsType[*forum.Replay](err)
	return ok
}
