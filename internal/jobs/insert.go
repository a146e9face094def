package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
)

// mostAttempts is what a job is stored with; the handler's own MaxAttempts is less and comes first.
const mostAttempts = 100

// Inserter puts jobs into the queue as part of a transaction.
type Inserter interface {
	// InsertTx stores the job with the transaction, a pgx.Tx or *sql.Tx as the database is.
	InsertTx(ctx context.Context, tx any, args Args) error
}

type inserter[TTx any] struct{ client *river.Client[TTx] }

func (i inserter[TTx]) InsertTx(ctx context.Context, tx any, args Args) error {
	own, ok := tx.(TTx)
	if !ok {
		return fmt.Errorf("jobs: a transaction of type %T cannot carry a job of this queue", tx)
	}
	if _, err := i.client.InsertTx(ctx, own, args, insertOptions(args)); err != nil {
		return fmt.Errorf("insert job %s: %w", args.Kind(), err)
	}
	return nil
}

func insertOptions(args Args) *river.InsertOpts {
	o := &river.InsertOpts{Queue: queueOf(args), MaxAttempts: mostAttempts}
	if u, ok := args.(interface{ Unique() time.Duration }); ok {
		o.UniqueOpts = river.UniqueOpts{ByArgs: true, ByPeriod: u.Unique(), ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
			rivertype.JobStateRunning, rivertype.JobStateScheduled, rivertype.JobStateCompleted,
		}}
	}
	return o
}

// NewSQLiteInserter inserts into the queue of an embedded database.
func NewSQLiteInserter(db *sql.DB) (Inserter, error) {
	c, err := river.NewClient[*sql.Tx](embedded{riversqlite.New(db)}, insertOnly())
	return inserter[*sql.Tx]{c}, err
}

// NewPostgresInserter inserts into the queue of a PostgreSQL database.
func NewPostgresInserter(pool *pgxpool.Pool) (Inserter, error) {
	c, err := river.NewClient(riverpgxv5.New(pool), insertOnly())
	return inserter[pgx.Tx]{c}, err
}

// embedded is the SQLite driver without its stand-in for LISTEN and NOTIFY: that would ask the database 20 times
// a second and write a row more for every job.
type embedded struct{ *riversqlite.Driver }

func (embedded) SupportsListener() bool     { return false }
func (embedded) SupportsListenNotify() bool { return false }

func insertOnly() *river.Config { return &river.Config{Logger: quiet(nil), MaxAttempts: mostAttempts} }

// MigrateSQLite brings the queue's tables up to date. Call it under the site's migration lock.
func MigrateSQLite(ctx context.Context, db *sql.DB) error {
	return migrate(rivermigrate.New(riversqlite.New(db), &rivermigrate.Config{Logger: quiet(nil)}))(ctx)
}

// MigratePostgres brings the queue's tables up to date. Call it under the site's migration lock.
func MigratePostgres(ctx context.Context, pool *pgxpool.Pool) error {
	return migrate(rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: quiet(nil)}))(ctx)
}

func migrate[TTx any](m *rivermigrate.Migrator[TTx], err error) func(context.Context) error {
	return func(ctx context.Context) error {
		if err != nil {
			return err
		}
		if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
			return fmt.Errorf("migrate the job queue: %w", err)
		}
		return nil
	}
}
