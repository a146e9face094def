package e2e_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

const newPassword = "a long sentence is a good key"

// newcomer is an account of the tests.
type newcomer struct {
	*visitor
	handle, email string
}

// signUp makes an account, up to the page that tells to look into the inbox.
func signUp(t testing.TB, handle string) newcomer {
	t.Helper()
	v := newVisitor(t)
	m := newcomer{v, unique(handle), unique(handle) + "@fans.example"}
	v.open("/me/en/sign-in").follow(`a[href*="/sign-up"]`).form("form.plain").
		set("handle", m.handle, "name", strings.ToUpper(handle), "email", m.email, "password", newPassword).submit().want("main", m.email)
	return m
}

// verified is an account whose address is confirmed, ready to write.
func verified(t testing.TB, handle string) newcomer {
	t.Helper()
	m := signUp(t, handle)
	m.open(m.mailed("/verify")).form("form.plain").submit()
	return m
}

// unique tells apart the accounts of several runs against one site.
func unique(name string) string { return name + "_" + runName }

var runName = strings.ToLower(strings.TrimLeft(time.Now().Format("150405"), "0"))

// mailed is the newest link in the member's mail that contains this, as /dev/mail shows it.
func (m newcomer) mailed(part string) string {
	m.t.Helper()
	link := ""
	eventually(m.t, 10*time.Second, "mail for "+m.email+" on "+site+"/dev/mail (the site must be a dev site)", func() bool {
		p := m.get("/dev/mail")
		if p.status != http.StatusOK {
			m.t.Fatalf("%s/dev/mail answers %d: these tests need a site started with --env dev", site, p.status)
		}
		for _, article := range p.Find("article").EachIter() {
			if !strings.Contains(article.Text(), m.email) {
				continue
			}
			for _, a := range article.Find("a").EachIter() {
				if href := a.AttrOr("href", ""); strings.Contains(href, part) {
					link = href
					return true
				}
			}
		}
		return false
	})
	return link
}

func TestSignUpAndVerify(t *testing.T) {
	m := signUp(t, "newbie")
	board := anyBoard(t, m.visitor)
	m.open("/me/en/write?board="+board.id).want(".stop", "Confirm your e-mail address")
	refused := m.open("/me/en/write?board="+board.id).form("form.compose").set("title", "Too early", "body", "Not confirmed yet.").send()
	if refused.status != http.StatusForbidden || refused.form("form.compose").values.Get("body") != "Not confirmed yet." {
		t.Errorf("a post before the address is confirmed: status %d, text %q", refused.status, refused.form("form.compose").values.Get("body"))
	}
	link := m.mailed("/verify")
	m.open(link).form("form.plain").submit().want(".notice", "confirmed")
	if again := m.open(link).form("form.plain").send(); again.status != http.StatusUnprocessableEntity {
		t.Errorf("the link works twice: status %d", again.status)
	}
	m.open("/me/en/sign-out").form("form.plain").submit()
	if p := m.open("/me/en"); p.Find("[name=password]").Length() == 0 {
		t.Error("after signing out the own page does not ask to sign in")
	}
	wrong := m.open("/me/en/sign-in").form("form.plain").set("login", m.handle, "password", "not the password").send()
	if wrong.status != http.StatusUnprocessableEntity || wrong.Find("[role=alert]").Length() == 0 {
		t.Errorf("a wrong password: status %d, %s", wrong.status, wrong.said())
	}
	m.open("/me/en/sign-in?next=/en/help").form("form.plain").set("login", m.email, "password", newPassword).submit().want("h1", "Help")
}

func TestSignUpMistakes(t *testing.T) {
	v := newVisitor(t)
	f := v.open("/me/ko/sign-up").form("form.plain").set("handle", "A!", "email", "nowhere", "password", "short")
	p := f.send()
	if p.status != http.StatusUnprocessableEntity {
		t.Fatalf("status %d: %s", p.status, p.said())
	}
	for _, name := range []string{"handle", "email", "password"} {
		field := p.Find("#" + name)
		if !field.Is("[aria-invalid=true]") || p.Find("#"+name+"-wrong").Text() == "" || !strings.Contains(field.AttrOr("aria-describedby", ""), name+"-wrong") {
			t.Errorf("%s: the mistake is not said beside the field", name)
		}
	}
	if p.Find("#email").AttrOr("value", "") != "nowhere" || p.Find("#password").AttrOr("value", "") != "" {
		t.Error("what was typed is gone, or the password came back")
	}
	taken := v.open("/me/en/sign-up").form("form.plain").set("handle", "admin", "email", "x@fans.example", "password", newPassword).send()
	if taken.Find("#handle-wrong").Text() == "" {
		t.Error("a taken handle is not refused beside its field")
	}
}

