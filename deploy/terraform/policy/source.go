package policy

import (
	"encoding/json"
	"strings"
)

// moduleConfig is a module as it is written. Of an expression only what it refers to is known, and
// its value when it is a constant.
type moduleConfig struct {
	Resources []struct {
		Address     string                     `json:"address"`
		Expressions map[string]json.RawMessage `json:"expressions"`
		ForEach     *expression                `json:"for_each_expression"`
	} `json:"resources"`
	ModuleCalls map[string]struct {
		Expressions map[string]json.RawMessage `json:"expressions"`
		Module      *moduleConfig              `json:"module"`
	} `json:"module_calls"`
	Outputs map[string]struct {
		Expression *expression `json:"expression"`
	} `json:"outputs"`
}

type expression struct {
	References []string `json:"references"`
}

// tracer follows references through modules to the blocks they come from.
type tracer struct {
	root *moduleConfig
	seen map[string]bool // what has been followed, by module and reference
	out  map[string]bool // blocks, and "block.attribute" of those referred to by attribute
}

// sources returns the blocks that an attribute of a block is made of, itself excluded, as
// "module.network.aws_subnet.app" and, with the attribute that is used, "module.x.aws_instance.y.private_ip".
func (m *moduleConfig) sources(block, attribute string) map[string]bool {
	t := &tracer{root: m, seen: map[string]bool{}, out: map[string]bool{}}
	path, local := split(block)
	if mod := m.find(path); mod != nil {
		for _, r := range mod.Resources {
			if r.Address == local {
				t.follow(path, references(r.Expressions[attribute]), r.ForEach)
			}
		}
	}
	return t.out
}

// split parts "module.a.module.b.aws_x.y" into the modules' names and the rest.
func split(block string) (path []string, local string) {
	for {
		rest, ok := strings.CutPrefix(block, "module.")
		if !ok {
			return path, block
		}
		name, after, _ := strings.Cut(rest, ".")
		path, block = append(path, name), after
	}
}

func (m *moduleConfig) find(path []string) *moduleConfig {
	for _, name := range path {
		if m == nil {
			return nil
		}
		m = m.ModuleCalls[name].Module
	}
	return m
}

func (t *tracer) follow(path, refs []string, each *expression) {
	mod := t.root.find(path)
	if mod == nil {
		return
	}
	for _, ref := range refs {
		key := strings.Join(path, "/") + ":" + ref
		if t.seen[key] && !strings.HasPrefix(ref, "each.") {
			continue
		}
		t.seen[key] = true
		part := strings.Split(ref, ".")
		switch {
		case part[0] == "each":
			if each != nil {
				t.follow(path, each.References, nil)
			}
		case part[0] == "var" && len(path) > 0 && len(part) > 1:
			up := path[:len(path)-1]
			if caller := t.root.find(up); caller != nil {
				t.follow(up, references(caller.ModuleCalls[path[len(path)-1]].Expressions[part[1]]), nil)
			}
		case part[0] == "module" && len(part) > 2:
			name := withoutIndex(part[1])
			down := append(append([]string(nil), path...), name)
			if called := t.root.find(down); called != nil {
				if e := called.Outputs[withoutIndex(part[2])].Expression; e != nil {
					t.follow(down, e.References, nil)
				}
			}
		case part[0] == "local" || part[0] == "var" || part[0] == "module" || part[0] == "path" || part[0] == "count":
		default:
			t.block(path, part)
		}
	}
}

func (t *tracer) block(path, part []string) {
	n := 2
	if part[0] == "data" {
		n = 3
	}
	if len(part) < n {
		return
	}
	prefix := ""
	for _, name := range path {
		prefix += "module." + name + "."
	}
	b := prefix + withoutIndex(strings.Join(part[:n], "."))
	t.out[b] = true
	if len(part) > n {
		t.out[b+"."+withoutIndex(part[n])] = true
	}
}

// references are all references in an expression, nested blocks included.
func references(raw json.RawMessage) []string {
	var v any
	if len(raw) == 0 || json.Unmarshal(raw, &v) != nil {
		return nil
	}
	return collect(v)
}

func collect(v any) []string {
	var list []string
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			list = append(list, collect(e)...)
		}
	case map[string]any:
		for k, e := range v {
			if k == "references" {
				list = append(list, texts(e)...)
				continue
			}
			list = append(list, collect(e)...)
		}
	}
	return list
}
