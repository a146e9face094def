package demo

import (
	"bytes"
	"fmt"
	"image/color"
	"image/png"
	"math"
)

// Images is how many pictures there are.
func (w *World) Images() int { return fandomCount * len(imageKinds()) }

// ImageSize is the width and height of every picture in pixels.
func (w *World) ImageSize() (width, height int) { return imageWidth, imageHeight }

// Image draws the picture of an index below Images() and returns it as a PNG. What it shows is
// told in the alt text of the posts that hold it, and by ImageAlt.
func (w *World) Image(i int) []byte {
	kinds := imageKinds()
	p := painter{fandom: i / len(kinds), r: newRNG(w.seed, domainImage, i, 0)}
	p.accent = parseColor(w.fandoms[p.fandom].Accent)
	p.dark, p.light = blend(p.accent, color.RGBA{8, 8, 20, 255}, 0.82), blend(p.accent, white(), 0.86)
	draw := map[string]func(){
		"stage": p.stage, "lightstick": p.lightstick, "mascot": p.mascot, "cover": p.cover, "cafe": p.cafe, "cards": p.cards,
	}
	draw[kinds[i%len(kinds)]]()
	var b bytes.Buffer
	if err := png.Encode(&b, p.img); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}

// ImageAlt describes picture i in English.
func (w *World) ImageAlt(i int) string {
	kinds := len(imageKinds())
	r := newRNG(w.seed, domainImage, i, 1)
	f := &facts{fandom: i / kinds, lang: en}
	return w.banks[en].alt[i%kinds].render(&speech{w: w, facts: f, lang: en, r: &r})
}

func white() color.RGBA { return color.RGBA{255, 255, 255, 255} }
func ink() color.RGBA   { return color.RGBA{34, 28, 40, 255} }
func warm() color.RGBA  { return color.RGBA{255, 226, 160, 255} }

func parseColor(hex string) color.RGBA {
	c := color.RGBA{A: 255}
	if _, err := fmt.Sscanf(hex, "#%02x%02x%02x", &c.R, &c.G, &c.B); err != nil {
		panic(err) // the accents are constants
	}
	return c
}

// painter draws one picture.
type painter struct {
	*canvas
	fandom              int
	accent, dark, light color.RGBA
	r                   rng
}

func (p *painter) between(low, high float64) float64 { return low + (high-low)*p.r.unit() }

// stage is beams of light over a crowd that holds up lightsticks.
func (p *painter) stage() {
	p.canvas = newCanvas(p.dark, blend(p.accent, p.dark, 0.35))
	for i := range 7 {
		x := 90 + float64(i)*170
		foot := p.between(250, 950)
		tint := blend(p.accent, white(), p.between(0.2, 0.8))
		p.fill(tint, 0.17, point{x - 8, 0}, point{x + 8, 0}, point{foot + 110, 560}, point{foot - 110, 560})
	}
	p.box(ink(), 1, 600, 590, 860, 70, 12, 0)
	p.box(blend(p.accent, white(), 0.4), 1, 600, 560, 860, 8, 4, 0)
	for range 130 {
		x, y := p.between(0, imageWidth), p.between(640, 790)
		tint := blend(p.accent, white(), p.between(0.25, 0.9))
		p.glow(tint, x, y, 20)
		p.circle(tint, 1, x, y, 5)
	}
	for i := range 15 {
		p.circle(ink(), 1, float64(i)*86+p.between(-20, 20), 805, p.between(38, 56))
	}
}

