package ops

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// Node is one process of the community that a drill started itself.
type Node struct {
	URL     string
	Private string // metrics
	process
}

// Local is a throw-away system on this machine.
type Local struct {
	Dir     string
	Binary  string  // of lightstick
	Cluster Command // nil when there is none
	DSN     string
	Nodes   []*Node
	Env     string     // of the nodes
	POP     *POP       // nil when there is none
	Disk    *LocalDisk // nil when there is none
}

// Members of the demo world that a drill acts as.
const localMembers = 24

// startWithin bounds the start of a node, which may fill the demo world first.
const startWithin = 90 * time.Second

// OpenLocal makes the folder of a throw-away system; nothing runs yet. Close ends and removes it.
func OpenLocal(dir, binary string) (*Local, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if dir, err = os.MkdirTemp(dir, "drill-"); err != nil {
		return nil, err
	}
	return &Local{Dir: dir, Binary: binary, Env: "dev"}, os.Chmod(dir, 0o755) // the database's user must get in
}

// StartCluster starts a PostgreSQL that fails over, with a program like deploy/patroni/cluster.
func (l *Local) StartCluster(ctx context.Context, program string, port int) (err error) {
	l.Cluster = Command{program, "-d", filepath.Join(l.Dir, "cluster"), "-p", strconv.Itoa(port)}
	if _, err := l.Cluster.Run(ctx, "up"); err != nil {
		return err
	}
	l.DSN, err = l.Cluster.Run(ctx, "dsn")
	return err
}

// StartNode starts a process and waits until it is ready. The first fills the demo world.
func (l *Local) StartNode(ctx context.Context, more ...string) (*Node, error) {
	addrs, err := freeAddrs(2)
	if err != nil {
		return nil, err
	}
	argv := []string{l.Binary, "serve", "--env", l.Env, "--demo", "--listen", addrs[0], "--private", addrs[1],
		"--data", filepath.Join(l.Dir, "data"), "--trusted-proxies", "127.0.0.0/8"}
	if l.DSN != "" {
		argv = append(argv, "--database", l.DSN, "--migrate")
	}
	if l.POP != nil {
		argv = append(argv, "--base-url", l.POP.URL)
	}
	n := &Node{URL: "http://" + addrs[0], Private: "http://" + addrs[1], process: process{
		argv: append(argv, more...), log: filepath.Join(l.Dir, fmt.Sprintf("node%d.log", len(l.Nodes)+1))}}
	l.Nodes = append(l.Nodes, n)
	return n, n.Start(ctx)
}

// Start runs the node and waits until it is ready.
func (n *Node) Start(ctx context.Context) error {
	return n.start(ctx, http.DefaultClient, n.URL+"/readyz")
}

// Stop ends the node as an operator would, and waits.
func (n *Node) Stop() error { return n.stop() }

// Kill ends the node as a fault would.
func (n *Node) Kill() { n.kill() }

// Metrics are the addresses of all nodes' metrics.
func (l *Local) Metrics() (list []string) {
	for _, n := range l.Nodes {
		list = append(list, n.Private)
	}
	return list
}

// URLs of all nodes.
func (l *Local) URLs() (list []string) {
	for _, n := range l.Nodes {
		list = append(list, n.URL)
	}
	return list
}

// Site is a client of the POP, or of all nodes when there is none, signed in as members of the demo
// world.
func (l *Local) Site(ctx context.Context, password string) (s *Site, err error) {
	if l.POP != nil {
		s, err = NewSite([]string{l.POP.URL}, l.POP.Certificate)
	} else {
		s, err = NewSite(l.URLs())
	}
	if err != nil {
		return nil, err
	}
	_, authors, err := s.posts(ctx, 400)
	if err != nil {
		return nil, err
	}
	var members []Member
	seen := map[string]bool{"": true}
	for _, a := range authors {
		if !seen[a] && len(members) < localMembers {
			seen[a] = true
			members = append(members, Member{a, password})
		}
	}
	return s, s.SignIn(ctx, members)
}

// Close stops everything and removes it.
func (l *Local) Close(ctx context.Context) error {
	var errs []error
	if l.POP != nil {
		errs = append(errs, l.POP.stop())
	}
	for _, n := range l.Nodes {
		errs = append(errs, n.Stop())
	}
	if l.Cluster != nil {
		_, err := l.Cluster.Run(ctx, "destroy")
		errs = append(errs, err)
	}
	return errors.Join(append(errs, l.Disk.unmount(), os.RemoveAll(l.Dir))...)
}

// freeAddrs finds loopback addresses that nobody listens on.
func freeAddrs(n int) (addrs []string, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		addrs = append(addrs, l.Addr().String())
	}
	return addrs, nil
}
