package main

import (
	"net"
	"net/http/httptest"
	"net/smtp"
	"strings"
	"testing"

	server "github.com/emersion/go-smtp"
)

func TestMail(t *testing.T) {
	b := new(box)
	s := server.NewServer(server.BackendFunc(func(*server.Conn) (server.Session, error) { return &session{box: b}, nil }))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	send := func(to, text string) {
		t.Helper()
		if err := smtp.SendMail(l.Addr().String(), nil, "no-reply@fans.example", []string{to}, []byte(strings.ReplaceAll(text, "\n", "\r\n"))); err != nil {
			t.Fatal(err)
		}
	}
	send("mina@fans.example", "Subject: =?UTF-8?q?=EC=95=88=EB=85=95?=\nContent-Transfer-Encoding: quoted-printable\n\nhttps://fans.example/verify?a=3Db\n")
	send("jun@fans.example", "Subject: hello\n\nplain\n")
	for query, want := range map[string]string{
		"?to=MINA@fans.example": "To: mina@fans.example\nSubject: 안녕\nDate: \n\nhttps://fans.example/verify?a=b\r\n\n----\n",
		"?to=nobody":            "",
	} {
		w := httptest.NewRecorder()
		b.ServeHTTP(w, httptest.NewRequest("GET", "/"+query, nil))
		if got := w.Body.String(); got != want {
			t.Errorf("%s shows %q, want %q", query, got, want)
		}
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if got := w.Body.String(); strings.Index(got, "jun@") > strings.Index(got, "mina@") || w.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("all mail, newest first, as text: %q", got)
	}
	for range 2 * kept {
		b.put(letter{"many@fans.example", "x"})
	}
	if len(b.letters) != kept {
		t.Errorf("%d letters kept, want %d", len(b.letters), kept)
	}
}
