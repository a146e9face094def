package identity_test

import (
	"context"
	"strings"
	"testing"

	"lightstick/internal/fault"
	"lightstick/internal/identity"
)

func TestHashPassword(t *testing.T) {
	a := must(identity.HashPassword(t.Context(), goodPassword))(t)
	b := must(identity.HashPassword(t.Context(), goodPassword))(t)
	if a == b {
		t.Error("two hashes of one password are equal")
	}
	if again, outdated, err := identity.ParsePHC(a); err != nil || outdated || again != a {
		t.Errorf("%q: %q, %t, %v", a, again, outdated, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := identity.HashPassword(ctx, goodPassword); err == nil {
		t.Error("hashed for nobody")
	}
}

func TestPHC(t *testing.T) {
	const salt, key = "c2FsdHNhbHRzYWx0c2FsdA", "fOTf06LcEs+5QfcXb3h4WNg1jRMSstlVPnvPyWFrn6I"
	for name, c := range map[string]struct {
		text     string
		ok, old_ bool
	}{
		"today":          {"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + key, true, false},
		"weaker":         {"$argon2id$v=19$m=4096,t=2,p=1$" + salt + "$" + key, true, true},
		"stronger":       {"$argon2id$v=19$m=65536,t=3,p=4$" + salt + "$" + key, true, true},
		"empty":          {"", false, false},
		"bcrypt":         {"$2b$12$abcdefghijklmnopqrstuv", false, false},
		"argon2i":        {"$argon2i$v=19$m=19456,t=2,p=1$" + salt + "$" + key, false, false},
		"other version":  {"$argon2id$v=16$m=19456,t=2,p=1$" + salt + "$" + key, false, false},
		"all the memory": {"$argon2id$v=19$m=4294967295,t=2,p=1$" + salt + "$" + key, false, false},
		"all the time":   {"$argon2id$v=19$m=19456,t=4294967295,p=1$" + salt + "$" + key, false, false},
		"no lane":        {"$argon2id$v=19$m=19456,t=2,p=0$" + salt + "$" + key, false, false},
		"no time":        {"$argon2id$v=19$m=19456,t=0,p=1$" + salt + "$" + key, false, false},
		"minus":          {"$argon2id$v=19$m=-1,t=2,p=1$" + salt + "$" + key, false, false},
		"trailing":       {"$argon2id$v=19$m=19456,t=2,p=1,x=1$" + salt + "$" + key, false, false},
		"padding":        {"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "==$" + key, false, false},
		"short salt":     {"$argon2id$v=19$m=19456,t=2,p=1$c2E$" + key, false, false},
		"short key":      {"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$c2E", false, false},
		"one part more":  {"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + key + "$", false, false},
	} {
		_, outdated, err := identity.ParsePHC(c.text)
		if (err == nil) != c.ok || outdated != c.old_ {
			t.Errorf("%s: outdated %t, %v", name, outdated, err)
		}
	}
}

func TestPasswordRules(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct{ password, code string }{
		"seven":             {"abcdef7", "too_short"},
		"eight":             {"qv7#kx0m", ""},
		"eight syllables":   {"가나다라마바사아", ""},
		"seven syllables":   {"가나다라마바사", "too_short"},
		"spaces":            {"  a b  c", ""},
		"128":               {strings.Repeat("xy", 64), ""},
		"129":               {strings.Repeat("xy", 64) + "z", "too_long"},
		"128 syllables":     {strings.Repeat("가", 128), ""},
		"a megabyte":        {strings.Repeat("x", 1<<20), "too_long"},
		"grows when folded": {strings.Repeat("\ufdfa", 20), "too_long"}, // 18 letters each
		"invalid UTF-8":     {"abcdefgh\xff", "invalid_utf8"},
		"NUL":               {"abcdefgh\x00", "control_character"},
		"line":              {"abcdefgh\n", "control_character"},
		"common":            {"password1", "password_common"},
		"common, shouted":   {"QWERTYUIOP", "password_common"},
		"common, wide":      {"ｐａｓｓｗｏｒｄ", "password_common"},
		"site":              {"LightStick", "password_common"},
		"address":           {"mina.lee@fans.example", "password_personal"},
		"its local part":    {"Mina.Lee.2031", ""},
		"emoji":             {"🪄🪄🪄🪄🪄🪄🪄🪄", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.SignUp(w.ctx, identity.SignUpInput{Handle: "x", Email: "mina.lee@fans.example", Password: c.password}, identity.Client{})
			got := ""
			for _, f := range fault.From(err).Fields {
				if f.Name == "password" {
					got = f.Code
				}
			}
			if got != c.code {
				t.Errorf("%q, want %q", got, c.code)
			}
		})
	}
}

func TestEmailKey(t *testing.T) {
	for address, want := range map[string]string{
		"a@fans.example":                         "a@fans.example",
		"A.B+c@FANS.Example":                     "a.b+c@fans.example",
		"미나@팬.example":                           "미나@xn--697b.example",
		"\u212a@fans.example":                    "", // the Kelvin sign is no k
		"a@xn--697b.example":                     "a@xn--697b.example",
		strings.Repeat("a", 64) + "@b.example":   strings.Repeat("a", 64) + "@b.example",
		strings.Repeat("a", 65) + "@b.example":   "",
		"a@" + strings.Repeat("b.", 130) + "com": "",
		"":                                       "",
		"a":                                      "",
		"@b.example":                             "",
		"a@":                                     "",
		"a@b":                                    "",
		"a@b..example":                           "",
		"a@b.example.":                           "",
		"a@-b.example":                           "",
		"a@[127.0.0.1]":                          "",
		"a@@b.example":                           "",
		"a b@c.example":                          "",
		`"a b"@c.example`:                        "",
		"Mina <a@b.example>":                     "",
		"<a@b.example>":                          "",
		"a@b.example,c@d.example":                "",
		"a@b.example\r\nBcc: c@d.example":        "",
		"a\x00@b.example":                        "",
		"a\u202e@b.example":                      "",
		"a\u200b@b.example":                      "",
		"a\xff@b.example":                        "",
		"(x)a@b.example":                         "",
		".a@b.example":                           "",
		"e\u0301@b.example":                      "", // not composed
	} {
		key, ok := identity.EmailKey(address)
		if ok != (want != "") || ok && key != want {
			t.Errorf("%q: %q %t, want %q", address, key, ok, want)
		}
	}
}
