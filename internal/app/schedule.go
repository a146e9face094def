package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"lightstick/internal/edge"
	"lightstick/internal/forum"
	"lightstick/internal/store"
	"lightstick/internal/web"
)

const (
	// eventAhead is how long before an event its pages are made ready for many readers.
	eventAhead = 15 * time.Minute
	// eventFresh is how long pages of an event are served as they are. It is shorter than whoever
	// has just written passes by the caches, so that nobody misses what they wrote themselves.
	eventFresh = 8 * time.Second
	eventsMost = forum.MaxPageSize // events looked at: those under way and the next ones
	pagesMost  = 500               // pages rendered ahead in a round
)

// schedule makes a node ready for events: from a quarter of an hour before one until it is over,
// pages of its fandom are kept in the page cache and stay fresh for longer. What it knows of events
// outlives the store's absence. It also tells operators when the next event is, so that they can
// add nodes in time.
type schedule struct {
	store *store.Store
	site  *web.Site
	pages *edge.Edge
	now   func() time.Time
	log   *slog.Logger

	mu     sync.Mutex // guards what was read last
	events []forum.Event
}

// round reads the calendar and makes ready what comes near.
func (s *schedule) round(ctx context.Context) error {
	list, _, err := s.store.Events(ctx, forum.EventQuery{Standing: true, Limit: eventsMost})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.events = list
	s.mu.Unlock()
	pages, err := s.near(ctx, list)
	if err != nil {
		return err
	}
	s.pages.Lengthen(eventFresh, pages...)
	if err := s.pages.Warm(ctx, pages[:min(len(pages), pagesMost)]...); err != nil {
		s.log.DebugContext(ctx, "pages of events not warmed", "error", err) // a post that was taken down, say
	}
	return nil
}

// near lists the pages of the events that are near or under way, each once.
func (s *schedule) near(ctx context.Context, list []forum.Event) ([]string, error) {
	var pages []string
	seen, now := map[string]bool{}, s.now()
	for _, e := range list {
		if !near(e, now) {
			continue
		}
		f, err := s.store.FandomByID(ctx, e.FandomID)
		if err != nil {
			return nil, err
		}
		boards, err := s.store.Boards(ctx, f.ID)
		if err != nil {
			return nil, err
		}
		for _, page := range s.site.EventPages(f, boards, e.PostID) {
			if !seen[page] {
				seen[page] = true
				pages = append(pages, page)
			}
		}
	}
	return pages, nil
}

// near reports an event that its pages are made ready for.
func near(e forum.Event, now time.Time) bool {
	return !now.Before(e.StartsAt.Add(-eventAhead)) && now.Before(e.EndsAt)
}

// The metrics of the calendar have one label of five values; which fandom it is, they do not say.
func nextEvent() *prometheus.Desc {
	return prometheus.NewDesc("lightstick_next_event_seconds", "Seconds until the next event of a kind starts; absent when none is planned.", []string{"kind"}, nil)
}

func activeEvents() *prometheus.Desc {
	return prometheus.NewDesc("lightstick_event_active", "Events of a kind that pages are kept ready for: from 15 minutes before they start until they are over.", []string{"kind"}, nil)
}

// Describe implements [prometheus.Collector].
func (s *schedule) Describe(to chan<- *prometheus.Desc) { to <- nextEvent(); to <- activeEvents() }

// Collect implements [prometheus.Collector].
func (s *schedule) Collect(to chan<- prometheus.Metric) {
	s.mu.Lock()
	list := s.events
	s.mu.Unlock()
	now := s.now()
	for _, kind := range forum.EventKinds() {
		active, next := 0, -1.0
		for _, e := range list { // by their start
			if e.Kind != kind {
				continue
			}
			if near(e, now) {
				active++
			}
			if next < 0 && e.StartsAt.After(now) {
				next = e.StartsAt.Sub(now).Seconds()
			}
		}
		to <- prometheus.MustNewConstMetric(activeEvents(), prometheus.GaugeValue, float64(active), string(kind))
		if next >= 0 {
			to <- prometheus.MustNewConstMetric(nextEvent(), prometheus.GaugeValue, next, string(kind))
		}
	}
}
