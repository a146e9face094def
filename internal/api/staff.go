package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"lightstick/internal/edge"
	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// Sanction stops a member in one fandom, or on the whole site.
type Sanction struct {
	ID        forum.ID   `json:"id"`
	Member    *MemberRef `json:"member,omitempty"`
	FandomID  *forum.ID  `json:"fandom_id,omitempty" doc:"Absent: the whole site."`
	Kind      string     `json:"kind" enum:"mute,ban" doc:"Muted members read and react; banned ones only read."`
	Reason    string     `json:"reason" doc:"The member sees it."`
	By        *MemberRef `json:"by,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Absent: until lifted."`
	LiftedAt  *time.Time `json:"lifted_at,omitempty"`
}

func (a *API) sanction(s forum.Sanction) Sanction {
	return Sanction{ID: s.ID, Member: a.maybeRef(s.Member), FandomID: maybeID(s.FandomID), Kind: string(s.Kind), Reason: s.Reason, By: a.maybeRef(s.By),
		CreatedAt: s.CreatedAt.UTC(), ExpiresAt: at(s.ExpiresAt), LiftedAt: at(s.LiftedAt)}
}

func (a *API) showSanction(s forum.Sanction) reply[Sanction] {
	return reply[Sanction]{body: a.sanction(s), tagged: true, location: "/sanctions/" + str(s.ID)}
}

// WordRule stops words.
type WordRule struct {
	ID        forum.ID  `json:"id"`
	FandomID  *forum.ID `json:"fandom_id,omitempty" doc:"Absent: the whole site."`
	Pattern   string    `json:"pattern" doc:"Matches anywhere, whatever the case, width and Latin accents."`
	Action    string    `json:"action" enum:"mask,hold,refuse"`
	CreatedAt time.Time `json:"created_at"`
}

func wordRule(r forum.WordRule) WordRule {
	return WordRule{ID: r.ID, FandomID: maybeID(r.FandomID), Pattern: r.Pattern, Action: string(r.Action), CreatedAt: r.CreatedAt.UTC()}
}

func showWordRule(r forum.WordRule) reply[WordRule] { return reply[WordRule]{body: wordRule(r)} }

// AuditEntry is one act of staff.
type AuditEntry struct {
	ID       forum.ID        `json:"id"`
	Actor    *MemberRef      `json:"actor,omitempty"`
	Action   string          `json:"action" example:"post.hide"`
	Target   Target          `json:"target"`
	FandomID *forum.ID       `json:"fandom_id,omitempty"`
	Detail   json.RawMessage `json:"detail" doc:"What belongs to the act; an object."`
	At       time.Time       `json:"at"`
}

func (a *API) auditEntry(e forum.AuditEntry) AuditEntry {
	detail := json.RawMessage(e.Detail)
	if !json.Valid(detail) {
		detail = json.RawMessage("{}")
	}
	return AuditEntry{ID: e.ID, Actor: a.maybeRef(e.Actor), Action: e.Action, Target: target(e.Target), FandomID: maybeID(e.FandomID), Detail: detail, At: e.At.UTC()}
}

func (a *API) staff() {
	a.acts()
	a.sanctions()
	a.wordRules()
	a.fandomStaff()
	get(a, op{id: "list_audit", path: "/audit", tag: "Audit", policy: edge.Personal, scope: forum.ScopeModerate, errors: []int{404},
		summary: "List acts of staff", about: "Newest first: of the fandoms you moderate; admins see all."}, a.listAudit)
}

func (a *API) acts() {
	const tag = "Moderation"
	post(a, op{id: "act_on_post", path: "/posts/{id}/acts", tag: tag, scope: forum.ScopeModerate, errors: []int{404},
		summary: "Moderate a post", about: "For staff. restore also brings back what its author deleted, and publishes what is held."},
		func(ctx context.Context, in *struct {
			ByID
			Body PostAct
		}) (None, error) {
			return None{}, a.Forum.Moderate(ctx, a.Actor(ctx), forum.Target{Kind: forum.TargetPost, ID: in.ID}, forum.Act(in.Body.Act), in.Body.BoardID, in.Body.Reason)
		}, nothing)
	post(a, op{id: "act_on_comment", path: "/comments/{id}/acts", tag: tag, scope: forum.ScopeModerate, errors: []int{404},
		summary: "Moderate a comment", about: "For staff."},
		func(ctx context.Context, in *struct {
			ByID
			Body CommentAct
		}) (None, error) {
			return None{}, a.Forum.Moderate(ctx, a.Actor(ctx), forum.Target{Kind: forum.TargetComment, ID: in.ID}, forum.Act(in.Body.Act), 0, in.Body.Reason)
		}, nothing)
}

