package jobs_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"lightstick/internal/jobs"
)

// BenchmarkIdleSQLite is what a node with nothing to do takes of a core, with the default settings
// and three queues.
func BenchmarkIdleSQLite(b *testing.B) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "q.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if err := jobs.MigrateSQLite(b.Context(), db); err != nil {
		b.Fatal(err)
	}
	r := jobs.NewRegistry()
	jobs.Handle(r, jobs.HandlerOptions{}, func(context.Context, greet) error { return nil })
	jobs.Handle(r, jobs.HandlerOptions{}, func(context.Context, slow) error { return nil })
	r.Workers("third", 1)
	jobs.Every(r, "flush", 200*time.Millisecond, func(context.Context) error { return nil })
	run, err := jobs.Start(b.Context(), jobs.Config{SQLite: db, Registry: r})
	if err != nil {
		b.Fatal(err)
	}
	began, before := time.Now(), cpu(b)
	for b.Loop() {
		<-time.After(time.Second)
	}
	b.ReportMetric(100*float64(cpu(b)-before)/float64(time.Since(began)), "%core")
	if err := run.Stop(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// cpu is the processor time that this process has taken.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
