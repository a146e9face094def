package pgtest

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Replica starts a server that streams from c and replays what it gets, each commit after delay.
func (c *Cluster) Replica(t testing.TB, delay time.Duration) *Cluster {
	t.Helper()
	r := owned(t)(newCluster("pg_basebackup", "-h", "127.0.0.1", "-p", c.port, "-U", "postgres", "-R", "-X", "stream", "-c", "fast", "--no-sync"))
	r.options = []string{"-c", "wal_retrieve_retry_interval=100ms"}
	if delay > 0 { // replays the base without it, or it would not open for so long
		r.options = append(r.options, "-c", fmt.Sprintf("recovery_min_apply_delay=%dms", delay.Milliseconds()))
		r.Stop()
		if err := r.Start(); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// Promote makes a replica the primary of a new timeline.
func (c *Cluster) Promote() error { return c.admin("SELECT pg_promote(true, 20)") }

// URLs is the address of a database on several servers.
func URLs(database string, servers ...*Cluster) string {
	hosts := make([]string, len(servers))
	for i, c := range servers {
		hosts[i] = "127.0.0.1:" + c.port
	}
	return (&url.URL{Scheme: "postgres", User: url.User("postgres"), Host: strings.Join(hosts, ","), Path: "/" + database, RawQuery: "sslmode=disable"}).String()
}

// Pause makes the server hang with all its processes; Resume lets it go on.
func (c *Cluster) Pause()  { c.signal(syscall.SIGSTOP) }
func (c *Cluster) Resume() { c.signal(syscall.SIGCONT) }

func (c *Cluster) signal(s syscall.Signal) {
	if c.process == nil {
		return
	}
	c.process.Signal(s)
	children, _ := filepath.Glob("/proc/[0-9]*/stat")
	parent := " " + strconv.Itoa(c.process.Pid) + " "
	for _, name := range children {
		stat, _ := os.ReadFile(name)
		// pid (name) state parent …
		_, after, _ := strings.Cut(string(stat), ") ")
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name))); err == nil && len(after) > 1 && strings.HasPrefix(after[1:], parent) {
			syscall.Kill(pid, s)
		}
	}
}
