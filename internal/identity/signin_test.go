package identity_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
)

func TestSignIn(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		first := w.confirmed("mina")
		for _, login := range []string{"mina", " MINA ", "mina@fans.example", "Mina@FANS.example"} {
			in, err := w.SignIn(w.ctx, login, goodPassword, home)
			if err != nil {
				t.Errorf("%q: %v", login, err)
				continue
			}
			if in.Member.ID != first.Member.ID || in.Token == first.Token || in.SessionID == first.SessionID {
				t.Errorf("%q: %+v", login, in)
			}
		}
		for name, c := range map[string][2]string{
			"wrong password":   {"mina", goodPassword + "!"},
			"other case":       {"mina", strings.ToUpper(goodPassword)},
			"unknown handle":   {"nobody", goodPassword},
			"unknown address":  {"nobody@fans.example", goodPassword},
			"broken address":   {"@", goodPassword},
			"empty":            {"", ""},
			"endless login":    {strings.Repeat("a", 1<<20), goodPassword},
			"endless password": {"mina", strings.Repeat("a", 1<<20)},
			"invalid UTF-8":    {"mina\xff", "\xff"},
			"NUL":              {"mi\x00na", goodPassword},
		} {
			if _, err := w.SignIn(w.ctx, c[0], c[1], home); !fault.Is(err, "wrong_login") || fault.KindOf(err) != fault.Unauthenticated {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestPasswordIsTheSameHoweverItIsComposed(t *testing.T) {
	w := newWorld(t)
	must(w.SignUp(w.ctx, identity.SignUpInput{Handle: "mina", Email: "mina@fans.example", Password: "보라색 바다 １２"}, home))(t)
	decomposed := "\u1107\u1169\u1105\u1161\u1109\u1162\u11a8 \u1107\u1161\u1103\u1161 12"
	must(w.SignIn(w.ctx, "mina", decomposed, home))(t)
}

func TestUnknownAccountTakesAsLong(t *testing.T) {
	w := newWorld(t)
	w.signUp("mina")
	quickest := func(login string) time.Duration {
		best := time.Hour
		for range 5 {
			began := time.Now()
			_, err := w.SignIn(w.ctx, login, "not the password", identity.Client{})
			refused(t, err, "wrong_login")
			best = min(best, time.Since(began))
		}
		return best
	}
	known, unknown := quickest("mina"), quickest("nobody")
	if unknown < known/2 || known < unknown/2 {
		t.Errorf("a known account takes %s, an unknown one %s", known, unknown)
	}
}

func TestOldHashIsRenewedAtSignIn(t *testing.T) {
	w := newWorld(t)
	in := w.signUp("mina")
	// "purple ocean tonight" at 8 KiB, once over.
	old := "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$fOTf06LcEs+5QfcXb3h4WNg1jRMSstlVPnvPyWFrn6I"
	w.exec(`UPDATE members SET password = $1 WHERE id = $2`, old, int64(in.Member.ID))
	must(w.SignIn(w.ctx, "mina", goodPassword, home))(t)
	acc := must(w.db.AccountByID(w.ctx, in.Member.ID))(t)
	if !strings.HasPrefix(acc.Password, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("stored is %q", acc.Password)
	}
	must(w.SignIn(w.ctx, "mina", goodPassword, home))(t)
	if again := must(w.db.AccountByID(w.ctx, in.Member.ID))(t); again.Password != acc.Password {
		t.Error("a hash of today was made anew")
	}
}

func TestBannedMemberSignsInAndSeesWhy(t *testing.T) {
	w := newWorld(t)
	in := w.signUp("mina")
	boss := &forum.Actor{Member: forum.Member{ID: w.signUp("boss_1").Member.ID, Role: forum.RoleAdmin}}
	must(w.forum.Impose(w.ctx, boss, in.Member.ID, forum.SanctionInput{Kind: forum.Ban, Reason: "selling tickets", For: time.Hour}))(t)
	a := w.actor(must(w.SignIn(w.ctx, "mina", goodPassword, home))(t))
	if len(a.Sanctions) != 1 || a.Sanctions[0].Kind != forum.Ban || a.Sanctions[0].Reason != "selling tickets" {
		t.Errorf("sanctions %+v", a.Sanctions)
	}
	w.advance(2 * time.Hour)
	if a := w.actor(in); len(a.Sanctions) != 0 {
		t.Errorf("sanctions after they ended: %+v", a.Sanctions)
	}
}

// fail uses up n tries, each from an address of its own when spread.
func (w *world) fail(login string, n int, spread bool) {
	w.t.Helper()
	for i := range n {
		c := home
		if spread {
			c = from(fmt.Sprintf("198.51.100.%d", i))
		}
		_, err := w.SignIn(w.ctx, login, "a wrong guess", c)
		refused(w.t, err, "wrong_login")
	}
}

func TestTenFailuresSlowAnAccountDown(t *testing.T) {
	for _, login := range []string{"mina", "nobody"} { // a stranger cannot tell them apart
		t.Run(login, func(t *testing.T) {
			w := newWorld(t)
			in := w.signUp("mina")
			w.ok(w.SignOut(w.ctx, w.actor(in)))
			w.fail(login, 10, true)
			for _, wait := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute} {
				_, err := w.SignIn(w.ctx, login, goodPassword, from("192.0.2.1"))
				refused(t, err, "too_many_attempts")
				if f := fault.From(err); f.Kind != fault.RateLimited || f.RetryAfter != wait {
					t.Errorf("wait %s, want %s", f.RetryAfter, wait)
				}
				w.advance(wait)
				w.fail(login, 1, false)
			}
			w.advance(24 * time.Hour)
			w.fail(login, 9, true)
		})
	}
}

func TestSuccessForgivesAnAccount(t *testing.T) {
	w := newWorld(t)
	w.signUp("mina")
	for range 2 {
		w.fail("mina", 9, true)
		must(w.SignIn(w.ctx, "mina@fans.example", goodPassword, home))(t)
	}
}

func TestStrangersCannotLockAMemberOutFromHome(t *testing.T) {
	w := newWorld(t)
	w.signUp("mina") // from home
	for range 2 {
		w.fail("mina", 10, true)
		_, err := w.SignIn(w.ctx, "mina", goodPassword, from("192.0.2.1"))
		refused(t, err, "too_many_attempts")
		must(w.SignIn(w.ctx, "mina", goodPassword, home))(t)
		_, err = w.SignIn(w.ctx, "mina", goodPassword, from("192.0.2.1"))
		refused(t, err, "too_many_attempts") // the guessers still wait
		w.advance(time.Hour)
	}
	// At home, too, guessing has an end.
	w.fail("mina", 10, true)
	w.fail("mina", 10, false)
	_, err := w.SignIn(w.ctx, "mina", goodPassword, home)
	refused(t, err, "too_many_attempts")
}

func TestResetEndsTheWait(t *testing.T) {
	w := newWorld(t)
	w.confirmed("mina")
	w.ok(w.RequestReset(w.ctx, "mina@fans.example", home))
	token := w.mail("reset").Params["token"]
	w.fail("mina", 10, true)
	w.ok(w.ResetPassword(w.ctx, token, "another purple ocean"))
	must(w.SignIn(w.ctx, "mina", "another purple ocean", from("192.0.2.1")))(t)
}

func TestFiftyFailuresSlowAnAddressDown(t *testing.T) {
	w := newWorld(t)
	w.signUp("mina")
	attacker := func(i int) identity.Client { return from(fmt.Sprintf("2001:db8:1:2::%x", i+1)) } // one /64
	for i := range 50 {
		_, err := w.SignIn(w.ctx, fmt.Sprintf("guess_%d", i), "a wrong guess", attacker(i))
		refused(t, err, "wrong_login")
	}
	_, err := w.SignIn(w.ctx, "mina", goodPassword, attacker(99))
	refused(t, err, "too_many_attempts")
	must(w.SignIn(w.ctx, "mina", goodPassword, from("2001:db8:1:3::1")))(t)
}

func TestTriesAtTheSameMomentDoNotSlipBy(t *testing.T) {
	w := newWorld(t)
	w.ok(w.SignOut(w.ctx, w.actor(w.signUp("mina"))))
	var wg sync.WaitGroup
	answers := make(chan error, 30)
	for i := range 30 {
		wg.Go(func() {
			_, err := w.SignIn(w.ctx, "mina", "a wrong guess", from(fmt.Sprintf("198.51.100.%d", i)))
			answers <- err
		})
	}
	wg.Wait()
	close(answers)
	tried := 0
	for err := range answers {
		if fault.Is(err, "wrong_login") {
			tried++
		}
	}
	if tried != 10 {
		t.Errorf("%d passwords were tried, want 10", tried)
	}
}

func TestBrakesAreBounded(t *testing.T) {
	w := newWorld(t)
	keys, stillWaits := identity.BrakeKeys(w.Service, 60_000, func(i int) string { return fmt.Sprint("k", i) })
	if keys > 20_000 || !stillWaits {
		t.Errorf("%d keys are kept; the guilty one waits: %t", keys, stillWaits)
	}
}

func TestHashingIsBoundedAndSaysSo(t *testing.T) {
	w := newWorld(t, func(o *identity.Options) { o.Hashers, o.HashWait = 1, time.Nanosecond })
	w.signUp("mina")
	var wg sync.WaitGroup
	answers := make(chan error, 16)
	for range 16 {
		wg.Go(func() {
			_, err := w.SignIn(w.ctx, "mina", goodPassword, home)
			answers <- err
		})
	}
	wg.Wait()
	close(answers)
	busy := 0
	for err := range answers {
		if err == nil {
			continue
		}
		busy++
		if f := fault.From(err); f.Code != "busy" || f.Kind != fault.Unavailable || f.RetryAfter < time.Second || f.RetryAfter > 5*time.Second {
			t.Errorf("%v after %s", err, f.RetryAfter)
		}
	}
	if busy == 0 || busy == 16 {
		t.Errorf("%d of 16 were turned away, want some", busy)
	}
	must(w.SignIn(w.ctx, "mina", goodPassword, home))(t) // being turned away does not count as a failure
}

func TestCancelledSignInStops(t *testing.T) {
	w := newWorld(t)
	w.signUp("mina")
	ctx, cancel := context.WithCancel(w.ctx)
	cancel()
	if _, err := w.SignIn(ctx, "mina", goodPassword, home); err == nil {
		t.Error("signed in for nobody")
	}
}

func TestTheOldestSessionsEndWhenThereAreTooMany(t *testing.T) {
	w := newWorld(t)
	oldest := w.signUp("mina")
	must(w.db.UpdateIdentity(w.ctx, func(tx identity.Tx) (any, error) {
		for i := range 49 {
			one := identity.Session{MemberID: oldest.Member.ID, CreatedAt: w.now(), LastSeenAt: w.now(), ExpiresAt: w.now().Add(time.Hour)}
			if err := tx.InsertSession(w.ctx, &one, identity.Hash{byte(i)}); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}))(t)
	w.actor(oldest)
	w.advance(2 * time.Second)
	must(w.SignIn(w.ctx, "mina", goodPassword, home))(t)
	_, err := w.Authenticate(w.ctx, oldest.Token)
	refused(t, err, "session_over")
	list := must(w.Sessions(w.ctx, &forum.Actor{Member: oldest.Member}))(t)
	if len(list) != 50 {
		t.Errorf("%d sessions", len(list))
	}
}
