package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"lightstick/internal/jobs"
)

//go:embed migrations
var migrations embed.FS

// Migrate brings the schema and the tables of the job queue up to date, under a lock: any number of
// processes may call it at once. It only ever goes forward.
func (s *Store) Migrate(ctx context.Context) error {
	switch e := s.engine.(type) {
	case *lite:
		return e.migrate(ctx)
	case *pg:
		return e.migrate(ctx)
	}
	return nil
}

// Pending tells how many migrations of the schema wait.
func (s *Store) Pending(ctx context.Context) (int, error) {
	db, dialect := s.SQLite(), goose.DialectSQLite3
	if p, ok := s.engine.(*pg); ok { // a node must start without a primary, too
		db, dialect = stdlib.OpenDBFromPool(p.readPool(p.choose(ctx))), goose.DialectPostgres
		defer db.Close()
	}
	provider, err := newProvider(db, dialect, s.d.name)
	if err != nil {
		return 0, err
	}
	status, err := provider.Status(ctx)
	if err != nil {
		return 0, fmt.Errorf("look at the schema: %w", err)
	}
	n := 0
	for _, m := range status {
		if m.State == goose.StatePending {
			n++
		}
	}
	return n, nil
}

func newProvider(db *sql.DB, dialect goose.Dialect, folder string) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, db, files, goose.WithDisableGlobalRegistry(true))
}

func up(ctx context.Context, db *sql.DB, dialect goose.Dialect, folder string) error {
	provider, err := newProvider(db, dialect, folder)
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the schema: %w", err)
	}
	return nil
}

func (l *lite) migrate(ctx context.Context) error {
	unlock, err := lockFile(ctx, l.path+".migrate")
	if err != nil {
		return err
	}
	defer unlock()
	if err := up(ctx, l.write.db, goose.DialectSQLite3, "sqlite"); err != nil {
		return err
	}
	return jobs.MigrateSQLite(ctx, l.write.db)
}

// lockFile waits for the lock on a file. The system lets go of it when the process ends, however it does.
func lockFile(ctx context.Context, path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the migration lock: %w", err)
	}
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if err != syscall.EWOULDBLOCK && err != syscall.EINTR {
			f.Close()
			return nil, fmt.Errorf("take the migration lock: %w", err)
		}
		select {
		case <-retry.C:
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("wait for another migration: %w", ctx.Err())
		}
	}
}

// migrate uses connections of its own, without the limits of those that serve: building an index takes its time.
func (p *pg) migrate(ctx context.Context) error {
	c := p.pool.Config().Copy()
	c.MinConns, c.MaxConns = 0, 3
	for _, name := range []string{"statement_timeout", "idle_in_transaction_session_timeout"} {
		c.ConnConfig.RuntimeParams[name] = "0"
	}
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return fmt.Errorf("connect to migrate: %w", err)
	}
	defer pool.Close()
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to migrate: %w", pgError(err))
	}
	defer conn.Close()
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 600))
	if err != nil {
		return err
	}
	if err := locker.SessionLock(ctx, conn); err != nil {
		return fmt.Errorf("wait for another migration: %w", err)
	}
	defer locker.SessionUnlock(context.WithoutCancel(ctx), conn)
	if err := up(ctx, db, goose.DialectPostgres, "postgres"); err != nil {
		return err
	}
	return jobs.MigratePostgres(ctx, pool)
}
