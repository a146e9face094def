package observe

import (
	"bytes"
	"io"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	flushEvery = 100 * time.Millisecond // how long a line may wait
	flushBytes = 64 << 10               // a buffer of this size is written at once
	holdBytes  = 4 << 20                // past this a caller waits for the disk, or lines are dropped
)

// Lines is a buffered writer for log lines. A Write is a copy into memory; a goroutine writes
// the buffer to the destination after 100 ms or 64 KB. When the destination is slow, callers
// wait once 4 MB are held; when it fails, what was not written is kept and tried again, and
// past 4 MB new lines are dropped and counted.
type Lines struct {
	to io.Writer

	mu      sync.Mutex // guards the fields below; held for a copy, never while writing
	buf     []byte
	failed  error // of the last write
	closed  bool
	dropped uint64 // lines

	writing sync.Mutex // held while writing to the destination; taken before mu
	spare   []byte     // guarded by writing: the buffer to swap in

	some chan struct{} // the buffer is no longer empty
	full chan struct{} // the buffer has reached flushBytes
	quit chan struct{}
	done chan struct{}
}

// NewLines starts a buffered writer in front of to.
func NewLines(to io.Writer) *Lines {
	l := &Lines{
		to:   to,
		some: make(chan struct{}, 1), full: make(chan struct{}, 1),
		quit: make(chan struct{}), done: make(chan struct{}),
	}
	go l.run()
	return l
}

// Write takes whole lines. It reports the error of an earlier write to the destination only
// when p itself had to be dropped.
func (l *Lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	before := len(l.buf)
	if before+len(p) > holdBytes && l.failed != nil {
		l.dropped += uint64(bytes.Count(p, []byte{'\n'}))
		err := l.failed
		l.mu.Unlock()
		return 0, err
	}
	l.buf = append(l.buf, p...)
	now := len(l.buf)
	closed := l.closed
	l.mu.Unlock()

	switch {
	case closed || now >= holdBytes:
		// The line is held; a failing destination will be tried again.
		_ = l.Flush()
	case before < flushBytes && now >= flushBytes:
		wake(l.full)
	case before == 0:
		wake(l.some)
	}
	return len(p), nil
}

// Flush writes everything accepted before the call.
func (l *Lines) Flush() error {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	out := l.buf
	l.buf = l.spare[:0]
	l.mu.Unlock()
	if len(out) == 0 {
		l.spare = out
		return nil
	}
	n, err := l.to.Write(out)
	if err == nil && n < len(out) {
		err = io.ErrShortWrite
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = err
	if err != nil {
		// What came in meanwhile goes behind what is still owed.
		l.buf = append(append([]byte(nil), out[n:]...), l.buf...)
		l.spare = nil
		wake(l.some)
		return err
	}
	l.spare = out
	if cap(out) > 4*flushBytes {
		l.spare = nil // a burst must not keep its memory
	}
	return nil
}

// Close flushes and stops the goroutine. It may be called twice.
func (l *Lines) Close() error {
	l.mu.Lock()
	first := !l.closed
	l.closed = true
	l.mu.Unlock()
	if first {
		close(l.quit)
	}
	<-l.done
	return l.Flush()
}

// Dropped is the number of lines lost because the destination failed for too long.
func (l *Lines) Dropped() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped
}

func (l *Lines) run() {
	defer close(l.done)
	timer := time.NewTimer(flushEvery)
	timer.Stop()
	for {
		select {
		case <-l.some:
		case <-l.full:
		case <-l.quit:
			return
		}
		timer.Reset(flushEvery)
		select {
		case <-timer.C:
		case <-l.full:
			timer.Stop()
		case <-l.quit:
			return
		}
		// A failure is kept in l.failed and tried again after the next wait.
		_ = l.Flush()
	}
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func droppedCounter(l *Lines) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "lightstick_log_dropped_lines_total",
		Help: "Log lines lost because their destination failed for too long.",
	}, func() float64 { return float64(l.Dropped()) })
}
