package demo

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Fandoms are the four fandoms. The caller owns the slice, not what it points to.
func (w *World) Fandoms() []Fandom {
	list := make([]Fandom, len(w.fandoms))
	for i, f := range w.fandoms {
		list[i] = f.Fandom
	}
	return list
}

// Member is the member of an index below Size().Members.
func (w *World) Member(i int) Member { return w.people.at(i) }

// facts are the choices a post makes that its comments keep to.
type facts struct {
	post, fandom, author int
	lang                 lang
	about                *template
	member, member2      int // of the fandom's members
	song                 int
	city, venue, show    int
	n, nn, k             int
	block, row           int
}

// Post is the post of an index below Size().Posts.
func (w *World) Post(i int) Post {
	f := w.facts(i)
	r := newRNG(w.seed, domainPost, i, 1)
	words := &speech{w: w, facts: &f, lang: f.lang, author: f.author, r: &r, fixed: true}
	p := Post{
		Fandom: f.fandom, Board: w.fandoms[f.fandom].boardFor(f.about.topic), Author: f.author, Lang: f.lang.String(),
		Title: f.about.title.render(words), Age: w.age(w.layout.bornAt(i)), Image: -1,
		Pinned: i == w.layout.mega || f.about == w.banks[f.lang].welcome,
	}
	words.image, p.Image = w.illustrate(&f, &r)
	p.Body = f.about.body.render(words)
	if p.Image >= 0 && !strings.Contains(p.Body, ImagePrefix) {
		p.Body += "\n\n" + words.image
	}
	p.Reactions = w.reactions(i, -1, w.applause(i, &r))
	return p
}

// facts decides who writes what about whom.
func (w *World) facts(i int) facts {
	rank, wave := w.layout.popularity(i)
	turn := rank*w.layout.waves + wave
	l, nth := w.calendar.at(turn)
	f := facts{post: i, lang: l}
	f.about, f.fandom = w.assign(l, nth, rank)
	switch {
	case i == w.layout.mega:
		f.lang, f.fandom, f.about = ko, 0, w.banks[ko].mega
	case i < fandomCount && w.size.Posts > fandomCount:
		f.lang, f.fandom = []lang{ko, en}[i%2], i
		f.about = w.banks[f.lang].welcome
	}
	r := newRNG(w.seed, domainPostSlots, i, 0)
	f.author = w.people.pick(f.lang, &r)
	if f.about.topic == "notice" {
		f.fandom, f.author = w.staff(f.lang, f.fandom)
	}
	names := w.banks[f.lang]
	members := len(names.members[f.fandom])
	f.member = r.below(members)
	f.member2 = (f.member + 1 + r.below(members-1)) % members
	f.song = r.below(len(names.songs[f.fandom]))
	f.city, f.venue, f.show = r.below(len(names.names["city"])), r.below(len(names.names["venue"])), r.below(len(names.names["show"]))
	f.n, f.nn, f.k = someNumbers(&r)
	f.block, f.row = r.below(6), 1+r.below(18)
	return f
}

// assign gives the nth post of a language its template and its fandom: every template has its
// turn before one comes again, and then in another fandom.
func (w *World) assign(l lang, nth, rank int) (*template, int) {
	const crowded = 3
	list, first := w.banks[l].posts, 0
	if rank < crowded {
		list, first = w.banks[l].hot, fandomCount/2
	}
	step := coprime(len(list), 17)
	t := list[(nth*step+int(w.seed%uint64(len(list))))%len(list)]
	return t, (t.order + nth/len(list) + first) % fandomCount
}

// coprime is the smallest number from least on that shares no divisor with n.
func coprime(n, least int) int {
	for step := least; ; step++ {
		a, b := n, step
		for b != 0 {
			a, b = b, a%b
		}
		if a == 1 {
			return step
		}
	}
}

// staff finds a moderator who writes in l, in the wanted fandom if it has one.
func (w *World) staff(l lang, wanted int) (fandom, member int) {
	for i := range fandomCount {
		f := (wanted + i) % fandomCount
		for _, m := range w.fandoms[f].Moderators {
			if w.people.at(m).Locale == l.String() {
				return f, m
			}
		}
	}
	return wanted, w.fandoms[wanted].Moderators[0]
}

// illustrate chooses the picture of a post and writes it as markdown.
func (w *World) illustrate(f *facts, r *rng) (markdown string, image int) {
	const likely = 0.6
	drawn := f.about.topic == "fanart"
	if f.about.image < 0 || !drawn && !r.chance(likely) {
		return "", -1
	}
	image = f.fandom*len(imageKinds()) + f.about.image
	words := &speech{w: w, facts: f, lang: f.lang, author: f.author, r: r, fixed: true}
	return fmt.Sprintf("![%s](%s%d)", w.banks[f.lang].alt[f.about.image].render(words), ImagePrefix, image), image
}

// applause is how many members react to a post.
func (w *World) applause(i int, r *rng) int {
	rank, _ := w.layout.popularity(i)
	most := 4 + 40/(rank+2)
	if i == w.layout.mega {
		most = 45
	}
	return most/3 + r.below(most)
}

// reactions draws n members, each once. The lightstick is the most common kind.
func (w *World) reactions(post, comment, n int) []Reaction {
	n = min(n, w.size.Members)
	if n == 0 {
		return nil
	}
	r := newRNG(w.seed, domainReactions, post, comment)
	step := coprime(w.size.Members, 7+r.below(23))
	first := r.below(w.size.Members)
	list := make([]Reaction, n)
	for i := range list {
		u := r.unit()
		list[i] = Reaction{Member: (first + i*step) % w.size.Members, Kind: int(u * u * u * 6)}
	}
	return list
}

// age turns a moment of the layout into time before now: sixty days, denser towards now, with
// daily and weekly bursts.
func (w *World) age(at float64) time.Duration {
	const (
		span        = 60 * 24 * time.Hour
		recent      = 1.3
		days, weeks = 60, 8.0
		daily, more = 0.55, 0.35
	)
	x := at / float64(w.layout.waves)
	y := x + daily*math.Sin(2*math.Pi*days*x)/(2*math.Pi*days) + more*math.Sin(2*math.Pi*weeks*x)/(2*math.Pi*weeks)
	return time.Duration(float64(span) * math.Pow(max(0, 1-y), recent)).Round(time.Millisecond)
}

// calendar is an order in which the languages take turns so that each gets its share.
type calendar struct {
	turns []lang
	nth   []int // how many turns of the same language came before
	total [langCount]int
}

func newCalendar() calendar {
	const period = 100
	c := calendar{}
	for i := range period {
		best, most := ko, -1.0
		for l := range langCount {
			if due := l.share()*float64(i+1)/period - float64(c.total[l]); due > most {
				best, most = l, due
			}
		}
		c.turns, c.nth = append(c.turns, best), append(c.nth, c.total[best])
		c.total[best]++
	}
	return c
}

// at is the language of a turn and how many turns it had before.
func (c *calendar) at(turn int) (lang, int) {
	i := turn % len(c.turns)
	l := c.turns[i]
	return l, turn/len(c.turns)*c.total[l] + c.nth[i]
}

func someNumbers(r *rng) (n, nn, k int) { return 2 + r.below(8), 11 + r.below(48), 112 + r.below(87) }

// imageKinds are what pictures show; picture i shows kind i modulo their number.
func imageKinds() []string {
	return []string{"stage", "lightstick", "mascot", "cover", "cafe", "cards"}
}
