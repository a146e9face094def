package ops

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// outbox writes comments as the browser does: each has a key, and is sent again with the same key
// until it is acknowledged.
type outbox struct {
	site *Site
	post int64
	name string // of the run, part of every comment

	mu    sync.Mutex
	acked map[int]bool // numbers of comments that the site said it has
	again int          // sendings after the first
}

const (
	sendWithin  = 8 * time.Second  // of one sending; the site may hold a write for 5 s
	writeWithin = 60 * time.Second // of all sendings of a comment
	againAfter  = time.Second      // most that a writer waits before the next sending
)

func newOutbox(s *Site, post int64, name string) *outbox {
	return &outbox{site: s, post: post, name: name, acked: map[int]bool{}}
}

// write sends comment i until it is acknowledged or refused for good.
func (o *outbox) write(ctx context.Context, i int) error { return o.deliver(ctx, o.call(i), i) }

// twice delivers comment i and then sends it to the next node once more: it must know it.
func (o *outbox) twice(ctx context.Context, i int) error {
	c := o.call(i)
	if err := o.deliver(ctx, c, i); err != nil {
		return err
	}
	c.from++
	_, err := o.send(ctx, c)
	return err
}

func (o *outbox) call(i int) call {
	return call{method: http.MethodPost, path: fmt.Sprintf("/api/v1/posts/%d/comments", o.post), key: newKey(),
		cookie: o.site.cookie(i), from: i % len(o.site.cookies), body: map[string]string{"body": o.text(i)}}
}

func (o *outbox) deliver(ctx context.Context, c call, i int) error {
	ctx, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	var last error
	for ctx.Err() == nil {
		wait, err := o.send(ctx, c)
		if err == nil {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.acked[i] = true
			return nil
		}
		if last = err; wait < 0 {
			return err
		}
		o.mu.Lock()
		o.again++
		o.mu.Unlock()
		c.from++ // the next node, if there are several
		_ = rest(ctx, wait)
	}
	return fmt.Errorf("given up after %s: %w", writeWithin, last)
}

// send sends once. wait is when to send again, negative for never.
func (o *outbox) send(ctx context.Context, c call) (wait time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	a, err := o.site.do(ctx, c)
	switch {
	case err != nil:
		return 100 * time.Millisecond, err
	case a.status < 300:
		return 0, nil
	case a.status >= 500 || a.status == http.StatusTooManyRequests || strings.Contains(string(a.body), "idempotency_in_flight"):
		return a.retryAfter(), a.bad(c.path)
	}
	return -1, a.bad(c.path)
}

func (a answer) retryAfter() time.Duration {
	seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
	if err != nil {
		return againAfter / 2
	}
	return min(time.Duration(seconds)*time.Second, againAfter)
}

// text of comment i; the number ends at the full stop, so that 1 is not found in 12.
func (o *outbox) text(i int) string { return fmt.Sprintf("%s comment number %d.", o.name, i) }

// verdict is what became of the comments.
type verdict struct{ sent, acked, lost, doubled, again int }

// check reads everything back. It asks until all acknowledged comments are seen or time is up:
// what readers get may be two seconds old.
func (o *outbox) check(ctx context.Context, sent int) (v verdict, err error) {
	v = verdict{sent: sent, acked: len(o.acked), again: o.again}
	err = until(ctx, 20*time.Second, time.Second, "reading the comments back", func(ctx context.Context) bool {
		var seen map[string]int
		if seen, err = o.read(ctx); err != nil {
			return false
		}
		v.lost, v.doubled = 0, 0
		for i := range sent {
			n := seen[o.text(i)]
			if n == 0 && o.acked[i] {
				v.lost++
			}
			if n > 1 {
				v.doubled++
			}
		}
		return v.lost == 0
	})
	if v.lost > 0 { // time was up, which is a finding and not an error
		return v, nil
	}
	return v, err
}

// read counts the texts of all comments under the post.
func (o *outbox) read(ctx context.Context) (map[string]int, error) {
	list, err := o.comments(ctx)
	seen := map[string]int{}
	for _, c := range list {
		seen[c.Body]++
	}
	return seen, err
}

// disorder is by how much a comment, at worst, is dated before one that came earlier, of how many.
func (o *outbox) disorder(ctx context.Context) (worst time.Duration, n int, err error) {
	list, err := o.comments(ctx)
	var newest time.Time
	for _, c := range list { // by id
		worst = max(worst, newest.Sub(c.CreatedAt))
		if c.CreatedAt.After(newest) {
			newest = c.CreatedAt
		}
	}
	return worst, len(list), err
}

type comment struct {
	ID        int64
	Body      string
	CreatedAt time.Time `json:"created_at"`
}

// comments are all under the post, by id.
func (o *outbox) comments(ctx context.Context) ([]comment, error) {
	list, _, err := o.site.tail(ctx, o.post, 0, 0)
	return list, err
}

// tailPage is how many comments an answer of the tail has at most.
const tailPage = 100

// tail is all comments under a post after an id, and where the next look starts: behind that, comments may
// still appear between those that are there.
func (s *Site) tail(ctx context.Context, post, after int64, from int) (list []comment, settled int64, err error) {
	for open := false; ; {
		var page struct {
			Items   []comment
			Settled int64
		}
		c := call{method: http.MethodGet, path: fmt.Sprintf("/api/v1/posts/%d/tail?limit=%d&after=%d", post, tailPage, after), from: from}
		if _, err := s.json(ctx, c, &page); err != nil {
			return nil, 0, err
		}
		if !open {
			settled = page.Settled
		}
		list = append(list, page.Items...)
		if len(page.Items) < tailPage {
			return list, settled, nil
		}
		after = page.Items[tailPage-1].ID
		open = open || page.Settled < after
	}
}
