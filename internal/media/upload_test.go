package media_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/media"
)

func TestUploadMakesItsOwnPicture(t *testing.T) {
	clear := color.NRGBA{200, 100, 50, 128}
	glass := quadrants(60, 40)
	glass.SetNRGBA(5, 5, clear)
	big := image.NewGray(image.Rect(0, 0, 3000, 1000))
	still := animation(t, 50, 30, 1)
	for _, c := range []struct {
		name string
		in   []byte
		mime string
		w, h int
	}{
		{"jpeg", jpegOf(t, quadrants(60, 40)), "image/jpeg", 60, 40},
		{"opaque png becomes jpeg", pngOf(t, quadrants(60, 40)), "image/jpeg", 60, 40},
		{"png with alpha", pngOf(t, glass), "image/png", 60, 40},
		{"16-bit png", rawPNG(t, 30, 20, 16, 2, 0, 20*(1+30*6)), "image/jpeg", 30, 20},
		{"webp", webpOf(80, 50, green), "image/jpeg", 80, 50},
		{"webp with alpha", webpOf(80, 50, clear), "image/png", 80, 50},
		{"still gif", still, "image/jpeg", 50, 30},
		{"moving gif", append(animation(t, 50, 30, 3), "tail"...), "image/gif", 50, 30},
		{"wide", jpegOf(t, big), "image/jpeg", 2048, 683},
		{"thin", pngOf(t, image.NewGray(image.Rect(0, 0, 1, 9000))), "image/jpeg", 1, 2048},
		{"one pixel", pngOf(t, quadrants(1, 1)), "image/jpeg", 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, nil)
			a := h.upload(t, c.in)
			if a.ContentType != c.mime || a.Width != c.w || a.Height != c.h {
				t.Errorf("got %s %d×%d, want %s %d×%d", a.ContentType, a.Width, a.Height, c.mime, c.w, c.h)
			}
			if m := h.picture(t, a.Key); m.Bounds().Dx() != c.w || m.Bounds().Dy() != c.h {
				t.Errorf("the blob is %v", m.Bounds())
			}
			if data := h.stored(t, a.Key); int64(len(data)) != a.Bytes || bytes.Equal(data, c.in) {
				t.Errorf("blob of %d bytes, row says %d; or the bytes were kept as they came", len(data), a.Bytes)
			}
			if !regexp.MustCompile(`^[a-z2-7]{26}\.(jpg|png|gif)$`).MatchString(a.Key) || a.OwnerID != owner || a.ID == 0 {
				t.Errorf("row %+v", a)
			}
			if files := filesIn(t, h.temp); len(files) > 0 {
				t.Errorf("spooled bodies left: %v", files)
			}
		})
	}
}

func TestUploadKeepsColours(t *testing.T) {
	for name, encode := range map[string]func(testing.TB, image.Image) []byte{"jpeg": jpegOf, "png": pngOf} {
		for _, width := range []int{64, 2500} { // as it is, and shrunk
			h := newHouse(t, nil)
			m := h.picture(t, h.upload(t, encode(t, quadrants(width, 64))).Key)
			checkCorners(t, name, m, red, green, blue, yellow)
		}
	}
	h := newHouse(t, nil)
	glass := color.NRGBA{200, 100, 50, 128}
	if m := h.picture(t, h.upload(t, webpOf(2500, 10, glass)).Key); !near(m.At(100, 2), glass) {
		t.Errorf("shrunk glass is %v, want %v", m.At(100, 2), glass)
	}
}

func TestShrinkIsTheMean(t *testing.T) {
	// A chequer of single pixels is even grey at half its size, and at any other size too;
	// picking pixels would show stripes.
	for _, side := range []int{4096, 3000} {
		chequer := image.NewGray(image.Rect(0, 0, side, 64))
		for i := range chequer.Pix {
			if (i%side+i/side)%2 == 0 {
				chequer.Pix[i] = 255
			}
		}
		h := newHouse(t, nil)
		m := h.picture(t, h.upload(t, pngOf(t, chequer)).Key)
		var sum, n int
		for y := range m.Bounds().Dy() {
			for x := range m.Bounds().Dx() {
				g := int(color.GrayModel.Convert(m.At(x, y)).(color.Gray).Y)
				if side == 4096 && (g < 126 || g > 130) {
					t.Fatalf("pixel %d,%d is %d", x, y, g)
				}
				sum, n = sum+g, n+1
			}
		}
		if mean := sum / n; mean < 126 || mean > 129 {
			t.Errorf("mean of %d is %d", side, mean)
		}
	}
}

