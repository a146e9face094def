package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"
)

// Config is what a node needs to work.
type Config struct {
	SQLite   *sql.DB       // the embedded database, or
	Pool     *pgxpool.Pool // PostgreSQL
	Registry *Registry
	Logger   *slog.Logger          // nil: none
	Metrics  prometheus.Registerer // nil: none
	Now      func() time.Time      // nil: time.Now; measures durations and times retries
	Poll     time.Duration         // how often the queue is looked at; 0 is 1 s
	PollOnly bool                  // PostgreSQL behind a pooler of transactions: no LISTEN
	// Prepare is done first, again until it succeeds; nil: nothing to do.
	Prepare func(context.Context) error
	// Retry is the pause after the n-th failure of a job; nil doubles from 2 s up to an hour, each
	// ± 25 % so that what failed together does not return together.
	Retry func(n int) time.Duration
	// StopGrace is how long running jobs may go on once Stop is called, if its context does not end
	// before; 0 is 10 s. Then they are interrupted and run again later.
	StopGrace time.Duration
}

// Runner works the queue and runs periodic tasks until it is stopped.
type Runner struct {
	registry *Registry
	logger   *slog.Logger
	now      func() time.Time
	grace    time.Duration
	metrics  *metrics
	queue    queue
	lease    lease
	stopping atomic.Bool

	cancelTasks context.CancelFunc
	starting    sync.WaitGroup
	tasks       sync.WaitGroup
}

// queue is the one river client, whatever its database.
type queue struct {
	start      func(context.Context) error
	stop, kill func(context.Context) error
	exec       riverdriver.Executor
}

func newQueue[TTx any](driver riverdriver.Driver[TTx], c *river.Config) (queue, error) {
	client, err := river.NewClient(driver, c)
	if err != nil {
		return queue{}, err
	}
	return queue{start: client.Start, stop: client.Stop, kill: client.StopAndCancel, exec: driver.GetExecutor()}, nil
}

// Start begins to work. The tables must be there, see [MigrateSQLite] and [MigratePostgres].
// A PostgreSQL that cannot be written now keeps nobody from starting: work begins when it can.
// Ending ctx does not stop the runner; Stop does.
func Start(ctx context.Context, c Config) (*Runner, error) {
	if (c.SQLite == nil) == (c.Pool == nil) || c.Registry == nil {
		return nil, errors.New("jobs: give one database and a registry")
	}
	if c.Registry.started.Swap(true) {
		return nil, errors.New("jobs: the registry is in use by another runner")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.StopGrace == 0 {
		c.StopGrace = 10 * time.Second
	}
	if c.Poll == 0 {
		c.Poll = time.Second
	}
	if c.Retry == nil {
		c.Retry = func(n int) time.Duration { return retryAfter(n, rand.Float64()) }
	}
	r := &Runner{registry: c.Registry, logger: c.Logger, now: c.Now, grace: c.StopGrace, metrics: newMetrics(c.Metrics)}
	if err := r.connect(c); err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	c.Registry.running.Store(r)
	if c.SQLite != nil {
		if err := r.takeOver(ctx); err != nil {
			return nil, err
		}
	}
	taskCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	if err := r.begin(taskCtx, c); err != nil {
		if c.SQLite != nil {
			cancel()
			return nil, err
		}
		r.logger.WarnContext(ctx, "background work waits for the database", slog.Any("error", err))
		r.starting.Go(func() { r.beginLater(taskCtx, c) })
	}
	r.cancelTasks = cancel
	for _, t := range c.Registry.tasks {
		r.tasks.Go(func() { t.loop(taskCtx, r) })
	}
	return r, nil
}

const (
	beginAgain  = time.Second
	beginWithin = 30 * time.Second // of one attempt of what is to be done before
)

// begin starts the queue.
func (r *Runner) begin(ctx context.Context, c Config) error {
	if c.Prepare != nil {
		bounded, cancel := context.WithTimeout(ctx, beginWithin)
		defer cancel()
		if err := c.Prepare(bounded); err != nil {
			return fmt.Errorf("prepare the job queue: %w", err)
		}
	}
	// Not ctx: its end would interrupt what is running.
	if err := r.queue.start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start the job queue: %w", err)
	}
	return nil
}

// beginLater tries until the queue has started or ctx ends.
func (r *Runner) beginLater(ctx context.Context, c Config) {
	again := time.NewTicker(beginAgain)
	defer again.Stop()
	for {
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
		err := r.begin(ctx, c)
		if err == nil {
			r.logger.InfoContext(ctx, "background work begins")
			return
		}
		r.logger.DebugContext(ctx, "background work waits for the database", slog.Any("error", err))
	}
}

