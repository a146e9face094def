package policy

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// file is one file of a module, formatted by terraform fmt: blocks begin and end at the line's start.
type file struct {
	name  string
	lines []string
}

var (
	opening = regexp.MustCompile(`^(resource|variable|output|module|data) "([^"]+)"(?: "([^"]+)")? \{`)
	star    = regexp.MustCompile(`"\*"`)
	upwards = regexp.MustCompile(`^\s*source\s*=\s*"\.\./`)
)

// CheckModules reads the text of modules: what a plan does not show. Every folder under root that has
// .tf files is a module.
func CheckModules(root fs.FS) ([]Finding, error) {
	var out []Finding
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".tf" {
			return err
		}
		raw, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		out = append(out, file{name, strings.Split(string(raw), "\n")}.check()...)
		return nil
	})
	return out, err
}

func (f file) check() []Finding {
	var out []Finding
	for i := 0; i < len(f.lines); i++ {
		at := fmt.Sprintf("%s:%d", f.name, i+1)
		line := f.lines[i]
		if star.MatchString(line) && !strings.Contains(line, " # ") {
			out = append(out, Finding{Rule: "iam-wildcard", Address: at, Message: "a star without a word about it", Fix: "say beside it why"})
		}
		for what, shape := range shapes {
			if shape.MatchString(line) {
				out = append(out, Finding{Rule: "secret", Address: at, Message: what, Fix: "put it into Secrets Manager by hand and hand over the ARN"})
			}
		}
		if upwards.MatchString(line) {
			out = append(out, Finding{Rule: "module-alone", Address: at, Message: "a module reaches into another", Fix: "let the environment hand over what it needs"})
		}
		m := opening.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		body := f.body(i)
		out = append(out, judge(at, m, body)...)
	}
	return out
}

// body is the text of the block that begins at line i.
func (f file) body(i int) string {
	end := i
	for end < len(f.lines) && f.lines[end] != "}" && !strings.HasSuffix(f.lines[end], "{}") {
		end++
	}
	return strings.Join(f.lines[i:min(end+1, len(f.lines))], "\n")
}

func judge(at string, head []string, body string) []Finding {
	var out []Finding
	need := func(rule, text, fix string) {
		if !regexp.MustCompile(`(?m)^\s*` + text).MatchString(body) {
			out = append(out, Finding{Rule: rule, Address: at, Message: fmt.Sprintf("%s %s has no %s", head[1], head[2], strings.Fields(text)[0]), Fix: fix})
		}
	}
	switch head[1] {
	case "variable":
		need("documented", `description\s+= (<<|"[^"])`, "say what it is for")
		need("typed", `type\s+= `, "give it a type")
	case "output":
		need("documented", `description\s+= (<<|"[^"])`, "say what it is")
	case "resource":
		r := &Resource{Type: head[2], Name: head[3]}
		if _, holds := kept[r.Type]; holds && !passing(r) && r.Type != "aws_network_interface" {
			need("prevent-destroy", `prevent_destroy = true`, "add lifecycle { prevent_destroy = true }")
		}
	}
	return out
}
