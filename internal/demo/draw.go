package demo

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/vector"
)

// The size of every picture, in pixels.
const (
	imageWidth  = 1200
	imageHeight = 800
)

// canvas draws flat shapes with soft edges. Flat colours and gradients along one axis keep the
// files small.
type canvas struct {
	img    *image.RGBA
	raster vector.Rasterizer
}

type point struct{ x, y float64 }

func newCanvas(top, bottom color.RGBA) *canvas {
	c := &canvas{img: image.NewRGBA(image.Rect(0, 0, imageWidth, imageHeight))}
	for y := range imageHeight {
		row := blend(top, bottom, float64(y)/imageHeight)
		for x := range imageWidth {
			c.img.SetRGBA(x, y, row)
		}
	}
	return c
}

// blend mixes two opaque colours.
func blend(a, b color.RGBA, t float64) color.RGBA {
	mix := func(p, q uint8) uint8 { return uint8(math.Round(float64(p) + (float64(q)-float64(p))*t)) }
	return color.RGBA{R: mix(a.R, b.R), G: mix(a.G, b.G), B: mix(a.B, b.B), A: 255}
}

// fill paints a polygon; alpha is in [0, 1]. Only the rectangle around it is worked on.
func (c *canvas) fill(tint color.RGBA, alpha float64, points ...point) {
	low, high := points[0], points[0]
	for _, p := range points {
		low = point{min(low.x, p.x), min(low.y, p.y)}
		high = point{max(high.x, p.x), max(high.y, p.y)}
	}
	area := image.Rect(int(low.x)-1, int(low.y)-1, int(high.x)+2, int(high.y)+2).Intersect(c.img.Bounds())
	if area.Empty() {
		return
	}
	c.raster.Reset(area.Dx(), area.Dy())
	for i, p := range points {
		x, y := float32(p.x)-float32(area.Min.X), float32(p.y)-float32(area.Min.Y)
		if i == 0 {
			c.raster.MoveTo(x, y)
			continue
		}
		c.raster.LineTo(x, y)
	}
	c.raster.ClosePath()
	scale := func(v uint8) uint8 { return uint8(float64(v) * alpha) }
	paint := color.RGBA{R: scale(tint.R), G: scale(tint.G), B: scale(tint.B), A: scale(255)}
	c.raster.Draw(c.img, area, image.NewUniform(paint), image.Point{})
}

func (c *canvas) circle(tint color.RGBA, alpha, x, y, radius float64) {
	c.oval(tint, alpha, x, y, radius, radius, 0)
}

// oval paints an ellipse turned by an angle in radians.
func (c *canvas) oval(tint color.RGBA, alpha, x, y, rx, ry, turn float64) {
	const corners = 72
	points := make([]point, corners)
	for i := range points {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		points[i] = rotate(point{x + rx*cos, y + ry*sin}, point{x, y}, turn)
	}
	c.fill(tint, alpha, points...)
}

// box paints a rectangle with round corners around its centre, turned by an angle.
func (c *canvas) box(tint color.RGBA, alpha, x, y, w, h, round, turn float64) {
	const steps = 10
	var points []point
	for corner := range 4 {
		dx, dy := w/2-round, h/2-round
		if corner == 1 || corner == 2 {
			dx = -dx
		}
		if corner >= 2 {
			dy = -dy
		}
		for s := range steps + 1 {
			sin, cos := math.Sincos(math.Pi / 2 * (float64(corner) + float64(s)/steps))
			points = append(points, rotate(point{x + dx + round*cos, y + dy + round*sin}, point{x, y}, turn))
		}
	}
	c.fill(tint, alpha, points...)
}

func rotate(p, about point, turn float64) point {
	sin, cos := math.Sincos(turn)
	dx, dy := p.x-about.x, p.y-about.y
	return point{about.x + dx*cos - dy*sin, about.y + dx*sin + dy*cos}
}

// glow paints rings that fade outwards.
func (c *canvas) glow(tint color.RGBA, x, y, radius float64) {
	const rings = 7
	for i := range rings {
		c.circle(tint, 0.09, x, y, radius*(1-float64(i)/(rings+1)))
	}
}

// wave paints everything below a sine line.
func (c *canvas) wave(tint color.RGBA, alpha, y, height, length, phase float64) {
	points := []point{{imageWidth, imageHeight}, {0, imageHeight}}
	for x := 0.0; x <= imageWidth; x += 8 {
		points = append(points, point{x, y + height*math.Sin(2*math.Pi*(x/length+phase))})
	}
	c.fill(tint, alpha, points...)
}
