package identity

import (
	"context"
	"time"

	"lightstick/internal/forum"
)

// Hash is the SHA-256 of a secret token; the token itself is never stored.
type Hash [32]byte

// Ticket kinds: what a mailed or printed link may do once.
const (
	TicketVerify = "verify" // confirm an e-mail address
	TicketReset  = "reset"  // choose a new password
	TicketSetup  = "setup"  // make the first admin
)

// Ticket is a secret that works once, for one purpose, for a short time.
type Ticket struct {
	Kind      string
	MemberID  forum.ID // 0 for TicketSetup
	Email     string   // the address it was mailed to, as given; it is worthless for any other
	ExpiresAt time.Time
}

// Account is a member with the password hash (PHC string).
type Account struct {
	Member   forum.Member
	Password string
}

// SessionRow is a session with its member.
type SessionRow struct {
	Session Session
	Member  forum.Member
}

// APITokenRow is an API token with its member.
type APITokenRow struct {
	Token  APIToken
	Member forum.Member
}

// Standing is what a member may do beyond being a member, and what stops them.
type Standing struct {
	Moderates []forum.ID
	Sanctions []forum.Sanction // in force; only Kind, FandomID, Reason, the times and ids must be filled
}

// Seen notes that a session or API token was used.
type Seen struct {
	SessionID, TokenID forum.ID // one of them
	At                 time.Time
	ExpiresAt          time.Time // of a session: when it ends now; of a token: ignored
}

// Store keeps credentials. Package store implements it beside forum.Store, with the same types
// where method names are the same.
//
// Missing rows are fault NotFound; those that have expired are returned all the same, because
// the caller owns the clock. Times keep at least milliseconds. E-mail keys are folded by
// this package and compared byte by byte.
type Store interface {
	// SessionByHash and APITokenByHash take one query each (a join).
	SessionByHash(ctx context.Context, h Hash) (SessionRow, error)
	APITokenByHash(ctx context.Context, h Hash) (APITokenRow, error)
	// Standing takes one query.
	Standing(ctx context.Context, member forum.ID, now time.Time) (Standing, error)
	// AccountByHandle finds a member by the folded handle.
	AccountByHandle(ctx context.Context, handle string) (Account, error)
	// AccountByEmail finds the member who has confirmed the address or, when nobody has, the
	// newest who claims it.
	AccountByEmail(ctx context.Context, emailKey string) (Account, error)
	AccountByID(ctx context.Context, member forum.ID) (Account, error)
	// SessionsOf and APITokensOf list newest first, expired ones too.
	SessionsOf(ctx context.Context, member forum.ID) ([]Session, error)
	APITokensOf(ctx context.Context, member forum.ID) ([]APIToken, error)
	// TicketByHash looks at a ticket without taking it; NotFound "ticket_not_found".
	TicketByHash(ctx context.Context, kind string, h Hash) (Ticket, error)
	// UpdateIdentity runs change in one transaction, like forum.Store's Update, the context's forum.Once included.
	UpdateIdentity(ctx context.Context, change func(Tx) (any, error)) (any, error)
}

// Tx is a transaction. Its reads see its own writes.
type Tx interface {
	AccountByEmail(ctx context.Context, emailKey string) (Account, error)
	AccountByID(ctx context.Context, member forum.ID) (Account, error)
	SessionsOf(ctx context.Context, member forum.ID) ([]Session, error)
	APITokensOf(ctx context.Context, member forum.ID) ([]APIToken, error)
	CountAdmins(ctx context.Context) (int, error)

	// InsertMember stores every field of m and fills in ID and Version. A handle taken is fault Conflict "handle_taken".
	// An e-mail key is unique only among verified members: "email_taken".
	InsertMember(ctx context.Context, m *forum.Member, emailKey, passwordHash string) error
	// SetEmail changes address and key and whether it is confirmed, and raises the member's Version. It fails with "email_taken" like InsertMember.
	SetEmail(ctx context.Context, member forum.ID, email, emailKey string, verified bool) error
	// SetPassword replaces the hash where it is still old, else fault Conflict "password_changed".
	SetPassword(ctx context.Context, member forum.ID, old, hash string) error

	// InsertSession fills in the ID.
	InsertSession(ctx context.Context, s *Session, h Hash) error
	// DeleteSession ends a session of the member; NotFound "session_not_found".
	DeleteSession(ctx context.Context, member, session forum.ID) error
	// DeleteSessions ends all sessions of the member but one (0: all).
	DeleteSessions(ctx context.Context, member, except forum.ID) error
	// InsertAPIToken fills in the ID.
	InsertAPIToken(ctx context.Context, member forum.ID, t *APIToken, h Hash) error
	// DeleteAPIToken revokes a token of the member; NotFound "token_not_found".
	DeleteAPIToken(ctx context.Context, member, token forum.ID) error
	DeleteAPITokens(ctx context.Context, member forum.ID) error
	// MarkSeen sets when sessions and tokens were last used; those that are gone are passed over.
	MarkSeen(ctx context.Context, list []Seen) error

	// PutTicket stores a ticket and voids the member's earlier ones of its kind.
	PutTicket(ctx context.Context, t Ticket, h Hash) error
	// TakeTicket deletes a ticket and returns it, to exactly one caller; NotFound "ticket_not_found".
	TakeTicket(ctx context.Context, kind string, h Hash) (Ticket, error)
	// DeleteTickets voids the member's tickets of a kind.
	DeleteTickets(ctx context.Context, kind string, member forum.ID) error
	// DeleteExpired removes sessions, API tokens and tickets that ended before now, a bounded number of
	// each, and says how many in all.
	DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error)

	Enqueue(ctx context.Context, j forum.Job) error
}
