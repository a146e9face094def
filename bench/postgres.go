package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgresBin is where Debian keeps the server's programs.
const postgresBin = "/usr/lib/postgresql/15/bin"

// postgres is a PostgreSQL server of the bench's own, durable as a site's is. It may use all cores.
type postgres struct {
	cmd  *exec.Cmd
	addr string
	out  bytes.Buffer
}

// startPostgres makes a server in a new folder.
func (b *bench) startPostgres(ctx context.Context) (*postgres, error) {
	dir, err := os.MkdirTemp(b.scratch, "postgres-")
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	as, err := postgresUser(dir)
	if err != nil {
		return nil, err
	}
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, filepath.Join(postgresBin, name), args...)
		cmd.Dir, cmd.Env = dir, []string{"LC_ALL=C.UTF-8", "PATH=" + os.Getenv("PATH")}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setpgid: true}
		// SIGINT is PostgreSQL's fast shutdown.
		cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(syscall.SIGINT) }, 20*time.Second
		return cmd
	}
	data := filepath.Join(dir, "data")
	if out, err := command("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	addrs, err := freeAddrs(1)
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(addrs[0])
	if err != nil {
		return nil, err
	}
	// This program is pinned to the clients' core; the server is not.
	p := &postgres{addr: addrs[0], cmd: command("postgres", "-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories="+dir, "-c", "max_connections=200", "-c", "shared_buffers=256MB")}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if err := errors.Join(p.unpin(), p.await(ctx)); err != nil {
		return nil, fmt.Errorf("%w\n%s", errors.Join(err, p.stop()), &p.out)
	}
	return p, nil
}

// unpin lets the server, and all that it starts from now on, use every core.
func (p *postgres) unpin() error {
	if _, err := exec.LookPath("taskset"); err != nil {
		return nil // then nothing is pinned
	}
	return exec.Command("taskset", "-a", "-p", "-c", "0-1023", strconv.Itoa(p.cmd.Process.Pid)).Run()
}

// postgresUser gives the folder to the user postgres where this runs as root, which PostgreSQL refuses.
func postgresUser(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL 15 is needed (apt-get install postgresql-15): %w", err)
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	// The folders above belong to whoever runs this and may be closed to others.
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(err1, err2, os.Chown(dir, uid, gid), os.Chmod(filepath.Dir(dir), 0o755))
}

func (p *postgres) url(database string) string {
	return "postgres://postgres@" + p.addr + "/" + database + "?sslmode=disable"
}

func (p *postgres) await(ctx context.Context) error {
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		conn, err := pgx.Connect(ctx, p.url("postgres"))
		if err == nil {
			_, err = conn.Exec(ctx, "CREATE DATABASE lightstick")
			return errors.Join(err, conn.Close(ctx))
		}
		if ctx.Err() != nil || time.Since(began) > startWithin {
			return fmt.Errorf("PostgreSQL does not answer: %w", err)
		}
	}
}

// stop ends the server and waits for it.
func (p *postgres) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		return err
	}
	return p.cmd.Wait()
}
