package media

import (
	"bytes"
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lightstick/internal/fault"
)

// quotaSpan is the time that a member's quota is counted over.
const quotaSpan = 24 * time.Hour

// Upload takes one picture of a member. Faults: upload_too_large, upload_incomplete,
// upload_quota, image_type, image_animated, image_unreadable, image_too_many_pixels,
// image_too_many_frames, image_busy, media_unavailable, and invalid for the text.
//
// Quotas are checked before the body is read and hold up to the uploads of the same member that
// run at the same time.
func (s *Service) Upload(ctx context.Context, owner int64, alt string, body io.Reader) (Attachment, error) {
	alt, err := cleanAlt(alt)
	if err != nil {
		return Attachment{}, err
	}
	return s.take(ctx, owner, alt, body, whole)
}

// Avatar takes a member's picture: the square in the middle of it, at most AvatarSide wide, and
// still. It is stored and counted as an upload and has the same faults.
func (s *Service) Avatar(ctx context.Context, owner int64, body io.Reader) (Attachment, error) {
	return s.take(ctx, owner, "", body, avatar)
}

// Attachment is what is known of a picture. Missing ones are fault.NotFound.
func (s *Service) Attachment(ctx context.Context, key string) (Attachment, error) {
	if !isPictureKey(key) {
		return Attachment{}, notFound(key)
	}
	return s.store.Attachment(ctx, key)
}

// SetAlt changes the alternative text of a picture that belongs to owner.
func (s *Service) SetAlt(ctx context.Context, owner int64, key, alt string) error {
	alt, err := cleanAlt(alt)
	if err != nil {
		return err
	}
	a, err := s.store.Attachment(ctx, key)
	if err != nil {
		return err
	}
	return s.store.SetAlt(ctx, a.ID, owner, alt)
}

func (s *Service) take(ctx context.Context, owner int64, alt string, body io.Reader, as shape) (Attachment, error) {
	if err := s.checkQuota(ctx, owner); err != nil {
		return Attachment{}, err
	}
	file, err := s.receive(ctx, body)
	if err != nil {
		return Attachment{}, err
	}
	defer file.Close() // it has no name any more
	var p picture
	err = s.withWorker(ctx, s.limits.Wait, func() error {
		data, err := io.ReadAll(file) // here, so that only those who hold a worker hold a body
		if err != nil {
			return unavailable(fmt.Errorf("read the spooled body: %w", err))
		}
		p, err = s.remake(ctx, data, as)
		return err
	})
	if err != nil {
		return Attachment{}, err
	}
	return s.keep(ctx, owner, alt, p)
}

// keep stores the blob, then the row: whatever happens in between, no row is without its blob.
func (s *Service) keep(ctx context.Context, owner int64, alt string, p picture) (Attachment, error) {
	key, err := s.newKey(p.ext)
	if err != nil {
		return Attachment{}, err
	}
	a := Attachment{
		OwnerID: owner, Key: key, ContentType: ContentTypeOf(key), Width: p.width, Height: p.height,
		Bytes: int64(len(p.data)), Alt: alt, CreatedAt: s.now().UTC(),
	}
	if err := s.blobs.Put(ctx, key, bytes.NewReader(p.data), a.Bytes, a.ContentType); err != nil {
		s.discard(ctx, key)
		return Attachment{}, err
	}
	stored, err := s.store.InsertAttachment(ctx, a)
	if err != nil {
		// Only a plain refusal says for certain that there is no row. When a connection broke
		// there may be one; the blob stays then, and Sweep finds out.
		if kind := fault.KindOf(err); nothingStored(err) || kind != fault.Internal && kind != fault.Unavailable {
			s.discard(ctx, key)
		}
		return Attachment{}, err
	}
	if s.enqueue != nil && len(wantedVariants(stored)) > 0 {
		if err := s.enqueue(ctx, VariantsJob{ID: stored.ID}); err != nil {
			s.log.ErrorContext(ctx, "variants not enqueued", "attachment", stored.ID, "error", err)
		}
	}
	return stored, nil
}

// nothingStored reports an error that says for certain that the store wrote nothing: an upload that
// was done before, above all. Its blob must go at once: it counts for no quota, so that somebody who
// repeats one upload could otherwise fill the disk.
func nothingStored(err error) bool {
	sure, ok := errors.AsType[interface {
		error
		NothingStored() bool
	}](err)
	return ok && sure.NothingStored()
}

// discard removes the blob of an upload that failed, although the request may be over.
func (s *Service) discard(ctx context.Context, key string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := s.blobs.Delete(ctx, key); err != nil {
		s.log.ErrorContext(ctx, "blob of a failed upload left to the sweep", "key", key, "error", err)
	}
}

