package app

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"sync"
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
// every node out at once. A node that starts is ready when its hot pages are warm, or when it has
// tried for long enough.
type health struct {
	probes   []probe
	warming  atomic.Bool
	draining atomic.Bool

	mu    sync.Mutex // guards what was found last; held while looking, so that one look serves all who ask
	at    time.Time
	parts map[string]string
	well  bool
}

// probeFresh is how long what was found is told again. Anybody can ask, and a look costs a sync of
// the disk and a call on the mail server.
const probeFresh = time.Second

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
	parts, well := h.look(context.WithoutCancel(r.Context())) // others may wait for the same look
	status := http.StatusOK
	if !well {
		status = http.StatusServiceUnavailable
	}
	if parts["pages"] = "ok"; h.warming.Load() {
		status, parts["pages"] = http.StatusServiceUnavailable, "warming"
	}
	if h.draining.Load() {
		status, parts["drain"] = http.StatusServiceUnavailable, "shutting down"
	}
	return writeJSON(w, status, map[string]any{"status": http.StatusText(status), "parts": parts})
}

// look says how each part is and whether readers can be served. The age of what it knows is measured
// by the kernel's clock, not by ours.
func (h *health) look(ctx context.Context) (parts map[string]string, well bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.parts != nil && time.Since(h.at) < probeFresh {
		return maps.Clone(h.parts), h.well
	}
	h.parts, h.well = make(map[string]string, len(h.probes)+1), true
	for _, p := range h.probes {
		h.parts[p.name] = "ok"
		if err := p.look(ctx); err != nil {
			h.parts[p.name] = "failing" // the reason is for the log, not for strangers
			h.well = h.well && !p.vital
		}
	}
	h.at = time.Now()
	return maps.Clone(h.parts), h.well
}

func (p probe) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	return p.check(ctx)
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
