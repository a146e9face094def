package identity_test

import (
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"lightstick/internal/identity"
)

func FuzzSecret(f *testing.F) {
	f.Add(strings.Repeat("A", 43))
	f.Add("ls_pat_" + strings.Repeat("z", 42) + "0")
	f.Add(strings.Repeat("\xff", 43))
	f.Fuzz(func(t *testing.T, token string) {
		_, session := identity.ParseSecret("", token)
		_, bearer := identity.ParseSecret(identity.BearerPrefix, token)
		if session && bearer {
			t.Errorf("%q is both", token)
		}
		if session && len(token) != 43 || bearer && len(token) != 50 {
			t.Errorf("%q was taken", token)
		}
	})
}

func FuzzPHC(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$fOTf06LcEs+5QfcXb3h4WNg1jRMSstlVPnvPyWFrn6I")
	f.Add("$argon2id$v=19$m=0x10,t=+2,p= 1$$")
	f.Fuzz(func(t *testing.T, s string) {
		if again, _, err := identity.ParsePHC(s); err == nil && again != s {
			t.Errorf("%q reads as %q", s, again)
		}
	})
}

func FuzzEmail(f *testing.F) {
	for _, s := range []string{"a@b.example", "미나@팬.example", `"a b"@c.example`, "a@b.example\r\nTo: x@y.example", "x <a@b.example>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		key, ok := identity.EmailKey(s)
		if !ok {
			return
		}
		if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) || strings.Count(key, "@") < 1 || len(s) > 254 {
			t.Errorf("%q was taken", s)
		}
		if a, err := mail.ParseAddress(s); err != nil || a.Address != s {
			t.Errorf("%q is sent to %v (%v)", s, a, err)
		}
		if again, ok := identity.EmailKey(key); ok && again != key {
			t.Errorf("%q folds to %q and that to %q", s, key, again)
		}
	})
}

func FuzzCookie(f *testing.F) {
	w := newWorld(f)
	in := w.signUp("mina")
	f.Add("ls_session="+in.Token, "")
	f.Add("ls_session=\"x\"; ls_session=y", "Bearer x")
	f.Add("", "Bearer ls_pat_"+strings.Repeat("A", 43))
	f.Fuzz(func(t *testing.T, cookie, authorization string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header = http.Header{"Cookie": {cookie}, "Authorization": {authorization}}
		ctx, account, err := w.Identify(r)
		if guest := identity.ActorFrom(ctx).Guest(); guest != (account == "") || !guest && !strings.Contains(cookie, in.Token) {
			t.Errorf("account %q, guest %t", account, guest)
		}
		if err != nil {
			refused(t, err, "token_invalid")
		}
	})
}

func FuzzAgent(f *testing.F) {
	f.Add("Mozilla/5.0 \x00\u202e")
	f.Add(strings.Repeat("가", 500))
	f.Fuzz(func(t *testing.T, s string) {
		got := identity.Agent(s)
		if len(got) > 200 || !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) {
			t.Errorf("%q became %q", s, got)
		}
	})
}
