package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"lightstick/internal/fault"
)

// variantWait is how long a job waits for a worker; uploads, which a person waits for, wait less.
const variantWait = time.Minute

// wantedVariants are the widths that make sense for a picture. An animation has none: a moving
// picture half as wide is hardly smaller in bytes.
func wantedVariants(a Attachment) []int {
	var widths []int
	for _, w := range VariantWidths() {
		if w < a.Width && a.ContentType != "image/gif" {
			widths = append(widths, w)
		}
	}
	return widths
}

// blobKey is where a variant lies; width 0 is the full picture.
func blobKey(key string, width int) string {
	if width == 0 {
		return key
	}
	name, ext, _ := strings.Cut(key, ".")
	return name + "_" + strconv.Itoa(width) + "." + ext
}

// mainKey is the inverse of blobKey: the full picture's key of any of its blobs.
func mainKey(blob string) string {
	name, ext, _ := strings.Cut(blob, ".")
	name, _, _ = strings.Cut(name, "_")
	return name + "." + ext
}

// MakeVariants makes the smaller copies of one attachment. It does the same however often it
// runs, and succeeds when the attachment is gone.
func (s *Service) MakeVariants(ctx context.Context, id int64) error {
	a, err := s.store.AttachmentByID(ctx, id)
	if missing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	wanted := wantedVariants(a)
	if len(wanted) == 0 || slices.Equal(a.Variants, wanted) {
		return nil
	}
	data, err := s.read(ctx, a.Key)
	if missing(err) {
		return nil // deleted meanwhile
	}
	if err != nil {
		return err
	}
	for _, width := range wanted {
		if err := s.makeVariant(ctx, a.Key, data, width); err != nil {
			return err
		}
	}
	err = s.store.SetVariants(ctx, id, wanted)
	if missing(err) {
		return s.erase(ctx, a.Key) // deleted while we worked: leave no copies
	}
	return err
}

func (s *Service) makeVariant(ctx context.Context, key string, data []byte, width int) error {
	var p picture
	err := s.withWorker(ctx, variantWait, func() (err error) {
		p, err = reduce(ctx, data, width)
		return err
	})
	if err != nil {
		return fmt.Errorf("make variant %d of %s: %w", width, key, err)
	}
	return s.blobs.Put(ctx, blobKey(key, width), bytes.NewReader(p.data), int64(len(p.data)), ContentTypeOf(key))
}

func (s *Service) read(ctx context.Context, key string) ([]byte, error) {
	blob, err := s.blobs.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	defer blob.Body.Close()
	data, err := io.ReadAll(io.LimitReader(blob.Body, maxBlob))
	if err != nil {
		return nil, unavailable(fmt.Errorf("read blob %s: %w", key, err))
	}
	return data, nil
}

func missing(err error) bool { return err != nil && fault.KindOf(err) == fault.NotFound }

// erase removes every blob of a key.
func (s *Service) erase(ctx context.Context, key string) error {
	var errs []error
	for _, w := range VariantWidths() {
		errs = append(errs, s.blobs.Delete(ctx, blobKey(key, w)))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return s.blobs.Delete(ctx, key)
}

// Delete removes a picture of owner's that nothing refers to. fault.NotFound when it is not
// theirs, fault.Conflict when it is in use.
func (s *Service) Delete(ctx context.Context, owner int64, key string) error {
	a, err := s.store.Attachment(ctx, key)
	if err != nil {
		return err
	}
	if a.OwnerID != owner {
		return notFound(key)
	}
	return s.remove(ctx, a)
}

// remove deletes the row, then the blobs. The row goes first because only the database knows, in
// one step, that nothing began to use the picture; the other way round a post could show a hole.
// What a crash in between leaves is invisible, and Sweep takes it.
func (s *Service) remove(ctx context.Context, a Attachment) error {
	if err := s.store.DeleteAttachment(ctx, a.ID); err != nil {
		return err
	}
	if err := s.erase(ctx, a.Key); err != nil {
		s.log.ErrorContext(ctx, "blobs left to the sweep", "key", a.Key, "error", err)
	}
	return nil
}

// Erase removes every blob of a key, whoever refers to it: for pictures that must not be seen
// again. The row stays, so that pages keep their shape; caches keep a copy until they are purged.
func (s *Service) Erase(ctx context.Context, key string) error {
	if !isPictureKey(key) {
		return notFound(key)
	}
	return s.erase(ctx, key)
}

// UnusedAge is how long an upload may wait for the post it was made for.
const UnusedAge = 24 * time.Hour

// CleanUp removes uploads that nothing referred to within UnusedAge. Run it every hour or so.
func (s *Service) CleanUp(ctx context.Context) (deleted int, err error) {
	const batch = 100
	for {
		list, err := s.store.UnusedAttachments(ctx, s.now().Add(-UnusedAge), batch)
		if err != nil {
			return deleted, err
		}
		before := deleted
		for _, a := range list {
			switch err := s.remove(ctx, a); {
			case err == nil:
				deleted++
			case fault.KindOf(err) == fault.Conflict, fault.KindOf(err) == fault.NotFound:
				// Used since, or removed by another run.
			default:
				return deleted, err
			}
		}
		if len(list) < batch || deleted == before {
			return deleted, nil
		}
	}
}

// sweepBatch is how many keys the store is asked for at once.
const sweepBatch = 500

// Sweep removes blobs that no row speaks of and that are older than UnusedAge: what a crash
// between a blob and its row left. Blobs that are not named like a picture are left alone. When
// most of what it finds has no row, it takes the store to be the wrong one and removes nothing.
// Run it once a day.
func (s *Service) Sweep(ctx context.Context) (deleted int, err error) {
	var known int
	var orphans, batch []string
	seen := map[string]bool{} // of the current batch: variants repeat their picture's key
	flush := func() error {
		rows, err := s.store.AttachmentsByKeys(ctx, batch)
		if err != nil {
			return err
		}
		for _, key := range batch {
			if _, ok := rows[key]; ok {
				known++
			} else {
				orphans = append(orphans, key)
			}
		}
		clear(seen)
		batch = batch[:0]
		return nil
	}
	cutoff := s.now().Add(-UnusedAge)
	err = s.blobs.List(ctx, func(blob string, modified time.Time) error {
		key := mainKey(blob)
		if !modified.Before(cutoff) || !isPictureKey(key) || seen[key] {
			return nil
		}
		seen[key] = true
		if batch = append(batch, key); len(batch) == sweepBatch {
			return flush()
		}
		return nil
	})
	if err == nil && len(batch) > 0 {
		err = flush()
	}
	if err != nil {
		return 0, err
	}
	slices.Sort(orphans)
	orphans = slices.Compact(orphans) // a key can come in two batches
	if len(orphans) > known {
		return 0, fmt.Errorf("media: sweep refused: %d pictures without a row, %d with one", len(orphans), known)
	}
	for _, key := range orphans {
		if err := s.erase(ctx, key); err != nil {
			return deleted, err
		}
		deleted++
	}
	return deleted, nil
}