// PostAct is an act of staff on a post.
type PostAct struct {
	Act     string   `json:"act" enum:"hide,restore,lock,unlock,pin,unpin,move"`
	BoardID forum.ID `json:"board_id,omitempty" minimum:"0" doc:"Where to move it."`
	Reason  string   `json:"reason,omitempty" doc:"For the audit log; at most 500 characters."`
}

// CommentAct is an act of staff on a comment.
type CommentAct struct {
	Act    string `json:"act" enum:"hide,restore"`
	Reason string `json:"reason,omitempty" doc:"For the audit log; at most 500 characters."`
}

func (a *API) sanctions() {
	const tag = "Sanctions"
	get(a, op{id: "list_sanctions", path: "/sanctions", tag: tag, policy: edge.Personal, scope: forum.ScopeModerate, errors: []int{404},
		summary: "List sanctions", about: "Newest first: of the fandoms you moderate; admins see all."}, a.listSanctions)
	get(a, op{id: "get_sanction", path: "/sanctions/{id}", tag: tag, policy: edge.Personal, scope: forum.ScopeModerate, tagged: true, errors: []int{404},
		summary: "Get a sanction"}, a.getSanction)
	post(a, op{id: "create_sanction", path: "/sanctions", tag: tag, scope: forum.ScopeModerate, tagged: true, location: true, errors: []int{404},
		summary: "Impose a sanction", about: "By staff in their fandoms, by admins anywhere."}, a.impose, a.showSanction)
	change(a, http.MethodDelete, op{id: "delete_sanction", path: "/sanctions/{id}", tag: tag, scope: forum.ScopeModerate, errors: []int{404, 409},
		summary: "Lift a sanction"}, func(ctx context.Context, in *ByID) (reply[None], error) {
		return reply[None]{}, a.Forum.Lift(ctx, a.Actor(ctx), in.ID)
	})
}

func (a *API) listSanctions(ctx context.Context, in *struct {
	Fandom  string `query:"fandom" maxLength:"32" doc:"Slug of a fandom."`
	Member  string `query:"member" maxLength:"20" doc:"Handle of a member."`
	InForce bool   `query:"in_force" doc:"Only those that stop anything now."`
	Paging
}) (reply[List[Sanction]], error) {
	var none reply[List[Sanction]]
	q := forum.SanctionQuery{InForce: in.InForce, After: in.after(), Limit: in.Limit}
	actor, err := a.require(ctx, forum.ScopeModerate)
	if err != nil {
		return none, err
	}
	if q.MemberID, err = a.memberID(ctx, in.Member); err != nil {
		return none, err
	}
	fandom, err := a.fandomID(ctx, in.Fandom)
	if err != nil {
		return none, err
	}
	if q.Fandoms, err = narrowed(actor, fandom); err != nil {
		return none, err
	}
	list, next, err := a.Forum.Sanctions(ctx, within(actor, fandom), q)
	return listOf(list, next, a.sanction), err
}

// narrowed checks that the actor may look into one fandom.
func narrowed(actor *forum.Actor, fandom forum.ID) ([]forum.ID, error) {
	if fandom == 0 {
		return nil, nil
	}
	if !actor.Staff(fandom) {
		return nil, fault.New(fault.Forbidden, "staff_only", "Only staff may do this.")
	}
	return []forum.ID{fandom}, nil
}

// within is the actor seen as a moderator of one of their fandoms alone, because lists of staff
// always show all that a moderator moderates.
func within(actor *forum.Actor, fandom forum.ID) *forum.Actor {
	if fandom == 0 || actor.Admin() {
		return actor
	}
	one := *actor
	one.Moderates = []forum.ID{fandom}
	return &one
}

// fandomID and memberID look names of a query up; "" is 0.
func (a *API) fandomID(ctx context.Context, slug string) (forum.ID, error) {
	if slug == "" {
		return 0, nil
	}
	f, err := a.Forum.Read().Fandom(ctx, slug)
	return f.ID, err
}

func (a *API) memberID(ctx context.Context, handle string) (forum.ID, error) {
	if handle == "" {
		return 0, nil
	}
	m, err := a.Forum.Read().MemberByHandle(ctx, handle)
	return m.ID, err
}

func (a *API) getSanction(ctx context.Context, in *ByID) (reply[Sanction], error) {
	actor, err := a.require(ctx, forum.ScopeModerate)
	if err != nil {
		return reply[Sanction]{}, err
	}
	s, err := a.Forum.Read().Sanction(ctx, in.ID)
	if err == nil && !actor.Staff(s.FandomID) {
		err = noSuch("sanction_not_found", "There is no such sanction.")
	}
	return a.showSanction(s).here(), err
}

