// Package ops drills a running community: it puts a load on it from outside, breaks something, and
// judges what readers and writers saw.
//
// It promises that every drill ends in a bounded time, leaves the system as it found it, and never
// counts a request as good that a reader would call bad: a request's time runs from the moment it
// was due, and a write counts when it can be read back. It knows the system only over HTTP and
// through [Faults]; it never opens a database and never touches a process that it was not given.
package ops

import (
	"context"
	"fmt"
	"io"
	"time"
)

// Faults breaks a system and makes it whole again.
type Faults interface {
	// Inject does one fault by name and says whom it hit.
	Inject(ctx context.Context, fault string) (where string, err error)
	// Heal undoes every fault and returns when the system is whole.
	Heal(ctx context.Context) error
}

// Claim is a promise, checked.
type Claim struct {
	Text   string // "acknowledged writes lost"
	Limit  string // "0"
	Figure string // as measured
	Pass   bool
}

// atMost is a claim on a number; unit is written behind both figures.
func atMost(text string, limit, figure float64, unit string) Claim {
	return Claim{Text: text, Limit: "≤ " + number(limit) + unit, Figure: number(figure) + unit, Pass: figure <= limit}
}

func atLeast(text string, limit, figure float64, unit string) Claim {
	return Claim{Text: text, Limit: "≥ " + number(limit) + unit, Figure: number(figure) + unit, Pass: figure >= limit}
}

// none is a claim that something did not happen, out of n times that it could have.
func none(text string, happened, n int) Claim {
	return Claim{Text: text, Limit: "0", Figure: fmt.Sprintf("%d of %d", happened, n), Pass: happened == 0 && n > 0}
}

func number(f float64) string {
	if f == float64(int64(f)) {
		return fmt.Sprintf("%d", int64(f))
	}
	return fmt.Sprintf("%.2f", f)
}

// Report is what a drill found.
type Report struct {
	Drill    string
	About    string // what was done to whom, in a sentence or two
	Began    time.Time
	Took     time.Duration
	Machine  string
	Sections []Section
}

// Section is one part of a drill, such as one fault.
type Section struct {
	Name   string
	About  string
	Claims []Claim
	Notes  []string // figures without a limit
	Plots  []Plot
}

// Passed reports whether every claim of the drill held; a drill without claims has not passed.
func (r Report) Passed() bool {
	n := 0
	for _, s := range r.Sections {
		for _, c := range s.Claims {
			if n++; !c.Pass {
				return false
			}
		}
	}
	return n > 0
}

// teller writes lines of progress, each with its time.
type teller struct {
	to    io.Writer
	began time.Time
}

func (t teller) say(format string, args ...any) {
	fmt.Fprintf(t.to, "%6.1f s  %s\n", time.Since(t.began).Seconds(), fmt.Sprintf(format, args...))
}

// rest waits, unless ctx ends first.
func rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// until asks again and again whether something is so, until it is, or time is up.
func until(ctx context.Context, within, every time.Duration, what string, so func(context.Context) bool) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for !so(ctx) {
		if rest(ctx, every) != nil {
			return fmt.Errorf("%s: not within %s", what, within)
		}
	}
	return nil
}
