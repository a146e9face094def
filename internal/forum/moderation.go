package forum

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"lightstick/internal/fault"
)

// TargetKind is what a reaction, report or audit entry is about.
type TargetKind string

// Target kinds.
const (
	TargetPost    TargetKind = "post"
	TargetComment TargetKind = "comment"
	TargetMember  TargetKind = "member"
	TargetFandom  TargetKind = "fandom"
	TargetBoard   TargetKind = "board"
	TargetRule    TargetKind = "word_rule"
	TargetCase    TargetKind = "case"
	TargetEvent   TargetKind = "event"
)

// Target is a thing of the community.
type Target struct {
	Kind TargetKind
	ID   ID
}

func notFound(k TargetKind) error {
	return fault.New(fault.NotFound, string(k)+"_not_found", "There is no such "+string(k)+".")
}

// NotFound is the one answer for what does not exist or may not be known of.
func NotFound(k TargetKind) error { return notFound(k) }

type place struct {
	fandom, post, author ID
	state                State
}

func (f *Forum) locate(ctx context.Context, r Reader, t Target) (place, error) {
	switch t.Kind {
	case TargetPost:
		p, err := r.Post(ctx, t.ID)
		return place{p.Board.FandomID, p.ID, p.Author.ID, p.State}, err
	case TargetComment:
		c, err := r.Comment(ctx, t.ID)
		return place{c.FandomID, c.PostID, c.Author.ID, c.State}, err
	case TargetMember:
		m, err := r.Member(ctx, t.ID)
		return place{author: m.ID}, err
	}
	return place{}, notFound(t.Kind)
}

// Reasons for a report; ReasonHeld is the word rules' own.
const (
	ReasonSpam       = "spam"
	ReasonHarassment = "harassment"
	ReasonPrivacy    = "privacy"
	ReasonSpoiler    = "spoiler"
	ReasonCopyright  = "copyright"
	ReasonOther      = "other"
	ReasonHeld       = "held"
)

// Reasons lists what a member may choose.
func Reasons() []string {
	return []string{ReasonSpam, ReasonHarassment, ReasonPrivacy, ReasonSpoiler, ReasonCopyright, ReasonOther}
}

// Report is one voice about a target; reports of one target are merged in one open [Case].
type Report struct {
	ID         ID
	CaseTarget Target
	FandomID   ID
	ReporterID ID // 0: a word rule
	Reporter   MemberRef
	Reason     string
	Note       string
	CreatedAt  time.Time
}

// CaseState is how far staff are with a case.
type CaseState string

// Case states.
const (
	CaseOpen     CaseState = "open"
	CaseClaimed  CaseState = "claimed"
	CaseResolved CaseState = "resolved"
)

// Case is a target that staff must look at, with all reports of it.
type Case struct {
	ID         ID
	Target     Target
	FandomID   ID
	State      CaseState
	Reports    int
	Reasons    []string  // distinct
	Claimer    MemberRef // zero when unclaimed
	ClaimedAt  time.Time
	Resolution string // "dismissed" or the act taken
	Note       string
	Resolver   MemberRef
	CreatedAt  time.Time
	ResolvedAt time.Time
	// Filled when listed: what it is about.
	Title, Text string
	Author      MemberRef
	PostID      ID
	TargetState State
}

// ReportTarget tells staff of a target. A second report by the same member changes nothing.
func (f *Forum) ReportTarget(ctx context.Context, a *Actor, t Target, reason, note string) error {
	if err := a.signedIn(ScopeWrite); err != nil {
		return err
	}
	var bad fault.Fields
	if !slices.Contains(Reasons(), reason) {
		bad.Add("reason", "unknown_reason", "Choose a reason.")
	}
	note = text(&bad, "note", note, true, 0, MaxReason)
	if err := bad.Err(); err != nil {
		return err
	}
	at, err := f.locate(ctx, f.Store, t)
	if err != nil {
		return err
	}
	unseen := at.state == Held && at.author != a.ID && !a.Staff(at.fandom)
	if at.state == Hidden || at.state == Deleted || unseen {
		return notFound(t.Kind)
	}
	if err := f.mayWrite(a, at.fandom, false); err != nil {
		return err
	}
	_, err = f.Store.Update(ctx, func(tx Tx) (any, error) {
		return nil, tx.InsertReport(ctx, Report{CaseTarget: t, FandomID: at.fandom, ReporterID: a.ID, Reason: reason, Note: note, CreatedAt: f.Now()})
	})
	return err
}

