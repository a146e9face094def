package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
)

func (w *world) identity(change func(identity.Tx) error) error {
	_, err := w.UpdateIdentity(w.ctx, func(tx identity.Tx) (any, error) { return nil, change(tx) })
	return err
}

func hash(b byte) (h identity.Hash) {
	h[0], h[31] = b, b
	return h
}

func TestAccounts(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		a := must[identity.Account](t)(w.AccountByHandle(w.ctx, "ann"))
		if a.Password != "hash-ann" || a.Member.ID != w.ann.ID || a != must[identity.Account](t)(w.AccountByID(w.ctx, w.ann.ID)) {
			t.Errorf("account %+v", a)
		}
		twin := func(handle, email string, verified bool) error {
			m := forum.Member{Handle: handle, Email: email, Verified: verified, Role: forum.RoleMember, CreatedAt: w.clock.now()}
			return w.identity(func(tx identity.Tx) error { return tx.InsertMember(w.ctx, &m, email, "") })
		}
		if err := twin("ann", "other@example.com", true); !fault.Is(err, "handle_taken") {
			t.Error(err)
		}
		if err := twin("cat", "ann@example.com", true); !fault.Is(err, "email_taken") {
			t.Error(err)
		}
		if err := twin("dan", "ann@example.com", false); err != nil {
			t.Errorf("an address is only taken once it is confirmed: %v", err)
		}
		if a := must[identity.Account](t)(w.AccountByEmail(w.ctx, "ann@example.com")); a.Member.ID != w.ann.ID {
			t.Errorf("the address belongs to %s", a.Member.Handle)
		}
		for _, key := range []string{"", "nobody@example.com"} {
			if _, err := w.AccountByEmail(w.ctx, key); fault.KindOf(err) != fault.NotFound {
				t.Errorf("account of %q: %v", key, err)
			}
		}
		dan := must[identity.Account](t)(w.AccountByHandle(w.ctx, "dan"))
		if err := w.identity(func(tx identity.Tx) error {
			return tx.SetEmail(w.ctx, dan.Member.ID, "ann@example.com", "ann@example.com", true)
		}); !fault.Is(err, "email_taken") {
			t.Error(err)
		}
		if err := w.identity(func(tx identity.Tx) error {
			return errors.Join(tx.SetEmail(w.ctx, dan.Member.ID, "Dan@example.com", "dan@example.com", true), tx.SetPassword(w.ctx, dan.Member.ID, "", "new"))
		}); err != nil {
			t.Fatal(err)
		}
		if err := w.identity(func(tx identity.Tx) error { return tx.SetPassword(w.ctx, dan.Member.ID, "old", "newer") }); !fault.Is(err, "password_changed") {
			t.Error(err)
		}
		dan = must[identity.Account](t)(w.AccountByEmail(w.ctx, "dan@example.com"))
		if dan.Password != "new" || dan.Member.Version != 2 || !dan.Member.Verified {
			t.Errorf("account %+v", dan)
		}
	})
}

