package web

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"lightstick/internal/fault"
)

// form is what a form page shows again after a mistake: what was entered, and what is wrong with
// it. The zero value is an untouched form.
type form struct {
	values map[string]string
	wrong  map[string]string // by name of the input, in the reader's language
	whole  string            // what is wrong with the form as a whole
	ids    map[string]string // element ids of inputs, where they are not the names
}

// newForm starts a form with values given as name, value pairs.
func newForm(pairs ...string) *form {
	f := &form{values: map[string]string{}, wrong: map[string]string{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.values[pairs[i]] = pairs[i+1]
	}
	return f
}

// blame shows an error in the form when its sender can mend it, and reports whether it could.
func (f *form) blame(p *Printer, err error) bool {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Kind == fault.Internal || e.Kind == fault.NotFound {
		return false
	}
	for _, field := range e.Fields {
		if f.wrong[field.Name] == "" {
			f.wrong[field.Name] = p.FieldFault(field)
		}
	}
	f.whole = p.Fault(e)
	return true
}

// input is one labelled field of a form.
type input struct {
	Name, Label, Hint string
	Type              string // of the input element; "" is text
	Auto              string // autocomplete
	Required          bool
	Max               int
	Lines             int // more than 0: a textarea
	Options           []option
	Pattern           string
	InputMode         string
}

// option is a choice of a select.
type option struct{ Value, Label string }

// described is the value of aria-describedby.
func (in input) described(f *form) string {
	var ids []string
	if in.Hint != "" {
		ids = append(ids, in.Name+"-hint")
	}
	if f.wrong[in.Name] != "" {
		ids = append(ids, in.Name+"-wrong")
	}
	return strings.Join(ids, " ")
}

// composing is a form for a post or comment. The form itself works without script; the script adds
// the toolbar, uploads, preview and the keeping of drafts.
type composing struct {
	Action string // address it is posted to
	Once   string // makes sending it twice harmless
	Hidden []option
	Draft  string // names the draft on the reader's device: "reply-12-34"
	Title  bool   // asks for a title
	Submit string // text of the button
	Images bool   // takes pictures
	Max    int    // characters of the body
	Cancel string // address to go back to, "" for none
}

// upload is where the script sends pictures, "" when the form takes none.
func (c composing) upload(v *view) string {
	if !c.Images {
		return ""
	}
	return string(v.me("/upload"))
}

// enctype carries pictures of browsers without script.
func (c composing) enctype() string {
	if c.Images {
		return "multipart/form-data"
	}
	return "application/x-www-form-urlencoded"
}

// bodyID is unique on a page with several forms.
func (c composing) bodyID() string { return "body-" + c.Draft }

func (c composing) rows() string {
	if c.Title {
		return "14"
	}
	return "5"
}

// kind is the type attribute.
func (in input) kind() string {
	if in.Type == "" {
		return "text"
	}
	return in.Type
}

// shown is the value that a field starts with; a password is never sent back.
func (f *form) shown(in input) string {
	if in.Type == "password" {
		return ""
	}
	return f.values[in.Name]
}

// wrongNames lists the fields with mistakes, in a stable order.
func (f *form) wrongNames() []string { return slices.Sorted(maps.Keys(f.wrong)) }

// described are the attributes that an input has only when they say something.
func described(in input, f *form) templ.Attributes {
	a := templ.Attributes{}
	set := func(name, value string) {
		if value != "" {
			a[name] = value
		}
	}
	set("aria-describedby", in.described(f))
	set("autocomplete", in.Auto)
	set("pattern", in.Pattern)
	set("inputmode", in.InputMode)
	if in.Max > 0 {
		a["maxlength"] = strconv.Itoa(2 * in.Max) // counted in UTF-16 here, in characters by the forum
	}
	if f.wrong[in.Name] != "" {
		a["aria-invalid"] = "true"
	}
	return a
}

// anchor leads to an input.
func (f *form) anchor(name string) templ.SafeURL {
	if id := f.ids[name]; id != "" {
		name = id
	}
	return templ.SafeURL("#" + name)
}
