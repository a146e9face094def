package app_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lightstick/internal/app"
	"lightstick/internal/testkit"
)

// sink is an SMTP server (RFC 5321) that keeps what it gets.
func sink(t *testing.T, greet string) (address string, mails <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	got := make(chan string, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go receive(c, greet, got)
		}
	}()
	return l.Addr().String(), got
}

func receive(c net.Conn, greet string, got chan<- string) {
	defer c.Close()
	say := func(s string) { fmt.Fprintf(c, "%s\r\n", s) }
	say(greet)
	in := bufio.NewScanner(c)
	var mail strings.Builder
	for data := false; in.Scan(); {
		line := in.Text()
		switch {
		case data && line == ".":
			data = false
			got <- mail.String()
			say("250 kept")
		case data:
			mail.WriteString(line + "\n")
		case strings.HasPrefix(line, "EHLO"):
			say("250 8BITMIME")
		case strings.HasPrefix(line, "RCPT"):
			mail.WriteString(line + "\n")
			say("250 ok")
		case line == "DATA":
			data = true
			say("354 go on")
		case line == "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func TestMailBySMTP(t *testing.T) {
	address, mails := sink(t, "220 ready")
	c := app.Config{SMTP: "smtp://" + address, MailFrom: "Lightstick <no-reply@fans.test>"}
	if err := app.SendMail(context.Background(), c, time.Now, "mina@fans.test", "메일 확인", "안녕하세요\nhttps://fans.test/x"); err != nil {
		t.Fatal(err)
	}
	mail := <-mails
	for _, want := range []string{"RCPT TO:<mina@fans.test>", "From: \"Lightstick\" <no-reply@fans.test>", "Auto-Submitted: auto-generated", "Subject: =?UTF-8?"} {
		if !strings.Contains(mail, want) {
			t.Errorf("no %q in:\n%s", want, mail)
		}
	}
}

func TestMailThatCannotGoOutIsAnError(t *testing.T) {
	busy, _ := sink(t, "421 too busy")
	for name, c := range map[string]struct{ smtp, to string }{
		"busy server":      {"smtp://" + busy, "mina@fans.test"},
		"nobody listens":   {"smtp://127.0.0.1:1", "mina@fans.test"},
		"header in the to": {"smtp://" + busy, "mina@fans.test\r\nBcc: all@fans.test"},
		"no address":       {"smtp://" + busy, ""},
		"no server named":  {"http://x", "mina@fans.test"},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		err := app.SendMail(ctx, app.Config{SMTP: c.smtp, MailFrom: "a@fans.test"}, time.Now, c.to, "s", "t")
		cancel()
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestDevMailIsKeptAndShown(t *testing.T) {
	s := testkit.Boot(t)
	err := app.SendMail(context.Background(), s.App.Config, time.Now, "mina@fans.test", "Welcome <b>", "See https://fans.test/?a=1&b=2 <script>")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(s.App.Config.Data, "mail", "*.eml"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v %v", files, err)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("others may read mail: %v %v", info.Mode(), err)
	}
	page := s.Browser(t).Get("/dev/mail")
	if page.StatusCode != 200 || page.Header.Get("Cache-Control") != "private, no-store" {
		t.Fatalf("%s %s", page.Status, page.Header.Get("Cache-Control"))
	}
	for _, want := range []string{"Welcome &lt;b&gt;", `<a href="https://fans.test/?a=1&amp;b=2">`, "&lt;script&gt;"} {
		if !strings.Contains(page.Text, want) {
			t.Errorf("no %q in:\n%s", want, page.Text)
		}
	}
}

func TestDevMailIsForDevOnly(t *testing.T) {
	s := testkit.Boot(t, func(c *app.Config, _ *app.Options) {
		c.Env, c.AllowPlain, c.SMTP, c.BaseURL = app.Staging, true, "smtp://127.0.0.1:1", "http://"+c.Listen
	})
	if page := s.Browser(t).Get("/dev/mail"); page.StatusCode != 404 {
		t.Fatalf("staging shows mail: %s", page.Status)
	}
}
