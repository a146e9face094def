package media_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"io"
	"testing"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/media"
)

// FuzzUpload sends arbitrary bytes the whole way. Whatever they are: no panic; a fault that blames
// the sender and leaves nothing, or a picture within the limits that decodes to what its row says.
func FuzzUpload(f *testing.F) {
	for _, seed := range [][]byte{
		nil, jpegOf(f, quadrants(8, 8)), withExif(jpegOf(f, quadrants(8, 8)), exif(binary.BigEndian, 6, "m")),
		pngOf(f, quadrants(8, 8)), rawPNG(f, 8, 8, 16, 6, 1, 600), withChunk(pngOf(f, quadrants(4, 4)), "eXIf", exif(binary.LittleEndian, 5, "m")),
		animation(f, 8, 8, 3), webpOf(8, 8, red), riff(vp8x(0x10, 9, 9), riffChunk("VP8L", solidVP8L(9, 9, blue))),
	} {
		f.Add(seed)
	}
	blobs := memory{}
	h := newHouse(f, func(o *media.Options) {
		o.Blobs = blobs // a disk spends its time on fsync
		o.Limits = media.Limits{MaxBytes: 1 << 16, MaxPixels: 1 << 14, MaxSide: 500, MaxDecodeBytes: 1 << 20, MaxFrames: 8, MaxFramePixels: 1 << 15, LongSide: 64, QuotaCount: 1 << 60}
	})
	f.Fuzz(func(t *testing.T, data []byte) {
		defer func() {
			h.mustBeEmpty(t)
			if len(blobs) > 0 {
				t.Error("a blob was left")
			}
		}()
		a, err := h.Upload(t.Context(), owner, "", bytes.NewReader(data))
		if err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.Unsupported && k != fault.TooLarge {
				t.Fatal(err)
			}
			return
		}
		out := blobs[a.Key]
		c, kind, err := image.DecodeConfig(bytes.NewReader(out))
		if err != nil || c.Width != a.Width || c.Height != a.Height || "image/"+kind != a.ContentType {
			t.Errorf("the row says %+v, the blob %+v %s, %v", a, c, kind, err)
		}
		if a.Width < 1 || a.Height < 1 || a.Width > 64 || a.Height > 64 {
			t.Errorf("%d×%d", a.Width, a.Height)
		}
		if _, _, err := image.Decode(bytes.NewReader(out)); err != nil {
			t.Error(err)
		}
		if err := h.Delete(t.Context(), owner, a.Key); err != nil {
			t.Error(err)
		}
	})
}

// memory is a Blobs for one caller at a time.
type memory map[string][]byte

func (m memory) Put(_ context.Context, key string, body io.Reader, size int64, _ string) error {
	data, err := io.ReadAll(body)
	if err == nil && int64(len(data)) != size {
		err = io.ErrUnexpectedEOF
	}
	if err == nil {
		m[key] = data
	}
	return err
}

func (m memory) Get(_ context.Context, key string) (*media.Blob, error) {
	data, ok := m[key]
	if !ok {
		return nil, fault.New(fault.NotFound, "media_not_found", "No.")
	}
	return &media.Blob{Body: io.NopCloser(bytes.NewReader(data)), Size: int64(len(data))}, nil
}

func (m memory) Delete(_ context.Context, key string) error {
	delete(m, key)
	return nil
}

func (m memory) List(_ context.Context, visit func(string, time.Time) error) error {
	for key := range m {
		if err := visit(key, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

func (memory) Probe(context.Context) error { return nil }

// BenchmarkUpload takes a photo as large as current phones make by default. B/op is near the peak
// of memory: little of it becomes free before the end.
func BenchmarkUpload(b *testing.B) {
	for name, in := range map[string][]byte{
		"jpeg 24 MP": jpegOf(b, quadrants(5712, 4284)), "png 24 MP": pngOf(b, quadrants(5712, 4284)), "jpeg 2 MP": jpegOf(b, quadrants(1600, 1200)),
	} {
		b.Run(name, func(b *testing.B) {
			h := newHouse(b, func(o *media.Options) { o.Blobs, o.Limits.QuotaCount, o.Limits.QuotaBytes = memory{}, 1<<60, 1<<60 })
			b.ReportAllocs()
			for b.Loop() {
				h.upload(b, in)
			}
		})
	}
}
