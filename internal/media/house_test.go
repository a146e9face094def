package media_test

import (
	"bytes"
	"context"
	"image"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/media"
)

// house is a service with everything around it, on a disk of its own.
type house struct {
	*media.Service
	blobs *media.Disk
	store *rows
	dir   string // of the blobs
	temp  string // of the spooled bodies
	jobs  []media.VariantsJob
	clock time.Time
}

func newHouse(t testing.TB, change func(*media.Options)) *house {
	t.Helper()
	h := &house{
		dir: t.TempDir(), temp: t.TempDir(), clock: time.Now(),
		store: &rows{rows: map[int64]media.Attachment{}, used: map[int64]bool{}},
	}
	disk, err := media.OpenDisk(h.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { disk.Close() })
	h.blobs = disk
	o := media.Options{
		Blobs: disk, Store: h.store, TempDir: h.temp, Now: func() time.Time { return h.clock },
		Enqueue: func(_ context.Context, job media.VariantsJob) error { h.jobs = append(h.jobs, job); return nil },
	}
	if change != nil {
		change(&o)
	}
	h.Service = media.New(o)
	return h
}

const owner = 7

func (h *house) upload(t testing.TB, data []byte) media.Attachment {
	t.Helper()
	a, err := h.Upload(t.Context(), owner, "", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (h *house) stored(t testing.TB, key string) []byte {
	t.Helper()
	blob, err := h.blobs.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Body.Close()
	data, err := io.ReadAll(blob.Body)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (h *house) picture(t testing.TB, key string) image.Image {
	t.Helper()
	m, _, err := image.Decode(bytes.NewReader(h.stored(t, key)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// mustBeEmpty fails when anything at all is left: a blob, a temporary file, a spooled body, a row.
func (h *house) mustBeEmpty(t testing.TB) {
	t.Helper()
	if files := append(filesIn(t, h.dir), filesIn(t, h.temp)...); len(files) > 0 {
		t.Errorf("files left behind: %v", files)
	}
	if len(h.store.rows) > 0 {
		t.Errorf("rows left behind: %v", h.store.rows)
	}
}

func filesIn(t testing.TB, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(name string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func wantFault(t testing.TB, err error, kind fault.Kind, code string) {
	t.Helper()
	if !fault.Is(err, code) || fault.KindOf(err) != kind {
		t.Errorf("got %v, want %v %s", err, kind, code)
	}
}

// rows is a store in memory with the promises of media.Store.
type rows struct {
	mu      sync.Mutex
	rows    map[int64]media.Attachment
	used    map[int64]bool
	next    int64
	failing error // of the next insert
}

func (r *rows) InsertAttachment(_ context.Context, a media.Attachment) (media.Attachment, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failing != nil {
		return media.Attachment{}, r.failing
	}
	r.next++
	a.ID = r.next
	r.rows[a.ID] = a
	return a, nil
}

func noRow() error {
	return fault.New(fault.NotFound, "attachment_not_found", "There is no such picture.")
}

func (r *rows) find(match func(media.Attachment) bool) (media.Attachment, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.rows {
		if match(a) {
			return a, nil
		}
	}
	return media.Attachment{}, noRow()
}

func (r *rows) Attachment(_ context.Context, key string) (media.Attachment, error) {
	return r.find(func(a media.Attachment) bool { return a.Key == key })
}

func (r *rows) AttachmentByID(_ context.Context, id int64) (media.Attachment, error) {
	return r.find(func(a media.Attachment) bool { return a.ID == id })
}

func (r *rows) AttachmentsByKeys(_ context.Context, keys []string) (map[string]media.Attachment, error) {
	found := map[string]media.Attachment{}
	for _, a := range r.rows {
		if slices.Contains(keys, a.Key) {
			found[a.Key] = a
		}
	}
	return found, nil
}

func (r *rows) change(id int64, apply func(*media.Attachment) bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	a, ok := r.rows[id]
	if !ok || !apply(&a) {
		return noRow()
	}
	r.rows[id] = a
	return nil
}

func (r *rows) SetVariants(_ context.Context, id int64, widths []int) error {
	return r.change(id, func(a *media.Attachment) bool { a.Variants = widths; return true })
}

func (r *rows) SetAlt(_ context.Context, id, owner int64, alt string) error {
	return r.change(id, func(a *media.Attachment) bool { a.Alt = alt; return a.OwnerID == owner })
}

func (r *rows) UnusedAttachments(_ context.Context, before time.Time, limit int) ([]media.Attachment, error) {
	var list []media.Attachment
	for _, id := range slices.Sorted(maps.Keys(r.rows)) {
		if a := r.rows[id]; a.UsedAt.IsZero() && a.CreatedAt.Before(before) && len(list) < limit {
			list = append(list, a)
		}
	}
	return list, nil
}

func (r *rows) DeleteAttachment(_ context.Context, id int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.rows[id]; !ok {
		return noRow()
	}
	if r.used[id] {
		return fault.New(fault.Conflict, "attachment_used", "The picture is in use.")
	}
	delete(r.rows, id)
	return nil
}

func (r *rows) AttachmentUsage(_ context.Context, owner int64, since time.Time) (count int, size int64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.rows {
		if a.OwnerID == owner && !a.CreatedAt.Before(since) {
			count, size = count+1, size+a.Bytes
		}
	}
	return count, size, nil
}
