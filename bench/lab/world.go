package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	seoul        = "10.77.200.1"
	node         = seoul + ":8080"
	startWithin  = 60 * time.Second
	settle       = 1500 * time.Millisecond // until logs are written
	readerSubnet = 100
)

// world is Seoul, the POPs and the readers.
type world struct {
	options
	network *network
	dir     string
	self    string
	path    string // of the page that everybody looks at
	seoul   string // namespace
	node    *process
	edge    *process // nginx in Seoul, for readers without a POP
	readers []*reader
	loads   []load
}

// reader is one line in one city, with what was measured there by phase.
type reader struct {
	city
	line
	space string
	pop   string // address of the POP in the city
	views [][]view
}

// load is what a phase cost Seoul.
type load struct {
	requests int // that came all the way
	views    int
	cpu      time.Duration
}

func build(ctx context.Context, n *network, o options, dir string) (w *world, err error) {
	w = &world{options: o, network: n, dir: dir}
	if w.self, err = os.Executable(); err != nil {
		return nil, err
	}
	if w.binary, err = filepath.Abs(o.binary); err != nil {
		return nil, err
	}
	say("Seoul …")
	if err := w.buildSeoul(ctx); err != nil {
		return nil, err
	}
	for i, c := range cities() {
		if err := w.buildCity(ctx, i, c); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return w, nil
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// buildSeoul starts a node with the demo world, and nginx before it as everywhere.
func (w *world) buildSeoul(ctx context.Context) (err error) {
	if w.seoul, err = w.network.space("seoul", w.congestion); err != nil {
		return err
	}
	if err := ip("-n", w.seoul, "addr", "add", seoul+"/32", "dev", "lo"); err != nil {
		return err
	}
	data := filepath.Join(w.dir, "data")
	if out, err := exec.CommandContext(ctx, w.binary, "demo", "--data", data).CombinedOutput(); err != nil {
		return fmt.Errorf("demo: %w\n%s", err, out)
	}
	w.node, err = w.network.start(w.seoul, w.binary, "serve", "--data", data, "--listen", node, "--private", "",
		"--base-url", "https://"+siteName, "--trusted-proxies", "10.77.0.0/16", "--log-file", w.nodeLog())
	if err != nil {
		return err
	}
	if err := wait(ctx, startWithin, "the node", func() (bool, error) {
		if ended, err := w.node.ran(); ended {
			return false, err
		}
		out, err := w.run(ctx, w.seoul, "read", "-find", node)
		w.path = strings.TrimSpace(string(out))
		return err == nil, nil
	}); err != nil {
		return err
	}
	say("everybody looks at %s", w.path)
	w.edge, err = w.nginx(ctx, w.seoul, "seoul", seoul+":443")
	return err
}

func (w *world) nodeLog() string { return filepath.Join(w.dir, "node.log") }

// buildCity makes the POP of a city, far from Seoul, and its readers, near the POP.
func (w *world) buildCity(ctx context.Context, i int, c city) error {
	space, err := w.network.space(fmt.Sprintf("pop%d", i), w.congestion)
	if err != nil {
		return err
	}
	far := way{delay: c.rtt / 2}
	if err := w.network.join(w.seoul, space, i+1, far, far); err != nil {
		return err
	}
	if err := ip("-n", space, "route", "add", seoul+"/32", "via", fmt.Sprintf("10.77.%d.1", i+1)); err != nil {
		return err
	}
	for j, l := range lines() {
		subnet := readerSubnet + 2*i + j
		r := &reader{city: c, line: l, pop: fmt.Sprintf("10.77.%d.1:443", subnet)}
		if r.space, err = w.network.space(fmt.Sprintf("reader%d-%d", i, j), w.congestion); err != nil {
			return err
		}
		err := errors.Join(
			w.network.join(space, r.space, subnet, way{l.rtt / 2, l.down, l.loss}, way{l.rtt / 2, l.up, l.loss}),
			ip("-n", r.space, "route", "add", "default", "via", fmt.Sprintf("10.77.%d.1", subnet)),
			ip("-n", w.seoul, "route", "add", fmt.Sprintf("10.77.%d.0/30", subnet), "via", fmt.Sprintf("10.77.%d.2", i+1)))
		if err != nil {
			return err
		}
		w.readers = append(w.readers, r)
	}
	_, err = w.nginx(ctx, space, filepath.Base(space), "0.0.0.0:443")
	return err
}

// nginx starts a POP as deploy/nginx installs it.
func (w *world) nginx(ctx context.Context, space, name, listen string) (*process, error) {
	dir := filepath.Join(w.dir, name)
	cert, key, err := w.certificate(ctx)
	if err != nil {
		return nil, err
	}
	render := exec.CommandContext(ctx, "deploy/nginx/render", dir)
	render.Env = append(os.Environ(), "ORIGINS="+node, "SERVER_NAME="+siteName, "NAME=lab", "CERTIFICATE="+cert, "KEY="+key,
		"CACHE="+filepath.Join(dir, "cache"), "CACHE_SIZE=256m", "LISTEN="+listen, "PLAIN=", "LOG="+dir, "RUN="+dir, "POP_USER=root", "WORKERS=1")
	if out, err := render.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("render: %w\n%s", err, out)
	}
	p, err := w.network.start(space, "nginx", "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-e", filepath.Join(dir, "error.log"), "-g", "daemon off;")
	if err != nil {
		return nil, err
	}
	return p, wait(ctx, startWithin, "nginx", func() (bool, error) {
		if ended, err := p.ran(); ended {
			return false, err
		}
		_, err := os.Stat(filepath.Join(dir, "pop.pid"))
		return err == nil, nil
	})
}

func (w *world) certificate(ctx context.Context) (cert, key string, err error) {
	cert, key = filepath.Join(w.dir, "cert.pem"), filepath.Join(w.dir, "key.pem")
	if _, err := os.Stat(cert); err == nil {
		return cert, key, nil
	}
	out, err := exec.CommandContext(ctx, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
		"-subj", "/CN="+siteName, "-addext", "subjectAltName=DNS:"+siteName, "-keyout", key, "-out", cert).CombinedOutput()
	if err != nil {
		return "", "", fmt.Errorf("openssl: %w\n%s", err, out)
	}
	return cert, key, nil
}

// run starts this program again in a namespace and returns what it prints.
func (w *world) run(ctx context.Context, space string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", space, w.self}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, bytes.TrimSpace(problem.Bytes()))
	}
	return out, nil
}

