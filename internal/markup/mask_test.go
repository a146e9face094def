package markup_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"lightstick/internal/markup"
)

func TestMask(t *testing.T) {
	for _, c := range []struct{ text, words, want string }{
		{"a bad day, BAD, bäd, ｂａｄ", "bad", "a ●●● day, ●●●, ●●●, ●●●"},
		{"나쁜말은 나쁜 말", "나쁜", "●●말은 ●● 말"},
		{"bad worse badworse", "bad worse|worse|bad", "●●●●●●●●● ●●●●●●●●"},
		{"straße", "ss", "stra●e"},
		{"nothing", "bad", "nothing"},
		{"b\u200bad", "bad", "●●●●"},
		{"bad\xff", "bad", "●●●\uFFFD"},
		{"any", "", "any"},
		{"カラス", "からす", "●●●"},
	} {
		var words []string
		for w := range strings.SplitSeq(c.words, "|") {
			words = append(words, markup.Fold(w))
		}
		got := markup.Mask(c.text, words)
		if got != c.want {
			t.Errorf("%q without %q is %q, want %q", c.text, c.words, got, c.want)
		}
		for _, w := range words {
			if w != "" && strings.Contains(markup.Fold(got), w) {
				t.Errorf("%q still says %q", got, w)
			}
		}
	}
}

// TestMaskIsCheap is the cost of a hundred rules on the longest post, every one of which matches.
func TestMaskIsCheap(t *testing.T) {
	var words []string
	for i := range 100 {
		words = append(words, strings.Repeat("아", 30)+fmt.Sprint(i))
	}
	text := strings.Repeat("áé", 5000) + strings.Repeat("아", 6000) + strings.Join(words, " ")
	before := cpuTime(t)
	if got := markup.Mask(text, words); strings.Count(got, "●") < 100*31 {
		t.Error("not all of it was masked")
	}
	if took := cpuTime(t) - before; took > time.Second {
		t.Errorf("took %s", took)
	}
}
