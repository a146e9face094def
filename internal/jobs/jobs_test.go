package jobs_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	_ "modernc.org/sqlite"

	"lightstick/internal/jobs"
	"lightstick/internal/testkit/pgtest"
)

const patience = 20 * time.Second

// engine is one database with the queue's tables in it.
type engine struct {
	sqlite   *sql.DB
	pool     *pgxpool.Pool
	inserter jobs.Inserter
	logs     *logBuffer
}

// onEach runs a test on a fresh database of each engine.
func onEach(t *testing.T, test func(t *testing.T, e *engine)) {
	t.Run("sqlite", func(t *testing.T) { test(t, newSQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, newPostgres(t)) })
}

func newSQLite(t *testing.T) *engine {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "q.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	for range 2 { // the second time there is nothing to do
		if err := jobs.MigrateSQLite(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	in, err := jobs.NewSQLiteInserter(db)
	if err != nil {
		t.Fatal(err)
	}
	return &engine{sqlite: db, inserter: in, logs: &logBuffer{}}
}

func newPostgres(t *testing.T) *engine {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), pgtest.Empty(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	for range 2 {
		if err := jobs.MigratePostgres(t.Context(), pool); err != nil {
			t.Fatal(err)
		}
	}
	in, err := jobs.NewPostgresInserter(pool)
	if err != nil {
		t.Fatal(err)
	}
	return &engine{pool: pool, inserter: in, logs: &logBuffer{}}
}

// start runs a node that tries again what failed after a tenth of a second.
func (e *engine) start(t *testing.T, r *jobs.Registry, change ...func(*jobs.Config)) *jobs.Runner {
	t.Helper()
	c := jobs.Config{SQLite: e.sqlite, Pool: e.pool, Registry: r, Poll: 20 * time.Millisecond,
		Logger: slog.New(slog.NewTextHandler(e.logs, nil)), Retry: func(int) time.Duration { return 100 * time.Millisecond }}
	for _, f := range change {
		f(&c)
	}
	run, err := jobs.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := run.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return run
}

// insert inserts jobs in one transaction that commits or not.
func (e *engine) insert(t *testing.T, commit bool, list ...jobs.Args) {
	t.Helper()
	ctx := t.Context()
	var tx any
	var end func() error
	if e.sqlite != nil {
		own, err := e.sqlite.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		tx, end = own, own.Rollback
		if commit {
			end = own.Commit
		}
	} else {
		own, err := e.pool.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		tx, end = own, func() error { return own.Rollback(ctx) }
		if commit {
			end = func() error { return own.Commit(ctx) }
		}
	}
	for _, args := range list {
		if err := e.inserter.InsertTx(ctx, tx, args); err != nil {
			t.Error(err)
		}
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
}

func (e *engine) exec(t *testing.T, sql string) {
	t.Helper()
	var err error
	if e.sqlite != nil {
		_, err = e.sqlite.ExecContext(t.Context(), sql)
	} else {
		_, err = e.pool.Exec(t.Context(), sql)
	}
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// settle waits until the figures of the queue are as they should be.
func settle(t *testing.T, run *jobs.Runner, want func(jobs.Stats) bool) jobs.Stats {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		s, err := run.Stats(ctx)
		if err != nil {
			t.Fatalf("stats: %v", err)
		}
		if want(s) {
			return s
		}
		<-tick.C
	}
}

func receive[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
	return v
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

type greet struct {
	Name string `json:"name"`
}

func (greet) Kind() string { return "greet" }

type slow struct{ N int }

func (slow) Kind() string  { return "slow" }
func (slow) Queue() string { return "slow" }

type once struct{ Post int }

func (once) Kind() string          { return "once" }
func (once) Unique() time.Duration { return 24 * time.Hour }

func TestJobRunsIfAndOnlyIfItsTransactionCommits(t *testing.T) {
	onEach(t, func(t *testing.T, e *engine) {
		r := jobs.NewRegistry()
		got := make(chan string, 10)
		jobs.Handle(r, jobs.HandlerOptions{}, func(_ context.Context, g greet) error { got <- g.Name; return nil })
		e.insert(t, false, greet{"never"})
		e.insert(t, true, greet{"먼저"}, greet{"then"})
		run := e.start(t, r)
		names := receive(t, got) + " " + receive(t, got)
		if names != "먼저 then" && names != "then 먼저" {
			t.Errorf("ran %q", names)
		}
		s := settle(t, run, func(s jobs.Stats) bool { return s.Queued+s.Running == 0 })
		if s.Failed != 0 || !s.Oldest.IsZero() || len(got) != 0 {
			t.Errorf("stats %+v, %d more ran", s, len(got))
		}
	})
}

func TestFailureRunsAgainAndCounts(t *testing.T) {
	onEach(t, func(t *testing.T, e *engine) {
		r := jobs.NewRegistry()
		var tries atomic.Int32
		done := make(chan int32, 1)
		jobs.Handle(r, jobs.HandlerOptions{}, func(context.Context, greet) error {
			switch n := tries.Add(1); n {
			case 1:
				return errors.New("mail server is away")
			case 2:
				panic("not a mail at all")
			default:
				done <- n
				return nil
			}
		})
		reg := prometheus.NewRegistry()
		run := e.start(t, r, func(c *jobs.Config) { c.Metrics = reg })
		e.insert(t, true, greet{"a"})
		if n := receive(t, done); n != 3 {
			t.Errorf("succeeded at try %d", n)
		}
		settle(t, run, func(s jobs.Stats) bool { return s.Queued+s.Running+s.Failed == 0 })
		if got, want := series(t, reg, "lightstick_jobs_total"), "greet,done=1 greet,failed=2"; got != want {
			t.Errorf("counted %s, want %s", got, want)
		}
		for _, part := range []string{"mail server is away", "not a mail at all", "jobs_test.go", "kind=greet"} {
			if !strings.Contains(e.logs.String(), part) {
				t.Errorf("the log lacks %q:\n%s", part, e.logs)
			}
		}
	})
}

func TestGivenUp(t *testing.T) {
	onEach(t, func(t *testing.T, e *engine) {
		r := jobs.NewRegistry()
		var permanent, exhausted atomic.Int32
		jobs.Handle(r, jobs.HandlerOptions{}, func(context.Context, greet) error {
			permanent.Add(1)
			return fmt.Errorf("render: %w", jobs.Permanent(errors.New("no such template")))
		})
		jobs.Handle(r, jobs.HandlerOptions{MaxAttempts: 3}, func(context.Context, slow) error {
			exhausted.Add(1)
			return errors.New("still away")
		})
		run := e.start(t, r)
		e.insert(t, true, greet{"a"}, slow{1})
		s := settle(t, run, func(s jobs.Stats) bool { return s.Failed == 2 })
		if s.Queued+s.Running != 0 || permanent.Load() != 1 || exhausted.Load() != 3 {
			t.Errorf("%+v after %d and %d tries, want 1 and 3", s, permanent.Load(), exhausted.Load())
		}
		if n := strings.Count(e.logs.String(), "job given up"); n != 2 {
			t.Errorf("%d lines say a job was given up, want 2:\n%s", n, e.logs)
		}
	})
}

func TestTimeoutEndsAnAttempt(t *testing.T) {
	onEach(t, func(t *testing.T, e *engine) {
		r := jobs.NewRegistry()
		var tries atomic.Int32
		done := make(chan bool, 1)
		jobs.Handle(r, jobs.HandlerOptions{Timeout: 20 * time.Millisecond}, func(ctx context.Context, _ greet) error {
			if tries.Add(1) == 1 {
				<-ctx.Done()
				return ctx.Err()
			}
			done <- true
			return nil
		})
		e.start(t, r)
		e.insert(t, true, greet{"a"})
		receive(t, done)
	})
}

func TestUniqueJobsAreInsertedOnce(t *testing.T) {
	onEach(t, func(t *testing.T, e *engine) {
		r := jobs.NewRegistry()
		ran := make(chan int, 10)
		jobs.Handle(r, jobs.HandlerOptions{}, func(_ context.Context, o once) error { ran <- o.Post; return nil })
		e.insert(t, true, once{1}, once{1}, once{2})
		e.insert(t, true, once{1})
		run := e.start(t, r)
		settle(t, run, func(s jobs.Stats) bool { return s.Queued+s.Running == 0 })
		if len(ran) != 2 {
			t.Errorf("%d ran, want 2", len(ran))
		}
	})
}

func TestSlowQueueDoesNotHoldUpOthers(t *testing.T) {
	onEach(t, func(t *testing.T, e *engine) {
		r := jobs.NewRegistry()
		release, begun, quick := make(chan bool), make(chan int, 9), make(chan bool, 9)
		jobs.Handle(r, jobs.HandlerOptions{}, func(ctx context.Context, s slow) error { begun <- s.N; <-release; return nil })
		jobs.Handle(r, jobs.HandlerOptions{}, func(context.Context, greet) error { quick <- true; return nil })
		run := e.start(t, r)
		e.insert(t, true, slow{1}, slow{2})
		receive(t, begun)
		e.insert(t, true, greet{"a"})
		receive(t, quick)
		s := settle(t, run, func(s jobs.Stats) bool { return s.Running == 1 && s.Queued == 1 })
		if s.Oldest.IsZero() || time.Since(s.Oldest) > time.Minute {
			t.Errorf("the oldest job is said to be from %s", s.Oldest)
		}
		close(release)
		receive(t, begun)
	})
}

func TestStopLetsRunningJobsFinish(t *testing.T) {
	onEach(t, func(t *testing.T, e *engine) {
		r := jobs.NewRegistry()
		begun, release, finished := make(chan bool), make(chan bool), make(chan bool, 1)
		jobs.Handle(r, jobs.HandlerOptions{}, func(ctx context.Context, _ greet) error {
			begun <- true
			<-release
			finished <- ctx.Err() == nil
			return nil
		})
		run := e.start(t, r)
		e.insert(t, true, greet{"a"})
		receive(t, begun)
		stopped := make(chan error, 1)
		go func() { stopped <- run.Stop(t.Context()) }()
		close(release)
		if err := receive(t, stopped); err != nil {
			t.Error(err)
		}
		if !receive(t, finished) {
			t.Error("the job was interrupted within its grace")
		}
		settle(t, run, func(s jobs.Stats) bool { return s.Queued+s.Running+s.Failed == 0 })
	})
}

func TestStopInterruptsWhatDoesNotFinishAndItRunsAgain(t *testing.T) {
	onEach(t, func(t *testing.T, e *engine) {
		begun, again := make(chan bool, 1), make(chan bool, 1)
		first := jobs.NewRegistry()
		jobs.Handle(first, jobs.HandlerOptions{MaxAttempts: 1}, func(ctx context.Context, _ greet) error {
			begun <- true
			<-ctx.Done()
			return ctx.Err()
		})
		run := e.start(t, first, func(c *jobs.Config) { c.StopGrace = time.Millisecond })
		e.insert(t, true, greet{"a"})
		receive(t, begun)
		if err := run.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		second := jobs.NewRegistry()
		jobs.Handle(second, jobs.HandlerOptions{}, func(context.Context, greet) error { again <- true; return nil })
		e.start(t, second)
		receive(t, again)
	})
}

func TestEmbeddedNodeTakesOverFromAKilledOne(t *testing.T) {
	e := newSQLite(t)
	e.insert(t, true, greet{"a"})
	e.exec(t, `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = datetime('now', 'subsec')`)
	e.exec(t, `INSERT INTO river_leader (elected_at, expires_at, leader_id, name) VALUES (datetime('now', 'subsec'), datetime('now', '+1 hour'), 'killed', 'default')`)
	r := jobs.NewRegistry()
	ran, led := make(chan bool, 1), make(chan bool, 100)
	jobs.Handle(r, jobs.HandlerOptions{}, func(context.Context, greet) error { ran <- true; return nil })
	jobs.Every(r, "flush", 10*time.Millisecond, func(context.Context) error {
		select {
		case led <- true:
		default:
		}
		return nil
	})
	e.start(t, r)
	receive(t, ran)
	receive(t, led)
}

func TestTasksRunOnOneNodeAtATimeAndMoveOn(t *testing.T) {
	e := newPostgres(t)
	type node struct {
		run  *jobs.Runner
		runs chan int
	}
	var at atomic.Int32 // how many run at this moment
	start := func() node {
		r := jobs.NewRegistry()
		n := node{runs: make(chan int, 1)}
		jobs.Every(r, "flush", 5*time.Millisecond, func(context.Context) error {
			defer at.Add(-1)
			n.runs <- int(at.Add(1))
			return nil
		})
		n.run = e.start(t, r)
		return n
	}
	a := start()
	receive(t, a.runs)
	b := start()
	for range 100 { // half a second's worth
		if n := receive(t, a.runs); n != 1 {
			t.Fatalf("%d at once", n)
		}
	}
	if len(b.runs) != 0 {
		t.Fatal("the second node ran the task while the first had it")
	}
	stopped := make(chan error, 1)
	go func() { stopped <- a.run.Stop(context.Background()) }()
	for open := true; open; {
		select {
		case <-a.runs: // a last run
		case err := <-stopped:
			if open = false; err != nil {
				t.Fatal(err)
			}
		}
	}
	receive(t, b.runs)
	go func() { // until the end of the test stops the node
		for range b.runs {
		}
	}()
	t.Cleanup(func() { close(b.runs) })
	if err := b.run.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestTasksSurviveErrorsAndPanicsAndAreMeasured(t *testing.T) {
	onEach(t, func(t *testing.T, e *engine) {
		r := jobs.NewRegistry()
		var runs atomic.Int32
		good := make(chan bool, 1)
		jobs.Every(r, "ranks", 10*time.Millisecond, func(ctx context.Context) error {
			switch runs.Add(1) {
			case 1:
				return errors.New("no ranks today")
			case 2:
				panic("ranks of what")
			}
			select {
			case good <- true:
			default:
			}
			return nil
		})
		reg := prometheus.NewRegistry()
		run := e.start(t, r, func(c *jobs.Config) { c.Metrics = reg })
		receive(t, good)
		if err := run.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"no ranks today", "ranks of what", "task=ranks"} {
			if !strings.Contains(e.logs.String(), part) {
				t.Errorf("the log lacks %q", part)
			}
		}
		if got := series(t, reg, "lightstick_task_runs_total"); !strings.HasPrefix(got, "done,ranks=") || !strings.HasSuffix(got, " failed,ranks=2") {
			t.Errorf("counted %s", got)
		}
		if got := series(t, reg, "lightstick_task_last_success_timestamp_seconds"); !strings.HasPrefix(got, "ranks=1") {
			t.Errorf("last success %s", got)
		}
	})
}

// series is what a counter or gauge says, label by label.
func series(t *testing.T, reg *prometheus.Registry, name string) string {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetValue())
			}
			lines = append(lines, fmt.Sprintf("%s=%.0f", strings.Join(labels, ","), m.GetCounter().GetValue()+m.GetGauge().GetValue()))
		}
	}
	return strings.Join(lines, " ")
}

