// Package patroni_test runs the cluster of this folder on ports of its own.
package patroni_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// cluster runs the program in a folder.
type cluster struct{ dir, port string }

func (c cluster) run(ctx context.Context, args ...string) (string, error) {
	var out, trouble bytes.Buffer
	cmd := exec.CommandContext(ctx, "./cluster", append([]string{"-d", c.dir, "-p", c.port}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &trouble
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("cluster %s: %w\n%s", strings.Join(args, " "), err, &trouble)
	}
	return strings.TrimSpace(out.String()), nil
}

// TestSwitchover starts a cluster, moves the primary under a writer, and looks for every write that
// was acknowledged. Killing and hanging nodes takes longer: `lightstick drill failover` does that.
func TestSwitchover(t *testing.T) {
	c := startCluster(t)
	dsn, err := c.run(t.Context(), "dsn")
	if err != nil {
		t.Fatal(err)
	}
	w := &writer{dsn: dsn + "?target_session_attrs=read-write&connect_timeout=2"}
	if err := w.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); w.write(ctx) }()
	before, err := c.run(t.Context(), "leader")
	if err != nil {
		t.Error(err)
	}
	if where, err := c.run(t.Context(), "inject", "switchover"); err != nil || where != "node"+before {
		t.Errorf("switched over from %q, not node%s: %v", where, before, err)
	}
	if _, err := c.run(t.Context(), "heal"); err != nil {
		t.Error(err)
	}
	stop()
	<-done
	if after, err := c.run(t.Context(), "leader"); err != nil || after == before {
		t.Errorf("the primary is still node%s: %v", after, err)
	}
	w.check(t)
}

// startCluster starts a cluster that goes with the test.
func startCluster(t *testing.T) cluster {
	t.Helper()
	dir := t.TempDir()
	for d := dir; d != "/" && d != os.TempDir(); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil { // the database's user must get in
			t.Fatal(err)
		}
	}
	c := cluster{filepath.Join(dir, "c"), strconv.Itoa(freeRange(t))}
	t.Cleanup(func() {
		if _, err := c.run(context.WithoutCancel(t.Context()), "destroy"); err != nil {
			t.Error(err)
		}
	})
	if _, err := c.run(t.Context(), "up"); err != nil {
		t.Fatal(err)
	}
	return c
}

// freeRange finds 34 ports in a row below those that the kernel hands out by itself.
func freeRange(t *testing.T) int {
	t.Helper()
next:
	for base := 16000; base < 30000; base += 40 {
		for p := base; p < base+34; p++ {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p))
			if err != nil {
				continue next
			}
			l.Close()
		}
		return base
	}
	t.Fatal("no free ports")
	return 0
}

// writer inserts numbers, each with a connection that works, and remembers those acknowledged.
type writer struct {
	dsn   string
	acked []int
}

func (w *writer) prepare(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, w.dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "CREATE TABLE numbers (n int PRIMARY KEY)")
	return err
}

func (w *writer) write(ctx context.Context) {
	var conn *pgx.Conn
	defer func() {
		if conn != nil {
			conn.Close(context.WithoutCancel(ctx))
		}
	}()
	for n := 0; ctx.Err() == nil; n++ {
		attempt, cancel := context.WithTimeout(ctx, 2*time.Second)
		if conn == nil || conn.IsClosed() {
			conn, _ = pgx.Connect(attempt, w.dsn) // while the primary moves there is none
		}
		if conn != nil {
			if _, err := conn.Exec(attempt, "INSERT INTO numbers VALUES ($1)", n); err == nil {
				w.acked = append(w.acked, n)
			} else {
				conn.Close(attempt)
			}
		}
		cancel()
	}
}

func (w *writer) check(t *testing.T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, n := range w.acked {
		var there bool
		if err := conn.QueryRow(t.Context(), "SELECT true FROM numbers WHERE n = $1", n).Scan(&there); err != nil {
			if errors.Is(err, pgx.ErrNoRows) {
				t.Fatalf("write %d of %d was acknowledged and is lost", n, len(w.acked))
			}
			t.Fatal(err)
		}
	}
	if len(w.acked) < 10 {
		t.Errorf("only %d writes were acknowledged", len(w.acked))
	}
	t.Logf("%d acknowledged writes, all there", len(w.acked))
}

// TestConfig prints the files of three machines without anything left to fill in.
func TestConfig(t *testing.T) {
	for kind, want := range map[string]string{
		"patroni": "listen: 10.0.0.2:5432", "etcd": "node3=http://10.0.0.3:2380", "haproxy": "server node1 10.0.0.1:5432 check port 8008",
	} {
		cmd := exec.Command("./cluster", "config", kind, "2", "10.0.0.1", "10.0.0.2", "10.0.0.3")
		cmd.Env = append(os.Environ(), "PATRONI_PASSWORD=long&secret")
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v, want %q in\n%s", kind, err, want, out)
		}
		for line := range strings.Lines(string(out)) {
			if at := strings.Index(line, "@"); at >= 0 && !strings.HasPrefix(strings.TrimSpace(line), "#") {
				t.Errorf("%s: not filled in: %s", kind, line)
			}
		}
		if kind == "patroni" && !strings.Contains(string(out), `"long&secret"`) {
			t.Error("the password is not as it was given")
		}
	}
	for name, args := range map[string][]string{
		"no command of ours": {"fly"}, "a port that cannot be": {"-p", "99", "up"}, "no hosts": {"config", "etcd", "1"}, "no such fault": {"-d", t.TempDir(), "-p", "1500", "inject", "fire"},
	} {
		if out, err := exec.Command("./cluster", args...).CombinedOutput(); err == nil {
			t.Errorf("%s: was taken: %s", name, out)
		}
	}
}
