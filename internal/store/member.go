package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/markup"
)

const memberColumns = `m.id, m.handle, m.name, m.email, m.verified, m.role, m.bio, m.bio_html, m.avatar_key, m.locale, m.time_zone,
	m.posts, m.comments, m.created_at, m.version`

func memberInto(m *forum.Member) []any {
	return []any{id(&m.ID), &m.Handle, &m.Name, &m.Email, &m.Verified, &m.Role, &m.Bio, &m.BioHTML, &m.AvatarKey, &m.Locale, &m.TimeZone,
		&m.Posts, &m.Comments, at(&m.CreatedAt), &m.Version}
}

func scanMember(r rows) (m forum.Member, err error) { return m, r.Scan(memberInto(&m)...) }

// Member implements [forum.Reader].
func (r reader) Member(ctx context.Context, member forum.ID) (forum.Member, error) {
	return first(ctx, r.q, forum.NotFound(forum.TargetMember), scanMember, `SELECT `+memberColumns+` FROM members m WHERE m.id = $1`, int64(member))
}

// MemberByHandle implements [forum.Reader].
func (r reader) MemberByHandle(ctx context.Context, handle string) (forum.Member, error) {
	return surely(ctx, r, "", 0, func(ctx context.Context) (forum.Member, error) {
		return first(ctx, r.q, forum.NotFound(forum.TargetMember), scanMember, `SELECT `+memberColumns+` FROM members m WHERE m.handle = $1`, handle)
	})
}

// Members implements [forum.Reader].
func (r reader) Members(ctx context.Context, after forum.Cursor, limit int) ([]forum.Member, forum.Cursor, error) {
	from, err := below(after)
	if err != nil {
		return nil, "", err
	}
	list, err := collect(ctx, r.q, scanMember, `SELECT `+memberColumns+` FROM members m WHERE m.id < $1 ORDER BY m.id DESC LIMIT $2`, from, pageOf(limit))
	if err != nil {
		return nil, "", err
	}
	list, next := page(list, limit, func(m forum.Member) forum.Cursor { return forum.NewCursor(m.ID) })
	return list, next, nil
}

// Moderates implements [forum.Reader].
func (r reader) Moderates(ctx context.Context, member forum.ID) ([]forum.ID, error) {
	return collect(ctx, r.q, func(r rows) (f forum.ID, err error) { return f, r.Scan(id(&f)) },
		`SELECT fandom_id FROM moderators WHERE member_id = $1 ORDER BY fandom_id LIMIT $2`, int64(member), communityMost)
}

// CountAdmins implements [forum.Reader] and [identity.Store].
func (r reader) CountAdmins(ctx context.Context) (int, error) {
	return first(ctx, r.q, nil, value[int], `SELECT count(*) FROM members WHERE role = 'admin'`)
}

// CountAdmins in a transaction makes those that depend on the count wait for each other.
func (t *tx) CountAdmins(ctx context.Context) (int, error) {
	if err := t.d.lock(ctx, t.q, lockAdmins); err != nil {
		return 0, err
	}
	return t.reader.CountAdmins(ctx)
}

// UpdateMember implements [forum.Tx]. Credentials and the address change in identity's own ways.
func (t *tx) UpdateMember(ctx context.Context, m *forum.Member) error {
	t.q.grant()
	err := t.versioned(ctx, &m.Version, `UPDATE members SET name = $1, role = $2, bio = $3, bio_html = $4, avatar_key = $5, locale = $6, time_zone = $7, version = version + 1
		WHERE id = $8 AND version = $9`, m.Name, string(m.Role), m.Bio, m.BioHTML, m.AvatarKey, m.Locale, m.TimeZone, int64(m.ID), m.Version)
	if err != nil {
		return err
	}
	if m.AvatarKey != "" {
		if err := t.UseAttachments(ctx, []string{m.AvatarKey}, t.s.now()); err != nil {
			return err
		}
	}
	return t.note(ctx, change{op: opIndex, target: forum.Target{Kind: forum.TargetMember, ID: m.ID}})
}

