package web

import (
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	"lightstick/internal/edge"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
)

// client says where a request comes from.
func (c *visit) client() identity.Client {
	return identity.Client{Addr: edge.ClientIP(c.ctx()), UserAgent: c.r.UserAgent()}
}

// after is where a form of the account leads when it is done: the local address next, or the
// member's own page.
func (c *visit) after(next string) templ.SafeURL {
	return templ.SafeURL(forum.LocalPath(next, string(c.me())))
}

// withNext carries the way back along.
func withNext(to templ.SafeURL, next string) templ.SafeURL {
	if next = forum.LocalPath(next, ""); next == "" {
		return to
	}
	return to + templ.SafeURL("?next="+url.QueryEscape(next))
}

func (c *visit) signInSheet(f *form, next string) *sheet {
	c.titled(c.T("me.sign_in"))
	return &sheet{Form: f, Action: c.me("/sign-in"), Hidden: hidden("next", forum.LocalPath(next, "")), Submit: c.T("me.sign_in"),
		Fields: []input{
			{Name: "login", Label: c.T("me.login"), Auto: "username", Required: true},
			{Name: "password", Label: c.T("me.password"), Type: "password", Auto: "current-password", Required: true},
		},
		Links: []link{{withNext(c.me("/sign-up"), next), c.T("me.sign_up_instead")}, {c.me("/reset"), c.T("me.forgot")}}}
}

func (c *visit) signInForm() error {
	next := c.query("next")
	if !c.Actor.Guest() {
		return redirect(c.w, http.StatusSeeOther, string(c.after(next)))
	}
	return c.sheet(c.signInSheet(newForm(), next), nil)
}

func (c *visit) signIn() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	next := values.Get("next")
	d := c.signInSheet(formOf(values, "login"), next)
	in, err := c.site.identity.SignIn(c.ctx(), values.Get("login"), values.Get("password"), c.client())
	if err != nil {
		return c.sheet(d, err)
	}
	c.signedIn(in)
	return redirect(c.w, http.StatusSeeOther, string(c.after(next)))
}

func (c *visit) signUpSheet(f *form, next string) *sheet {
	c.titled(c.T("me.sign_up"))
	return &sheet{Intro: c.T("me.sign_up_intro"), Form: f, Action: c.me("/sign-up"), Submit: c.T("me.sign_up"),
		Hidden: hidden("next", forum.LocalPath(next, ""), "time_zone", f.values["time_zone"]),
		Fields: c.newAccountFields(),
		Links:  []link{{withNext(c.me("/sign-in"), next), c.T("me.sign_in_instead")}}}
}

func (c *visit) newAccountFields() []input {
	return []input{
		{Name: "handle", Label: c.T("me.handle"), Hint: c.T("me.handle_hint"), Auto: "username", Required: true, Max: 20},
		{Name: "name", Label: c.T("me.name"), Hint: c.T("me.name_hint"), Auto: "nickname", Max: forum.MaxName},
		{Name: "email", Label: c.T("me.email"), Hint: c.T("me.email_hint"), Type: "email", Auto: "email", Required: true, Max: 254},
		c.newPassword(),
	}
}

func (c *visit) newPassword() input {
	return input{Name: "password", Label: c.T("me.new_password"), Hint: c.T("me.password_hint"), Type: "password", Auto: "new-password", Required: true}
}

func (c *visit) signUpForm() error {
	next := c.query("next")
	if !c.Actor.Guest() {
		return redirect(c.w, http.StatusSeeOther, string(c.after(next)))
	}
	return c.sheet(c.signUpSheet(newForm(), next), nil)
}

func (c *visit) signUp() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	next := values.Get("next")
	in, err := c.site.identity.SignUp(c.ctx(), c.newAccount(values), c.client())
	if err != nil {
		return c.sheet(c.signUpSheet(formOf(values, "handle", "name", "email", "time_zone"), next), err)
	}
	c.signedIn(in)
	c.wrote()
	return redirect(c.w, http.StatusSeeOther, string(withNext(c.me("/inbox"), next)))
}

func (c *visit) newAccount(values url.Values) identity.SignUpInput {
	return identity.SignUpInput{Handle: values.Get("handle"), Name: values.Get("name"), Email: values.Get("email"),
		Password: values.Get("password"), Locale: c.Tag, TimeZone: zoneOr(values.Get("time_zone"))}
}

func (c *visit) signOutForm() error {
	if c.Actor.Guest() {
		return redirect(c.w, http.StatusSeeOther, string(c.to()))
	}
	c.titled(c.T("me.sign_out"))
	return c.sheet(&sheet{Intro: c.T("me.sign_out_intro"), Action: c.me("/sign-out"), Submit: c.T("me.sign_out")}, nil)
}

// signOut also works for a session that has ended by itself: what is left of it in the browser goes.
func (c *visit) signOut() error {
	if !c.Actor.Guest() {
		if err := c.site.identity.SignOut(c.ctx(), c.Actor); err != nil {
			return err
		}
	}
	c.signedOut()
	return redirect(c.w, http.StatusSeeOther, string(c.to()))
}

