// Package nginx_test runs the POP of this folder the way it is installed: render writes its
// configuration and Debian's nginx serves it, on loopback with a certificate of its own. What each
// kind of request does there is written in testdata: faults/*.txt against origins that fail on
// demand, site/*.txt against a real community.
//
// LIGHTSTICK_POP_URL runs site/*.txt against a POP that is running instead. Its certificate is not
// checked: what it does is.
package nginx_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	serverName = "fans.test"
	patience   = 15 * time.Second
)

// TestMain lets all tests run at once, however few cores there are: they wait for seconds of nginx's
// clock most of the time.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// pop is a running POP and a client that reaches it under its name.
type pop struct {
	url    string
	host   string // for the Host header
	client *http.Client
	log    string // its access log
	status string // URL of its counters
}

// startPOP serves in front of origins until the test ends.
func startPOP(t *testing.T, origins ...string) *pop {
	t.Helper()
	if _, err := exec.LookPath("nginx"); err != nil {
		t.Fatal("nginx is needed: make need-test, or apt-get install nginx")
	}
	var err error
	for range 3 { // a free port may be taken by somebody else before nginx has it
		var p *pop
		if p, err = tryPOP(t, origins); err == nil {
			return p
		}
	}
	t.Fatal(err)
	return nil
}

func tryPOP(t *testing.T, origins []string) (*pop, error) {
	dir := t.TempDir()
	ports := freeAddrs(t, 3)
	me, err := user.Current()
	if err != nil {
		return nil, err
	}
	certificate(t, dir)
	render := exec.Command("./render", dir)
	render.Env = append(os.Environ(), "ORIGINS="+strings.Join(origins, " "), "SERVER_NAME="+serverName, "NAME=test",
		"CERTIFICATE="+filepath.Join(dir, "cert.pem"), "KEY="+filepath.Join(dir, "key.pem"),
		"CACHE="+filepath.Join(dir, "cache"), "CACHE_SIZE=64m", "LISTEN="+ports[0], "PLAIN=", "WORKERS=2",
		"LOG="+dir, "RUN="+dir, "POP_USER="+me.Username, "WAY="+port(ports[1]), "STATUS="+port(ports[2]))
	if out, err := render.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("render: %w\n%s", err, out)
	}
	p := &pop{url: "https://" + ports[0], host: serverName, client: newClient(ports[0], serverName), log: filepath.Join(dir, "access.log"), status: "http://" + ports[2] + "/status"}
	return p, p.serve(t, dir)
}

// serve runs nginx and waits until it answers.
func (p *pop) serve(t *testing.T, dir string) error {
	var out bytes.Buffer
	cmd := exec.Command("nginx", "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-e", filepath.Join(dir, "error.log"), "-g", "daemon off;")
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		p.client.CloseIdleConnections()
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		<-ended
		if raw, err := os.ReadFile(filepath.Join(dir, "error.log")); t.Failed() && err == nil {
			t.Logf("nginx: %s\n%s", raw, out.Bytes())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for ctx.Err() == nil {
		if a := (&step{method: http.MethodGet, path: "/healthz"}).ask(p); a.status == http.StatusOK {
			return nil
		}
		select {
		case err := <-ended:
			ended <- err
			return fmt.Errorf("nginx ended: %w\n%s", err, out.Bytes())
		case <-time.After(10 * time.Millisecond):
		}
	}
	return errors.New("nginx did not answer")
}

// newClient reaches addr as a browser reaches the site: HTTP/2, its name in the handshake. It
// follows nothing and unpacks nothing.
func newClient(addr, name string) *http.Client {
	dialer := &net.Dialer{Timeout: patience}
	return &http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, addr)
			},
			TLSClientConfig:    &tls.Config{ServerName: name, InsecureSkipVerify: true},
			DisableCompression: true, ForceAttemptHTTP2: true,
		},
	}
}

// certificate writes a self-signed one.
func certificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: serverName}, DNSNames: []string{serverName},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// freeAddrs finds loopback addresses that nobody listens on.
func freeAddrs(t *testing.T, n int) (addrs []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		addrs = append(addrs, l.Addr().String())
	}
	return addrs
}

func port(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }
