package identity

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"lightstick/internal/fault"
)

const (
	maxEmail = 254 // bytes, RFC 5321 4.5.3.1.3
	maxLocal = 64
)

// CheckEmail notes in fields (as "email") what is wrong with an address. It returns the address
// trimmed, as it is stored and written to, and its key: equal for what is the same mailbox.
func CheckEmail(fields *fault.Fields, address string) (email, key string) {
	email = strings.TrimSpace(address)
	if email == "" {
		fields.Add("email", "required", "Please fill this in.")
		return "", ""
	}
	key, ok := emailKey(email)
	if !ok {
		fields.Add("email", "email", "This is not an e-mail address.")
		return "", ""
	}
	return email, key
}

// emailKey folds an address: ASCII letters in lower case, the domain in its ASCII form. Dots and plus
// signs stay, for what they mean is up to the mailbox's owner; other letters stay too, since
// folding those has let people read each other's mail.
func emailKey(email string) (key string, ok bool) {
	if len(email) > maxEmail || !utf8.ValidString(email) || strings.ContainsFunc(email, notInAddress) {
		return "", false
	}
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Name != "" || parsed.Address != email { // no "Name <…>", no quoting, no comment
		return "", false
	}
	at := strings.LastIndexByte(email, '@')
	local, domain := email[:at], email[at+1:]
	if local == "" || len(local) > maxLocal || !norm.NFC.IsNormalString(local) {
		return "", false
	}
	host, err := idna.Lookup.ToASCII(domain)
	if err != nil || len(host) > 253 || !strings.Contains(host, ".") || strings.HasSuffix(host, ".") {
		return "", false
	}
	key = strings.Map(lowerASCII, local) + "@" + strings.Map(lowerASCII, host)
	return key, len(key) <= 2*maxEmail
}

func notInAddress(r rune) bool {
	return r <= ' ' || r == '"' || r == '\\' || !unicode.IsPrint(r) || unicode.IsSpace(r)
}

func lowerASCII(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}
