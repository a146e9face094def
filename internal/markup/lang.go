package markup

import "unicode"

// DetectLang guesses the language of a text from its script: ko, ja, th or zh, else fallback.
// A name in another script inside a sentence does not turn it: the script must make up a good
// part of the letters. Han alone is zh; Han beside kana is ja. Only the beginning is looked at.
func DetectLang(text, fallback string) string {
	const enough = 1000 // letters
	var hangul, kana, han, thai, others int
	for _, r := range text {
		switch {
		case r < 0x80:
			if r|0x20 >= 'a' && r|0x20 <= 'z' {
				others++
			}
		case unicode.Is(unicode.Hangul, r):
			hangul++
		case unicode.In(r, unicode.Hiragana, unicode.Katakana):
			kana++
		case unicode.Is(unicode.Han, r):
			han++
		case unicode.Is(unicode.Thai, r):
			thai++
		case unicode.IsLetter(r):
			others++
		}
		if hangul+kana+han+thai+others >= enough {
			break
		}
	}
	if kana > 0 && kana*4 >= han { // Japanese mixes both; a stray の does not make Chinese Japanese
		kana, han = kana+han, 0
	}
	lang, most := fallback, others/4 // four letters say about as much as one syllable
	for _, c := range []struct {
		lang  string
		count int
	}{{"ko", hangul}, {"ja", kana}, {"zh", han}, {"th", thai / 2}} {
		if c.count > most {
			lang, most = c.lang, c.count
		}
	}
	return lang
}
