package identity_test

import (
	"strings"
	"testing"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
)

func TestSignUpSignsInAndMailsALink(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		in := must(w.SignUp(w.ctx, identity.SignUpInput{Handle: " Mina ", Email: " Mina@Fans.Example ", Password: goodPassword}, home))(t)
		m := in.Member
		if m.Handle != "mina" || m.Name != "mina" || m.Email != "Mina@Fans.Example" || m.Verified || m.Role != forum.RoleMember || m.Locale != "ko" || m.TimeZone != "UTC" || m.ID == 0 {
			t.Errorf("member %+v", m)
		}
		if !in.ExpiresAt.Equal(w.now().Add(30*24*time.Hour)) || len(in.Token) != 43 {
			t.Errorf("session %+v", in)
		}
		a := w.actor(in)
		if a.ID != m.ID || a.SessionID != in.SessionID || a.Token {
			t.Errorf("actor %+v", a)
		}
		mail := w.mail("verify")
		if mail.To != "Mina@Fans.Example" || mail.Locale != "ko" || mail.Params["handle"] != "mina" || len(mail.Params["token"]) != 43 {
			t.Errorf("mail %+v", mail)
		}
	})
}

func TestSignUpTellsAllMistakesAndWritesNothing(t *testing.T) {
	w := newWorld(t)
	good := identity.SignUpInput{Handle: "mina", Name: "Mina", Email: "mina@fans.example", Password: goodPassword, Locale: "en", TimeZone: "Asia/Seoul"}
	for name, c := range map[string]struct {
		change func(*identity.SignUpInput)
		field  string
		code   string
	}{
		"short handle":      {func(in *identity.SignUpInput) { in.Handle = "ab" }, "handle", "handle"},
		"reserved handle":   {func(in *identity.SignUpInput) { in.Handle = "Admin" }, "handle", "handle_reserved"},
		"name of control":   {func(in *identity.SignUpInput) { in.Name = "a\x00b" }, "name", "control_character"},
		"name against flow": {func(in *identity.SignUpInput) { in.Name = "a\u202eb" }, "name", "bidi_override"},
		"long name":         {func(in *identity.SignUpInput) { in.Name = strings.Repeat("a", 41) }, "name", "too_long"},
		"no address":        {func(in *identity.SignUpInput) { in.Email = " " }, "email", "required"},
		"bad address":       {func(in *identity.SignUpInput) { in.Email = "mina" }, "email", "email"},
		"two lines":         {func(in *identity.SignUpInput) { in.Email = "a@fans.example\r\nBcc: b@fans.example" }, "email", "email"},
		"locale":            {func(in *identity.SignUpInput) { in.Locale = "xx" }, "locale", "unknown_locale"},
		"time zone":         {func(in *identity.SignUpInput) { in.TimeZone = "../etc/passwd" }, "time_zone", "unknown_time_zone"},
		"password":          {func(in *identity.SignUpInput) { in.Password = "short" }, "password", "too_short"},
		"its own handle":    {func(in *identity.SignUpInput) { in.Handle, in.Password = "minaminamina", "MinaMinaMina" }, "password", "password_personal"},
	} {
		t.Run(name, func(t *testing.T) {
			in := good
			c.change(&in)
			_, err := w.SignUp(w.ctx, in, identity.Client{})
			f := fault.From(err)
			if f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Name != c.field || f.Fields[0].Code != c.code {
				t.Errorf("got %v, want %s of %s", err, c.code, c.field)
			}
		})
	}
	_, err := w.SignUp(w.ctx, identity.SignUpInput{}, home)
	if n := len(fault.From(err).Fields); n != 3 { // handle, email, password; the rest has defaults
		t.Errorf("an empty form has %d mistakes: %v", n, err)
	}
	if n := len(w.mails()); n != 0 {
		t.Errorf("%d mails were sent", n)
	}
	list, _ := must2(w.db.Members(w.ctx, "", 10))(t)
	if len(list) != 0 {
		t.Errorf("%d members were made", len(list))
	}
}

func must2[A, B any](a A, b B, err error) func(t testing.TB) (A, B) {
	return func(t testing.TB) (A, B) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return a, b
	}
}

func TestTakenHandleIsAFieldError(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.signUp("mina")
		_, err := w.SignUp(w.ctx, identity.SignUpInput{Handle: "MINA", Email: "other@fans.example", Password: goodPassword}, home)
		refused(t, err, "handle_taken")
		if f := fault.From(err); f.Kind != fault.Invalid || f.Fields[0].Name != "handle" {
			t.Errorf("%v", err)
		}
	})
}

