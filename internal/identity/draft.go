package identity

import (
	"context"
	"net/http"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

var errDraft = fault.New(fault.Unavailable, "not_built", "This is being built.")

func (s *Service) SignUp(ctx context.Context, in SignUpInput, c Client) (SignedIn, error) {
	return SignedIn{}, errDraft
}
func (s *Service) SignIn(ctx context.Context, login, password string, c Client) (SignedIn, error) {
	return SignedIn{}, errDraft
}
func (s *Service) SignOut(ctx context.Context, a *forum.Actor) error { return errDraft }
func (s *Service) Authenticate(ctx context.Context, token string) (*forum.Actor, error) {
	return nil, errDraft
}
func (s *Service) AuthenticateBearer(ctx context.Context, token string) (*forum.Actor, error) {
	return nil, errDraft
}
func (s *Service) Identify(r *http.Request) (context.Context, string, error) {
	return nil, "", errDraft
}
func WithActor(ctx context.Context, a *forum.Actor) context.Context { return ctx }
func ActorFrom(ctx context.Context) *forum.Actor                    { return &forum.Actor{} }
func (s *Service) Forget(member forum.ID)                           {}
func (s *Service) Sessions(ctx context.Context, a *forum.Actor) ([]Session, error) {
	return nil, errDraft
}
func (s *Service) EndSession(ctx context.Context, a *forum.Actor, id forum.ID) error { return errDraft }
func (s *Service) EndOtherSessions(ctx context.Context, a *forum.Actor) error        { return errDraft }
func (s *Service) SendVerification(ctx context.Context, a *forum.Actor) error        { return errDraft }
func (s *Service) VerifyEmail(ctx context.Context, token string) (forum.Member, error) {
	return forum.Member{}, errDraft
}
func (s *Service) RequestReset(ctx context.Context, email string, c Client) error  { return errDraft }
func (s *Service) DeliverReset(ctx context.Context, j ResetJob) error              { return errDraft }
func (s *Service) ResetPassword(ctx context.Context, token, password string) error { return errDraft }
func (s *Service) ChangePassword(ctx context.Context, a *forum.Actor, old, password string) error {
	return errDraft
}
func (s *Service) ChangeEmail(ctx context.Context, a *forum.Actor, password, email string) error {
	return errDraft
}
func (s *Service) CreateToken(ctx context.Context, a *forum.Actor, name string, scopes []forum.Scope, ttl time.Duration) (APIToken, string, error) {
	return APIToken{}, "", errDraft
}
func (s *Service) Tokens(ctx context.Context, a *forum.Actor) ([]APIToken, error) {
	return nil, errDraft
}
func (s *Service) RevokeToken(ctx context.Context, a *forum.Actor, id forum.ID) error {
	return errDraft
}
func (s *Service) SetupToken(ctx context.Context) (token string, ok bool, err error) {
	return "", false, errDraft
}
func (s *Service) CompleteSetup(ctx context.Context, token string, in SignUpInput, c Client) (SignedIn, error) {
	return SignedIn{}, errDraft
}
func (s *Service) SetCookie(w http.ResponseWriter, in SignedIn) {}
func (s *Service) ClearCookie(w http.ResponseWriter)            {}
func (s *Service) CookieName() string                           { return "" }
