package identity_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
)

func TestAuthenticateCostsTwoQueriesAndThenNone(t *testing.T) {
	w := newWorld(t)
	in := w.signUp("mina")
	secret := w.newToken(in, forum.ScopeRead)
	for name, ask := range map[string]func() (*forum.Actor, error){
		"session": func() (*forum.Actor, error) { return w.Authenticate(w.ctx, in.Token) },
		"token":   func() (*forum.Actor, error) { return w.AuthenticateBearer(w.ctx, secret) },
	} {
		t.Run(name, func(t *testing.T) {
			w.advance(time.Minute)
			w.store.reads.Store(0)
			for range 5 {
				if a := must(ask())(t); a.ID != in.Member.ID {
					t.Fatalf("%+v", a)
				}
			}
			if n := w.store.reads.Load(); n != 2 {
				t.Errorf("%d queries, want 2", n)
			}
			w.advance(2 * time.Second)
			must(ask())(t)
			if n := w.store.reads.Load(); n != 4 {
				t.Errorf("%d queries after two seconds, want 4", n)
			}
		})
	}
}

func TestACallerMayChangeItsActor(t *testing.T) {
	w := newWorld(t)
	in := w.signUp("mina")
	w.actor(in).Role = forum.RoleAdmin
	w.actor(in).Scopes = []forum.Scope{forum.ScopeModerate}
	if a := w.actor(in); a.Admin() || a.Scopes != nil {
		t.Errorf("the next request acts as %+v", a)
	}
}

func TestForgetShowsChangesAtOnce(t *testing.T) {
	w := newWorld(t)
	in := w.signUp("mina")
	a := w.actor(in)
	name := "Mina K"
	must(w.forum.UpdateMember(w.ctx, a, forum.MemberChange{Name: &name}))(t)
	if a := w.actor(in); a.Name != "mina" {
		t.Errorf("not cached: %s", a.Name)
	}
	w.Forget(in.Member.ID)
	if a := w.actor(in); a.Name != name {
		t.Errorf("still %s", a.Name)
	}
}

func TestCachedActorsAreBounded(t *testing.T) {
	w := newWorld(t)
	in := w.signUp("mina")
	secret := w.newToken(in, forum.ScopeRead)
	for range 10 {
		w.actor(in)
		must(w.AuthenticateBearer(w.ctx, secret))(t)
		_, err := w.Authenticate(w.ctx, strings.Repeat("A", 43))
		refused(t, err, "session_over")
	}
	if n := identity.CachedActors(w.Service); n != 2 { // what does not exist is not remembered
		t.Errorf("%d actors are remembered, want 2", n)
	}
}

func TestSessionSlidesAndEnds(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		idle, used := w.signUp("mina"), w.signUp("rina")
		for range 3 { // 87 days of a visit each 29
			w.advance(29 * 24 * time.Hour)
			w.actor(used)
			w.ok(w.Close(w.ctx)) // what is noted is written now
		}
		_, err := w.Authenticate(w.ctx, idle.Token)
		refused(t, err, "session_over")
		w.advance(3*24*time.Hour - time.Microsecond)
		w.actor(used)
		w.advance(time.Microsecond) // 90 days: over, however much it is used
		_, err = w.Authenticate(w.ctx, used.Token)
		refused(t, err, "session_over")
	})
}

func TestLastSeenIsWrittenSeldomAndBehindTheReader(t *testing.T) {
	w := newWorld(t)
	in := w.signUp("mina")
	var writes int
	var mu sync.Mutex
	release := make(chan struct{})
	held := func() error {
		<-release // the primary hangs
		mu.Lock()
		writes++
		mu.Unlock()
		return nil
	}
	w.store.before.Store(&held)
	start := w.now()
	for range 20 { // minutes
		w.advance(time.Minute)
		w.actor(in) // does not hang
	}
	close(release)
	w.ok(w.Close(w.ctx))
	if writes < 1 || writes > 3 { // one hung, the rest went together
		t.Errorf("%d writes in 20 minutes", writes)
	}
	list := must(w.Sessions(w.ctx, w.actor(in)))(t)
	if seen := list[0].LastSeenAt; seen.Sub(start) < 5*time.Minute || !list[0].ExpiresAt.Equal(seen.Add(identity.SessionIdle)) {
		t.Errorf("last seen after %s, ends %s later", seen.Sub(start), list[0].ExpiresAt.Sub(seen))
	}
}