func TestTakenAddressDoesNotShowAndItsOwnerIsTold(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		owner := w.confirmed("mina")
		in := must(w.SignUp(w.ctx, identity.SignUpInput{Handle: "stranger", Email: "MINA@fans.example", Password: goodPassword, Locale: "en"}, home))(t)
		if in.Token == "" || in.Member.Verified {
			t.Errorf("the answer to a taken address differs: %+v", in)
		}
		mail := w.mail("exists")
		if mail.To != "mina@fans.example" || mail.Locale != "ko" || mail.Params["handle"] != "mina" || mail.Params["token"] != "" {
			t.Errorf("mail %+v", mail)
		}
		// Signing in by the address means its owner, also for who else claims it.
		again := must(w.SignIn(w.ctx, "mina@fans.example", goodPassword, home))(t)
		if again.Member.ID != owner.Member.ID {
			t.Errorf("signed in as %s", again.Member.Handle)
		}
		// Asking for the link again sends the same to the owner.
		w.ok(w.SendVerification(w.ctx, w.actor(in)))
		w.mail("exists")
	})
}

func TestAnAddressBelongsToWhoConfirmsIt(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.signUp("squatter")
		first := w.mail("verify").Params["token"]
		must(w.SignUp(w.ctx, identity.SignUpInput{Handle: "owner", Email: "squatter@fans.example", Password: goodPassword}, home))(t)
		second := w.mail("verify").Params["token"]
		if m := must(w.VerifyEmail(w.ctx, second))(t); m.Handle != "owner" || !m.Verified {
			t.Errorf("confirmed %+v", m)
		}
		_, err := w.VerifyEmail(w.ctx, first)
		refused(t, err, "email_taken")
		if fault.KindOf(err) != fault.Conflict {
			t.Errorf("%v", err)
		}
	})
}

func TestMailsToOneAddressAreFew(t *testing.T) {
	w := newWorld(t)
	for _, handle := range []string{"one", "two", "three", "four", "five"} {
		must(w.SignUp(w.ctx, identity.SignUpInput{Handle: handle, Email: "victim@fans.example", Password: goodPassword}, home))(t)
	}
	w.ok(w.RequestReset(w.ctx, "victim@fans.example", home))
	if n := len(w.mails()); n != 3 {
		t.Errorf("%d mails went to one address within a moment, want 3", n)
	}
	w.advance(3 * time.Hour)
	w.ok(w.RequestReset(w.ctx, "victim@fans.example", home))
	w.mail("reset")
}

func TestSetup(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		input := identity.SignUpInput{Handle: "boss", Email: "boss@fans.example", Password: goodPassword}
		old, ok, err := w.SetupToken(w.ctx)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		token, ok, err := w.SetupToken(w.ctx) // a new start
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		for name, bad := range map[string]string{"voided": old, "made up": strings.Repeat("A", 43), "empty": "", "other kind": w.signUpToken("mina")} {
			_, err := w.CompleteSetup(w.ctx, bad, input, home)
			if !fault.Is(err, "link_invalid") {
				t.Errorf("%s token: %v", name, err)
			}
		}
		_, err = w.CompleteSetup(w.ctx, token, identity.SignUpInput{Handle: "mina", Email: "x", Password: "y"}, home)
		if fault.KindOf(err) != fault.Invalid { // and the token still works
			t.Errorf("bad input: %v", err)
		}
		in := must(w.CompleteSetup(w.ctx, token, input, home))(t)
		if a := w.actor(in); !a.Admin() || !a.Verified {
			t.Errorf("the first admin is %+v", a)
		}
		input.Handle, input.Email = "boss2", "boss2@fans.example"
		_, err = w.CompleteSetup(w.ctx, token, input, home)
		refused(t, err, "link_invalid")
		if _, ok, err := w.SetupToken(w.ctx); ok || err != nil {
			t.Errorf("a second setup was offered (%v)", err)
		}
	})
}

// signUpToken makes an account and returns the token that confirms its address.
func (w *world) signUpToken(handle string) string {
	w.t.Helper()
	w.signUp(handle)
	return w.mail("verify").Params["token"]
}

func TestSetupTokenExpires(t *testing.T) {
	w := newWorld(t)
	token, _, err := w.SetupToken(w.ctx)
	w.ok(err)
	w.advance(identity.SetupFor)
	_, err = w.CompleteSetup(w.ctx, token, identity.SignUpInput{Handle: "boss", Email: "boss@fans.example", Password: goodPassword}, home)
	refused(t, err, "link_invalid")
}
