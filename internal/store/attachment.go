package store

import (
	"context"
	"path"
	"strconv"
	"strings"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/media"
)

const attachmentColumns = `SELECT id, owner_id, key, content_type, width, height, bytes, alt, variants, created_at, used_at FROM attachments `

func scanAttachment(r rows) (a media.Attachment, err error) {
	var variants string
	err = r.Scan(&a.ID, &a.OwnerID, &a.Key, &a.ContentType, &a.Width, &a.Height, &a.Bytes, &a.Alt, &variants, at(&a.CreatedAt), at(&a.UsedAt))
	for _, w := range unwords[string](variants) {
		n, convErr := strconv.Atoi(w)
		if convErr != nil {
			return a, convErr
		}
		a.Variants = append(a.Variants, n)
	}
	return a, err
}

func noAttachment() error {
	return fault.New(fault.NotFound, "attachment_not_found", "There is no such picture.")
}

// InsertAttachment implements [media.Store]. The smaller copies are asked for in the same transaction.
func (s *Store) InsertAttachment(ctx context.Context, a media.Attachment) (media.Attachment, error) {
	a.UsedAt = time.Time{}
	_, err := s.update(ctx, func(t *tx) (any, error) {
		if err := t.insertAttachment(ctx, &a); err != nil {
			return nil, err
		}
		return a, t.Enqueue(ctx, media.VariantsJob{ID: a.ID})
	})
	return a, err
}

func (t *tx) insertAttachment(ctx context.Context, a *media.Attachment) error {
	return t.insert(ctx, (*forum.ID)(&a.ID), `INSERT INTO attachments (owner_id, key, content_type, width, height, bytes, alt, variants, created_at, used_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id`,
		a.OwnerID, a.Key, a.ContentType, a.Width, a.Height, a.Bytes, a.Alt, widths(a.Variants), micros(a.CreatedAt), micros(a.UsedAt))
}

func widths(list []int) string {
	parts := make([]string, len(list))
	for i, w := range list {
		parts[i] = strconv.Itoa(w)
	}
	return strings.Join(parts, ",")
}

// Attachment implements [media.Store].
func (r reader) Attachment(ctx context.Context, key string) (media.Attachment, error) {
	return surely(ctx, r, "", 0, func(ctx context.Context) (media.Attachment, error) {
		return first(ctx, r.q, noAttachment(), scanAttachment, attachmentColumns+`WHERE key = $1`, key)
	})
}

// AttachmentByID implements [media.Store].
func (r reader) AttachmentByID(ctx context.Context, attachment int64) (media.Attachment, error) {
	return first(ctx, r.q, noAttachment(), scanAttachment, attachmentColumns+`WHERE id = $1`, attachment)
}

// AttachmentsByKeys implements [media.Store].
func (r reader) AttachmentsByKeys(ctx context.Context, keys []string) (map[string]media.Attachment, error) {
	all := make(map[string]media.Attachment, len(keys))
	if len(keys) == 0 {
		return all, nil
	}
	list, err := collect(ctx, r.q, scanAttachment, attachmentColumns+`WHERE key = ANY($1)`, keys)
	for _, a := range list {
		all[a.Key] = a
	}
	return all, err
}

// change runs one statement that must touch a row.
func (s *Store) change(ctx context.Context, missing error, sql string, args ...any) error {
	_, err := s.update(ctx, func(t *tx) (any, error) {
		n, err := t.q.exec(ctx, sql, args...)
		if err == nil && n == 0 {
			err = missing
		}
		return nil, err
	})
	return err
}

// SetVariants implements [media.Store].
func (s *Store) SetVariants(ctx context.Context, attachment int64, list []int) error {
	return s.change(ctx, noAttachment(), `UPDATE attachments SET variants = $1 WHERE id = $2`, widths(list), attachment)
}

// SetAlt implements [media.Store].
func (s *Store) SetAlt(ctx context.Context, attachment, owner int64, alt string) error {
	return s.change(ctx, noAttachment(), `UPDATE attachments SET alt = $1 WHERE id = $2 AND owner_id = $3`, alt, attachment, owner)
}

// UnusedAttachments implements [media.Store].
func (r reader) UnusedAttachments(ctx context.Context, before time.Time, limit int) ([]media.Attachment, error) {
	return collect(ctx, r.q, scanAttachment, attachmentColumns+`WHERE used_at = 0 AND created_at < $1 ORDER BY created_at, id LIMIT $2`, micros(before), limit)
}

// DeleteAttachment implements [media.Store].
func (s *Store) DeleteAttachment(ctx context.Context, attachment int64) error {
	_, err := s.update(ctx, func(t *tx) (any, error) {
		n, err := t.q.exec(ctx, `DELETE FROM attachments WHERE id = $1 AND used_at = 0`, attachment)
		if err != nil || n > 0 {
			return nil, err
		}
		if _, err := t.AttachmentByID(ctx, attachment); err != nil {
			return nil, err
		}
		return nil, fault.New(fault.Conflict, "attachment_used", "This picture is in use.")
	})
	return err
}

// AttachmentUsage implements [media.Store].
func (r reader) AttachmentUsage(ctx context.Context, owner int64, since time.Time) (count int, bytes int64, err error) {
	type usage struct {
		count int
		bytes int64
	}
	u, err := first(ctx, r.q, nil, func(r rows) (u usage, err error) { return u, r.Scan(&u.count, &u.bytes) },
		`SELECT count(*), CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM attachments WHERE owner_id = $1 AND created_at >= $2`, owner, micros(since))
	return u.count, u.bytes, err
}

// UseAttachments implements [forum.Tx].
func (t *tx) UseAttachments(ctx context.Context, srcs []string, now time.Time) error {
	var keys []string
	for _, src := range srcs {
		src, _, _ = strings.Cut(src, "?")
		if key := path.Base(src); media.ValidKey(key) {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	_, err := t.q.exec(ctx, `UPDATE attachments SET used_at = $1 WHERE key = ANY($2) AND used_at = 0`, micros(now), keys)
	return err
}