func checkCorners(t *testing.T, name string, m image.Image, want ...color.Color) {
	t.Helper()
	b := m.Bounds()
	x0, y0, x1, y1 := b.Dx()/5, b.Dy()/5, b.Dx()*4/5, b.Dy()*4/5
	for i, at := range []image.Point{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}} {
		if got := m.At(at.X, at.Y); !near(got, want[i]) {
			t.Errorf("%s: corner %d is %v, want %v", name, i, got, want[i])
		}
	}
}

func TestOrientation(t *testing.T) {
	// What a viewer shows, clockwise from the top left, for each orientation of the same pixels.
	shown := [][]color.Color{
		1: {red, green, blue, yellow}, 2: {green, red, yellow, blue},
		3: {blue, yellow, red, green}, 4: {yellow, blue, green, red},
		5: {red, yellow, blue, green}, 6: {yellow, red, green, blue},
		7: {blue, green, red, yellow}, 8: {green, blue, yellow, red},
	}
	src := quadrants(80, 40)
	jpg, plain := jpegOf(t, src), pngOf(t, src)
	for o := 1; o <= 8; o++ {
		little := exif(binary.LittleEndian, o, "maker")
		inputs := map[string][]byte{
			"jpeg, big endian":    withExif(jpg, exif(binary.BigEndian, o, "maker")),
			"jpeg, little endian": withExif(jpg, little),
			"png":                 withChunk(plain, "eXIf", little),
		}
		w, hh := 80, 40
		if o >= 5 {
			w, hh = 40, 80
		}
		for name, in := range inputs {
			h := newHouse(t, nil)
			a := h.upload(t, in)
			if a.Width != w || a.Height != hh {
				t.Errorf("%s, %d: %d×%d, want %d×%d", name, o, a.Width, a.Height, w, hh)
			}
			checkCorners(t, name, h.picture(t, a.Key), shown[o]...)
		}
		h := newHouse(t, nil)
		turned := riff(vp8x(0x08, 80, 40), riffChunk("VP8L", solidVP8L(80, 40, blue)), riffChunk("EXIF", little))
		if a := h.upload(t, turned); a.Width != w || a.Height != hh {
			t.Errorf("webp, %d: %d×%d, want %d×%d", o, a.Width, a.Height, w, hh)
		}
	}
	for _, odd := range [][]byte{nil, []byte("II*\x00"), []byte("II*\x00\xff\xff\xff\xff"), exif(binary.BigEndian, 9, ""), exif(binary.BigEndian, 0, "")} {
		h := newHouse(t, nil)
		if a := h.upload(t, withExif(jpg, odd)); a.Width != 80 {
			t.Errorf("odd EXIF %q turned the picture", odd)
		}
	}
}

