package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

type healthcheckCmd struct {
	URL     string        `arg:"" optional:"" help:"Address to ask. Empty: /readyz of the server that listens on --listen." env:"LIGHTSTICK_HEALTHCHECK_URL"`
	Listen  string        `help:"Listen address of the server on this machine." default:"127.0.0.1:8080" env:"LIGHTSTICK_LISTEN"`
	Live    bool          `help:"Ask whether the process answers at all (/livez), not whether it can serve readers (/readyz)."`
	Timeout time.Duration `help:"How long to wait." default:"2s"`
}

// Help is what --help says besides the flags.
func (healthcheckCmd) Help() string {
	return `Exit status: 0 it is well, 1 it is not or did not answer in time, 2 wrong use. In a container it
needs no argument: it reads the variable LIGHTSTICK_LISTEN, as 'serve' does.

  lightstick healthcheck                                  # may readers be sent here?
  lightstick healthcheck --live                           # should it be restarted?
  lightstick healthcheck https://fans.example/readyz`
}

func (c *healthcheckCmd) Run(e *env) error {
	ctx, cancel := context.WithTimeout(e.ctx, c.Timeout)
	defer cancel()
	address, err := c.address()
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 4<<10))
	if err != nil {
		return err
	}
	said := "ready"
	if c.Live {
		said = "live"
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("not %s: %s %s", said, res.Status, strings.TrimSpace(string(body)))
	}
	_, err = fmt.Fprintln(e.stdout, said)
	return err
}

// address is what to ask. A server that listens on every address is asked on loopback.
func (c *healthcheckCmd) address() (string, error) {
	if c.URL != "" {
		return c.URL, nil
	}
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return "", fmt.Errorf("--listen: %w", err)
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	path := "/readyz"
	if c.Live {
		path = "/livez"
	}
	return "http://" + net.JoinHostPort(host, port) + path, nil
}
