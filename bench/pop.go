package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	fewWatchers  = 50
	manyWatchers = 5000
	pollEvery    = 1600 * time.Millisecond // as the site's script
	watchFor     = 8 * time.Second
	watchRounds  = 3
	popConns     = 64

	surgeFor     = 30 * time.Second
	surgeVisits  = 500  // a second
	surgeOnPost  = 0.9  // share of visits to the one post: ten times the usual load, all of it there
	surgeMembers = 0.3  // share of signed-in readers
	surgePages   = 100  // other posts, by Zipf's law; half of the other visits are to the front page and boards
	hitsWanted   = 0.99 // of what can be cached
)

// pop measures the site behind its POP: what watchers cost it, and how much a surge gets to see of it.
func (b *bench) pop(ctx context.Context) (err error) {
	dir, err := b.fork(crowd)
	if err != nil {
		return err
	}
	keys, err := b.keys(ctx, dir)
	if err != nil {
		return err
	}
	posts, err := b.full(ctx, dir, crowd, 1)
	if err != nil {
		return err
	}
	node, err := b.serve(ctx, dir, "/readyz")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, node.stop()) }()
	if err := node.settle(ctx); err != nil {
		return err
	}
	p, err := b.startPOP(ctx, node.addr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	if err := b.surge(ctx, p, keys, int(posts[0])); err != nil {
		return err
	}
	return b.watchers(ctx, p, node, keys, int(posts[0]))
}

// edgePOP is nginx as deploy/nginx sets it up. It runs beside the clients, not on the server's core.
type edgePOP struct {
	addr string
	cmd  *exec.Cmd
	out  *bytes.Buffer
	done chan error
}

const popName = "bench.invalid"

func (b *bench) startPOP(ctx context.Context, node string) (*edgePOP, error) {
	addrs, err := freeAddrs(4)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(b.scratch, "pop")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if out, err := exec.CommandContext(ctx, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
		"-subj", "/CN="+popName, "-keyout", key, "-out", cert).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("openssl: %w\n%s", err, out)
	}
	port := func(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }
	user := strconv.Itoa(os.Getuid())
	if name, err := exec.CommandContext(ctx, "id", "-un").Output(); err == nil {
		user = strings.TrimSpace(string(name))
	}
	// Clients name an address each, as behind a load balancer, so that limits see a crowd.
	render := exec.CommandContext(ctx, "deploy/nginx/render", dir)
	render.Env = append(os.Environ(), "ORIGINS="+node, "SERVER_NAME="+popName, "NAME=bench", "CERTIFICATE="+cert, "KEY="+key, "BEHIND=127.0.0.0/8",
		"CACHE="+filepath.Join(dir, "cache"), "CACHE_SIZE=256m", "LISTEN="+addrs[0], "PLAIN="+addrs[1], "LOG="+dir, "RUN="+dir, "POP_USER="+user,
		"WORKERS=1", "WAY="+port(addrs[2]), "STATUS="+port(addrs[3]))
	if out, err := render.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("render: %w\n%s", err, out)
	}
	p := &edgePOP{addr: addrs[0], out: &bytes.Buffer{}, done: make(chan error, 1)}
	p.cmd = exec.Command("nginx", "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-e", filepath.Join(dir, "error.log"), "-g", "daemon off;")
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.done <- p.cmd.Wait() }()
	return p, p.ready(ctx, "http://"+addrs[1]+"/healthz")
}

func (p *edgePOP) ready(ctx context.Context, url string) error {
	for began := time.Now(); time.Since(began) < startWithin; {
		if res, err := http.Get(url); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-p.done:
			p.done <- err
			return fmt.Errorf("nginx ended: %w\n%s", err, p.out)
		case <-ctx.Done():
			return errors.Join(ctx.Err(), p.stop())
		case <-time.After(10 * time.Millisecond):
		}
	}
	return errors.Join(errors.New("nginx did not answer"), p.stop())
}

func (p *edgePOP) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	if err := <-p.done; err != nil {
		return fmt.Errorf("nginx ended badly: %w\n%s", err, p.out)
	}
	return nil
}

// popCaller is a connection to the POP over TLS, renewed when the POP has had enough of it.
type popCaller struct {
	pop  *edgePOP
	conn net.Conn
	in   *bufio.Reader
}

func (c *popCaller) dial() error {
	c.close()
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: callWithin}, "tcp", c.pop.addr, &tls.Config{ServerName: popName, InsecureSkipVerify: true})
	if err != nil {
		return err
	}
	c.conn, c.in = conn, bufio.NewReaderSize(conn, 64<<10)
	return nil
}

func (c *popCaller) close() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

