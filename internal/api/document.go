package api

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"lightstick/internal/edge"
)

// DocumentPath is where the OpenAPI document is.
const DocumentPath = "/api/openapi.json"

const intro = `The community as resources. Everything that is public can be read without an account, by anyone and from
any site; the rest needs a token, which members make in their settings or at /tokens, or the session cookie of a browser.

Ids are numbers, times are RFC 3339 in UTC, lists come in pages of items with a cursor for the next one.
Whatever goes wrong is told as a problem document (RFC 9457) with a stable type.
A POST with an Idempotency-Key can be repeated without fear; an edit with If-Match never overwrites somebody else's.`

// describe is the frame of the document.
func (a *API) describe() *huma.OpenAPI {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	return &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info:    &huma.Info{Title: "Lightstick API", Version: "1", Description: intro, License: nil},
		Servers: []*huma.Server{{URL: Prefix}},
		Components: &huma.Components{
			Schemas:   registry,
			Responses: map[string]*huma.Response{},
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"token":   {Type: "http", Scheme: "bearer", Description: "A member's API token. The scopes that an operation needs are named with it."},
				"session": {Type: "apiKey", In: "cookie", Name: "__Host-ls_session", Description: "The session of a browser, for scripts of this site only: requests from other sites are refused. It is called ls_session where the site has no https."},
			},
		},
		Tags: tags(),
	}
}

func tags() []*huma.Tag {
	list := [][2]string{
		{"Fandoms and boards", "A fandom is an artist's community; its boards are where posts stand."},
		{"Events", "The calendar of a fandom: what is coming, and when."},
		{"Posts", "What members start."}, {"Comments", "Answers to posts and to each other."}, {"Reactions", "Six kinds, the lightstick first."},
		{"Members", "People with an account."}, {"Notifications", "Who answered or mentioned you."}, {"Search", "Of everything that is visible."},
		{"Attachments", "Pictures in texts."}, {"Accounts", "Signing up, addresses and passwords."}, {"Sessions", "Signing in with a browser."},
		{"Tokens", "Letting a program act for you."}, {"Reports and cases", "What members tell staff, and what staff make of it."},
		{"Moderation", "Acts of staff."}, {"Sanctions", "Mutes and bans."}, {"Word rules", "Words that are masked, held or refused."}, {"Audit", "What staff did."},
		{"Status", "Whether the community can be written in."},
	}
	all := make([]*huma.Tag, len(list))
	for i, t := range list {
		all[i] = &huma.Tag{Name: t[0], Description: t[1]}
	}
	return all
}

// finishDocument adds the problems, tidies the schemas and makes the bytes. Its version counts
// the API and not the program, so that the document changes only when the API does.
func (a *API) finishDocument() error {
	doc := a.huma.OpenAPI()
	schemas := doc.Components.Schemas.Map()
	delete(schemas, "ErrorModel") // huma's own, which nobody ever gets
	delete(schemas, "ErrorDetail")
	problem := huma.SchemaFromType(doc.Components.Schemas, typeOf[Problem]())
	schemas["Problem"] = problem
	for status, text := range problemTexts() {
		doc.Components.Responses["problem"+strconv.Itoa(status)] = problemResponse(status, text)
	}
	for _, s := range schemas {
		neverNull(s)
	}
	for _, item := range doc.Paths {
		for _, op := range operations(item) {
			for _, p := range op.Parameters {
				neverNull(p.Schema)
			}
			if op.RequestBody != nil && len(op.RequestBody.Content) > 0 && op.RequestBody.Content["application/json"] != nil && op.Method == http.MethodPatch {
				op.RequestBody.Content["application/merge-patch+json"] = op.RequestBody.Content["application/json"]
			}
		}
	}
	body, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	a.document = append(bytes.TrimSpace(body), '\n')
	a.routes = append(a.routes, edge.Route{Method: http.MethodGet, Path: DocumentPath, Policy: edge.Page("api.document", edge.Bearer()),
		Handle: bytesAs("application/vnd.oai.openapi+json;version=3.1; charset=utf-8", a.document)})
	return nil
}

// bytesAs serves bytes that do not change while the program runs.
func bytesAs(contentType string, body []byte) edge.Handler {
	return func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", contentType)
		_, err := w.Write(body)
		return err
	}
}

