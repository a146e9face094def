// Package pgtest gives tests a real PostgreSQL server: one for each test binary, a fresh database
// for each test. Only tests import it. It never skips: without PostgreSQL a test fails.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"lightstick/internal/store"
)

const (
	postgresBin  = "/usr/lib/postgresql/15/bin"
	postgresHelp = "PostgreSQL 15 is needed for the tests: apt-get install postgresql-15"
	clusterNames = "lightstick-postgres-"
)

// Cluster is a PostgreSQL server of its own, on a free port of the loopback.
type Cluster struct {
	dir, port string
	options   []string            // of the server, beyond the usual
	as        *syscall.Credential // who the server runs as; nil: who runs the tests
	process   *os.Process
	gone      chan struct{} // closed when the process has ended
}

// shared is the one cluster of this test binary. It starts with its first user and ends with the process.
var shared struct {
	once    sync.Once
	cluster *Cluster
	err     error
	next    atomic.Int64
}

func sharedCluster() (*Cluster, error) {
	shared.once.Do(func() {
		if shared.cluster, shared.err = startCluster(); shared.err == nil {
			shared.err = shared.cluster.template()
		}
	})
	return shared.cluster, shared.err
}

// Database is the address of a fresh database with the schema of today.
func Database(t testing.TB) string { return database(t, "lightstick_template") }

// Empty is the address of a fresh database without a schema.
func Empty(t testing.TB) string { return database(t, "template0") }

func database(t testing.TB, template string) string {
	t.Helper()
	c, err := sharedCluster()
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("test_%d", shared.next.Add(1))
	if err := c.admin("CREATE DATABASE " + name + " TEMPLATE " + template + " STRATEGY file_copy"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.admin("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return c.URL(name)
}

// NewCluster starts a cluster for one test alone, which may stop and start it as it likes.
func NewCluster(t testing.TB) *Cluster {
	t.Helper()
	return owned(t)(startCluster())
}

// owned ends a cluster with its test.
func owned(t testing.TB) func(c *Cluster, err error) *Cluster {
	return func(c *Cluster, err error) *Cluster {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			c.Resume()
			c.Stop()
			os.RemoveAll(c.dir)
		})
		return c
	}
}

// URL is the address of a database of the cluster; "postgres" is always there.
func (c *Cluster) URL(database string) string {
	return (&url.URL{Scheme: "postgres", User: url.User("postgres"), Host: "127.0.0.1:" + c.port, Path: "/" + database, RawQuery: "sslmode=disable"}).String()
}

func startCluster() (*Cluster, error) {
	if _, err := os.Stat(filepath.Join(postgresBin, "initdb")); err != nil {
		return nil, errors.New(postgresHelp)
	}
	sweep()
	return newCluster("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
}

// newCluster starts a server on data that a command makes.
func newCluster(command string, args ...string) (*Cluster, error) {
	dir, err := os.MkdirTemp("", clusterNames+strconv.Itoa(os.Getpid())+"-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir}
	if err := c.owner(); err != nil {
		return nil, err
	}
	if out, err := c.command(command, append(args, "-D", dir+"/data")...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", command, err, out)
	}
	for range 5 { // the port may be taken between asking for it and using it
		if err = c.Start(); err == nil {
			return c, nil
		}
	}
	return nil, err
}

// owner makes the folder that of the user postgres where the tests run as root, which PostgreSQL refuses.
func (c *Cluster) owner() error {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return fmt.Errorf("%s (%w)", postgresHelp, err)
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	c.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return errors.Join(err1, err2, os.Chown(c.dir, uid, gid))
}

func (c *Cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(postgresBin, name), args...)
	// Ends with the tests, however they end.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.as, Pdeathsig: syscall.SIGQUIT, Setpgid: true}
	cmd.Dir, cmd.Env = c.dir, []string{"LC_ALL=C.UTF-8", "PATH=" + os.Getenv("PATH")}
	return cmd
}

// Start starts the server, on the same port as before if there was one, and waits until it answers.
func (c *Cluster) Start() error {
	if c.port == "" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		_, c.port, _ = net.SplitHostPort(l.Addr().String())
		l.Close()
	}
	log, err := os.OpenFile(c.dir+"/log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	// Without fsync a crash of the server, unlike one of the machine, still loses nothing.
	cmd := c.command("postgres", append([]string{"-D", c.dir + "/data", "-p", c.port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + c.dir,
		"-c", "fsync=off", "-c", "max_connections=200", "-c", "shared_buffers=64MB", "-c", "log_min_messages=warning"}, c.options...)...)
	cmd.Stdout, cmd.Stderr = log, log
	started := make(chan error)
	c.gone = make(chan struct{})
	go func(gone chan struct{}) {
		// The signal at death is that of the thread, so this one must stay.
		runtime.LockOSThread()
		defer close(gone)
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait()
		}
	}(c.gone)
	if err := <-started; err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	c.process = cmd.Process
	return c.await()
}

func (c *Cluster) await() error {
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if err := c.admin("SELECT 1"); err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-c.gone:
			c.port = ""
			log, _ := os.ReadFile(c.dir + "/log")
			return fmt.Errorf("postgres ended:\n%s", log)
		case <-deadline.C:
			return errors.New("postgres does not answer")
		}
	}
}

// Stop ends the server at once, as a crash would (SIGQUIT).
func (c *Cluster) Stop() {
	if c.process != nil {
		c.process.Signal(syscall.SIGQUIT)
		<-c.gone
		c.process = nil
	}
}

// Ask reads one text from the database "postgres".
func (c *Cluster) Ask(ctx context.Context, sql string) (text string, err error) {
	conn, err := pgx.Connect(ctx, c.URL("postgres"))
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	return text, conn.QueryRow(ctx, sql).Scan(&text)
}

func (c *Cluster) admin(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

// template makes the database that the tests' own are copied from.
func (c *Cluster) template() error {
	if err := c.admin("CREATE DATABASE lightstick_template"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := store.Open(ctx, store.Config{URL: c.URL("lightstick_template")})
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Migrate(ctx)
}

// sweep removes what test binaries that are gone have left.
func sweep() {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), clusterNames+"*"))
	for _, dir := range left {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), clusterNames), "-")
		if _, err := os.Stat("/proc/" + pid); errors.Is(err, fs.ErrNotExist) {
			os.RemoveAll(dir)
		}
	}
}
