package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
)

const sessionColumns = `s.id, s.member_id, s.created_at, s.last_seen_at, s.expires_at, s.user_agent, s.addr`

func sessionInto(s *identity.Session) []any {
	return []any{id(&s.ID), id(&s.MemberID), at(&s.CreatedAt), at(&s.LastSeenAt), at(&s.ExpiresAt), &s.UserAgent, &s.Addr}
}

const tokenColumns = `k.id, k.name, k.scopes, k.created_at, k.last_used_at, k.expires_at`

func tokenInto(t *identity.APIToken, scopes *string) []any {
	return []any{id(&t.ID), &t.Name, scopes, at(&t.CreatedAt), at(&t.LastUsedAt), at(&t.ExpiresAt)}
}

func missing(what string) error {
	return fault.New(fault.NotFound, what+"_not_found", "There is no such "+what+".")
}

// SessionByHash implements [identity.Store].
func (r reader) SessionByHash(ctx context.Context, h identity.Hash) (identity.SessionRow, error) {
	return certain(ctx, func(ctx context.Context) (identity.SessionRow, error) {
		return first(ctx, r.q, missing("session"), func(r rows) (s identity.SessionRow, err error) {
			return s, r.Scan(append(sessionInto(&s.Session), memberInto(&s.Member)...)...)
		}, `SELECT `+sessionColumns+`, `+memberColumns+` FROM sessions s JOIN members m ON m.id = s.member_id WHERE s.hash = $1`, h[:])
	})
}

// APITokenByHash implements [identity.Store].
func (r reader) APITokenByHash(ctx context.Context, h identity.Hash) (identity.APITokenRow, error) {
	return certain(ctx, func(ctx context.Context) (identity.APITokenRow, error) {
		return first(ctx, r.q, missing("token"), func(r rows) (t identity.APITokenRow, err error) {
			var scopes string
			err = r.Scan(append(tokenInto(&t.Token, &scopes), memberInto(&t.Member)...)...)
			t.Token.Scopes = unwords[forum.Scope](scopes)
			return t, err
		}, `SELECT `+tokenColumns+`, `+memberColumns+` FROM api_tokens k JOIN members m ON m.id = k.member_id WHERE k.hash = $1`, h[:])
	})
}

// Standing implements [identity.Store].
func (r reader) Standing(ctx context.Context, member forum.ID, now time.Time) (identity.Standing, error) {
	type line struct {
		moderates bool
		sanction  forum.Sanction
	}
	list, err := collect(asWhoever(ctx), r.q, func(r rows) (l line, err error) {
		s := &l.sanction
		s.Member.ID = member
		return l, r.Scan(&l.moderates, id(&s.ID), id(&s.FandomID), &s.Kind, &s.Reason, id(&s.By.ID), at(&s.CreatedAt), at(&s.ExpiresAt))
	}, `SELECT TRUE, 0, fandom_id, '', '', 0, 0, 0 FROM moderators WHERE member_id = $1
		UNION ALL
		SELECT FALSE, id, fandom_id, kind, reason, by_id, created_at, expires_at FROM sanctions
		WHERE member_id = $1 AND lifted_at = 0 AND (expires_at = 0 OR expires_at > $2) LIMIT $3`, int64(member), micros(now), communityMost)
	var st identity.Standing
	for _, l := range list {
		if l.moderates {
			st.Moderates = append(st.Moderates, l.sanction.FandomID)
		} else {
			st.Sanctions = append(st.Sanctions, l.sanction)
		}
	}
	return st, err
}

func scanAccount(r rows) (a identity.Account, err error) {
	return a, r.Scan(append(memberInto(&a.Member), &a.Password)...)
}

const accountColumns = `SELECT ` + memberColumns + `, m.password FROM members m `

func noMember() error { return forum.NotFound(forum.TargetMember) }

// AccountByHandle implements [identity.Store].
func (r reader) AccountByHandle(ctx context.Context, handle string) (identity.Account, error) {
	return first(ctx, r.q, noMember(), scanAccount, accountColumns+`WHERE m.handle = $1`, handle)
}

// AccountByEmail implements [identity.Store].
func (r reader) AccountByEmail(ctx context.Context, emailKey string) (identity.Account, error) {
	if emailKey == "" {
		return identity.Account{}, noMember()
	}
	return first(ctx, r.q, noMember(), scanAccount, accountColumns+`WHERE m.email_key = $1 ORDER BY m.verified DESC, m.id DESC LIMIT 1`, emailKey)
}

