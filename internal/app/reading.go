package app

import (
	"context"
	"net/http"

	"lightstick/internal/edge"
	"lightstick/internal/forum"
)

// identify says who asks, and how new what they read must be: a write is decided on what is, never
// on what a replica has heard so far.
func (a *App) identify(r *http.Request) (context.Context, string, error) {
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	how := &forum.Reading{Seen: edge.ReadYourWrites(r.Context()), Fresh: !read}
	return a.identity.Identify(r.WithContext(forum.WithReading(r.Context(), how)))
}

// withReading lets the routes that identify nobody read from replicas.
func withReading(routes []edge.Route) []edge.Route {
	for i := range routes {
		handle := routes[i].Handle
		routes[i].Handle = func(w http.ResponseWriter, r *http.Request) error {
			ctx := r.Context()
			if forum.ReadingFrom(ctx) == nil {
				ctx = forum.WithReading(ctx, &forum.Reading{Seen: edge.ReadYourWrites(ctx)})
			}
			return handle(w, r.WithContext(ctx))
		}
	}
	return routes
}
