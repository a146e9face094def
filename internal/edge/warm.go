package edge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"lightstick/internal/fault"
)

const (
	warmers    = 4   // pages rendered at once when warming
	longestHot = 512 // bytes of an address among the hot pages
)

// lengthened are pages that stay fresh for longer than others.
type lengthened struct {
	fresh time.Duration
	paths map[string]struct{}
}

// Lengthen lets the pages at these paths, whatever their query, be served as they are for longer,
// from their next rendering on; caches on the way are told the same with s-maxage. It replaces
// what it was told before; without paths all pages are as always. A Live page is never lengthened:
// it keeps what it promises its watchers.
func (e *Edge) Lengthen(fresh time.Duration, paths ...string) {
	long := &lengthened{fresh: fresh, paths: make(map[string]struct{}, len(paths))}
	for _, p := range paths {
		long.paths[p] = struct{}{}
	}
	e.pages.long.Store(long)
}

// freshFor is how long a copy is served as it is.
func (p *pages) freshFor(job render) time.Duration {
	usual := p.e.cfg.Fresh
	if job.rt.Policy.live {
		return usual / 2
	}
	long := p.long.Load()
	if long == nil {
		return usual
	}
	if _, ok := long.paths[job.req.URL.Path]; !ok {
		return usual
	}
	return max(usual, long.fresh)
}

// longControl is the Cache-Control of a page that stays fresh for longer than usual.
func longControl(fresh time.Duration) string {
	return "public, max-age=0, s-maxage=" + strconv.Itoa(int(fresh.Seconds())) + ", stale-while-revalidate=30, stale-if-error=86400"
}

// Hot is a page and how many answers were made of it.
type Hot struct {
	URI  string
	Hits int
}

// HotPages are the pages with the most answers since it was last called, at most this many, the
// hottest first. Searches, feeds of machines, live tails and what is not there are never among
// them: they are not worth warming, and what somebody searched for is nobody's business.
func (e *Edge) HotPages(most int) []Hot {
	var list []Hot
	for uri, c := range e.pages.cache.All() {
		hits := int(c.hits.Swap(0))
		if p := c.rt.Policy; hits > 0 && c.status == http.StatusOK && p.class == ClassGuest && !p.live && len(uri) <= longestHot {
			list = append(list, Hot{uri, hits})
		}
	}
	slices.SortFunc(list, func(a, b Hot) int { return cmp.Or(b.Hits-a.Hits, cmp.Compare(a.URI, b.URI)) })
	return list[:min(len(list), most)]
}

// CacheUse is how many pages the cache holds, and about how many bytes they take.
func (e *Edge) CacheUse() (pages int, bytes int64) {
	return e.pages.cache.EstimatedSize(), int64(e.pages.cache.WeightedSize())
}

// Warm renders pages into the cache, so that a node which calls itself ready is, a few at a time
// and until ctx ends. Each uri is a path with an optional query. It returns the errors of all that
// could not be rendered.
func (e *Edge) Warm(ctx context.Context, uris ...string) error {
	errs := make([]error, len(uris))
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(warmers, len(uris)) {
		wg.Go(func() {
			for i := range next {
				if err := e.warm(ctx, uris[i]); err != nil {
					errs[i] = fmt.Errorf("edge: warm %s: %w", uris[i], err)
				}
			}
		})
	}
	var late error
	for i := range uris {
		select {
		case next <- i:
			continue
		case <-ctx.Done():
			late = fmt.Errorf("edge: %d of %d pages not warmed: %w", len(uris)-i, len(uris), ctx.Err())
		}
		break
	}
	close(next)
	wg.Wait()
	return errors.Join(append(errs, late)...)
}

func (e *Edge) warm(ctx context.Context, uri string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, http.NoBody)
	if err != nil {
		return err
	}
	r.RequestURI, r.Host = uri, e.cfg.BaseURL.Host // the WAF refuses who asks nobody
	if err := checkURL(r); err != nil {
		return err
	}
	rec := newRecorder()
	e.ServeHTTP(rec, r)
	if c, ok := e.pages.cache.GetIfPresent(uri); ok {
		c.hits.Add(-1) // nobody asked for it
	}
	if rec.status != http.StatusOK {
		return fault.New(fault.Internal, "warm", "The answer was {status}.", "status", rec.status)
	}
	return nil
}
