package media_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"
)

// The corners of quadrants, clockwise from the top left.
var (
	red    = color.NRGBA{220, 30, 30, 255}
	green  = color.NRGBA{30, 200, 40, 255}
	blue   = color.NRGBA{30, 40, 210, 255}
	yellow = color.NRGBA{230, 220, 40, 255}
)

// quadrants is red, green, blue and yellow, clockwise from the top left.
func quadrants(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := red
			switch left, top := x < w/2, y < h/2; {
			case !left && top:
				c = green
			case !left && !top:
				c = blue
			case left && !top:
				c = yellow
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

func jpegOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := enc.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// animation has frames of one colour each, on a screen of w × h.
func animation(t testing.TB, w, h, frames int) []byte {
	t.Helper()
	g := &gif.GIF{LoopCount: 3}
	for i := range frames {
		pal := color.Palette{color.RGBA{uint8(i), 0, 0, 255}, color.RGBA{0, uint8(i), 99, 255}}
		m := image.NewPaletted(image.Rect(0, 0, w, h), pal)
		for p := range m.Pix {
			m.Pix[p] = uint8(i & 1)
		}
		g.Image, g.Delay = append(g.Image, m), append(g.Delay, 10+i)
	}
	return gifOf(t, g)
}

func gifOf(t testing.TB, g *gif.GIF) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// exif is a TIFF block whose first directory holds a maker's name and the orientation.
func exif(order binary.AppendByteOrder, orientation int, maker string) []byte {
	head := []byte("MM\x00*")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		head = []byte("II*\x00")
	}
	b := order.AppendUint32(head, 8)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(order.AppendUint16(b, 0x010f), 2) // Make, ASCII
	b = order.AppendUint32(order.AppendUint32(b, uint32(len(maker))), 8+2+2*12+4)
	b = order.AppendUint16(order.AppendUint16(b, 0x0112), 3) // Orientation, SHORT
	b = order.AppendUint16(order.AppendUint32(b, 1), uint16(orientation))
	b = order.AppendUint32(append(b, 0, 0), 0)
	return append(b, maker...)
}

// withSegment puts a segment right after a JPEG's start.
func withSegment(jpg []byte, marker byte, body []byte) []byte {
	seg := append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(body)+2)), body...)
	return bytes.Join([][]byte{jpg[:2], seg, jpg[2:]}, nil)
}

func withExif(jpg, tiff []byte) []byte {
	return withSegment(jpg, 0xe1, append([]byte("Exif\x00\x00"), tiff...))
}

func pngChunk(name string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, name...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// withChunk puts a chunk right after a PNG's header.
func withChunk(src []byte, name string, body []byte) []byte {
	const header = 8 + 25
	return bytes.Join([][]byte{src[:header], pngChunk(name, body), src[header:]}, nil)
}

// rawPNG has the header that is asked for and n bytes of zeros as its pixels.
func rawPNG(t testing.TB, w, h int, depth, colour, interlace byte, n int) []byte {
	t.Helper()
	ihdr := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(w)), uint32(h))
	ihdr = append(ihdr, depth, colour, 0, 0, interlace)
	var idat bytes.Buffer
	z := zlib.NewWriter(&idat)
	if _, err := z.Write(make([]byte, n)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.Join([][]byte{[]byte("\x89PNG\r\n\x1a\n"),
		pngChunk("IHDR", ihdr), pngChunk("IDAT", idat.Bytes()), pngChunk("IEND", nil)}, nil)
}

// solidVP8L is a lossless WebP bit stream of one colour: five Huffman codes of one symbol each,
// so that no pixel needs a bit, whatever the size.
func solidVP8L(w, h int, c color.NRGBA) []byte {
	var out []byte
	var acc uint64
	var n uint
	put := func(v uint64, bits uint) {
		acc |= v << n
		for n += bits; n >= 8; n -= 8 {
			out = append(out, byte(acc))
			acc >>= 8
		}
	}
	alpha := uint64(0)
	if c.A != 255 {
		alpha = 1
	}
	put(0x2f, 8)
	put(uint64(w-1), 14)
	put(uint64(h-1), 14)
	put(alpha, 1)
	put(0, 3)                                       // version
	put(0, 3)                                       // no transform, no colour cache, no meta codes
	for _, v := range []uint8{c.G, c.R, c.B, c.A} { // simple code, one symbol of eight bits
		put(1, 1)
		put(0, 1)
		put(1, 1)
		put(uint64(v), 8)
	}
	put(0b0001, 4) // distance: simple code, one symbol of one bit
	put(0, 8)
	return out
}

func riff(chunks ...[]byte) []byte {
	body := append([]byte("WEBP"), bytes.Join(chunks, nil)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func riffChunk(name string, body []byte) []byte {
	b := append(binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body))), body...)
	if len(body)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

func vp8x(flags byte, w, h int) []byte {
	b := []byte{flags, 0, 0, 0}
	b = append(b, byte(w-1), byte((w-1)>>8), byte((w-1)>>16))
	return riffChunk("VP8X", append(b, byte(h-1), byte((h-1)>>8), byte((h-1)>>16)))
}

func webpOf(w, h int, c color.NRGBA) []byte { return riff(riffChunk("VP8L", solidVP8L(w, h, c))) }

// near reports whether two colours look the same after JPEG.
func near(a, b color.Color) bool {
	ar, ag, ab, aa := a.RGBA()
	br, bg, bb, ba := b.RGBA()
	const slack = 14 << 8
	close := func(x, y uint32) bool { return max(x, y)-min(x, y) <= slack }
	return close(ar, br) && close(ag, bg) && close(ab, bb) && close(aa, ba)
}
