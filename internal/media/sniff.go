package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"
)

// format is a kind of picture that comes in.
type format int

const (
	unknown format = iota
	jpegFormat
	pngFormat
	gifFormat
	webpFormat
)

// sniffLen is how many bytes sniff needs.
const sniffLen = 12

// sniff tells a format by its magic bytes alone.
func sniff(head []byte) format {
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return jpegFormat
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return pngFormat
	case bytes.HasPrefix(head, []byte("GIF87a")), bytes.HasPrefix(head, []byte("GIF89a")):
		return gifFormat
	case len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP":
		return webpFormat
	}
	return unknown
}

// decoder is the one that belongs to the format: image.Decode would let any registered format in.
func (f format) decoder() (decode func(io.Reader) (image.Image, error), config func(io.Reader) (image.Config, error)) {
	switch f {
	case jpegFormat:
		return jpeg.Decode, jpeg.DecodeConfig
	case pngFormat:
		return png.Decode, png.DecodeConfig
	case gifFormat:
		return gif.Decode, gif.DecodeConfig
	default:
		return webp.Decode, webp.DecodeConfig
	}
}

// header is what the first look at a picture tells, before anything large is allocated.
type header struct {
	format      format
	width       int
	height      int
	orientation int   // EXIF, 1 to 8
	memory      int64 // estimated bytes that decoding takes
	frames      int   // of a GIF; 1 otherwise
	framePixels int   // of all frames of a GIF together
	scans       int   // of a JPEG
	animated    bool  // a WebP that moves
}

// inspect reads the headers of a picture. It allocates nothing that grows with what they claim.
func inspect(data []byte) (header, error) {
	h := header{format: sniff(data), orientation: 1, frames: 1}
	if h.format == unknown {
		return h, errors.New("unknown format")
	}
	_, config := h.format.decoder()
	c, err := config(bytes.NewReader(data))
	if err != nil {
		return h, err
	}
	if c.Width <= 0 || c.Height <= 0 {
		return h, errors.New("an empty picture")
	}
	h.width, h.height = c.Width, c.Height
	pixels := int64(c.Width) * int64(c.Height)
	switch h.format {
	case jpegFormat:
		perPixel := h.inspectJPEG(data, c)
		h.memory = int64(float64(pixels) * perPixel)
	case pngFormat:
		h.memory = pixels * pngBytesPerPixel(data, c.ColorModel)
		h.orientation = exifOrientation(pngChunk(data, "eXIf"))
	case gifFormat:
		h.frames, h.framePixels, err = scanGIF(data)
		h.memory = int64(h.framePixels)
	case webpFormat:
		h.memory = pixels * 8 // lossless: four bytes, and as much again while a transform is undone
		h.inspectWebP(data)
	}
	return h, err
}

// inspectJPEG walks the segments before the first scan and returns the bytes per pixel that
// decoding takes: the planes, and for progressive pictures four bytes per coefficient as well.
func (h *header) inspectJPEG(data []byte, c image.Config) float64 {
	// In compressed data FF is always stuffed, so FF DA there is a real start of scan; a few more
	// in a thumbnail do not matter to the bound that is checked.
	h.scans = bytes.Count(data, []byte{0xff, 0xda})
	const worst = 3 + 3*4 + 1
	for rest := data[2:]; len(rest) >= 4 && rest[0] == 0xff; {
		marker := rest[1]
		size := int(binary.BigEndian.Uint16(rest[2:]))
		if marker == 0xda || size < 2 || len(rest) < 2+size {
			break
		}
		body := rest[4 : 2+size]
		switch {
		case marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) && h.orientation == 1:
			h.orientation = exifOrientation(body[6:])
		case marker >= 0xc0 && marker <= 0xc2:
			if n := jpegBytesPerPixel(marker, body, c); n > 0 {
				return n
			}
			return worst
		}
		rest = rest[2+size:]
	}
	return worst
}

// jpegBytesPerPixel reads a start-of-frame segment; 0 when it does not say what the decoder read.
func jpegBytesPerPixel(marker byte, sof []byte, c image.Config) float64 {
	if len(sof) < 6 || int(binary.BigEndian.Uint16(sof[1:])) != c.Height || int(binary.BigEndian.Uint16(sof[3:])) != c.Width {
		return 0
	}
	n := int(sof[5])
	if n == 0 || len(sof) != 6+3*n {
		return 0
	}
	samples, hmax, vmax := 0, 1, 1
	for i := range n {
		hs, vs := int(sof[7+3*i]>>4), int(sof[7+3*i]&15)
		samples += hs * vs
		hmax, vmax = max(hmax, hs), max(vmax, vs)
	}
	planes := float64(samples) / float64(hmax*vmax)
	if marker == 0xc2 {
		planes *= 5
	}
	if c.ColorModel == color.CMYKModel {
		planes += 4 // converted into a second picture
	}
	return max(planes, 1)
}

func pngBytesPerPixel(data []byte, model color.Model) int64 {
	n := int64(4)
	switch model {
	case color.GrayModel:
		n = 1
	case color.Gray16Model:
		n = 2
	case color.RGBA64Model, color.NRGBA64Model:
		n = 8
	default:
		if _, ok := model.(color.Palette); ok {
			n = 1
		}
	}
	if len(data) > 28 && data[28] == 1 { // the last byte of IHDR
		n *= 2 // interlaced: each pass is a picture of its own before it is merged
	}
	return n
}

// pngChunk finds a chunk; nil when there is none.
func pngChunk(data []byte, name string) []byte {
	for rest := data[8:]; len(rest) >= 12; {
		size := int64(binary.BigEndian.Uint32(rest))
		if size > int64(len(rest))-12 {
			return nil
		}
		if string(rest[4:8]) == name {
			return rest[8 : 8+size]
		}
		rest = rest[12+size:]
	}
	return nil
}

func (h *header) inspectWebP(data []byte) {
	for rest := data[12:]; len(rest) >= 8; {
		size := int64(binary.LittleEndian.Uint32(rest[4:]))
		if size > int64(len(rest))-8 {
			return
		}
		switch body := rest[8 : 8+size]; string(rest[:4]) {
		case "VP8X":
			h.animated = len(body) > 0 && body[0]&0x02 != 0
		case "EXIF":
			h.orientation = exifOrientation(bytes.TrimPrefix(body, []byte("Exif\x00\x00")))
		}
		rest = rest[8+min(size+size&1, int64(len(rest))-8):]
	}
}

// exifOrientation finds tag 0x0112 in the first directory of a TIFF block; 1 when in doubt.
func exifOrientation(tiff []byte) int {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(tiff, []byte("II*\x00")):
		order = binary.LittleEndian
	case bytes.HasPrefix(tiff, []byte("MM\x00*")):
		order = binary.BigEndian
	default:
		return 1
	}
	if len(tiff) < 8 {
		return 1
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			return 1
		}
		const orientation, short = 0x0112, 3
		if order.Uint16(entries) == orientation && order.Uint16(entries[2:]) == short {
			if v := int(order.Uint16(entries[8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
		entries = entries[12:]
	}
	return 1
}
