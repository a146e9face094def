package main

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/andybalholm/brotli"
)

const (
	siteName   = "lab.test"
	viewWithin = 60 * time.Second
)

// view is what one reader waited for, all from the moment they tapped the link. Nothing is known
// of the site before but its address: the connection is new and its session too.
type view struct {
	Connected time.Duration // TCP: one round trip
	Secured   time.Duration // TLS: one more
	Text      time.Duration // first bytes of the page
	Whole     time.Duration // page, stylesheet, script and pictures
	Requests  int
	Bytes     int // as sent
}

// readCommand is a reader: it prints the views it had as JSON.
func readCommand(ctx context.Context, args []string, out io.Writer) error {
	var addr, path, node string
	var cold bool
	var n int
	flags := flag.NewFlagSet("read", flag.ContinueOnError)
	flags.StringVar(&addr, "addr", "", "of the server")
	flags.StringVar(&path, "path", "/", "of the page")
	flags.StringVar(&node, "find", "", "print the page of this node that shows the most pictures, and nothing else")
	flags.BoolVar(&cold, "cold", false, "look at what no cache on the way has")
	flags.IntVar(&n, "n", 1, "views")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if node != "" {
		return find(ctx, node, out)
	}
	var views []view
	for range n {
		v, err := look(ctx, addr, path, suffix(cold))
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		views = append(views, v)
	}
	return json.NewEncoder(out).Encode(views)
}

// suffix makes addresses that no cache has and that mean the same. A POP knows the parameter, since
// the API has it, and so keeps a copy for each; a node drops it, since no page reads it.
func suffix(cold bool) string {
	if !cold {
		return ""
	}
	return fmt.Sprintf("?limit=%d", rand.Int64())
}

// look is a first view: the page, and then all it needs at once over the same connection.
func look(ctx context.Context, addr, path, suffix string) (v view, err error) {
	ctx, cancel := context.WithTimeout(ctx, viewWithin)
	defer cancel()
	began := time.Now()
	client := &http.Client{Transport: &http.Transport{
		ForceAttemptHTTP2: true, DisableCompression: true, MaxConnsPerHost: 1,
		DialTLSContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dial(ctx, network, addr, began, &v)
		},
	}}
	defer client.CloseIdleConnections()
	page, err := fetch(ctx, client, path+suffix, func() { v.Text = time.Since(began) })
	if err != nil {
		return v, err
	}
	v.Requests, v.Bytes = 1, page.sent
	rest := needs(page.body)
	if len(rest) < 3 {
		return v, fmt.Errorf("the page asks for %q only: want a stylesheet, a script and a picture", rest)
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	for _, part := range rest {
		group.Go(func() {
			got, failed := fetch(ctx, client, part+suffix, func() {})
			mu.Lock()
			defer mu.Unlock()
			v.Requests, v.Bytes, err = v.Requests+1, v.Bytes+got.sent, errors.Join(err, failed)
		})
	}
	group.Wait()
	v.Whole = time.Since(began)
	return v, err
}

func dial(ctx context.Context, network, addr string, began time.Time, v *view) (net.Conn, error) {
	plain, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	v.Connected = time.Since(began)
	// The lab made the certificate; who signed it costs no time.
	conn := tls.Client(plain, &tls.Config{ServerName: siteName, InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, plain.Close())
	}
	v.Secured = time.Since(began)
	if conn.ConnectionState().NegotiatedProtocol != "h2" {
		return nil, errors.Join(errors.New("the server does not speak HTTP/2"), conn.Close())
	}
	return conn, nil
}

// answer is a part of the page.
type answer struct {
	body []byte // unpacked
	sent int
}

// fetch gets one thing; first is called when its first bytes are there.
func fetch(ctx context.Context, client *http.Client, path string, first func()) (a answer, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+siteName+path, nil)
	if err != nil {
		return a, err
	}
	req.Header.Set("Accept-Encoding", "gzip, deflate, br")
	res, err := client.Do(req)
	if err != nil {
		return a, err
	}
	defer res.Body.Close()
	count := &counter{Reader: res.Body, first: first}
	unpacked := io.Reader(count)
	switch res.Header.Get("Content-Encoding") {
	case "br":
		unpacked = brotli.NewReader(count)
	case "gzip":
		if unpacked, err = gzip.NewReader(count); err != nil {
			return a, err
		}
	}
	if a.body, err = io.ReadAll(unpacked); err != nil {
		return a, err
	}
	if a.sent = count.n; res.StatusCode != http.StatusOK {
		return a, fmt.Errorf("%s: status %d", path, res.StatusCode)
	}
	return a, nil
}

// counter counts what is read and tells when the first of it came.
type counter struct {
	io.Reader
	first func()
	n     int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if c.n == 0 && n > 0 {
		c.first()
	}
	c.n += n
	return n, err
}

var needed = regexp.MustCompile(`<link rel="stylesheet" href="([^"]+)"|<script[^>]* src="([^"]+)"|<img[^>]* src="([^"]+)"`)

// needs lists what a page needs besides itself, each once.
func needs(page []byte) (paths []string) {
	for _, m := range needed.FindAllSubmatch(page, -1) {
		path := string(m[1]) + string(m[2]) + string(m[3])
		if path[0] == '/' && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths
}

var listed = regexp.MustCompile(`<loc>https://` + siteName + `(/en/[^<]+)</loc>`)

// find walks the site map and prints the path of the page with the most to load.
func find(ctx context.Context, node string, out io.Writer) error {
	get := func(path string) ([]byte, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+node+path, nil)
		if err != nil {
			return nil, err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil, err
		}
		defer res.Body.Close()
		return io.ReadAll(res.Body)
	}
	index, err := get("/sitemap.xml")
	if err != nil {
		return err
	}
	best, most := "", 0
	for _, m := range listed.FindAllSubmatch(index, -1) {
		page, err := get(string(m[1]))
		if err != nil {
			return err
		}
		if n := len(needs(page)); n > most {
			best, most = string(m[1]), n
		}
	}
	if best == "" {
		return errors.New("the site map has no English page")
	}
	_, err = fmt.Fprintln(out, best)
	return err
}
