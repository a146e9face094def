package nginx_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// TestLimits floods a POP from one address. What the cache has is never counted, neither before nor
// after the address has met its limit on everything else.
func TestLimits(t *testing.T) {
	t.Parallel()
	p := startPOP(t, newOrigin(t, 1).addrs()...)
	hall := func() {
		t.Helper()
		s := &step{method: http.MethodGet, path: "/ko/p/1", times: 2000}
		s.send(p)
		for _, a := range s.answers {
			if a.err != nil {
				a = s.ask(p) // nginx ends a connection after a thousand requests; browsers ask again, too
			}
			if a.err != nil || a.status != http.StatusOK {
				t.Fatalf("a reader in the hall got %d, %v: %.200q", a.status, a.err, a.body)
			}
		}
	}
	if a := (&step{method: http.MethodGet, path: "/ko/p/1"}).ask(p); a.status != http.StatusOK {
		t.Fatalf("the first reader got %d, %v", a.status, a.err)
	}
	hall()
	flood := &step{method: http.MethodGet, path: "/ko/p/1", header: []string{"Cookie: ls_ryw=1"}, times: 3500}
	flood.send(p)
	served, refused := 0, 0
	for _, a := range flood.answers {
		switch {
		case a.err != nil:
			t.Fatal(a.err)
		case a.status == http.StatusOK:
			served++
		case a.status == http.StatusTooManyRequests && a.header.Get("Retry-After") != "" && a.header.Get("Cache-Control") == "no-store":
			refused++
		default:
			t.Fatalf("the flood got %d %v", a.status, a.header)
		}
	}
	if served < 1000 || refused == 0 {
		t.Errorf("of %d requests around the cache %d were served and %d refused", len(flood.answers), served, refused)
	}
	hall()
}

// TestSlowHeaders keeps connections open that never finish their request. They are closed in time,
// and others are served meanwhile.
func TestSlowHeaders(t *testing.T) {
	t.Parallel()
	p := startPOP(t, newOrigin(t, 1).addrs()...)
	addr := strings.TrimPrefix(p.url, "https://")
	var slow []net.Conn
	for range 50 {
		c, err := tls.Dial("tcp", addr, &tls.Config{ServerName: serverName, InsecureSkipVerify: true})
		if err != nil {
			continue // on a busy machine even a handshake may be too slow for the POP
		}
		defer c.Close()
		if _, err := io.WriteString(c, "GET /ko HTTP/1.1\r\nHost: "+serverName+"\r\nX-Slow:"); err == nil {
			slow = append(slow, c)
		}
	}
	if len(slow) < 5 {
		t.Fatalf("only %d of 50 slow connections were opened", len(slow))
	}
	began := time.Now()
	if a := (&step{method: http.MethodGet, path: "/ko"}).ask(p); a.status != http.StatusOK || time.Since(began) > 2*time.Second {
		t.Errorf("others got %d after %v, %v", a.status, time.Since(began), a.err)
	}
	for _, c := range slow {
		if err := c.SetReadDeadline(began.Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal("a connection without a whole header is open after 10 s")
		}
	}
}