// AccountByID implements [identity.Store].
func (r reader) AccountByID(ctx context.Context, member forum.ID) (identity.Account, error) {
	return first(ctx, r.q, noMember(), scanAccount, accountColumns+`WHERE m.id = $1`, int64(member))
}

// credentialsMost bounds lists that identity bounds more tightly.
const credentialsMost = 1000

// SessionsOf implements [identity.Store].
func (r reader) SessionsOf(ctx context.Context, member forum.ID) ([]identity.Session, error) {
	return collect(ctx, r.q, func(r rows) (s identity.Session, err error) { return s, r.Scan(sessionInto(&s)...) },
		`SELECT `+sessionColumns+` FROM sessions s WHERE s.member_id = $1 ORDER BY s.id DESC LIMIT $2`, int64(member), credentialsMost)
}

// APITokensOf implements [identity.Store].
func (r reader) APITokensOf(ctx context.Context, member forum.ID) ([]identity.APIToken, error) {
	return collect(ctx, r.q, func(r rows) (t identity.APIToken, err error) {
		var scopes string
		err = r.Scan(tokenInto(&t, &scopes)...)
		t.Scopes = unwords[forum.Scope](scopes)
		return t, err
	}, `SELECT `+tokenColumns+` FROM api_tokens k WHERE k.member_id = $1 ORDER BY k.id DESC LIMIT $2`, int64(member), credentialsMost)
}

func nameTaken(err error) error {
	d, ok := errors.AsType[*duplicate](err)
	switch {
	case !ok:
		return err
	case strings.Contains(d.constraint, "handle"):
		return named(err, "handle_taken", "This handle is taken. Choose another one.")
	}
	return named(err, "email_taken", "There is an account with this e-mail address already.")
}

// InsertMember implements [identity.Tx].
func (t *tx) InsertMember(ctx context.Context, m *forum.Member, emailKey, passwordHash string) error {
	m.Version = 1
	err := t.insert(ctx, &m.ID, `INSERT INTO members (handle, name, email, email_key, password, verified, role, avatar_key, locale, time_zone, created_at, bio, bio_html)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id`,
		m.Handle, m.Name, m.Email, emailKey, passwordHash, m.Verified, string(m.Role), m.AvatarKey, m.Locale, m.TimeZone, micros(m.CreatedAt), m.Bio, m.BioHTML)
	if err != nil {
		return nameTaken(err)
	}
	return t.note(ctx, change{op: opIndex, target: forum.Target{Kind: forum.TargetMember, ID: m.ID}})
}

// touch runs a statement that must find its row.
func (t *tx) touch(ctx context.Context, missing error, sql string, args ...any) error {
	n, err := t.q.exec(ctx, sql, args...)
	if err == nil && n == 0 {
		return missing
	}
	return err
}

// SetEmail implements [identity.Tx].
func (t *tx) SetEmail(ctx context.Context, member forum.ID, email, emailKey string, verified bool) error {
	t.q.grant()
	return nameTaken(t.touch(ctx, noMember(), `UPDATE members SET email = $1, email_key = $2, verified = $3, version = version + 1 WHERE id = $4`,
		email, emailKey, verified, int64(member)))
}

// SetPassword implements [identity.Tx].
func (t *tx) SetPassword(ctx context.Context, member forum.ID, old, hash string) error {
	t.q.grant()
	return t.touch(ctx, closed("password_changed", "The password was changed in the meantime."),
		`UPDATE members SET password = $1 WHERE id = $2 AND password = $3`, hash, int64(member), old)
}

