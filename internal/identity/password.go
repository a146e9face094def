package identity

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"lightstick/internal/fault"
)

// Lengths of a password in characters, see NIST SP 800-63B-4, 3.1.1.2. There are no rules on which
// characters: they make passwords worse.
const (
	MinPassword      = 8
	MaxPassword      = 128
	maxPasswordBytes = 1024
)

// What guessers try first, a password a line, folded.
//
//go:embed common.txt
var commonText string

func commonPasswords() map[string]bool {
	words := strings.Fields(commonText)
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}

// checkPassword notes what is wrong with a new password; personal are words its owner is known by.
func (s *Service) checkPassword(fields *fault.Fields, name, password string, personal ...string) {
	if len(password) > maxPasswordBytes {
		fields.Add(name, "too_long", "Use at most {max} characters.", "max", MaxPassword)
		return
	}
	if !utf8.ValidString(password) {
		fields.Add(name, "invalid_utf8", "This is not valid UTF-8 text.")
		return
	}
	clean := normal(password)
	if strings.ContainsFunc(clean, unicode.IsControl) {
		fields.Add(name, "control_character", "Control characters are not allowed.")
		return
	}
	switch n := utf8.RuneCountInString(clean); {
	case n < MinPassword:
		fields.Add(name, "too_short", "Use at least {min} characters.", "min", MinPassword)
		return
	case n > MaxPassword:
		fields.Add(name, "too_long", "Use at most {max} characters.", "max", MaxPassword)
		return
	}
	folded := strings.ToLower(clean)
	if s.common[folded] {
		fields.Add(name, "password_common", "This is one of the first passwords that guessers try. Choose another.")
		return
	}
	for _, word := range append(personal, s.o.SiteName) {
		if word != "" && folded == strings.ToLower(normal(word)) {
			fields.Add(name, "password_personal", "Choose a password that is not your handle, your address or the name of this site.")
			return
		}
	}
}

// personal are the words a password must not be.
func personal(handle, email string) []string {
	local, _, _ := strings.Cut(email, "@")
	return []string{handle, email, local}
}
