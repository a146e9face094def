// Package observe is how Lightstick tells its operators what it does: JSON log lines, metrics
// and the debug endpoints of the private listener.
//
// It promises that a line once accepted is written (at the latest at Close), that a warning is
// written before the call that logged it returns, and that every label value comes from a
// fixed set. It never uses a global logger or registry, and it decides nothing: a full disk
// costs log lines and is counted, it does not stop an answer.
package observe

import (
	"context"
	"io"
	"log/slog"
	"os"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Options say where the telemetry of one process goes.
type Options struct {
	Log     io.Writer    // JSON lines; os.Stderr when nil
	Level   slog.Leveler // the least level that is written; Info when nil
	Version string       // shown as a label of lightstick_build_info
}

// Observer holds the logger and the metrics of one process. Its methods may be called at once
// from many goroutines.
type Observer struct {
	Log     *slog.Logger
	Metrics *prometheus.Registry

	lines  *Lines
	routes *routes
}

// New starts an observer; Close flushes and stops it.
func New(o Options) *Observer {
	if o.Log == nil {
		o.Log = os.Stderr
	}
	if o.Level == nil {
		o.Level = slog.LevelInfo
	}
	lines := NewLines(o.Log)
	registry := prometheus.NewRegistry()
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "lightstick_build_info", Help: "Always 1; the labels say what is running.",
		ConstLabels: prometheus.Labels{"version": o.Version, "go": runtime.Version()},
	})
	build.Set(1)
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		build, droppedCounter(lines),
	)
	return &Observer{
		Log: slog.New(&handler{
			json:  slog.NewJSONHandler(lines, &slog.HandlerOptions{Level: o.Level, ReplaceAttr: utc}),
			lines: lines,
		}),
		Metrics: registry,
		lines:   lines,
		routes:  newRoutes(registry),
	}
}

// Line writes one finished log line, which must end in a newline. It is for the access log,
// which is too hot for slog; the line is copied before Line returns.
func (o *Observer) Line(line []byte) {
	// The writer keeps what it could not write and counts what it had to drop.
	_, _ = o.lines.Write(line)
}

// Flush writes all lines accepted so far.
func (o *Observer) Flush() error { return o.lines.Flush() }

// Close writes all lines accepted so far and stops the background flush. Lines that come later
// are still written, each at once.
func (o *Observer) Close() error { return o.lines.Close() }

// utc makes the time of a line the same on every machine, so that lines of a cluster sort.
func utc(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.String(slog.TimeKey, a.Value.Time().UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	return a
}

type requestIDKey struct{}

// WithRequestID returns a context whose log lines carry the request id.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID is the request id of ctx, "" when there is none.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// handler adds the request id and makes warnings durable at once.
type handler struct {
	json  slog.Handler
	lines *Lines
}

func (h *handler) Enabled(ctx context.Context, l slog.Level) bool { return h.json.Enabled(ctx, l) }

func (h *handler) Handle(ctx context.Context, rec slog.Record) error {
	if id := RequestID(ctx); id != "" {
		rec.AddAttrs(slog.String("request_id", id))
	}
	if err := h.json.Handle(ctx, rec); err != nil {
		return err
	}
	if rec.Level >= slog.LevelWarn {
		return h.lines.Flush()
	}
	return nil
}

func (h *handler) WithAttrs(a []slog.Attr) slog.Handler {
	return &handler{json: h.json.WithAttrs(a), lines: h.lines}
}

func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{json: h.json.WithGroup(name), lines: h.lines}
}

// AppendTime appends t as the log writes times: UTC, milliseconds.
func AppendTime(b []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
}
