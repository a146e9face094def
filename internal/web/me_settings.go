package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
)

// settingsData is the page of what a member shows of themselves and how they see the site.
type settingsData struct {
	Form   *form
	Avatar *form // of the picture's own form
	Stops  []stop
	Zones  []zoneGroup
}

func (c *visit) settings() error {
	m := &c.Actor.Member
	return c.showSettings(newForm("name", m.Name, "bio", m.Bio, "locale", m.Locale, "time_zone", m.TimeZone, "version", strconv.Itoa(m.Version)), newForm(), http.StatusOK)
}

func (c *visit) showSettings(f, avatar *form, status int) error {
	stops, err := c.stops(0)
	if err != nil {
		return err
	}
	c.Heading = c.T("me.settings")
	if c.Title == "" {
		c.Title = c.Heading
	}
	return c.page(status, settingsPage(c.view, &settingsData{Form: f, Avatar: avatar, Stops: stops, Zones: zonesWith(f.values["time_zone"])}))
}

func (c *visit) saveSettings() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	text := func(name string) *string { v := values.Get(name); return &v }
	version, _ := strconv.Atoi(values.Get("version")) // 0, of a form without one, is any version
	m, err := c.site.forum.UpdateMember(c.ctx(), c.Actor, forum.MemberChange{Name: text("name"), Bio: text("bio"),
		Locale: text("locale"), TimeZone: text("time_zone"), Version: version})
	if err != nil {
		f := formOf(values, "name", "bio", "locale", "time_zone")
		f.values["version"] = strconv.Itoa(c.Actor.Version)
		c.titled(c.T("me.settings"))
		status, other := c.refused(f, err)
		if other != nil {
			return other
		}
		return c.showSettings(f, newForm(), status)
	}
	c.site.identity.Forget(m.ID)
	return c.done(templ.SafeURL("/me/" + c.localeOf(m) + "/settings?done=saved"))
}

// localeOf is the language that a member has chosen, if there is a page in it.
func (c *visit) localeOf(m forum.Member) string {
	if p := c.site.locales.Printer(m.Locale); p != nil {
		return p.Tag
	}
	return c.Tag
}

func (c *visit) saveAvatar() error {
	key, err := c.newAvatar()
	if err == nil {
		_, err = c.site.forum.UpdateMember(c.ctx(), c.Actor, forum.MemberChange{AvatarKey: &key})
	}
	if err != nil {
		f, m := newForm(), &c.Actor.Member
		c.titled(c.T("me.settings"))
		status, other := c.refused(f, err)
		if other != nil {
			return other
		}
		f.wrong["picture"] = f.whole
		return c.showSettings(newForm("name", m.Name, "bio", m.Bio, "locale", m.Locale, "time_zone", m.TimeZone, "version", strconv.Itoa(m.Version)), f, status)
	}
	c.site.identity.Forget(c.Actor.ID)
	return c.done(c.me("/settings?done=saved"))
}

// newAvatar takes the picture of the form; none means that the member wants no picture.
func (c *visit) newAvatar() (key string, err error) {
	if err := c.site.forum.MayWrite(c.Actor, 0); err != nil {
		return "", err
	}
	parts, err := c.r.MultipartReader()
	if err != nil {
		return "", badForm(err)
	}
	for {
		part, err := parts.NextPart()
		switch {
		case err == io.EOF:
			return "", fault.Fields{{Name: "picture", Code: "picture_required", Message: "Choose a picture first."}}.Err()
		case err != nil:
			return "", bodyError(err)
		case part.FormName() == "remove":
			return "", nil
		case part.FormName() == "picture" && part.FileName() != "":
			a, err := c.takeAvatar(part)
			return a, err
		}
	}
}

func (c *visit) takeAvatar(part *multipart.Part) (string, error) {
	if c.site.uploads == nil {
		return "", nothingHere()
	}
	a, err := c.site.uploads.Avatar(c.ctx(), int64(c.Actor.ID), part)
	return a.Key, err
}

// bodyError lets the edge say that a body was too large.
func bodyError(err error) error {
	if big, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fault.Wrap(big, fault.TooLarge, "body_too_large", "That is more than the {max} bytes we take here.", "max", big.Limit)
	}
	return badForm(err)
}

// languages are the choices of an interface language.
func (v *view) languages() []option {
	var list []option
	for _, p := range v.site.locales.All() {
		list = append(list, option{p.Tag, p.Name()})
	}
	return list
}

// dayOptions are choices of a number of days.
func (v *view) dayOptions(days []int) []option {
	var list []option
	for _, n := range days {
		list = append(list, option{strconv.Itoa(n), v.N("me.days", n)})
	}
	return list
}

// browserName is what a member will recognise of a User-Agent: browser and system.
func browserName(v *view, agent string) string {
	first := func(pairs ...string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if strings.Contains(agent, pairs[i]) {
				return pairs[i+1]
			}
		}
		return ""
	}
	// The order matters: most browsers also name the ones they descend from.
	browser := first("SamsungBrowser", "Samsung Internet", "Edg", "Edge", "OPR", "Opera", "KAKAOTALK", "KakaoTalk", "NAVER", "NAVER", "Line/", "LINE",
		"Firefox", "Firefox", "CriOS", "Chrome", "Chrome", "Chrome", "Safari", "Safari")
	system := first("Android", "Android", "iPhone", "iPhone", "iPad", "iPad", "Windows", "Windows", "Mac OS X", "macOS", "CrOS", "ChromeOS", "Linux", "Linux")
	switch {
	case browser != "" && system != "":
		return browser + " · " + system
	case browser+system != "":
		return browser + system
	}
	return v.T("me.session_unknown")
}

