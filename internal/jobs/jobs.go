// Package jobs does later what need not be done now: a durable queue on the site's own database,
// and small periodic tasks that one node of a cluster runs.
//
// It promises that a job inserted with a transaction runs if and only if the transaction commits,
// at least once, again after a failure (exponential backoff with jitter) and after a crash, and
// that what fails for good is kept, counted and logged. It never promises exactly once: every
// handler must bear a repetition. It never keeps a reader waiting, and tasks never go through the
// queue's tables.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
)

// Args is one piece of work: plain data that survives JSON. Two more methods are looked for:
//
//	Queue() string          // own queue, so that slow work does not hold up quick work; "default" else
//	Unique() time.Duration  // the same args are inserted once in so long; a job not yet done counts too
type Args = interface{ Kind() string }

// Handler does one job. An error means again later; [Permanent] means never again.
type Handler[T Args] func(ctx context.Context, args T) error

// HandlerOptions say how a kind of job is run.
type HandlerOptions struct {
	Timeout     time.Duration // of one attempt; 0 is 1 minute
	MaxAttempts int           // 0 is 10
}

const (
	defaultQueue    = river.QueueDefault
	defaultTimeout  = time.Minute
	defaultAttempts = 10
	maxTimeout      = 5 * time.Minute // a job that runs twice as long counts as lost with its node
)

// Registry is what a node can do: handlers of jobs and periodic tasks. Fill it before [Start].
type Registry struct {
	workers *river.Workers
	kinds   map[string]bool
	queues  map[string]int // workers of each
	tasks   []*task
	names   map[string]bool
	running atomic.Pointer[Runner] // where handlers count what they do
	started atomic.Bool
}

// nothing is a kind of job that nobody inserts: the queue wants to know one even on a node that only runs tasks.
type nothing struct{}

func (nothing) Kind() string { return "nothing" }

// NewRegistry makes an empty Registry.
func NewRegistry() *Registry {
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(func(context.Context, *river.Job[nothing]) error { return nil }))
	return &Registry{workers: workers, kinds: map[string]bool{}, queues: map[string]int{defaultQueue: 4}, names: map[string]bool{}}
}

var queuePattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,30}$`)

// Workers sets how many jobs of a queue one node runs at once; 4 for the default queue, 1 for others.
func (r *Registry) Workers(queue string, n int) { r.queues[queue] = max(1, n) }

// Handle registers the handler of the jobs of type T. It panics when the kind has one already or the
// options cannot work: that is a mistake in the program, and its first start shows it.
func Handle[T Args](r *Registry, o HandlerOptions, h Handler[T]) {
	var zero T
	kind := zero.Kind()
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxAttempts == 0 {
		o.MaxAttempts = defaultAttempts
	}
	if r.started.Load() || r.kinds[kind] || o.Timeout < 0 || o.Timeout > maxTimeout || o.MaxAttempts < 1 || o.MaxAttempts > mostAttempts {
		panic(fmt.Sprintf("jobs: cannot register %q with %+v", kind, o))
	}
	queue := queueOf(zero)
	if !queuePattern.MatchString(queue) {
		panic(fmt.Sprintf("jobs: %q is no name for a queue", queue))
	}
	r.kinds[kind] = true
	r.queues[queue] = max(1, r.queues[queue])
	river.AddWorker(r.workers, &worker[T]{registry: r, kind: kind, o: o, handle: h})
}

// Every registers a light periodic task. One node of the cluster at a time runs it, about every so
// often (± 10 %), first soon after it has become the one; when the part passes from one node to
// another a run of each may overlap for a moment, so a task must bear company. A run that takes
// longer than its period delays the next one; one that takes 10 periods and a minute is cancelled.
func Every(r *Registry, name string, every time.Duration, f func(ctx context.Context) error) {
	if r.started.Load() || r.names[name] || every <= 0 || !queuePattern.MatchString(name) {
		panic(fmt.Sprintf("jobs: cannot register the task %q every %s", name, every))
	}
	r.names[name] = true
	r.tasks = append(r.tasks, &task{name: name, every: every, run: f})
}

type permanent struct{ cause error }

func (p *permanent) Error() string { return p.cause.Error() }
func (p *permanent) Unwrap() error { return p.cause }

// Permanent marks an error that another attempt would not mend: the job is given up at once.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanent{err}
}

// queueOf is the queue that the args ask for.
func queueOf(args Args) string {
	if q, ok := args.(interface{ Queue() string }); ok {
		return q.Queue()
	}
	return defaultQueue
}

// worker adapts a Handler to river.
type worker[T Args] struct {
	river.WorkerDefaults[T]
	registry *Registry
	kind     string
	o        HandlerOptions
	handle   Handler[T]
}

// Timeout is one attempt's.
func (w *worker[T]) Timeout(*river.Job[T]) time.Duration { return w.o.Timeout }

// Work runs one attempt, counts it and decides whether there is another.
func (w *worker[T]) Work(ctx context.Context, job *river.Job[T]) error {
	run := w.registry.running.Load()
	began := run.now()
	err := guard(func() error { return w.handle(ctx, job.Args) })
	took := run.now().Sub(began)
	if err == nil {
		run.metrics.job(w.kind, "done", took)
		return nil
	}
	log := []any{slog.String("kind", w.kind), slog.Int64("job", job.ID), slog.Int("attempt", job.Attempt), slog.Duration("took", took), slog.Any("error", err)}
	var never *permanent
	stop := errors.As(err, &never)
	switch {
	case !stop && run.stopping.Load() && ctx.Err() != nil:
		run.metrics.job(w.kind, "interrupted", took)
		run.logger.WarnContext(ctx, "job interrupted by shutdown, it runs again", log...)
		return river.JobSnooze(0) // does not count as an attempt
	case stop || job.Attempt >= w.o.MaxAttempts:
		run.metrics.job(w.kind, "given_up", took)
		run.logger.ErrorContext(ctx, "job given up", log...)
		return river.JobCancel(err)
	}
	run.metrics.job(w.kind, "failed", took)
	run.logger.WarnContext(ctx, "job failed, it runs again", log...)
	return err
}

// guard turns a panic into an error that keeps the place.
func guard(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicked{v, stack()}
		}
	}()
	return f()
}
