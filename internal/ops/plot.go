package ops

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
	"time"
)

// Plot is what happened over time: one line for each stream, with the fault marked.
type Plot struct {
	Title string
	Unit  string // of the values
	Log   bool   // whether the values' axis is logarithmic
	Step  time.Duration
	Lines []Line
	Fault span
}

// Line is one value for each step; NaN where there is none.
type Line struct {
	Name   string
	Values []float64
}

const plotStep = 500 * time.Millisecond

// plots shows how long requests took and how many went wrong or well, in steps of half a second.
func plots(title string, samples map[string][]sample, fault span) []Plot {
	times := Plot{Title: title + ": slowest answer", Unit: "ms", Log: true, Step: plotStep, Fault: fault}
	good := Plot{Title: title + ": good answers", Unit: "a second", Step: plotStep, Fault: fault}
	bad := Plot{Title: title + ": failed requests", Unit: "a second", Step: plotStep, Fault: fault}
	var names []string
	var end time.Duration
	for name, list := range samples {
		names = append(names, name)
		for _, s := range list {
			end = max(end, s.due)
		}
	}
	slices.Sort(names)
	steps := int(end/plotStep) + 1
	for _, name := range names {
		worst, fine, wrong := make([]float64, steps), make([]float64, steps), make([]float64, steps)
		for i := range worst {
			worst[i] = math.NaN()
		}
		for _, s := range samples[name] {
			due, done := int(s.due/plotStep), min(int(s.end()/plotStep), steps-1)
			took := max(float64(s.took.Microseconds())/1000, 0.1)
			if math.IsNaN(worst[due]) || took > worst[due] {
				worst[due] = took
			}
			if s.err == nil {
				fine[done] += float64(time.Second / plotStep)
			} else {
				wrong[done] += float64(time.Second / plotStep)
			}
		}
		times.Lines = append(times.Lines, Line{name, worst})
		good.Lines = append(good.Lines, Line{name, fine})
		bad.Lines = append(bad.Lines, Line{name, wrong})
	}
	return []Plot{times, good, bad}
}

// Size of a plot, in its own units.
const (
	plotWidth, plotHeight       = 760, 220
	left, right, top, under     = 64, 12, 12, 28
	innerWidth, innerHeight     = plotWidth - left - right, plotHeight - top - under
	gridLines                   = 4
	styles                      = 4 // of lines in the style sheet
	smallest, smallestLogarithm = 0.1, -1
)

// scale maps values to heights.
type scale struct {
	log bool
	max float64
}

func (p Plot) scale() scale {
	s := scale{log: p.Log, max: 1}
	for _, l := range p.Lines {
		for _, v := range l.Values {
			if v > s.max { // false for NaN
				s.max = v
			}
		}
	}
	if s.log {
		s.max = math.Pow(10, math.Ceil(math.Log10(s.max)))
	}
	return s
}

// y is the height of a value.
func (s scale) y(v float64) float64 {
	share := v / s.max
	if s.log {
		share = (math.Log10(max(v, smallest)) - smallestLogarithm) / (math.Log10(s.max) - smallestLogarithm)
	}
	return top + innerHeight*(1-share)
}

// ticks are the values with a line across the plot.
func (s scale) ticks() (list []float64) {
	if s.log {
		for v := smallest; v <= s.max*1.001; v *= 10 {
			list = append(list, v)
		}
		return list
	}
	for i := range gridLines + 1 {
		list = append(list, s.max*float64(i)/gridLines)
	}
	return list
}

// SVG draws the plot. Lines differ by dashes too, not by colour alone.
func (p Plot) SVG(id string) template.HTML {
	steps := 1
	for _, l := range p.Lines {
		steps = max(steps, len(l.Values))
	}
	length := time.Duration(steps) * p.Step
	x := func(d time.Duration) float64 { return left + innerWidth*float64(d)/float64(length) }
	scale := p.scale()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-labelledby="%s-t %s-d"><title id="%s-t">%s</title><desc id="%s-d">%s</desc>`,
		plotWidth, plotHeight, id, id, id, template.HTMLEscapeString(p.Title), id, template.HTMLEscapeString(p.describe()))
	if p.Fault.to > 0 {
		fmt.Fprintf(&b, `<rect class="fault" x="%.1f" y="%d" width="%.1f" height="%d"/>`, x(p.Fault.from), top, x(p.Fault.to)-x(p.Fault.from), innerHeight)
		fmt.Fprintf(&b, `<text class="mark" x="%.1f" y="%d">fault</text>`, x(p.Fault.from)+4, top+12)
	}
	for _, v := range scale.ticks() {
		fmt.Fprintf(&b, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`,
			left, plotWidth-right, scale.y(v), scale.y(v), left-6, scale.y(v)+4, strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.1f", v), "0"), "."))
	}
	for at := time.Duration(0); at <= length; at += 5 * time.Second {
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle">%d s</text>`, x(at), plotHeight-8, int(at.Seconds()))
	}
	for i, l := range p.Lines {
		fmt.Fprintf(&b, `<path class="line s%d" d="%s"/>`, i%styles, l.path(scale, x, p.Step))
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) // built from numbers and escaped names
}

func (l Line) path(s scale, x func(time.Duration) float64, step time.Duration) string {
	var b strings.Builder
	pen := "M"
	for i, v := range l.Values {
		if math.IsNaN(v) {
			pen = "M"
			continue
		}
		fmt.Fprintf(&b, "%s%.1f %.1f", pen, x(time.Duration(i)*step+step/2), s.y(v))
		pen = "L"
	}
	return b.String()
}

// describe says in words what the plot shows, for those who cannot see it.
func (p Plot) describe() string {
	var parts []string
	for _, l := range p.Lines {
		most, at := math.Inf(-1), 0
		for i, v := range l.Values {
			if v > most {
				most, at = v, i
			}
		}
		if !math.IsInf(most, 0) {
			parts = append(parts, fmt.Sprintf("%s: at most %s %s, after %s s", l.Name, number(most), p.Unit, seconds(time.Duration(at)*p.Step)))
		}
	}
	if p.Fault.to > 0 {
		parts = append(parts, fmt.Sprintf("the fault lasts from %s to %s s", seconds(p.Fault.from), seconds(p.Fault.to)))
	}
	return strings.Join(parts, "; ") + "."
}
