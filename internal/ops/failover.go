package ops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Failover drills the loss of the database's primary.
type Failover struct {
	Site   *Site // signed in
	Faults Faults
	Cases  []string // of FailoverCases; nil: all that are usual
	Runs   int      // of each case
	Out    io.Writer
}

// failoverCase is one way to lose a primary.
type failoverCase struct {
	name, about string
	hold        time.Duration // from the fault until it is healed
	within      time.Duration // writes must be back; 0 for no claim
}

func failoverCases() []failoverCase {
	return []failoverCase{
		{"kill", "kill -9 of the primary's PostgreSQL", 12 * time.Second, 7 * time.Second},
		{"kill-node", "kill -9 of the primary's PostgreSQL with all its processes and of the agent beside it", 14 * time.Second, 7 * time.Second},
		{"hang", "SIGSTOP of everything on the primary's node for 14 s", 14 * time.Second, 10 * time.Second},
		{"hang-postgres", "SIGSTOP of the primary's PostgreSQL alone for 14 s", 14 * time.Second, 10 * time.Second},
		{"cut", "every packet from and to the primary's node dropped for 14 s", 14 * time.Second, 10 * time.Second},
		{"switchover", "the primary's role handed over on purpose", 8 * time.Second, 3 * time.Second},
	}
}

// FailoverCases are the names of all cases.
func FailoverCases() (names []string) {
	for _, c := range failoverCases() {
		names = append(names, c.name)
	}
	return names
}

// Rates of the load, per second.
const (
	cachedRate   = 20
	uncachedRate = 20
	memberRate   = 10
	writeRate    = 10
)

// Names of the streams of the load.
const (
	cachedReads   = "public reads, cached"
	uncachedReads = "public reads, uncached"
	memberReads   = "signed-in reads"
	writes        = "writes"
)

// Check refuses cases that there are not.
func (f Failover) Check() error {
	for _, name := range f.Cases {
		if !slices.Contains(FailoverCases(), name) {
			return fmt.Errorf("no case %q; there are %s", name, strings.Join(FailoverCases(), ", "))
		}
	}
	return nil
}

// Run drills each case as often as asked.
func (f Failover) Run(ctx context.Context) (r Report, err error) {
	r = Report{Drill: "failover", Began: time.Now(), Machine: Machine(),
		About: fmt.Sprintf("The database loses its primary under load: %d public reads a second that the page cache has, %d that it does not, %d signed-in reads and %d comments, "+
			"each sent again with its idempotency key until acknowledged. Afterwards all comments are read back.", cachedRate, uncachedRate, memberRate, writeRate)}
	t := teller{f.Out, r.Began}
	reads, _, err := f.Site.posts(ctx, 400)
	if err != nil {
		return r, err
	}
	next := &unread{posts: reads}
	for _, c := range failoverCases() {
		if len(f.Cases) > 0 && !slices.Contains(f.Cases, c.name) {
			continue
		}
		var outcomes []outcome
		for i := range f.Runs {
			t.say("%s, run %d of %d: %s", c.name, i+1, f.Runs, c.about)
			o, err := f.once(ctx, c, next)
			if err != nil {
				return r, fmt.Errorf("%s: %w", c.name, err)
			}
			t.say("  %s: %.1f s without writes, %d of %d reads failed, %d of %d acknowledged writes lost", o.where, o.gap.Seconds(), o.badReads(), o.reads(), o.writes.lost, o.writes.acked)
			outcomes = append(outcomes, o)
		}
		r.Sections = append(r.Sections, c.judge(outcomes))
	}
	r.Took = time.Since(r.Began)
	return r, nil
}

// outcome is what one run of a case gave.
type outcome struct {
	where   string // node that was hit
	fault   span
	samples map[string][]sample
	writes  verdict
	gap     time.Duration // longest time without an acknowledged write
	untidy  error         // why the site did not take a write after all was healed
}

type span struct{ from, to time.Duration }

func (o outcome) badReads() (n int) {
	for _, name := range []string{cachedReads, uncachedReads, memberReads} {
		bad, _ := failed(o.samples[name])
		n += bad
	}
	return n
}

func (o outcome) reads() int {
	return len(o.samples[cachedReads]) + len(o.samples[uncachedReads]) + len(o.samples[memberReads])
}

const (
	steady = 5 * time.Second // of load before a fault and after it is healed
	calm   = 2 * time.Second // that the writes must have been back when a fault is healed
)