// inbox tells a new member to confirm their address.
func (c *visit) inbox() error {
	if c.Actor.Verified {
		return redirect(c.w, http.StatusSeeOther, string(c.after(c.query("next"))))
	}
	c.titled(c.T("me.inbox"))
	d := &sheet{Intro: c.F("me.inbox_intro", "email", c.Actor.Email), Action: c.me("/inbox"), Submit: c.T("me.resend")}
	d.Links = []link{{c.after(c.query("next")), c.T("me.go_on")}, {c.me("/settings/email"), c.T("me.change_email")}}
	return c.sheet(d, nil)
}

func (c *visit) resend() error {
	c.titled(c.T("me.inbox"))
	if c.Actor.Verified {
		return redirect(c.w, http.StatusSeeOther, string(c.me()))
	}
	if err := c.site.identity.SendVerification(c.ctx(), c.Actor); err != nil {
		d := &sheet{Intro: c.F("me.inbox_intro", "email", c.Actor.Email), Action: c.me("/inbox"), Submit: c.T("me.resend")}
		return c.sheet(d, err)
	}
	return redirect(c.w, http.StatusSeeOther, string(c.me("/inbox?done=sent")))
}

// verifyForm shows a button: programs that look at the links in a mail press none, so the link
// still works when its receiver comes.
func (c *visit) verifyForm() error {
	return c.sheet(c.verifySheet(c.query("token")), nil)
}

func (c *visit) verifySheet(token string) *sheet {
	c.titled(c.T("me.verify"))
	return &sheet{Intro: c.T("me.verify_intro"), Action: c.me("/verify"), Hidden: hidden("token", token), Submit: c.T("me.verify_button")}
}

func (c *visit) verify() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	if _, err := c.site.identity.VerifyEmail(c.ctx(), values.Get("token")); err != nil {
		d := c.verifySheet(values.Get("token"))
		d.Links = []link{{c.me("/inbox"), c.T("me.resend")}}
		return c.sheet(d, asInvalid(err))
	}
	if c.Actor.Guest() {
		return c.done(c.me("/sign-in?done=verified"))
	}
	return c.done(c.me("?done=verified"))
}

func (c *visit) resetForm() error {
	c.titled(c.T("me.reset"))
	if c.query("done") == "reset_sent" {
		return c.page(http.StatusOK, textPage(c.view, c.T("me.reset_sent"), []link{{c.me("/sign-in"), c.T("me.sign_in")}}))
	}
	return c.sheet(c.resetSheet(newForm()), nil)
}

func (c *visit) resetSheet(f *form) *sheet {
	c.titled(c.T("me.reset"))
	return &sheet{Intro: c.T("me.reset_intro"), Form: f, Action: c.me("/reset"), Submit: c.T("me.reset_button"),
		Fields: []input{{Name: "email", Label: c.T("me.email"), Type: "email", Auto: "email", Required: true, Max: 254}}}
}

// reset answers the same whether there is such an account or not.
func (c *visit) reset() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	if err := c.site.identity.RequestReset(c.ctx(), values.Get("email"), c.client()); err != nil {
		return c.sheet(c.resetSheet(formOf(values, "email")), err)
	}
	return redirect(c.w, http.StatusSeeOther, string(c.me("/reset?done=reset_sent")))
}

func (c *visit) choosePasswordForm() error {
	return c.sheet(c.choosePasswordSheet(c.query("token")), nil)
}

func (c *visit) choosePasswordSheet(token string) *sheet {
	c.titled(c.T("me.choose_password"))
	return &sheet{Intro: c.T("me.choose_password_intro"), Action: c.me("/reset/new"), Hidden: hidden("token", token),
		Fields: []input{c.newPassword()}, Submit: c.T("me.choose_password")}
}

func (c *visit) choosePassword() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	if err := c.site.identity.ResetPassword(c.ctx(), values.Get("token"), values.Get("password")); err != nil {
		d := c.choosePasswordSheet(values.Get("token"))
		d.Links = []link{{c.me("/reset"), c.T("me.reset_again")}}
		return c.sheet(d, asInvalid(err))
	}
	c.signedOut()
	return redirect(c.w, http.StatusSeeOther, string(c.me("/sign-in?done=password")))
}

func (c *visit) setupSheet(f *form, token string) *sheet {
	c.titled(c.T("me.setup"))
	fields := c.newAccountFields()
	fields[2].Hint = "" // who holds the link need not confirm an address: no mail is sent
	return &sheet{Intro: c.T("me.setup_intro"), Form: f, Action: c.me("/setup"), Submit: c.T("me.setup_button"),
		Hidden: hidden("token", token, "time_zone", f.values["time_zone"]), Fields: fields}
}

// setupForm makes the first admin, with the link that the program printed when it was first started.
func (c *visit) setupForm() error {
	return c.sheet(c.setupSheet(newForm(), c.query("token")), nil)
}

func (c *visit) setup() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	in, err := c.site.identity.CompleteSetup(c.ctx(), values.Get("token"), c.newAccount(values), c.client())
	if err != nil {
		return c.sheet(c.setupSheet(formOf(values, "handle", "name", "email", "time_zone"), values.Get("token")), asInvalid(err))
	}
	c.signedIn(in)
	c.wrote()
	return redirect(c.w, http.StatusSeeOther, string(c.admin("?done=setup")))
}
