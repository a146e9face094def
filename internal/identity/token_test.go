package identity_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
)

// newToken makes an API token that lives for a day.
func (w *world) newToken(in identity.SignedIn, scopes ...forum.Scope) string {
	w.t.Helper()
	_, secret := must2(w.CreateToken(w.ctx, w.actor(in), "script", scopes, 24*time.Hour))(w.t)
	return secret
}

func TestAPIToken(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		in, other := w.signUp("mina"), w.signUp("rina")
		made, secret := must2(w.CreateToken(w.ctx, w.actor(in), " my bot ", []forum.Scope{forum.ScopeRead, forum.ScopeWrite, forum.ScopeRead}, time.Hour))(t)
		if made.ID == 0 || made.Name != "my bot" || len(made.Scopes) != 2 || !made.ExpiresAt.Equal(w.now().Add(time.Hour)) || !made.LastUsedAt.IsZero() {
			t.Errorf("made %+v", made)
		}
		if !strings.HasPrefix(secret, "ls_pat_") || len(secret) != 50 {
			t.Errorf("secret %q", secret)
		}
		a := must(w.AuthenticateBearer(w.ctx, secret))(t)
		if a.ID != in.Member.ID || !a.Token || a.SessionID != 0 || !slices.Equal(a.Scopes, made.Scopes) {
			t.Errorf("actor %+v", a)
		}
		w.ok(w.Close(w.ctx))
		list := must(w.Tokens(w.ctx, w.actor(in)))(t)
		if len(list) != 1 || list[0].ID != made.ID || !slices.Equal(list[0].Scopes, made.Scopes) || !list[0].LastUsedAt.Equal(w.now()) {
			t.Errorf("tokens %+v", list)
		}
		refused(t, errOf(w.Tokens(w.ctx, a)), "scope_missing")
		refused(t, w.SignOut(w.ctx, a), "no_session")
		refused(t, w.RevokeToken(w.ctx, w.actor(other), made.ID), "token_not_found")
		w.ok(w.RevokeToken(w.ctx, w.actor(in), made.ID))
		refused(t, errOf(w.AuthenticateBearer(w.ctx, secret)), "token_invalid")
	})
}

func TestAPITokenExpiresAlsoWhileItIsRemembered(t *testing.T) {
	w := newWorld(t)
	in := w.signUp("mina")
	_, secret := must2(w.CreateToken(w.ctx, w.actor(in), "short", []forum.Scope{forum.ScopeRead}, time.Minute))(t)
	w.advance(time.Minute - time.Second)
	must(w.AuthenticateBearer(w.ctx, secret))(t)
	w.advance(time.Second)
	refused(t, errOf(w.AuthenticateBearer(w.ctx, secret)), "token_invalid")
	if list := must(w.Tokens(w.ctx, w.actor(in)))(t); len(list) != 0 {
		t.Errorf("an expired token is listed: %+v", list)
	}
}

func TestBadTokensAreRefused(t *testing.T) {
	w := newWorld(t)
	in := w.signUp("mina")
	session := w.actor(in)
	token := must(w.AuthenticateBearer(w.ctx, w.newToken(in, forum.ScopeRead, forum.ScopeAccount)))(t)
	read := []forum.Scope{forum.ScopeRead}
	for name, c := range map[string]struct {
		by     *forum.Actor
		name   string
		scopes []forum.Scope
		ttl    time.Duration
		code   string
	}{
		"guest":          {nil, "x", read, time.Hour, "sign_in_required"},
		"no name":        {session, " ", read, time.Hour, "required"},
		"long name":      {session, strings.Repeat("x", 41), read, time.Hour, "too_long"},
		"no scope":       {session, "x", nil, time.Hour, "required"},
		"unknown scope":  {session, "x", []forum.Scope{"root"}, time.Hour, "unknown_scope"},
		"no time":        {session, "x", read, 0, "range"},
		"the past":       {session, "x", read, -time.Hour, "range"},
		"for ever":       {session, "x", read, 1 << 62, "range"},
		"more than own":  {token, "x", []forum.Scope{forum.ScopeModerate}, time.Hour, "scope_missing"},
		"without a word": {&forum.Actor{Member: in.Member, Token: true, Scopes: read}, "x", read, time.Hour, "scope_missing"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := w.CreateToken(w.ctx, c.by, c.name, c.scopes, c.ttl)
			refused(t, err, c.code)
		})
	}
	for range 19 {
		w.newToken(in, forum.ScopeRead)
	}
	_, _, err := w.CreateToken(w.ctx, session, "x", read, time.Hour)
	if refused(t, err, "too_many_tokens"); fault.KindOf(err) != fault.Conflict {
		t.Error(err)
	}
}