// get asks for a path and returns the unpacked body and what the POP's cache did. Anything but a 200
// is an error.
func (c *popCaller) get(path string, n int, headers ...string) (body []byte, cache string, err error) {
	if c.conn == nil {
		if err := c.dial(); err != nil {
			return nil, "", err
		}
	}
	if err := c.conn.SetDeadline(time.Now().Add(callWithin)); err != nil {
		return nil, "", err
	}
	if _, err := c.conn.Write(wire(http.MethodGet, path, n, nil, headers...)); err != nil {
		return nil, "", err
	}
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	if body, err = io.ReadAll(res.Body); err != nil {
		return nil, "", err
	}
	if res.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("%s: status %d: %.200s", path, res.StatusCode, body)
	}
	if res.Close {
		c.close()
	}
	if res.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, "", err
		}
		if body, err = io.ReadAll(z); err != nil {
			return nil, "", err
		}
	}
	return body, res.Header.Get("X-Pop-Cache"), nil
}

// each runs f with a connection of its own, n at once, and returns all errors.
func (p *edgePOP) each(n int, f func(i int, c *popCaller) error) error {
	errs := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			c := &popCaller{pop: p}
			defer c.close()
			errs[i] = f(i, c)
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// watchers compares what few and many watchers of a live post cost the node, in turns.
func (b *bench) watchers(ctx context.Context, p *edgePOP, node *server, k *keys, post int) error {
	var few, many, fewAsked, manyAsked []float64
	for i := range watchRounds + 1 { // the first warms up
		for _, side := range []struct {
			n           int
			cost, asked *[]float64
		}{{fewWatchers, &few, &fewAsked}, {manyWatchers, &many, &manyAsked}} {
			if err := node.settle(ctx); err != nil {
				return err
			}
			cost, asked, err := b.watch(ctx, p, node, k, post, side.n)
			if err != nil {
				return err
			}
			if i > 0 {
				*side.cost, *side.asked = append(*side.cost, cost), append(*side.asked, asked)
			}
		}
	}
	b.say("CPU in ms a second with few watchers %.1f, with many %.1f; tails asked for %.1f and %.1f a second", few, many, fewAsked, manyAsked)
	what := fmt.Sprintf("a post with a comment a second, %d watchers through the POP against %d: ", manyWatchers, fewWatchers)
	b.rows = append(b.rows, atMost(what+"CPU of the node a second", " ms", median(few), median(many), 1.5),
		atMost("  tails that the node is asked for a second", "", median(fewAsked), median(manyAsked), 1.5))
	return nil
}

// watch lets n watchers poll while somebody comments once a second.
func (b *bench) watch(ctx context.Context, p *edgePOP, node *server, k *keys, post, n int) (cost, asked float64, err error) {
	before, err := node.cpu()
	if err != nil {
		return 0, 0, err
	}
	tails, err := node.counted(ctx, `route="tail.ko"`)
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	until := began.Add(watchFor)
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	writing := make(chan error, 1)
	go func() { writing <- k.commentOn(ctx, node, post, time.Second) }()
	conns := min(n, popConns)
	err = p.each(conns, func(i int, c *popCaller) error { return poll(c, post, i, n, conns, began, until) })
	if err := errors.Join(err, <-writing); err != nil {
		return 0, 0, err
	}
	took := time.Since(began).Seconds()
	after, err := node.cpu()
	tails2, err2 := node.counted(context.WithoutCancel(ctx), `route="tail.ko"`)
	return (after - before).Seconds() * 1000 / took, (tails2 - tails) / took, errors.Join(err, err2)
}

var dataAfter = regexp.MustCompile(`data-after="?'?([^"'> ]+)`)

// poll is the watchers first, first+step, … of n on one connection. Each asks for what came after
// what it has seen, every pollEvery, at a moment of its own.
func poll(c *popCaller, post, first, n, step int, began, until time.Time) error {
	seen := make([]string, n)
	for round := 0; ; round++ {
		for i := first; i < n; i += step {
			due := began.Add(time.Duration(round)*pollEvery + pollEvery*time.Duration(i)/time.Duration(n))
			if due.After(until) {
				return nil
			}
			time.Sleep(time.Until(due))
			path := fmt.Sprintf("/ko/p/%d/tail", post)
			if seen[i] != "" {
				path += "?after=" + seen[i]
			}
			body, _, err := c.get(path, i)
			if err != nil {
				return err
			}
			if m := dataAfter.FindSubmatch(body); m != nil {
				seen[i] = string(m[1])
			}
		}
	}
}

// commentOn writes a comment every so often until ctx ends.
func (k *keys) commentOn(ctx context.Context, node *server, post int, every time.Duration) error {
	c, err := dial(node.addr)
	if err != nil {
		return err
	}
	defer c.close()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		body := fmt.Appendf(nil, `{"body":%q}`, commentText(k.sent))
		status, text, err := c.do(wire(http.MethodPost, fmt.Sprintf("/api/v1/posts/%d/comments", post), k.sent, body,
			"Content-Type: application/json", "Authorization: Bearer "+k.tokens[k.sent%len(k.tokens)]))
		if err != nil || status != http.StatusCreated {
			return fmt.Errorf("comment: status %d, %w: %.200s", status, err, text)
		}
		k.sent++
	}
}

