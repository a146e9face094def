package web

import (
	"net/http"

	"github.com/a-h/templ"

	"lightstick/internal/fault"
)

// sheet is a page of one form: most of what a member can change is one.
type sheet struct {
	Intro   string
	Form    *form
	Action  templ.SafeURL
	Hidden  []option // name and value
	Fields  []input
	Submit  string
	Danger  bool // the button does what cannot be taken back lightly
	Files   bool // has a file among its fields
	Links   []link
	Context templ.Component // shown above the form; nil: nothing
}

// link is an address and its text.
type link struct {
	To   templ.SafeURL
	Text string
}

func (d *sheet) enctype() string {
	if d.Files {
		return "multipart/form-data"
	}
	return "application/x-www-form-urlencoded"
}

func (d *sheet) buttonClass() string {
	if d.Danger {
		return "main danger"
	}
	return "main"
}

// sheet shows a form for the first time (err is nil) or again, with what is wrong with it.
func (c *visit) sheet(d *sheet, err error) error {
	if d.Form == nil {
		d.Form = newForm()
	}
	status := http.StatusOK
	if err != nil {
		if again, first := c.replay(err); again {
			return first
		}
		var other error
		if status, other = c.refused(d.Form, err); other != nil {
			return other
		}
	}
	return c.page(status, sheetPage(c.view, d))
}

// hidden is a list of hidden fields, given as name, value pairs.
func hidden(pairs ...string) []option {
	var list []option
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, option{pairs[i], pairs[i+1]})
	}
	return list
}

// asInvalid is an error that its form shows although its kind says that something is missing: a
// link from a mail that is over or was used, a member who is named wrongly.
func asInvalid(err error) error {
	e := asFault(err)
	if e == nil || e.Kind != fault.NotFound {
		return err
	}
	own := *e
	own.Kind = fault.Invalid
	return &own
}

// current marks the link to where one is. As an attribute without a value it would mean "false".
func current(here bool) templ.Attributes {
	if here {
		return templ.Attributes{"aria-current": "page"}
	}
	return nil
}