func TestNoMetadataSurvives(t *testing.T) {
	const secret = "37.5665N 126.9780E taken by me"
	tiff := exif(binary.BigEndian, 6, secret)
	jpg, plain := jpegOf(t, quadrants(64, 64)), pngOf(t, quadrants(64, 64))
	glass := quadrants(64, 64)
	glass.SetNRGBA(1, 1, color.NRGBA{})
	moving := animation(t, 20, 20, 2)
	block := append([]byte{byte(len(secret))}, secret+"\x00"...)
	afterScreen := 13 // no global table in these
	inGIF := func(ext []byte) []byte {
		return bytes.Join([][]byte{moving[:afterScreen], ext, moving[afterScreen:]}, nil)
	}
	inputs := map[string][]byte{
		"jpeg exif":    withExif(jpg, tiff),
		"jpeg xmp":     withSegment(jpg, 0xe1, []byte("http://ns.adobe.com/xap/1.0/\x00"+secret)),
		"jpeg icc":     withSegment(jpg, 0xe2, []byte("ICC_PROFILE\x00\x01\x01"+secret)),
		"jpeg iptc":    withSegment(jpg, 0xed, []byte("Photoshop 3.0\x00"+secret)),
		"jpeg comment": withSegment(jpg, 0xfe, []byte(secret)),
		"jpeg tail":    append(bytes.Clone(jpg), secret...),
		"png text":     withChunk(plain, "tEXt", []byte("Comment\x00"+secret)),
		"png itxt":     withChunk(plain, "iTXt", []byte("XML:com.adobe.xmp\x00\x00\x00\x00\x00"+secret)),
		"png exif":     withChunk(plain, "eXIf", tiff),
		"png alpha":    withChunk(pngOf(t, glass), "tEXt", []byte("Comment\x00"+secret)),
		"png tail":     append(bytes.Clone(plain), secret...),
		"gif comment":  inGIF(append([]byte{0x21, 0xfe}, block...)),
		"gif app":      inGIF(append([]byte("\x21\xff\x0bXMP DataXMP"), block...)),
		"gif text":     inGIF(append([]byte("\x21\x01\x0c123456789012"), block...)),
		"gif tail":     append(bytes.Clone(moving), secret...),
		"webp exif":    riff(vp8x(0x08, 9, 9), riffChunk("VP8L", solidVP8L(9, 9, red)), riffChunk("EXIF", tiff)),
		"webp xmp":     riff(vp8x(0x04, 9, 9), riffChunk("VP8L", solidVP8L(9, 9, red)), riffChunk("XMP ", []byte(secret))),
		"webp tail":    append(webpOf(9, 9, red), secret...),
	}
	for name, in := range inputs {
		t.Run(name, func(t *testing.T) {
			if !bytes.Contains(in, []byte(secret)) {
				t.Fatal("the input lacks what must not come out")
			}
			h := newHouse(t, nil)
			out := h.stored(t, h.upload(t, in).Key)
			for _, s := range []string{secret, "Exif", "ICC_PROFILE", "adobe", "Photoshop", "XMP", "tEXt", "eXIf"} {
				if bytes.Contains(out, []byte(s)) {
					t.Errorf("%q survived", s)
				}
			}
		})
	}
}

func TestAnimation(t *testing.T) {
	h := newHouse(t, func(o *media.Options) { o.Limits.LongSide = 50 })
	g := &gif.GIF{LoopCount: 5, Config: image.Config{Width: 101, Height: 61}}
	pal := color.Palette{color.RGBA{}, red, blue}
	full := image.NewPaletted(image.Rect(0, 0, 101, 61), pal)
	for i := range full.Pix {
		full.Pix[i] = 1
	}
	patch := image.NewPaletted(image.Rect(50, 30, 101, 61), pal)
	for i := range patch.Pix {
		patch.Pix[i] = 2
	}
	dot := image.NewPaletted(image.Rect(1, 1, 2, 2), pal) // falls between two pixels
	g.Image, g.Delay = []*image.Paletted{full, patch, dot}, []int{7, 8, 9}
	g.Disposal = []byte{gif.DisposalNone, gif.DisposalBackground, gif.DisposalPrevious}
	a := h.upload(t, gifOf(t, g))
	got, err := gif.DecodeAll(bytes.NewReader(h.stored(t, a.Key)))
	if err != nil {
		t.Fatal(err)
	}
	if a.Width != 50 || a.Height != 30 || len(got.Image) != 3 || got.LoopCount != 5 || got.Delay[2] != 9 || got.Disposal[1] != gif.DisposalBackground {
		t.Errorf("got %d×%d, %d frames, loop %d, delays %v, disposal %v", a.Width, a.Height, len(got.Image), got.LoopCount, got.Delay, got.Disposal)
	}
	if r := got.Image[1].Bounds(); r != image.Rect(25, 15, 50, 30) {
		t.Errorf("the patch went to %v", r)
	}
	if !near(got.Image[0].At(49, 29), red) || !near(got.Image[1].At(25, 15), blue) || !near(got.Image[1].At(49, 29), blue) {
		t.Error("colours changed")
	}
	if len(h.jobs) > 0 {
		t.Errorf("variants asked for: %v", h.jobs)
	}
}

