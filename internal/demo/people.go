package demo

import (
	"fmt"
	"slices"
	"strings"
)

// people are the members: those written in content/members.txt, repeated with a number as often
// as the size asks for.
type people struct {
	written []Member
	count   int
	speak   [langCount][]int // indexes into written, ascending
}

const fieldsOfMember = 5

func loadPeople(count int) people {
	p := people{count: count}
	for row := range strings.Lines(read("content/members.txt")) {
		fields := strings.Split(strings.TrimSpace(row), " | ")
		if strings.HasPrefix(row, "#") || len(fields) != fieldsOfMember {
			continue
		}
		l, ok := parseLang(fields[2])
		if !ok {
			panic(fmt.Sprintf("demo world: member %s speaks %q", fields[0], fields[2]))
		}
		if len(p.written) > 0 { // the admin reads
			p.speak[l] = append(p.speak[l], len(p.written))
		}
		p.written = append(p.written, Member{
			Handle: fields[0], Name: fields[1], Locale: fields[2], TimeZone: fields[3], Bio: fields[4],
			Admin: len(p.written) == 0,
		})
	}
	return p
}

func (p *people) at(i int) Member {
	m := p.written[i%len(p.written)]
	if round := i / len(p.written); round > 0 {
		const longest = 20
		suffix := fmt.Sprintf("_%d", round+1)
		if m.Admin {
			m.Handle, m.Name = "fan", "Fan"
		}
		m.Handle = m.Handle[:min(len(m.Handle), longest-len(suffix))] + suffix
		m.Name = fmt.Sprintf("%s %d", m.Name, round+1)
		m.Admin = false
	}
	return m
}

// speakers is how many members write in a language.
func (p *people) speakers(l lang) int {
	rounds, rest := p.count/len(p.written), p.count%len(p.written)
	n := rounds * len(p.speak[l])
	for _, i := range p.speak[l] {
		if i < rest {
			n++
		}
	}
	return n
}

// pick chooses a member who writes in l; some are more active than others.
func (p *people) pick(l lang, r *rng) int {
	n := p.speakers(l)
	if n == 0 {
		return r.below(p.count)
	}
	return p.speaker(l, int(float64(n)*r.unit()*(0.4+0.6*r.unit())))
}

// pickOther chooses like pick, but none of those to avoid; where the language has too few members
// for that, at least not the first of those.
func (p *people) pickOther(l lang, r *rng, avoid ...int) int {
	first := p.pick(l, r)
	n := p.speakers(l)
	for try, left := first, n; left > 0; left-- {
		if !slices.Contains(avoid, try) {
			return try
		}
		try = p.speaker(l, p.numberOf(l, try)+1)
	}
	if first != avoid[0] {
		return first
	}
	return (first + 1) % p.count
}

// speaker is the kth of those who write in l, counted round.
func (p *people) speaker(l lang, k int) int {
	k %= p.speakers(l)
	return k/len(p.speak[l])*len(p.written) + p.speak[l][k%len(p.speak[l])]
}

// numberOf is the k of which speaker makes the member.
func (p *people) numberOf(l lang, member int) int {
	return member/len(p.written)*len(p.speak[l]) + slices.Index(p.speak[l], member%len(p.written))
}
