package api

import (
	"context"
	"net/http"
	"time"

	"lightstick/internal/edge"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
)

// Accounts is what the API needs of package identity.
type Accounts interface {
	SignUp(ctx context.Context, in identity.SignUpInput, c identity.Client) (identity.SignedIn, error)
	SignIn(ctx context.Context, login, password string, c identity.Client) (identity.SignedIn, error)
	SignOut(ctx context.Context, a *forum.Actor) error
	SetCookie(w http.ResponseWriter, in identity.SignedIn)
	ClearCookie(w http.ResponseWriter)
	Forget(member forum.ID)

	Sessions(ctx context.Context, a *forum.Actor) ([]identity.Session, error)
	EndSession(ctx context.Context, a *forum.Actor, id forum.ID) error
	EndOtherSessions(ctx context.Context, a *forum.Actor) error

	SendVerification(ctx context.Context, a *forum.Actor) error
	VerifyEmail(ctx context.Context, token string) (forum.Member, error)
	RequestReset(ctx context.Context, email string, c identity.Client) error
	ResetPassword(ctx context.Context, token, password string) error
	ChangePassword(ctx context.Context, a *forum.Actor, old, password string) error
	ChangeEmail(ctx context.Context, a *forum.Actor, password, email string) error

	CreateToken(ctx context.Context, a *forum.Actor, name string, scopes []forum.Scope, ttl time.Duration) (identity.APIToken, string, error)
	Tokens(ctx context.Context, a *forum.Actor) ([]identity.APIToken, error)
	RevokeToken(ctx context.Context, a *forum.Actor, id forum.ID) error
}

// Account is a new account.
type Account struct {
	Member   Member `json:"member"`
	Verified bool   `json:"verified" doc:"Whether the e-mail address is confirmed; a mail with the way to do it is on its way."`
}

// Session is one signed-in browser.
type Session struct {
	ID         forum.ID  `json:"id"`
	CreatedAt  time.Time `json:"created_at"`
	LastSeenAt time.Time `json:"last_seen_at" doc:"Exact to some minutes."`
	ExpiresAt  time.Time `json:"expires_at" doc:"When it ends unless it is used."`
	UserAgent  string    `json:"user_agent"`
	Address    string    `json:"address"`
	Current    bool      `json:"current" doc:"The one that asks."`
}

func session(s identity.Session) Session {
	return Session{ID: s.ID, CreatedAt: s.CreatedAt.UTC(), LastSeenAt: s.LastSeenAt.UTC(), ExpiresAt: s.ExpiresAt.UTC(), UserAgent: s.UserAgent, Address: s.Addr, Current: s.Current}
}

// NewSession is a session that was opened. Its secret is in the cookie only.
type NewSession struct {
	ID        forum.ID  `json:"id"`
	ExpiresAt time.Time `json:"expires_at" doc:"When it ends unless it is used."`
	Member    Member    `json:"member"`
}

// Token lets a program act for a member within its scopes.
type Token struct {
	ID         forum.ID   `json:"id"`
	Name       string     `json:"name" example:"My bot"`
	Scopes     []string   `json:"scopes" enum:"read,write,account,moderate"`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty" doc:"Exact to some minutes; absent before the first use."`
	ExpiresAt  time.Time  `json:"expires_at"`
}

func token(t identity.APIToken) Token {
	return Token{ID: t.ID, Name: t.Name, Scopes: each(t.Scopes, func(s forum.Scope) string { return string(s) }),
		CreatedAt: t.CreatedAt.UTC(), LastUsedAt: at(t.LastUsedAt), ExpiresAt: t.ExpiresAt.UTC()}
}

// NewToken is a token that was made, with its secret.
type NewToken struct {
	Token
	Secret string `json:"secret,omitempty" doc:"For the Authorization header. It is shown this once: only its hash is kept, so a repetition with the same Idempotency-Key has the token without it."`
}

func client(ctx context.Context) identity.Client {
	return identity.Client{Addr: edge.ClientIP(ctx), UserAgent: callOf(ctx).r.UserAgent()}
}

// withPassword is for operations that hash a password.
func withPassword() []edge.Option { return []edge.Option{edge.Through(edge.Passwords)} }

