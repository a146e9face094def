package main

import (
	"fmt"
	"text/tabwriter"

	"lightstick/internal/app"
)

type configCmd struct {
	app.Config
	Check bool `help:"Only say whether the configuration is fit for its environment."`
}

func (c *configCmd) Run(e *env) error {
	rows := app.Origins(e.parsed)
	err := c.Config.Check()
	if c.Check {
		if err == nil {
			fmt.Fprintf(e.stdout, "fit for %s\n", c.Env)
		}
		return err
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		if derived := c.derived(r); derived != "" {
			r.Value, r.Origin = derived, "derived"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.Name, r.Value, r.Origin)
	}
	if ferr := w.Flush(); ferr != nil {
		return ferr
	}
	return err
}

// derived is the value in force of a setting that follows from others. None of them is secret.
func (c *configCmd) derived(r app.Origin) string {
	switch {
	case r.Value != "":
		return ""
	case r.Name == "base-url":
		return c.BaseURL
	case r.Name == "database":
		return c.Database
	}
	return ""
}