// Cases lists the queue of what the actor may moderate, oldest first.
func (f *Forum) Cases(ctx context.Context, a *Actor, q CaseQuery) ([]Case, Cursor, error) {
	if err := a.signedIn(ScopeModerate); err != nil {
		return nil, "", err
	}
	if !a.AnyStaff() {
		return nil, "", fault.New(fault.Forbidden, "staff_only", "Only staff may do this.")
	}
	if !a.Admin() {
		q.Fandoms = a.moderates(q.Fandoms)
	}
	return f.Store.Cases(ctx, q)
}

// Case is one case with its reports.
func (f *Forum) Case(ctx context.Context, a *Actor, id ID) (Case, []Report, error) {
	c, err := f.Store.Case(ctx, id)
	if err != nil {
		return Case{}, nil, err
	}
	if err := a.staff(c.FandomID); err != nil {
		return Case{}, nil, err
	}
	reports, err := f.Store.CaseReports(ctx, id)
	return c, reports, err
}

// Claim takes a case (or, with on false, gives it back), so that two do not work on it at once.
func (f *Forum) Claim(ctx context.Context, a *Actor, id ID, on bool) (Case, error) {
	return f.changeCase(ctx, a, id, func(tx Tx, c *Case) error {
		if c.State == CaseResolved {
			return fault.New(fault.Conflict, "case_resolved", "This case is resolved already.")
		}
		if c.State == CaseClaimed && c.Claimer.ID != a.ID && on {
			return fault.New(fault.Conflict, "case_claimed", "{name} is on this case.", "name", c.Claimer.Name)
		}
		c.State, c.Claimer, c.ClaimedAt = CaseOpen, MemberRef{}, time.Time{}
		act := "case.release"
		if on {
			c.State, c.Claimer, c.ClaimedAt, act = CaseClaimed, a.ref(), f.Now(), "case.claim"
		}
		return f.audit(ctx, tx, a, act, Target{TargetCase, id}, c.FandomID)
	})
}

// Resolve closes a case, with "" nothing else happening (dismissed; a held text is then published),
// or with an act of [Forum.Moderate] on its target in the same transaction.
func (f *Forum) Resolve(ctx context.Context, a *Actor, id ID, act Act, note string) (Case, error) {
	var bad fault.Fields
	note = text(&bad, "note", note, true, 0, MaxReason)
	if err := bad.Err(); err != nil {
		return Case{}, err
	}
	return f.changeCase(ctx, a, id, func(tx Tx, c *Case) error {
		if c.State == CaseResolved {
			return fault.New(fault.Conflict, "case_resolved", "This case is resolved already.")
		}
		if c.State == CaseClaimed && c.Claimer.ID != a.ID {
			return fault.New(fault.Conflict, "case_claimed", "{name} is on this case.", "name", c.Claimer.Name)
		}
		if act == "" && c.TargetState == Held {
			act = ActRestore
		}
		c.State, c.Resolution, c.Note, c.Resolver, c.ResolvedAt = CaseResolved, string(act), note, a.ref(), f.Now()
		if act == "" {
			c.Resolution = "dismissed"
		} else if err := f.moderate(ctx, tx, a, c.Target, act, 0, note); err != nil {
			return err
		}
		return f.audit(ctx, tx, a, "case.resolve", Target{TargetCase, id}, c.FandomID, "resolution", c.Resolution, "note", note)
	})
}

func (f *Forum) changeCase(ctx context.Context, a *Actor, id ID, change func(Tx, *Case) error) (Case, error) {
	var c Case
	_, err := f.Store.Update(ctx, func(tx Tx) (any, error) {
		var err error
		if c, err = tx.Case(ctx, id); err != nil {
			return nil, err
		}
		if err := a.staff(c.FandomID); err != nil {
			return nil, err
		}
		if err := change(tx, &c); err != nil {
			return nil, err
		}
		return c, tx.UpdateCase(ctx, &c)
	})
	return c, err
}

// Act is what staff do to a post or comment.
type Act string

// Acts. Comments take only hide and restore.
const (
	ActHide    Act = "hide"
	ActRestore Act = "restore" // also what its author deleted, or what a word rule holds
	ActLock    Act = "lock"
	ActUnlock  Act = "unlock"
	ActPin     Act = "pin"
	ActUnpin   Act = "unpin"
	ActMove    Act = "move" // to another board of the same fandom; admins anywhere
)

