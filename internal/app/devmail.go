package app

import (
	"html/template"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"lightstick/internal/edge"
)

// devMail shows the mail of a folder mailer on /dev/mail, newest first. It exists in dev only.
type devMail struct{ dir string }

const devMailShown = 50

func (d devMail) routes() []edge.Route {
	return []edge.Route{{Method: http.MethodGet, Path: "/dev/mail", Policy: edge.Personal("dev.mail"), Handle: d.list}}
}

type shownMail struct {
	To, Subject, Date string
	Parts             []mailPart
}

// mailPart is a run of text or a link.
type mailPart struct{ Text, Link string }

var devMailPage = template.Must(template.New("mail").Parse(`<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Mail · dev</title>
<h1>Mail that would have been sent</h1>
{{range .}}<article><h2>{{.Subject}}</h2><p>To {{.To}}, {{.Date}}</p><pre>{{range .Parts}}{{if .Link}}<a href="{{.Link}}">{{.Link}}</a>{{else}}{{.Text}}{{end}}{{end}}</pre></article><hr>
{{else}}<p>No mail yet. Sign up or ask for a password reset, then load this page again.</p>{{end}}</html>`))

func (d devMail) list(w http.ResponseWriter, _ *http.Request) error {
	names, err := filepath.Glob(filepath.Join(d.dir, "*.eml"))
	if err != nil {
		return err
	}
	slices.Sort(names) // named by time
	slices.Reverse(names)
	var shown []shownMail
	for _, name := range names[:min(len(names), devMailShown)] {
		m, err := readMail(name)
		if err != nil {
			return err
		}
		shown = append(shown, m)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return devMailPage.Execute(w, shown)
}

var linkPattern = regexp.MustCompile(`https?://\S+`)

func readMail(name string) (shownMail, error) {
	f, err := os.Open(name)
	if err != nil {
		return shownMail{}, err
	}
	defer f.Close()
	m, err := mail.ReadMessage(f)
	if err != nil {
		return shownMail{}, err
	}
	var body io.Reader = m.Body
	if strings.EqualFold(m.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	raw, err := io.ReadAll(io.LimitReader(body, 64<<10))
	if err != nil {
		return shownMail{}, err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		subject = m.Header.Get("Subject")
	}
	s := shownMail{To: m.Header.Get("To"), Subject: subject, Date: m.Header.Get("Date")}
	text, last := string(raw), 0
	for _, at := range linkPattern.FindAllStringIndex(text, -1) {
		s.Parts = append(s.Parts, mailPart{Text: text[last:at[0]]}, mailPart{Link: text[at[0]:at[1]]})
		last = at[1]
	}
	s.Parts = append(s.Parts, mailPart{Text: text[last:]})
	return s, nil
}
