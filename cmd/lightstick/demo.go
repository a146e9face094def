package main

import (
	"lightstick/internal/app"
)

type demoCmd struct {
	app.Config
	Posts    int    `help:"Posts to make." default:"400"`
	Comments int    `help:"Comments to make." default:"4000"`
	Members  int    `help:"Members to make." default:"60"`
	Seed     uint64 `help:"Another seed makes another world." default:"1"`
}

func (c *demoCmd) Run(e *env) error {
	if err := c.Check(); err != nil {
		return err
	}
	return app.Demo(e.ctx, c.Config, app.DemoSize{Posts: c.Posts, Comments: c.Comments, Members: c.Members, Seed: c.Seed}, e.stdout)
}
