package app

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/wneessen/go-mail"
)

// message is one plain-text mail.
type message struct{ To, Subject, Text string }

// mailer sends mail; an error means: try again later.
type mailer interface {
	send(ctx context.Context, m message) error
	probe(ctx context.Context) error
}

// folder keeps mail as .eml files instead of sending it; for development and tests.
type folder struct {
	dir  string
	from string
	now  func() time.Time
}

func (f folder) send(_ context.Context, m message) error {
	msg, err := compose(f.from, m)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(f.dir, ".mail-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	if _, err := msg.WriteTo(tmp); err != nil {
		return err
	}
	name := f.now().UTC().Format("20060102T150405.000000000") + ".eml"
	return os.Rename(tmp.Name(), filepath.Join(f.dir, name))
}

func (f folder) probe(context.Context) error { return os.MkdirAll(f.dir, 0o700) }

// smtp sends through a server; the address is smtp://user:password@host:port (STARTTLS where
// offered, required with a password) or smtps:// (TLS from the start).
type smtp struct {
	url  *url.URL
	from string
}

func newSMTP(address, from string) (smtp, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return smtp{}, fmt.Errorf("--smtp: give smtp://user:password@host:port")
	}
	return smtp{u, from}, nil
}

func (s smtp) client() (*mail.Client, error) {
	opts := []mail.Option{mail.WithTimeout(20 * time.Second)}
	password, auth := s.url.User.Password()
	switch {
	case s.url.Scheme == "smtps":
		opts = append(opts, mail.WithSSL())
	case auth:
		opts = append(opts, mail.WithTLSPolicy(mail.TLSMandatory))
	default:
		opts = append(opts, mail.WithTLSPolicy(mail.TLSOpportunistic))
	}
	if port, err := strconv.Atoi(s.url.Port()); err == nil {
		opts = append(opts, mail.WithPort(port))
	}
	if auth {
		opts = append(opts, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.url.User.Username()), mail.WithPassword(password))
	}
	return mail.NewClient(s.url.Hostname(), opts...)
}

func (s smtp) send(ctx context.Context, m message) error {
	msg, err := compose(s.from, m)
	if err != nil {
		return err
	}
	c, err := s.client()
	if err != nil {
		return err
	}
	return c.DialAndSendWithContext(ctx, msg)
}

func (s smtp) probe(ctx context.Context) error {
	c, err := s.client()
	if err != nil {
		return err
	}
	if err := c.DialWithContext(ctx); err != nil {
		return err
	}
	return c.Close()
}

func compose(from string, m message) (*mail.Msg, error) {
	msg := mail.NewMsg()
	if err := msg.From(from); err != nil {
		return nil, fmt.Errorf("--mail-from: %w", err)
	}
	if err := msg.To(m.To); err != nil {
		return nil, err
	}
	msg.Subject(m.Subject)
	msg.SetMessageID()
	msg.SetDate()
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834
	msg.SetBodyString(mail.TypeTextPlain, m.Text)
	return msg, nil
}
