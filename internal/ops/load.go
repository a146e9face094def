package ops

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// stream is requests at a steady rate.
type stream struct {
	name string
	rate float64 // a second
	ask  func(ctx context.Context, i int) error
}

// sample is one request. Its time runs from when it was due, not from when it could be sent: a
// server that stalls is charged for everybody who waits.
type sample struct {
	due  time.Duration // since the load began
	took time.Duration
	err  error
}

func (s sample) end() time.Duration { return s.due + s.took }

// load asks at the rates of its streams whether or not answers come, as a crowd does.
type load struct {
	began time.Time
	stop  context.CancelFunc
	done  sync.WaitGroup

	mu      sync.Mutex
	samples map[string][]sample
}

// startLoad begins to ask. Requests live until ctx ends; after end no new ones are sent.
func startLoad(ctx context.Context, streams ...stream) *load {
	sending, stop := context.WithCancel(ctx)
	l := &load{began: time.Now(), stop: stop, samples: map[string][]sample{}}
	for _, s := range streams {
		l.done.Go(func() { l.send(sending, ctx, s) })
	}
	return l
}

func (l *load) send(sending, ctx context.Context, s stream) {
	for i := 0; ; i++ {
		due := time.Duration(float64(i) * float64(time.Second) / s.rate)
		if rest(sending, due-time.Since(l.began)) != nil {
			return
		}
		l.done.Go(func() {
			err := s.ask(ctx, i)
			took := time.Since(l.began) - due
			l.mu.Lock()
			defer l.mu.Unlock()
			l.samples[s.name] = append(l.samples[s.name], sample{due, took, err})
		})
	}
}

// now is how long the load has been on.
func (l *load) now() time.Duration { return time.Since(l.began) }

// end sends no more, waits for the answers under way and returns all, by due time.
func (l *load) end() map[string][]sample {
	l.stop()
	l.done.Wait()
	for _, list := range l.samples {
		slices.SortFunc(list, func(a, b sample) int { return int(a.due - b.due) })
	}
	return l.samples
}

// failed counts errors and keeps the first few of different text, with when they were first due.
func failed(list []sample) (n int, texts []string) {
	var known []string
	for _, s := range list {
		if s.err == nil {
			continue
		}
		n++
		if text := s.err.Error(); len(texts) < 3 && !slices.Contains(known, text) {
			known = append(known, text)
			texts = append(texts, fmt.Sprintf("first after %.1f s: %s", s.due.Seconds(), text))
		}
	}
	return n, texts
}

// percentile of the times of all requests, bad ones too: somebody waited for them.
func percentile(list []sample, p float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	times := make([]time.Duration, len(list))
	for i, s := range list {
		times[i] = s.took
	}
	slices.Sort(times)
	return times[min(int(p*float64(len(times))), len(times)-1)]
}

// longestGap is the longest time in which no request of list ended well, between from and to.
func longestGap(list []sample, from, to time.Duration) time.Duration {
	var ends []time.Duration
	for _, s := range list {
		if s.err == nil && s.end() >= from && s.end() <= to {
			ends = append(ends, s.end())
		}
	}
	slices.Sort(ends)
	longest, last := time.Duration(0), from
	for _, e := range append(ends, to) {
		longest, last = max(longest, e-last), e
	}
	return longest
}
