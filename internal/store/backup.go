package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
)

// Dump is what a copy of a database holds.
type Dump struct {
	Engine string           `json:"engine"` // sqlite or postgres
	Schema int64            `json:"schema"` // version of the schema
	Counts map[string]int64 `json:"counts"` // rows, by table
}

// Dump copies the database, as it is at one moment, into a new file, checks the copy and says what is in
// it. Writers wait no longer than a moment. Of PostgreSQL it is what pg_dump writes.
func (s *Store) Dump(ctx context.Context, file string) (Dump, error) {
	if s.Postgres() != nil {
		return s.dumpPostgres(ctx, file)
	}
	// A reader to the others: it locks nothing, and sees none of their later changes.
	if _, err := s.SQLite().ExecContext(ctx, `VACUUM INTO $1`, file); err != nil {
		return Dump{}, fmt.Errorf("copy the database: %w", liteError(err))
	}
	return CheckSQLite(ctx, file, false)
}

// CheckSQLite opens a copy that Dump made and looks for damage; thorough takes longer and looks at every index too.
func CheckSQLite(ctx context.Context, file string, thorough bool) (Dump, error) {
	if _, err := os.Stat(file); err != nil {
		return Dump{}, err
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?mode=ro&immutable=1")
	if err != nil {
		return Dump{}, err
	}
	defer db.Close()
	check := `PRAGMA quick_check(1)`
	if thorough {
		check = `PRAGMA integrity_check(1)`
	}
	var verdict string
	if err := db.QueryRowContext(ctx, check).Scan(&verdict); err != nil || verdict != "ok" {
		return Dump{}, fmt.Errorf("the copy of the database is damaged: %w", cmpError(err, verdict))
	}
	if thorough {
		var child string
		var row, parent, key any
		err := db.QueryRowContext(ctx, `PRAGMA foreign_key_check`).Scan(&child, &row, &parent, &key)
		if !errors.Is(err, sql.ErrNoRows) {
			return Dump{}, fmt.Errorf("the copy of the database is damaged: %w", cmpError(err, "a row of "+child+" points at nothing"))
		}
	}
	return dumped("sqlite", func(text string) (n int64, err error) {
		return n, db.QueryRowContext(ctx, text).Scan(&n)
	})
}

func cmpError(err error, otherwise string) error {
	if err != nil {
		return err
	}
	return errors.New(otherwise)
}

// dumped looks what is in a database, whatever version of ours wrote it.
func dumped(engine string, number func(text string) (int64, error)) (d Dump, err error) {
	d = Dump{Engine: engine, Counts: map[string]int64{}}
	if d.Schema, err = number(`SELECT coalesce(max(version_id), 0) FROM ` + goose.DefaultTablename + ` WHERE is_applied`); err != nil {
		return d, fmt.Errorf("read the version of the schema: %w", err)
	}
	exists := `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '`
	if engine == "postgres" {
		exists = `SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename = '`
	}
	for _, t := range exported() {
		if there, err := number(exists + t.table + `'`); err != nil {
			return d, err
		} else if there == 0 { // of a later version
			continue
		}
		if d.Counts[t.table], err = number(`SELECT count(*) FROM ` + t.table); err != nil {
			return d, err
		}
	}
	return d, nil
}

// Matches says whether another copy holds as much.
func (d Dump) Matches(other Dump) bool {
	return d.Engine == other.Engine && d.Schema == other.Schema && maps.Equal(d.Counts, other.Counts)
}

// Newest is the version of the schema that this program brings a database to.
func Newest() (int64, error) {
	files, err := fs.Glob(migrations, "migrations/sqlite/*.sql")
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("list the migrations: %w", err)
	}
	number, _, _ := strings.Cut(path.Base(files[len(files)-1]), "_")
	return strconv.ParseInt(number, 10, 64)
}

// Empty reports whether nobody has written to the community: there is no member, and nothing else.
func (s *Store) Empty(ctx context.Context) (bool, error) {
	tables := `SELECT name FROM sqlite_master WHERE type = 'table'`
	if s.Postgres() != nil {
		tables = `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`
	}
	list, err := collect(ctx, s.q, value[string], tables)
	if err != nil {
		return false, err
	}
	there := make(map[string]bool, len(list))
	for _, name := range list {
		there[name] = true
	}
	for _, t := range exported() {
		if !there[t.table] {
			continue
		}
		if rows, err := collect(ctx, s.q, value[int64], `SELECT 1 FROM `+t.table+` LIMIT 1`); err != nil || len(rows) > 0 {
			return false, err
		}
	}
	return true, nil
}

// ErrInUse says that a process has the database open.
var ErrInUse = errors.New("the site is running: stop it first")

// QuiesceSQLite brings all of a database into its one file, and makes sure that no process has it open.
func QuiesceSQLite(ctx context.Context, file string) error {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?_pragma=busy_timeout(1000)")
	if err != nil {
		return err
	}
	defer db.Close()
	// SQLite leaves the write-ahead log only when nobody else is there.
	var mode string
	if err := db.QueryRowContext(ctx, `PRAGMA journal_mode = DELETE`).Scan(&mode); err != nil {
		return fmt.Errorf("%w (%w)", ErrInUse, err)
	}
	if mode != "delete" {
		return ErrInUse
	}
	return nil
}