func (a *API) accounts() {
	const tag = "Accounts"
	post(a, op{id: "create_account", path: "/accounts", tag: tag, opts: withPassword(),
		summary: "Sign up", about: "Makes an account, mails a link to confirm the address, and sets a session cookie. A repetition with the same key sets no cookie: sign in instead."}, a.signUp, a.showAccount)
	post(a, op{id: "send_verification", path: "/verifications", tag: tag, scope: forum.ScopeAccount,
		summary: "Mail the link to confirm your address again"},
		func(ctx context.Context, _ *struct{}) (None, error) {
			return None{}, a.Accounts.SendVerification(ctx, a.Actor(ctx))
		}, nothing)
	change(a, http.MethodPut, op{id: "verify_email", path: "/verifications/current", tag: tag,
		summary: "Confirm an e-mail address", about: "With the token from the mail; it works once."},
		func(ctx context.Context, in *struct{ Body VerifyInput }) (reply[None], error) {
			_, err := a.Accounts.VerifyEmail(ctx, in.Body.Token)
			return reply[None]{}, err
		})
	post(a, op{id: "request_password_reset", path: "/password-resets", tag: tag,
		summary: "Ask for a mail to choose a new password", about: "The answer does not tell whether there is such an account."},
		func(ctx context.Context, in *struct{ Body ResetInput }) (None, error) {
			return None{}, a.Accounts.RequestReset(ctx, in.Body.Email, client(ctx))
		}, nothing)
	change(a, http.MethodPut, op{id: "reset_password", path: "/password-resets/current", tag: tag, opts: withPassword(),
		summary: "Choose a new password", about: "With the token from the mail; it works once. All sessions and tokens of the account end."},
		func(ctx context.Context, in *struct{ Body NewPassword }) (reply[None], error) {
			return reply[None]{}, a.Accounts.ResetPassword(ctx, in.Body.Token, in.Body.Password)
		})
	change(a, http.MethodPut, op{id: "put_password", path: "/members/me/password", tag: tag, opts: withPassword(), scope: forum.ScopeAccount,
		summary: "Change your password"},
		func(ctx context.Context, in *struct{ Body PasswordChange }) (reply[None], error) {
			return reply[None]{}, a.Accounts.ChangePassword(ctx, a.Actor(ctx), in.Body.Current, in.Body.Password)
		})
	change(a, http.MethodPut, op{id: "put_email", path: "/members/me/email", tag: tag, opts: withPassword(), scope: forum.ScopeAccount,
		summary: "Change your e-mail address"},
		func(ctx context.Context, in *struct{ Body EmailChange }) (reply[None], error) {
			return reply[None]{}, a.Accounts.ChangeEmail(ctx, a.Actor(ctx), in.Body.Password, in.Body.Email)
		})
	a.sessions()
	a.tokens()
}

// SignUp is what makes an account.
type SignUp struct {
	Handle   string `json:"handle" doc:"3 to 20 of a-z, 0-9 and _; unique." example:"mina_k"`
	Name     string `json:"name,omitempty" doc:"Shown name; the handle when left out."`
	Email    string `json:"email" example:"mina@fans.example"`
	Password string `json:"password" format:"password"`
	Locale   string `json:"locale,omitempty" doc:"Language of the pages." example:"ko"`
	TimeZone string `json:"time_zone,omitempty" doc:"IANA name." example:"Asia/Seoul"`
}

// VerifyInput is the token of a mail.
type VerifyInput struct {
	Token string `json:"token"`
}

// ResetInput is who asks for a new password.
type ResetInput struct {
	Email string `json:"email" example:"mina@fans.example"`
}

// NewPassword is a new password with the token of a mail.
type NewPassword struct {
	Token    string `json:"token"`
	Password string `json:"password" format:"password"`
}

// PasswordChange is a new password with the old one.
type PasswordChange struct {
	Current  string `json:"current" format:"password" doc:"The password until now."`
	Password string `json:"password" format:"password" doc:"The new one."`
}

// EmailChange is a new address with the password.
type EmailChange struct {
	Email    string `json:"email" example:"mina@fans.example"`
	Password string `json:"password" format:"password" doc:"Yours, to be sure that it is you."`
}

// joined is a new account with its first session; only the account is ever stored as an answer.
type joined struct{ identity.SignedIn }

func (j *joined) restore(stored any) (ok bool) {
	j.Member, ok = stored.(forum.Member)
	return ok
}

func (a *API) signUp(ctx context.Context, in *struct{ Body SignUp }) (joined, error) {
	b := in.Body
	s, err := a.Accounts.SignUp(ctx, identity.SignUpInput{Handle: b.Handle, Name: b.Name, Email: b.Email, Password: b.Password, Locale: b.Locale, TimeZone: b.TimeZone}, client(ctx))
	return joined{s}, err
}

func (a *API) showAccount(j joined) reply[Account] {
	return reply[Account]{body: Account{Member: a.member(j.Member), Verified: j.Member.Verified}, finish: a.cookie(j.SignedIn)}
}

// cookie signs the browser in.
func (a *API) cookie(s identity.SignedIn) func(http.ResponseWriter) {
	if s.Token == "" {
		return nil
	}
	return func(w http.ResponseWriter) { a.Accounts.SetCookie(w, s) }
}

