package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// dumpPostgres runs pg_dump on the snapshot that the rows are counted in.
func (s *Store) dumpPostgres(ctx context.Context, file string) (d Dump, err error) {
	err = s.snapshot(ctx, func(q querier, snapshot string) error {
		if d, err = dumped("postgres", func(text string) (int64, error) { return first(ctx, q, nil, value[int64], text) }); err != nil {
			return err
		}
		cmd, err := pgTool(ctx, s.Postgres(), "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--snapshot="+snapshot, "--file="+file)
		if err != nil {
			return err
		}
		return runTool(cmd)
	})
	return d, err
}

// beforeRestore empties the database, in the transaction of the restore, once the site has left it.
const beforeRestore = `BEGIN;
DO $$ BEGIN
	FOR i IN 1..30 LOOP
		PERFORM pg_stat_clear_snapshot();
		EXIT WHEN NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'lightstick');
		IF i = 30 THEN RAISE EXCEPTION 'the site is running: stop it first'; END IF;
		PERFORM pg_sleep(0.1);
	END LOOP;
END $$;
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
GRANT USAGE ON SCHEMA public TO PUBLIC;
`

// RestorePostgres replaces everything in the database with what pg_dump wrote, in one transaction, and
// closes the store. Schemas other than public stay.
func (s *Store) RestorePostgres(ctx context.Context, file string) error {
	pool := s.Postgres()
	script, err := pgTool(ctx, pool, "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--file=-", file)
	if err != nil {
		return err
	}
	psql, err := pgTool(ctx, pool, "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null", "--file=-")
	if err != nil {
		return err
	}
	s.Close()
	to, err := psql.StdinPipe()
	if err != nil {
		return err
	}
	fed := make(chan error, 1)
	go func() {
		_, err := io.WriteString(to, beforeRestore)
		if err == nil {
			script.Stdout = to
			err = runTool(script)
		}
		if err == nil { // else psql finds the end, and nothing has happened
			_, err = io.WriteString(to, "COMMIT;\n")
		}
		to.Close()
		fed <- err
	}()
	ran := runTool(psql)
	if err := <-fed; ran == nil {
		return err
	}
	return ran
}

// pgTool is one of PostgreSQL's programs, connected to the database of the pool. How is told through the
// environment: arguments can be read by everybody on the machine.
func pgTool(ctx context.Context, pool *pgxpool.Pool, name string, args ...string) (*exec.Cmd, error) {
	program, err := exec.LookPath(name)
	if err != nil {
		installed, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
		if len(installed) == 0 {
			return nil, fmt.Errorf("%s is needed: install PostgreSQL's client (postgresql-client in Debian)", name)
		}
		program = slices.Max(installed)
	}
	primary, err := pool.Acquire(ctx) // of several servers it is this one
	if err != nil {
		return nil, pgError(err)
	}
	defer primary.Release()
	c := primary.Conn().Config()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "PGHOST="+c.Host, fmt.Sprintf("PGPORT=%d", c.Port), "PGUSER="+c.User, "PGPASSWORD="+c.Password, "PGDATABASE="+c.Database,
		"PGAPPNAME=lightstick-backup")
	if u, err := url.Parse(c.ConnString()); err == nil {
		for _, name := range []string{"sslmode", "sslrootcert", "sslcert", "sslkey", "channel_binding"} {
			if v := u.Query().Get(name); v != "" {
				cmd.Env = append(cmd.Env, "PG"+strings.ReplaceAll(strings.ToUpper(name), "_", "")+"="+v)
			}
		}
	}
	return cmd, nil
}

// runTool runs a program and makes an error of what it complains about.
func runTool(cmd *exec.Cmd) error {
	var said bytes.Buffer
	cmd.Stderr = &said
	err := cmd.Run()
	if err == nil {
		return nil
	}
	text := strings.TrimSpace(said.String())
	if strings.Contains(text, ErrInUse.Error()) {
		return ErrInUse
	}
	if len(text) > 2000 {
		text = text[:2000]
	}
	return errors.Join(fmt.Errorf("%s: %w", filepath.Base(cmd.Path), err), errors.New(text))
}
