package identity

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"lightstick/internal/fault"
)

const (
	secretBytes = 32
	secretChars = 43 // of base64url without padding
	// BearerPrefix starts every API token, so that scanners for leaked secrets know one.
	BearerPrefix = "ls_pat_"
)

// newSecret makes a token of 256 random bits and the hash that is stored of it.
func (s *Service) newSecret(prefix string) (token string, h Hash, err error) {
	var raw [secretBytes]byte
	if _, err := io.ReadFull(s.o.Rand, raw[:]); err != nil {
		return "", h, fmt.Errorf("read random token: %w", err)
	}
	token = prefix + base64.RawURLEncoding.EncodeToString(raw[:])
	return token, sha256.Sum256([]byte(token)), nil
}

// parseSecret is the stored hash of a token, false when it cannot be one of ours. Looking a token up
// by the hash of 256 random bits leaks nothing through time: no prefix of a hash helps to guess a token.
func parseSecret(prefix, token string) (h Hash, ok bool) {
	secret, ok := strings.CutPrefix(token, prefix)
	if !ok || len(secret) != secretChars {
		return h, false
	}
	var raw [secretBytes]byte
	n, err := base64.RawURLEncoding.Strict().Decode(raw[:], []byte(secret))
	if err != nil || n != secretBytes {
		return h, false
	}
	return sha256.Sum256([]byte(token)), true
}

func badTicket() error {
	return fault.New(fault.Invalid, "link_invalid", "This link has been used, has expired or is not complete. Ask for a new one.")
}
