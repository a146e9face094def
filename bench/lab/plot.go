package main

import (
	"bytes"
	"fmt"
	"html"
	"time"
)

// plot draws the medians: for each reader one bar a phase, its dark part until the first text.
func (w *world) plot() []byte {
	const left, width, bar, gap, group = 190, 820, 11, 3, 26
	longest := time.Duration(1)
	for _, r := range w.readers {
		for i := range phases() {
			longest = max(longest, middle(r.views[i], whole))
		}
	}
	x := func(d time.Duration) float64 { return float64(width-left-70) * float64(d) / float64(longest) }
	colours := [][2]string{{"#7a5a3a", "#d9c3a5"}, {"#9a3f4a", "#e5b3b9"}, {"#2f5f8f", "#a9c6e3"}, {"#1f7a5c", "#9fd8c4"}}
	height := len(w.readers)*(len(phases())*(bar+gap)+group) + 60
	var b bytes.Buffer
	fmt.Fprintf(&b, `<!doctype html><html lang="en"><meta charset="utf-8"><title>Distance</title><style>body{font:14px system-ui;margin:2em}text{font:12px system-ui}</style>`+
		`<h1>First view from far away</h1><p>Medians of %d fresh connections each. Dark: until the first text; light: until page, stylesheet, script and pictures are there.</p>`+
		`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" role="img" aria-label="First views by city">`, w.samples, width, height)
	y := 10
	for i, p := range phases() {
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="12" height="12" fill="%s"/><text x="%d" y="%d">%s</text>`, left+i*140, y, colours[i][0], left+18+i*140, y+11, html.EscapeString(p.name))
	}
	y += 34
	for _, r := range w.readers {
		fmt.Fprintf(&b, `<text x="0" y="%d">%s, %s</text>`, y+30, html.EscapeString(r.city.name), html.EscapeString(r.line.name))
		for i := range phases() {
			first, all := middle(r.views[i], text), middle(r.views[i], whole)
			fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/><rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/><text x="%.1f" y="%d">%s / %s ms</text>`,
				left, y, x(all), bar, colours[i][1], left, y, x(first), bar, colours[i][0], float64(left)+x(all)+5, y+bar-1, ms(first), ms(all))
			y += bar + gap
		}
		y += group
	}
	b.WriteString("</svg></html>\n")
	return b.Bytes()
}
