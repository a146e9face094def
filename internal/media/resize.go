package media

import (
	"image"
	"image/draw"
)

// fit scales w and h down so that neither exceeds side. Nothing is ever scaled up.
func fit(w, h, side int) (int, int) {
	switch {
	case w <= side && h <= side:
		return w, h
	case w >= h:
		return side, max(1, (h*side+w/2)/w)
	default:
		return max(1, (w*side+h/2)/h), side
	}
}

// centreSquare is the largest square in the middle of r.
func centreSquare(r image.Rectangle) image.Rectangle {
	side := min(r.Dx(), r.Dy())
	at := r.Min.Add(image.Pt((r.Dx()-side)/2, (r.Dy()-side)/2))
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(side, side))}
}

// shrink draws the part r of src in w × h pixels, no larger than r: each new pixel is the exact
// mean of the area it covers. A kernel scaler of x/image/draw keeps 32 bytes for every row of the
// source times every column of the result, 262 MB for a photo of 24 megapixels; this keeps a few
// rows.
func shrink(src image.Image, r image.Rectangle, w, h int) *image.RGBA {
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	if w == r.Dx() && h == r.Dy() {
		draw.Draw(dst, dst.Rect, src, r.Min, draw.Src)
		return dst
	}
	// Rows are converted to RGBA some at a time: image/draw knows the fast way for each type.
	const rows = 16
	strip := image.NewRGBA(image.Rect(0, 0, r.Dx(), rows))
	m := mean{dst: dst, sw: r.Dx(), sh: r.Dy(), row: make([]uint32, 4*w), sum: make([]uint64, 4*w)}
	for y := 0; y < r.Dy(); y += rows {
		draw.Draw(strip, strip.Rect, src, r.Min.Add(image.Pt(0, y)), draw.Src)
		for i := range min(rows, r.Dy()-y) {
			m.add(strip.Pix[i*strip.Stride:][:4*r.Dx()])
		}
	}
	return dst
}

// mean averages rows as they come. All arithmetic is exact: in units of 1/w of a source pixel
// across and 1/h down, so 255 × 12,000 fits row and 255 × 12,000² fits sum.
type mean struct {
	dst    *image.RGBA
	sw, sh int
	y      int // next source row
	out    int // next destination row
	row    []uint32
	sum    []uint64
}

func (m *mean) add(pix []byte) {
	m.addRow(pix)
	h := m.dst.Rect.Dy()
	top, bottom, edge := m.y*h, (m.y+1)*h, (m.out+1)*m.sh
	m.y++
	if bottom < edge {
		m.accumulate(uint64(h))
		return
	}
	m.accumulate(uint64(edge - top))
	m.emit()
	m.accumulate(uint64(bottom - edge))
}

// addRow averages one row across: a source pixel falls into one new pixel, or is split by an edge.
func (m *mean) addRow(pix []byte) {
	clear(m.row)
	w := m.dst.Rect.Dx()
	at, edge := 0, m.sw // index of the new pixel's first byte, and where it ends
	for x, start := 0, 0; x < m.sw; x, start = x+1, start+w {
		p, end := pix[4*x:4*x+4:4*x+4], start+w
		weight := uint32(min(end, edge) - start)
		t := m.row[at : at+4 : at+4]
		t[0] += weight * uint32(p[0])
		t[1] += weight * uint32(p[1])
		t[2] += weight * uint32(p[2])
		t[3] += weight * uint32(p[3])
		if end < edge {
			continue
		}
		if weight = uint32(end - edge); weight > 0 {
			t = m.row[at+4 : at+8 : at+8]
			t[0] += weight * uint32(p[0])
			t[1] += weight * uint32(p[1])
			t[2] += weight * uint32(p[2])
			t[3] += weight * uint32(p[3])
		}
		at, edge = at+4, edge+m.sw
	}
}

func (m *mean) accumulate(weight uint64) {
	if weight == 0 {
		return
	}
	for i, v := range m.row {
		m.sum[i] += weight * uint64(v)
	}
}

func (m *mean) emit() {
	area := uint64(m.sw) * uint64(m.sh)
	out := m.dst.Pix[m.out*m.dst.Stride:][:len(m.sum)]
	for i, v := range m.sum {
		out[i] = uint8((v + area/2) / area)
	}
	clear(m.sum)
	m.out++
}

// orient turns a picture the way its EXIF orientation (1 to 8) says it is to be seen.
func orient(src *image.RGBA, orientation int) *image.RGBA {
	if orientation <= 1 || orientation > 8 {
		return src
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	if orientation >= 5 {
		dst = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			dx, dy := x, y
			switch orientation {
			case 2:
				dx = w - 1 - x
			case 3:
				dx, dy = w-1-x, h-1-y
			case 4:
				dy = h - 1 - y
			case 5:
				dx, dy = y, x
			case 6:
				dx, dy = h-1-y, x
			case 7:
				dx, dy = h-1-y, w-1-x
			case 8:
				dx, dy = y, w-1-x
			}
			copy(dst.Pix[dst.PixOffset(dx, dy):][:4], src.Pix[src.PixOffset(x, y):][:4])
		}
	}
	return dst
}

// straight undoes the premultiplication of alpha, which is how PNG keeps colours. Whatever hid
// under full transparency is gone.
func straight(src *image.RGBA) *image.NRGBA {
	dst := image.NewNRGBA(src.Rect)
	for i := 0; i < len(src.Pix); i += 4 {
		a := uint32(src.Pix[i+3])
		if a == 0 {
			continue
		}
		for c := i; c < i+3; c++ {
			dst.Pix[c] = uint8(min(255, (uint32(src.Pix[c])*255+a/2)/a))
		}
		dst.Pix[i+3] = uint8(a)
	}
	return dst
}
