package media_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"testing"

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
	h := newHouse(f, func(o *media.Options) {
		o.Limits = media.Limits{MaxBytes: 1 << 16, MaxPixels: 1 << 14, MaxSide: 500, MaxDecodeBytes: 1 << 20, MaxFrames: 8, MaxFramePixels: 1 << 15, LongSide: 64, QuotaCount: 1 << 60}
	})
	f.Fuzz(func(t *testing.T, data []byte) {
		defer h.mustBeEmpty(t)
		a, err := h.Upload(t.Context(), owner, "", bytes.NewReader(data))
		if err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.Unsupported && k != fault.TooLarge {
				t.Fatal(err)
			}
			return
		}
		out := h.stored(t, a.Key)
		c, kind, err := image.DecodeConfig(bytes.NewReader(out))
		if err != nil || c.Width != a.Width || c.Height != a.Height || "image/"+kind != a.ContentType {
			t.Errorf("the row says %+v, the blob %+v %s, %v", a, c, kind, err)
		}
		if a.Width < 1 || a.Height < 1 || a.Width > 64 || a.Height > 64 {
			t.Errorf("%d×%d", a.Width, a.Height)
		}
		h.picture(t, a.Key)
		if err := h.Delete(t.Context(), owner, a.Key); err != nil {
			t.Error(err)
		}
	})
}