func TestRefused(t *testing.T) {
	jpg, plain, moving := jpegOf(t, quadrants(600, 400)), pngOf(t, quadrants(600, 400)), animation(t, 30, 30, 5)
	huge := jpegOf(t, quadrants(16, 16))
	sof := bytes.Index(huge, []byte{0xff, 0xc0})
	copy(huge[sof+5:], "\xff\xff\xff\xff")
	screen := bytes.Clone(moving)
	copy(screen[6:], "\xff\xff\xff\xff")
	progressive := jpegOf(t, image.NewYCbCr(image.Rect(0, 0, 4000, 4000), image.YCbCrSubsampleRatio444))
	progressive[bytes.Index(progressive, []byte{0xff, 0xc0})+1] = 0xc2
	lying := riff(vp8x(0, 1, 1), riffChunk("VP8L", solidVP8L(16384, 16384, red)))
	scans := append(bytes.Clone(jpg[:len(jpg)-2]), bytes.Repeat([]byte("\xff\xda"), 200)...)
	const mp = 10_000_000
	for _, c := range []struct {
		name string
		in   []byte
		kind fault.Kind
		code string
	}{
		{"nothing", nil, fault.Invalid, "image_unreadable"},
		{"one byte", []byte{0xff}, fault.Invalid, "image_unreadable"},
		{"text", []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), fault.Unsupported, "image_type"},
		{"html in the clothes of a gif", []byte("GIF89<script>alert(1)</script>"), fault.Unsupported, "image_type"},
		{"bmp", []byte("BM 0123456789abcdef"), fault.Unsupported, "image_type"},
		{"riff without webp", []byte("RIFF\x10\x00\x00\x00WAVEfmt "), fault.Unsupported, "image_type"},
		{"too many bytes", append(bytes.Clone(jpg), make([]byte, mp)...), fault.TooLarge, "upload_too_large"},
		{"half a jpeg", jpg[:len(jpg)/2], fault.Invalid, "image_unreadable"},
		{"half a png", plain[:len(plain)/2], fault.Invalid, "image_unreadable"},
		{"half a gif", moving[:len(moving)/2], fault.Invalid, "image_unreadable"},
		{"half a webp", webpOf(9, 9, red)[:24], fault.Invalid, "image_unreadable"},
		{"png of no pixels", rawPNG(t, 0, 0, 8, 2, 0, 0), fault.Invalid, "image_unreadable"},
		{"png header of 2³¹−1 squared", rawPNG(t, 1<<31-1, 1<<31-1, 8, 6, 0, 9), fault.Invalid, "image_unreadable"},
		{"png header of 900 megapixels", rawPNG(t, 30_000, 30_000, 8, 6, 0, 9), fault.Invalid, "image_too_many_pixels"},
		{"png, side", rawPNG(t, 12_001, 1, 8, 0, 0, 9), fault.Invalid, "image_too_many_pixels"},
		{"png of 100 megapixels", rawPNG(t, 10_000, 10_000, 1, 0, 0, 9), fault.Invalid, "image_too_many_pixels"},
		{"png of 30 megapixels, 16 bit", rawPNG(t, 6000, 5000, 16, 6, 0, 9), fault.Invalid, "image_too_many_pixels"},
		{"png of 30 megapixels, interlaced", rawPNG(t, 6000, 5000, 8, 6, 1, 9), fault.Invalid, "image_too_many_pixels"},
		{"png with 50 MB too many zeros", rawPNG(t, 10, 10, 8, 2, 0, 50_000_000), fault.Invalid, "image_unreadable"},
		{"jpeg header of 65535 squared", huge, fault.Invalid, "image_too_many_pixels"},
		{"progressive jpeg of 16 megapixels, 4:2:0 told as 4:4:4", bytes.Replace(progressive, []byte{1, 0x22, 0}, []byte{1, 0x11, 0}, 1), fault.Invalid, "image_too_many_pixels"},
		{"jpeg of 200 scans", scans, fault.Invalid, "image_unreadable"},
		{"gif screen of 65535 squared", screen, fault.Invalid, "image_too_many_pixels"},
		{"gif of 201 frames", animation(t, 2, 2, 201), fault.Invalid, "image_too_many_frames"},
		{"gif of 45 million pixels in frames", animation(t, 1000, 1000, 45), fault.Invalid, "image_too_many_frames"},
		{"webp header of 16384 squared", webpOf(16384, 16384, red), fault.Invalid, "image_too_many_pixels"},
		{"webp of 36 megapixels", webpOf(6000, 6000, red), fault.Invalid, "image_too_many_pixels"},
		{"webp that lies about its canvas", lying, fault.Invalid, "image_unreadable"},
		{"webp that moves", riff(vp8x(0x02, 9, 9), riffChunk("VP8L", solidVP8L(9, 9, red))), fault.Unsupported, "image_animated"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, nil)
			before := allocated()
			_, err := h.Upload(t.Context(), owner, "", bytes.NewReader(c.in))
			spent := allocated() - before
			wantFault(t, err, c.kind, c.code)
			h.mustBeEmpty(t)
			if limit := uint64(8<<20 + 4*len(c.in)); spent > limit {
				t.Errorf("refusing it took %d MB of memory", spent>>20)
			}
		})
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// TestEveryCut sends every beginning of small pictures, and every picture with one byte changed:
// each is taken or refused with a fault of ours, and a refusal leaves nothing.
func TestEveryCut(t *testing.T) {
	for name, in := range map[string][]byte{
		"png": pngOf(t, quadrants(6, 5)), "gif": animation(t, 6, 5, 3), "webp": webpOf(6, 5, red),
		"jpeg": withExif(jpegOf(t, quadrants(6, 5)), exif(binary.BigEndian, 6, "m")),
	} {
		h := newHouse(t, func(o *media.Options) {
			o.Limits = media.Limits{MaxPixels: 1e5, MaxDecodeBytes: 1e6, QuotaCount: 1e9}
			o.Blobs = nowhere{}
		})
		try := func(data []byte) {
			_, err := h.Upload(t.Context(), owner, "", bytes.NewReader(data))
			if kind := fault.KindOf(err); err != nil && kind != fault.Invalid && kind != fault.Unsupported {
				t.Fatalf("%s: %v", name, err)
			}
		}
		for i := range in {
			try(in[:i])
			changed := bytes.Clone(in)
			changed[i] ^= 0xff
			try(changed)
		}
		if files := filesIn(t, h.temp); len(files) > 0 {
			t.Errorf("%s: files left: %v", name, files)
		}
	}
}

