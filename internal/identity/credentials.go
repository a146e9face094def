package identity

import (
	"context"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// askToVerify mails a link that confirms an address for the member. When another member has confirmed it, they
// are told instead; what the asker sees and how long it takes is the same, down to a ticket that nobody gets.
func (s *Service) askToVerify(ctx context.Context, tx Tx, m forum.Member, email, key string) error {
	token, h, err := s.newSecret("")
	if err != nil {
		return err
	}
	owner, err := tx.AccountByEmail(ctx, key)
	if err := absent(err, nil); err != nil {
		return err
	}
	if err := tx.PutTicket(ctx, Ticket{Kind: TicketVerify, MemberID: m.ID, Email: email, ExpiresAt: s.o.Now().Add(VerifyFor)}, h); err != nil {
		return err
	}
	if owner.Member.Verified && owner.Member.ID != m.ID {
		return mailTo(ctx, tx, owner.Member, owner.Member.Email, "exists")
	}
	return mailTo(ctx, tx, m, email, "verify", "token", token)
}

// SendVerification mails the link again that confirms the actor's address. The link before stops working.
func (s *Service) SendVerification(ctx context.Context, a *forum.Actor) error {
	if err := a.Require(forum.ScopeAccount); err != nil {
		return err
	}
	acc, err := s.o.Store.AccountByID(ctx, a.ID)
	if err != nil {
		return err
	}
	if acc.Member.Verified {
		return fault.New(fault.Conflict, "already_verified", "Your address is confirmed already.")
	}
	key, _ := emailKey(acc.Member.Email)
	if err := s.brakes.mail.take(key); err != nil {
		return err
	}
	return s.changeOwn(ctx, a, func(tx Tx) (any, error) {
		return nil, s.askToVerify(ctx, tx, acc.Member, acc.Member.Email, key)
	})
}

// VerifyEmail confirms the address that a link was mailed to; it becomes the member's address if it is not yet.
func (s *Service) VerifyEmail(ctx context.Context, token string) (forum.Member, error) {
	h, _, err := s.ticket(ctx, TicketVerify, token)
	if err != nil {
		return forum.Member{}, err
	}
	var m forum.Member
	_, err = s.o.Store.UpdateIdentity(ctx, func(tx Tx) (any, error) {
		t, err := s.takeTicket(ctx, tx, TicketVerify, h)
		if err != nil {
			return nil, err
		}
		before, err := tx.AccountByID(ctx, t.MemberID)
		if err != nil {
			return nil, absent(err, badTicket())
		}
		if m, err = s.confirm(ctx, tx, before.Member, t.Email); err != nil {
			return nil, err
		}
		return m, s.afterMove(ctx, tx, before.Member, m)
	})
	if fault.Is(err, "email_taken") { // whoever holds the link reads the mail of this address, so they may know
		err = fault.New(fault.Conflict, "email_taken", "Another account of yours has confirmed this address. Sign in with that one.")
	}
	if err != nil {
		return forum.Member{}, err
	}
	s.Forget(m.ID)
	return m, nil
}

// confirm sets the confirmed address and returns the member as they are then.
func (s *Service) confirm(ctx context.Context, tx Tx, m forum.Member, email string) (forum.Member, error) {
	key, ok := emailKey(email)
	if !ok {
		return m, badTicket()
	}
	if err := tx.SetEmail(ctx, m.ID, email, key, true); err != nil {
		return m, err
	}
	acc, err := tx.AccountByID(ctx, m.ID)
	return acc.Member, err
}

// afterMove tells the old address of a new one and voids links that were mailed there.
func (s *Service) afterMove(ctx context.Context, tx Tx, before, now forum.Member) error {
	old, _ := emailKey(before.Email)
	moved, _ := emailKey(now.Email)
	if old == moved {
		return nil
	}
	if err := tx.DeleteTickets(ctx, TicketReset, now.ID); err != nil || !before.Verified {
		return err
	}
	return mailTo(ctx, tx, now, before.Email, "email_changed", "email", now.Email)
}

// RequestReset asks for a link to choose a new password. Answer and time are the same whether or not an account
// has the address: who it is, is looked up later, by [Service.DeliverReset].
func (s *Service) RequestReset(ctx context.Context, email string, c Client) error {
	var bad fault.Fields
	email, key := CheckEmail(&bad, email)
	if err := bad.Err(); err != nil {
		return err
	}
	if err := s.brakes.askedFrom(c.Addr); err != nil {
		return err
	}
	if s.brakes.mail.take(key) != nil {
		return nil // enough mail has gone to this address; the last link still works
	}
	_, err := s.o.Store.UpdateIdentity(ctx, func(tx Tx) (any, error) {
		return nil, tx.Enqueue(ctx, ResetJob{Email: email})
	})
	return err
}

// DeliverReset is the handler of [ResetJob]. The mail goes to the address as its owner gave it, never to
// the one that was typed.
func (s *Service) DeliverReset(ctx context.Context, j ResetJob) error {
	key, ok := emailKey(j.Email)
	if !ok {
		return nil
	}
	acc, err := s.o.Store.AccountByEmail(ctx, key)
	if err != nil {
		return absent(err, nil)
	}
	m := acc.Member
	token, h, err := s.newSecret("")
	if err != nil {
		return err
	}
	_, err = s.o.Store.UpdateIdentity(ctx, func(tx Tx) (any, error) {
		if err := tx.PutTicket(ctx, Ticket{Kind: TicketReset, MemberID: m.ID, Email: m.Email, ExpiresAt: s.o.Now().Add(ResetFor)}, h); err != nil {
			return nil, err
		}
		return nil, mailTo(ctx, tx, m, m.Email, "reset", "token", token)
	})
	return err
}

// ResetPassword sets a new password with a mailed link. It ends all sessions, revokes all API tokens and
// voids all other links: whoever had the account is out. The address is confirmed by the way.
func (s *Service) ResetPassword(ctx context.Context, token, password string) error {
	h, t, err := s.ticket(ctx, TicketReset, token)
	if err != nil {
		return err
	}
	acc, err := s.o.Store.AccountByID(ctx, t.MemberID)
	if err != nil {
		return absent(err, badTicket())
	}
	hash, err := s.newPassword(ctx, acc.Member, password)
	if err != nil {
		return err
	}
	_, err = s.o.Store.UpdateIdentity(ctx, func(tx Tx) (any, error) {
		t, err := s.takeTicket(ctx, tx, TicketReset, h)
		if err != nil {
			return nil, err
		}
		now, err := tx.AccountByID(ctx, t.MemberID)
		if err != nil {
			return nil, absent(err, badTicket())
		}
		return nil, s.reset(ctx, tx, now, t, hash)
	})
	if err != nil {
		return err
	}
	s.Forget(t.MemberID)
	s.brakes.account.forget(memberKey(t.MemberID))
	return nil
}

func (s *Service) reset(ctx context.Context, tx Tx, acc Account, t Ticket, hash string) error {
	m := acc.Member
	key, _ := emailKey(m.Email)
	if sent, ok := emailKey(t.Email); !ok || sent != key {
		return badTicket()
	}
	if err := tx.SetPassword(ctx, m.ID, acc.Password, hash); err != nil {
		return err
	}
	if err := tx.DeleteAPITokens(ctx, m.ID); err != nil {
		return err
	}
	if err := endAccess(ctx, tx, m.ID, 0); err != nil {
		return err
	}
	if !m.Verified {
		owner, err := tx.AccountByEmail(ctx, key)
		if err != nil {
			return err
		}
		if !owner.Member.Verified {
			if m, err = s.confirm(ctx, tx, m, m.Email); err != nil {
				return err
			}
		}
	}
	return mailTo(ctx, tx, m, m.Email, "password_changed")
}

// endAccess ends sessions but one, and voids links that an earlier holder of the account may have asked for.
func endAccess(ctx context.Context, tx Tx, member, except forum.ID) error {
	if err := tx.DeleteSessions(ctx, member, except); err != nil {
		return err
	}
	if err := tx.DeleteTickets(ctx, TicketReset, member); err != nil {
		return err
	}
	return tx.DeleteTickets(ctx, TicketVerify, member)
}

// newPassword checks and hashes a member's new password.
func (s *Service) newPassword(ctx context.Context, m forum.Member, password string) (string, error) {
	var bad fault.Fields
	s.checkPassword(&bad, "password", password, personal(m.Handle, m.Email)...)
	if err := bad.Err(); err != nil {
		return "", err
	}
	return s.hasher.hash(ctx, password)
}

// ChangePassword sets a new password for who knows the old one (field "old"). Their other sessions end.
func (s *Service) ChangePassword(ctx context.Context, a *forum.Actor, old, password string) error {
	acc, err := s.prove(ctx, a, "old", old)
	if err != nil {
		return err
	}
	hash, err := s.newPassword(ctx, acc.Member, password)
	if err != nil {
		return err
	}
	return s.changeOwn(ctx, a, func(tx Tx) (any, error) {
		if err := tx.SetPassword(ctx, a.ID, acc.Password, hash); err != nil {
			return nil, err
		}
		if err := endAccess(ctx, tx, a.ID, a.SessionID); err != nil {
			return nil, err
		}
		return nil, mailTo(ctx, tx, acc.Member, acc.Member.Email, "password_changed")
	})
}

// ChangeEmail mails a link to a new address; once it is followed (see [Service.VerifyEmail]) the address is the
// member's. Until then the old one stays.
func (s *Service) ChangeEmail(ctx context.Context, a *forum.Actor, password, email string) error {
	acc, err := s.prove(ctx, a, "password", password)
	if err != nil {
		return err
	}
	var bad fault.Fields
	email, key := CheckEmail(&bad, email)
	if old, _ := emailKey(acc.Member.Email); key != "" && old == key && acc.Member.Verified {
		bad.Add("email", "email_same", "This is your address already.")
	}
	if err := bad.Err(); err != nil {
		return err
	}
	if err := s.brakes.mail.take(key); err != nil {
		return err
	}
	return s.changeOwn(ctx, a, func(tx Tx) (any, error) {
		return nil, s.askToVerify(ctx, tx, acc.Member, email, key)
	})
}

// prove asks the actor for the password once more; a stolen session does not make a stolen account.
func (s *Service) prove(ctx context.Context, a *forum.Actor, field, password string) (Account, error) {
	if err := a.Require(forum.ScopeAccount); err != nil {
		return Account{}, err
	}
	acc, err := s.o.Store.AccountByID(ctx, a.ID)
	if err != nil {
		return Account{}, err
	}
	key := "proof of " + memberKey(a.ID)
	if err := s.brakes.account.take(key); err != nil {
		return Account{}, err
	}
	ok := false
	if len(password) <= maxPasswordBytes {
		if ok, _, err = s.hasher.verify(ctx, acc.Password, password); err != nil {
			s.brakes.account.forgive(key)
			return Account{}, err
		}
	}
	if !ok {
		return Account{}, fault.Fields{{Name: field, Code: "wrong_password", Message: "This is not your password."}}.Err()
	}
	s.brakes.account.forget(key)
	return acc, nil
}
