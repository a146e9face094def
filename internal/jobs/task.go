package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
)

const (
	heartbeat = time.Second
	leaseFor  = 5 * time.Second // after the last heartbeat; river keeps a leader for 15 s, so nobody else is one by then
)

// lease tells whether this node is the one that runs periodic tasks. It leans on the election that
// the queue holds anyway: river asks for due periodic jobs on its leader alone, and the one
// we give it never yields a job, so a heartbeat costs no query.
type lease struct{ until atomic.Int64 } // unix nanoseconds; 0: not the one

func (l *lease) heartbeat(now func() time.Time) *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(heartbeat), func() (river.JobArgs, *river.InsertOpts) {
		if l.until.Load() >= 0 {
			l.until.Store(now().Add(leaseFor).UnixNano())
		}
		return nil, nil
	}, &river.PeriodicJobOpts{RunOnStart: true})
}

func (l *lease) held(now time.Time) bool { return now.UnixNano() < l.until.Load() }

// drop gives the part up for good.
func (l *lease) drop() { l.until.Store(-1) }

// task is one periodic task; its loop is the only one to run it on this node.
type task struct {
	name  string
	every time.Duration
	run   func(context.Context) error
}

func (t *task) loop(ctx context.Context, r *Runner) {
	timer := time.NewTimer(jitter(min(t.every, heartbeat)))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		// A node that becomes the one should not wait an hour for an hourly task.
		pause := min(t.every, heartbeat)
		if r.lease.held(r.now()) {
			t.once(ctx, r)
			pause = t.every
		}
		timer.Reset(jitter(pause))
	}
}

// jitter is d ± 10 %, so that tasks and nodes drift apart.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.9 + rand.Float64()/5))
}

func (t *task) once(ctx context.Context, r *Runner) {
	ctx, cancel := context.WithTimeout(ctx, 10*t.every+time.Minute)
	defer cancel()
	began := r.now()
	err := guard(func() error { return t.run(ctx) })
	now := r.now()
	r.metrics.task(t.name, err == nil, now, now.Sub(began))
	if err != nil && ctx.Err() == nil {
		r.logger.ErrorContext(ctx, "periodic task failed", slog.String("task", t.name), slog.Any("error", err))
	}
}

type panicked struct {
	value any
	stack string
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

func stack() string { return string(debug.Stack()) }