// lightstick is the fandom's own, glowing.
func (p *painter) lightstick() {
	p.canvas = newCanvas(p.dark, blend(p.dark, p.accent, 0.3))
	p.bokeh(26)
	glow := blend(p.accent, white(), 0.55)
	p.glow(glow, 600, 300, 330)
	p.box(blend(ink(), white(), 0.85), 1, 600, 610, 62, 330, 26, 0)
	p.box(p.accent, 1, 600, 520, 74, 34, 10, 0)
	p.circle(glow, 0.9, 600, 610, 13)
	switch p.fandom {
	case 0: // a buoy
		p.circle(glow, 1, 600, 300, 150)
		p.box(p.accent, 1, 600, 300, 310, 44, 22, 0)
		p.box(white(), 1, 600, 142, 44, 50, 16, 0)
	case 1: // a moon in a lantern
		p.box(glow, 1, 600, 300, 250, 300, 84, 0)
		p.circle(white(), 1, 600, 300, 92)
		p.circle(glow, 1, 638, 280, 80)
	case 2: // a comet
		p.fill(glow, 0.75, point{560, 210}, point{860, 60}, point{690, 330})
		p.fill(white(), 0.6, point{590, 240}, point{780, 130}, point{680, 300})
		p.star(glow, 600, 300, 160)
	default: // an oar
		p.oval(glow, 1, 600, 270, 92, 190, 0)
		p.oval(p.accent, 1, 600, 270, 12, 150, 0)
	}
	p.circle(white(), 0.35, 548, 240, 34)
}

func (p *painter) star(tint color.RGBA, x, y, radius float64) {
	points := make([]point, 10)
	for i := range points {
		reach := radius
		if i%2 == 1 {
			reach *= 0.48
		}
		sin, cos := math.Sincos(math.Pi*float64(i)/5 - math.Pi/2)
		points[i] = point{x + reach*cos, y + reach*sin}
	}
	p.fill(tint, 1, points...)
}

func (p *painter) bokeh(n int) {
	for range n {
		p.circle(blend(p.accent, white(), p.between(0.1, 0.7)), p.between(0.05, 0.16),
			p.between(0, imageWidth), p.between(0, imageHeight), p.between(20, 110))
	}
}

// mascot is a round animal; the ears tell the fandom.
func (p *painter) mascot() {
	p.canvas = newCanvas(p.light, blend(p.accent, white(), 0.62))
	for range 14 {
		p.circle(white(), 0.5, p.between(0, imageWidth), p.between(0, imageHeight), p.between(10, 60))
	}
	fur := blend(p.accent, color.RGBA{196, 152, 112, 255}, 0.6)
	inside := blend(fur, white(), 0.6)
	for _, side := range []float64{-1, 1} {
		x := 600 + side*150
		switch p.fandom {
		case 0: // an otter
			p.circle(fur, 1, x, 205, 58)
			p.circle(inside, 1, x, 210, 30)
		case 1: // a rabbit
			p.oval(fur, 1, x-side*40, 140, 52, 150, side*0.16)
			p.oval(inside, 1, x-side*40, 150, 24, 110, side*0.16)
		case 2: // a cat
			p.fill(fur, 1, point{x - 85, 270}, point{x + side*50, 90}, point{x + 85, 290})
			p.fill(inside, 1, point{x - 40, 250}, point{x + side*36, 140}, point{x + 40, 262})
		default: // a duck's tuft
			p.oval(fur, 1, 600+side*26, 120, 20, 64, side*0.4)
		}
	}
	p.oval(fur, 1, 600, 700, 260, 240, 0)
	p.oval(inside, 1, 600, 740, 160, 190, 0)
	p.oval(fur, 1, 600, 360, 240, 205, 0)
	p.oval(inside, 1, 600, 430, 130, 92, 0)
	for _, side := range []float64{-1, 1} {
		p.circle(ink(), 1, 600+side*96, 345, 25)
		p.circle(white(), 1, 608+side*96, 336, 8)
		p.oval(color.RGBA{245, 140, 150, 255}, 0.55, 600+side*158, 410, 36, 22, 0)
	}
	if p.fandom == 3 {
		p.oval(color.RGBA{240, 170, 60, 255}, 1, 600, 415, 74, 30, 0)
	} else {
		p.oval(ink(), 1, 600, 398, 26, 18, 0)
		p.oval(ink(), 1, 600, 448, 34, 12, 0)
		p.oval(inside, 1, 600, 441, 34, 11, 0)
	}
	p.box(white(), 1, 838, 560, 22, 190, 10, 0.35)
	p.glow(warm(), 870, 455, 100)
	p.circle(p.accent, 1, 870, 455, 46)
	p.circle(white(), 0.6, 856, 440, 14)
	p.oval(fur, 1, 806, 622, 58, 44, 0.4)
}

