// Package api serves the community as REST resources under /api/v1, with the OpenAPI document
// that describes them and a page to read it on.
//
// It promises that every operation stands in the document with its policy beside its handler,
// that whatever goes wrong is told as one shape of problem document with a stable type, that an
// edit made on an old version changes nothing, and that a POST carrying an Idempotency-Key
// happens at most once. It decides nothing about the community: who may do what is package
// forum's, who somebody is package identity's, how an answer is cached package edge's. It never
// speaks SQL or HTML, but for its own reference page.
package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"lightstick/internal/edge"
	"lightstick/internal/forum"
)

// Prefix is where the resources begin.
const Prefix = "/api/v1"

// Options are what the API is made of. All are required but MediaBase.
type Options struct {
	Forum     *forum.Forum
	Accounts  Accounts
	Media     Pictures
	Actor     func(context.Context) *forum.Actor // who asks, as the edge's Identify found out; nil for guests
	Now       func() time.Time
	Version   string // of the program, for the document
	MediaBase string // origin of pictures; "" for this site
	// Environment is dev, staging or production, as the status tells it; "" to tell nothing.
	Environment string
}

// API is the REST interface. It is safe for concurrent use.
type API struct {
	Options
	huma     huma.API
	handlers handlers
	routes   []edge.Route
	document []byte
	err      error // the first mistake of the operation table
}

// New makes the API and its document.
func New(o Options) (*API, error) {
	if o.Forum == nil || o.Accounts == nil || o.Media == nil || o.Actor == nil || o.Now == nil {
		return nil, errors.New("api: an option is missing")
	}
	a := &API{Options: o, handlers: handlers{}}
	a.huma = huma.NewAPI(a.config(), humago.NewAdapter(a.handlers, Prefix))
	a.fandoms()
	a.events()
	a.posts()
	a.comments()
	a.reactions()
	a.members()
	a.notifications()
	a.search()
	a.attachments()
	a.accounts()
	a.reports()
	a.staff()
	a.status()
	if a.err != nil {
		return nil, a.err
	}
	if err := a.finishDocument(); err != nil {
		return nil, fmt.Errorf("api: document: %w", err)
	}
	return a, a.reference()
}

// Routes is the route table for an edge of its own, mounted at /api/. The edge's Fail must be
// [API.Fail], its Identify what [Options.Actor] reads.
func (a *API) Routes() []edge.Route { return append([]edge.Route(nil), a.routes...) }

// Document is the OpenAPI 3.1 document.
func (a *API) Document() []byte { return a.document }

// handlers is the mux that huma registers with. It only keeps what it is given: requests are
// matched once, by the edge.
type handlers map[string]http.HandlerFunc

func (h handlers) HandleFunc(pattern string, f func(http.ResponseWriter, *http.Request)) {
	h[pattern] = f
}

func (h handlers) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }

// config is huma's. Nothing of huma's package level is changed: its errors are caught by the
// transformer, and it writes into a sink.
func (a *API) config() huma.Config {
	return huma.Config{
		OpenAPI: a.describe(),
		Formats: map[string]huma.Format{
			"application/json": huma.DefaultJSONFormat,
			"json":             huma.DefaultJSONFormat, // application/merge-patch+json
		},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{catch},
	}
}

// catch takes the errors that huma finds in a request; the handler returns them to the edge. It leaves
// huma nothing to write: each of its errors holds the value that it is about, so that a body of
// twenty thousand unknown fields would be written twenty thousand times, gigabytes of it.
func catch(ctx huma.Context, _ string, v any) (any, error) {
	if m, ok := v.(*huma.ErrorModel); ok {
		callOf(ctx.Context()).err = fromHuma(m)
		return struct{}{}, nil
	}
	return v, nil
}
