package store

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// position is a place in the log of a PostgreSQL cluster. Places on different timelines cannot be
// compared: after a failover the same number is another place.
type position struct {
	timeline uint32
	lsn      uint64
}

// reached reports whether whoever has replayed up to p has replayed up to q.
func (p position) reached(q position) bool { return p.timeline == q.timeline && p.lsn >= q.lsn }

func (p position) token() string {
	return strconv.FormatUint(uint64(p.timeline), 16) + "-" + strconv.FormatUint(p.lsn, 16)
}

// pinned is the token of a write whose position cannot be known: for pinFor, who carries it reads
// from the writer.
func pinned(now time.Time) string { return "w-" + strconv.FormatInt(now.Unix(), 16) }

// pinFor is as long as a browser carries a token.
const pinFor = 10 * time.Second

// seen is what a token asks for: what has replayed after, or the primary.
type seen struct {
	after   position // zero: anybody
	primary bool
}

// parseToken reads what a client sent. What it does not understand may be the token of another
// version, so it asks for the primary; nothing in a token can do more than that.
func parseToken(token string, now time.Time) seen {
	if token == "" {
		return seen{}
	}
	kind, value, ok := strings.Cut(token, "-")
	lsn, err := strconv.ParseUint(value, 16, 64)
	if !ok || err != nil {
		return seen{primary: true}
	}
	if kind == "w" {
		written := time.Unix(int64(min(lsn, 1<<40)), 0)
		return seen{primary: now.Before(written.Add(pinFor))}
	}
	timeline, err := strconv.ParseUint(kind, 16, 32)
	p := position{uint32(timeline), lsn}
	if err != nil || p.token() != token {
		return seen{primary: true}
	}
	return seen{after: p}
}

// parseLSN reads "16/B374D848".
func parseLSN(s string) (uint64, error) {
	high, low, ok := strings.Cut(s, "/")
	h, err1 := strconv.ParseUint(high, 16, 32)
	l, err2 := strconv.ParseUint(low, 16, 32)
	if !ok || err1 != nil || err2 != nil {
		return 0, fmt.Errorf("store: %q is no place in a log", s)
	}
	return h<<32 | l, nil
}
