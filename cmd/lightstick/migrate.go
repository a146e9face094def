package main

import (
	"fmt"

	"lightstick/internal/app"
)

type migrateCmd struct{ app.Config }

func (c *migrateCmd) Run(e *env) error {
	if err := c.Check(); err != nil {
		return err
	}
	done, err := app.Migrate(e.ctx, c.Config)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.stdout, done)
	return err
}
