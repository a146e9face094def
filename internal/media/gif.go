package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/gif"
)

var errGIF = errors.New("gif: broken block structure")

// scanGIF walks the blocks of a GIF without decompressing any, and counts its frames and their
// pixels: the decoder would allocate all of them before anybody could object. Where the decoder
// takes an odd block another way than the standard, scanGIF refuses it, so that the two can
// never disagree about what is a frame.
func scanGIF(data []byte) (frames, pixels int, err error) {
	const screen = 13
	if len(data) < screen {
		return 0, 0, errGIF
	}
	rest, ok := skip(data, screen+colorTable(data[10]))
	for ok && len(rest) > 0 {
		switch rest[0] {
		case 0x3b: // trailer
			if frames == 0 {
				return 0, 0, errGIF
			}
			return frames, pixels, nil
		case 0x21:
			rest, ok = skipExtension(rest)
		case 0x2c:
			var area int
			rest, area, ok = skipFrame(rest)
			frames++
			pixels += area
		default:
			ok = false
		}
	}
	return 0, 0, errGIF
}

func skip(b []byte, n int) ([]byte, bool) {
	if len(b) < n {
		return nil, false
	}
	return b[n:], true
}

// colorTable is the size of the table that a flags byte announces.
func colorTable(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (1 + flags&7)
}

// skipBlocks skips data sub-blocks and their terminator.
func skipBlocks(b []byte) ([]byte, bool) {
	for len(b) > 0 {
		n := int(b[0])
		if len(b) < 1+n {
			return nil, false
		}
		b = b[1+n:]
		if n == 0 {
			return b, true
		}
	}
	return nil, false
}

func skipExtension(b []byte) ([]byte, bool) {
	if len(b) < 3 {
		return nil, false
	}
	first := b[2] // length of the first sub-block
	switch b[1] {
	case 0xf9: // graphic control: the decoder expects exactly this length
		if first != 4 {
			return nil, false
		}
	case 0x01: // plain text: the decoder skips 12 bytes whatever the length says
		if first != 12 {
			return nil, false
		}
	case 0xff: // application: the decoder reads on after an empty name
		if first == 0 {
			return nil, false
		}
	case 0xfe: // comment
	default:
		return nil, false
	}
	return skipBlocks(b[2:])
}

func skipFrame(b []byte) (rest []byte, area int, ok bool) {
	const descriptor = 10
	if len(b) < descriptor {
		return nil, 0, false
	}
	area = int(binary.LittleEndian.Uint16(b[5:])) * int(binary.LittleEndian.Uint16(b[7:]))
	rest, ok = skip(b, descriptor+colorTable(b[9])+1) // and the LZW code size
	if !ok || area == 0 {
		return nil, 0, false
	}
	rest, ok = skipBlocks(rest)
	return rest, area, ok
}

// encodeAnimation decodes and encodes every frame anew, smaller when its screen exceeds longSide.
// Comments, application blocks and whatever follows the trailer do not survive.
func encodeAnimation(ctx context.Context, data []byte, longSide int) (picture, error) {
	g, err := gif.DecodeAll(&contextReader{ctx, bytes.NewReader(data)})
	if err != nil {
		return picture{}, err
	}
	w, h := fit(g.Config.Width, g.Config.Height, longSide)
	if w != g.Config.Width || h != g.Config.Height {
		shrinkAnimation(g, w, h)
	}
	var out bytes.Buffer
	if err := gif.EncodeAll(&out, g); err != nil {
		return picture{}, err
	}
	return picture{data: out.Bytes(), ext: ".gif", width: w, height: h}, nil
}

// shrinkAnimation takes the nearest pixel of each frame. The pixels are chosen by their place on
// the screen, not in the frame, so frames that build on one another still fit together, and
// palettes and transparency stay exact.
func shrinkAnimation(g *gif.GIF, w, h int) {
	sw, sh := g.Config.Width, g.Config.Height
	// A destination pixel d shows source pixel d*from/to, so the first that shows s or later is:
	first := func(s, to, from int) int { return (s*to + from - 1) / from }
	for i, src := range g.Image {
		b := src.Rect
		r := image.Rect(first(b.Min.X, w, sw), first(b.Min.Y, h, sh), first(b.Max.X, w, sw), first(b.Max.Y, h, sh))
		// A frame between two chosen pixels shrinks to one pixel: a frame must not be empty.
		r.Min = image.Pt(min(r.Min.X, w-1), min(r.Min.Y, h-1))
		r.Max = image.Pt(max(r.Max.X, r.Min.X+1), max(r.Max.Y, r.Min.Y+1))
		dst := image.NewPaletted(r, src.Palette)
		for y := r.Min.Y; y < r.Max.Y; y++ {
			sy := min(max(y*sh/h, b.Min.Y), b.Max.Y-1)
			for x := r.Min.X; x < r.Max.X; x++ {
				sx := min(max(x*sw/w, b.Min.X), b.Max.X-1)
				dst.Pix[dst.PixOffset(x, y)] = src.Pix[src.PixOffset(sx, sy)]
			}
		}
		g.Image[i] = dst
	}
	g.Config.Width, g.Config.Height = w, h
}
