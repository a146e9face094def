package main

import (
	"fmt"
	"time"

	"lightstick/internal/app"
)

type backupCmd struct {
	app.Config
	Folder string `arg:"" help:"Folder for the backup; made when missing." type:"path"`
	Keep   int    `help:"Delete all but this many backups in the folder, the newest. 0: delete none." default:"0"`
}

func (c *backupCmd) Run(e *env) error {
	if err := c.Check(); err != nil {
		return err
	}
	if c.Keep < 0 {
		return fmt.Errorf("--keep: 0 or more")
	}
	path, err := app.Backup(e.ctx, c.Config, app.BackupOptions{Folder: c.Folder, Keep: c.Keep, Version: version, Now: time.Now, Log: e.stderr})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.stdout, path)
	return err
}
