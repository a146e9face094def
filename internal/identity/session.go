package identity

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

type actorKey struct{}

// WithActor puts who acts into the context.
func WithActor(ctx context.Context, a *forum.Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom is who acts; never nil, a guest when nobody was put there.
func ActorFrom(ctx context.Context) *forum.Actor {
	if a, _ := ctx.Value(actorKey{}).(*forum.Actor); a != nil {
		return a
	}
	return &forum.Actor{}
}

func sessionOver() error {
	return fault.New(fault.Unauthenticated, "session_over", "Your session is over. Sign in again.")
}

func tokenInvalid() error {
	return fault.New(fault.Unauthenticated, "token_invalid", "This API token is unknown, expired or revoked.")
}

// Authenticate is the actor of a session token, fault "session_over" (401) when there is none. It costs at
// most two queries, and none when the token was seen in the last two seconds. The actor is the caller's
// own copy, but its slices are shared: do not change them.
func (s *Service) Authenticate(ctx context.Context, token string) (*forum.Actor, error) {
	h, ok := parseSecret("", token)
	if !ok {
		return nil, sessionOver()
	}
	cached, gen := s.actors.get(h)
	if cached != nil {
		return cached, nil
	}
	row, err := s.o.Store.SessionByHash(ctx, h)
	if err != nil {
		return nil, absent(err, sessionOver())
	}
	now := s.o.Now()
	if !row.Session.alive(now) {
		return nil, sessionOver()
	}
	a := &forum.Actor{Member: row.Member, SessionID: row.Session.ID}
	if err := s.stand(ctx, a, now); err != nil {
		return nil, err
	}
	ends := row.Session.ends()
	if now.Sub(row.Session.LastSeenAt) >= seenEvery {
		ends = slide(row.Session.CreatedAt, now)
		s.seen.note(Seen{SessionID: row.Session.ID, At: now, ExpiresAt: ends})
	}
	s.actors.put(h, a, ends, gen)
	return a, nil
}

// AuthenticateBearer is the actor of an API token, fault "token_invalid" (401) when there is none. It costs
// what Authenticate costs.
func (s *Service) AuthenticateBearer(ctx context.Context, token string) (*forum.Actor, error) {
	h, ok := parseSecret(BearerPrefix, token)
	if !ok {
		return nil, tokenInvalid()
	}
	cached, gen := s.actors.get(h)
	if cached != nil {
		return cached, nil
	}
	row, err := s.o.Store.APITokenByHash(ctx, h)
	if err != nil {
		return nil, absent(err, tokenInvalid())
	}
	now := s.o.Now()
	if !now.Before(row.Token.ExpiresAt) {
		return nil, tokenInvalid()
	}
	a := &forum.Actor{Member: row.Member, Scopes: row.Token.Scopes, Token: true}
	if err := s.stand(ctx, a, now); err != nil {
		return nil, err
	}
	if now.Sub(row.Token.LastUsedAt) >= seenEvery {
		s.seen.note(Seen{TokenID: row.Token.ID, At: now})
	}
	s.actors.put(h, a, row.Token.ExpiresAt, gen)
	return a, nil
}

// stand fills in what the member moderates and what stops them.
func (s *Service) stand(ctx context.Context, a *forum.Actor, now time.Time) error {
	st, err := s.o.Store.Standing(ctx, a.ID, now)
	if err != nil {
		return err
	}
	a.Moderates, a.Sanctions = st.Moderates, st.Sanctions
	return nil
}

// Forget drops what this node remembers of a member's sessions and tokens. Call it after their
// settings, role, moderated fandoms or sanctions have changed; other nodes follow within two seconds.
func (s *Service) Forget(member forum.ID) { s.actors.forget(member) }

// Identify says who sends the request, by API token (Authorization: Bearer) or else by cookie. The
// returned context carries the actor, see [ActorFrom]; account is the key for limits by account, ""
// for a guest. A token that does not work is an error (401): a program must learn of it. A cookie
// that does not work makes a guest. When the database cannot say, the error says so.
func (s *Service) Identify(r *http.Request) (ctx context.Context, account string, err error) {
	ctx = r.Context()
	a, err := s.who(ctx, r)
	if err != nil {
		return ctx, "", err
	}
	if a.Guest() {
		return WithActor(ctx, &forum.Actor{}), "", nil
	}
	return WithActor(ctx, a), strconv.FormatInt(int64(a.ID), 10), nil
}

func (s *Service) who(ctx context.Context, r *http.Request) (*forum.Actor, error) {
	if token, ok := bearer(r.Header.Get("Authorization")); ok {
		return s.AuthenticateBearer(ctx, token)
	}
	c, err := r.Cookie(s.CookieName())
	if err != nil {
		return nil, nil
	}
	a, err := s.Authenticate(ctx, c.Value)
	if err != nil && fault.Is(err, "session_over") {
		return nil, nil
	}
	return a, err
}

// bearer is the token of an Authorization header; other schemes (of a gate before the site) are not ours.
func bearer(header string) (token string, ok bool) {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	return strings.TrimLeft(token, " "), true
}

// CookieName is the name of the session cookie. With the __Host- prefix a browser takes it over https only,
// for this host alone, and no sister site can plant one.
func (s *Service) CookieName() string {
	if s.o.SecureCookies {
		return "__Host-ls_session"
	}
	return "ls_session"
}

// SetCookie hands the session to the browser. The cookie outlives the sliding end of the session, which the
// server alone keeps; so it need not be sent again.
func (s *Service) SetCookie(w http.ResponseWriter, in SignedIn) {
	http.SetCookie(w, s.cookie(in.Token, int(SessionMax/time.Second)))
}

// ClearCookie takes the session from the browser.
func (s *Service) ClearCookie(w http.ResponseWriter) { http.SetCookie(w, s.cookie("", -1)) }

func (s *Service) cookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{Name: s.CookieName(), Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: s.o.SecureCookies, SameSite: http.SameSiteLaxMode}
}

