package edge

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"lightstick/internal/fault"
)

// What the fields of one request that are not free text may have in all. Names, addresses and
// choices need far less; regular expressions cost time by the byte.
const (
	wafFields = 200
	wafBytes  = 16 << 10
)

// argument is a field of a form or JSON body.
type argument struct{ name, value string }

// fields reads the guarded fields of a body and puts the body back. Pictures and forms with files
// stream through unread: the former are decoded and drawn anew, of the latter handlers have the
// fields looked at by [Inspect].
func (w *WAF) fields(r *http.Request) ([]argument, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // "" for what no handler reads either
	isForm := kind == "application/x-www-form-urlencoded"
	if !isForm && kind != "application/json" && kind != "application/merge-patch+json" {
		return nil, nil
	}
	raw, err := io.ReadAll(r.Body) // bounded by the policy
	if err != nil {
		return nil, bodyFault(err)
	}
	r.Body = &again{bytes.NewReader(raw), r.Body}
	g := gatherer{free: w.free}
	if isForm {
		g.form(string(raw))
	} else {
		g.json(raw)
	}
	if g.full() {
		return nil, tooLong()
	}
	return g.list, nil
}

func tooLong() error {
	return fault.New(fault.TooLarge, "fields_too_long", "The fields of this request are longer than any that mean something.")
}

// again is a body that has been read, to be read once more.
type again struct {
	*bytes.Reader
	io.Closer
}

// gatherer collects fields until there are too many.
type gatherer struct {
	free  map[string]bool
	list  []argument
	bytes int
}

func (g *gatherer) add(name, value string) {
	if g.full() {
		return
	}
	g.list = append(g.list, argument{name, value})
	g.bytes += len(name) + len(value)
}

func (g *gatherer) full() bool { return len(g.list) > wafFields || g.bytes > wafBytes }

// form reads pairs one by one, as far as they can be read; the handler refuses the rest.
func (g *gatherer) form(body string) {
	for pair := range strings.SplitSeq(body, "&") {
		if g.full() {
			return
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil || g.free[name] {
			continue
		}
		if value, err = url.QueryUnescape(value); err == nil {
			g.add(name, value)
		}
	}
}

// json reads names and strings of any depth as far as they can be read. A free field frees all
// that is in it. The walk keeps one flag a level and no tree.
func (g *gatherer) json(body []byte) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	type level struct {
		object, named, free bool // named: a name was read and its value is next
		name                string
	}
	stack := []level{{}}
	for !g.full() {
		t, err := d.Token()
		if err != nil {
			return
		}
		top := &stack[len(stack)-1]
		switch t := t.(type) {
		case json.Delim:
			if t == '}' || t == ']' {
				stack = stack[:len(stack)-1]
				continue
			}
			inner := level{object: t == '{', name: top.name, free: top.free || top.named && g.free[top.name]}
			top.named = false
			stack = append(stack, inner)
			continue
		case string:
			switch {
			case top.object && !top.named:
				top.name, top.named = t, true
				if !top.free && !g.free[t] {
					g.add(t, "")
				}
				continue
			case !top.free && !g.free[top.name]:
				g.add(top.name, t)
			}
		}
		top.named = false
	}
}