// cover is an abstract poster: a moon over layers of waves.
func (p *painter) cover() {
	p.canvas = newCanvas(blend(p.accent, ink(), 0.45), blend(p.accent, warm(), 0.7))
	for range 60 {
		p.circle(white(), p.between(0.3, 0.9), p.between(0, imageWidth), p.between(0, 360), p.between(1.5, 4))
	}
	x, y := p.between(350, 850), p.between(210, 290)
	p.glow(warm(), x, y, 260)
	p.circle(warm(), 1, x, y, 128)
	for i := range 6 {
		depth := float64(i) / 5
		p.wave(blend(blend(p.accent, white(), 0.35), p.dark, depth), 0.92, 430+float64(i)*62,
			p.between(12, 34), p.between(380, 900), p.r.unit())
	}
	p.fill(white(), 0.95, point{x - 70, 520}, point{x + 70, 520}, point{x + 42, 560}, point{x - 42, 560})
	p.fill(white(), 0.8, point{x, 510}, point{x, 420}, point{x + 54, 510})
}

// cafe is a cake with candles and two cups.
func (p *painter) cafe() {
	p.canvas = newCanvas(blend(warm(), white(), 0.55), blend(p.accent, white(), 0.72))
	for i := range 9 {
		x := 60 + float64(i)*135
		p.fill([]color.RGBA{p.accent, warm(), blend(p.accent, white(), 0.5)}[i%3], 0.9,
			point{x - 52, 40}, point{x + 52, 40}, point{x, 128})
	}
	p.fill(blend(p.accent, color.RGBA{120, 84, 60, 255}, 0.75), 1, point{0, 640}, point{imageWidth, 640}, point{imageWidth, imageHeight}, point{0, imageHeight})
	p.oval(white(), 1, 600, 652, 300, 34, 0)
	p.box(blend(p.accent, white(), 0.7), 1, 600, 560, 420, 170, 22, 0)
	p.box(white(), 1, 600, 488, 420, 46, 22, 0)
	for i := range 7 {
		p.oval(white(), 1, 420+float64(i)*60, 514, 26, p.between(24, 50), 0)
	}
	p.box(blend(p.accent, white(), 0.35), 1, 600, 414, 260, 120, 18, 0)
	for i := range 5 {
		x := 510 + float64(i)*45
		p.box(p.accent, 1, x, 320, 12, 74, 5, 0)
		p.glow(warm(), x, 268, 44)
		p.oval(color.RGBA{255, 170, 60, 255}, 1, x, 270, 8, 16, 0)
	}
	for _, x := range []float64{210, 990} {
		p.fill(white(), 1, point{x - 78, 470}, point{x + 78, 470}, point{x + 58, 670}, point{x - 58, 670})
		p.fill(p.accent, 1, point{x - 72, 530}, point{x + 72, 530}, point{x + 63, 620}, point{x - 63, 620})
		p.star(warm(), x, 575, 30)
		p.box(ink(), 0.9, x, 464, 172, 20, 10, 0)
	}
}

// cards are photo cards on a desk, each an abstract little scene.
func (p *painter) cards() {
	p.canvas = newCanvas(blend(p.accent, white(), 0.8), blend(p.accent, color.RGBA{150, 120, 100, 255}, 0.55))
	for i := range 6 {
		x, y := 210+float64(i%3)*390+p.between(-30, 30), 220+float64(i/3)*370+p.between(-24, 24)
		turn := p.between(-0.3, 0.3)
		p.box(ink(), 0.22, x+9, y+13, 232, 330, 20, turn)
		p.box(white(), 1, x, y, 232, 330, 20, turn)
		tint := blend(p.accent, []color.RGBA{white(), warm(), ink()}[i%3], p.between(0.15, 0.55))
		p.box(tint, 1, x, y-12, 204, 272, 12, turn)
		p.circle(warm(), 0.9, x-20, y-70, 34)
		p.oval(blend(tint, ink(), 0.35), 1, x, y+78, 74, 40, turn)
		p.circle(blend(tint, white(), 0.7), 1, x, y+8, 52)
		p.box(p.accent, 1, x, y+144, 90, 8, 4, turn)
	}
}
