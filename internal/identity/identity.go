// Package identity says who is acting: passwords, sessions, API tokens, e-mail addresses and the
// first admin. It turns a request into a forum.Actor.
//
// It promises that no secret is stored in clear (passwords are argon2id hashes, tokens SHA-256),
// that password hashing never takes more than its share of the machine, that a stranger learns
// neither from answers nor from their time whether an address has an account, and that what
// a change needs sent by mail is enqueued in the change's own transaction. It never decides what an
// actor may do in the community, never speaks SQL and never sends mail itself.
package identity

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"lightstick/internal/forum"
)

// Lifetimes.
const (
	SessionIdle     = 30 * 24 * time.Hour // a session ends when unused for so long
	SessionMax      = 90 * 24 * time.Hour // or this long after it began
	VerifyFor       = 24 * time.Hour
	ResetFor        = time.Hour
	SetupFor        = 24 * time.Hour
	TokenMax        = 366 * 24 * time.Hour // the longest life of an API token
	seenEvery       = 5 * time.Minute      // how exact LastSeenAt is
	fresh           = 2 * time.Second      // how old a cached actor may be
	maxSessions     = 50                   // of one member; the oldest end first
	maxTokens       = 20                   // of one member
	cachedActors    = 4096
	expireBatchSize = 1000
)

// Client is where a request comes from.
type Client struct {
	Addr      netip.Addr
	UserAgent string
}

// SignUpInput is a new account. An empty Name becomes the handle, an empty Locale the first of the
// forum's, an empty TimeZone UTC.
type SignUpInput struct{ Handle, Name, Email, Password, Locale, TimeZone string }

// SignedIn is a new session. Token goes into the cookie (see [Service.SetCookie]) and nowhere else.
type SignedIn struct {
	Token     string
	ExpiresAt time.Time // if unused until then
	Member    forum.Member
	SessionID forum.ID
}

// Session is one signed-in browser.
type Session struct {
	ID, MemberID                     forum.ID
	CreatedAt, LastSeenAt, ExpiresAt time.Time
	UserAgent, Addr                  string
	Current                          bool // the one that asks; not stored
}

// APIToken lets a program act for a member within its scopes.
type APIToken struct {
	ID                               forum.ID
	Name                             string
	Scopes                           []forum.Scope
	CreatedAt, LastUsedAt, ExpiresAt time.Time // LastUsedAt is zero before the first use
}

// MailJob asks for one mail; rendering and sending are app's. Templates and their Params, besides
// "handle" and "name" of the receiver:
//
//	verify            token: confirm the address To
//	exists            somebody signed up with To, or moved their account to it; it belongs to this receiver
//	reset             token: choose a new password
//	password_changed
//	email_changed     email: the new address; To is the old one
type MailJob struct {
	To       string            `json:"to"`
	Locale   string            `json:"locale"`
	Template string            `json:"template"`
	Params   map[string]string `json:"params"`
}

// Kind names the job in the queue.
func (MailJob) Kind() string { return "mail" }

// ResetJob looks up who asked for a password reset and mails them, after the answer: so known and
// unknown addresses cost the asker the same. Its handler is [Service.DeliverReset].
type ResetJob struct {
	Email string `json:"email"`
}

// Kind names the job in the queue.
func (ResetJob) Kind() string { return "password_reset" }

// Options are what the service needs from the outside.
type Options struct {
	Store  Store
	Forum  *forum.Forum
	Now    func() time.Time // nil: time.Now
	Rand   io.Reader        // nil: crypto/rand
	Logger *slog.Logger     // nil: none
	// Hashers is how many passwords are hashed at once: 0 is one for each core, two for each the most.
	// Each takes 19 MiB and some 30 ms of a core.
	Hashers int
	// HashWait is how long a password may wait for its turn; 0 is 2 s.
	HashWait time.Duration
	// SecureCookies is for https: the cookie gets the __Host- prefix and Secure.
	SecureCookies bool
	// SiteName is refused as a password.
	SiteName string
}

// Service knows who is who. It is safe for concurrent use.
type Service struct {
	o      Options
	common map[string]bool // passwords
	hasher *hasher
	brakes *brakes
	actors *actorCache
	seen   *seenWriter
}

// New makes a Service.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{
		o:      o,
		common: commonPasswords(),
		hasher: newHasher(o.Hashers, o.HashWait, o.Rand),
		brakes: newBrakes(o.Now),
		actors: newActorCache(o.Now, cachedActors),
		seen:   newSeenWriter(o.Store, o.Now, o.Logger),
	}
}

// Close writes what is still to be noted of sessions in use.
func (s *Service) Close(ctx context.Context) error { return s.seen.close(ctx) }

// Hashing is how many passwords are being hashed now and how many wait for their turn.
func (s *Service) Hashing() (running, waiting int) {
	return len(s.hasher.slots), int(s.hasher.waiting.Load())
}

// Expire removes what has expired. Run it now and then.
func (s *Service) Expire(ctx context.Context) error {
	for {
		n, err := s.o.Store.UpdateIdentity(ctx, func(tx Tx) (any, error) {
			return tx.DeleteExpired(ctx, s.o.Now(), expireBatchSize)
		})
		if err != nil {
			return err
		}
		if n, _ := n.(int); n < expireBatchSize {
			return nil
		}
	}
}
