package demo

import "time"

// Event is an entry of a fandom's calendar. Its time is told from the moment the world is filled.
type Event struct {
	Fandom    int    // index into Fandoms
	Board     int    // index into the fandom's Boards where people meet
	Kind      string // comeback, stream, ticketing, birthday, other
	Title     string
	Text      string
	Link      string
	In        time.Duration // until it starts, negative for what was; to the hour
	Length    time.Duration
	AllDay    bool // the whole day in Korea that In falls into
	Cancelled bool
}

const day = 24 * time.Hour

// Events are the calendars of all fandoms.
func (w *World) Events() []Event {
	var list []Event
	for f, events := range [fandomCount][]Event{nereonEvents(), velluneEvents(), cometEvents(), bomnaruEvents()} {
		for _, e := range events {
			e.Fandom = f
			list = append(list, e)
		}
	}
	return list
}

func nereonEvents() []Event {
	return []Event{
		{Board: 3, Kind: "comeback", Title: "3rd mini album 〈Low Tide〉 · 컴백", In: 3 * day, Length: 2 * time.Hour,
			Text: "Title track 'Harbour Light' and five more.\n자정 스밍 파티는 노 젓는 방에서.", Link: "https://nereon.example/low-tide"},
		{Board: 0, Kind: "stream", Title: "Deck radio · 갑판 라디오", In: 5 * time.Hour, Length: time.Hour, Text: "Six voices, one microphone, no script.", Link: "https://live.example/nereon"},
		{Board: 5, Kind: "ticketing", Title: "Harbour concert, fan club presale · 선예매", In: 9 * day, Length: 3 * time.Hour, Text: "Have your Buoy number ready. 부이 번호를 준비해 주세요."},
		{Board: 0, Kind: "birthday", Title: "Fandom day: four years afloat · 부이 4주년", In: 20 * day, AllDay: true},
		{Board: 0, Kind: "stream", Title: "Teaser watch · 티저 같이 보기", In: -4 * day, Length: time.Hour},
	}
}

func velluneEvents() []Event {
	return []Event{
		{Board: 0, Kind: "stream", Title: "Midnight reading, chapter 5 · 한밤의 낭독", In: 2 * time.Hour, Length: 90 * time.Minute, Text: "Bring a blanket. 담요를 챙겨 오세요.", Link: "https://live.example/vellune"},
		{Board: 4, Kind: "ticketing", Title: "〈The Glass House〉 encore · 앙코르 티켓팅", In: 2 * day, Length: 2 * time.Hour, Text: "Seats open all at once. 좌석은 한꺼번에 열려요.", Link: "https://tickets.example/vellune"},
		{Board: 2, Kind: "comeback", Title: "Full album 〈Eleven Clocks〉 · 정규 컴백", In: 11 * day, Length: 3 * time.Hour},
		{Board: 5, Kind: "other", Title: "Birthday café of the youngest · 막내 생일 카페", In: 6 * day, Length: 8 * time.Hour, Cancelled: true, Text: "The café has water damage. 누수로 취소되었어요."},
		{Board: 0, Kind: "stream", Title: "Chapter 4 · 낭독 4장", In: -7 * day, Length: time.Hour},
	}
}

func cometEvents() []Event {
	return []Event{
		{Board: 2, Kind: "ticketing", Title: "Garage tour, second day · 차고 투어 추가 공연", In: day, Length: 2 * time.Hour, Link: "https://tickets.example/paper-comet", Text: "Four per person. 1인 4매."},
		{Board: 0, Kind: "stream", Title: "Rehearsal with the door open · 합주 생중계", In: 8 * time.Hour, Length: 2 * time.Hour, Link: "https://live.example/paper-comet"},
		{Board: 3, Kind: "comeback", Title: "Single 'Staple Gun' · 싱글 발매", In: 5 * day, Length: time.Hour, Text: "Play it once, play it loud."},
		{Board: 0, Kind: "birthday", Title: "Debut day: six years of tape · 데뷔 6주년", In: 15 * day, AllDay: true},
		{Board: 2, Kind: "other", Title: "Flea market of old cables · 케이블 벼룩시장", In: -2 * day, Length: 6 * time.Hour},
	}
}

func bomnaruEvents() []Event {
	return []Event{
		{Board: 3, Kind: "other", Title: "Riverside picnic, bring spring onions · 강변 소풍", In: 4 * day, Length: 5 * time.Hour, Text: "Rain or shine. 비가 와도 가요."},
		{Board: 0, Kind: "stream", Title: "Laundry live · 빨래 개는 방송", In: day + 3*time.Hour, Length: time.Hour, Link: "https://live.example/bomnaru"},
		{Board: 0, Kind: "comeback", Title: "EP 〈Slow Boat〉 · 미니앨범", In: 18 * day, Length: 2 * time.Hour},
		{Board: 3, Kind: "ticketing", Title: "Small hall, small chairs · 소극장 티켓팅", In: 10 * day, Length: time.Hour, Link: "https://tickets.example/bomnaru"},
		{Board: 2, Kind: "birthday", Title: "The song about the river is ten · 강 노래 10주년", In: -9 * day, AllDay: true},
	}
}
