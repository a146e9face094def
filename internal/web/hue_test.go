package web_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"lightstick/internal/web"
)

func TestHueClass(t *testing.T) {
	for colour, want := range map[string]string{
		"#808080": "hx", "#ffffff": "hx", "": "hx", "#12345": "hx", "red": "hx", "#zzzzzz": "hx", "#ff0000": "h3", "#0000ff": "h26", "#00ff00": "h14",
	} {
		if got := web.HueClass(colour); got != want {
			t.Errorf("%q is %s, want %s", colour, got, want)
		}
	}
}

// TestContrast holds WCAG 2.2 AA in both themes: text at 4.5, borders of inputs at 3.
func TestContrast(t *testing.T) {
	light, dark := themes(t)
	for name, theme := range map[string]map[string]string{"light": light, "dark": dark} {
		least := func(min float64, fore, back string) {
			if c := contrast(t, theme[fore], theme[back]); c < min {
				t.Errorf("%s: %s %s on %s %s has a contrast of %.2f, want %.1f", name, fore, theme[fore], back, theme[back], c, min)
			}
		}
		for _, back := range []string{"bg", "card"} {
			least(4.5, "ink", back)
			least(4.5, "soft", back)
			least(4.5, "bad", back)
			least(3, "edge", back)
		}
		least(4.5, "good", "goodbg")
		least(4.5, "bad", "badbg")
		least(4.5, "on", "bad")
	}
	hues := regexp.MustCompile(`\.(h\w+)\{--accent:(#\w{6});--tint:(#\w{6})\}`)
	lightCSS, darkCSS, _ := strings.Cut(web.HueCSS(), "@media")
	lightCSS += ".hx{--accent:" + light["accent"] + ";--tint:" + light["tint"] + "}"
	darkCSS += ".hx{--accent:" + dark["accent"] + ";--tint:" + dark["tint"] + "}"
	for css, theme := range map[string]map[string]string{lightCSS: light, darkCSS: dark} {
		all := hues.FindAllStringSubmatch(css, -1)
		if len(all) != 37 {
			t.Fatalf("%d hues", len(all))
		}
		for _, h := range all {
			for _, pair := range [][2]string{{h[2], theme["bg"]}, {h[2], theme["card"]}, {h[2], h[3]}, {theme["on"], h[2]}, {theme["ink"], h[3]}, {theme["soft"], h[3]}} {
				if c := contrast(t, pair[0], pair[1]); c < 4.5 {
					t.Errorf("%s: %s on %s has a contrast of %.2f", h[1], pair[0], pair[1], c)
				}
			}
		}
	}
}

// themes reads the colours of the stylesheet, by day and by night.
func themes(t *testing.T) (light, dark map[string]string) {
	t.Helper()
	raw, err := os.ReadFile("assets/css/1-base.css")
	if err != nil {
		t.Fatal(err)
	}
	day, rest, _ := strings.Cut(string(raw), "@media (prefers-color-scheme:dark)")
	night, _, _ := strings.Cut(rest, "*,::before")
	vars := regexp.MustCompile(`--(\w+):(#\w{6})`)
	read := func(css string) map[string]string {
		m := map[string]string{}
		for _, v := range vars.FindAllStringSubmatch(css, -1) {
			m[v[1]] = v[2]
		}
		return m
	}
	return read(day), read(night)
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	la, lb := luminance(t, a), luminance(t, b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	if err != nil {
		t.Fatalf("colour %q: %v", colour, err)
	}
	l := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v := float64(n>>(16-8*i)&255) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		l += weight * v
	}
	return l
}