func (a *API) sessions() {
	const tag = "Sessions"
	post(a, op{id: "create_session", path: "/sessions", tag: tag, opts: withPassword(), errors: []int{401},
		summary: "Sign in", about: "Sets a session cookie, for scripts of this site; programs use a token. The secret of a session is never kept, so a repetition with the same key signs in once more."}, a.signIn, a.showNewSession)
	get(a, op{id: "list_sessions", path: "/sessions", tag: tag, policy: edge.Personal, scope: forum.ScopeAccount,
		summary: "List your sessions", about: "Newest first."},
		func(ctx context.Context, _ *struct{}) (reply[List[Session]], error) {
			list, err := a.Accounts.Sessions(ctx, a.Actor(ctx))
			return listOf(list, "", session), err
		})
	change(a, http.MethodDelete, op{id: "delete_current_session", path: "/sessions/current", tag: tag, errors: []int{409},
		summary: "Sign out"}, a.signOut)
	change(a, http.MethodDelete, op{id: "delete_session", path: "/sessions/{id}", tag: tag, scope: forum.ScopeAccount, errors: []int{404},
		summary: "Sign out somewhere else"},
		func(ctx context.Context, in *ByID) (reply[None], error) {
			return reply[None]{}, a.Accounts.EndSession(ctx, a.Actor(ctx), in.ID)
		})
	change(a, http.MethodDelete, op{id: "delete_other_sessions", path: "/sessions", tag: tag, scope: forum.ScopeAccount,
		summary: "Sign out everywhere else"},
		func(ctx context.Context, _ *struct{}) (reply[None], error) {
			return reply[None]{}, a.Accounts.EndOtherSessions(ctx, a.Actor(ctx))
		})
}

// SignIn is who somebody says they are.
type SignIn struct {
	Login    string `json:"login" doc:"Handle or e-mail address." example:"mina_k"`
	Password string `json:"password" format:"password"`
}

func (a *API) signIn(ctx context.Context, in *struct{ Body SignIn }) (identity.SignedIn, error) {
	callOf(ctx).once = nil // a kept answer would lack the cookie, and so be worthless
	return a.Accounts.SignIn(forum.WithOnce(ctx, nil), in.Body.Login, in.Body.Password, client(ctx))
}

func (a *API) showNewSession(s identity.SignedIn) reply[NewSession] {
	return reply[NewSession]{body: NewSession{ID: s.SessionID, ExpiresAt: s.ExpiresAt.UTC(), Member: a.member(s.Member)}, finish: a.cookie(s)}
}

// signOut works for those who are signed out already.
func (a *API) signOut(ctx context.Context, _ *struct{}) (reply[None], error) {
	if actor := a.Actor(ctx); !actor.Guest() {
		if err := a.Accounts.SignOut(ctx, actor); err != nil {
			return reply[None]{}, err
		}
	}
	return reply[None]{finish: a.Accounts.ClearCookie}, nil
}

func (a *API) tokens() {
	const tag = "Tokens"
	get(a, op{id: "list_tokens", path: "/tokens", tag: tag, policy: edge.Personal, scope: forum.ScopeAccount,
		summary: "List your tokens", about: "Newest first, without their secrets."},
		func(ctx context.Context, _ *struct{}) (reply[List[Token]], error) {
			list, err := a.Accounts.Tokens(ctx, a.Actor(ctx))
			return listOf(list, "", token), err
		})
	post(a, op{id: "create_token", path: "/tokens", tag: tag, scope: forum.ScopeAccount,
		summary: "Make a token", about: "For a program that acts for you, within its scopes: read reads what you can read; write posts, comments, reacts, reports and uploads; account changes settings, sessions and tokens; moderate acts as staff where you are. None includes another."}, a.createToken, showNewToken)
	change(a, http.MethodDelete, op{id: "delete_token", path: "/tokens/{id}", tag: tag, scope: forum.ScopeAccount, errors: []int{404},
		summary: "Revoke a token"},
		func(ctx context.Context, in *ByID) (reply[None], error) {
			return reply[None]{}, a.Accounts.RevokeToken(ctx, a.Actor(ctx), in.ID)
		})
}

// TokenInput is what makes a token.
type TokenInput struct {
	Name   string   `json:"name" doc:"For you to know it by; at most 40 characters." example:"My bot"`
	Scopes []string `json:"scopes" enum:"read,write,account,moderate" doc:"At least one." example:"[\"read\",\"write\"]"`
	Days   int      `json:"days,omitempty" minimum:"1" maximum:"366" doc:"How long it works; 90 when left out."`
}

const defaultDays = 90

type madeToken struct {
	token  identity.APIToken
	secret string
}

func (t *madeToken) restore(stored any) (ok bool) {
	t.token, ok = stored.(identity.APIToken)
	return ok
}

func (a *API) createToken(ctx context.Context, in *struct{ Body TokenInput }) (madeToken, error) {
	scopes := each(in.Body.Scopes, func(s string) forum.Scope { return forum.Scope(s) })
	days := in.Body.Days
	if days == 0 {
		days = defaultDays
	}
	t, secret, err := a.Accounts.CreateToken(ctx, a.Actor(ctx), in.Body.Name, scopes, time.Duration(days)*24*time.Hour)
	return madeToken{t, secret}, rename(err, "expires", "days")
}

func showNewToken(t madeToken) reply[NewToken] {
	return reply[NewToken]{body: NewToken{Token: token(t.token), Secret: t.secret}}
}
