package identity

import (
	"context"
	"slices"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// CreateToken makes an API token that lives for ttl, at most [TokenMax]. The secret is shown now and
// never again: the answer stored for an Idempotency-Key gets the APIToken alone. Who acts through a token
// cannot hand on scopes that it lacks.
func (s *Service) CreateToken(ctx context.Context, a *forum.Actor, name string, scopes []forum.Scope, ttl time.Duration) (APIToken, string, error) {
	if err := a.Require(forum.ScopeAccount); err != nil {
		return APIToken{}, "", err
	}
	made, err := s.draftToken(a, name, scopes, ttl)
	if err != nil {
		return APIToken{}, "", err
	}
	secret, h, err := s.newSecret(BearerPrefix)
	if err != nil {
		return APIToken{}, "", err
	}
	var one APIToken
	_, err = s.o.Store.UpdateIdentity(ctx, func(tx Tx) (any, error) {
		list, err := tx.APITokensOf(ctx, a.ID)
		if err != nil {
			return nil, err
		}
		if len(list) >= maxTokens {
			return nil, fault.New(fault.Conflict, "too_many_tokens", "You have {max} tokens, which is the most. Revoke one first.", "max", maxTokens)
		}
		one = made
		err = tx.InsertAPIToken(ctx, a.ID, &one, h)
		return one, err
	})
	if err != nil {
		return APIToken{}, "", err
	}
	return one, secret, nil
}

// draftToken checks what a token shall be.
func (s *Service) draftToken(a *forum.Actor, name string, scopes []forum.Scope, ttl time.Duration) (APIToken, error) {
	var bad fault.Fields
	now := s.o.Now()
	t := APIToken{Name: forum.CheckName(&bad, name), CreatedAt: now, ExpiresAt: now.Add(ttl)}
	if ttl < time.Minute || ttl > TokenMax {
		bad.Add("expires", "range", "Choose an end between a minute and {max} days from now.", "max", int(TokenMax/(24*time.Hour)))
	}
	if len(scopes) == 0 {
		bad.Add("scopes", "required", "Choose at least one scope.")
	}
	for _, scope := range scopes {
		switch {
		case !slices.Contains(forum.Scopes(), scope):
			bad.Add("scopes", "unknown_scope", "There is no such scope.")
			return t, bad.Err() // one complaint is enough for a long list of nonsense
		case a.Token && !slices.Contains(a.Scopes, scope):
			bad.Add("scopes", "scope_missing", "This token lacks the scope {scope}.", "scope", string(scope))
			return t, bad.Err()
		case !slices.Contains(t.Scopes, scope):
			t.Scopes = append(t.Scopes, scope)
		}
	}
	return t, bad.Err()
}

// Tokens lists the actor's API tokens that still work, newest first, without their secrets.
func (s *Service) Tokens(ctx context.Context, a *forum.Actor) ([]APIToken, error) {
	if err := a.Require(forum.ScopeAccount); err != nil {
		return nil, err
	}
	list, err := s.o.Store.APITokensOf(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	now := s.o.Now()
	return slices.DeleteFunc(list, func(t APIToken) bool { return !now.Before(t.ExpiresAt) }), nil
}

// RevokeToken ends an API token of the actor.
func (s *Service) RevokeToken(ctx context.Context, a *forum.Actor, id forum.ID) error {
	return s.changeOwn(ctx, a, func(tx Tx) (any, error) { return nil, tx.DeleteAPIToken(ctx, a.ID, id) })
}
