package identity

import (
	"context"
	"fmt"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// applicant is a checked SignUpInput.
type applicant struct {
	member        forum.Member
	key, password string // of the e-mail address; PHC
}

// SignUp makes an account and signs it in. An address belongs to whoever confirms it, so one that somebody
// has confirmed already is no error here, which would tell strangers who is a member: the account is made and
// stays unconfirmed, and the owner of the address gets a mail that says so. A handle is public, and one
// that is taken is a field error.
func (s *Service) SignUp(ctx context.Context, in SignUpInput, c Client) (SignedIn, error) {
	if err := s.brakes.askedFrom(c.Addr); err != nil {
		return SignedIn{}, err
	}
	who, err := s.apply(ctx, in)
	if err != nil {
		return SignedIn{}, err
	}
	mailed := s.brakes.mail.take(who.key) == nil
	return s.register(ctx, who, c, func(tx Tx, m forum.Member) error {
		if !mailed { // settings can send it again later
			return nil
		}
		return s.askToVerify(ctx, tx, m, m.Email, who.key)
	})
}

// apply checks the input and hashes the password.
func (s *Service) apply(ctx context.Context, in SignUpInput) (applicant, error) {
	var bad fault.Fields
	m := forum.Member{Role: forum.RoleMember, CreatedAt: s.o.Now()}
	m.Handle = forum.CheckHandle(&bad, in.Handle)
	if len(bad) > 0 {
		m.Handle = ""
	}
	if in.Name == "" {
		m.Name = m.Handle
	} else {
		m.Name = forum.CheckName(&bad, in.Name)
	}
	if in.Locale == "" && len(s.o.Forum.Locales) > 0 {
		in.Locale = s.o.Forum.Locales[0]
	}
	if in.TimeZone == "" {
		in.TimeZone = "UTC"
	}
	m.Locale = s.o.Forum.CheckLocale(&bad, in.Locale)
	m.TimeZone = forum.CheckTimeZone(&bad, in.TimeZone)
	var key string
	m.Email, key = CheckEmail(&bad, in.Email)
	s.checkPassword(&bad, "password", in.Password, personal(m.Handle, m.Email)...)
	if m.Handle != "" {
		switch _, err := s.o.Store.AccountByHandle(ctx, m.Handle); {
		case err == nil:
			bad = append(bad, handleTaken())
		case fault.KindOf(err) != fault.NotFound:
			return applicant{}, err
		}
	}
	if err := bad.Err(); err != nil {
		return applicant{}, err
	}
	password, err := s.hasher.hash(ctx, in.Password)
	return applicant{m, key, password}, err
}

// register stores the member with a first session; more runs in the same transaction.
func (s *Service) register(ctx context.Context, who applicant, c Client, more func(Tx, forum.Member) error) (SignedIn, error) {
	fresh, token, h, err := s.newSession(c)
	if err != nil {
		return SignedIn{}, err
	}
	var one Session
	var m forum.Member
	_, err = s.o.Store.UpdateIdentity(ctx, func(tx Tx) (any, error) {
		one, m = fresh, who.member
		if err := tx.InsertMember(ctx, &m, who.key, who.password); err != nil {
			return nil, err
		}
		if err := insertSession(ctx, tx, m.ID, &one, h); err != nil {
			return nil, err
		}
		return m, more(tx, m)
	})
	switch {
	case fault.Is(err, "handle_taken"):
		return SignedIn{}, fault.Fields{handleTaken()}.Err()
	case fault.Is(err, "email_taken"):
		return SignedIn{}, fault.Fields{{Name: "email", Code: "email_taken", Message: "Another account has this address."}}.Err()
	case err != nil:
		return SignedIn{}, err
	}
	return SignedIn{Token: token, ExpiresAt: one.ExpiresAt, Member: m, SessionID: one.ID}, nil
}

func handleTaken() fault.Field {
	return fault.Field{Name: "handle", Code: "handle_taken", Message: "Somebody has this handle already."}
}

// SetupToken makes the one-time token of the link that makes the first admin; ok is false when there is an
// admin already. A new token voids the one before.
func (s *Service) SetupToken(ctx context.Context) (token string, ok bool, err error) {
	token, h, err := s.newSecret("")
	if err != nil {
		return "", false, err
	}
	_, err = s.o.Store.UpdateIdentity(ctx, func(tx Tx) (any, error) {
		n, err := tx.CountAdmins(ctx)
		if ok = err == nil && n == 0; !ok {
			return nil, err
		}
		return nil, tx.PutTicket(ctx, Ticket{Kind: TicketSetup, ExpiresAt: s.o.Now().Add(SetupFor)}, h)
	})
	if err != nil || !ok {
		return "", false, err
	}
	return token, true, nil
}

// CompleteSetup makes the first admin and signs them in. Who holds the token runs the site, so the address
// counts as confirmed.
func (s *Service) CompleteSetup(ctx context.Context, token string, in SignUpInput, c Client) (SignedIn, error) {
	h, _, err := s.ticket(ctx, TicketSetup, token)
	if err != nil {
		return SignedIn{}, err
	}
	who, err := s.apply(ctx, in)
	if err != nil {
		return SignedIn{}, err
	}
	who.member.Role, who.member.Verified = forum.RoleAdmin, true
	signed, err := s.register(ctx, who, c, func(tx Tx, m forum.Member) error {
		if _, err := s.takeTicket(ctx, tx, TicketSetup, h); err != nil {
			return err
		}
		n, err := tx.CountAdmins(ctx)
		if err == nil && n != 1 {
			err = fault.New(fault.Conflict, "setup_done", "This site has an admin already. Sign in.")
		}
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	s.o.Logger.InfoContext(ctx, "first admin made", "member", int64(signed.Member.ID))
	return signed, nil
}

// ticket looks at a ticket without using it up.
func (s *Service) ticket(ctx context.Context, kind, token string) (Hash, Ticket, error) {
	h, ok := parseSecret("", token)
	if !ok {
		return h, Ticket{}, badTicket()
	}
	t, err := s.o.Store.TicketByHash(ctx, kind, h)
	if err != nil {
		return h, Ticket{}, absent(err, badTicket())
	}
	if !s.o.Now().Before(t.ExpiresAt) {
		return h, Ticket{}, badTicket()
	}
	return h, t, nil
}

// takeTicket uses a ticket up.
func (s *Service) takeTicket(ctx context.Context, tx Tx, kind string, h Hash) (Ticket, error) {
	t, err := tx.TakeTicket(ctx, kind, h)
	if err != nil {
		return Ticket{}, absent(err, badTicket())
	}
	if !s.o.Now().Before(t.ExpiresAt) {
		return Ticket{}, badTicket()
	}
	return t, nil
}

// mailTo enqueues a mail to a member.
func mailTo(ctx context.Context, tx Tx, m forum.Member, address, template string, params ...string) error {
	job := MailJob{To: address, Locale: m.Locale, Template: template, Params: map[string]string{"handle": m.Handle, "name": m.Name}}
	for i := 0; i+1 < len(params); i += 2 {
		job.Params[params[i]] = params[i+1]
	}
	if err := tx.Enqueue(ctx, job); err != nil {
		return fmt.Errorf("enqueue mail %s: %w", template, err)
	}
	return nil
}