func (f Failover) once(ctx context.Context, c failoverCase, next *unread) (o outcome, err error) {
	name := fmt.Sprintf("Drill %s %s", c.name, newKey()[6:14])
	post, err := f.Site.newPost(ctx, name)
	if err != nil {
		return o, err
	}
	box := newOutbox(f.Site, post, name)
	l := startLoad(ctx, append(readers(f.Site, post, next), stream{writes, writeRate, box.write})...)
	defer l.end()
	defer func() { // whatever happened, the system is whole again when this returns
		clean := context.WithoutCancel(ctx)
		err = errors.Join(err, f.Faults.Heal(clean))
		o.untidy = f.Site.deletePost(clean, post)
	}()
	if err := rest(ctx, steady); err != nil {
		return o, err
	}
	o.fault.from = l.now()
	if o.where, err = f.Faults.Inject(ctx, c.name); err != nil {
		return o, err
	}
	if err := rest(ctx, o.fault.from+c.hold-l.now()); err != nil {
		return o, err
	}
	o.fault.to = l.now()
	if err := f.Faults.Heal(ctx); err != nil {
		return o, err
	}
	if err := rest(ctx, steady); err != nil {
		return o, err
	}
	end := l.now()
	o.samples = l.end()
	o.gap = longestGap(o.samples[writes], o.fault.from-time.Second, end)
	o.writes, err = box.check(ctx, len(o.samples[writes]))
	return o, err
}

// unread names pages that no cache has: each is asked for once in a drill.
type unread struct {
	posts []int64
	n     atomic.Int64
}

// path is the next address: one of a hundred lengths of the list of comments under each post.
func (u *unread) path() string {
	n := int(u.n.Add(1)) - 1
	return fmt.Sprintf("/api/v1/posts/%d/comments?limit=%d", u.posts[n%len(u.posts)], n/len(u.posts)%100+1)
}

// readers are the streams of reads; post is the one that everybody reads.
func readers(s *Site, post int64, next *unread) []stream {
	locales := []string{"ko", "en", "ja", "es", "id"}
	return []stream{
		{cachedReads, cachedRate, func(ctx context.Context, i int) error {
			return s.get(ctx, fmt.Sprintf("/%s/p/%d", locales[i%len(locales)], post), "", i)
		}},
		{uncachedReads, uncachedRate, func(ctx context.Context, i int) error {
			return s.get(ctx, next.path(), "", i)
		}},
		{memberReads, memberRate, func(ctx context.Context, i int) error {
			return s.get(ctx, fmt.Sprintf("/me/ko/fragments?page=/ko/p/%d", next.posts[i%len(next.posts)]), s.cookie(i), i)
		}},
	}
}

// judge makes the claims of a case from all its runs, and plots the worst one.
func (c failoverCase) judge(runs []outcome) Section {
	s := Section{Name: c.name, About: c.about}
	var sum verdict
	var gaps []string
	var worst outcome
	untidy := 0
	all := map[string][]sample{}
	for _, o := range runs {
		sum.sent, sum.acked, sum.lost = sum.sent+o.writes.sent, sum.acked+o.writes.acked, sum.lost+o.writes.lost
		sum.doubled, sum.again = sum.doubled+o.writes.doubled, sum.again+o.writes.again
		gaps = append(gaps, fmt.Sprintf("%.1f", o.gap.Seconds()))
		if o.untidy != nil {
			untidy++
			s.Notes = append(s.Notes, o.untidy.Error())
		}
		for name, list := range o.samples {
			all[name] = append(all[name], list...)
		}
		if o.gap >= worst.gap {
			worst = o
		}
	}
	for _, name := range []string{cachedReads, uncachedReads, memberReads} {
		n, texts := failed(all[name])
		s.Claims = append(s.Claims, none("failed "+name, n, len(all[name])))
		s.Notes = append(s.Notes, texts...)
		s.Notes = append(s.Notes, fmt.Sprintf("%s: p50 %s, p99 %s, worst %s", name, ms(percentile(all[name], 0.5)), ms(percentile(all[name], 0.99)), ms(percentile(all[name], 1))))
	}
	_, texts := failed(all[writes])
	s.Claims = append(s.Claims, none("acknowledged writes lost", sum.lost, sum.acked), none("writes doubled", sum.doubled, sum.sent),
		none("writes never acknowledged", sum.sent-sum.acked, sum.sent), none("runs after which the site did not come back by itself", untidy, len(runs)))
	if c.within > 0 {
		s.Claims = append(s.Claims, atMost(fmt.Sprintf("seconds without writes, worst of %d", len(runs)), c.within.Seconds(), worst.gap.Seconds(), " s"))
	}
	s.Notes = append(append(s.Notes, texts...), "seconds without writes in each run: "+strings.Join(gaps, ", "),
		fmt.Sprintf("sendings of a write after the first: %d", sum.again))
	s.Plots = plots("the run with the longest time without writes", worst.samples, worst.fault)
	return s
}

func ms(d time.Duration) string {
	return number(float64(d.Round(100*time.Microsecond).Microseconds())/1000) + " ms"
}
