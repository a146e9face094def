package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

const (
	caseColumns = `SELECT k.id, k.target_kind, k.target_id, k.fandom_id, k.state, k.reports, k.reasons, k.claimed_at, k.resolution, k.note, k.created_at, k.resolved_at,
		coalesce(cl.id, 0), coalesce(cl.handle, ''), coalesce(cl.name, ''), coalesce(cl.avatar_key, ''),
		coalesce(rs.id, 0), coalesce(rs.handle, ''), coalesce(rs.name, ''), coalesce(rs.avatar_key, ''),
		coalesce(p.title, tm.name, ''), substr(coalesce(c.text, tp.text, tm.bio, ''), 1, 1000), coalesce(p.id, 0), coalesce(c.state, tp.state, 0),
		coalesce(au.id, 0), coalesce(au.handle, ''), coalesce(au.name, ''), coalesce(au.avatar_key, '')
		FROM cases k LEFT JOIN members cl ON cl.id = k.claimer_id LEFT JOIN members rs ON rs.id = k.resolver_id
		LEFT JOIN comments c ON k.target_kind = 'comment' AND c.id = k.target_id
		LEFT JOIN posts tp ON k.target_kind = 'post' AND tp.id = k.target_id
		LEFT JOIN posts p ON p.id = coalesce(c.post_id, tp.id)
		LEFT JOIN members tm ON k.target_kind = 'member' AND tm.id = k.target_id
		LEFT JOIN members au ON au.id = coalesce(c.author_id, tp.author_id, tm.id) `
)

func scanCase(r rows) (k forum.Case, err error) {
	var reasons string
	into := []any{id(&k.ID), &k.Target.Kind, id(&k.Target.ID), id(&k.FandomID), &k.State, &k.Reports, &reasons, at(&k.ClaimedAt),
		&k.Resolution, &k.Note, at(&k.CreatedAt), at(&k.ResolvedAt)}
	into = append(append(into, ref(&k.Claimer)...), ref(&k.Resolver)...)
	into = append(append(into, &k.Title, &k.Text, id(&k.PostID), &k.TargetState), ref(&k.Author)...)
	err = r.Scan(into...)
	k.Reasons = unwords[string](reasons)
	return k, err
}

// Cases implements [forum.Reader].
func (r reader) Cases(ctx context.Context, q forum.CaseQuery) ([]forum.Case, forum.Cursor, error) {
	sql, order := caseColumns+`WHERE k.state <> 'resolved' AND k.id > $1`, ` ORDER BY k.id LIMIT $2`
	from, err := after(q.After)
	last := int64(from)
	if q.Resolved {
		sql, order = caseColumns+`WHERE k.state = 'resolved' AND k.id < $1`, ` ORDER BY k.id DESC LIMIT $2`
		last, err = below(q.After)
	}
	if err != nil {
		return nil, "", err
	}
	args := []any{last, pageOf(q.Limit)}
	if q.Fandoms != nil {
		sql += ` AND k.fandom_id = ANY($3)`
		args = append(args, int64s(q.Fandoms))
	}
	list, err := collect(ctx, r.q, scanCase, sql+order, args...)
	if err != nil {
		return nil, "", err
	}
	list, next := page(list, q.Limit, func(k forum.Case) forum.Cursor { return forum.NewCursor(k.ID) })
	return list, next, nil
}

// Case implements [forum.Reader].
func (r reader) Case(ctx context.Context, k forum.ID) (forum.Case, error) {
	return first(ctx, r.q, forum.NotFound(forum.TargetCase), scanCase, caseColumns+`WHERE k.id = $1`, int64(k))
}

// Case in a transaction keeps others off it until the end: a case has no version.
func (t *tx) Case(ctx context.Context, k forum.ID) (forum.Case, error) {
	if _, err := first(ctx, t.q, forum.NotFound(forum.TargetCase), value[int64], `SELECT id FROM cases WHERE id = $1 FOR UPDATE`, int64(k)); err != nil {
		return forum.Case{}, err
	}
	return t.reader.Case(ctx, k)
}