// InsertSession implements [identity.Tx].
func (t *tx) InsertSession(ctx context.Context, s *identity.Session, h identity.Hash) error {
	t.q.grant()
	return t.insert(ctx, &s.ID, `INSERT INTO sessions (hash, member_id, created_at, last_seen_at, expires_at, user_agent, addr) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
		h[:], int64(s.MemberID), micros(s.CreatedAt), micros(s.LastSeenAt), micros(s.ExpiresAt), s.UserAgent, s.Addr)
}

// DeleteSession implements [identity.Tx].
func (t *tx) DeleteSession(ctx context.Context, member, session forum.ID) error {
	t.q.grant()
	return t.touch(ctx, missing("session"), `DELETE FROM sessions WHERE member_id = $1 AND id = $2`, int64(member), int64(session))
}

// DeleteSessions implements [identity.Tx].
func (t *tx) DeleteSessions(ctx context.Context, member, except forum.ID) error {
	t.q.grant()
	_, err := t.q.exec(ctx, `DELETE FROM sessions WHERE member_id = $1 AND id <> $2`, int64(member), int64(except))
	return err
}

// InsertAPIToken implements [identity.Tx].
func (t *tx) InsertAPIToken(ctx context.Context, member forum.ID, k *identity.APIToken, h identity.Hash) error {
	t.q.grant()
	return t.insert(ctx, &k.ID, `INSERT INTO api_tokens (hash, member_id, name, scopes, created_at, last_used_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
		h[:], int64(member), k.Name, words(k.Scopes), micros(k.CreatedAt), micros(k.LastUsedAt), micros(k.ExpiresAt))
}

// DeleteAPIToken implements [identity.Tx].
func (t *tx) DeleteAPIToken(ctx context.Context, member, token forum.ID) error {
	t.q.grant()
	return t.touch(ctx, missing("token"), `DELETE FROM api_tokens WHERE member_id = $1 AND id = $2`, int64(member), int64(token))
}

// DeleteAPITokens implements [identity.Tx].
func (t *tx) DeleteAPITokens(ctx context.Context, member forum.ID) error {
	t.q.grant()
	_, err := t.q.exec(ctx, `DELETE FROM api_tokens WHERE member_id = $1`, int64(member))
	return err
}

// MarkSeen implements [identity.Tx].
func (t *tx) MarkSeen(ctx context.Context, list []identity.Seen) error {
	var sessions, tokens [][]any
	for _, s := range list {
		if s.SessionID != 0 {
			sessions = append(sessions, []any{micros(s.At), micros(s.ExpiresAt), int64(s.SessionID)})
		} else {
			tokens = append(tokens, []any{micros(s.At), int64(s.TokenID)})
		}
	}
	if err := t.q.each(ctx, `UPDATE sessions SET last_seen_at = $1, expires_at = $2 WHERE id = $3`, sessions); err != nil {
		return err
	}
	return t.q.each(ctx, `UPDATE api_tokens SET last_used_at = $1 WHERE id = $2`, tokens)
}

// PutTicket implements [identity.Tx].
func (t *tx) PutTicket(ctx context.Context, k identity.Ticket, h identity.Hash) error {
	if err := t.DeleteTickets(ctx, k.Kind, k.MemberID); err != nil {
		return err
	}
	_, err := t.q.exec(ctx, `INSERT INTO tickets (hash, kind, member_id, email, expires_at) VALUES ($1, $2, $3, $4, $5)`,
		h[:], k.Kind, int64(k.MemberID), k.Email, micros(k.ExpiresAt))
	return err
}

// TicketByHash implements [identity.Store].
func (r reader) TicketByHash(ctx context.Context, kind string, h identity.Hash) (identity.Ticket, error) {
	return first(ctx, r.q, missing("ticket"), func(r rows) (k identity.Ticket, err error) {
		return k, r.Scan(&k.Kind, id(&k.MemberID), &k.Email, at(&k.ExpiresAt))
	}, `SELECT kind, member_id, email, expires_at FROM tickets WHERE hash = $1 AND kind = $2`, h[:], kind)
}

// TakeTicket implements [identity.Tx].
func (t *tx) TakeTicket(ctx context.Context, kind string, h identity.Hash) (identity.Ticket, error) {
	return first(ctx, t.q, missing("ticket"), func(r rows) (k identity.Ticket, err error) {
		return k, r.Scan(&k.Kind, id(&k.MemberID), &k.Email, at(&k.ExpiresAt))
	}, `DELETE FROM tickets WHERE hash = $1 AND kind = $2 RETURNING kind, member_id, email, expires_at`, h[:], kind)
}

// DeleteTickets implements [identity.Tx].
func (t *tx) DeleteTickets(ctx context.Context, kind string, member forum.ID) error {
	_, err := t.q.exec(ctx, `DELETE FROM tickets WHERE member_id = $1 AND kind = $2`, int64(member), kind)
	return err
}

// DeleteExpired implements [identity.Tx].
func (t *tx) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	total := 0
	for _, sql := range []string{
		`DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`,
		`DELETE FROM api_tokens WHERE id IN (SELECT id FROM api_tokens WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`,
		`DELETE FROM tickets WHERE hash IN (SELECT hash FROM tickets WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`,
	} {
		n, err := t.q.exec(ctx, sql, micros(now), limit)
		if err != nil {
			return total, err
		}
		total += int(n)
	}
	return total, nil
}
