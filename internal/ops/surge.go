package ops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// Surge drills a crowd that arrives at one post, of which no cache has a copy.
type Surge struct {
	Site    *Site    // signed in; best through its POP
	Metrics []string // address of each node's metrics, for what the crowd costs
	Rate    float64  // requests a second before; ten times as many afterwards
	Out     io.Writer
}

const (
	surgeBefore = 5 * time.Second
	surgeFor    = 20 * time.Second
	signedIn    = 3 // of ten readers
	freshFor    = 2 * time.Second
)

// pages of one post that the crowd reads: one in each language.
var surgeLocales = [...]string{"ko", "en", "ja", "es", "id"}

// Run drills once.
func (d Surge) Run(ctx context.Context) (r Report, err error) {
	r = Report{Drill: "surge", Began: time.Now(), Machine: Machine(),
		About: fmt.Sprintf("%.0f requests a second become %.0f at once, all for a post that was written a moment ago: its page in five languages, and for every tenth request its live tail. "+
			"Three of ten readers are signed in, and also ask for what is theirs.", d.Rate, 10*d.Rate)}
	t := teller{d.Out, r.Began}
	s, err := d.surge(ctx, t)
	r.Sections, r.Took = []Section{s}, time.Since(r.Began)
	return r, err
}

func (d Surge) surge(ctx context.Context, t teller) (s Section, err error) {
	posts, _, err := d.Site.posts(ctx, 100)
	if err != nil {
		return s, err
	}
	var hits, asked atomic.Int64
	crowd := func(post func(i int) int64, rate float64) []stream {
		return []stream{
			{"pages", 0.9 * rate, func(ctx context.Context, i int) error {
				return d.read(ctx, fmt.Sprintf("/%s/p/%d", surgeLocales[i%len(surgeLocales)], post(i)), i, &asked, &hits)
			}},
			{"tails", 0.1 * rate, func(ctx context.Context, i int) error {
				return d.read(ctx, fmt.Sprintf("/ko/p/%d/tail?after=0", post(i)), i, &asked, &hits)
			}},
			{memberReads, 0.02 * rate, func(ctx context.Context, i int) error {
				return d.Site.get(ctx, fmt.Sprintf("/me/ko/fragments?page=/ko/p/%d", post(i)), d.Site.cookie(i), i)
			}},
		}
	}
	t.say("%.0f requests a second over %d posts", d.Rate, len(posts))
	before := startLoad(ctx, crowd(func(i int) int64 { return posts[i%len(posts)] }, d.Rate)...)
	err = rest(ctx, surgeBefore)
	before.end()
	if err != nil {
		return s, err
	}
	hot, err := d.Site.newPost(ctx, "Drill surge "+newKey()[6:14])
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, d.Site.deletePost(context.WithoutCancel(ctx), hot)) }()
	rendered, err := d.renders(ctx)
	if err != nil {
		return s, err
	}
	hits.Store(0)
	asked.Store(0)
	t.say("%.0f requests a second for one post", 10*d.Rate)
	l := startLoad(ctx, crowd(func(int) int64 { return hot }, 10*d.Rate)...)
	if err := rest(ctx, surgeFor); err != nil {
		l.end()
		return s, err
	}
	samples := l.end()
	took := l.now()
	after, err := d.renders(ctx)
	if err != nil {
		return s, err
	}
	if len(d.Metrics) > 0 && after == rendered {
		return s, errors.New("no node counted a render of the post: is --metrics right?")
	}
	return d.judge(samples, took, after-rendered, float64(hits.Load())/float64(asked.Load())), nil
}

// read asks for a public address as one of the crowd and notes whether the POP had it.
func (d Surge) read(ctx context.Context, path string, i int, asked, hits *atomic.Int64) error {
	cookie := ""
	if i%10 < signedIn {
		cookie = d.Site.cookie(i)
	}
	a, err := d.Site.do(ctx, call{method: http.MethodGet, path: path, cookie: cookie, from: i})
	if err == nil && a.status != http.StatusOK && a.status != http.StatusNotModified {
		err = a.bad(path)
	}
	asked.Add(1)
	if had := a.header.Get("X-Pop-Cache"); had == "hit" || had == "stale" || had == "renewed" {
		hits.Add(1)
	}
	return err
}

// renders is how often all nodes made the page of a post so far.
func (d Surge) renders(ctx context.Context) (sum float64, err error) {
	for _, url := range d.Metrics {
		n, err := metric(ctx, url, "lightstick_http_page_renders_total", `route="post.`)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

func (d Surge) judge(samples map[string][]sample, took time.Duration, renders, hitRate float64) Section {
	s := Section{Name: "surge", About: "Ten times the load on one post, from one moment to the next, with cold caches.", Plots: plots("from the step on", samples, span{})}
	for _, name := range []string{"pages", "tails", memberReads} {
		n, texts := failed(samples[name])
		s.Claims = append(s.Claims, none(name+" answered with anything but 200 or 304", n, len(samples[name])))
		s.Notes = append(append(s.Notes, texts...), fmt.Sprintf("%s: %.0f a second, p50 %s, p99 %s, worst %s", name, float64(len(samples[name]))/took.Seconds(),
			ms(percentile(samples[name], 0.5)), ms(percentile(samples[name], 0.99)), ms(percentile(samples[name], 1))))
	}
	if len(d.Metrics) > 0 {
		may := float64(len(surgeLocales)*len(d.Metrics)) * (took.Seconds()/freshFor.Seconds() + 1)
		s.Claims = append(s.Claims, atMost(fmt.Sprintf("renders of the post's %d pages on %d nodes in %.0f s: one every 2 s each", len(surgeLocales), len(d.Metrics), took.Seconds()), may, renders, ""))
	}
	s.Claims = append(s.Claims, atLeast("answered by the POP without asking a node, of what can be cached", 99, 100*hitRate, " %"))
	return s
}
