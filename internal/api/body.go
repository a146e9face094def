package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"lightstick/internal/fault"
)

const maxDepth = 16 // levels of nested objects and lists in a JSON body

// checkJSON refuses what encoding/json would let pass or read in a surprising way: text after the
// value, invalid UTF-8, a name twice in one object, names in another case, numbers that do not
// fit, and nesting that no request of ours has. Types and names are then checked by the schema.
func checkJSON(data []byte) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return fault.New(fault.Malformed, "body_required", "This needs a JSON body.")
	}
	if !utf8.Valid(data) {
		return fault.New(fault.Malformed, "invalid_utf8", "This is not valid UTF-8 text.")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	w := walker{d: d}
	if err := w.value(0); err != nil {
		return w.explain(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return malformed(d.InputOffset(), err)
	}
	return nil
}

// walker goes through a JSON text; path is where it is, for messages.
type walker struct {
	d    *json.Decoder
	path []string
}

func (w *walker) value(depth int) error {
	t, err := w.d.Token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case json.Number:
		return w.number(string(t))
	case json.Delim:
		if depth == maxDepth {
			return fault.New(fault.Malformed, "json_too_deep", "The body is nested more than {max} levels deep.", "max", maxDepth)
		}
		if t == '{' {
			return w.object(depth + 1)
		}
		return w.list(depth + 1)
	}
	return nil
}

func (w *walker) object(depth int) error {
	seen := map[string]bool{}
	for w.d.More() {
		t, err := w.d.Token()
		if err != nil {
			return err
		}
		name, _ := t.(string)
		w.path = append(w.path, name)
		switch {
		case !plainName(name):
			return w.field(fault.Invalid, "unknown_field", "There is no such field.")
		case seen[name]:
			return w.field(fault.Malformed, "duplicate_field", "This field is there twice.")
		}
		seen[name] = true
		if err := w.value(depth); err != nil {
			return err
		}
		w.path = w.path[:len(w.path)-1]
	}
	_, err := w.d.Token()
	return err
}

func (w *walker) list(depth int) error {
	for i := 0; w.d.More(); i++ {
		w.path = append(w.path, "["+strconv.Itoa(i)+"]")
		if err := w.value(depth); err != nil {
			return err
		}
		w.path = w.path[:len(w.path)-1]
	}
	_, err := w.d.Token()
	return err
}

// plainName reports a name as all of ours are: encoding/json would also take other cases of it,
// and so two spellings of one field.
func plainName(name string) bool {
	return name != "" && len(name) <= 64 && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_'
	})
}

func (w *walker) number(text string) error {
	var err error
	if strings.ContainsAny(text, ".eE") {
		var f float64
		if f, err = strconv.ParseFloat(text, 64); err == nil && math.IsInf(f, 0) {
			err = strconv.ErrRange
		}
	} else {
		_, err = strconv.ParseInt(text, 10, 64)
	}
	if err != nil {
		return w.field(fault.Invalid, "number_range", "This number is too large.")
	}
	return nil
}

// field is a fault about where the walker is.
func (w *walker) field(kind fault.Kind, code, message string) error {
	var name strings.Builder
	for i, p := range w.path {
		if i > 0 && !strings.HasPrefix(p, "[") {
			name.WriteByte('.')
		}
		name.WriteString(printable(p))
	}
	e := fault.New(kind, code, message)
	e.Fields = []fault.Field{{Name: name.String(), Code: code, Message: message}}
	if kind == fault.Invalid {
		e.Code, e.Message = "invalid", "Some of the input needs another look."
	}
	return e
}

// printable bounds a name that the client made up before it is sent back.
func printable(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, name)
	if len(name) > 64 {
		name = name[:64]
	}
	return name
}

func (w *walker) explain(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	return malformed(w.d.InputOffset(), err)
}

func malformed(offset int64, cause error) error {
	if s, ok := errors.AsType[*json.SyntaxError](cause); ok {
		offset = s.Offset
	}
	return fault.Wrap(cause, fault.Malformed, "malformed_json", "The body is not valid JSON; look near byte {offset}.", "offset", offset)
}