func (s *Service) newKey(ext string) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(s.random, b[:]); err != nil {
		return "", fmt.Errorf("draw a key: %w", err)
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:])) + ext, nil
}

func (s *Service) checkQuota(ctx context.Context, owner int64) error {
	count, size, err := s.store.AttachmentUsage(ctx, owner, s.now().Add(-quotaSpan))
	if err != nil {
		return err
	}
	if count >= s.limits.QuotaCount || size >= s.limits.QuotaBytes {
		return fault.New(fault.RateLimited, "upload_quota",
			"That was the last picture for now: at most {count} pictures and {megabytes} MB in 24 hours.",
			"count", s.limits.QuotaCount, "megabytes", s.limits.QuotaBytes/1_000_000).After(time.Hour)
	}
	return nil
}

// receive waits for the whole body in a file that has no name, so that slow senders cost no
// memory and a killed process leaves nothing. The body is read beside the caller, because a Read
// cannot be interrupted: when ctx ends, receive returns and the reader gives up at its next byte.
func (s *Service) receive(ctx context.Context, body io.Reader) (*os.File, error) {
	ctx, cancel := context.WithTimeout(ctx, s.limits.BodyTime)
	defer cancel()
	file, err := s.tempFile()
	if err != nil {
		return nil, unavailable(fmt.Errorf("spool the body: %w", err))
	}
	done := make(chan error)
	go func() {
		err := s.spool(ctx, file, body)
		select {
		case done <- err: // the caller owns the file again
		case <-ctx.Done():
			file.Close()
		}
	}()
	select {
	case err = <-done:
	case <-ctx.Done():
		return nil, fault.From(ctx.Err())
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func (s *Service) tempFile() (*os.File, error) {
	f, err := os.CreateTemp(s.tempDir, "upload-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// spool copies the body and leaves the file at its start. It stops at the first bytes when they
// are no picture's, and one byte past the limit.
func (s *Service) spool(ctx context.Context, file *os.File, body io.Reader) error {
	body = &contextReader{ctx, body}
	head := make([]byte, sniffLen)
	n, err := io.ReadFull(body, head)
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return unreadable(fmt.Errorf("%d bytes", n))
	case err != nil:
		return bodyFault(err, s.limits.MaxBytes)
	case sniff(head) == unknown:
		return fault.New(fault.Unsupported, "image_type", "This is not a JPEG, PNG, GIF or WebP picture.")
	}
	w := &spoolWriter{file: file}
	size, err := io.Copy(w, io.MultiReader(bytes.NewReader(head), io.LimitReader(body, s.limits.MaxBytes+1-sniffLen)))
	switch {
	case w.err != nil:
		return unavailable(fmt.Errorf("spool the body: %w", w.err))
	case err != nil:
		return bodyFault(err, s.limits.MaxBytes)
	case size > s.limits.MaxBytes:
		return tooLarge(s.limits.MaxBytes)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return unavailable(fmt.Errorf("spool the body: %w", err))
	}
	return nil
}

// spoolWriter remembers that it was the disk that failed, not the sender.
type spoolWriter struct {
	file *os.File
	err  error
}

func (w *spoolWriter) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	w.err = err
	return n, err
}

func bodyFault(err error, limit int64) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge(limit)
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return fault.From(err)
	}
	return fault.Wrap(err, fault.Malformed, "upload_incomplete", "The picture did not arrive whole. Send it again.")
}

func tooLarge(limit int64) error {
	return fault.New(fault.TooLarge, "upload_too_large", "The file is too large: at most {max} MB.", "max", limit/1_000_000)
}

// cleanAlt trims the text and refuses what no description contains.
func cleanAlt(alt string) (string, error) {
	var fields fault.Fields
	if !utf8.ValidString(alt) {
		fields.Add("alt", "invalid_utf8", "This is not valid UTF-8 text.")
		return "", fields.Err()
	}
	alt = strings.TrimSpace(alt)
	switch {
	case strings.ContainsFunc(alt, turnsText):
		fields.Add("alt", "bidi_override", "Text-direction override characters are not allowed.")
	case strings.ContainsFunc(alt, unicode.IsControl):
		fields.Add("alt", "control_character", "Control characters are not allowed.")
	case utf8.RuneCountInString(alt) > AltMax:
		fields.Add("alt", "too_long", "Use at most {max} characters.", "max", AltMax)
	}
	return alt, fields.Err()
}

// turnsText reports a character that changes the direction of the text after it.
func turnsText(r rune) bool { return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' }
