package api_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// document is the OpenAPI document as a reader of it sees it.
type document struct {
	root map[string]any
}

func parseDocument(t testing.TB, raw []byte) document {
	t.Helper()
	var d document
	if err := json.Unmarshal(raw, &d.root); err != nil {
		t.Fatal(err)
	}
	return d
}

// resolve follows a $ref.
func (d document) resolve(node map[string]any) map[string]any {
	ref, ok := node["$ref"].(string)
	if !ok {
		return node
	}
	var at any = d.root
	for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		at = at.(map[string]any)[part]
	}
	return at.(map[string]any)
}

// operation finds "METHOD /path" of a request, with the template that matches its path.
func (d document) operation(method, path string) (template string, op map[string]any) {
	paths := d.root["paths"].(map[string]any)
	best := ""
	for tpl := range paths {
		if matches(tpl, path) && (best == "" || strings.Count(tpl, "{") < strings.Count(best, "{")) {
			best = tpl
		}
	}
	if best == "" {
		return "", nil
	}
	op, _ = paths[best].(map[string]any)[strings.ToLower(method)].(map[string]any)
	return best, op
}

func matches(template, path string) bool {
	a, b := strings.Split(template, "/"), strings.Split(path, "/")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !strings.HasPrefix(a[i], "{") && a[i] != b[i] {
			return false
		}
	}
	return true
}

// check is a validator for the part of JSON Schema that the document uses; an unknown keyword is
// an error, so that nothing goes unchecked.
func (d document) check(schema map[string]any, v any, at string) error {
	schema = d.resolve(schema)
	for keyword := range schema {
		if !slices.Contains([]string{"type", "format", "description", "examples", "properties", "required", "additionalProperties", "items",
			"enum", "minimum", "maximum", "maxItems", "maxLength", "minLength", "default"}, keyword) {
			return fmt.Errorf("%s: keyword %s is not checked", at, keyword)
		}
	}
	if enum, ok := schema["enum"].([]any); ok && !slices.Contains(enum, v) {
		return fmt.Errorf("%s: %v is none of %v", at, v, enum)
	}
	switch schema["type"] {
	case "object":
		return d.checkObject(schema, v, at)
	case "array":
		list, ok := v.([]any)
		if !ok {
			return fmt.Errorf("%s: %T is no list", at, v)
		}
		for i, item := range list {
			if err := d.check(schema["items"].(map[string]any), item, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	case "string":
		s, ok := v.(string)
		if !ok {
			return fmt.Errorf("%s: %T is no text", at, v)
		}
		if schema["format"] == "date-time" {
			if ts, err := time.Parse(time.RFC3339, s); err != nil || ts.Location() != time.UTC {
				return fmt.Errorf("%s: %q is no time in UTC", at, s)
			}
		}
	case "integer":
		n, ok := v.(float64)
		if !ok || n != math.Trunc(n) {
			return fmt.Errorf("%s: %v is no whole number", at, v)
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			return fmt.Errorf("%s: %T is no boolean", at, v)
		}
	case nil: // anything
	default:
		return fmt.Errorf("%s: type %v is not checked", at, schema["type"])
	}
	return nil
}

func (d document) checkObject(schema map[string]any, v any, at string) error {
	object, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: %T is no object", at, v)
	}
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, there := object[name.(string)]; !there {
			return fmt.Errorf("%s: %v is missing", at, name)
		}
	}
	for name, value := range object {
		p, known := properties[name].(map[string]any)
		if !known {
			return fmt.Errorf("%s: %s is not described", at, name)
		}
		if err := d.check(p, value, at+"."+name); err != nil {
			return err
		}
	}
	return nil
}