// counted is the number of requests that the node has answered for the routes with a label.
func (s *server) counted(ctx context.Context, label string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.private+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	total := 0.0
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		line := lines.Text()
		if !strings.HasPrefix(line, "lightstick_http_requests_total{") || !strings.Contains(line, label) {
			continue
		}
		n, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// surge lets readers come who have nothing of the site yet, to a POP that has nothing either.
func (b *bench) surge(ctx context.Context, p *edgePOP, k *keys, post int) error {
	c := &popCaller{pop: p}
	defer c.close()
	page, _, err := c.get("/ko/help", 0) // for the names of its assets; not one of the pages below
	if err != nil {
		return err
	}
	assets := assetNames(page)
	index, _, err := c.get("/sitemap.xml", 0)
	if err != nil {
		return err
	}
	lists := []string{"/ko"}
	for _, m := range listPath.FindAllSubmatch(index, -1) {
		lists = append(lists, string(m[1]))
	}
	visits := make(chan int)
	go func() {
		defer close(visits)
		began := time.Now()
		for i := range int(surgeVisits * surgeFor.Seconds()) {
			time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / surgeVisits)))
			select {
			case visits <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	var mu sync.Mutex
	outcomes := map[string]int{}
	own := 0
	err = p.each(popConns, func(i int, c *popCaller) error {
		rnd := rand.New(rand.NewPCG(7, uint64(i)))
		zipf := rand.NewZipf(rnd, 1.2, 1, surgePages-1)
		for n := range visits {
			path := fmt.Sprintf("/ko/p/%d", post)
			switch x := rnd.Float64(); {
			case x >= (1+surgeOnPost)/2:
				path = lists[rnd.IntN(len(lists))]
			case x >= surgeOnPost:
				path = fmt.Sprintf("/ko/p/%d", zipf.Uint64()+1)
			}
			member := rnd.Float64() < surgeMembers
			seen, err := visit(c, n, path, assets, member, k)
			if err != nil {
				return err
			}
			mu.Lock()
			for _, s := range seen {
				outcomes[s]++
			}
			if member {
				own++
			}
			mu.Unlock()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return b.hitRate(outcomes, own)
}

var (
	assetPath = regexp.MustCompile(`"(/assets/[^"]+)"`)
	listPath  = regexp.MustCompile(`<loc>https?://[^/<]+(/ko/f/[^<]+)</loc>`)
)

func assetNames(page []byte) (names []string) {
	for _, m := range assetPath.FindAllSubmatch(page, -1) {
		if !slices.Contains(names, string(m[1])) {
			names = append(names, string(m[1]))
		}
	}
	return names
}

// visit is a reader: the page, its stylesheet and script, of a post the first poll of its tail; for members
// their fragments besides, which no cache may keep. It returns what the POP did for the others.
func visit(c *popCaller, n int, path string, assets []string, member bool, k *keys) (outcomes []string, err error) {
	var cookie []string
	if member {
		cookie = []string{"Cookie: ls_member=1; ls_session=" + k.sessions[n%len(k.sessions)]}
	}
	page, cache, err := c.get(path, n, cookie...)
	if err != nil {
		return nil, err
	}
	outcomes = append(outcomes, cache)
	rest := slices.Clone(assets)
	if m := dataAfter.FindSubmatch(page); m != nil {
		rest = append(rest, path+"/tail?after="+string(m[1]))
	}
	for _, more := range rest {
		if _, cache, err = c.get(more, n, cookie...); err != nil {
			return nil, err
		}
		outcomes = append(outcomes, cache)
	}
	if member {
		_, cache, err = c.get("/me/ko/fragments?page="+path, n, append(cookie, "Accept: application/json")...)
		if err == nil && cache != "none" {
			err = fmt.Errorf("a member's fragments met the cache: %s", cache)
		}
	}
	return outcomes, err
}

func (b *bench) hitRate(outcomes map[string]int, own int) error {
	total := 0
	for _, n := range outcomes {
		total += n
	}
	if total == 0 || own == 0 {
		return fmt.Errorf("the surge had %d cacheable requests and %d members", total, own)
	}
	hits := float64(outcomes["hit"]+outcomes["stale"]) / float64(total)
	b.say("surge: %v of %d that can be cached, %d fragments of members besides", outcomes, total, own)
	b.rows = append(b.rows, row{
		claim: fmt.Sprintf("POP hit rate in a surge, cold POP, %.0f %% signed in: of %d requests that can be cached", surgeMembers*100, total),
		ours:  fmt.Sprintf("%.2f %%", hits*100), want: fmt.Sprintf("≥ %.0f %%", hitsWanted*100), ok: hits >= hitsWanted,
	}, shown("  misses at the node a second, readers "+fmt.Sprint(surgeVisits)+" a second", "", float64(total)*(1-hits)/surgeFor.Seconds()))
	return nil
}