// nowhere is a Blobs that forgets: for tests about what comes before it.
type nowhere struct{ media.Blobs }

func (nowhere) Put(_ context.Context, _ string, body io.Reader, _ int64, _ string) error {
	_, err := io.Copy(io.Discard, body)
	return err
}
func (nowhere) Delete(context.Context, string) error { return nil }

func TestBodyFaults(t *testing.T) {
	jpg := jpegOf(t, quadrants(600, 400))
	half := func() io.Reader { return bytes.NewReader(jpg[:len(jpg)/2]) }
	h := newHouse(t, nil)
	_, err := h.Upload(t.Context(), owner, "", io.MultiReader(half(), iotest.ErrReader(io.ErrUnexpectedEOF)))
	wantFault(t, err, fault.Malformed, "upload_incomplete")
	_, err = h.Upload(t.Context(), owner, "", http.MaxBytesReader(httptest.NewRecorder(), io.NopCloser(bytes.NewReader(jpg)), 100))
	wantFault(t, err, fault.TooLarge, "upload_too_large")
	h.mustBeEmpty(t)

	t.Run("a body that stops coming", func(t *testing.T) {
		h := newHouse(t, func(o *media.Options) { o.Limits.BodyTime = 30 * time.Millisecond })
		stalled, stop := io.Pipe()
		defer stop.Close()
		_, err := h.Upload(t.Context(), owner, "", io.MultiReader(half(), stalled))
		wantFault(t, err, fault.Unavailable, "timeout")
		h.mustBeEmpty(t)
	})
	t.Run("a request that is over", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		stalled, stop := io.Pipe()
		defer stop.Close()
		_, err := h.Upload(ctx, owner, "", io.MultiReader(half(), readerFunc(func([]byte) (int, error) { cancel(); return 0, nil }), stalled))
		wantFault(t, err, fault.Unavailable, "timeout")
		h.mustBeEmpty(t)
	})
	t.Run("no room for the body", func(t *testing.T) {
		h := newHouse(t, func(o *media.Options) { o.TempDir = filepath.Join(o.TempDir, "missing") })
		_, err := h.Upload(t.Context(), owner, "", bytes.NewReader(jpg))
		wantFault(t, err, fault.Unavailable, "media_unavailable")
		h.mustBeEmpty(t)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// fullDisk fails each Put after some bytes, as a full disk does.
type fullDisk struct{ media.Blobs }

func (d fullDisk) Put(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	short := io.MultiReader(io.LimitReader(body, size/2), iotest.ErrReader(errors.New("no space left on device")))
	return d.Blobs.Put(ctx, key, short, size, contentType)
}

func TestNothingHalfWritten(t *testing.T) {
	jpg := jpegOf(t, quadrants(60, 40))
	t.Run("the blob cannot be written", func(t *testing.T) {
		h := newHouse(t, func(o *media.Options) { o.Blobs = fullDisk{o.Blobs} })
		_, err := h.Upload(t.Context(), owner, "", bytes.NewReader(jpg))
		wantFault(t, err, fault.Unavailable, "media_unavailable")
		if strings.Contains(fault.From(err).Message, "space") {
			t.Error("the message tells what the file system said")
		}
		h.mustBeEmpty(t)
	})
	t.Run("the row is refused", func(t *testing.T) {
		h := newHouse(t, nil)
		h.store.failing = fault.New(fault.Forbidden, "member_banned", "No.")
		_, err := h.Upload(t.Context(), owner, "", bytes.NewReader(jpg))
		wantFault(t, err, fault.Forbidden, "member_banned")
		h.mustBeEmpty(t)
	})
	t.Run("nobody knows whether there is a row", func(t *testing.T) {
		h := newHouse(t, nil)
		h.store.failing = errors.New("connection lost")
		if _, err := h.Upload(t.Context(), owner, "", bytes.NewReader(jpg)); err == nil {
			t.Fatal("no error")
		}
		if files := filesIn(t, h.dir); len(files) != 1 {
			t.Errorf("the blob must wait for the sweep, found %v", files)
		}
	})
	t.Run("the queue is down", func(t *testing.T) {
		h := newHouse(t, func(o *media.Options) {
			o.Enqueue = func(context.Context, media.VariantsJob) error { return errors.New("down") }
		})
		if a := h.upload(t, jpegOf(t, quadrants(600, 40))); a.ID == 0 {
			t.Error("no row")
		}
	})
}

func TestQuota(t *testing.T) {
	h := newHouse(t, func(o *media.Options) { o.Limits.QuotaCount = 2 })
	jpg := jpegOf(t, quadrants(60, 40))
	h.upload(t, jpg)
	h.upload(t, jpg)
	touched := readerFunc(func([]byte) (int, error) { t.Error("the body was read"); return 0, io.EOF })
	_, err := h.Upload(t.Context(), owner, "", touched)
	wantFault(t, err, fault.RateLimited, "upload_quota")
	if _, err := h.Upload(t.Context(), owner+1, "", bytes.NewReader(jpg)); err != nil {
		t.Errorf("another member: %v", err)
	}
	h.clock = h.clock.Add(25 * time.Hour)
	h.upload(t, jpg)

	h = newHouse(t, func(o *media.Options) { o.Limits.QuotaBytes = 100 })
	h.upload(t, jpg)
	_, err = h.Upload(t.Context(), owner, "", touched)
	wantFault(t, err, fault.RateLimited, "upload_quota")
}

func TestAlt(t *testing.T) {
	h := newHouse(t, nil)
	jpg := jpegOf(t, quadrants(6, 4))
	for _, c := range []struct{ alt, code string }{
		{"  응원봉 바다 ", ""}, {strings.Repeat("가", 300), ""}, {strings.Repeat("가", 301), "too_long"},
		{"a\xff", "invalid_utf8"}, {"a\x00b", "control_character"}, {"a\nb", "control_character"}, {"a\u202eb", "bidi_override"},
	} {
		a, err := h.Upload(t.Context(), owner, c.alt, bytes.NewReader(jpg))
		if c.code == "" {
			if err != nil || a.Alt != strings.TrimSpace(c.alt) {
				t.Errorf("%q: %q, %v", c.alt, a.Alt, err)
			}
			continue
		}
		if e := fault.From(err); e.Kind != fault.Invalid || len(e.Fields) != 1 || e.Fields[0].Code != c.code || e.Fields[0].Name != "alt" {
			t.Errorf("%q: %v, want %s", c.alt, err, c.code)
		}
	}
	a := h.upload(t, jpg)
	if err := h.SetAlt(t.Context(), owner, a.Key, " sea "); err != nil || h.store.rows[a.ID].Alt != "sea" {
		t.Errorf("SetAlt: %v, %q", err, h.store.rows[a.ID].Alt)
	}
	wantFault(t, h.SetAlt(t.Context(), owner+1, a.Key, "mine"), fault.NotFound, "attachment_not_found")
	if err := h.SetAlt(t.Context(), owner, a.Key, "\x00"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("SetAlt: %v", err)
	}
}

// heldContext stops whoever asks for its error first: the decoder, in the middle of a picture.
type heldContext struct {
	context.Context
	once             sync.Once
	decoding, resume chan struct{}
}

func (c *heldContext) Err() error {
	c.once.Do(func() { close(c.decoding); <-c.resume })
	return nil
}

func TestBulkhead(t *testing.T) {
	h := newHouse(t, func(o *media.Options) { o.Limits.Workers, o.Limits.Wait = 1, time.Millisecond })
	jpg := jpegOf(t, quadrants(60, 40))
	held := &heldContext{Context: context.Background(), decoding: make(chan struct{}), resume: make(chan struct{})}
	first := make(chan error)
	go func() {
		_, err := h.Upload(held, owner, "", bytes.NewReader(jpg))
		first <- err
	}()
	<-held.decoding
	_, err := h.Upload(t.Context(), owner, "", bytes.NewReader(jpg))
	wantFault(t, err, fault.Unavailable, "image_busy")
	if fault.From(err).RetryAfter == 0 {
		t.Error("no Retry-After")
	}
	close(held.resume)
	if err := <-first; err != nil {
		t.Error(err)
	}
	h.upload(t, jpg)
}

// brokenContext panics inside the decoder, as a bug in one would.
type brokenContext struct{ context.Context }

func (brokenContext) Err() error { panic("index out of range") }

func TestDecoderPanics(t *testing.T) {
	h := newHouse(t, func(o *media.Options) { o.Limits.Workers = 1 })
	for _, in := range [][]byte{jpegOf(t, quadrants(60, 40)), animation(t, 9, 9, 2)} {
		for range 2 { // the worker must have come back
			_, err := h.Upload(brokenContext{context.Background()}, owner, "", bytes.NewReader(in))
			wantFault(t, err, fault.Invalid, "image_unreadable")
			h.mustBeEmpty(t)
		}
	}
}

func TestAvatar(t *testing.T) {
	h := newHouse(t, nil)
	wide := image.NewNRGBA(image.Rect(0, 0, 900, 300))
	for y := range 300 {
		for x := range 900 {
			c := red
			if x >= 300 && x < 600 {
				c = green
			}
			wide.SetNRGBA(x, y, c)
		}
	}
	for name, in := range map[string][]byte{"jpeg": jpegOf(t, wide), "png": pngOf(t, wide), "turned": withExif(jpegOf(t, wide), exif(binary.BigEndian, 6, ""))} {
		a, err := h.Avatar(t.Context(), owner, bytes.NewReader(in))
		if err != nil || a.Width != media.AvatarSide || a.Height != media.AvatarSide {
			t.Fatalf("%s: %+v, %v", name, a, err)
		}
		checkCorners(t, name, h.picture(t, a.Key), green, green, green, green)
	}
	a, err := h.Avatar(t.Context(), owner, bytes.NewReader(animation(t, 40, 20, 3)))
	if err != nil || a.Width != 20 || a.Height != 20 || a.ContentType != "image/jpeg" {
		t.Errorf("moving: %+v, %v", a, err)
	}
}