func (r *Runner) connect(c Config) (err error) {
	rc := &river.Config{
		Queues:            map[string]river.QueueConfig{},
		Workers:           c.Registry.workers,
		Logger:            quiet(c.Logger),
		FetchPollInterval: c.Poll,
		FetchCooldown:     min(c.Poll, 100*time.Millisecond),
		PollOnly:          c.PollOnly,
		MaxAttempts:       mostAttempts,
		RetryPolicy:       backoff{r.now, c.Retry},
		// Finished jobs may hold secrets (a reset link), so they do not stay.
		CompletedJobRetentionPeriod: 10 * time.Minute,
		CancelledJobRetentionPeriod: keepFailed,
		DiscardedJobRetentionPeriod: keepFailed,
		RescueStuckJobsAfter:        2 * maxTimeout,
		PeriodicJobs:                []*river.PeriodicJob{r.lease.heartbeat(r.now)},
		// Rebuilding indexes at midnight locks an embedded database, and PostgreSQL has autovacuum.
		ReindexerSchedule: river.NeverSchedule(),
	}
	for name, workers := range c.Registry.queues {
		rc.Queues[name] = river.QueueConfig{MaxWorkers: workers}
	}
	if c.SQLite != nil {
		r.queue, err = newQueue[*sql.Tx](embedded{riversqlite.New(c.SQLite)}, rc)
	} else {
		r.queue, err = newQueue[pgx.Tx](riverpgxv5.New(c.Pool), rc)
	}
	return err
}

// takeOver clears up after a node that was killed. An embedded database has one node, so what it left
// running is not running any more, and nobody else leads; without this both would be noticed
// by the clock alone, after 10 minutes and 15 seconds.
func (r *Runner) takeOver(ctx context.Context) error {
	for _, sql := range []string{`DELETE FROM river_leader`, `UPDATE river_job SET state = 'available' WHERE state = 'running'`} {
		if err := r.queue.exec.Exec(ctx, sql); err != nil {
			return fmt.Errorf("take over the job queue: %w", err)
		}
	}
	return nil
}

const keepFailed = 7 * 24 * time.Hour

// Stop takes no new job and waits for those running, until the grace or ctx ends; then it interrupts
// them, and they are run again later, here or elsewhere.
func (r *Runner) Stop(ctx context.Context) error {
	r.lease.drop()
	r.cancelTasks()
	r.starting.Wait()
	soft, cancel := context.WithTimeout(ctx, r.grace)
	defer cancel()
	err := r.queue.stop(soft)
	if err != nil {
		r.stopping.Store(true)
		// The caller's patience may be over; the queue still has to be told what was interrupted.
		hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err = r.queue.kill(hard)
	}
	r.tasks.Wait()
	return err
}

// Stats are figures of the queue.
type Stats struct {
	Queued  int       // waiting for a worker, or for their time to run again
	Running int       // on any node
	Failed  int       // given up within the last week
	Oldest  time.Time // when the longest waiting job that is due was due; zero when none is
}

// Stats asks the database for the figures.
func (r *Runner) Stats(ctx context.Context) (Stats, error) {
	n, err := r.queue.exec.JobCountByAllStates(ctx, &riverdriver.JobCountByAllStatesParams{})
	if err != nil {
		return Stats{}, fmt.Errorf("count jobs: %w", err)
	}
	s := Stats{
		Queued:  n[rivertype.JobStateAvailable] + n[rivertype.JobStateRetryable] + n[rivertype.JobStateScheduled] + n[rivertype.JobStatePending],
		Running: n[rivertype.JobStateRunning],
		Failed:  n[rivertype.JobStateCancelled] + n[rivertype.JobStateDiscarded],
	}
	if n[rivertype.JobStateAvailable] == 0 {
		return s, nil
	}
	list, err := r.queue.exec.JobList(ctx, &riverdriver.JobListParams{Max: 1, WhereClause: "state = 'available'", OrderByClause: "scheduled_at", NamedArgs: map[string]any{}})
	if err != nil {
		return Stats{}, fmt.Errorf("find the oldest job: %w", err)
	}
	if len(list) > 0 {
		s.Oldest = list[0].ScheduledAt
	}
	return s, nil
}

type backoff struct {
	now   func() time.Time
	pause func(n int) time.Duration
}

// NextRetry implements [river.ClientRetryPolicy].
func (b backoff) NextRetry(job *rivertype.JobRow) time.Time {
	return b.now().Add(b.pause(len(job.Errors) + 1))
}

// retryAfter is the usual pause after the n-th failure; chance lies in [0, 1).
func retryAfter(n int, chance float64) time.Duration {
	pause := time.Hour
	if n <= 11 {
		pause = min(time.Hour, time.Second<<max(n, 1))
	}
	return time.Duration(float64(pause) * (0.75 + chance/2))
}