// Moderate does one act of staff and leaves an audit entry. board matters to ActMove only.
func (f *Forum) Moderate(ctx context.Context, a *Actor, t Target, act Act, board ID, reason string) error {
	if err := a.signedIn(ScopeModerate); err != nil {
		return err
	}
	var bad fault.Fields
	reason = text(&bad, "reason", reason, true, 0, MaxReason)
	if err := bad.Err(); err != nil {
		return err
	}
	_, err := f.Store.Update(ctx, func(tx Tx) (any, error) {
		return nil, f.moderate(ctx, tx, a, t, act, board, reason)
	})
	return err
}

func (f *Forum) moderate(ctx context.Context, tx Tx, a *Actor, t Target, act Act, board ID, reason string) error {
	switch t.Kind {
	case TargetPost:
		return f.moderatePost(ctx, tx, a, t, act, board, reason)
	case TargetComment:
		c, err := tx.Comment(ctx, t.ID)
		if err != nil {
			return err
		}
		if err := a.staff(c.FandomID); err != nil {
			return err
		}
		switch act {
		case ActHide:
			c.State = Hidden
		case ActRestore:
			c.State = Visible
		default:
			return unknownAct()
		}
		if err := tx.UpdateComment(ctx, &c); err != nil {
			return err
		}
		return f.audit(ctx, tx, a, "comment."+string(act), t, c.FandomID, "reason", reason)
	}
	return unknownAct()
}

func (f *Forum) moderatePost(ctx context.Context, tx Tx, a *Actor, t Target, act Act, board ID, reason string) error {
	p, err := tx.Post(ctx, t.ID)
	if err != nil {
		return err
	}
	fandom := p.Board.FandomID
	if err := a.staff(fandom); err != nil {
		return err
	}
	switch act {
	case ActHide:
		p.State = Hidden
	case ActRestore:
		p.State = Visible
	case ActLock, ActUnlock:
		p.Locked = act == ActLock
	case ActPin, ActUnpin:
		p.Pinned = act == ActPin
	case ActMove:
		b, err := tx.BoardByID(ctx, board)
		if err != nil {
			return err
		}
		if b.FandomID != fandom && !a.Admin() {
			return fault.New(fault.Forbidden, "move_across", "Only admins move posts to another fandom.")
		}
		p.Board.ID, p.Board.FandomID = b.ID, b.FandomID
	default:
		return unknownAct()
	}
	if err := tx.UpdatePost(ctx, &p); err != nil {
		return err
	}
	return f.audit(ctx, tx, a, "post."+string(act), t, fandom, "reason", reason, "board", int64(board))
}

func unknownAct() error {
	return fault.Fields{{Name: "act", Code: "unknown_act", Message: "There is no such act for this."}}.Err()
}

// SanctionKind is how far a sanction goes.
type SanctionKind string

// Sanction kinds.
const (
	Mute SanctionKind = "mute" // reads and reacts, does not post or comment
	Ban  SanctionKind = "ban"  // reads only
)

// Sanction stops a member in one fandom, or on the whole site.
type Sanction struct {
	ID        ID
	Member    MemberRef
	FandomID  ID // 0: the whole site
	Kind      SanctionKind
	Reason    string // shown to the member
	By        MemberRef
	CreatedAt time.Time
	ExpiresAt time.Time // zero: until lifted
	LiftedAt  time.Time // zero: not lifted
}

// InForce reports whether the sanction stops anything now.
func (s Sanction) InForce(now time.Time) bool {
	return s.LiftedAt.IsZero() && (s.ExpiresAt.IsZero() || now.Before(s.ExpiresAt))
}

// SanctionInput is a new sanction.
type SanctionInput struct {
	FandomID ID
	Kind     SanctionKind
	Reason   string
	For      time.Duration // 0: until lifted
}

