package policy

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// document is one IAM policy, written out or, while parts of it are unknown, as its data source.
type document struct {
	address    string
	of         string // type of the resource that has it; "" of a data source
	statements []statement
}

type statement struct {
	sid        string
	allow      bool
	everybody  bool // principal "*"
	services   []string
	actions    []string
	resources  []string
	conditions map[string][]string // by variable in small letters; a value that is unknown is absent
}

func (s statement) about(prefix string) bool {
	return slices.ContainsFunc(s.actions, func(a string) bool { return a == "*" || strings.HasPrefix(a, prefix) })
}

// policyArguments are where resources have policies.
var policyArguments = []string{"policy", "assume_role_policy", "access_policies", "inline_policy"}

// documents are all policies of the plan.
func (p *Plan) documents() []document {
	var list []document
	for _, r := range p.Resources {
		if r.Values == nil {
			continue
		}
		if r.Data {
			if r.Type == "aws_iam_policy_document" && p.config != nil {
				list = append(list, document{address: r.Address, statements: fromData(r.Values)})
			}
			continue
		}
		for _, a := range policyArguments {
			if s, ok := fromJSON(text(r.Values, a)); ok {
				list = append(list, document{address: r.Address, of: r.Type, statements: s})
			}
		}
	}
	return list
}

func fromData(values map[string]any) []statement {
	var list []statement
	for _, b := range blocks(values, "statement") {
		s := statement{sid: text(b, "sid"), allow: text(b, "effect") != "Deny", actions: texts(b["actions"]), resources: texts(b["resources"]), conditions: map[string][]string{}}
		for _, pr := range blocks(b, "principals") {
			s.principal(text(pr, "type"), texts(pr["identifiers"]))
		}
		for _, c := range blocks(b, "condition") {
			s.conditions[strings.ToLower(text(c, "variable"))] = texts(c["values"])
		}
		list = append(list, s)
	}
	return list
}

func (s *statement) principal(kind string, who []string) {
	if slices.Contains(who, "*") && (kind == "*" || kind == "AWS") {
		s.everybody = true
	}
	if kind == "Service" {
		s.services = append(s.services, who...)
	}
}

func fromJSON(raw string) ([]statement, bool) {
	var doc struct {
		Statement json.RawMessage
	}
	if raw == "" || json.Unmarshal([]byte(raw), &doc) != nil || len(doc.Statement) == 0 {
		return nil, false
	}
	type one struct {
		Sid, Effect                 string
		Action, Resource, Principal any
		Condition                   map[string]map[string]any
	}
	var many []one
	if json.Unmarshal(doc.Statement, &many) != nil {
		var single one
		if json.Unmarshal(doc.Statement, &single) != nil {
			return nil, false
		}
		many = []one{single}
	}
	var list []statement
	for _, o := range many {
		s := statement{sid: o.Sid, allow: o.Effect == "Allow", actions: texts(o.Action), resources: texts(o.Resource), conditions: map[string][]string{}}
		switch pr := o.Principal.(type) {
		case string:
			s.principal("*", []string{pr})
		case map[string]any:
			for kind, who := range pr {
				s.principal(kind, texts(who))
			}
		}
		for _, c := range o.Condition {
			for variable, values := range c {
				s.conditions[strings.ToLower(variable)] = texts(values)
			}
		}
		list = append(list, s)
	}
	return list, true
}

// reason is how a statement says why it is wide: a name such as AnyResourceTheTokenBelongsToNone.
var reason = regexp.MustCompile(`^Any(Action|Resource)[A-Z][A-Za-z]{10,}$`)

// wholeService is a resource that stands for all of a service.
var wholeService = regexp.MustCompile(`^arn:[^:]*:[^:]*:[^:]*:[^:]*:\*$`)

// iamWildcard: an action or resource with nothing but a star says beside it why no less will do.
func iamWildcard(p *Plan) []Finding {
	var out []Finding
	for _, d := range p.documents() {
		for _, s := range d.statements {
			if !s.allow || reason.MatchString(s.sid) {
				continue
			}
			for _, a := range s.actions {
				if strings.Contains(a, "*") {
					out = append(out, Finding{Address: d.address, Message: fmt.Sprintf("action %s (statement %q)", a, s.sid), Fix: "name the actions, or say why not in a sid: AnyAction…"})
				}
			}
			for _, r := range s.resources {
				if r == "*" || wholeService.MatchString(r) {
					out = append(out, Finding{Address: d.address, Message: fmt.Sprintf("resource %s for %s (statement %q)", r, strings.Join(s.actions, ", "), s.sid), Fix: "name the resources, or say why not in a sid: AnyResource…"})
				}
			}
		}
	}
	return out
}
