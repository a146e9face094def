package main

import (
	"lightstick/internal/app"
)

type serveCmd struct{ app.Config }

func (c *serveCmd) Run(e *env) error {
	return app.Run(e.ctx, c.Config, version, e.stdout, e.stderr)
}
