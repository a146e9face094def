package store

import (
	"context"
	"fmt"

	"lightstick/internal/forum"
)

const eventColumns = `SELECT e.id, e.fandom_id, e.kind, e.title, e.text, e.link, e.starts_at, e.ends_at, e.board_id, e.post_id, e.cancelled,
	e.created_at, e.updated_at, e.version FROM events e `

func scanEvent(r rows) (e forum.Event, err error) {
	return e, r.Scan(id(&e.ID), id(&e.FandomID), &e.Kind, &e.Title, &e.Text, &e.Link, at(&e.StartsAt), at(&e.EndsAt), id(&e.BoardID), id(&e.PostID),
		&e.Cancelled, at(&e.CreatedAt), at(&e.UpdatedAt), &e.Version)
}

// Event implements [forum.Reader].
func (r reader) Event(ctx context.Context, event forum.ID) (forum.Event, error) {
	return surely(ctx, r, "events", event, func(ctx context.Context) (forum.Event, error) {
		return first(ctx, r.q, forum.NotFound(forum.TargetEvent), scanEvent, eventColumns+`WHERE e.id = $1`, int64(event))
	})
}

// Events implements [forum.Reader]. What is not over began at most [forum.MaxEventLength] ago, and
// what is over began in the past, so both walk the index from where they start.
func (r reader) Events(ctx context.Context, q forum.EventQuery) ([]forum.Event, forum.Cursor, error) {
	now := r.now()
	var args []any
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	where, beyond, order := `e.ends_at > `+arg(micros(now))+` AND e.starts_at > `+arg(micros(now.Add(-forum.MaxEventLength))-1), `>`, `e.starts_at, e.id`
	if q.Past {
		args = nil
		where, beyond, order = `e.ends_at <= `+arg(micros(now))+` AND e.starts_at < `+arg(micros(now)), `<`, `e.starts_at DESC, e.id DESC`
	}
	if q.FandomID != 0 {
		where += ` AND e.fandom_id = ` + arg(int64(q.FandomID))
	}
	if q.Standing {
		where += ` AND NOT e.cancelled`
	}
	if q.After != "" {
		var starts, last forum.ID
		if err := q.After.Scan(&starts, &last); err != nil {
			return nil, "", err
		}
		where += ` AND (e.starts_at, e.id) ` + beyond + ` (` + arg(int64(starts)) + `, ` + arg(int64(last)) + `)`
	}
	list, err := collect(ctx, r.q, scanEvent, eventColumns+`WHERE `+where+` ORDER BY `+order+` LIMIT `+arg(pageOf(q.Limit)), args...)
	if err != nil {
		return nil, "", err
	}
	list, next := page(list, q.Limit, func(e forum.Event) forum.Cursor { return forum.NewCursor(micros(e.StartsAt), e.ID) })
	return list, next, nil
}

// InsertEvent implements [forum.Tx].
func (t *tx) InsertEvent(ctx context.Context, e *forum.Event) error {
	e.Version = 1
	return t.insert(ctx, &e.ID, `INSERT INTO events (fandom_id, kind, title, text, link, starts_at, ends_at, board_id, post_id, cancelled, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id`,
		int64(e.FandomID), string(e.Kind), e.Title, e.Text, e.Link, micros(e.StartsAt), micros(e.EndsAt), int64(e.BoardID), int64(e.PostID), e.Cancelled,
		micros(e.CreatedAt), micros(e.UpdatedAt))
}

// UpdateEvent implements [forum.Tx].
func (t *tx) UpdateEvent(ctx context.Context, e *forum.Event) error {
	return t.versioned(ctx, &e.Version, `UPDATE events SET kind = $1, title = $2, text = $3, link = $4, starts_at = $5, ends_at = $6, board_id = $7, post_id = $8,
		cancelled = $9, updated_at = $10, version = version + 1 WHERE id = $11 AND version = $12`,
		string(e.Kind), e.Title, e.Text, e.Link, micros(e.StartsAt), micros(e.EndsAt), int64(e.BoardID), int64(e.PostID), e.Cancelled, micros(e.UpdatedAt),
		int64(e.ID), e.Version)
}

// DeleteEvent implements [forum.Tx].
func (t *tx) DeleteEvent(ctx context.Context, e forum.Event) error {
	return t.versioned(ctx, &e.Version, `DELETE FROM events WHERE id = $1 AND version = $2`, int64(e.ID), e.Version)
}
