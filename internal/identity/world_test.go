package identity_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
	"lightstick/internal/store"
	"lightstick/internal/testkit/pgtest"
)

const goodPassword = "purple ocean tonight"

var home = identity.Client{Addr: netip.MustParseAddr("203.0.113.7"), UserAgent: "Test/1.0"}

// from is a client at another address.
func from(addr string) identity.Client {
	return identity.Client{Addr: netip.MustParseAddr(addr), UserAgent: "Test/1.0"}
}

// world is a service on a real store with a clock that the test moves.
type world struct {
	*identity.Service
	t     testing.TB
	ctx   context.Context
	store *watchedStore
	db    *store.Store
	forum *forum.Forum
	clock atomic.Int64
	read  int // mails that the test has seen
}

func (w *world) now() time.Time          { return time.UnixMicro(w.clock.Load()).UTC() }
func (w *world) advance(d time.Duration) { w.clock.Add(d.Microseconds()) }

// watchedStore counts reads and can hold up or fail writes.
type watchedStore struct {
	identity.Store
	reads  atomic.Int32
	before atomic.Pointer[func() error] // each write
}

func (s *watchedStore) SessionByHash(ctx context.Context, h identity.Hash) (identity.SessionRow, error) {
	s.reads.Add(1)
	return s.Store.SessionByHash(ctx, h)
}

func (s *watchedStore) APITokenByHash(ctx context.Context, h identity.Hash) (identity.APITokenRow, error) {
	s.reads.Add(1)
	return s.Store.APITokenByHash(ctx, h)
}

func (s *watchedStore) Standing(ctx context.Context, m forum.ID, now time.Time) (identity.Standing, error) {
	s.reads.Add(1)
	return s.Store.Standing(ctx, m, now)
}

func (s *watchedStore) UpdateIdentity(ctx context.Context, change func(identity.Tx) (any, error)) (any, error) {
	if f := s.before.Load(); f != nil {
		if err := (*f)(); err != nil {
			return nil, err
		}
	}
	return s.Store.UpdateIdentity(ctx, change)
}

// engines runs a test on each database.
func engines(t *testing.T, test func(t *testing.T, w *world)) {
	t.Run("sqlite", func(t *testing.T) { test(t, newWorld(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, newWorldOn(t, pgtest.Database(t))) })
}

func newWorld(t testing.TB, change ...func(*identity.Options)) *world {
	t.Helper()
	return newWorldOn(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"), change...)
}

func newWorldOn(t testing.TB, url string, change ...func(*identity.Options)) *world {
	t.Helper()
	w := &world{t: t, ctx: t.Context()}
	w.clock.Store(time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC).UnixMicro())
	var err error
	if w.db, err = store.Open(w.ctx, store.Config{URL: url, Now: w.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.db.Close)
	if err := w.db.Migrate(w.ctx); err != nil {
		t.Fatal(err)
	}
	w.forum = forum.New(forum.Options{Store: w.db, Now: w.now, Locales: []string{"ko", "en"}})
	w.store = &watchedStore{Store: w.db}
	o := identity.Options{Store: w.store, Forum: w.forum, Now: w.now, SiteName: "Lightstick"}
	for _, f := range change {
		f(&o)
	}
	w.Service = identity.New(o)
	t.Cleanup(func() {
		if err := w.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return w
}

// must fails the test on an error.
func must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// refused checks that err has the code, or that one of its fields has.
func refused(t testing.TB, err error, code string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", code)
	}
	f := fault.From(err)
	if f.Code == code {
		return
	}
	for _, field := range f.Fields {
		if field.Code == code {
			return
		}
	}
	t.Fatalf("got %v, want %s", err, code)
}

// signUp makes an account whose address is HANDLE@fans.example.
func (w *world) signUp(handle string) identity.SignedIn {
	w.t.Helper()
	return must(w.SignUp(w.ctx, identity.SignUpInput{Handle: handle, Email: handle + "@fans.example", Password: goodPassword, Locale: "ko"}, home))(w.t)
}

// confirmed makes an account and confirms its address.
func (w *world) confirmed(handle string) identity.SignedIn {
	w.t.Helper()
	in := w.signUp(handle)
	in.Member = must(w.VerifyEmail(w.ctx, w.mail("verify").Params["token"]))(w.t)
	return in
}

func (w *world) actor(in identity.SignedIn) *forum.Actor {
	w.t.Helper()
	return must(w.Authenticate(w.ctx, in.Token))(w.t)
}

// mails are those enqueued since the last call; a job that looks up a reset is done on the way.
func (w *world) mails() []identity.MailJob {
	w.t.Helper()
	for _, j := range w.jobs("password_reset") {
		var reset identity.ResetJob
		w.ok(json.Unmarshal([]byte(j), &reset))
		w.exec(`DELETE FROM river_job WHERE kind = 'password_reset'`)
		w.ok(w.DeliverReset(w.ctx, reset))
	}
	list := w.jobs("mail")
	fresh := make([]identity.MailJob, 0, len(list)-w.read)
	for _, j := range list[w.read:] {
		var m identity.MailJob
		w.ok(json.Unmarshal([]byte(j), &m))
		fresh = append(fresh, m)
	}
	w.read = len(list)
	return fresh
}

// mail is the one mail enqueued since the last call.
func (w *world) mail(template string) identity.MailJob {
	w.t.Helper()
	list := w.mails()
	if len(list) != 1 || list[0].Template != template {
		w.t.Fatalf("mails %+v, want one %s", list, template)
	}
	return list[0]
}

// jobs are the arguments of the jobs of a kind, oldest first.
func (w *world) jobs(kind string) (list []string) {
	w.t.Helper()
	if pool := w.db.Postgres(); pool != nil {
		rows, err := pool.Query(w.ctx, `SELECT args::text FROM river_job WHERE kind = $1 ORDER BY id`, kind)
		w.ok(err)
		defer rows.Close()
		for rows.Next() {
			var s string
			w.ok(rows.Scan(&s))
			list = append(list, s)
		}
		w.ok(rows.Err())
		return list
	}
	rows, err := w.db.SQLite().QueryContext(w.ctx, `SELECT json(args) FROM river_job WHERE kind = $1 ORDER BY id`, kind)
	w.ok(err)
	defer rows.Close()
	for rows.Next() {
		var s sql.NullString
		w.ok(rows.Scan(&s))
		list = append(list, s.String)
	}
	w.ok(rows.Err())
	return list
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	var err error
	if pool := w.db.Postgres(); pool != nil {
		_, err = pool.Exec(w.ctx, query, args...)
	} else {
		_, err = w.db.SQLite().ExecContext(w.ctx, query, args...)
	}
	w.ok(err)
}