// problemTexts are the statuses of problems. 404 to 405 of unknown addresses are not documented
// per operation: there is none there.
func problemTexts() map[int]string {
	return map[int]string{
		400: "The request cannot be read.", 401: "Sign in first, or the token is not known (any more).", 403: "This actor may not do this.",
		404: "There is no such thing, or not for this actor to know.", 409: "The state of things does not allow it, or the first request with this Idempotency-Key is still under way.",
		412: "Somebody changed it since the ETag in If-Match.", 413: "The body is larger than we take.", 414: "The address is longer than we take.", 415: "The body is of a kind that we do not take.",
		422: "The input must change: errors name every field. Or the Idempotency-Key was used for another request.",
		429: "Too many requests: wait as Retry-After says.", 500: "Our mistake.", 503: "Overloaded or out of order: wait as Retry-After says.",
	}
}

func problemResponse(status int, text string) *huma.Response {
	r := &huma.Response{
		Description: text,
		Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: &huma.Schema{Ref: "#/components/schemas/Problem"}}},
	}
	if slices.Contains([]int{409, 429, 503}, status) {
		r.Headers = map[string]*huma.Header{"Retry-After": {Description: "Seconds to wait.", Schema: &huma.Schema{Type: huma.TypeInteger}}}
	}
	return r
}

// neverNull tells that lists are never null: huma assumes that they may be, and has only a
// switch for all of the process.
func neverNull(s *huma.Schema) {
	if s == nil {
		return
	}
	if s.Type == huma.TypeArray {
		s.Nullable = false
	}
	neverNull(s.Items)
	for _, p := range s.Properties {
		neverNull(p)
	}
}

func operations(item *huma.PathItem) []*huma.Operation {
	all := []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete}
	return slices.DeleteFunc(all, func(o *huma.Operation) bool { return o == nil })
}

func documented(item *huma.PathItem, method string) *huma.Operation {
	for _, o := range operations(item) {
		if o.Method == method {
			return o
		}
	}
	return nil
}

// curl is an example call of an operation.
func (a *API) curl(o *huma.Operation, base string) string {
	var b strings.Builder
	b.WriteString("curl")
	if o.Method != http.MethodGet {
		b.WriteString(" -X " + o.Method)
	}
	if len(o.Security) > 0 {
		b.WriteString(` -H "Authorization: Bearer $TOKEN"`)
	}
	if o.Method == http.MethodPost {
		b.WriteString(` -H "Idempotency-Key: $(uuidgen)"`)
	}
	path := o.Path
	for _, p := range o.Parameters {
		if p.In == "path" {
			path = strings.ReplaceAll(path, "{"+p.Name+"}", exampleOf(p.Schema))
		}
	}
	b.WriteString(" " + base + Prefix + path)
	if o.RequestBody != nil {
		if m := o.RequestBody.Content["application/json"]; m != nil {
			example, err := json.Marshal(a.example(m.Schema))
			if err == nil {
				b.WriteString(" --json '" + string(example) + "'")
			}
		} else {
			b.WriteString(` -H "Content-Type: image/jpeg" --data-binary @picture.jpg`)
		}
	}
	return b.String()
}

// example is a value that fits a schema: what is required of it, or one thing if nothing is.
func (a *API) example(s *huma.Schema) any {
	s = a.schema(s)
	switch {
	case len(s.Examples) > 0:
		return s.Examples[0]
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Type == huma.TypeArray:
		return []any{a.example(s.Items)}
	case s.Type == huma.TypeObject:
		object := map[string]any{}
		names := s.Required
		if len(names) == 0 {
			names = slices.Sorted(maps.Keys(s.Properties))[:1]
		}
		for _, name := range names {
			object[name] = a.example(s.Properties[name])
		}
		return object
	case s.Type == huma.TypeInteger:
		return 1
	case s.Type == huma.TypeBoolean:
		return true
	}
	return "…"
}

func exampleOf(s *huma.Schema) string {
	if s != nil && len(s.Examples) > 0 {
		body, err := json.Marshal(s.Examples[0])
		if err == nil {
			return strings.Trim(string(body), `"`)
		}
	}
	return "1"
}
