package api

import (
	"context"
	"time"

	"lightstick/internal/edge"
)

// Status is how the community does.
type Status struct {
	Writable    bool      `json:"writable" doc:"Whether changes are taken. If not, reading goes on and writing comes back by itself; keep what was written and send it later."`
	Since       time.Time `json:"since" doc:"Since when, as the answering node knows it; at the earliest since it started."`
	Servers     Servers   `json:"database_servers"`
	Environment string    `json:"environment,omitempty" enum:"dev,staging,production" doc:"Which site this is. Drills refuse production."`
	Lag         int64     `json:"lag_ms" doc:"How far public pages may be behind the newest write, besides their caching, in milliseconds." example:"20"`
}

// Servers counts database servers.
type Servers struct {
	Primaries int `json:"primaries" doc:"That take changes." example:"1"`
	Replicas  int `json:"replicas" doc:"That are read." example:"2"`
	Down      int `json:"down" doc:"That do not answer." example:"0"`
}

func (a *API) status() {
	get(a, op{id: "get_status", path: "/status", tag: "Status", policy: edge.Page, opts: []edge.Option{edge.Live()},
		summary: "Get the status", about: "Whether the community can be written in now. It asks nobody, so it answers whatever has failed."}, a.getStatus)
}

func (a *API) getStatus(context.Context, *struct{}) (reply[Status], error) {
	st := a.Forum.Status()
	return reply[Status]{body: Status{Environment: a.Environment, Writable: st.Writable, Since: st.Since.UTC(), Lag: st.Lag.Milliseconds(),
		Servers: Servers{Primaries: st.Primaries, Replicas: st.Replicas, Down: st.Down}}}, nil
}
