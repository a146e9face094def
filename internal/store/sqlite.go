package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"lightstick/internal/fault"
)

// lite is the embedded database: one writing connection, shared with the queue of jobs, and a pool
// of reading ones. Writers never meet inside SQLite, so nobody ever waits by polling for its lock.
type lite struct {
	path  string
	write *litePool
	read  *litePool
	group *group
}

const (
	busyTimeout = 5 * time.Second // for other processes, such as a backup
	// readCache is what one reading connection keeps of the file, in KiB.
	readCache  = 8 << 10
	writeCache = 16 << 10
	// checkpoint is how many pages the log gets before it is brought into the file: pages that are
	// written again and again are brought once, and a restart reads at most 16 MiB of log.
	checkpoint = 4 << 10
)

func openSQLite(ctx context.Context, path string) (*lite, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the database: %w", err)
	}
	if err := makePrivate(path); err != nil {
		return nil, err
	}
	l := &lite{path: path}
	common := []string{fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()), "journal_mode(WAL)", "synchronous(FULL)",
		"foreign_keys(1)", "temp_store(MEMORY)", fmt.Sprintf("journal_size_limit(%d)", 64<<20)}
	write, err := openPool(path, 1, append(common, fmt.Sprintf("cache_size(-%d)", writeCache), fmt.Sprintf("wal_autocheckpoint(%d)", checkpoint)), "immediate")
	if err != nil {
		return nil, err
	}
	// The writer comes first: it makes the file and turns on the write-ahead log.
	if err := write.db.PingContext(ctx); err != nil {
		write.close()
		return nil, liteError(err)
	}
	readers := max(4, 2*runtime.GOMAXPROCS(0))
	read, err := openPool(path, readers, append(common, fmt.Sprintf("cache_size(-%d)", readCache), "query_only(1)"), "deferred")
	if err != nil {
		write.close()
		return nil, err
	}
	l.write, l.read = write, read
	l.group = newGroup(write)
	return l, nil
}

// makePrivate makes the file of a new database readable to its owner only: SQLite would let everybody on
// the machine read it. Its logs get the rights of the file. One that is there stays as it is.
func makePrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	return f.Close()
}

func (l *lite) reader() querier { return liteReader{l.read} }

// update lets every change share a commit; each is alone in the transaction while it runs.
func (l *lite) update(ctx context.Context, _ bool, change func(transaction) error) error {
	return l.group.do(ctx, change)
}

func (l *lite) probe(ctx context.Context) error {
	_, err := collect(ctx, l.reader(), value[int64], `SELECT 1`)
	return err
}

func (l *lite) probeWrite(ctx context.Context) error {
	// Taking the write lock and a page of the log would wear the disk; asking the writer is enough.
	return l.group.do(ctx, func(tx transaction) error {
		_, err := collect(ctx, tx, value[int64], `SELECT count(*) FROM sqlite_master`)
		return err
	})
}

func (l *lite) close() {
	l.group.close()
	l.read.close()
	l.write.close()
}

// litePool is a pool of connections with the statements prepared on it.
type litePool struct {
	db    *sql.DB
	mu    sync.RWMutex
	stmts map[string]*statement
}

// statement is one text of SQL, translated; stmt is nil until there is an idle moment to prepare it.
type statement struct {
	sql  string
	stmt *sql.Stmt
}

func openPool(path string, conns int, pragmas []string, lock string) (*litePool, error) {
	q := url.Values{"_pragma": pragmas, "_txlock": {lock}}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return &litePool{db: db, stmts: make(map[string]*statement)}, nil
}

func (p *litePool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.stmts {
		if s.stmt != nil {
			s.stmt.Close()
		}
	}
	p.stmts = nil
	p.db.Close()
}

func (p *litePool) lookup(text string) *statement {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.stmts[text]
}

// prepare keeps the statement of a text. It needs a free connection of the pool.
func (p *litePool) prepare(ctx context.Context, text string) (*statement, error) {
	if s := p.lookup(text); s != nil {
		return s, nil
	}
	translated := liteSQL(text)
	stmt, err := p.db.PrepareContext(ctx, translated)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.stmts[text]; s != nil || p.stmts == nil {
		stmt.Close()
		return s, nil
	}
	s := &statement{sql: translated, stmt: stmt}
	p.stmts[text] = s
	return s, nil
}

var anyOf = regexp.MustCompile(`= ANY\((\$\d+)\)`)

func liteSQL(text string) string {
	text = anyOf.ReplaceAllString(text, "IN (SELECT value FROM json_each($1))")
	return strings.ReplaceAll(text, "FOR UPDATE", "")
}

// liteArgs turns lists into JSON, which is how SQLite takes them.
func liteArgs(args []any) []any {
	for i, a := range args {
		switch list := a.(type) {
		case []int64:
			args[i] = jsonList(list)
		case []string:
			args[i] = jsonList(list)
		}
	}
	return args
}

