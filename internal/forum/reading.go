package forum

import (
	"context"
	"sync/atomic"
)

// Reading says how new the reads of one request must be. It travels in the context to the store, which
// may then answer from a copy of the database that lags a little. Without one, reads are as
// new as can be.
//
// Reads under a Reading see every write that its token is of and, from then on, every write made under
// it; they come from one copy as long as that one answers, so that the parts of a page fit together.
type Reading struct {
	// Seen is the token of a write that the client knows of, "" for none. Tokens come from clients:
	// whatever is in it, the worst it can do is to have the newest copy asked.
	Seen string
	// Fresh asks the newest copy for everything: what a write is decided on must not be old.
	Fresh bool

	wrote atomic.Pointer[string]
	place atomic.Pointer[any]
}

type readingKey struct{}

// WithReading makes the reads on this context as new as r says.
func WithReading(ctx context.Context, r *Reading) context.Context {
	return context.WithValue(ctx, readingKey{}, r)
}

// ReadingFrom is the Reading of the context, nil when there is none.
func ReadingFrom(ctx context.Context) *Reading {
	r, _ := ctx.Value(readingKey{}).(*Reading)
	return r
}

// Token is that of the last write made under the Reading, "" when there was none or when every read sees
// every write anyway. A client who brings it back as Seen sees the write.
func (r *Reading) Token() string {
	if r == nil {
		return ""
	}
	if t := r.wrote.Load(); t != nil {
		return *t
	}
	return ""
}

// Wrote is called by the store with the token of a write made under the Reading, which may be nil.
func (r *Reading) Wrote(token string) {
	if r != nil {
		r.wrote.Store(&token)
	}
}

// Place is where the store said that this Reading reads, nil before.
func (r *Reading) Place() any {
	if r == nil {
		return nil
	}
	if p := r.place.Load(); p != nil {
		return *p
	}
	return nil
}

// Settle notes where this Reading reads from now on.
func (r *Reading) Settle(place any) {
	if r != nil {
		r.place.Store(&place)
	}
}
