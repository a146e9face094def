package identity_test

import (
	"testing"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
)

const newPassword = "another purple ocean"

func TestVerifyLinkWorksOnce(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		in := w.signUp("mina")
		token := w.mail("verify").Params["token"]
		if w.actor(in).Verified {
			t.Fatal("confirmed already")
		}
		if m := must(w.VerifyEmail(w.ctx, token))(t); !m.Verified || m.ID != in.Member.ID {
			t.Errorf("%+v", m)
		}
		if !w.actor(in).Verified {
			t.Error("the session does not know yet")
		}
		refused(t, errOf(w.VerifyEmail(w.ctx, token)), "link_invalid")
		refused(t, w.SendVerification(w.ctx, w.actor(in)), "already_verified")
		refused(t, w.SendVerification(w.ctx, nil), "sign_in_required")
	})
}

func TestNewVerifyLinkVoidsTheOldAndExpires(t *testing.T) {
	w := newWorld(t)
	in := w.signUp("mina")
	first := w.mail("verify").Params["token"]
	w.ok(w.SendVerification(w.ctx, w.actor(in)))
	second := w.mail("verify").Params["token"]
	refused(t, errOf(w.VerifyEmail(w.ctx, first)), "link_invalid")
	w.advance(24 * time.Hour)
	refused(t, errOf(w.VerifyEmail(w.ctx, second)), "link_invalid")
	w.ok(w.SendVerification(w.ctx, w.actor(in)))
	must(w.VerifyEmail(w.ctx, w.mail("verify").Params["token"]))(t)
}

func TestAskingForTheLinkOverAndOverIsLimited(t *testing.T) {
	w := newWorld(t)
	a := w.actor(w.signUp("mina")) // one mail
	w.ok(w.SendVerification(w.ctx, a))
	w.ok(w.SendVerification(w.ctx, a))
	refused(t, w.SendVerification(w.ctx, a), "too_many_attempts")
}

func TestPasswordReset(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		in := w.signUp("mina")
		verify := w.mail("verify").Params["token"]
		bearer := w.newToken(in, forum.ScopeRead)
		w.ok(w.RequestReset(w.ctx, "MINA@fans.example", home))
		mail := w.mail("reset")
		token := mail.Params["token"]
		if mail.To != "mina@fans.example" { // as its owner gave it
			t.Errorf("sent to %s", mail.To)
		}
		refused(t, errOf(w.VerifyEmail(w.ctx, token)), "link_invalid") // a link of another kind
		refused(t, w.ResetPassword(w.ctx, token, "short"), "too_short")
		refused(t, w.ResetPassword(w.ctx, token, "mina@fans.example"), "password_personal")
		w.ok(w.ResetPassword(w.ctx, token, newPassword)) // and the link had not been used up
		if mail := w.mail("password_changed"); mail.To != "mina@fans.example" {
			t.Errorf("%+v", mail)
		}
		refused(t, w.ResetPassword(w.ctx, token, newPassword), "link_invalid")
		refused(t, errOf(w.Authenticate(w.ctx, in.Token)), "session_over")
		refused(t, errOf(w.AuthenticateBearer(w.ctx, bearer)), "token_invalid")
		refused(t, errOf(w.SignIn(w.ctx, "mina", goodPassword, home)), "wrong_login")
		again := must(w.SignIn(w.ctx, "mina", newPassword, home))(t)
		if !again.Member.Verified { // who has the mail has the address
			t.Error("not confirmed")
		}
		refused(t, errOf(w.VerifyEmail(w.ctx, verify)), "link_invalid")
	})
}

func TestResetTellsNothingAndBoundsItself(t *testing.T) {
	w := newWorld(t)
	w.ok(w.RequestReset(w.ctx, "nobody@fans.example", home))
	if n := len(w.jobs("password_reset")); n != 1 { // the same write as for a member
		t.Errorf("%d jobs", n)
	}
	if list := w.mails(); len(list) != 0 {
		t.Errorf("mails %+v", list)
	}
	refused(t, w.RequestReset(w.ctx, "nobody", home), "email")
	w.ok(w.DeliverReset(w.ctx, identity.ResetJob{Email: "not an address"}))
	for range 100 {
		if err := w.RequestReset(w.ctx, "nobody@fans.example", from("192.0.2.9")); err != nil {
			refused(t, err, "too_many_attempts")
			return
		}
	}
	t.Error("nothing stops one address from asking")
}

func TestResetLinkExpiresAndIsBoundToItsAddress(t *testing.T) {
	w := newWorld(t)
	in := w.confirmed("mina")
	w.ok(w.RequestReset(w.ctx, "mina@fans.example", home))
	late := w.mail("reset").Params["token"]
	w.advance(time.Hour)
	refused(t, w.ResetPassword(w.ctx, late, newPassword), "link_invalid")

	w.ok(w.RequestReset(w.ctx, "mina@fans.example", home))
	old := w.mail("reset").Params["token"]
	w.ok(w.ChangeEmail(w.ctx, w.actor(in), goodPassword, "new@fans.example"))
	must(w.VerifyEmail(w.ctx, w.mail("verify").Params["token"]))(t)
	refused(t, w.ResetPassword(w.ctx, old, newPassword), "link_invalid")
}