// NewSanction is what makes a sanction.
type NewSanction struct {
	Member    string     `json:"member" doc:"Handle of the member." example:"mina_k"`
	Fandom    string     `json:"fandom,omitempty" doc:"Slug of a fandom; leave it out for the whole site." example:"aurora-line"`
	Kind      string     `json:"kind" enum:"mute,ban"`
	Reason    string     `json:"reason" doc:"At most 500 characters; the member sees it."`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Within ten years; leave it out for until lifted."`
}

func (a *API) impose(ctx context.Context, in *struct{ Body NewSanction }) (forum.Sanction, error) {
	if _, err := a.require(ctx, forum.ScopeModerate); err != nil {
		return forum.Sanction{}, err
	}
	who, err := a.Forum.Read().MemberByHandle(ctx, in.Body.Member)
	if err != nil {
		return forum.Sanction{}, err
	}
	fandom, err := a.fandomID(ctx, in.Body.Fandom)
	if err != nil {
		return forum.Sanction{}, err
	}
	s := forum.SanctionInput{FandomID: fandom, Kind: forum.SanctionKind(in.Body.Kind), Reason: in.Body.Reason}
	if t := in.Body.ExpiresAt; t != nil {
		if s.For = t.Sub(a.Now()); s.For <= 0 {
			return forum.Sanction{}, fault.Fields{{Name: "expires_at", Code: "range", Message: "Choose an end within ten years, or none."}}.Err()
		}
	}
	made, err := a.Forum.Impose(ctx, a.Actor(ctx), who.ID, s)
	if err == nil {
		a.Accounts.Forget(who.ID)
	}
	return made, rename(err, "expires", "expires_at")
}

// rename gives a field the name that it has here.
func rename(err error, from, to string) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		for i := range f.Fields {
			if f.Fields[i].Name == from {
				f.Fields[i].Name = to
			}
		}
	}
	return err
}

func (a *API) wordRules() {
	const tag = "Word rules"
	get(a, op{id: "list_word_rules", path: "/word-rules", tag: tag, policy: edge.Personal, scope: forum.ScopeModerate, errors: []int{404},
		summary: "List word rules", about: "In force in a fandom, for its staff; without one the site's, for admins."},
		func(ctx context.Context, in *struct {
			Fandom string `query:"fandom" maxLength:"32" doc:"Slug of a fandom."`
		}) (reply[List[WordRule]], error) {
			fandom, err := a.fandomID(ctx, in.Fandom)
			if err != nil {
				return reply[List[WordRule]]{}, err
			}
			list, err := a.Forum.WordRules(ctx, a.Actor(ctx), fandom)
			return listOf(list, "", wordRule), err
		})
	post(a, op{id: "create_word_rule", path: "/word-rules", tag: tag, scope: forum.ScopeModerate, errors: []int{404},
		summary: "Add a word rule", about: "For a fandom's staff; without a fandom for admins. mask replaces the word, hold lets the text wait for review, refuse does not take it."},
		func(ctx context.Context, in *struct{ Body NewWordRule }) (forum.WordRule, error) {
			fandom, err := a.fandomID(ctx, in.Body.Fandom)
			if err != nil {
				return forum.WordRule{}, err
			}
			return a.Forum.AddWordRule(ctx, a.Actor(ctx), fandom, in.Body.Pattern, forum.WordAction(in.Body.Action))
		}, showWordRule)
	change(a, http.MethodDelete, op{id: "delete_word_rule", path: "/word-rules/{id}", tag: tag, scope: forum.ScopeModerate, errors: []int{404},
		summary: "Remove a word rule"}, func(ctx context.Context, in *ByID) (reply[None], error) {
		return reply[None]{}, a.Forum.RemoveWordRule(ctx, a.Actor(ctx), in.ID)
	})
}

// NewWordRule is what makes a word rule.
type NewWordRule struct {
	Fandom  string `json:"fandom,omitempty" doc:"Slug of a fandom; leave it out for the whole site."`
	Pattern string `json:"pattern" doc:"At most 40 characters."`
	Action  string `json:"action" enum:"mask,hold,refuse"`
}

