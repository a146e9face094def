package markup_test

import (
	"strings"
	"testing"

	"lightstick/internal/markup"
)

const (
	plainComment = "@mina 어제 콘서트 다녀왔는데 진짜 최고였어요 ㅠㅠ 특히 마지막 곡에서 다 같이 응원봉 켰을 때 소름 돋았습니다!! " +
		"사진은 https://a.example/photos/2024_11_03 에 올려 두었어요~\n다음 공연도 꼭 같이 가요 ㅋㅋㅋ 티켓팅은 너무 힘들었지만 그래도 보람 있었어요. " +
		"I also met fans from Indonesia and Japan there, everyone was so kind <3 and we traded photo cards for two hours before the show started. See you!!"
	richComment = "@mina 어제 **콘서트** 다녀왔는데 *진짜* 최고였어요 ㅠㅠ 특히 ||마지막 곡||에서 다 같이 응원봉 켰을 때 소름 돋았습니다!!\n\n" +
		"> 사진은 https://a.example/photos 에\n\n- [티켓](https://b.example/t)\n- ~~굿즈~~ `code`\n\n![응원봉](/media/1) 다음 공연도 꼭 같이 가요 ㅋㅋㅋ " +
		"I also met fans from Indonesia and Japan there, everyone was so kind and we traded cards."
)

func BenchmarkRenderPlain(b *testing.B) { benchmarkRender(b, plainComment) }
func BenchmarkRenderRich(b *testing.B)  { benchmarkRender(b, richComment) }

func benchmarkRender(b *testing.B, src string) {
	b.ReportAllocs()
	o := options()
	for b.Loop() {
		markup.Render(src, o)
	}
}

func BenchmarkTokens(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		markup.Tokens(plainComment)
	}
}

func BenchmarkSegments(b *testing.B) {
	text, terms := strings.Repeat(plainComment+"\n", 10)+"정국", markup.Terms("정국 photo")
	for b.Loop() {
		markup.Segments(text, terms)
	}
}

func BenchmarkMatches(b *testing.B) {
	text, term := strings.Repeat(plainComment+"\n", 10)+"정국", markup.Terms("ㅈㄱㅇ")[0]
	for b.Loop() {
		term.Matches(markup.Fold(text))
	}
}

func BenchmarkClean(b *testing.B) {
	for b.Loop() {
		if _, err := markup.Clean(plainComment, true); err != nil {
			b.Fatal(err)
		}
	}
}
