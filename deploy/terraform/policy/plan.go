package policy

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Plan is what Terraform is about to make, or has made.
type Plan struct {
	Resources []*Resource
	config    *moduleConfig // nil of a state
}

// Resource is one resource or data source. Values that are not known yet are absent.
type Resource struct {
	Address string
	Module  string // "module.edge", or "" for the root
	Type    string
	Name    string
	Data    bool
	Values  map[string]any
	Before  map[string]any // what it is now; nil when it is new
	Actions []string       // create, update, delete, read, no-op; nil of a state
}

// block is the address without the index: the block in the configuration.
func (r *Resource) block() string {
	b := r.Type + "." + r.Name
	if r.Data {
		b = "data." + b
	}
	if r.Module == "" {
		return b
	}
	return withoutIndex(r.Module) + "." + b
}

func withoutIndex(address string) string {
	var b strings.Builder
	depth := 0
	for _, c := range address {
		switch {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case depth == 0:
			b.WriteRune(c)
		}
	}
	return b.String()
}

type planJSON struct {
	ResourceChanges []struct {
		Address       string `json:"address"`
		ModuleAddress string `json:"module_address"`
		Mode          string `json:"mode"`
		Type          string `json:"type"`
		Name          string `json:"name"`
		Change        struct {
			Actions []string       `json:"actions"`
			Before  map[string]any `json:"before"`
			After   map[string]any `json:"after"`
		} `json:"change"`
	} `json:"resource_changes"`
	Configuration *struct {
		RootModule *moduleConfig `json:"root_module"`
	} `json:"configuration"`
	Values *struct {
		RootModule *moduleValues `json:"root_module"`
	} `json:"values"`
}

type moduleValues struct {
	Address   string `json:"address"`
	Resources []struct {
		Address string         `json:"address"`
		Mode    string         `json:"mode"`
		Type    string         `json:"type"`
		Name    string         `json:"name"`
		Values  map[string]any `json:"values"`
	} `json:"resources"`
	ChildModules []*moduleValues `json:"child_modules"`
}

// Read reads the output of terraform show -json, of a plan or of a state.
func Read(r io.Reader) (*Plan, error) {
	var j planJSON
	if err := json.NewDecoder(r).Decode(&j); err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	p := &Plan{}
	switch {
	case j.Configuration != nil && j.Configuration.RootModule != nil:
		p.config = j.Configuration.RootModule
		for _, c := range j.ResourceChanges {
			p.Resources = append(p.Resources, &Resource{Address: c.Address, Module: c.ModuleAddress, Type: c.Type, Name: c.Name,
				Data: c.Mode == "data", Values: c.Change.After, Before: c.Change.Before, Actions: c.Change.Actions})
		}
	case j.Values != nil && j.Values.RootModule != nil:
		p.addState(j.Values.RootModule)
	}
	if len(p.Resources) == 0 {
		return nil, fmt.Errorf("read the plan: it has no resources: is it the output of terraform show -json?")
	}
	return p, nil
}

func (p *Plan) addState(m *moduleValues) {
	for _, r := range m.Resources {
		p.Resources = append(p.Resources, &Resource{Address: r.Address, Module: m.Address, Type: r.Type, Name: r.Name, Data: r.Mode == "data", Values: r.Values})
	}
	for _, c := range m.ChildModules {
		p.addState(c)
	}
}

// of returns the managed resources of a type that will be there afterwards.
func (p *Plan) of(types ...string) []*Resource {
	var list []*Resource
	for _, r := range p.Resources {
		if !r.Data && r.Values != nil && slices.Contains(types, r.Type) {
			list = append(list, r)
		}
	}
	return list
}

// linked returns the resources of a type that an attribute leads to: by their ids, ARNs or names
// where these are known, else by what the attribute is made of in the configuration.
func (p *Plan) linked(r *Resource, attribute, typ string) []*Resource {
	known := texts(r.Values[attribute])
	var list []*Resource
	for _, t := range p.of(typ) {
		for _, key := range []string{"id", "arn", "name", "bucket"} {
			if v, ok := t.Values[key].(string); ok && v != "" && slices.Contains(known, v) {
				list = append(list, t)
				break
			}
		}
	}
	if len(list) > 0 || p.config == nil {
		return list
	}
	blocks := p.config.sources(r.block(), attribute)
	for _, t := range p.of(typ) {
		if blocks[t.block()] && sameKey(r, t) {
			list = append(list, t)
		}
	}
	return list
}

// sameKey tells whether of two resources with keys, made from the same map in one module, the one
// belongs to the other: bucket["media"] and its block["media"].
func sameKey(a, b *Resource) bool {
	if a.Module != b.Module {
		return true
	}
	ka, kb := lastKey(a.Address), lastKey(b.Address)
	return ka == "" || kb == "" || ka == kb
}

func lastKey(address string) string {
	if !strings.HasSuffix(address, "]") {
		return ""
	}
	return address[strings.LastIndex(address, "[")+1 : len(address)-1]
}

// texts are the strings of a value, which may be one or a list.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				list = append(list, s)
			}
		}
		return list
	}
	return nil
}

// blocks are the nested blocks of a name.
func blocks(values map[string]any, name string) []map[string]any {
	list, _ := values[name].([]any)
	var out []map[string]any
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func text(values map[string]any, name string) string { s, _ := values[name].(string); return s }

func yes(values map[string]any, name string) bool { b, _ := values[name].(bool); return b }

// number reads a number that may be given as text, as bounds of steps are.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case string:
		var f float64
		if _, err := fmt.Sscan(v, &f); err == nil {
			return f, true
		}
	}
	return 0, false
}

// walk calls f with every string in a value and the name it stands under.
func walk(path string, v any, f func(path, s string)) {
	switch v := v.(type) {
	case string:
		f(path, v)
	case []any:
		for i, e := range v {
			walk(fmt.Sprintf("%s[%d]", path, i), e, f)
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			walk(path+"."+k, v[k], f)
		}
	}
}