// Impose puts a sanction on a member: by staff in their fandom, by admins anywhere. Staff are beyond the reach of their equals.
func (f *Forum) Impose(ctx context.Context, a *Actor, member ID, in SanctionInput) (Sanction, error) {
	if err := a.staff(in.FandomID); err != nil {
		return Sanction{}, err
	}
	var bad fault.Fields
	in.Reason = text(&bad, "reason", in.Reason, true, 1, MaxReason)
	if in.Kind != Mute && in.Kind != Ban {
		bad.Add("kind", "unknown_sanction", "Choose mute or ban.")
	}
	if in.For < 0 || in.For > 10*365*24*time.Hour {
		bad.Add("expires", "range", "Choose an end within ten years, or none.")
	}
	if err := bad.Err(); err != nil {
		return Sanction{}, err
	}
	s := Sanction{FandomID: in.FandomID, Kind: in.Kind, Reason: in.Reason, By: a.ref(), CreatedAt: f.Now()}
	if in.For > 0 {
		s.ExpiresAt = s.CreatedAt.Add(in.For)
	}
	_, err := f.Store.Update(ctx, func(tx Tx) (any, error) {
		if err := siteOrFandom(ctx, tx, in.FandomID); err != nil {
			return nil, err
		}
		m, err := tx.Member(ctx, member)
		if err != nil {
			return nil, err
		}
		mods, err := tx.Moderates(ctx, member)
		if err != nil {
			return nil, err
		}
		if m.Role == RoleAdmin || m.ID == a.ID || !a.Admin() && slices.Contains(mods, in.FandomID) {
			return nil, fault.New(fault.Forbidden, "sanction_staff", "Staff cannot be sanctioned by their equals; take their role first.")
		}
		s.Member = MemberRef{ID: m.ID, Handle: m.Handle, Name: m.Name, AvatarKey: m.AvatarKey}
		if err := tx.InsertSanction(ctx, &s); err != nil {
			return nil, err
		}
		return s, f.audit(ctx, tx, a, "sanction."+string(in.Kind), Target{TargetMember, member}, in.FandomID, "member", m.Handle, "reason", in.Reason, "expires", s.ExpiresAt)
	})
	return s, err
}

// Lift ends a sanction early.
func (f *Forum) Lift(ctx context.Context, a *Actor, id ID) error {
	_, err := f.Store.Update(ctx, func(tx Tx) (any, error) {
		s, err := tx.Sanction(ctx, id)
		if err != nil {
			return nil, err
		}
		if err := a.staff(s.FandomID); err != nil {
			return nil, err
		}
		if s.Member.ID == a.ID { // a mute of a moderator is for somebody above them to lift
			if err := a.admin(); err != nil {
				return nil, err
			}
		}
		if !s.InForce(f.Now()) {
			return nil, fault.New(fault.Conflict, "sanction_over", "This sanction is over already.")
		}
		if err := tx.LiftSanction(ctx, id, f.Now()); err != nil {
			return nil, err
		}
		return nil, f.audit(ctx, tx, a, "sanction.lift", Target{TargetMember, s.Member.ID}, s.FandomID, "member", s.Member.Handle, "sanction", int64(id))
	})
	return err
}

// Sanctions lists sanctions that the actor may see: staff those of their fandoms, newest first.
func (f *Forum) Sanctions(ctx context.Context, a *Actor, q SanctionQuery) ([]Sanction, Cursor, error) {
	if !a.Admin() {
		if !a.AnyStaff() {
			return nil, "", a.staff(0)
		}
		q.Fandoms = a.moderates(q.Fandoms)
	}
	return f.Store.Sanctions(ctx, q)
}

// AuditEntry is one act of staff, kept for good.
type AuditEntry struct {
	ID       ID
	Actor    MemberRef
	Action   string // "post.hide"
	Target   Target
	FandomID ID
	Detail   string // JSON object
	At       time.Time
}

// Audit lists acts of staff: admins see all, moderators those of their fandoms, newest first.
func (f *Forum) Audit(ctx context.Context, a *Actor, q AuditQuery) ([]AuditEntry, Cursor, error) {
	if !a.Admin() {
		if !a.AnyStaff() {
			return nil, "", a.staff(0)
		}
		q.Fandoms = a.moderates(q.Fandoms)
	}
	return f.Store.Audit(ctx, q)
}

// audit notes an act of staff in its own transaction; detail is name, value pairs.
func (f *Forum) audit(ctx context.Context, tx Tx, a *Actor, action string, t Target, fandom ID, detail ...any) error {
	m := make(map[string]any, len(detail)/2)
	for i := 0; i+1 < len(detail); i += 2 {
		m[detail[i].(string)] = detail[i+1]
	}
	if a.Token {
		m["via"] = "token"
	}
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return tx.InsertAudit(ctx, AuditEntry{Actor: a.ref(), Action: action, Target: t, FandomID: fandom, Detail: string(body), At: f.Now()})
}