// measure lets all readers do the same at the same time, phase after phase.
func (w *world) measure(ctx context.Context) error {
	for _, p := range phases() {
		began := time.Now()
		if err := w.phase(ctx, p); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		say("%s: %.0f s", p.name, time.Since(began).Seconds())
	}
	return nil
}

func (w *world) phase(ctx context.Context, p phase) error {
	if !p.cold { // whoever came before has brought the page
		if err := w.all(ctx, p, 1, nil); err != nil {
			return err
		}
	}
	requests, cpu, err := w.cost(p)
	if err != nil {
		return err
	}
	if err := w.all(ctx, p, w.samples, func(r *reader, v []view) { r.views = append(r.views, v) }); err != nil {
		return err
	}
	requests2, cpu2, err := w.cost(p)
	w.loads = append(w.loads, load{requests: requests2 - requests, cpu: cpu2 - cpu, views: w.samples * len(w.readers)})
	return err
}

// all sends every reader to look n times; keep gets what they saw, one after the other.
func (w *world) all(ctx context.Context, p phase, n int, keep func(*reader, []view)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	var group sync.WaitGroup
	for _, r := range w.readers {
		group.Go(func() {
			views, err := w.look(ctx, r, p, n)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				cancel(fmt.Errorf("%s, %s: %w", r.city.name, r.line.name, err)) // the first one counts
			} else if keep != nil {
				keep(r, views)
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

func (w *world) look(ctx context.Context, r *reader, p phase, n int) (views []view, err error) {
	addr := seoul + ":443"
	if p.pop {
		addr = r.pop
	}
	args := []string{"read", "-addr", addr, "-path", w.path, "-n", fmt.Sprint(n)}
	if p.cold {
		args = append(args, "-cold")
	}
	out, err := w.run(ctx, r.space, args...)
	if err != nil {
		return nil, err
	}
	return views, json.Unmarshal(out, &views)
}

// cost is what came all the way to Seoul so far, and the processor time of node and nginx there.
// Readers without a POP are counted at the nginx in Seoul, POPs at the node.
func (w *world) cost(p phase) (requests int, cpu time.Duration, err error) {
	time.Sleep(settle)
	log, mark := filepath.Join(w.dir, "seoul", "access.log"), `"request_id"`
	if p.pop {
		log, mark = w.nodeLog(), `"msg":"request"`
	}
	raw, err := os.ReadFile(log)
	if err != nil {
		return 0, 0, err
	}
	node, err := w.node.cpu()
	edge, err2 := w.edge.cpu()
	return bytes.Count(raw, []byte(mark)), node + edge, errors.Join(err, err2)
}
