package app

import (
	"context"
	"encoding/json"
	"net/http"
	"sync/atomic"
	"time"

	"lightstick/internal/edge"
)

// probe tells whether one part works now.
type probe struct {
	name  string
	vital bool // without it this node cannot serve readers; else it is only told
	check func(context.Context) error
}

// probeTimeout bounds one look at one part.
const probeTimeout = time.Second

// health answers /livez and /readyz. Ready means: readers can be served from here. What is needed
// for writing only is told but does not take the node out, or a lost database primary would take
// every node out at once.
type health struct {
	probes   []probe
	draining atomic.Bool
}

func (h *health) routes() []edge.Route {
	return []edge.Route{
		{Method: http.MethodGet, Path: "/livez", Policy: edge.Probe("livez"), Handle: h.live},
		{Method: http.MethodGet, Path: "/readyz", Policy: edge.Probe("readyz"), Handle: h.ready},
	}
}

func (h *health) live(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (h *health) ready(w http.ResponseWriter, r *http.Request) error {
	status, parts := http.StatusOK, map[string]string{}
	if h.draining.Load() {
		status, parts["drain"] = http.StatusServiceUnavailable, "shutting down"
	}
	for _, p := range h.probes {
		ctx, cancel := context.WithTimeout(r.Context(), probeTimeout)
		err := p.check(ctx)
		cancel()
		parts[p.name] = "ok"
		if err != nil {
			parts[p.name] = "failing" // the reason is for the log, not for strangers
			if p.vital {
				status = http.StatusServiceUnavailable
			}
		}
	}
	return writeJSON(w, status, map[string]any{"status": http.StatusText(status), "parts": parts})
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, err = w.Write(append(body, '\n'))
	return err
}