// CaseReports implements [forum.Reader].
func (r reader) CaseReports(ctx context.Context, k forum.ID) ([]forum.Report, error) {
	return collect(ctx, r.q, func(r rows) (v forum.Report, err error) {
		into := []any{id(&v.ID), &v.CaseTarget.Kind, id(&v.CaseTarget.ID), id(&v.FandomID), id(&v.ReporterID), &v.Reason, &v.Note, at(&v.CreatedAt)}
		return v, r.Scan(append(into, ref(&v.Reporter)...)...)
	}, `SELECT v.id, k.target_kind, k.target_id, k.fandom_id, v.reporter_id, v.reason, v.note, v.created_at,
		coalesce(m.id, 0), coalesce(m.handle, ''), coalesce(m.name, ''), coalesce(m.avatar_key, '')
		FROM reports v JOIN cases k ON k.id = v.case_id LEFT JOIN members m ON m.id = v.reporter_id
		WHERE v.case_id = $1 ORDER BY v.id LIMIT $2`, int64(k), 1000)
}

// InsertReport implements [forum.Tx].
func (t *tx) InsertReport(ctx context.Context, v forum.Report) error {
	type open struct {
		id      int64
		reasons string
	}
	// The update changes nothing; it locks the case that is there.
	k, err := first(ctx, t.q, nil, func(r rows) (o open, err error) { return o, r.Scan(&o.id, &o.reasons) },
		`INSERT INTO cases (target_kind, target_id, fandom_id, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (target_kind, target_id) WHERE state <> 'resolved' DO UPDATE SET reports = cases.reports RETURNING id, reasons`,
		string(v.CaseTarget.Kind), int64(v.CaseTarget.ID), int64(v.FandomID), micros(v.CreatedAt))
	if err != nil {
		return err
	}
	n, err := t.q.exec(ctx, `INSERT INTO reports (case_id, reporter_id, reason, note, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		k.id, int64(v.ReporterID), v.Reason, v.Note, micros(v.CreatedAt))
	if err != nil || n == 0 {
		return err
	}
	reasons := unwords[string](k.reasons)
	if !slices.Contains(reasons, v.Reason) {
		reasons = append(reasons, v.Reason)
	}
	_, err = t.q.exec(ctx, `UPDATE cases SET reports = reports + 1, reasons = $1 WHERE id = $2`, words(reasons), k.id)
	return err
}

// UpdateCase implements [forum.Tx].
func (t *tx) UpdateCase(ctx context.Context, k *forum.Case) error {
	_, err := t.q.exec(ctx, `UPDATE cases SET state = $1, claimer_id = $2, claimed_at = $3, resolution = $4, note = $5, resolver_id = $6, resolved_at = $7 WHERE id = $8`,
		string(k.State), int64(k.Claimer.ID), micros(k.ClaimedAt), k.Resolution, k.Note, int64(k.Resolver.ID), micros(k.ResolvedAt), int64(k.ID))
	return err
}

const sanctionColumns = `SELECT s.id, s.fandom_id, s.kind, s.reason, s.created_at, s.expires_at, s.lifted_at, m.id, m.handle, m.name, m.avatar_key,
	coalesce(b.id, 0), coalesce(b.handle, ''), coalesce(b.name, ''), coalesce(b.avatar_key, '')
	FROM sanctions s JOIN members m ON m.id = s.member_id LEFT JOIN members b ON b.id = s.by_id `

func scanSanction(r rows) (s forum.Sanction, err error) {
	into := []any{id(&s.ID), id(&s.FandomID), &s.Kind, &s.Reason, at(&s.CreatedAt), at(&s.ExpiresAt), at(&s.LiftedAt)}
	return s, r.Scan(append(append(into, ref(&s.Member)...), ref(&s.By)...)...)
}

// Sanction implements [forum.Reader].
func (r reader) Sanction(ctx context.Context, sanction forum.ID) (forum.Sanction, error) {
	return first(ctx, r.q, fault.New(fault.NotFound, "sanction_not_found", "There is no such sanction."), scanSanction, sanctionColumns+`WHERE s.id = $1`, int64(sanction))
}

// SanctionsInForce implements [forum.Reader].
func (r reader) SanctionsInForce(ctx context.Context, member forum.ID, now time.Time) ([]forum.Sanction, error) {
	return collect(ctx, r.q, scanSanction, sanctionColumns+`WHERE s.member_id = $1 AND s.lifted_at = 0 AND (s.expires_at = 0 OR s.expires_at > $2)
		ORDER BY s.id LIMIT $3`, int64(member), micros(now), forum.MaxPageSize)
}

// Sanctions implements [forum.Reader].
func (r reader) Sanctions(ctx context.Context, q forum.SanctionQuery) ([]forum.Sanction, forum.Cursor, error) {
	from, err := below(q.After)
	if err != nil {
		return nil, "", err
	}
	sql, args := sanctionColumns+`WHERE s.id < $1`, []any{from, pageOf(q.Limit), int64(q.MemberID), int64s(q.Fandoms)}
	switch {
	case q.MemberID == 0 && q.Fandoms == nil:
		args = args[:2]
	case q.Fandoms == nil:
		sql, args = sql+` AND s.member_id = $3`, args[:3]
	case q.MemberID == 0:
		sql, args = sql+` AND s.fandom_id = ANY($3)`, []any{from, pageOf(q.Limit), int64s(q.Fandoms)}
	default:
		sql += ` AND s.member_id = $3 AND s.fandom_id = ANY($4)`
	}
	if q.InForce {
		args = append(args, micros(r.now()))
		sql += fmt.Sprintf(` AND s.lifted_at = 0 AND (s.expires_at = 0 OR s.expires_at > $%d)`, len(args))
	}
	list, err := collect(ctx, r.q, scanSanction, sql+` ORDER BY s.id DESC LIMIT $2`, args...)
	if err != nil {
		return nil, "", err
	}
	list, next := page(list, q.Limit, func(s forum.Sanction) forum.Cursor { return forum.NewCursor(s.ID) })
	return list, next, nil
}

// InsertSanction implements [forum.Tx].
func (t *tx) InsertSanction(ctx context.Context, s *forum.Sanction) error {
	t.q.grant()
	return t.insert(ctx, &s.ID, `INSERT INTO sanctions (member_id, fandom_id, kind, reason, by_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
		int64(s.Member.ID), int64(s.FandomID), string(s.Kind), s.Reason, int64(s.By.ID), micros(s.CreatedAt), micros(s.ExpiresAt))
}

// LiftSanction implements [forum.Tx].
func (t *tx) LiftSanction(ctx context.Context, sanction forum.ID, now time.Time) error {
	t.q.grant()
	n, err := t.q.exec(ctx, `UPDATE sanctions SET lifted_at = $1 WHERE id = $2 AND lifted_at = 0`, micros(now), int64(sanction))
	if err == nil && n == 0 {
		return closed("sanction_over", "This sanction is over already.")
	}
	return err
}

// Audit implements [forum.Reader].
func (r reader) Audit(ctx context.Context, q forum.AuditQuery) ([]forum.AuditEntry, forum.Cursor, error) {
	from, err := below(q.After)
	if err != nil {
		return nil, "", err
	}
	sql, args := `SELECT a.id, a.action, a.target_kind, a.target_id, a.fandom_id, a.at, a.detail,
		coalesce(m.id, 0), coalesce(m.handle, ''), coalesce(m.name, ''), coalesce(m.avatar_key, '')
		FROM audit a LEFT JOIN members m ON m.id = a.actor_id WHERE a.id < $1`, []any{from, pageOf(q.Limit)}
	if q.ActorID != 0 {
		args = append(args, int64(q.ActorID))
		sql += ` AND a.actor_id = $3`
	}
	if q.Fandoms != nil {
		args = append(args, int64s(q.Fandoms))
		sql += map[int]string{3: ` AND a.fandom_id = ANY($3)`, 4: ` AND a.fandom_id = ANY($4)`}[len(args)]
	}
	list, err := collect(ctx, r.q, func(r rows) (a forum.AuditEntry, err error) {
		into := []any{id(&a.ID), &a.Action, &a.Target.Kind, id(&a.Target.ID), id(&a.FandomID), at(&a.At), &a.Detail}
		return a, r.Scan(append(into, ref(&a.Actor)...)...)
	}, sql+` ORDER BY a.id DESC LIMIT $2`, args...)
	if err != nil {
		return nil, "", err
	}
	list, next := page(list, q.Limit, func(a forum.AuditEntry) forum.Cursor { return forum.NewCursor(a.ID) })
	return list, next, nil
}

// InsertAudit implements [forum.Tx].
func (t *tx) InsertAudit(ctx context.Context, e forum.AuditEntry) error {
	_, err := t.q.exec(ctx, `INSERT INTO audit (actor_id, action, target_kind, target_id, fandom_id, at, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		int64(e.Actor.ID), e.Action, string(e.Target.Kind), int64(e.Target.ID), int64(e.FandomID), micros(e.At), e.Detail)
	return err
}
