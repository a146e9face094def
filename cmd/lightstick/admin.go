package main

import (
	"fmt"

	"lightstick/internal/app"
)

type adminCmd struct {
	Setup  adminSetupCmd  `cmd:"" help:"Print a one-time link with which the first admin signs up."`
	Grant  adminGrantCmd  `cmd:"" help:"Make a member an admin."`
	Revoke adminRevokeCmd `cmd:"" help:"Take the admin's role back."`
}

type adminSetupCmd struct{ app.Config }

func (c *adminSetupCmd) Run(e *env) error {
	if err := c.Check(); err != nil {
		return err
	}
	link, err := app.SetupLink(e.ctx, c.Config)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.stdout, link)
	return err
}

type adminGrantCmd struct {
	app.Config
	Handle string `arg:"" help:"The member's handle."`
}

func (c *adminGrantCmd) Run(e *env) error { return setAdmin(e, c.Config, c.Handle, true) }

type adminRevokeCmd struct {
	app.Config
	Handle string `arg:"" help:"The member's handle."`
}

func (c *adminRevokeCmd) Run(e *env) error { return setAdmin(e, c.Config, c.Handle, false) }

func setAdmin(e *env, c app.Config, handle string, on bool) error {
	if err := c.Check(); err != nil {
		return err
	}
	if err := app.SetAdmin(e.ctx, c, handle, on); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.stdout, "%s: %s\n", handle, map[bool]string{true: "admin", false: "member"}[on])
	return err
}
