package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"lightstick/internal/api"
	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
	"lightstick/internal/media"
	"lightstick/internal/store"
)

// Migrate brings the database up to date and says what was done.
func Migrate(ctx context.Context, c Config) (done string, err error) {
	s, err := store.Open(ctx, store.Config{URL: c.Database})
	if err != nil {
		return "", err
	}
	defer s.Close()
	before, err := s.Pending(ctx)
	if err != nil {
		return "", err
	}
	if err := s.Migrate(ctx); err != nil {
		return "", err
	}
	if before == 0 {
		return "The schema is up to date.", nil
	}
	return fmt.Sprintf("Applied %d migrations.", before), nil
}

// SetupLink makes a one-time link for the first admin. An earlier link stops working.
func SetupLink(ctx context.Context, c Config) (link string, err error) {
	a, err := New(ctx, c, Options{Log: io.Discard})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, a.closeWithin(drainFor)) }()
	token, ok, err := a.identity.SetupToken(ctx)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", errors.New("there is an admin already; they can name others, or use 'lightstick admin grant HANDLE'")
	}
	return a.setupURL(token), nil
}

// setupURL is where the token is used.
func (a *App) setupURL(token string) string {
	return a.Config.BaseURL + "/me/en/setup?token=" + token
}

// SetAdmin makes a member an admin or takes it back. Whoever can run this command owns the
// database anyway, so nobody is asked; the audit log shows it as the member's own act.
func SetAdmin(ctx context.Context, c Config, handle string, on bool) (err error) {
	a, err := New(ctx, c, Options{Log: io.Discard})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.closeWithin(drainFor)) }()
	m, err := a.store.MemberByHandle(ctx, handle)
	if err != nil {
		return fmt.Errorf("no member has the handle %q: %w", handle, err)
	}
	role := forum.RoleMember
	if on {
		role = forum.RoleAdmin
	}
	operator := &forum.Actor{Member: m}
	operator.Role = forum.RoleAdmin
	if _, err := a.forum.SetRole(ctx, operator, m.ID, role); err != nil {
		return errors.New(fault.From(err).Message)
	}
	return nil
}

// WriteOpenAPI prints the document of the REST API; it needs no database.
func WriteOpenAPI(w io.Writer) error {
	f := forum.New(forum.Options{})
	a, err := api.New(api.Options{Forum: f, Accounts: identity.New(identity.Options{Forum: f}), Media: media.New(media.Options{}),
		Actor: identity.ActorFrom, Now: time.Now, Version: "v1"})
	if err != nil {
		return err
	}
	_, err = w.Write(a.Document())
	return err
}