func TestLastSeenWaitsForAPrimaryThatIsAway(t *testing.T) {
	w := newWorld(t)
	in := w.signUp("mina")
	away := func() error { return errors.New("the primary is away") }
	w.store.before.Store(&away)
	w.advance(10 * time.Minute)
	w.actor(in)
	if err := w.Close(w.ctx); err == nil {
		t.Error("nobody says that notes were lost")
	}
	w.store.before.Store(nil)
	w.advance(time.Minute)
	w.actor(in)
	w.ok(w.Close(w.ctx))
	list := must(w.Sessions(w.ctx, w.actor(in)))(t)
	if w.now().Sub(list[0].LastSeenAt) > 2*time.Minute {
		t.Errorf("last seen is %s old", w.now().Sub(list[0].LastSeenAt))
	}
}

func TestSessionsAndSigningOutThere(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		here := w.signUp("mina")
		other := w.signUp("rina")
		there := must(w.SignIn(w.ctx, "mina", goodPassword, identity.Client{Addr: from("2001:db8::1").Addr, UserAgent: "Phone\x00\u202e/" + strings.Repeat("가", 400)}))(t)
		third := must(w.SignIn(w.ctx, "mina", goodPassword, home))(t)
		a := w.actor(here)
		list := must(w.Sessions(w.ctx, a))(t)
		if len(list) != 3 || !list[2].Current || list[0].Current || list[1].Addr != "2001:db8::1" || !strings.HasPrefix(list[1].UserAgent, "Phone/가") || len(list[1].UserAgent) > 200 {
			t.Errorf("sessions %+v", list)
		}
		if err := w.EndSession(w.ctx, w.actor(other), there.SessionID); !fault.Is(err, "session_not_found") {
			t.Errorf("a stranger ended it: %v", err)
		}
		w.actor(there) // it is remembered now, and must be forgotten
		w.ok(w.EndSession(w.ctx, a, there.SessionID))
		_, err := w.Authenticate(w.ctx, there.Token)
		refused(t, err, "session_over")
		w.ok(w.EndOtherSessions(w.ctx, a))
		_, err = w.Authenticate(w.ctx, third.Token)
		refused(t, err, "session_over")
		w.actor(here)
		w.actor(other)
		w.ok(w.SignOut(w.ctx, a))
		w.ok(w.SignOut(w.ctx, a)) // a second click
		w.ok(w.SignOut(w.ctx, &forum.Actor{}))
		_, err = w.Authenticate(w.ctx, here.Token)
		refused(t, err, "session_over")
		for name, err := range map[string]error{
			"end": w.EndSession(w.ctx, nil, here.SessionID), "end others": w.EndOtherSessions(w.ctx, nil),
		} {
			if !fault.Is(err, "sign_in_required") {
				t.Errorf("%s as a guest: %v", name, err)
			}
		}
	})
}

