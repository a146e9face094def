package ops

import (
	"context"
	"time"
)

// What the tests look at from outside.

type (
	Sample  = sample
	Verdict = verdict
)

var (
	Percentile = percentile
	AtMost     = atMost
	None       = none
	Plots      = plots
)

// NewSample is a request that was due after due and took took.
func NewSample(due, took time.Duration, err error) Sample { return sample{due, took, err} }

// LongestGap is longestGap.
func LongestGap(list []Sample, from, to time.Duration) time.Duration {
	return longestGap(list, from, to)
}

// Span is from one time of a load to another.
func Span(from, to time.Duration) span { return span{from, to} }

// RunLoad asks at a rate for d.
func RunLoad(ctx context.Context, rate float64, d time.Duration, ask func(context.Context, int) error) []Sample {
	l := startLoad(ctx, stream{"s", rate, ask})
	_ = rest(ctx, d)
	return l.end()["s"]
}

// WriteAndCheck sends n comments under post 1 and reads them back.
func WriteAndCheck(ctx context.Context, s *Site, n int) (Verdict, []error, error) {
	s.cookies = []string{"ls_session=x"}
	o := newOutbox(s, 1, "Test")
	var errs []error
	for i := range n {
		errs = append(errs, o.write(ctx, i))
	}
	v, err := o.check(ctx, n)
	return v, errs, err
}

// Lost, Doubled, Acked and Again are the counts of a verdict.
func (v verdict) Counts() (acked, lost, doubled, again int) {
	return v.acked, v.lost, v.doubled, v.again
}

// SumMetric adds a metric's values.
func SumMetric(raw []byte, name string, want ...string) (float64, error) {
	return foldMetric(raw, name, func(a, b float64) float64 { return a + b }, want...)
}
