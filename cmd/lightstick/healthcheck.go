package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

type healthcheckCmd struct {
	URL     string        `arg:"" optional:"" help:"Address to ask." default:"http://127.0.0.1:8080/readyz" env:"LIGHTSTICK_HEALTHCHECK_URL"`
	Timeout time.Duration `help:"How long to wait." default:"2s"`
}

func (c *healthcheckCmd) Run(e *env) error {
	ctx, cancel := context.WithTimeout(e.ctx, c.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, nil)
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
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s %s", res.Status, body)
	}
	_, err = fmt.Fprintln(e.stdout, "ready")
	return err
}