func TestChangePassword(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		here := w.confirmed("mina")
		there := must(w.SignIn(w.ctx, "mina", goodPassword, home))(t)
		a := w.actor(here)
		w.actor(there)
		refused(t, w.ChangePassword(w.ctx, a, "a wrong guess", newPassword), "wrong_password")
		refused(t, w.ChangePassword(w.ctx, a, goodPassword, "12345678"), "password_common")
		refused(t, w.ChangePassword(w.ctx, nil, goodPassword, newPassword), "sign_in_required")
		w.ok(w.ChangePassword(w.ctx, a, goodPassword, newPassword))
		w.mail("password_changed")
		w.actor(here)
		refused(t, errOf(w.Authenticate(w.ctx, there.Token)), "session_over")
		must(w.SignIn(w.ctx, "mina", newPassword, home))(t)
	})
}

func TestAStolenSessionCannotGuessThePassword(t *testing.T) {
	w := newWorld(t)
	a := w.actor(w.confirmed("mina"))
	for range 10 {
		refused(t, w.ChangePassword(w.ctx, a, "a wrong guess", newPassword), "wrong_password")
	}
	refused(t, w.ChangeEmail(w.ctx, a, goodPassword, "thief@fans.example"), "too_many_attempts")
	must(w.SignIn(w.ctx, "mina", goodPassword, home))(t) // which does not lock the owner out
}

func TestChangeEmailTakesEffectWhenConfirmed(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		in := w.confirmed("mina")
		a := w.actor(in)
		refused(t, w.ChangeEmail(w.ctx, a, "a wrong guess", "new@fans.example"), "wrong_password")
		refused(t, w.ChangeEmail(w.ctx, a, goodPassword, "new@"), "email")
		refused(t, w.ChangeEmail(w.ctx, a, goodPassword, "MINA@fans.example"), "email_same")
		w.ok(w.ChangeEmail(w.ctx, a, goodPassword, "new@fans.example"))
		mail := w.mail("verify")
		if mail.To != "new@fans.example" || w.actor(in).Email != "mina@fans.example" {
			t.Errorf("asked %s, address is %s", mail.To, w.actor(in).Email)
		}
		if m := must(w.VerifyEmail(w.ctx, mail.Params["token"]))(t); m.Email != "new@fans.example" || !m.Verified {
			t.Errorf("%+v", m)
		}
		if told := w.mail("email_changed"); told.To != "mina@fans.example" || told.Params["email"] != "new@fans.example" {
			t.Errorf("%+v", told)
		}
		if w.actor(in).Email != "new@fans.example" {
			t.Error("the session shows the old address")
		}
		must(w.SignIn(w.ctx, "new@fans.example", goodPassword, home))(t)
		refused(t, errOf(w.SignIn(w.ctx, "mina@fans.example", goodPassword, home)), "wrong_login")
	})
}

func TestChangeEmailToATakenAddressTellsItsOwnerAlone(t *testing.T) {
	w := newWorld(t)
	w.confirmed("owner")
	a := w.actor(w.confirmed("mina"))
	w.ok(w.ChangeEmail(w.ctx, a, goodPassword, "owner@fans.example"))
	if mail := w.mail("exists"); mail.To != "owner@fans.example" {
		t.Errorf("%+v", mail)
	}
}

func TestChangingThePasswordVoidsAPendingMove(t *testing.T) {
	w := newWorld(t)
	thief, owner := w.confirmed("mina"), identity.SignedIn{}
	w.ok(w.ChangeEmail(w.ctx, w.actor(thief), goodPassword, "thief@fans.example"))
	link := w.mail("verify").Params["token"]
	owner = must(w.SignIn(w.ctx, "mina", goodPassword, home))(t)
	w.ok(w.ChangePassword(w.ctx, w.actor(owner), goodPassword, newPassword))
	refused(t, errOf(w.VerifyEmail(w.ctx, link)), "link_invalid")
}

func TestMailThatCannotBeEnqueuedUndoesTheChange(t *testing.T) {
	w := newWorld(t)
	w.exec(`ALTER TABLE river_job RENAME TO gone`)
	if _, err := w.SignUp(w.ctx, identity.SignUpInput{Handle: "mina", Email: "mina@fans.example", Password: goodPassword}, home); fault.KindOf(err) == fault.Invalid || err == nil {
		t.Fatalf("signed up without a mail: %v", err)
	}
	w.exec(`ALTER TABLE gone RENAME TO river_job`)
	w.signUp("mina") // nothing was half-written
}