func TestSessionsAndTokens(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		now := w.clock.now()
		s := identity.Session{MemberID: w.ann.ID, CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(time.Hour), UserAgent: "ua", Addr: "::1"}
		second := s
		k := identity.APIToken{Name: "bot", Scopes: []forum.Scope{forum.ScopeRead, forum.ScopeWrite}, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
		if err := w.identity(func(tx identity.Tx) error {
			return errors.Join(tx.InsertSession(w.ctx, &s, hash(1)), tx.InsertSession(w.ctx, &second, hash(2)), tx.InsertAPIToken(w.ctx, w.ann.ID, &k, hash(3)))
		}); err != nil {
			t.Fatal(err)
		}
		if row := must[identity.SessionRow](t)(w.SessionByHash(w.ctx, hash(1))); row.Session != s || row.Member.Handle != "ann" {
			t.Errorf("session %+v", row)
		}
		if row := must[identity.APITokenRow](t)(w.APITokenByHash(w.ctx, hash(3))); fmt.Sprint(row.Token) != fmt.Sprint(k) || row.Member.Handle != "ann" {
			t.Errorf("token %+v", row)
		}
		later := now.Add(time.Minute)
		if err := w.identity(func(tx identity.Tx) error {
			return errors.Join(tx.MarkSeen(w.ctx, []identity.Seen{{SessionID: s.ID, At: later, ExpiresAt: later.Add(time.Hour)}, {TokenID: k.ID, At: later}, {SessionID: 999, At: later}}),
				tx.DeleteSessions(w.ctx, w.ann.ID, s.ID))
		}); err != nil {
			t.Fatal(err)
		}
		if list := must[[]identity.Session](t)(w.SessionsOf(w.ctx, w.ann.ID)); len(list) != 1 || !list[0].LastSeenAt.Equal(later) || !list[0].ExpiresAt.Equal(later.Add(time.Hour)) {
			t.Errorf("sessions %+v", list)
		}
		if list := must[[]identity.APIToken](t)(w.APITokensOf(w.ctx, w.ann.ID)); len(list) != 1 || !list[0].LastUsedAt.Equal(later) {
			t.Errorf("tokens %+v", list)
		}
		if err := w.identity(func(tx identity.Tx) error { return tx.DeleteSession(w.ctx, w.ben.ID, s.ID) }); !fault.Is(err, "session_not_found") {
			t.Errorf("the session of another: %v", err)
		}
		if err := w.identity(func(tx identity.Tx) error { return tx.DeleteAPIToken(w.ctx, w.ben.ID, k.ID) }); !fault.Is(err, "token_not_found") {
			t.Errorf("the token of another: %v", err)
		}
		n := 0
		if err := w.identity(func(tx identity.Tx) (err error) {
			n, err = tx.DeleteExpired(w.ctx, now.Add(100*time.Hour), 10)
			return err
		}); err != nil || n != 2 {
			t.Errorf("%d expired: %v", n, err)
		}
		if _, err := w.SessionByHash(w.ctx, hash(1)); !fault.Is(err, "session_not_found") {
			t.Error(err)
		}
	})
}

func TestStanding(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		now := w.clock.now()
		s := forum.Sanction{Member: ref(w.ben), FandomID: w.fandom.ID, Kind: forum.Mute, Reason: "r", By: ref(w.ann), CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
		w.update(func(tx forum.Tx) error {
			return errors.Join(tx.SetModerator(w.ctx, w.fandom.ID, w.ben.ID, true), tx.InsertSanction(w.ctx, &s))
		})
		st := must[identity.Standing](t)(w.Standing(w.ctx, w.ben.ID, now))
		if len(st.Moderates) != 1 || len(st.Sanctions) != 1 || st.Sanctions[0].Reason != "r" || st.Sanctions[0].Kind != forum.Mute || !st.Sanctions[0].ExpiresAt.Equal(s.ExpiresAt) {
			t.Errorf("standing %+v", st)
		}
		if st := must[identity.Standing](t)(w.Standing(w.ctx, w.ben.ID, now.Add(time.Hour))); len(st.Sanctions) != 0 {
			t.Errorf("an hour later %+v", st)
		}
	})
}

func TestTickets(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		k := identity.Ticket{Kind: identity.TicketReset, MemberID: w.ann.ID, Email: "ann@example.com", ExpiresAt: w.clock.now()}
		if err := w.identity(func(tx identity.Tx) error {
			return errors.Join(tx.PutTicket(w.ctx, k, hash(1)), tx.PutTicket(w.ctx, k, hash(2)))
		}); err != nil {
			t.Fatal(err)
		}
		take := func(kind string, h identity.Hash) (got identity.Ticket, err error) {
			err = w.identity(func(tx identity.Tx) error { got, err = tx.TakeTicket(w.ctx, kind, h); return err })
			return got, err
		}
		for name, try := range map[string]struct {
			kind string
			hash identity.Hash
		}{"a voided one": {k.Kind, hash(1)}, "another kind": {identity.TicketVerify, hash(2)}} {
			if _, err := take(try.kind, try.hash); !fault.Is(err, "ticket_not_found") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got, err := take(k.Kind, hash(2)); err != nil || got != k {
			t.Errorf("ticket %+v %v", got, err)
		}
		if _, err := take(k.Kind, hash(2)); !fault.Is(err, "ticket_not_found") {
			t.Errorf("a ticket twice: %v", err)
		}
	})
}

// A job is there if and only if the change that asked for it is.
func TestEnqueue(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		boom := errors.New("boom")
		for _, end := range []error{boom, nil} {
			_, err := w.Update(w.ctx, func(tx forum.Tx) (any, error) {
				if err := tx.Enqueue(w.ctx, forum.CardJob{URL: "https://example.com"}); err != nil {
					t.Error(err)
				}
				return nil, end
			})
			if !errors.Is(err, end) {
				t.Error(err)
			}
		}
		if n := w.number(`SELECT count(*) FROM river_job`); n != 1 {
			t.Errorf("%d jobs", n)
		}
	})
}
