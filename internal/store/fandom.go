package store

import (
	"context"
	"encoding/json"
	"time"

	"lightstick/internal/forum"
)

// reader implements [forum.Reader] on the pool or inside a transaction.
type reader struct {
	q   querier
	d   *dialect
	now func() time.Time
}

const fandomColumns = `SELECT id, slug, name, description, accent, archived, posts, created_at, version FROM fandoms `

func scanFandom(r rows) (f forum.Fandom, err error) {
	return f, r.Scan(id(&f.ID), &f.Slug, &f.Name, &f.Description, &f.Accent, &f.Archived, &f.Posts, at(&f.CreatedAt), &f.Version)
}

// Communities are few (thousands at most), so lists of fandoms and boards are whole.
const communityMost = 10_000

// Fandoms implements [forum.Reader].
func (r reader) Fandoms(ctx context.Context) ([]forum.Fandom, error) {
	return collect(ctx, r.q, scanFandom, fandomColumns+`ORDER BY name, id LIMIT $1`, communityMost)
}

// Fandom implements [forum.Reader].
func (r reader) Fandom(ctx context.Context, slug string) (forum.Fandom, error) {
	return surely(ctx, r, "", 0, func(ctx context.Context) (forum.Fandom, error) {
		return first(ctx, r.q, forum.NotFound(forum.TargetFandom), scanFandom, fandomColumns+`WHERE slug = $1`, slug)
	})
}

// FandomByID implements [forum.Reader].
func (r reader) FandomByID(ctx context.Context, fandom forum.ID) (forum.Fandom, error) {
	return first(ctx, r.q, forum.NotFound(forum.TargetFandom), scanFandom, fandomColumns+`WHERE id = $1`, int64(fandom))
}

const boardColumns = `SELECT b.id, b.fandom_id, b.slug, b.name, b.description, b.staff_only, b.archived, b.position, b.posts, b.created_at, b.version FROM boards b `

func scanBoard(r rows) (b forum.Board, err error) {
	return b, r.Scan(id(&b.ID), id(&b.FandomID), &b.Slug, &b.Name, &b.Description, &b.StaffOnly, &b.Archived, &b.Position, &b.Posts, at(&b.CreatedAt), &b.Version)
}

// Boards implements [forum.Reader].
func (r reader) Boards(ctx context.Context, fandom forum.ID) ([]forum.Board, error) {
	if fandom == 0 {
		return collect(ctx, r.q, scanBoard, boardColumns+`ORDER BY b.fandom_id, b.position, b.id LIMIT $1`, communityMost)
	}
	return collect(ctx, r.q, scanBoard, boardColumns+`WHERE b.fandom_id = $1 ORDER BY b.position, b.id LIMIT $2`, int64(fandom), communityMost)
}

// Board implements [forum.Reader].
func (r reader) Board(ctx context.Context, fandomSlug, boardSlug string) (forum.Board, error) {
	return surely(ctx, r, "", 0, func(ctx context.Context) (forum.Board, error) {
		return first(ctx, r.q, forum.NotFound(forum.TargetBoard), scanBoard,
			boardColumns+`JOIN fandoms f ON f.id = b.fandom_id WHERE f.slug = $1 AND b.slug = $2`, fandomSlug, boardSlug)
	})
}

// BoardByID implements [forum.Reader].
func (r reader) BoardByID(ctx context.Context, board forum.ID) (forum.Board, error) {
	return first(ctx, r.q, forum.NotFound(forum.TargetBoard), scanBoard, boardColumns+`WHERE b.id = $1`, int64(board))
}

// Moderators implements [forum.Reader].
func (r reader) Moderators(ctx context.Context, fandom forum.ID) ([]forum.MemberRef, error) {
	return collect(ctx, r.q, func(r rows) (m forum.MemberRef, err error) { return m, r.Scan(ref(&m)...) },
		`SELECT m.id, m.handle, m.name, m.avatar_key FROM moderators x JOIN members m ON m.id = x.member_id
		WHERE x.fandom_id = $1 ORDER BY m.id LIMIT $2`, int64(fandom), communityMost)
}

// ref lists where the columns id, handle, name, avatar_key of a member go.
func ref(m *forum.MemberRef) []any { return []any{id(&m.ID), &m.Handle, &m.Name, &m.AvatarKey} }

// Aliases implements [forum.Reader].
func (r reader) Aliases(ctx context.Context, fandom forum.ID) ([]forum.Alias, error) {
	scan := func(r rows) (a forum.Alias, err error) {
		var names string
		if err := r.Scan(id(&a.ID), id(&a.FandomID), &names); err != nil {
			return a, err
		}
		return a, json.Unmarshal([]byte(names), &a.Names)
	}
	if fandom == 0 {
		return collect(ctx, r.q, scan, `SELECT id, fandom_id, names FROM aliases ORDER BY fandom_id, id LIMIT $1`, communityMost)
	}
	return collect(ctx, r.q, scan, `SELECT id, fandom_id, names FROM aliases WHERE fandom_id = $1 ORDER BY id LIMIT $2`, int64(fandom), communityMost)
}

// WordRules implements [forum.Reader].
func (r reader) WordRules(ctx context.Context) ([]forum.WordRule, error) {
	return collect(ctx, r.q, func(r rows) (w forum.WordRule, err error) {
		return w, r.Scan(id(&w.ID), id(&w.FandomID), &w.Pattern, &w.Action, at(&w.CreatedAt))
	}, `SELECT id, fandom_id, pattern, action, created_at FROM word_rules ORDER BY id LIMIT $1`, communityMost)
}

