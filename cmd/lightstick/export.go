package main

import (
	"lightstick/internal/app"
)

type exportCmd struct {
	app.Config
	File        string `arg:"" help:"File to write; - is standard output."`
	WithSecrets bool   `help:"Also write hashes of passwords, sessions and tokens, so that everybody can sign in as before."`
	WithMedia   bool   `help:"Also write the pictures."`
}

func (c *exportCmd) Run(e *env) error {
	if err := c.Check(); err != nil {
		return err
	}
	return app.Export(e.ctx, c.Config, app.MoveOptions{File: c.File, Secrets: c.WithSecrets, Media: c.WithMedia, Stdout: e.stdout, Log: e.stderr})
}