func TestPasswordReset(t *testing.T) {
	m := verified(t, "reset")
	guest := newVisitor(t)
	guest.open("/me/en/sign-in").follow(`a[href$="/reset"]`).form("form.plain").set("email", m.email).submit().want("main", "on its way")
	guest.open("/me/en/reset").form("form.plain").set("email", "nobody@fans.example").submit().want("main", "on its way")
	const other = "another long sentence instead"
	guest.open(m.mailed("/reset/new")).form("form.plain").set("password", other).submit()
	if p := m.open("/me/en"); p.Find("[name=password]").Length() == 0 {
		t.Error("the old session outlived the new password")
	}
	if p := guest.open("/me/en/sign-in").form("form.plain").set("login", m.handle, "password", newPassword).send(); p.status != http.StatusUnprocessableEntity {
		t.Errorf("the old password: status %d", p.status)
	}
	guest.signIn(m.handle, other).open("/me/en").want("h1", "RESET")
}

func TestSettings(t *testing.T) {
	m := verified(t, "settled")
	m.open("/me/en/settings").form(`form[action$="/settings"]`).set("name", "Settled In", "bio", "Likes **order**.", "time_zone", "America/Sao_Paulo").submit().want(".notice", "Saved")
	profile := m.open("/en/u/"+m.handle).want("h1", "Settled In")
	if profile.Find(".md strong").Text() != "order" {
		t.Error("the text about oneself is not rendered")
	}
	m.open("/me/en/settings").form(`form[action$="/avatar"]`).file("picture", "me.png", "image/png", picture(t, 300, 200)).submit()
	if src := m.open("/en/u/"+m.handle).Find("img.av").AttrOr("src", ""); src == "" {
		t.Error("the new picture is not shown")
	}
	m.open("/me/en/settings/email").form("form.plain").set("email", unique("moved")+"@fans.example", "password", newPassword).submit()
	m.open("/me/en/settings/password").form("form.plain").set("old", newPassword, "password", newPassword+"!").submit().want(".notice", "changed")
	m.open("/me/ko/settings").form(`form[action$="/settings"]`).set("locale", "ko").submit()
}

func TestSessions(t *testing.T) {
	here, there := verified(t, "twice"), newVisitor(t)
	there.signIn(here.handle, newPassword)
	p := here.open("/me/en/settings/sessions").want(".tag", "This one")
	if n := p.Find("ul.cards > li").Length(); n != 2 {
		t.Fatalf("%d sessions, want 2", n)
	}
	p.form("ul.cards form.act").submit().want(".notice", "Signed out there")
	if p := there.open("/me/en"); p.Find("[name=password]").Length() == 0 {
		t.Error("the other session is still in")
	}
	here.open("/me/en").want("h1", "TWICE")
}

func TestTokens(t *testing.T) {
	m := verified(t, "coder")
	f := m.open("/me/en/settings/tokens").form(`form[action$="/tokens"]`).set("name", "my script", "scope_write", "1", "days", "7")
	p := m.expect(f.send(), http.StatusCreated)
	secret := p.Find("#secret").AttrOr("value", "")
	if secret == "" {
		t.Fatalf("no secret: %s", p.said())
	}
	again := f.send()
	if again.Find("#secret").Length() != 0 || again.Find("ul.cards > li").Length() != 1 {
		t.Errorf("sending the form twice made another token or showed the secret again (status %d)", again.status)
	}
	board := anyBoard(t, m.visitor)
	api := &apiMember{t, m.handle, secret}
	post := api.newPost(board.id, "From a script", "Hello from the API.")
	m.open("/en/p/"+post).want("h1", "From a script")
	m.open("/me/en/settings/tokens").form(`ul.cards form.act`).submit().want(".notice", "revoked")
	api.post("/boards/"+board.id+"/posts", map[string]any{"title": "Too late", "body": "Revoked."}, http.StatusUnauthorized)
}
