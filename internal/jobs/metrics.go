package jobs

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are labelled by kind of job and name of task: both are fixed by the program.
type metrics struct {
	jobs        *prometheus.CounterVec
	jobSeconds  *prometheus.HistogramVec
	tasks       *prometheus.CounterVec
	taskSeconds *prometheus.HistogramVec
	taskSuccess *prometheus.GaugeVec
}

func newMetrics(to prometheus.Registerer) *metrics {
	seconds := []float64{.001, .005, .02, .1, .5, 2, 10, 60, 300}
	m := &metrics{
		jobs:        prometheus.NewCounterVec(prometheus.CounterOpts{Name: "lightstick_jobs_total", Help: "Attempts at jobs, by kind and outcome: done, failed (runs again), given_up, interrupted."}, []string{"kind", "outcome"}),
		jobSeconds:  prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "lightstick_job_seconds", Help: "Duration of attempts at jobs, by kind.", Buckets: seconds}, []string{"kind"}),
		tasks:       prometheus.NewCounterVec(prometheus.CounterOpts{Name: "lightstick_task_runs_total", Help: "Runs of periodic tasks, by task and outcome: done, failed."}, []string{"task", "outcome"}),
		taskSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "lightstick_task_seconds", Help: "Duration of runs of periodic tasks, by task.", Buckets: seconds}, []string{"task"}),
		taskSuccess: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "lightstick_task_last_success_timestamp_seconds", Help: "When a periodic task last succeeded on this node, by task."}, []string{"task"}),
	}
	if to != nil {
		to.MustRegister(m.jobs, m.jobSeconds, m.tasks, m.taskSeconds, m.taskSuccess)
	}
	return m
}

func (m *metrics) job(kind, outcome string, took time.Duration) {
	m.jobs.WithLabelValues(kind, outcome).Inc()
	m.jobSeconds.WithLabelValues(kind).Observe(took.Seconds())
}

func (m *metrics) task(name string, ok bool, at time.Time, took time.Duration) {
	outcome := "failed"
	if ok {
		outcome = "done"
		m.taskSuccess.WithLabelValues(name).Set(float64(at.UnixMilli()) / 1000)
	}
	m.tasks.WithLabelValues(name, outcome).Inc()
	m.taskSeconds.WithLabelValues(name).Observe(took.Seconds())
}

// quiet lets only trouble of the queue itself through: attempts at jobs are logged by this package.
func quiet(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(warnings{l.Handler()})
}

type warnings struct{ slog.Handler }

func (h warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

func (h warnings) WithAttrs(a []slog.Attr) slog.Handler { return warnings{h.Handler.WithAttrs(a)} }
func (h warnings) WithGroup(g string) slog.Handler      { return warnings{h.Handler.WithGroup(g)} }
