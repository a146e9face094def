package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"lightstick/internal/edge"
	"lightstick/internal/fault"
)

// drainFor bounds a shutdown, after which open requests are cut off.
const drainFor = 20 * time.Second

// Run serves until ctx ends, then drains: /readyz says no, balancers get c.Drain to notice, open
// requests finish, background work stops, the store closes.
func Run(ctx context.Context, c Config, version string, stdout, stderr io.Writer) error {
	log, closeLog, err := openLog(c, stderr)
	if err != nil {
		return err
	}
	defer closeLog()
	a, err := New(ctx, c, Options{Version: version, Log: log})
	if err != nil {
		return err
	}
	return errors.Join(a.run(ctx, stdout), a.closeWithin(drainFor))
}

func (a *App) run(ctx context.Context, stdout io.Writer) error {
	public, err := net.Listen("tcp", a.Config.Listen)
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("listen on %s: %w (another server running? choose --listen)", a.Config.Listen, err)
		}
		return fmt.Errorf("listen on %s: %w (--listen is host:port)", a.Config.Listen, err)
	}
	defer public.Close()
	if a.Config.Demo {
		if err := a.FillDemo(ctx, DemoSize{Seed: 1}, stdout); err != nil {
			return err
		}
	}
	a.health.warming.Store(true)
	if err := a.StartWork(ctx); err != nil {
		return err
	}
	servers := []*http.Server{edge.Server(a.Handler, a.observer.Log)}
	failed := make(chan error, 2)
	go func() { failed <- servers[0].Serve(edge.Listen(public, a.crowd)) }()
	if a.Config.Private != "" {
		private, err := net.Listen("tcp", a.Config.Private)
		if err != nil {
			return fmt.Errorf("listen on %s for metrics: %w (choose --private, or --private= for none)", a.Config.Private, err)
		}
		servers = append(servers, edge.Server(a.Private, a.observer.Log))
		go func() { failed <- servers[1].Serve(private) }()
	}
	a.warm(ctx)
	if err := a.greet(ctx, stdout); err != nil && ctx.Err() == nil { // stopped so soon, it still drains
		return err
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	return a.drain(servers, stdout)
}

// drain takes the node out of its balancer and then lets open requests finish.
func (a *App) drain(servers []*http.Server, stdout io.Writer) error {
	fmt.Fprintln(stdout, "Stopping: finishing what is under way …")
	a.health.draining.Store(true)
	if a.Config.Env != Dev {
		time.Sleep(a.Config.Drain)
	}
	ctx, cancel := context.WithTimeout(context.Background(), drainFor)
	defer cancel()
	var errs []error
	for _, s := range servers {
		if err := s.Shutdown(ctx); err != nil {
			errs = append(errs, fmt.Errorf("some requests were cut off: %w", err), s.Close())
		}
	}
	return errors.Join(errs...)
}

func (a *App) closeWithin(d time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return a.Close(ctx)
}

// greet says where the community is and how to come in.
func (a *App) greet(ctx context.Context, w io.Writer) error {
	fmt.Fprintf(w, "\nLightstick is at %s\n", a.Config.BaseURL)
	if a.Config.Demo {
		fmt.Fprintf(w, "Sign in as admin: %s/me/en/sign-in  with  admin / %s\n", a.Config.BaseURL, DemoPassword)
	}
	if err := a.greetFirst(ctx, w); err != nil {
		return err
	}
	if a.Config.Env == Dev {
		fmt.Fprintf(w, "Mail lands on %s/dev/mail, the REST API is described on %s/api/docs\n", a.Config.BaseURL, a.Config.BaseURL)
	}
	if a.Config.Private != "" {
		fmt.Fprintf(w, "Metrics are at http://%s/metrics\n", a.Config.Private)
	}
	if a.Config.LogFile != "" {
		fmt.Fprintf(w, "The log is in %s\n", a.Config.LogFile)
	}
	fmt.Fprintln(w, "Stop with Ctrl-C.")
	return nil // nobody may be left to read this, which is no reason not to serve
}

// greetFirst tells how to become the first admin. It writes nothing when there is one, for a node must
// start while nothing can be written.
func (a *App) greetFirst(ctx context.Context, w io.Writer) error {
	if n, err := a.store.CountAdmins(ctx); err != nil || n > 0 {
		return err
	}
	token, ok, err := a.identity.SetupToken(ctx)
	switch {
	case fault.Is(err, "writing_paused"):
		fmt.Fprintln(w, "There is no admin yet, and nothing can be written now. Later 'lightstick admin setup' prints a link that makes one.")
	case err != nil:
		return err
	case ok:
		fmt.Fprintf(w, "There is no admin yet. This link makes one, once, within 24 hours:\n  %s\n", a.setupURL(token))
	}
	return nil
}

// openLog opens the log's file, or falls back to stderr.
func openLog(c Config, stderr io.Writer) (io.Writer, func() error, error) {
	if c.LogFile == "" {
		return stderr, func() error { return nil }, nil
	}
	f, err := os.OpenFile(c.LogFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, nil, fmt.Errorf("--log-file: %w", err)
	}
	return f, f.Close, nil
}
