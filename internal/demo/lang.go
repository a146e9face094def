package demo

// lang is a language of the world as an index into small tables.
type lang uint8

const (
	ko lang = iota
	en
	ja
	es
	id
	langCount
)

// share is how much of what is written is in each language, in percent.
func (l lang) share() float64 { return [langCount]float64{45, 20, 13, 11, 11}[l] }

func (l lang) String() string {
	return [langCount]string{Korean, English, Japanese, Spanish, Indonesian}[l]
}

func parseLang(tag string) (lang, bool) {
	for l := range langCount {
		if l.String() == tag {
			return l, true
		}
	}
	return 0, false
}

// langAt picks the language at u in [0, 1) of the shares laid end to end.
func langAt(u float64) lang {
	u *= 100
	for l := range langCount {
		if u -= l.share(); u < 0 {
			return l
		}
	}
	return ko
}
