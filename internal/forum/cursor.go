package forum

import (
	"encoding/base64"
	"fmt"
	"strings"

	"lightstick/internal/fault"
)

// Cursor is where a page of a list ends: the sort key of its last row, opaque to clients.
// It carries no right: whatever it says, a list shows only what its query may.
type Cursor string

// cursor packs key parts; scan unpacks them.
func cursor(parts ...any) Cursor {
	texts := make([]string, len(parts))
	for i, p := range parts {
		texts[i] = fmt.Sprint(p)
	}
	return Cursor(base64.RawURLEncoding.EncodeToString([]byte(strings.Join(texts, " "))))
}

// NewCursor packs the sort key of a row: numbers and words without blanks.
func NewCursor(parts ...any) Cursor { return cursor(parts...) }

// Scan unpacks the cursor into pointers to int, ID, float64 or string, all of them or fault "bad_cursor".
func (c Cursor) Scan(into ...any) error { return c.scan(into...) }

func (c Cursor) scan(into ...any) error {
	bad := fault.New(fault.Malformed, "bad_cursor", "This page address is broken. Start from the first page.")
	if len(c) > 400 {
		return bad
	}
	raw, err := base64.RawURLEncoding.DecodeString(string(c))
	if err != nil {
		return bad
	}
	parts := strings.Split(string(raw), " ")
	if len(parts) != len(into) {
		return bad
	}
	for i, p := range parts {
		if s, ok := into[i].(*string); ok {
			if strings.ContainsFunc(p, func(r rune) bool { return r <= ' ' || r > '~' }) {
				return bad
			}
			*s = p
			continue
		}
		if n, err := fmt.Sscanf(p+"\n", "%v\n", into[i]); n != 1 || err != nil {
			return bad
		}
	}
	return nil
}
