package forum

import (
	"context"
	"hash/maphash"
	"sync"
	"time"
)

// Bounds of the counting of views, and so of its memory: about 10 MB at worst.
const (
	viewWhile   = 30 * time.Minute // how long a reader who comes back is the same view, at least
	viewReaders = 1 << 17          // readers of posts remembered in that time
	viewPosts   = 1 << 14          // posts with views that are not stored yet
)

// ViewStore keeps how often posts were looked at.
type ViewStore interface {
	// AddViews adds to the views of posts; those of posts that cannot be seen are dropped.
	AddViews(ctx context.Context, views map[ID]int) error
}

// Views counts who looks at posts, in memory, and stores the sums now and then.
//
// It promises that a reader counts once for a post within half an hour, at most an hour, on the
// node that they ask, while the node has few enough readers to remember; that nothing about a
// reader is kept but a hash under a salt that is drawn anew every half hour, never stored and
// never told; and that what has been counted is stored by the next Flush that succeeds. What was
// counted after the last one is lost when the process is killed. It is safe for concurrent use.
type Views struct {
	store ViewStore
	now   func() time.Time

	mu      sync.Mutex // guards what follows
	readers viewers
	before  viewers // of the half hour before
	waiting map[ID]int
}

// viewers are the readers of a time.
type viewers struct {
	salt  maphash.Seed
	since time.Time
	seen  map[uint64]struct{}
}

// NewViews starts counting.
func NewViews(store ViewStore, now func() time.Time) *Views {
	v := &Views{store: store, now: now, waiting: map[ID]int{}}
	v.readers, v.before = v.viewers(), v.viewers()
	return v
}

func (v *Views) viewers() viewers {
	return viewers{salt: maphash.MakeSeed(), since: v.now(), seen: map[uint64]struct{}{}}
}

func (r viewers) key(reader string, post ID) uint64 {
	return maphash.Comparable(r.salt, struct {
		reader string
		post   ID
	}{reader, post})
}

// See counts a look at a post. reader is whatever tells one reader from another; it is not kept.
func (v *Views) See(reader string, post ID) {
	now := v.now()
	v.mu.Lock()
	defer v.mu.Unlock()
	if now.Sub(v.readers.since) >= viewWhile || len(v.readers.seen) >= viewReaders {
		v.before, v.readers = v.readers, v.viewers()
	}
	if _, known := v.before.seen[v.before.key(reader, post)]; known && now.Sub(v.before.since) < 2*viewWhile {
		return
	}
	key := v.readers.key(reader, post)
	if _, known := v.readers.seen[key]; known {
		return
	}
	if _, waits := v.waiting[post]; !waits && len(v.waiting) >= viewPosts {
		return // somebody makes posts up, or the store takes nothing: reading goes on
	}
	v.readers.seen[key] = struct{}{}
	v.waiting[post]++
}

// Flush stores what was counted. What cannot be stored now is kept for the next time.
func (v *Views) Flush(ctx context.Context) error {
	v.mu.Lock()
	batch := v.waiting
	v.waiting = map[ID]int{}
	v.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	err := v.store.AddViews(ctx, batch)
	if err == nil {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for post, n := range batch {
		if _, waits := v.waiting[post]; waits || len(v.waiting) < viewPosts {
			v.waiting[post] += n
		}
	}
	return err
}
