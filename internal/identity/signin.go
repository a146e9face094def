package identity

import (
	"context"
	"log/slog"
	"net/netip"
	"strconv"
	"strings"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

func wrongLogin() error {
	return fault.New(fault.Unauthenticated, "wrong_login", "No account has this name and password. Check both; the password minds capitals.")
}

// SignIn opens a new session for who knows the password of a handle or an e-mail address. A wrong name and a
// wrong password get the same answer after the same time. Members banned from the site may sign in: they
// must be able to read why.
func (s *Service) SignIn(ctx context.Context, login, password string, c Client) (SignedIn, error) {
	from := network(c.Addr)
	if from != "" {
		if err := s.brakes.addr.take(from); err != nil {
			return SignedIn{}, err
		}
	}
	in, err := s.signIn(ctx, login, password, c)
	if from != "" && !fault.Is(err, "wrong_login") {
		s.brakes.addr.forgive(from) // only a wrong guess counts
	}
	return in, err
}

func (s *Service) signIn(ctx context.Context, login, password string, c Client) (SignedIn, error) {
	acc, key, err := s.lookUp(ctx, login)
	if err != nil {
		return SignedIn{}, err
	}
	list, key, err := s.brake(ctx, acc.Member.ID, key, c.Addr)
	if err != nil {
		return SignedIn{}, err
	}
	stored := acc.Password
	if len(password) > maxPasswordBytes {
		stored, password = "", "" // cannot fit, and must not cost more
	}
	ok, outdated, err := s.hasher.verify(ctx, stored, password)
	if err != nil {
		list.forgive(key)
		return SignedIn{}, err
	}
	if !ok {
		return SignedIn{}, wrongLogin()
	}
	renewed := ""
	if outdated {
		// Old parameters are good enough to come in with; when this is no time for a hash, the next one is.
		if renewed, err = s.hasher.hash(ctx, password); err != nil {
			s.o.Logger.WarnContext(ctx, "password hash not renewed", slog.Any("error", err))
			renewed = ""
		}
	}
	in, err := s.open(ctx, acc, renewed, c)
	if err == nil || !fault.Is(err, "wrong_login") {
		list.forget(key)
	}
	return in, err
}

// lookUp finds the account of a login, an empty one when there is none, and the key that its failures are counted under.
func (s *Service) lookUp(ctx context.Context, login string) (acc Account, key string, err error) {
	login = strings.TrimSpace(login)
	if strings.Contains(login, "@") {
		k, ok := emailKey(login)
		if ok {
			key, login = k, k
			acc, err = s.o.Store.AccountByEmail(ctx, k)
		}
	} else if handleLike(login) {
		login = strings.Map(lowerASCII, login)
		acc, err = s.o.Store.AccountByHandle(ctx, login)
	}
	if err := absent(err, nil); err != nil {
		return Account{}, "", err
	}
	if acc.Member.ID != 0 {
		return acc, memberKey(acc.Member.ID), nil
	}
	return Account{}, "login " + login, nil
}

// handleLike keeps from the database what no handle can be.
func handleLike(s string) bool {
	return len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

func memberKey(id forum.ID) string { return "member " + strconv.FormatInt(int64(id), 10) }

// brake counts a try on the account, and says on which list and key. Who comes from where the member is
// signed in is counted apart, so strangers who use up the tries of an account do not stop its owner.
func (s *Service) brake(ctx context.Context, member forum.ID, key string, from netip.Addr) (*brakeList, string, error) {
	limited := s.brakes.account.take(key)
	if limited == nil {
		return s.brakes.account, key, nil
	}
	home := network(from)
	list, err := s.o.Store.SessionsOf(ctx, member) // of nobody as well: it must take as long
	if err != nil {
		return nil, "", err
	}
	for _, one := range list {
		addr, err := netip.ParseAddr(one.Addr)
		if err == nil && home != "" && network(addr) == home {
			key += " " + home
			return s.brakes.known, key, s.brakes.known.take(key)
		}
	}
	return nil, "", limited
}

// open stores a new session for an account whose password has just been verified.
func (s *Service) open(ctx context.Context, acc Account, renewed string, c Client) (SignedIn, error) {
	fresh, token, h, err := s.newSession(c)
	if err != nil {
		return SignedIn{}, err
	}
	var one Session
	var m forum.Member
	_, err = s.o.Store.UpdateIdentity(ctx, func(tx Tx) (any, error) {
		now, err := tx.AccountByID(ctx, acc.Member.ID)
		if err != nil {
			return nil, absent(err, wrongLogin())
		}
		if now.Password != acc.Password { // changed while we were hashing
			return nil, wrongLogin()
		}
		if renewed != "" {
			if err := tx.SetPassword(ctx, acc.Member.ID, acc.Password, renewed); err != nil {
				return nil, err
			}
		}
		one, m = fresh, now.Member
		return m, insertSession(ctx, tx, m.ID, &one, h)
	})
	if err != nil {
		return SignedIn{}, err
	}
	return SignedIn{Token: token, ExpiresAt: one.ExpiresAt, Member: m, SessionID: one.ID}, nil
}
