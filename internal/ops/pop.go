package ops

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"strings"
)

// POP is an edge cache in front of a local system.
type POP struct {
	URL         string
	Certificate string // file
	addrs       []string
	process
}

// PlanPOP chooses the address of a POP, which its nodes must know. StartPOP starts it.
func (l *Local) PlanPOP() error {
	addrs, err := freeAddrs(3)
	if err != nil {
		return err
	}
	dir := filepath.Join(l.Dir, "pop")
	l.POP = &POP{URL: "https://localhost:" + port(addrs[0]), Certificate: filepath.Join(dir, "cert.pem"), addrs: addrs}
	return nil
}

// StartPOP runs a program like scripts/pop in front of all nodes.
func (l *Local) StartPOP(ctx context.Context, program string) error {
	var origins []string
	for _, n := range l.Nodes {
		origins = append(origins, strings.TrimPrefix(n.URL, "http://"))
	}
	p := l.POP
	p.process = process{log: filepath.Join(l.Dir, "pop.log"), env: []string{"BEHIND=127.0.0.0/8"}, // the drill's readers speak for many addresses
		argv: []string{program, "-origin", strings.Join(origins, ","), "-listen", p.addrs[0], "-dir", filepath.Join(l.Dir, "pop"),
			"-way", port(p.addrs[1]), "-status", port(p.addrs[2])}}
	return p.start(ctx, http.DefaultClient, "http://"+p.addrs[2]+"/status")
}

func port(addr string) string {
	_, p, _ := net.SplitHostPort(addr) // addresses come from a listener
	return p
}