func jsonList[T any](list []T) string {
	if len(list) == 0 {
		return "[]"
	}
	b, err := json.Marshal(list)
	if err != nil { // of numbers and strings: cannot be
		return "[]"
	}
	return string(b)
}

type liteRows struct{ *sql.Rows }

func (r liteRows) Close() { r.Rows.Close() }

func (r liteRows) Err() error { return liteError(r.Rows.Err()) }

// liteReader reads outside a transaction.
type liteReader struct{ pool *litePool }

func (q liteReader) query(ctx context.Context, text string, args ...any) (rows, error) {
	count(ctx)
	s, err := q.pool.prepare(ctx, text)
	if err != nil {
		return nil, liteError(err)
	}
	rs, err := s.stmt.QueryContext(ctx, liteArgs(args)...)
	if err != nil {
		return nil, liteError(err)
	}
	return liteRows{rs}, nil
}

func (q liteReader) exec(context.Context, string, ...any) (int64, error) {
	return 0, errors.New("store: a write outside a transaction")
}

func (q liteReader) each(context.Context, string, [][]any) error {
	return errors.New("store: a write outside a transaction")
}

// liteTx is one change inside a transaction that may carry several.
type liteTx struct {
	pool    *litePool
	tx      *sql.Tx
	missing map[string]bool // statements to prepare once the connection is free
	dead    bool            // the transaction is gone, not only this change
}

func (t *liteTx) handle() any { return t.tx }

func (t *liteTx) grant() {} // every read sees every commit

// live refuses work for a caller who has left. The context's end must not reach SQLite itself: an
// interrupted write rolls back the whole transaction, with the changes of others in it.
func (t *liteTx) live(ctx context.Context) (context.Context, error) {
	count(ctx)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return context.WithoutCancel(ctx), nil
}

func (t *liteTx) stmt(ctx context.Context, text string) *sql.Stmt {
	if s := t.pool.lookup(text); s != nil {
		return t.tx.StmtContext(ctx, s.stmt)
	}
	t.missing[text] = true
	return nil
}

func (t *liteTx) exec(ctx context.Context, text string, args ...any) (int64, error) {
	ctx, err := t.live(ctx)
	if err != nil {
		return 0, err
	}
	var res sql.Result
	if s := t.stmt(ctx, text); s != nil {
		res, err = s.ExecContext(ctx, liteArgs(args)...)
	} else {
		res, err = t.tx.ExecContext(ctx, liteSQL(text), liteArgs(args)...)
	}
	if err != nil {
		return 0, t.failed(err)
	}
	return res.RowsAffected()
}

func (t *liteTx) query(ctx context.Context, text string, args ...any) (rows, error) {
	ctx, err := t.live(ctx)
	if err != nil {
		return nil, err
	}
	var rs *sql.Rows
	if s := t.stmt(ctx, text); s != nil {
		rs, err = s.QueryContext(ctx, liteArgs(args)...)
	} else {
		rs, err = t.tx.QueryContext(ctx, liteSQL(text), liteArgs(args)...)
	}
	if err != nil {
		return nil, t.failed(err)
	}
	return liteRows{rs}, nil
}

func (t *liteTx) each(ctx context.Context, text string, sets [][]any) error {
	if len(sets) == 0 {
		return nil
	}
	run, err := t.live(ctx)
	if err != nil {
		return err
	}
	s := t.stmt(run, text)
	if s == nil {
		if s, err = t.tx.PrepareContext(run, liteSQL(text)); err != nil {
			return t.failed(err)
		}
		defer s.Close()
	}
	for _, args := range sets {
		if _, err := s.ExecContext(run, liteArgs(args)...); err != nil {
			return t.failed(err)
		}
	}
	return nil
}

// failed notes errors after which SQLite may have rolled back everything.
func (t *liteTx) failed(err error) error {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_BUSY,
			sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_READONLY:
			t.dead = true
		}
	}
	return liteError(err)
}

// liteError says in a fault what SQLite said, where anybody can do something about it.
func liteError(err error) error {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return &duplicate{e.Error(), err}
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return diskFull(err)
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY:
		return storageFailed(err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return busy(err)
	}
	return err
}

func diskFull(err error) error {
	return fault.Wrap(err, fault.Unavailable, "disk_full",
		"Nothing more can be stored at the moment. Keep your text and try again later.").After(30 * time.Second)
}

func storageFailed(err error) error {
	return fault.Wrap(err, fault.Unavailable, "storage",
		"This could not be stored or read at the moment. Keep your text and try again shortly.").After(5 * time.Second)
}

func busy(err error) error {
	return fault.Wrap(err, fault.Unavailable, "busy", "Too much is going on right now. Try again in a moment.").After(2 * time.Second)
}
