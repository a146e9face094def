package forum

import (
	"slices"
	"time"

	"lightstick/internal/fault"
)

// Role is what a member is to the whole site. Being a moderator is per fandom, see [Actor.Moderates].
type Role string

// Roles.
const (
	RoleMember Role = "member"
	RoleAdmin  Role = "admin"
)

// Scope is what an API token may be used for. A browser session has all of its member's.
type Scope string

// Scopes, from harmless to powerful; none includes another.
const (
	ScopeRead     Scope = "read"     // read what the member can read
	ScopeWrite    Scope = "write"    // post, comment, react, report, upload
	ScopeAccount  Scope = "account"  // change settings, sessions and tokens
	ScopeModerate Scope = "moderate" // act as moderator or admin where the member is one
)

// Scopes lists all scopes.
func Scopes() []Scope { return []Scope{ScopeRead, ScopeWrite, ScopeAccount, ScopeModerate} }

// Actor is who acts now: a member through a session or token, or a guest (nil works as a guest).
type Actor struct {
	Member
	Moderates []ID       // fandoms
	Sanctions []Sanction // in force when the actor was loaded
	Scopes    []Scope    // of the token; nil for a session: everything
	SessionID ID         // 0 when acting through a token
	Token     bool
}

// Guest reports whether nobody is signed in.
func (a *Actor) Guest() bool { return a == nil || a.ID == 0 }

// Admin reports whether the actor runs the site.
func (a *Actor) Admin() bool { return !a.Guest() && a.Role == RoleAdmin && a.has(ScopeModerate) }

// Staff reports whether the actor may moderate the fandom; fandom 0 means the whole site.
func (a *Actor) Staff(fandom ID) bool {
	return a.Admin() || !a.Guest() && fandom != 0 && a.has(ScopeModerate) && slices.Contains(a.Moderates, fandom) && !a.banned(fandom)
}

// AnyStaff reports whether the actor moderates anything.
func (a *Actor) AnyStaff() bool {
	return a.Admin() || len(a.moderates(nil)) > 0
}

// moderates are the fandoms that the actor may moderate now, of those asked for (nil: of all). It
// is never nil: nothing is not everything.
func (a *Actor) moderates(asked []ID) []ID {
	list := []ID{}
	if a.Guest() {
		return list
	}
	for _, fandom := range a.Moderates {
		if a.Staff(fandom) && (asked == nil || slices.Contains(asked, fandom)) {
			list = append(list, fandom)
		}
	}
	return list
}

// banned reports a ban where the actor moderates. It takes the role along for as long as it lasts:
// moderators could lift it themselves otherwise. Sanctions were in force a moment ago, which is
// near enough here.
func (a *Actor) banned(fandom ID) bool {
	return slices.ContainsFunc(a.Sanctions, func(s Sanction) bool {
		return s.Kind == Ban && (s.FandomID == 0 || s.FandomID == fandom)
	})
}

func (a *Actor) has(s Scope) bool { return !a.Token || slices.Contains(a.Scopes, s) }

func (a *Actor) signedIn(s Scope) error {
	if a.Guest() {
		return fault.New(fault.Unauthenticated, "sign_in_required", "Sign in first.")
	}
	if !a.has(s) {
		return fault.New(fault.Forbidden, "scope_missing", "This token lacks the scope {scope}.", "scope", string(s))
	}
	return nil
}

// Require fails unless the actor is signed in and carries the scope.
func (a *Actor) Require(s Scope) error { return a.signedIn(s) }

func (a *Actor) staff(fandom ID) error {
	if err := a.signedIn(ScopeModerate); err != nil {
		return err
	}
	if !a.Staff(fandom) {
		return fault.New(fault.Forbidden, "staff_only", "Only staff may do this.")
	}
	return nil
}

func (a *Actor) admin() error {
	if err := a.signedIn(ScopeModerate); err != nil {
		return err
	}
	if !a.Admin() {
		return fault.New(fault.Forbidden, "admin_only", "Only admins may do this.")
	}
	return nil
}

// sanctioned is the sanction that stops the actor in the fandom: a ban always, a mute when the act speaks.
func (a *Actor) sanctioned(fandom ID, speaks bool, now time.Time) error {
	for _, s := range a.Sanctions {
		if !s.InForce(now) || s.FandomID != 0 && s.FandomID != fandom || s.Kind == Mute && !speaks {
			continue
		}
		if s.ExpiresAt.IsZero() {
			return fault.New(fault.Forbidden, "sanction_"+string(s.Kind), "You cannot do this here. Reason: {reason}", "reason", s.Reason)
		}
		return fault.New(fault.Forbidden, "sanction_"+string(s.Kind)+"_until",
			"You cannot do this here until {until}. Reason: {reason}", "until", s.ExpiresAt, "reason", s.Reason)
	}
	return nil
}

// mayWrite is the common gate of everything a member writes in a fandom (0: anywhere).
func (f *Forum) mayWrite(a *Actor, fandom ID, speaks bool) error {
	if err := a.signedIn(ScopeWrite); err != nil {
		return err
	}
	if !a.Verified && !f.MayPostUnverified {
		return fault.New(fault.Forbidden, "email_unverified", "Confirm your e-mail address first; the link is in your inbox, and settings can send it again.")
	}
	return a.sanctioned(fandom, speaks, f.Now())
}

// MayWrite says what would stop the actor from posting and commenting in a fandom (0: anywhere)
// before they begin to: nil when nothing does.
func (f *Forum) MayWrite(a *Actor, fandom ID) error { return f.mayWrite(a, fandom, true) }