func (c *visit) passwordSheet() *sheet {
	c.titled(c.T("me.change_password"))
	return &sheet{Context: settingsTabs(c.view, "password"), Action: c.me("/settings/password"), Submit: c.T("me.change_password"), Intro: c.T("me.password_note"),
		Fields: []input{{Name: "old", Label: c.T("me.old_password"), Type: "password", Auto: "current-password", Required: true}, c.newPassword()}}
}

func (c *visit) passwordForm() error { return c.sheet(c.passwordSheet(), nil) }

func (c *visit) savePassword() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	if err := c.site.identity.ChangePassword(c.ctx(), c.Actor, values.Get("old"), values.Get("password")); err != nil {
		return c.sheet(c.passwordSheet(), err)
	}
	return c.done(c.me("/settings/password?done=password"))
}

func (c *visit) emailSheet(f *form) *sheet {
	c.titled(c.T("me.change_email"))
	return &sheet{Context: settingsTabs(c.view, "email"), Form: f, Action: c.me("/settings/email"), Submit: c.T("me.change_email"), Intro: c.F("me.email_now", "email", c.Actor.Email),
		Fields: []input{
			{Name: "email", Label: c.T("me.new_email"), Hint: c.T("me.email_hint"), Type: "email", Auto: "email", Required: true, Max: 254},
			{Name: "password", Label: c.T("me.password"), Type: "password", Auto: "current-password", Required: true},
		}}
}

func (c *visit) emailForm() error { return c.sheet(c.emailSheet(newForm()), nil) }

func (c *visit) saveEmail() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	if err := c.site.identity.ChangeEmail(c.ctx(), c.Actor, values.Get("password"), values.Get("email")); err != nil {
		return c.sheet(c.emailSheet(formOf(values, "email")), err)
	}
	return c.done(c.me("/inbox"))
}

func (c *visit) sessions() error {
	list, err := c.site.identity.Sessions(c.ctx(), c.Actor)
	if err != nil {
		return err
	}
	c.titled(c.T("me.sessions"))
	return c.page(http.StatusOK, sessionsPage(c.view, list))
}

// endSession ends one session of the member's own, or with id=others all but this one.
func (c *visit) endSession() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	if values.Get("id") == "others" {
		err = c.site.identity.EndOtherSessions(c.ctx(), c.Actor)
	} else {
		id, ok := parseID(values.Get("id"))
		if !ok {
			return nothingHere()
		}
		err = c.site.identity.EndSession(c.ctx(), c.Actor, id)
	}
	if err != nil {
		return err
	}
	return c.done(c.me("/settings/sessions?done=session"))
}

// tokensData is the page of API tokens. Secret is that of a new one, shown this once.
type tokensData struct {
	Tokens []identity.APIToken
	Secret string
	Form   *form
	Once   string
}

// tokenDays are how long a token may be good for, in days.
func tokenDays() []int { return []int{7, 30, 90, 365} }

func (c *visit) tokens() error {
	return c.showTokens(&tokensData{Form: newForm("days", "30", "scope_read", "1")}, http.StatusOK)
}

func (c *visit) showTokens(d *tokensData, status int) error {
	var err error
	if d.Tokens, err = c.site.identity.Tokens(c.ctx(), c.Actor); err != nil {
		return err
	}
	c.Heading = c.T("me.tokens")
	if c.Title == "" {
		c.Title = c.Heading
	}
	d.Once = newOnce()
	return c.page(status, tokensPage(c.view, d))
}

// createToken answers with the page itself: no address could lead to the secret again. Loaded
// again, the key of the form leads to the list instead of to a second token.
func (c *visit) createToken() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	ctx, err := c.once(values, at(c.me("/settings/tokens")))
	if err != nil {
		return err
	}
	scopes, life, err := tokenWish(values)
	var secret string
	if err == nil {
		_, secret, err = c.site.identity.CreateToken(ctx, c.Actor, values.Get("name"), scopes, life)
	}
	if again, first := c.replay(err); again {
		return first
	}
	if err != nil {
		f := formOf(values, "name", "days", "scope_read", "scope_write", "scope_account", "scope_moderate")
		c.titled(c.T("me.tokens"))
		status, other := c.refused(f, err)
		if other != nil {
			return other
		}
		return c.showTokens(&tokensData{Form: f}, status)
	}
	c.wrote()
	return c.showTokens(&tokensData{Form: newForm("days", "30", "scope_read", "1"), Secret: secret}, http.StatusCreated)
}

func tokenWish(values url.Values) ([]forum.Scope, time.Duration, error) {
	var bad fault.Fields
	var scopes []forum.Scope
	for _, s := range forum.Scopes() {
		if values.Get("scope_"+string(s)) != "" {
			scopes = append(scopes, s)
		}
	}
	days, err := strconv.Atoi(values.Get("days"))
	if err != nil || !slices.Contains(tokenDays(), days) {
		bad.Add("days", "expiry", "Choose how long it is good for.")
	}
	return scopes, time.Duration(days) * 24 * time.Hour, bad.Err()
}

func (c *visit) revokeToken() error {
	values, err := c.posted()
	if err != nil {
		return err
	}
	id, ok := parseID(values.Get("id"))
	if !ok {
		return nothingHere()
	}
	if err := c.site.identity.RevokeToken(c.ctx(), c.Actor, id); err != nil {
		return err
	}
	return c.done(c.me("/settings/tokens?done=revoked"))
}
