package web

import (
	"fmt"
	"net/url"
	"strings"
)

// Mail writes one mail of package identity, see [identity.MailJob] for the templates and their
// params. Links are absolute. An unknown template is an error; an unknown language is read in the
// site's first.
func (s *Site) Mail(locale, template string, params map[string]string) (subject, text string, err error) {
	p := s.locales.Printer(locale)
	if p == nil {
		p = s.locales.Default()
	}
	key := "mail." + template
	if p.T(key) == key {
		return "", "", fmt.Errorf("web: no mail %q", template)
	}
	name := params["name"]
	if strings.ContainsAny(name, ".:/@") { // would be a link in many mail programs, and anybody can have a mail sent to anybody
		name = params["handle"]
	}
	fill := strings.NewReplacer("{name}", name, "{handle}", params["handle"], "{email}", params["email"], "{link}", s.mailLink(p, template, params["token"]))
	body := p.T("mail.hello") + "\n\n" + p.T(key) + "\n\n" + p.T("mail.bye") + "\n" + s.base + "\n"
	return p.T(key + "_subject"), fill.Replace(body), nil
}

// mailLink is where a mail leads: to a page with a button, since programs that check mail follow links.
func (s *Site) mailLink(p *Printer, template, token string) string {
	to := s.base + "/me/" + p.Tag
	switch template {
	case "verify":
		return to + "/verify?token=" + url.QueryEscape(token)
	case "reset":
		return to + "/reset/new?token=" + url.QueryEscape(token)
	case "exists":
		return to + "/sign-in"
	}
	return to + "/reset" // for those who did not do what the mail tells of
}
