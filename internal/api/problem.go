package api

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"lightstick/internal/edge"
	"lightstick/internal/fault"
)

// ProblemsPath is where the types of problems are explained; a type is an address under it.
const ProblemsPath = "/api/problems"

// Problem is a problem document of RFC 9457: every answer that is not a success.
type Problem struct {
	Type     string         `json:"type" format:"uri-reference" doc:"Address of a page that explains this kind of problem; stable, so programs may compare it." example:"/api/problems/post_locked"`
	Title    string         `json:"title" doc:"The kind of problem in a few words; always the same for a type." example:"Post locked"`
	Status   int            `json:"status" doc:"The HTTP status code." example:"409"`
	Detail   string         `json:"detail" doc:"What went wrong this time, for people." example:"This post is locked and takes no more comments."`
	Instance string         `json:"instance,omitempty" doc:"The request id, to name when asking for help; also in X-Request-Id." example:"3f9k2m7q00000042"`
	Errors   []ProblemField `json:"errors,omitempty" nullable:"false" doc:"Every mistake in the input, when there are any."`
}

// ProblemField is one mistake in one input.
type ProblemField struct {
	Field   string `json:"field" doc:"The field of the body, or the parameter." example:"title"`
	Code    string `json:"code" doc:"Stable, for programs." example:"too_long"`
	Message string `json:"message" doc:"For people." example:"Use at most 120 characters."`
}

// Fail shows an error as a problem document. It is the edge's Fail of the API; Retry-After, which
// must not be the same for everybody, is the edge's to set.
func (a *API) Fail(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.From(err)
	p := Problem{
		Type: ProblemsPath + "/" + f.Code, Title: title(f), Status: f.Kind.Status(), Detail: f.Message, Instance: edge.RequestID(r.Context()),
	}
	for _, field := range f.Fields {
		p.Errors = append(p.Errors, ProblemField{Field: field.Name, Code: field.Code, Message: field.Message})
	}
	body, err := json.Marshal(p)
	if err != nil { // cannot happen: the struct has only strings and a number
		body = []byte(`{"type":"about:blank","status":500}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	if f.Kind == fault.Unauthenticated {
		h.Set("WWW-Authenticate", `Bearer realm="lightstick"`)
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n')) // a client that went away needs no answer
}

// title is the code in words, so that it is the same for all problems of a type.
func title(f *fault.Error) string {
	s := strings.ReplaceAll(f.Code, "_", " ")
	return strings.ToUpper(s[:1]) + s[1:]
}

// fromHuma says what huma found wrong in a request in the words of package fault.
func fromHuma(m *huma.ErrorModel) error {
	switch m.Status {
	case http.StatusRequestEntityTooLarge:
		return fault.New(fault.TooLarge, "body_too_large", "That is more than we take here.")
	case http.StatusUnsupportedMediaType:
		return fault.New(fault.Unsupported, "json_only", "Send the body as JSON, with Content-Type: application/json.")
	}
	var fields fault.Fields
	for _, d := range m.Errors[:min(len(m.Errors), maxErrors)] {
		where, name, _ := strings.Cut(d.Location, ".")
		if name == "" {
			name = where
		}
		known := complaintOf(d.Message)
		if known.property { // the location is the object that lacks it
			missing := strings.TrimSuffix(strings.TrimPrefix(d.Message, "expected required property "), " to be present")
			name = strings.TrimPrefix(strings.TrimPrefix(name+"."+missing, "body."), ".")
		}
		fields.Add(printable(name), known.code, known.text(d.Message))
	}
	if err := fields.Err(); err != nil {
		return err
	}
	return fault.New(fault.Malformed, "malformed", "The request could not be read.")
}

// maxErrors is how many mistakes one answer tells of: more than any form of ours has fields.
const maxErrors = 50

// complaint is a message of huma's validator and what we say instead. Codes and words are those
// of package forum where both may find the same mistake.
type complaint struct {
	prefix   string
	code     string
	message  string // {rest} is what follows the prefix
	property bool
}

func complaints() []complaint {
	return []complaint{
		{prefix: "expected required property", code: "required", message: "Please fill this in.", property: true},
		{prefix: "required ", code: "required", message: "Please fill this in."},
		{prefix: "unexpected property", code: "unknown_field", message: "There is no such field."},
		{prefix: "expected value to be one of ", code: "unknown_value", message: "Use one of {rest}."},
		{prefix: "expected number >= ", code: "range", message: "Use {rest} or more."},
		{prefix: "expected number <= ", code: "range", message: "Use {rest} or less."},
		{prefix: "expected length >= ", code: "too_short", message: "Use at least {rest} characters."},
		{prefix: "expected length <= ", code: "too_long", message: "Use at most {rest} characters."},
		{prefix: "expected array length >= ", code: "too_few", message: "Give at least {rest}."},
		{prefix: "expected array length <= ", code: "too_many", message: "Use at most {rest}."},
		{prefix: "expected string to be RFC 3339 date-time", code: "wrong_time", message: "Give a time such as 2026-05-01T12:00:00Z."},
		{prefix: "invalid date/time", code: "wrong_time", message: "Give a time such as 2026-05-01T12:00:00Z."},
		{prefix: "expected string to be RFC 3339 date", code: "wrong_time", message: "Give a date such as 2026-05-01."},
		{prefix: "invalid integer", code: "wrong_type", message: "Give a whole number."},
		{prefix: "invalid boolean", code: "wrong_type", message: "Give true or false."},
		{prefix: "expected boolean", code: "wrong_type", message: "Give true or false."},
		{prefix: "expected integer", code: "wrong_type", message: "Give a whole number."},
		{prefix: "expected number", code: "wrong_type", message: "Give a number."},
		{prefix: "expected array", code: "wrong_type", message: "Give a list."},
		{prefix: "expected object", code: "wrong_type", message: "Give an object."},
		{prefix: "expected string", code: "wrong_type", message: "Give a text."},
	}
}

func complaintOf(message string) complaint {
	for _, c := range complaints() {
		if strings.HasPrefix(message, c.prefix) {
			return c
		}
	}
	return complaint{prefix: message, code: "wrong_type", message: "This value cannot be used here."}
}

func (c complaint) text(message string) string {
	return fault.Fill(c.message, fault.Params{"rest": strings.Trim(strings.TrimPrefix(message, c.prefix), `"`)})
}