func TestIdentify(t *testing.T) {
	w := newWorld(t)
	in := w.signUp("mina")
	secret := w.newToken(in, forum.ScopeRead, forum.ScopeAccount)
	id := strconv.FormatInt(int64(in.Member.ID), 10)
	for name, c := range map[string]struct {
		header, cookie string
		account, code  string
		token          bool
	}{
		"nothing":            {},
		"cookie":             {cookie: "ls_session=" + in.Token, account: id},
		"other cookies":      {cookie: "a=b; ls_session=" + in.Token + "; c=d", account: id},
		"cookie of old":      {cookie: "ls_session=" + strings.Repeat("A", 43)},
		"broken cookie":      {cookie: "ls_session=\"; DROP TABLE"},
		"secure name":        {cookie: "__Host-ls_session=" + in.Token},
		"token as a cookie":  {cookie: "ls_session=" + secret},
		"token":              {header: "Bearer " + secret, account: id, token: true},
		"token, small word":  {header: "bearer  " + secret, account: id, token: true},
		"token over cookie":  {header: "Bearer " + secret, cookie: "ls_session=" + in.Token, account: id, token: true},
		"bad token":          {header: "Bearer ls_pat_" + strings.Repeat("A", 43), code: "token_invalid"},
		"bad token, cookie":  {header: "Bearer nonsense", cookie: "ls_session=" + in.Token, code: "token_invalid"},
		"empty token":        {header: "Bearer", code: "token_invalid"},
		"session as a token": {header: "Bearer " + in.Token, code: "token_invalid"},
		"gate of a proxy":    {header: "Basic dTpw", cookie: "ls_session=" + in.Token, account: id},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(w.ctx, "GET", "/", nil)
			if c.header != "" {
				r.Header.Set("Authorization", c.header)
			}
			if c.cookie != "" {
				r.Header.Set("Cookie", c.cookie)
			}
			ctx, account, err := w.Identify(r)
			if c.code != "" {
				refused(t, err, c.code)
				if fault.KindOf(err) != fault.Unauthenticated || !identity.ActorFrom(ctx).Guest() {
					t.Errorf("%v as %+v", err, identity.ActorFrom(ctx))
				}
				return
			}
			a := identity.ActorFrom(ctx)
			if err != nil || account != c.account || a.Guest() != (c.account == "") || a.Token != c.token {
				t.Errorf("account %q (%v), actor %+v", account, err, a)
			}
		})
	}
	w.ok(w.Close(w.ctx))
	w.db.Close()
	r := httptest.NewRequestWithContext(w.ctx, "GET", "/", nil)
	r.AddCookie(&http.Cookie{Name: "ls_session", Value: strings.Repeat("A", 43)})
	if _, _, err := w.Identify(r); err == nil {
		t.Error("without a database a member became a guest without a word")
	}
	if a := identity.ActorFrom(context.Background()); a == nil || !a.Guest() {
		t.Error("nobody is not a guest")
	}
	if !identity.ActorFrom(identity.WithActor(context.Background(), nil)).Guest() {
		t.Error("nil is not a guest")
	}
}

func TestCookie(t *testing.T) {
	for _, c := range []struct {
		secure bool
		set    string
		clear  string
	}{
		{true, "__Host-ls_session=abc; Path=/; Max-Age=7776000; HttpOnly; Secure; SameSite=Lax", "__Host-ls_session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"},
		{false, "ls_session=abc; Path=/; Max-Age=7776000; HttpOnly; SameSite=Lax", "ls_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"},
	} {
		s := identity.New(identity.Options{SecureCookies: c.secure})
		set, clear := httptest.NewRecorder(), httptest.NewRecorder()
		s.SetCookie(set, identity.SignedIn{Token: "abc"})
		s.ClearCookie(clear)
		if got := set.Header().Get("Set-Cookie"); got != c.set {
			t.Errorf("set %s", got)
		}
		if got := clear.Header().Get("Set-Cookie"); got != c.clear {
			t.Errorf("clear %s", got)
		}
	}
}

func TestNothingSecretIsStored(t *testing.T) {
	w := newWorld(t)
	in := w.signUp("mina")
	secret := w.newToken(in, forum.ScopeRead)
	var found int
	row := w.db.SQLite().QueryRowContext(w.ctx, `SELECT (SELECT count(*) FROM sessions WHERE hash = CAST($1 AS BLOB) OR length(hash) <> 32)
		+ (SELECT count(*) FROM api_tokens WHERE hash = CAST($2 AS BLOB) OR length(hash) <> 32)
		+ (SELECT count(*) FROM members WHERE password NOT LIKE '$argon2id$%')`, in.Token, secret)
	if err := row.Scan(&found); err != nil || found != 0 {
		t.Errorf("%d secrets in clear (%v)", found, err)
	}
}

func TestExpireRemovesWhatIsOver(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		in := w.signUp("mina")
		w.newToken(in, forum.ScopeRead)
		w.ok(w.Expire(w.ctx))
		w.actor(in)
		w.advance(91 * 24 * time.Hour)
		w.ok(w.Expire(w.ctx))
		for _, err := range []error{
			errOf(w.db.AccountByID(w.ctx, in.Member.ID)), // members stay
		} {
			w.ok(err)
		}
		if n := len(must(w.db.SessionsOf(w.ctx, in.Member.ID))(t)) + len(must(w.db.APITokensOf(w.ctx, in.Member.ID))(t)); n != 0 {
			t.Errorf("%d rows are left", n)
		}
	})
}

func errOf[T any](_ T, err error) error { return err }
