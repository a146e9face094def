package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"lightstick/internal/edge"
	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// op is one row of the operation table: what the document says and what the edge enforces.
type op struct {
	id       string // operationId; the policy is named api.<id>
	method   string
	path     string // under Prefix
	tag      string
	summary  string
	about    string
	policy   func(name string, opts ...edge.Option) edge.Policy
	opts     []edge.Option
	scope    forum.Scope // that a token needs; "" for what a guest may do
	status   int         // of success; 200, or 204 without a body, or 201 for a POST
	errors   []int       // besides those that follow from the rest
	body     *huma.RequestBody
	json     bool // has a JSON body; found by looking at the input type
	tagged   bool // answers carry an ETag
	location bool // answers carry a Location
}

// get registers a read. On a public page (edge.Page) the actor is nobody, and the query
// parameters of the input type are the ones the page may depend on.
func get[I, B any](a *API, o op, handle func(context.Context, *I) (reply[B], error)) {
	o.method = http.MethodGet
	register[I, B](a, o, handle)
}

// change registers a PUT, PATCH or DELETE: what is idempotent by its nature.
func change[I, B any](a *API, method string, o op, handle func(context.Context, *I) (reply[B], error)) {
	o.method, o.policy = method, edge.Write
	register[I, B](a, o, handle)
}

func register[I, B any](a *API, o op, handle func(context.Context, *I) (reply[B], error)) {
	defer a.mistakes(o.id)
	o.status = o.successStatus(reflect.TypeFor[B]())
	hop := a.operation(&o, reflect.TypeFor[I](), reflect.TypeFor[B]())
	huma.Register(a.huma, hop, func(ctx context.Context, in *I) (*struct{}, error) {
		c := callOf(ctx)
		p, err := handle(ctx, in)
		if replay, ok := errors.AsType[*forum.Replay](err); ok {
			c.answer = replayed(replay)
			return nil, nil
		}
		if err == nil {
			c.answer, err = p.encode(o.status, c.r)
		}
		c.err = err
		return nil, nil
	})
	if o.body != nil { // only now: huma would read the body of an operation that it knows to have one
		documented(a.item(o.path), o.method).RequestBody = o.body
	}
	pattern := o.method + " " + Prefix + o.path
	a.routes = append(a.routes, edge.Route{
		Method: o.method, Path: Prefix + o.path, Policy: a.policyOf(&o), Handle: a.serve(&o, a.handlers[pattern]),
	})
}

// mistakes turns huma's panic over a mistake in the table into the error of New.
func (a *API) mistakes(id string) {
	if p := recover(); p != nil {
		a.err = errors.Join(a.err, fmt.Errorf("api: operation %s: %v", id, p))
	}
}

func (o *op) successStatus(body reflect.Type) int {
	switch {
	case body == reflect.TypeFor[None]() && (o.status == 0 || o.status == http.StatusCreated):
		return http.StatusNoContent
	case o.status == 0:
		return http.StatusOK
	}
	return o.status
}

// policyOf completes the row's policy: a page's query parameters are those of the document, and
// every route that sees credentials takes bearer tokens.
func (a *API) policyOf(o *op) edge.Policy {
	opts := append(slices.Clip(o.opts), edge.Bearer())
	if !o.policy("api." + o.id).Public() {
		return o.policy("api."+o.id, opts...)
	}
	var names []string
	for _, p := range a.item(o.path).Get.Parameters {
		if p.In == "query" {
			names = append(names, p.Name)
		}
	}
	return o.policy("api."+o.id, append(opts, edge.Query(names...))...)
}

func (a *API) item(path string) *huma.PathItem { return a.huma.OpenAPI().Paths[path] }

// operation is the row as huma takes it.
func (a *API) operation(o *op, in, body reflect.Type) huma.Operation {
	_, o.json = in.FieldByName("Body")
	hop := huma.Operation{
		OperationID: o.id, Method: o.method, Path: o.path, Tags: []string{o.tag}, Summary: o.summary, Description: o.about,
		DefaultStatus: o.status, MaxBodyBytes: -1, BodyReadTimeout: -1,
		Responses: a.responses(o, in, body), Security: security(o),
	}
	if o.method == http.MethodPost {
		hop.Parameters = append(hop.Parameters, idempotencyKey())
	}
	if o.method == http.MethodGet {
		hop.Parameters = append(hop.Parameters, seen())
	}
	return hop
}

