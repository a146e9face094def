package api

import (
	"context"
	"net/http"
	"time"

	"lightstick/internal/edge"
	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

func adminOnly() error { return fault.New(fault.Forbidden, "admin_only", "Only admins may do this.") }

// Case is a target that staff must look at, with all reports of it.
type Case struct {
	ID          forum.ID   `json:"id"`
	Target      Target     `json:"target"`
	FandomID    *forum.ID  `json:"fandom_id,omitempty" doc:"Absent for a member: admins look at those."`
	State       string     `json:"state" enum:"open,claimed,resolved"`
	Reports     int        `json:"reports" doc:"How many."`
	Reasons     []string   `json:"reasons" doc:"Those given, each once." example:"[\"spam\"]"`
	Claimer     *MemberRef `json:"claimer,omitempty"`
	ClaimedAt   *time.Time `json:"claimed_at,omitempty"`
	Resolution  string     `json:"resolution,omitempty" doc:"dismissed, or the act taken."`
	Note        string     `json:"note,omitempty" doc:"Of who resolved it."`
	Resolver    *MemberRef `json:"resolver,omitempty"`
	CreatedAt   time.Time  `json:"created_at"`
	ResolvedAt  *time.Time `json:"resolved_at,omitempty"`
	Title       string     `json:"title,omitempty" doc:"Of what it is about."`
	Text        string     `json:"text,omitempty" doc:"Of what it is about, plain."`
	Author      *MemberRef `json:"author,omitempty"`
	PostID      *forum.ID  `json:"post_id,omitempty"`
	TargetState string     `json:"target_state" enum:"visible,held,hidden,deleted"`
}

func maybeID(id forum.ID) *forum.ID {
	if id == 0 {
		return nil
	}
	return &id
}

func (a *API) caseView(c forum.Case) Case {
	return Case{ID: c.ID, Target: target(c.Target), FandomID: maybeID(c.FandomID), State: string(c.State), Reports: c.Reports,
		Reasons: each(c.Reasons, func(s string) string { return s }), Claimer: a.maybeRef(c.Claimer), ClaimedAt: at(c.ClaimedAt), Resolution: c.Resolution, Note: c.Note,
		Resolver: a.maybeRef(c.Resolver), CreatedAt: c.CreatedAt.UTC(), ResolvedAt: at(c.ResolvedAt), Title: c.Title, Text: c.Text,
		Author: a.maybeRef(c.Author), PostID: maybeID(c.PostID), TargetState: c.TargetState.String()}
}

func (a *API) showCase(c forum.Case) reply[Case] { return reply[Case]{body: a.caseView(c)} }

// Report is one voice about a target.
type Report struct {
	ID        forum.ID   `json:"id"`
	Reporter  *MemberRef `json:"reporter,omitempty" doc:"Absent for a word rule."`
	Reason    string     `json:"reason" example:"spam"`
	Note      string     `json:"note,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
}

func (a *API) report(r forum.Report) Report {
	return Report{ID: r.ID, Reporter: a.maybeRef(r.Reporter), Reason: r.Reason, Note: r.Note, CreatedAt: r.CreatedAt.UTC()}
}

// CaseFile is a case with its reports.
type CaseFile struct {
	Case
	Voices []Report `json:"voices" doc:"The reports."`
}

func (a *API) reports() {
	const tag = "Reports and cases"
	post(a, op{id: "create_report", path: "/reports", tag: tag, scope: forum.ScopeWrite, errors: []int{404},
		summary: "Tell staff of something", about: "Reports of one thing are one case. A second report by the same member changes nothing."}, a.createReport, nothing)
	get(a, op{id: "list_cases", path: "/cases", tag: tag, policy: edge.Personal, scope: forum.ScopeModerate,
		summary: "List cases", about: "Of the fandoms you moderate; admins see all. Open ones oldest first, resolved ones newest first."}, a.listCases)
	get(a, op{id: "get_case", path: "/cases/{id}", tag: tag, policy: edge.Personal, scope: forum.ScopeModerate, tagged: true, errors: []int{404},
		summary: "Get a case with its reports"}, a.getCase)
	post(a, op{id: "claim_case", path: "/cases/{id}/claim", tag: tag, scope: forum.ScopeModerate, status: http.StatusOK, errors: []int{404},
		summary: "Take a case", about: "So that two do not work on it at once."},
		func(ctx context.Context, in *ByID) (forum.Case, error) {
			return a.Forum.Claim(ctx, a.Actor(ctx), in.ID, true)
		}, a.showCase)
	change(a, http.MethodDelete, op{id: "release_case", path: "/cases/{id}/claim", tag: tag, scope: forum.ScopeModerate, errors: []int{404, 409},
		summary: "Give a case back"},
		func(ctx context.Context, in *ByID) (reply[None], error) {
			_, err := a.Forum.Claim(ctx, a.Actor(ctx), in.ID, false)
			return reply[None]{}, err
		})
	post(a, op{id: "resolve_case", path: "/cases/{id}/resolution", tag: tag, scope: forum.ScopeModerate, status: http.StatusOK, errors: []int{404},
		summary: "Resolve a case", about: "Without an act it is dismissed, and a text that was held is published. With one, the act happens together with the resolution."}, a.resolveCase, a.showCase)
}

// nothing is the answer when there is nothing to say.
func nothing(None) reply[None] { return reply[None]{} }

// ReportInput tells of something.
type ReportInput struct {
	Target ReportTarget `json:"target"`
	Reason string       `json:"reason" enum:"spam,harassment,privacy,spoiler,copyright,other"`
	Note   string       `json:"note,omitempty" doc:"At most 500 characters."`
}

// ReportTarget is what can be reported.
type ReportTarget struct {
	Kind string   `json:"kind" enum:"post,comment,member"`
	ID   forum.ID `json:"id" minimum:"1" example:"345"`
}

func (a *API) createReport(ctx context.Context, in *struct{ Body ReportInput }) (None, error) {
	t := forum.Target{Kind: forum.TargetKind(in.Body.Target.Kind), ID: in.Body.Target.ID}
	return None{}, a.Forum.ReportTarget(ctx, a.Actor(ctx), t, in.Body.Reason, in.Body.Note)
}

func (a *API) listCases(ctx context.Context, in *struct {
	State string `query:"state" enum:"open,resolved" default:"open" doc:"open includes those that are claimed."`
	Paging
}) (reply[List[Case]], error) {
	list, next, err := a.Forum.Cases(ctx, a.Actor(ctx), forum.CaseQuery{Resolved: in.State == "resolved", After: in.after(), Limit: in.Limit})
	return listOf(list, next, a.caseView), err
}

func (a *API) getCase(ctx context.Context, in *ByID) (reply[CaseFile], error) {
	if _, err := a.require(ctx, forum.ScopeModerate); err != nil {
		return reply[CaseFile]{}, err
	}
	c, reports, err := a.Forum.Case(ctx, a.Actor(ctx), in.ID)
	return reply[CaseFile]{body: CaseFile{Case: a.caseView(c), Voices: each(reports, a.report)}, tagged: true}, err
}

// ResolutionInput closes a case.
type ResolutionInput struct {
	Act  string `json:"act,omitempty" enum:"hide,restore,lock,unlock,pin,unpin" doc:"What to do to the target; leave it out to dismiss."`
	Note string `json:"note,omitempty" doc:"At most 500 characters."`
}

func (a *API) resolveCase(ctx context.Context, in *struct {
	ByID
	Body ResolutionInput
}) (forum.Case, error) {
	return a.Forum.Resolve(ctx, a.Actor(ctx), in.ID, forum.Act(in.Body.Act), in.Body.Note)
}
