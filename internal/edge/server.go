package edge

import (
	"log/slog"
	"net/http"
	"time"
)

const maxHeaderBytes = 16 << 10

// Server serves h, best on the connections of [Listen]. It is an http.Server that no slow or greedy client can hold: headers within 5 s and 16 KB,
// a request and its answer within 30 s each unless the route's Timeout gives it longer, and an
// idle connection for 75 s, which is longer than proxies keep theirs.
func Server(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       75 * time.Second,
		MaxHeaderBytes:    maxHeaderBytes,
		ConnContext:       connContext,
		ConnState:         note,
		// What net/http logs is what clients do: it must not flush the log line by line.
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelInfo),
	}
}
