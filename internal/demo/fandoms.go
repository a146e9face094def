package demo

import (
	"fmt"
	"slices"
)

const fandomCount = 4

// fandom is a Fandom with what its boards are for.
type fandom struct {
	Fandom
	topics [][]string // by board
}

func catalogue() []fandom {
	list := []fandom{nereon(), vellune(), paperComet(), bomnaru()}
	for i := range list {
		list[i].Aliases = aliases(i)
		for m := range moderatorsEach {
			list[i].Moderators = append(list[i].Moderators, 1+i*moderatorsEach+m)
		}
	}
	return list
}

const moderatorsEach = 3

// board adds a board and its topics.
func (f *fandom) board(slug, name, description string, topics ...string) {
	f.Boards = append(f.Boards, Board{Slug: slug, Name: name, Description: description, StaffOnly: slug == "news"})
	f.topics = append(f.topics, topics)
}

// boardFor is the board of a topic; the first board takes what no other does.
func (f *fandom) boardFor(topic string) int {
	return max(0, slices.IndexFunc(f.topics, func(t []string) bool { return slices.Contains(t, topic) }))
}

func nereon() fandom {
	f := fandom{Fandom: Fandom{
		Slug: "nereon", Name: "NEREON", Community: "Buoy", Accent: "#0d7d90",
		Description: "Six voices from a harbour town. Fans are Buoys: always afloat, blinking through the night. " +
			"바다 냄새 나는 여섯 목소리, 밤새 깜빡이는 부이들의 부두.",
	}}
	f.board("pier", "부둣가 · Free talk", "Anything at all, in any language. 무엇이든 편하게.", "talk", "variety", "newbie", "comeback", "teaser")
	f.board("news", "등대 · News", "Notices from the moderators. 운영진 공지.", "notice")
	f.board("bottle-art", "유리병 그림 · Fan art", "Drawings in a bottle. 그림과 만듦새.", "fanart", "lightstick")
	f.board("rowing-room", "노 젓는 방 · Streaming", "Charts, votes and listening parties. 스밍과 투표.", "streaming", "chart")
	f.board("translations", "번역소 · Translations", "Lyrics, lives and the words between. 가사와 라방 번역.", "translation")
	f.board("boarding", "승선권 · Concerts", "Tickets, reports, meetups, group orders. 티켓팅과 후기.", "ticket", "concert", "meetup", "cafe", "merch")
	return f
}

func vellune() fandom {
	f := fandom{Fandom: Fandom{
		Slug: "vellune", Name: "VELLUNE", Community: "Lantern", Accent: "#8a5fd0",
		Description: "Five storytellers of the half-lit night. Fans are Lanterns and carry the moon home. " +
			"반쯤 켜진 밤의 다섯 이야기꾼, 달을 들고 돌아가는 랜턴들.",
	}}
	f.board("night-talk", "밤마실 · Free talk", "Late thoughts and early laughs. 늦은 밤 수다.", "talk", "variety", "newbie", "comeback", "chart", "streaming")
	f.board("news", "달력 · News", "Notices from the moderators. 운영진 공지.", "notice")
	f.board("theories", "유리집 탐정단 · Theories", "Every clock, door and cat. 티저와 뮤비 해석.", "teaser", "translation")
	f.board("gallery", "달빛 화실 · Fan art", "Drawn by lantern light. 팬아트.", "fanart")
	f.board("box-office", "매표소 · Concerts", "Tickets, chants, reports. 콘서트와 응원.", "ticket", "concert", "lightstick")
	f.board("market", "야시장 · Merch and meetups", "Cards, group orders, birthday cafés. 공구와 생카.", "merch", "meetup", "cafe")
	return f
}

func paperComet() fandom {
	f := fandom{Fandom: Fandom{
		Slug: "paper-comet", Name: "PAPER COMET", Community: "Tail", Accent: "#c2500f",
		Description: "A four-piece band that began in a garage with one amplifier and a loud stapler. Fans are the Tail. " +
			"차고에서 시작한 네 명의 밴드, 그 뒤를 잇는 꼬리단.",
	}}
	f.board("garage", "차고 · Free talk", "Come in, mind the cables. 선 밟지 마세요.", "talk", "variety", "newbie", "comeback", "teaser", "lightstick")
	f.board("news", "게시판 압정 · News", "Notices from the moderators. 운영진 공지.", "notice")
	f.board("gigs", "공연 일지 · Gigs", "Tickets, setlists, meetups. 티켓팅과 후기.", "ticket", "concert", "meetup", "cafe")
	f.board("push", "밀어주기 · Charts and streaming", "Votes and charts, gently. 스밍과 차트.", "streaming", "chart")
	f.board("paper", "종이접기 · Art, words, merch", "Fan art, translations, group orders. 창작과 번역과 굿즈.", "fanart", "translation", "merch")
	return f
}

func bomnaru() fandom {
	f := fandom{Fandom: Fandom{
		Slug: "bomnaru", Name: "BOMNARU", Community: "Ferry", Accent: "#3c8033",
		Description: "A duo that sings about laundry, rivers and green onions. Fans are the Ferries: slow, and always on time. " +
			"빨래와 강과 대파를 노래하는 듀오, 느려도 제때 닿는 나룻배들.",
	}}
	f.board("landing", "나루터 · Free talk", "Sit down, the boat is slow. 천천히 앉았다 가세요.", "talk", "variety", "newbie", "comeback", "teaser", "chart", "streaming")
	f.board("news", "물때표 · News", "Notices from the moderators. 운영진 공지.", "notice")
	f.board("notebook", "가사 공책 · Words and pictures", "Translations and drawings. 번역과 그림.", "translation", "fanart")
	f.board("outings", "소풍 · Shows and outings", "Concerts, cafés, orders, meetups. 공연과 나들이.", "ticket", "concert", "meetup", "cafe", "merch", "lightstick")
	return f
}

// aliases are the names of the artist and of each member in Hangul, kana, Latin and short.
func aliases(f int) [][]string {
	short := [fandomCount][]string{
		{"DD", "HS", "RN", "CB", "SO", "YM"}, {"DL", "SDB", "RI", "MI", "YE"}, {"GY", "RH", "SR", "KU"}, {"OB", "HNR"},
	}[f]
	names := [3]map[string][]string{}
	for i, l := range []lang{ko, en, ja} {
		b := &bank{}
		b.loadNames(read("content/" + l.String() + "/names.txt"))
		names[i] = b.names
	}
	var sets [][]string
	add := func(key string, i int, extra ...string) {
		set := []string{}
		for _, n := range names {
			if !slices.Contains(set, n[key][i]) {
				set = append(set, n[key][i])
			}
		}
		sets = append(sets, append(set, extra...))
	}
	add("artist", f, [fandomCount]string{"NRN", "VLN", "PCMT", "BNR"}[f])
	for i, s := range short {
		add(fmt.Sprintf("members%d", f), i, s)
	}
	return sets
}