// Moderation of a fandom.
func (a *API) fandomStaff() {
	const tag = "Fandoms and boards"
	get(a, op{id: "list_moderators", path: "/fandoms/{fandom}/moderators", tag: tag, policy: edge.Page, errors: []int{404},
		summary: "List the moderators of a fandom"}, func(ctx context.Context, in *BySlug) (reply[List[MemberRef]], error) {
		fandom, err := a.fandomID(ctx, in.Fandom)
		if err != nil {
			return reply[List[MemberRef]]{}, err
		}
		list, err := a.Forum.Read().Moderators(ctx, fandom)
		return listOf(list, "", a.memberRef), err
	})
	change(a, http.MethodPut, op{id: "put_moderator", path: "/fandoms/{fandom}/moderators/{handle}", tag: tag, scope: forum.ScopeModerate, errors: []int{404},
		summary: "Make a member a moderator", about: "For admins."}, a.setModerator(true))
	change(a, http.MethodDelete, op{id: "delete_moderator", path: "/fandoms/{fandom}/moderators/{handle}", tag: tag, scope: forum.ScopeModerate, errors: []int{404},
		summary: "Take the moderator's role back", about: "For admins."}, a.setModerator(false))
	get(a, op{id: "list_aliases", path: "/fandoms/{fandom}/aliases", tag: tag, policy: edge.Page, errors: []int{404},
		summary: "List aliases", about: "Names for one thing: a search for one finds all."}, a.listAliases)
	change(a, http.MethodPut, op{id: "put_aliases", path: "/fandoms/{fandom}/aliases", tag: tag, scope: forum.ScopeModerate, errors: []int{404},
		summary: "Replace the aliases of a fandom", about: "For its staff."}, a.putAliases)
}

func (a *API) setModerator(on bool) func(context.Context, *struct {
	BySlug
	ByHandle
}) (reply[None], error) {
	return func(ctx context.Context, in *struct {
		BySlug
		ByHandle
	}) (reply[None], error) {
		if _, err := a.require(ctx, forum.ScopeModerate); err != nil {
			return reply[None]{}, err
		}
		fandom, err := a.fandomID(ctx, in.Fandom)
		if err != nil {
			return reply[None]{}, err
		}
		member, err := a.memberID(ctx, in.Handle)
		if err != nil {
			return reply[None]{}, err
		}
		err = a.Forum.SetModerator(ctx, a.Actor(ctx), fandom, member, on)
		if err == nil {
			a.Accounts.Forget(member)
		}
		return reply[None]{}, err
	}
}

// Alias is a set of names for one thing.
type Alias struct {
	Names []string `json:"names" doc:"2 to 10 of them." example:"[\"라이트\",\"Light\"]"`
}

func (a *API) listAliases(ctx context.Context, in *BySlug) (reply[List[Alias]], error) {
	fandom, err := a.fandomID(ctx, in.Fandom)
	if err != nil {
		return reply[List[Alias]]{}, err
	}
	list, err := a.Forum.Read().Aliases(ctx, fandom)
	return listOf(list, "", func(x forum.Alias) Alias { return Alias{Names: x.Names} }), err
}

// AliasesInput is all aliases of a fandom.
type AliasesInput struct {
	Items []Alias `json:"items" doc:"At most 500." maxItems:"500"`
}

func (a *API) putAliases(ctx context.Context, in *struct {
	BySlug
	Body AliasesInput
}) (reply[None], error) {
	if _, err := a.require(ctx, forum.ScopeModerate); err != nil {
		return reply[None]{}, err
	}
	fandom, err := a.fandomID(ctx, in.Fandom)
	if err != nil {
		return reply[None]{}, err
	}
	sets := each(in.Body.Items, func(x Alias) []string { return x.Names })
	return reply[None]{}, rename(a.Forum.SetAliases(ctx, a.Actor(ctx), fandom, sets), "aliases", "items")
}

func (a *API) listAudit(ctx context.Context, in *struct {
	Fandom string `query:"fandom" maxLength:"32" doc:"Slug of a fandom."`
	Actor  string `query:"actor" maxLength:"20" doc:"Handle of a member."`
	Paging
}) (reply[List[AuditEntry]], error) {
	var none reply[List[AuditEntry]]
	actor, err := a.require(ctx, forum.ScopeModerate)
	if err != nil {
		return none, err
	}
	q := forum.AuditQuery{After: in.after(), Limit: in.Limit}
	if q.ActorID, err = a.memberID(ctx, in.Actor); err != nil {
		return none, err
	}
	fandom, err := a.fandomID(ctx, in.Fandom)
	if err != nil {
		return none, err
	}
	if q.Fandoms, err = narrowed(actor, fandom); err != nil {
		return none, err
	}
	list, next, err := a.Forum.Audit(ctx, within(actor, fandom), q)
	return listOf(list, next, a.auditEntry), err
}