// Sessions lists where the actor is signed in, newest first.
func (s *Service) Sessions(ctx context.Context, a *forum.Actor) ([]Session, error) {
	if err := a.Require(forum.ScopeAccount); err != nil {
		return nil, err
	}
	all, err := s.o.Store.SessionsOf(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	now := s.o.Now()
	list := make([]Session, 0, len(all))
	for _, one := range all {
		if one.alive(now) {
			one.Current = one.ID == a.SessionID
			list = append(list, one)
		}
	}
	return list, nil
}

// SignOut ends the session that the actor acts through. For a guest there is nothing to do.
func (s *Service) SignOut(ctx context.Context, a *forum.Actor) error {
	if a.Guest() {
		return nil
	}
	if a.Token {
		return fault.New(fault.Conflict, "no_session", "An API token has no session to end; revoke the token instead.")
	}
	err := s.EndSession(ctx, a, a.SessionID)
	if fault.Is(err, "session_not_found") { // ended from elsewhere a moment ago
		return nil
	}
	return err
}

// EndSession signs the actor out of one session of theirs.
func (s *Service) EndSession(ctx context.Context, a *forum.Actor, id forum.ID) error {
	return s.changeOwn(ctx, a, func(tx Tx) (any, error) { return nil, tx.DeleteSession(ctx, a.ID, id) })
}

// EndOtherSessions signs the actor out everywhere but here.
func (s *Service) EndOtherSessions(ctx context.Context, a *forum.Actor) error {
	return s.changeOwn(ctx, a, func(tx Tx) (any, error) { return nil, tx.DeleteSessions(ctx, a.ID, a.SessionID) })
}

// changeOwn runs a change of the actor's own credentials.
func (s *Service) changeOwn(ctx context.Context, a *forum.Actor, change func(Tx) (any, error)) error {
	if err := a.Require(forum.ScopeAccount); err != nil {
		return err
	}
	_, err := s.o.Store.UpdateIdentity(ctx, change)
	if err == nil {
		s.Forget(a.ID)
	}
	return err
}

// newSession makes a session and its token; neither is stored yet.
func (s *Service) newSession(c Client) (one Session, token string, h Hash, err error) {
	token, h, err = s.newSecret("")
	now := s.o.Now()
	one = Session{CreatedAt: now, LastSeenAt: now, ExpiresAt: slide(now, now), UserAgent: agent(c.UserAgent)}
	if c.Addr.IsValid() {
		one.Addr = c.Addr.Unmap().WithZone("").String()
	}
	return one, token, h, err
}

// insertSession stores a session of the member and ends the oldest when there are too many.
func insertSession(ctx context.Context, tx Tx, member forum.ID, one *Session, h Hash) error {
	list, err := tx.SessionsOf(ctx, member)
	if err != nil {
		return err
	}
	for i := maxSessions - 1; i < len(list); i++ {
		if err := tx.DeleteSession(ctx, member, list[i].ID); err != nil {
			return err
		}
	}
	one.MemberID = member
	return tx.InsertSession(ctx, one, h)
}

// slide is the end of a session last used now.
func slide(created, now time.Time) time.Time {
	idle, most := now.Add(SessionIdle), created.Add(SessionMax)
	if most.Before(idle) {
		return most
	}
	return idle
}

// ends is when the session is over, whatever a row says.
func (o Session) ends() time.Time {
	if most := o.CreatedAt.Add(SessionMax); most.Before(o.ExpiresAt) {
		return most
	}
	return o.ExpiresAt
}

func (o Session) alive(now time.Time) bool { return now.Before(o.ends()) }

// agent makes what a browser says of itself fit to store and to show.
func agent(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s[:min(len(s), 1000)])
	for len(s) > 200 {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}

// absent answers instead when err says that a row is missing.
func absent(err, instead error) error {
	if fault.KindOf(err) == fault.NotFound {
		return instead
	}
	return err
}
