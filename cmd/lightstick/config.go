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
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.Name, r.Value, r.Origin)
	}
	if ferr := w.Flush(); ferr != nil {
		return ferr
	}
	return err
}
