package main

import (
	"time"

	"lightstick/internal/app"
)

type restoreCmd struct {
	app.Config
	File  string `arg:"" help:"The backup." type:"path"`
	Force bool   `help:"Put it in place of a site that is not empty."`
}

func (c *restoreCmd) Run(e *env) error {
	if err := c.Check(); err != nil {
		return err
	}
	return app.Restore(e.ctx, c.Config, app.RestoreOptions{File: c.File, Force: c.Force, Now: time.Now, Log: e.stderr})
}