// insert runs an INSERT … RETURNING id.
func (t *tx) insert(ctx context.Context, into *forum.ID, sql string, args ...any) error {
	n, err := first(ctx, t.q, nil, value[int64], sql, args...)
	*into = forum.ID(n)
	return err
}

// versioned runs an UPDATE that names the version; where that is gone, somebody was faster.
func (t *tx) versioned(ctx context.Context, version *int, sql string, args ...any) error {
	n, err := t.q.exec(ctx, sql, args...)
	if err != nil {
		return err
	}
	if n == 0 {
		return forum.Stale()
	}
	*version++
	return nil
}

func slugTaken(err error) error {
	return named(err, "slug_taken", "This address is taken. Choose another one.")
}

// InsertFandom implements [forum.Tx].
func (t *tx) InsertFandom(ctx context.Context, f *forum.Fandom) error {
	f.Version = 1
	return slugTaken(t.insert(ctx, &f.ID, `INSERT INTO fandoms (slug, name, description, accent, archived, created_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
		f.Slug, f.Name, f.Description, f.Accent, f.Archived, micros(f.CreatedAt)))
}

// UpdateFandom implements [forum.Tx].
func (t *tx) UpdateFandom(ctx context.Context, f *forum.Fandom) error {
	return slugTaken(t.versioned(ctx, &f.Version, `UPDATE fandoms SET slug = $1, name = $2, description = $3, accent = $4, archived = $5, version = version + 1
		WHERE id = $6 AND version = $7`, f.Slug, f.Name, f.Description, f.Accent, f.Archived, int64(f.ID), f.Version))
}

// InsertBoard implements [forum.Tx].
func (t *tx) InsertBoard(ctx context.Context, b *forum.Board) error {
	b.Version = 1
	err := t.insert(ctx, &b.ID, `INSERT INTO boards (fandom_id, slug, name, description, staff_only, archived, position, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
		int64(b.FandomID), b.Slug, b.Name, b.Description, b.StaffOnly, b.Archived, b.Position, micros(b.CreatedAt))
	if err != nil {
		return slugTaken(err)
	}
	return t.note(ctx, change{op: opIndex, target: forum.Target{Kind: forum.TargetBoard, ID: b.ID}})
}

// UpdateBoard implements [forum.Tx].
func (t *tx) UpdateBoard(ctx context.Context, b *forum.Board) error {
	err := t.versioned(ctx, &b.Version, `UPDATE boards SET slug = $1, name = $2, description = $3, staff_only = $4, archived = $5, position = $6, version = version + 1
		WHERE id = $7 AND version = $8`, b.Slug, b.Name, b.Description, b.StaffOnly, b.Archived, b.Position, int64(b.ID), b.Version)
	if err != nil {
		return slugTaken(err)
	}
	return t.note(ctx, change{op: opIndex, target: forum.Target{Kind: forum.TargetBoard, ID: b.ID}})
}

// SetModerator implements [forum.Tx].
func (t *tx) SetModerator(ctx context.Context, fandom, member forum.ID, on bool) error {
	t.q.grant()
	sql := `DELETE FROM moderators WHERE fandom_id = $1 AND member_id = $2`
	if on {
		sql = `INSERT INTO moderators (fandom_id, member_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`
	}
	_, err := t.q.exec(ctx, sql, int64(fandom), int64(member))
	return err
}

// ReplaceAliases implements [forum.Tx].
func (t *tx) ReplaceAliases(ctx context.Context, fandom forum.ID, sets [][]string) error {
	if _, err := t.q.exec(ctx, `DELETE FROM aliases WHERE fandom_id = $1`, int64(fandom)); err != nil {
		return err
	}
	rows := make([][]any, len(sets))
	for i, names := range sets {
		rows[i] = []any{int64(fandom), jsonList(names)}
	}
	return t.q.each(ctx, `INSERT INTO aliases (fandom_id, names) VALUES ($1, $2)`, rows)
}

// InsertWordRule implements [forum.Tx].
func (t *tx) InsertWordRule(ctx context.Context, r *forum.WordRule) error {
	return t.insert(ctx, &r.ID, `INSERT INTO word_rules (fandom_id, pattern, action, created_at) VALUES ($1, $2, $3, $4) RETURNING id`,
		int64(r.FandomID), r.Pattern, string(r.Action), micros(r.CreatedAt))
}

// DeleteWordRule implements [forum.Tx].
func (t *tx) DeleteWordRule(ctx context.Context, rule forum.ID) error {
	n, err := t.q.exec(ctx, `DELETE FROM word_rules WHERE id = $1`, int64(rule))
	if err == nil && n == 0 {
		return forum.NotFound(forum.TargetRule)
	}
	return err
}

// pageOf is the number of rows to ask for: one more than the page, to know whether there is another.
func pageOf(limit int) int { return max(1, min(limit, forum.MaxPageSize)) + 1 }

// page cuts the row too many and makes the cursor of the last row that stays.
func page[T any](list []T, limit int, key func(T) forum.Cursor) ([]T, forum.Cursor) {
	most := pageOf(limit) - 1
	if len(list) <= most {
		return list, ""
	}
	return list[:most], key(list[most-1])
}

// after reads a cursor of one id; 0 when there is none.
func after(c forum.Cursor) (forum.ID, error) {
	var i forum.ID
	if c == "" {
		return 0, nil
	}
	return i, c.Scan(&i)
}

// below is after for lists that go down: everything lies below the start.
func below(c forum.Cursor) (int64, error) {
	i, err := after(c)
	if c == "" {
		return 1<<63 - 1, nil
	}
	return int64(i), err
}
