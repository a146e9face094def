package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The strict Content-Security-Policy leaves no place for style attributes, and a colour chosen by
// a fandom's staff may be unreadable. So a fandom's colour is reduced to one of hueSteps hues, each
// a class in the one stylesheet, with a lightness per theme that keeps the contrast of text at AA.
const hueSteps = 36

// hueClass is the class of a colour given as #rrggbb: "h0" to "h35", "hx" for greys and anything else.
func hueClass(colour string) string {
	r, g, b, ok := parseHex(colour)
	if !ok {
		return "hx"
	}
	_, chroma, hue := oklch(r, g, b)
	if chroma < 0.025 {
		return "hx"
	}
	step := int(math.Round(hue/(360/hueSteps))) % hueSteps
	return "h" + strconv.Itoa(step)
}

// nameHue gives letters that stand for a picture a stable hue.
func nameHue(handle string) string {
	sum := uint32(2166136261)
	for i := range len(handle) {
		sum = (sum ^ uint32(handle[i])) * 16777619
	}
	return "h" + strconv.Itoa(int(sum%hueSteps))
}

// hueCSS writes the classes: --accent for text and lines, --tint for areas behind text.
func hueCSS() string {
	var light, dark strings.Builder
	for i := range hueSteps {
		hue := float64(i) * 360 / hueSteps
		fmt.Fprintf(&light, ".h%d{--accent:%s;--tint:%s}\n", i, hexOf(0.50, 0.16, hue), hexOf(0.945, 0.03, hue))
		fmt.Fprintf(&dark, ".h%d{--accent:%s;--tint:%s}\n", i, hexOf(0.80, 0.11, hue), hexOf(0.29, 0.035, hue))
	}
	return light.String() + "@media (prefers-color-scheme:dark){\n" + dark.String() + "}\n"
}

// hexOf is the sRGB colour of OKLCH values, with less chroma where sRGB has not so much.
func hexOf(l, c, hue float64) string {
	for ; c > 0; c -= 0.005 {
		if s, ok := tryHex(l, c, hue); ok {
			return s
		}
	}
	s, _ := tryHex(l, 0, hue)
	return s
}

func tryHex(l, c, hue float64) (string, bool) {
	a, b := c*math.Cos(hue*math.Pi/180), c*math.Sin(hue*math.Pi/180)
	l3 := cube(l + 0.3963377774*a + 0.2158037573*b)
	m3 := cube(l - 0.1055613458*a - 0.0638541728*b)
	s3 := cube(l - 0.0894841775*a - 1.2914855480*b)
	out := "#"
	for _, v := range [...]float64{
		4.0767416621*l3 - 3.3077115913*m3 + 0.2309699292*s3,
		-1.2684380046*l3 + 2.6097574011*m3 - 0.3413193965*s3,
		-0.0041960863*l3 - 0.7034186147*m3 + 1.7076147010*s3,
	} {
		if v < -1e-6 || v > 1+1e-6 {
			return "", false
		}
		out += fmt.Sprintf("%02x", int(math.Round(255*gamma(min(max(v, 0), 1)))))
	}
	return out, true
}

func oklch(r, g, b float64) (l, c, hue float64) {
	r, g, b = linear(r), linear(g), linear(b)
	l3 := math.Cbrt(0.4122214708*r + 0.5363325363*g + 0.0514459929*b)
	m3 := math.Cbrt(0.2119034982*r + 0.6806995451*g + 0.1073969566*b)
	s3 := math.Cbrt(0.0883024619*r + 0.2817188376*g + 0.6299787005*b)
	l = 0.2104542553*l3 + 0.7936177850*m3 - 0.0040720468*s3
	x := 1.9779984951*l3 - 2.4285922050*m3 + 0.4505937099*s3
	y := 0.0259040371*l3 + 0.7827717662*m3 - 0.8086757660*s3
	hue = math.Atan2(y, x) * 180 / math.Pi
	if hue < 0 {
		hue += 360
	}
	return l, math.Hypot(x, y), hue
}

func cube(v float64) float64 { return v * v * v }

func linear(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

func gamma(v float64) float64 {
	if v <= 0.0031308 {
		return v * 12.92
	}
	return 1.055*math.Pow(v, 1/2.4) - 0.055
}

func parseHex(s string) (r, g, b float64, ok bool) {
	if len(s) != 7 || s[0] != '#' {
		return 0, 0, 0, false
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return 0, 0, 0, false
	}
	return float64(n>>16) / 255, float64(n>>8&255) / 255, float64(n&255) / 255, true
}
