// Package store keeps the community in SQLite or PostgreSQL. It holds the only SQL there is: one
// implementation for both, with a small dialect for what differs.
//
// It promises that a change commits entirely or not at all and is on disk when Update returns; that
// a change under a forum.Once happens at most once; that counters, ranks and the search index follow
// every change exactly, however the process ends (see Flush); that no list is unbounded and no search
// scans; and that what a database says never leaves it other than as a fault. It decides nothing
// about who may do what, and it renders nothing.
package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"lightstick/internal/forum"
	"lightstick/internal/identity"
	"lightstick/internal/jobs"
	"lightstick/internal/media"
)

// Config says which database.
type Config struct {
	// URL is sqlite:FILE or postgres://user:password@host/name; of PostgreSQL it may name several
	// hosts, separated by commas, one of which is the primary at any time.
	URL string
	// ReadURL is where to read, when URL is a pooler or balancer that leads to the primary.
	ReadURL string
	// MaxLag is how far a replica may be behind while there is better; 0: 5 s.
	MaxLag  time.Duration
	Metrics prometheus.Registerer // nil: none
	Now     func() time.Time      // nil: time.Now
	// FollowClock corrects Now by the clocks of PostgreSQL's servers; see [Store.Now].
	FollowClock bool
	Logger      *slog.Logger // nil: none
	// Conns is the most connections to PostgreSQL; 0 is what the address says, or 4 for each core.
	Conns int
}

// Store implements [forum.Store], [identity.Store] and [media.Store]. It is safe for concurrent use.
type Store struct {
	reader
	engine engine
	jobs   jobs.Inserter
	logger *slog.Logger
	flight flight
	opened time.Time
}

var (
	_ forum.Store    = (*Store)(nil)
	_ identity.Store = (*Store)(nil)
	_ media.Store    = (*Store)(nil)
)

// Open opens the database without looking at its schema; see Migrate.
func Open(ctx context.Context, c Config) (*Store, error) {
	s := &Store{reader: reader{now: c.Now}, logger: c.Logger}
	if s.now == nil {
		s.now = time.Now
	}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	s.opened = s.now()
	var err error
	switch scheme, rest, _ := strings.Cut(c.URL, ":"); scheme {
	case "sqlite":
		err = s.openSQLite(ctx, rest)
	case "postgres", "postgresql":
		err = s.openPostgres(ctx, c)
	default:
		err = fmt.Errorf("database %q: give sqlite:FILE or postgres://…", scheme)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Store) openSQLite(ctx context.Context, rest string) error {
	path := strings.TrimPrefix(rest, "//")
	if p, err := url.PathUnescape(path); err == nil && path != rest {
		path = p
	}
	if path == "" {
		return fmt.Errorf("database sqlite: give the name of a file")
	}
	l, err := openSQLite(ctx, path)
	if err != nil {
		return err
	}
	if s.jobs, err = jobs.NewSQLiteInserter(l.write.db); err != nil {
		l.close()
		return fmt.Errorf("prepare the job queue: %w", err)
	}
	s.engine, s.reader = l, reader{q: l.reader(), d: sqliteDialect(), now: s.now}
	return nil
}

func (s *Store) openPostgres(ctx context.Context, c Config) error {
	p, err := openPostgres(ctx, c, s.logger, s.now)
	if err != nil {
		return err
	}
	if s.jobs, err = jobs.NewPostgresInserter(p.pool); err != nil {
		p.close()
		return fmt.Errorf("prepare the job queue: %w", err)
	}
	s.engine, s.reader = p, reader{q: p.reader(), d: postgresDialect(), now: p.now}
	return nil
}

// SQLite is the writing connection of the embedded database, for the queue of jobs; else nil.
func (s *Store) SQLite() *sql.DB {
	if l, ok := s.engine.(*lite); ok {
		return l.write.db
	}
	return nil
}

// Postgres is the pool of the primary, whichever server that is, for the queue of jobs; else nil.
func (s *Store) Postgres() *pgxpool.Pool {
	if p, ok := s.engine.(*pg); ok {
		return p.pool
	}
	return nil
}

// Now is the time by the clock that the store was given. With [Config.FollowClock] it is within a second of what most of
// PostgreSQL's servers say, whatever the machine's clock does, so that all nodes of a site have one time.
func (s *Store) Now() time.Time { return s.now() }

// ClockOffset is how far the clock that the store was given is ahead of the database's. It is 0 when it is not compared:
// an embedded database has the same clock.
func (s *Store) ClockOffset() time.Duration {
	if p, ok := s.engine.(*pg); ok {
		return p.clock.offset()
	}
	return 0
}

// ProbeClock checks that this machine's clock needs nobody's care.
func (s *Store) ProbeClock(context.Context) error {
	if off := s.ClockOffset(); off.Abs() > clockWarn {
		return fmt.Errorf("this machine's clock is ahead of the database's by %s", off)
	}
	return nil
}

// Probe checks that the database can be read now.
func (s *Store) Probe(ctx context.Context) error { return s.engine.probe(ctx) }

// ProbeWrite checks that the database can be written now.
func (s *Store) ProbeWrite(ctx context.Context) error { return s.engine.probeWrite(ctx) }

// Warm reads what nearly every page needs, so that the first readers do not wait for it.
func (s *Store) Warm(ctx context.Context) error {
	fandoms, err := s.Fandoms(ctx)
	if err != nil {
		return err
	}
	if _, err := s.Boards(ctx, 0); err != nil {
		return err
	}
	for _, f := range fandoms {
		if _, _, err := s.Posts(ctx, forum.PostQuery{FandomID: f.ID, Sort: forum.SortHot, Limit: forum.MaxPageSize}); err != nil {
			return err
		}
	}
	_, _, err = s.Posts(ctx, forum.PostQuery{Sort: forum.SortHot, Limit: forum.MaxPageSize})
	return err
}

// Close lets waiting changes finish and lets go of the database.
func (s *Store) Close() { s.engine.close() }
