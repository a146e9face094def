package app

import (
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// SecretFiles resolves a flag from the file that the variable LIGHTSTICK_<NAME>_FILE names, as
// container secrets are given. Having both the variable and the file is an error: one of them would be a surprise.
func SecretFiles(lookup func(string) (string, bool)) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		for _, name := range flag.Envs {
			path, ok := lookup(name + "_FILE")
			if !ok {
				continue
			}
			if _, both := lookup(name); both {
				return nil, fmt.Errorf("%s and %s_FILE are both set; keep one", name, name)
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				return nil, fmt.Errorf("%s_FILE: %w", name, err)
			}
			return strings.TrimRight(string(raw), "\r\n"), nil
		}
		return nil, nil
	})
}

// Origin is one setting in force.
type Origin struct {
	Name   string
	Value  string // masked when secret
	Origin string // "flag", a variable's name, or "default"
}

// Origins lists the settings of the parsed command and where each came from.
func Origins(parsed *kong.Context) []Origin {
	given := map[*kong.Flag]bool{}
	for _, p := range parsed.Path {
		if p.Flag != nil && !p.Resolved {
			given[p.Flag] = true
		}
	}
	var rows []Origin
	for _, flag := range parsed.Selected().Flags {
		if len(flag.Envs) == 0 {
			continue
		}
		o := Origin{Name: flag.Name, Value: fmt.Sprint(parsed.FlagValue(flag)), Origin: "default"}
		if flag.Tag.Has("secret") {
			o.Value = mask(o.Value)
		}
		for _, name := range flag.Envs {
			if _, ok := os.LookupEnv(name); ok {
				o.Origin = name
			}
			if _, ok := os.LookupEnv(name + "_FILE"); ok {
				o.Origin = name + "_FILE"
			}
		}
		if given[flag] {
			o.Origin = "flag"
		}
		rows = append(rows, o)
	}
	return rows
}

// mask hides a secret but tells whether one is set.
func mask(secret string) string {
	if secret == "" {
		return ""
	}
	return "(set, hidden)"
}
