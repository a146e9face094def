package forum

import (
	"context"
	"sync/atomic"
)

// View says how new the reads of one request must be. It travels in the context to the store, which
// may then answer from a copy of the database that lags a little. Without one, reads are as
// new as can be.
//
// Reads under a View see every write that its token is of and, from then on, every write made under
// it; they come from one copy as long as that one answers, so that the parts of a page fit together.
type View struct {
	// Seen is the token of a write that the client knows of, "" for none. Tokens come from clients:
	// whatever is in it, the worst it can do is to have the newest copy asked.
	Seen string
	// Fresh asks the newest copy for everything: what a write is decided on must not be old.
	Fresh bool

	wrote atomic.Pointer[string]
	place atomic.Pointer[any]
}

type viewKey struct{}

// WithView makes the reads on this context as new as v says.
func WithView(ctx context.Context, v *View) context.Context {
	return context.WithValue(ctx, viewKey{}, v)
}

// ViewFrom is the View of the context, nil when there is none.
func ViewFrom(ctx context.Context) *View {
	v, _ := ctx.Value(viewKey{}).(*View)
	return v
}

// Token is that of the last write made under the View, "" when there was none or when every read sees
// every write anyway. A client who brings it back as Seen sees the write.
func (v *View) Token() string {
	if v == nil {
		return ""
	}
	if t := v.wrote.Load(); t != nil {
		return *t
	}
	return ""
}

// Wrote is called by the store with the token of a write made under the View, which may be nil.
func (v *View) Wrote(token string) {
	if v != nil {
		v.wrote.Store(&token)
	}
}

// Place is where the store said that this View reads, nil before.
func (v *View) Place() any {
	if v == nil {
		return nil
	}
	if p := v.place.Load(); p != nil {
		return *p
	}
	return nil
}

// Settle notes where this View reads from now on.
func (v *View) Settle(place any) {
	if v != nil {
		v.place.Store(&place)
	}
}