// security says who may call: nobody in particular, or a token with its scope, or a session.
func security(o *op) []map[string][]string {
	if o.scope == "" {
		return []map[string][]string{}
	}
	return []map[string][]string{{"token": {string(o.scope)}}, {"session": {}}}
}

func idempotencyKey() *huma.Param {
	one, max := 1, maxKey
	return &huma.Param{
		Name: "Idempotency-Key", In: "header", Example: "8e03978e-40d5-43e8-bc93-6894a57f9324",
		Description: "Makes the request safe to repeat: the second one with the same key changes nothing and gets the first answer again. 1 to 128 printable ASCII characters, unlike any other; a random UUID is good.",
		Schema:      &huma.Schema{Type: huma.TypeString, MinLength: &one, MaxLength: &max},
	}
}

func seen() *huma.Param {
	max := 256
	return &huma.Param{Name: edge.RYWHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString, MaxLength: &max},
		Description: "What the answer to your last change said in this header, for the ten seconds after it: then you see that change for sure."}
}

// responses documents what an operation answers, successes and every kind of problem.
func (a *API) responses(o *op, in, body reflect.Type) map[string]*huma.Response {
	ok := &huma.Response{Description: successText(o.status), Headers: map[string]*huma.Header{}}
	if body != reflect.TypeFor[None]() {
		ok.Content = map[string]*huma.MediaType{"application/json": {Schema: a.huma.OpenAPI().Components.Schemas.Schema(body, true, "")}}
	}
	add := func(name, text string) {
		ok.Headers[name] = &huma.Header{Description: text, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	if o.tagged {
		add("ETag", "Version and hash of the representation, for If-Match and If-None-Match.")
	}
	if o.location {
		add("Location", "Address of what was created.")
	}
	if _, paged := in.FieldByName("Paging"); paged {
		add("Link", `The next page, rel="next" (RFC 8288).`)
	}
	if o.method == http.MethodPost {
		add("Idempotency-Replayed", "true when this is the stored answer to an earlier request with the same key.")
	}
	if o.method != http.MethodGet {
		add(edge.RYWHeader, "Send it with what you read in the next ten seconds, to see this change for sure. Absent where every read sees it anyway.")
	}
	all := map[string]*huma.Response{strconv.Itoa(o.status): ok}
	for _, status := range o.problems(in) {
		all[strconv.Itoa(status)] = &huma.Response{Ref: "#/components/responses/problem" + strconv.Itoa(status)}
	}
	if o.tagged && o.method == http.MethodGet {
		all["304"] = &huma.Response{Description: "Not changed since the ETag in If-None-Match."}
	}
	return all
}

func successText(status int) string {
	return map[int]string{200: "Done.", 201: "Created.", 204: "Done; there is nothing to say."}[status]
}

// problems are the statuses of the problems that an operation may answer with.
func (o *op) problems(in reflect.Type) []int {
	list := append([]int{401, 414, 429, 500, 503}, o.errors...) // 401: of a token that does not work
	if in.NumField() > 0 {
		list = append(list, 400, 422)
	}
	if o.scope != "" {
		list = append(list, 403)
	}
	if o.json || o.body != nil {
		list = append(list, 400, 413, 415, 422)
	}
	if o.method == http.MethodPost {
		list = append(list, 400, 409, 422)
	}
	if o.method != http.MethodGet {
		list = append(list, 403) // from another site
	}
	if _, guarded := in.FieldByName("Conditional"); guarded {
		list = append(list, 400, 412)
	}
	return list
}

// require fails unless the actor is signed in with the scope.
func (a *API) require(ctx context.Context, s forum.Scope) (*forum.Actor, error) {
	actor := a.Actor(ctx)
	return actor, actor.Require(s)
}

// noSuch is the 404 of things that no package but this one looks up.
func noSuch(code, message string) error { return fault.New(fault.NotFound, code, message) }