const (
	notificationFrom = ` FROM notifications n JOIN members m ON m.id = n.actor_id JOIN posts p ON p.id = n.post_id
		LEFT JOIN comments c ON n.target_kind = 'comment' AND c.id = n.target_id `
	// What was taken down since leaves the line, but not its words.
	notificationColumns = `SELECT n.id, n.member_id, n.kind, n.target_kind, n.target_id, n.post_id, n.actor_id, n.at, n.seen, m.id, m.handle, m.name, m.avatar_key,
		CASE WHEN p.state = 0 THEN p.title ELSE '' END,
		CASE WHEN p.state <> 0 OR coalesce(c.state, 0) <> 0 THEN '' ELSE substr(coalesce(c.text, p.text), 1, 320) END`
)

// Notifications implements [forum.Reader].
func (r reader) Notifications(ctx context.Context, member forum.ID, after forum.Cursor, limit int) ([]forum.Notification, forum.Cursor, error) {
	from, err := below(after)
	if err != nil {
		return nil, "", err
	}
	list, err := collect(ctx, r.q, func(r rows) (n forum.Notification, err error) {
		into := []any{id(&n.ID), id(&n.MemberID), &n.Kind, &n.Target.Kind, id(&n.Target.ID), id(&n.PostID), id(&n.ActorID), at(&n.At), &n.Read}
		return n, r.Scan(append(append(into, ref(&n.Actor)...), &n.Title, &n.Text)...)
	}, notificationColumns+notificationFrom+`WHERE n.member_id = $1 AND n.id < $2 ORDER BY n.id DESC LIMIT $3`, int64(member), from, pageOf(limit))
	if err != nil {
		return nil, "", err
	}
	list, next := page(list, limit, func(n forum.Notification) forum.Cursor { return forum.NewCursor(n.ID) })
	return list, next, nil
}

// UnreadCount implements [forum.Reader].
func (r reader) UnreadCount(ctx context.Context, member forum.ID) (int, error) {
	return first(ctx, r.q, nil, value[int], `SELECT count(*) FROM (SELECT 1 FROM notifications WHERE member_id = $1 AND NOT seen LIMIT 100) AS unread`, int64(member))
}

// InsertNotification implements [forum.Tx].
func (t *tx) InsertNotification(ctx context.Context, n forum.Notification) error {
	_, err := t.q.exec(ctx, `INSERT INTO notifications (member_id, kind, target_kind, target_id, post_id, actor_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		int64(n.MemberID), n.Kind, string(n.Target.Kind), int64(n.Target.ID), int64(n.PostID), int64(n.ActorID), micros(n.At))
	return err
}

// MarkRead implements [forum.Tx].
func (t *tx) MarkRead(ctx context.Context, member, upTo forum.ID) error {
	_, err := t.q.exec(ctx, `UPDATE notifications SET seen = TRUE WHERE member_id = $1 AND NOT seen AND id <= $2`, int64(member), int64(upTo))
	return err
}

// LinkCard implements [forum.Reader].
func (r reader) LinkCard(ctx context.Context, url string) (markup.Card, error) {
	var c markup.Card
	hash := sha256.Sum256([]byte(url))
	raw, err := first(ctx, r.q, fault.New(fault.NotFound, "card_not_found", "There is no card of this link."), value[string],
		`SELECT card FROM link_cards WHERE url_hash = $1`, hash[:])
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal([]byte(raw), &c)
}

// PutLinkCard implements [forum.Tx].
func (t *tx) PutLinkCard(ctx context.Context, url string, c markup.Card, now time.Time) error {
	raw, err := json.Marshal(c)
	if err != nil {
		return err
	}
	hash := sha256.Sum256([]byte(url))
	_, err = t.q.exec(ctx, `INSERT INTO link_cards (url_hash, card, fetched_at) VALUES ($1, $2, $3)
		ON CONFLICT (url_hash) DO UPDATE SET card = excluded.card, fetched_at = excluded.fetched_at`, hash[:], string(raw), micros(now))
	return err
}

// words joins short codes in one column; they hold no commas.
func words[T ~string](list []T) string {
	parts := make([]string, len(list))
	for i, w := range list {
		parts[i] = string(w)
	}
	return strings.Join(parts, ",")
}

func unwords[T ~string](s string) []T {
	var list []T
	for w := range strings.SplitSeq(s, ",") {
		if w != "" {
			list = append(list, T(w))
		}
	}
	return list
}
