package main

import (
	"os"

	"lightstick/internal/app"
)

type importCmd struct {
	app.Config
	File string `arg:"" help:"File that 'lightstick export' wrote; - is standard input."`
}

func (c *importCmd) Run(e *env) error {
	if err := c.Check(); err != nil {
		return err
	}
	return app.Import(e.ctx, c.Config, app.MoveOptions{File: c.File, Stdin: os.Stdin, Log: e.stderr})
}
