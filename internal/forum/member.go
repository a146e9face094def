package forum

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"lightstick/internal/fault"
)

// Member is a person with an account. Credentials live in package identity.
type Member struct {
	ID        ID
	Handle    string // [a-z0-9_]{3,20}, unique
	Name      string // shown name
	Email     string // only for the member and admins
	Verified  bool   // the e-mail address is confirmed
	Role      Role
	Bio       string
	BioHTML   string
	AvatarKey string // blob key of a square image, "" for none
	Locale    string
	TimeZone  string // IANA name
	Posts     int    // derived
	Comments  int    // derived
	CreatedAt time.Time
	Version   int
}

// MemberRef is what a page shows of an author.
type MemberRef struct {
	ID        ID
	Handle    string
	Name      string
	AvatarKey string
}

var handlePattern = regexp.MustCompile(`^[a-z0-9_]{3,20}$`)

// Names that would mislead or clash with addresses.
var reservedHandles = []string{"admin", "administrator", "moderator", "staff", "system", "lightstick", "official", "support", "root", "me", "api", "guest", "deleted"}

// CheckHandle notes what is wrong with a new member's handle and returns it folded.
func CheckHandle(fields *fault.Fields, handle string) string {
	handle = strings.ToLower(strings.TrimSpace(handle))
	if !handlePattern.MatchString(handle) {
		fields.Add("handle", "handle", "Use 3 to 20 of a-z, 0-9 and _.")
	} else if slices.Contains(reservedHandles, handle) {
		fields.Add("handle", "handle_reserved", "This handle is reserved.")
	}
	return handle
}

// CheckName notes what is wrong with a shown name and returns it cleaned.
func CheckName(fields *fault.Fields, name string) string {
	return text(fields, "name", name, false, 1, MaxName)
}

// CheckLocale notes an unknown interface language.
func (f *Forum) CheckLocale(fields *fault.Fields, locale string) string {
	if !slices.Contains(f.Locales, locale) {
		fields.Add("locale", "unknown_locale", "Choose one of: {locales}.", "locales", strings.Join(f.Locales, ", "))
	}
	return locale
}

// CheckTimeZone notes an unknown IANA time zone.
func CheckTimeZone(fields *fault.Fields, zone string) string {
	if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
		fields.Add("time_zone", "unknown_time_zone", "Choose a time zone such as Asia/Seoul.")
	}
	return zone
}

// MemberChange is a change of one's own settings; nil leaves a field as it is.
type MemberChange struct {
	Name, Bio, AvatarKey, Locale, TimeZone *string
	Version                                int // the version the change was made on; 0: any
}

// UpdateMember changes the actor's own settings. AvatarKey must be an upload of the actor, which the caller has checked.
func (f *Forum) UpdateMember(ctx context.Context, a *Actor, c MemberChange) (Member, error) {
	if err := a.signedIn(ScopeAccount); err != nil {
		return Member{}, err
	}
	var bad fault.Fields
	if c.Name != nil {
		*c.Name = CheckName(&bad, *c.Name)
	}
	bioHTML := ""
	if c.Bio != nil {
		*c.Bio = text(&bad, "bio", *c.Bio, true, 0, MaxBio)
	}
	if c.Locale != nil {
		f.CheckLocale(&bad, *c.Locale)
	}
	if c.TimeZone != nil {
		CheckTimeZone(&bad, *c.TimeZone)
	}
	if err := bad.Err(); err != nil {
		return Member{}, err
	}
	if c.Bio != nil {
		bioHTML = f.renderBio(ctx, *c.Bio)
	}
	var m Member
	_, err := f.Store.Update(ctx, func(tx Tx) (any, error) {
		var err error
		if m, err = tx.Member(ctx, a.ID); err != nil {
			return nil, err
		}
		if c.Version != 0 && c.Version != m.Version {
			return nil, Stale()
		}
		before := m
		set(&m.Name, c.Name)
		set(&m.AvatarKey, c.AvatarKey)
		set(&m.Locale, c.Locale)
		set(&m.TimeZone, c.TimeZone)
		if c.Bio != nil {
			m.Bio, m.BioHTML = *c.Bio, bioHTML
		}
		if m.Name != before.Name || m.Bio != before.Bio || m.AvatarKey != before.AvatarKey {
			if err := f.MayChangeProfile(a); err != nil {
				return nil, err
			}
		}
		err = tx.UpdateMember(ctx, &m)
		return m, err
	})
	return m, err
}

// MayChangeProfile says what stops the actor from changing what others see of them: a ban from the
// site does, or a name and a picture would still speak.
func (f *Forum) MayChangeProfile(a *Actor) error {
	if err := a.signedIn(ScopeAccount); err != nil {
		return err
	}
	return a.sanctioned(0, false, f.Now())
}

func (f *Forum) renderBio(ctx context.Context, src string) string {
	return f.render(ctx, src, nil).HTML
}

// SetRole makes a member an admin or takes it back. The last admin cannot step down.
func (f *Forum) SetRole(ctx context.Context, a *Actor, member ID, role Role) (Member, error) {
	if err := a.admin(); err != nil {
		return Member{}, err
	}
	if role != RoleMember && role != RoleAdmin {
		return Member{}, fault.Fields{{Name: "role", Code: "unknown_role", Message: "Choose member or admin."}}.Err()
	}
	var m Member
	_, err := f.Store.Update(ctx, func(tx Tx) (any, error) {
		var err error
		if m, err = tx.Member(ctx, member); err != nil {
			return nil, err
		}
		if m.Role == RoleAdmin && role == RoleMember {
			if n, err := tx.CountAdmins(ctx); err != nil {
				return nil, err
			} else if n < 2 {
				return nil, fault.New(fault.Conflict, "last_admin", "The last admin cannot step down; name another first.")
			}
		}
		m.Role = role
		if err := tx.UpdateMember(ctx, &m); err != nil {
			return nil, err
		}
		return m, f.audit(ctx, tx, a, "member.role", Target{TargetMember, m.ID}, 0, "member", m.Handle, "role", string(role))
	})
	return m, err
}

// Stale is the answer to a change made on a version that is no longer the newest.
func Stale() error {
	return fault.New(fault.PreconditionFailed, "stale", "Somebody changed this in the meantime. Load it again and repeat your change.")
}

func set[T any](dst *T, src *T) {
	if src != nil {
		*dst = *src
	}
}

// LocalPath returns target when it is a path on this site and fallback otherwise, against open redirects.
func LocalPath(target, fallback string) string {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") ||
		strings.ContainsAny(target, "\\\x00\r\n\t") {
		return fallback
	}
	return target
}
