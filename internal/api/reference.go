package api

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"lightstick/internal/edge"
)

//go:embed docs.tmpl
var docsTemplate string

//go:embed docs.css
var docsCSS []byte

const htmlType = "text/html; charset=utf-8"

// reference makes the pages that people read: the reference itself, and one page for the types of
// problems. They are made once, from the document, so they cannot say anything else than it does.
func (a *API) reference() error {
	t, err := template.New("docs").Parse(docsTemplate)
	if err != nil {
		return fmt.Errorf("api: reference: %w", err)
	}
	render := func(name string, data any) ([]byte, error) {
		var buf bytes.Buffer
		err := t.ExecuteTemplate(&buf, name, data)
		return buf.Bytes(), err
	}
	docs, err := render("reference", a.guide())
	if err != nil {
		return fmt.Errorf("api: reference: %w", err)
	}
	pages := make(map[string][]byte)
	list := problems()
	for _, p := range list {
		if pages[p.Code], err = render("problems", problemPage{p.Title, []explained{p}, true}); err != nil {
			return fmt.Errorf("api: problems: %w", err)
		}
	}
	all, err := render("problems", problemPage{"Problems", list, false})
	if err != nil {
		return fmt.Errorf("api: problems: %w", err)
	}
	page := func(path, name string, h edge.Handler) {
		a.routes = append(a.routes, edge.Route{Method: http.MethodGet, Path: path, Policy: edge.Page(name), Handle: h})
	}
	page("/api/docs", "api.docs", bytesAs(htmlType, docs))
	page("/api/docs.css", "api.docs_css", bytesAs("text/css; charset=utf-8", docsCSS))
	page(ProblemsPath, "api.problems", bytesAs(htmlType, all))
	page(ProblemsPath+"/{code}", "api.problem", func(w http.ResponseWriter, r *http.Request) error {
		body, ok := pages[r.PathValue("code")]
		if !ok {
			return noSuch("not_found", "There is no such type of problem.")
		}
		return bytesAs(htmlType, body)(w, r)
	})
	return nil
}

type problemPage struct {
	Title string
	List  []explained
	One   bool
}

// guide is the reference page.
type guide struct {
	Groups   []group
	Schemas  []shape
	Problems []explained
	Document string
	Count    int
}

type group struct {
	Name, About, Anchor string
	Ops                 []row
}

// row is an operation on the page.
type row struct {
	ID, Method, Path, Summary, About string
	Needs                            string // "nobody", or the scope
	Cached                           bool
	Params                           []field
	Body                             []field
	BodyName                         string
	BodyNote                         string
	Status, Result, ResultName       string
	Problems                         []string
	Curl                             string
}

// shape is a schema on the page.
type shape struct {
	Name, Anchor string
	Fields       []field
}

type field struct {
	Name, Where, Type, Link, About string
	Required                       bool
}

func (a *API) guide() guide {
	doc := a.huma.OpenAPI()
	g := guide{Problems: problems(), Document: DocumentPath}
	for _, tag := range doc.Tags {
		gr := group{Name: tag.Name, About: tag.Description, Anchor: anchor(tag.Name)}
		for _, rt := range a.routes { // in the order of the table
			path, ok := strings.CutPrefix(rt.Path, Prefix)
			if !ok {
				continue
			}
			for _, o := range operations(doc.Paths[path]) {
				if o.Method == rt.Method && o.Tags[0] == tag.Name {
					gr.Ops = append(gr.Ops, a.row(o, rt.Policy.Public()))
				}
			}
		}
		g.Count += len(gr.Ops)
		g.Groups = append(g.Groups, gr)
	}
	for name, s := range doc.Components.Schemas.Map() {
		g.Schemas = append(g.Schemas, shape{Name: name, Anchor: "schema-" + name, Fields: fieldsOf(s)})
	}
	slices.SortFunc(g.Schemas, func(x, y shape) int { return strings.Compare(x.Name, y.Name) })
	return g
}

func anchor(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "-") }

func (a *API) row(o *huma.Operation, cached bool) row {
	r := row{ID: o.OperationID, Method: o.Method, Path: Prefix + o.Path, Summary: o.Summary, About: o.Description, Cached: cached, Curl: a.curl(o, "https://fans.example")}
	for _, s := range o.Security {
		if scopes := s["token"]; len(scopes) > 0 {
			r.Needs = scopes[0]
		}
	}
	for _, p := range o.Parameters {
		f := fieldOf(p.Name, p.Schema, p.Required)
		f.Where, f.About = p.In, p.Description
		r.Params = append(r.Params, f)
	}
	if o.RequestBody != nil {
		r.BodyNote = o.RequestBody.Description
		if m := o.RequestBody.Content["application/json"]; m != nil {
			r.BodyName = refName(m.Schema)
			r.Body = fieldsOf(a.schema(m.Schema))
		}
	}
	for status, resp := range o.Responses {
		switch {
		case resp.Ref != "":
			r.Problems = append(r.Problems, status)
		case status != "304":
			r.Status, r.Result = status, resp.Description
			if m := resp.Content["application/json"]; m != nil {
				r.ResultName = refName(m.Schema)
			}
		}
	}
	slices.Sort(r.Problems)
	return r
}

func (a *API) schema(s *huma.Schema) *huma.Schema {
	if s.Ref == "" {
		return s
	}
	return a.huma.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref)
}

func refName(s *huma.Schema) string {
	return strings.TrimPrefix(s.Ref, "#/components/schemas/")
}

func fieldsOf(s *huma.Schema) []field {
	list := make([]field, 0, len(s.Properties))
	for name, p := range s.Properties {
		list = append(list, fieldOf(name, p, slices.Contains(s.Required, name)))
	}
	slices.SortFunc(list, func(x, y field) int {
		if x.Required != y.Required {
			return map[bool]int{true: -1, false: 1}[x.Required]
		}
		return strings.Compare(x.Name, y.Name)
	})
	return list
}

func fieldOf(name string, s *huma.Schema, required bool) field {
	f := field{Name: name, Required: required, About: s.Description}
	f.Type, f.Link = typeName(s)
	return f
}

// typeName is a schema in a word or two, and the schema that it leads to.
func typeName(s *huma.Schema) (name, link string) {
	switch {
	case s.Ref != "":
		return refName(s), refName(s)
	case s.Type == huma.TypeArray && s.Items != nil:
		name, link = typeName(s.Items)
		return "list of " + name, link
	case len(s.Enum) > 0:
		words := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			words[i] = fmt.Sprint(v)
		}
		name = strings.Join(words, " | ")
	case s.Format == "date-time":
		name = "time"
	case s.Format == "binary":
		name = "bytes"
	case s.Type == "":
		name = "any"
	default:
		name = s.Type
	}
	return name + bounds(s), ""
}

func bounds(s *huma.Schema) string {
	var parts []string
	if s.Minimum != nil && (*s.Minimum > 1 || s.Maximum != nil) {
		parts = append(parts, "at least "+strconv.FormatFloat(*s.Minimum, 'f', -1, 64))
	}
	if s.Maximum != nil {
		parts = append(parts, "at most "+strconv.FormatFloat(*s.Maximum, 'f', -1, 64))
	}
	if s.Default != nil {
		parts = append(parts, fmt.Sprintf("%v when left out", s.Default))
	}
	if len(parts) == 0 {
		return ""
	}
	return ", " + strings.Join(parts, ", ")
}