func TestWrongUseIsRefused(t *testing.T) {
	e := newSQLite(t)
	if err := e.inserter.InsertTx(t.Context(), nil, greet{}); err == nil {
		t.Error("a job was inserted without a transaction")
	}
	for name, c := range map[string]jobs.Config{
		"no database":   {Registry: jobs.NewRegistry()},
		"no registry":   {SQLite: e.sqlite},
		"two databases": {SQLite: e.sqlite, Pool: &pgxpool.Pool{}, Registry: jobs.NewRegistry()},
	} {
		if _, err := jobs.Start(t.Context(), c); err == nil {
			t.Errorf("%s: started", name)
		}
	}
	handler := func(context.Context, greet) error { return nil }
	task := func(context.Context) error { return nil }
	for name, register := range map[string]func(*jobs.Registry){
		"kind twice": func(r *jobs.Registry) {
			jobs.Handle(r, jobs.HandlerOptions{}, handler)
			jobs.Handle(r, jobs.HandlerOptions{}, handler)
		},
		"endless timeout":  func(r *jobs.Registry) { jobs.Handle(r, jobs.HandlerOptions{Timeout: time.Hour}, handler) },
		"endless attempts": func(r *jobs.Registry) { jobs.Handle(r, jobs.HandlerOptions{MaxAttempts: 1000}, handler) },
		"task twice":       func(r *jobs.Registry) { jobs.Every(r, "a", time.Second, task); jobs.Every(r, "a", time.Second, task) },
		"task never":       func(r *jobs.Registry) { jobs.Every(r, "a", 0, task) },
		"label":            func(r *jobs.Registry) { jobs.Every(r, "a b", time.Second, task) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("accepted")
				}
			}()
			register(jobs.NewRegistry())
		})
	}
	r := jobs.NewRegistry()
	e.start(t, r)
	if _, err := jobs.Start(t.Context(), jobs.Config{SQLite: e.sqlite, Registry: r}); err == nil {
		t.Error("two runners share a registry")
	}
}
