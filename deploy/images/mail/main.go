// Command mail is a mail server for development: it takes what anybody sends to anybody, keeps the
// newest of it in memory and shows it to whoever asks. It passes nothing on.
//
//	SMTP on :1025; http://…:8025/ shows the mail as text, newest first (?to=ADDRESS: that of one recipient)
//	mail check    status 0 when a server on this machine answers, for containers
package main

import (
	"fmt"
	"io"
	"log"
	"mime"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

const (
	kept    = 500
	largest = 1 << 20 // bytes of a mail
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "check" {
		if err := check("http://localhost:8025/?to=nobody"); err != nil {
			log.Fatal(err)
		}
		return
	}
	b := new(box)
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{box: b}, nil }))
	s.Addr, s.Domain, s.MaxMessageBytes, s.MaxRecipients = ":1025", "mail", largest, 50
	s.ReadTimeout, s.WriteTimeout = 30*time.Second, 30*time.Second
	go func() { log.Fatal(s.ListenAndServe()) }()
	web := http.Server{Addr: ":8025", Handler: b, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(web.ListenAndServe())
}

func check(address string) error {
	client := http.Client{Timeout: 2 * time.Second}
	res, err := client.Get(address)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", address, res.Status)
	}
	return nil
}

// letter is a mail as it is shown.
type letter struct{ to, text string }

// box keeps the newest letters.
type box struct {
	mu      sync.Mutex // guards letters
	letters []letter
}

func (b *box) put(l letter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.letters = append(b.letters, l)
	b.letters = b.letters[max(0, len(b.letters)-kept):]
}

// ServeHTTP shows letters as plain text: what they say is nothing a browser should act on.
func (b *box) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	letters := slices.Clone(b.letters)
	b.mu.Unlock()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	to := r.FormValue("to")
	for _, l := range slices.Backward(letters) {
		if to == "" || strings.EqualFold(l.to, to) {
			fmt.Fprintf(w, "%s\n----\n", l.text)
		}
	}
}

// session is one connection.
type session struct {
	box *box
	to  []string
}

func (s *session) Reset()                               { s.to = nil }
func (s *session) Logout() error                        { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "not a mail"}
	}
	body := m.Body
	if strings.EqualFold(m.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		subject = m.Header.Get("Subject")
	}
	for _, to := range s.to {
		s.box.put(letter{to, fmt.Sprintf("To: %s\nSubject: %s\nDate: %s\n\n%s", to, subject, m.Header.Get("Date"), text)})
	}
	return nil
}
