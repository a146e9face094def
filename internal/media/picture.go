package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"time"

	"lightstick/internal/fault"
)

// jpegQuality is where a photo on a phone stops looking better.
const jpegQuality = 82

// picture is one encoded result, ready to be stored.
type picture struct {
	data          []byte
	ext           string // ".jpg", ".png" or ".gif"
	width, height int
}

// shape says what is made of an upload.
type shape int

const (
	whole  shape = iota // all of it, bounded to Limits.LongSide
	avatar              // the square in its middle, still
)

// withWorker runs fn while holding a worker, or fails when none gets free within wait.
func (s *Service) withWorker(ctx context.Context, wait time.Duration, fn func() error) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case s.workers <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return fault.New(fault.Unavailable, "image_busy",
			"Too many pictures are being worked on. Try again in a moment.").After(5 * time.Second)
	}
	defer func() { <-s.workers }()
	return fn()
}

// remake turns uploaded bytes into a picture of our own.
func (s *Service) remake(ctx context.Context, data []byte, as shape) (p picture, err error) {
	defer recoverDecoder(&err)
	h, err := inspect(data)
	if err != nil {
		return picture{}, unreadable(err)
	}
	if err := s.check(h); err != nil {
		return picture{}, err
	}
	if h.frames > 1 && as == whole {
		p, err = encodeAnimation(ctx, data, s.limits.LongSide)
	} else {
		p, err = s.remakeStill(ctx, data, h, as)
	}
	switch {
	case ctx.Err() != nil:
		return picture{}, ctx.Err()
	case err != nil:
		return picture{}, unreadable(err)
	}
	return p, nil
}

// check holds what the headers claim against the limits.
func (s *Service) check(h header) error {
	l := s.limits
	const maxScans = 100 // a progressive JPEG has about ten; each costs a pass over all blocks
	switch {
	case h.animated:
		return fault.New(fault.Unsupported, "image_animated", "A moving WebP is not taken. Send it as a GIF.")
	case h.width > l.MaxSide, h.height > l.MaxSide, h.width*h.height > l.MaxPixels, h.memory > l.MaxDecodeBytes:
		return fault.New(fault.Invalid, "image_too_many_pixels",
			"The picture is too large: at most {side} pixels on a side and {max} million in all.",
			"side", l.MaxSide, "max", l.MaxPixels/1_000_000)
	case h.frames > l.MaxFrames || h.frames > 1 && h.framePixels > l.MaxFramePixels:
		return fault.New(fault.Invalid, "image_too_many_frames",
			"The animation is too long: at most {max} frames, fewer when they are large.", "max", l.MaxFrames)
	case h.scans > maxScans:
		return unreadable(fmt.Errorf("%d scans", h.scans))
	}
	return nil
}

func (s *Service) remakeStill(ctx context.Context, data []byte, h header, as shape) (picture, error) {
	decode, _ := h.format.decoder()
	// Decoders know no context: the reader ends them.
	src, err := decode(&contextReader{ctx, bytes.NewReader(data)})
	if err != nil {
		return picture{}, err
	}
	area, side := src.Bounds(), s.limits.LongSide
	if area.Empty() || area.Dx() > h.width || area.Dy() > h.height {
		return picture{}, errors.New("the picture is not as large as its header says")
	}
	if as == avatar {
		area, side = centreSquare(area), AvatarSide
	}
	w, hh := fit(area.Dx(), area.Dy(), side)
	return encodeStill(orient(shrink(src, area, w, hh), h.orientation))
}

// encodeStill writes PNG where something shines through, JPEG otherwise.
func encodeStill(m *image.RGBA) (picture, error) {
	p := picture{ext: ".jpg", width: m.Rect.Dx(), height: m.Rect.Dy()}
	var out bytes.Buffer
	var err error
	if m.Opaque() {
		err = jpeg.Encode(&out, m, &jpeg.Options{Quality: jpegQuality})
	} else {
		p.ext = ".png"
		err = png.Encode(&out, straight(m))
	}
	p.data = out.Bytes()
	return p, err
}

// reduce makes a copy of a stored picture that is width pixels wide, in the same format.
func reduce(ctx context.Context, data []byte, width int) (p picture, err error) {
	defer recoverDecoder(&err)
	f := sniff(data)
	if f != jpegFormat && f != pngFormat {
		return picture{}, errors.New("not a picture of ours")
	}
	decode, _ := f.decoder()
	src, err := decode(&contextReader{ctx, bytes.NewReader(data)})
	if err != nil {
		return picture{}, err
	}
	b := src.Bounds()
	height := max(1, (b.Dy()*width+b.Dx()/2)/b.Dx())
	small := shrink(src, b, width, height)
	if f == pngFormat {
		var out bytes.Buffer
		err := png.Encode(&out, straight(small))
		return picture{data: out.Bytes(), ext: ".png", width: width, height: height}, err
	}
	return encodeStill(small)
}

func recoverDecoder(err *error) {
	if r := recover(); r != nil {
		*err = unreadable(fmt.Errorf("decoder panicked: %v", r))
	}
}

func unreadable(cause error) error {
	return fault.Wrap(cause, fault.Invalid, "image_unreadable", "The picture is broken or incomplete.")
}

// contextReader fails when ctx has ended.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
