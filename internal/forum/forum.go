// Package forum holds the rules of the community: who may do what, what is valid, and what
// follows from it, written once whatever the database, the page or the API.
//
// It promises that every change goes through one [Store.Update] (all of it or nothing), that a
// write carried by a [Once] happens at most once, and that every act of staff leaves an
// [AuditEntry] in the same transaction. It never speaks SQL, HTTP or HTML forms, and it never
// waits for anything but the store.
package forum

import (
	"context"
	"strings"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/markup"
)

// ID names a row. Ids grow with time of insertion but may commit out of order.
type ID int64

// Limits of what people write. Lengths are in runes, see [markup.Length].
const (
	MaxTitle       = 120
	MaxBody        = 20_000
	MaxComment     = 5_000
	MaxName        = 40
	MaxBio         = 500
	MaxReason      = 500
	MaxDescription = 500
	MaxQuery       = 100
	MaxPageSize    = 100
	MaxImages      = 20
	MaxMentions    = 20
)

// Options are what the rules need from the outside.
type Options struct {
	Store   Store
	Now     func() time.Time
	Locales []string // interface languages a member may choose
	// Image resolves the address of an image hosted here; anything else becomes a plain link.
	Image func(ctx context.Context, src string) (markup.Image, bool)
	// MayPostUnverified lets members write before they have confirmed their e-mail address.
	MayPostUnverified bool
	// Status is how the database does now; nil: it is always well.
	Status func() Status
}

// Forum is the community. It is safe for concurrent use.
type Forum struct {
	Options
	rules rulebook
}

// New makes a Forum.
func New(o Options) *Forum {
	if o.Status == nil {
		well := Status{Writable: true, Primaries: 1}
		if o.Now != nil {
			well.Since = o.Now()
		}
		o.Status = func() Status { return well }
	}
	return &Forum{Options: o}
}

// Read gives the store for reading; its methods apply no rule of visibility beyond their own words.
func (f *Forum) Read() Reader { return f.Store }

// text cleans and bounds one input. It notes a mistake in fields and returns "".
func text(fields *fault.Fields, name, value string, multiline bool, min, max int) string {
	if len(value) > 8*max+64 { // do not normalise what is too long anyway; a rune is at most 4 bytes
		fields.Add(name, "too_long", "Use at most {max} characters.", "max", max)
		return ""
	}
	clean, err := markup.Clean(value, multiline)
	switch err {
	case nil:
	case markup.ErrUTF8:
		fields.Add(name, "invalid_utf8", "This is not valid UTF-8 text.")
		return ""
	case markup.ErrBidi:
		fields.Add(name, "bidi_override", "Text-direction override characters are not allowed.")
		return ""
	default:
		fields.Add(name, "control_character", "Control characters are not allowed.")
		return ""
	}
	switch n := markup.Length(clean); {
	case n > max:
		fields.Add(name, "too_long", "Use at most {max} characters.", "max", max)
	case n == 0 && min > 0:
		fields.Add(name, "required", "Please fill this in.")
	case n < min:
		fields.Add(name, "too_short", "Use at least {min} characters.", "min", min)
	}
	return clean
}

// slug checks the name of a fandom or board in an address.
func slug(fields *fault.Fields, name, value string) string {
	value = strings.ToLower(strings.TrimSpace(value))
	ok := len(value) >= 2 && len(value) <= 32 && value[0] != '-' && value[len(value)-1] != '-'
	for _, c := range value {
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	}
	if !ok {
		fields.Add(name, "slug", "Use 2 to 32 of a-z, 0-9 and hyphens, not at the ends.")
	}
	return value
}

// render turns what a member wrote into a document, resolving mentions and images of ours.
func (f *Forum) render(ctx context.Context, src string, card func(string) (markup.Card, bool)) markup.Document {
	mentions, images := 0, 0
	return markup.Render(src, markup.Options{
		Mention: func(handle string) bool {
			if mentions++; mentions > MaxMentions {
				return false
			}
			_, err := f.Store.MemberByHandle(ctx, handle)
			return err == nil
		},
		Image: func(src string) (markup.Image, bool) {
			if images++; images > MaxImages || f.Image == nil {
				return markup.Image{}, false
			}
			return f.Image(ctx, src)
		},
		Card: card,
	})
}

// Preview renders markdown as a post would be rendered, without storing anything.
func (f *Forum) Preview(ctx context.Context, a *Actor, src string) (markup.Document, error) {
	if err := a.signedIn(ScopeRead); err != nil {
		return markup.Document{}, err
	}
	var bad fault.Fields
	src = text(&bad, "body", src, true, 0, MaxBody)
	if err := bad.Err(); err != nil {
		return markup.Document{}, err
	}
	return f.render(ctx, src, nil), nil
}
