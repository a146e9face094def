package app

import (
	"context"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"lightstick/internal/edge"
)

// warmFor is how long a node that starts may make itself ready. After that it is: a slow store must
// not keep a node out when the others need its help.
const warmFor = 3 * time.Second

// warm renders the pages that were asked for most of late, on any node, and the front pages, so that
// the first readers do not wait. It answers already meanwhile, but calls itself ready only then.
func (a *App) warm(ctx context.Context) {
	defer a.health.warming.Store(false)
	ctx, cancel := context.WithTimeout(ctx, warmFor)
	defer cancel()
	began := time.Now()
	var pages, rest []string
	for _, l := range a.locales.Tags() {
		pages = append(pages, "/"+l)
	}
	if err := a.store.Warm(ctx); err != nil {
		a.observer.Log.WarnContext(ctx, "database not warmed", "error", err)
	}
	hot, err := a.store.HotPages(ctx)
	if err != nil {
		a.observer.Log.WarnContext(ctx, "hot pages not known", "error", err)
	}
	for _, p := range hot {
		if strings.HasPrefix(p.Path, "/api/") {
			rest = append(rest, p.Path)
		} else {
			pages = append(pages, p.Path)
		}
	}
	for i, list := range [][]string{pages, rest} {
		if err := a.edges[i].Warm(ctx, list...); err != nil {
			a.observer.Log.InfoContext(ctx, "not all pages warmed", "error", err)
		}
	}
	a.observer.Log.InfoContext(ctx, "ready", "pages", len(pages)+len(rest), "ms", time.Since(began).Milliseconds())
}

// cacheUse tells how full the page caches are.
type cacheUse struct{ edges []*edge.Edge }

func cachedPages() *prometheus.Desc {
	return prometheus.NewDesc("lightstick_http_page_cache_pages", "Pages in the page cache.", nil, nil)
}

func cachedBytes() *prometheus.Desc {
	return prometheus.NewDesc("lightstick_http_page_cache_bytes", "Bytes that the pages in the page cache take, about; bounded by the page-cache setting.", nil, nil)
}

// Describe implements [prometheus.Collector].
func (c cacheUse) Describe(to chan<- *prometheus.Desc) { to <- cachedPages(); to <- cachedBytes() }

// Collect implements [prometheus.Collector].
func (c cacheUse) Collect(to chan<- prometheus.Metric) {
	pages, bytes := 0, int64(0)
	for _, e := range c.edges {
		n, size := e.CacheUse()
		pages, bytes = pages+n, bytes+size
	}
	to <- prometheus.MustNewConstMetric(cachedPages(), prometheus.GaugeValue, float64(pages))
	to <- prometheus.MustNewConstMetric(cachedBytes(), prometheus.GaugeValue, float64(bytes))
}
