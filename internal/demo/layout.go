package demo

import (
	"math"
	"slices"
)

// layout says which post each comment belongs to and which comment it answers.
//
// Time runs in waves. In each wave a group of posts appears and a fixed number of comments is
// written: most under that group, fewer under the groups before it, and some under one long
// thread that stays open. Who gets a comment when is the same in every wave, so one small table
// per kind of wave answers both ways (comment to post, post to comment) for any number of
// comments, and ids of all posts are interleaved as they would be in life.
type layout struct {
	seed       uint64
	posts      int
	waves      int
	group      int // posts in a wave
	firstGroup int // posts in the first wave: the remainder is there
	perWave    int // comments in a wave
	firstWave  int // comments in the first wave
	mega       int // the long thread
	megaWave   int
	megaShare  int // comments of the long thread in every wave since megaWave
	// ranks is popularity by place in the group, 0 the most popular, for each size of group.
	ranks  map[int][]int
	tables map[waveKind]*waveTable
}

// A waveKind decides how a wave is dealt.
type waveKind struct {
	first    bool
	lookback int // groups before this one that are still written in
	mega     bool
}

// slot is one comment of a wave.
type slot struct {
	back  int     // groups back; megaBack for the long thread
	place int     // in the group
	nth   int     // among the comments of that post in this wave
	at    float64 // when, in [0, 1) of the wave
}

type waveTable struct {
	slots []slot
	where map[[2]int][]int // (back, place) to slots
}

const (
	megaBack    = -1
	maxLookback = 3
	groupSize   = 40
	megaLeast   = 330
	megaMost    = 5000
)

func newLayout(seed uint64, posts, comments int) *layout {
	y := &layout{seed: seed, posts: posts, tables: map[waveKind]*waveTable{}}
	y.waves = max(1, min(posts/groupSize, comments/groupSize))
	y.group = posts / y.waves
	y.firstGroup = posts - (y.waves-1)*y.group
	y.perWave = comments / y.waves
	y.firstWave = comments - (y.waves-1)*y.perWave
	alive := max(1, y.waves/2)
	y.megaWave = y.waves - alive
	y.mega = y.groupStart(y.megaWave)
	target := min(max(comments*8/100, megaLeast), megaMost, comments/3)
	y.megaShare = (target + alive - 1) / alive
	if y.group == 1 {
		y.megaShare = comments
	}
	y.ranks = map[int][]int{y.group: shuffled(seed, y.group), y.firstGroup: shuffled(seed, y.firstGroup)}
	for _, w := range []int{0, 1, 2, 3, y.megaWave, y.megaWave + 1, y.waves - 1} {
		if w < y.waves && y.tables[y.kind(w)] == nil {
			y.tables[y.kind(w)] = y.deal(y.kind(w))
		}
	}
	return y
}

func (y *layout) kind(w int) waveKind {
	return waveKind{first: w == 0, lookback: min(w, maxLookback), mega: w >= y.megaWave}
}

func (y *layout) table(w int) *waveTable { return y.tables[y.kind(w)] }

// groupStart is the first post of a wave that later waves know of.
func (y *layout) groupStart(w int) int {
	if w == 0 {
		return 0
	}
	return y.firstGroup + (w-1)*y.group
}

// shuffled shuffles popularity over the places of a group. Place 0 comes last: it is where the long
// thread and the welcome stand.
func shuffled(seed uint64, n int) []int {
	r := newRNG(seed, domainLayout, n, 0)
	rank := make([]int, n)
	for i := range rank {
		rank[i] = i
		if j := r.below(i + 1); j != i {
			rank[i], rank[j] = rank[j], rank[i]
		}
	}
	last := slices.Index(rank, n-1)
	rank[0], rank[last] = rank[last], rank[0]
	return rank
}

// deal makes the table of a kind of wave.
func (y *layout) deal(k waveKind) *waveTable {
	total, places := y.perWave, y.group
	if k.first {
		total, places = y.firstWave, y.firstGroup
	}
	t := &waveTable{where: map[[2]int][]int{}}
	left := total
	if k.mega {
		n := min(y.megaShare, total)
		left -= n
		for i := range n {
			t.add(slot{back: megaBack, nth: i, at: spread(1.5/float64(places+1), i, n, 1)})
		}
	}
	shares := [maxLookback + 1]float64{0.55, 0.25, 0.13, 0.07}
	sum := 0.0
	for back := range k.lookback + 1 {
		sum += shares[back]
	}
	given, reached := 0, 0.0
	for back := range k.lookback + 1 {
		reached += shares[back] / sum
		budget := int(math.Round(reached*float64(left))) - given
		given += budget
		y.dealGroup(t, back, places, budget)
	}
	t.index()
	return t
}

// dealGroup gives a group its comments by rank, the first far more than the last.
func (y *layout) dealGroup(t *waveTable, back, places, budget int) {
	const skew = 1.25
	order := make([]int, places) // place by rank
	for place := range places {
		order[y.rankOf(place, places)] = place
	}
	sum := 0.0
	for r := range max(1, places-1) {
		sum += math.Pow(float64(r+1), -skew)
	}
	given, reached := 0, 0.0
	for r, place := range order[:max(1, places-1)] {
		reached += math.Pow(float64(r+1), -skew) / sum
		n := int(math.Round(reached*float64(budget))) - given
		given += n
		born, pace := 0.0, 1.2
		if back == 0 {
			born, pace = float64(place+1)/float64(places+1), 1.5
		}
		for i := range n {
			t.add(slot{back: back, place: place, nth: i, at: spread(born, i, n, pace)})
		}
	}
}

// rankOf is the rank of a place in a group of that many places.
func (y *layout) rankOf(place, places int) int { return y.ranks[places][place] }

// spread sets the i-th of n moments after born, sooner rather than later.
func spread(born float64, i, n int, pace float64) float64 {
	return born + (1-born)*math.Pow((float64(i)+0.5)/float64(n), pace)
}

func (t *waveTable) add(s slot) { t.slots = append(t.slots, s) }

func (t *waveTable) index() {
	slices.SortStableFunc(t.slots, func(a, b slot) int {
		switch {
		case a.at < b.at:
			return -1
		case a.at > b.at:
			return 1
		default:
			return 0
		}
	})
	for i, s := range t.slots {
		key := [2]int{s.back, s.place}
		t.where[key] = append(t.where[key], i)
	}
}

func (y *layout) waveStart(w int) int {
	if w == 0 {
		return 0
	}
	return y.firstWave + (w-1)*y.perWave
}

// find tells the post of comment i, its number among the comments of that post, and when.
func (y *layout) find(i int) (post, nth int, at float64) {
	w := 0
	if i >= y.firstWave {
		w = 1 + (i-y.firstWave)/y.perWave
	}
	s := y.table(w).slots[i-y.waveStart(w)]
	at = float64(w) + s.at
	if s.back == megaBack {
		return y.mega, y.megaBefore(w) + s.nth, at
	}
	v := w - s.back
	post = y.groupStart(v) + s.place
	if v == 0 && s.back > 0 {
		post += y.firstGroup - y.group
	}
	nth = s.nth
	for u := v; u < w; u++ {
		nth += y.count(post, v, u)
	}
	return post, nth, at
}

// megaBefore is how many comments the long thread has before wave w.
func (y *layout) megaBefore(w int) int {
	if w <= y.megaWave {
		return 0
	}
	first := len(y.table(y.megaWave).where[[2]int{megaBack, 0}])
	if w == y.megaWave+1 {
		return first
	}
	return first + (w-y.megaWave-1)*len(y.table(y.megaWave + 1).where[[2]int{megaBack, 0}])
}

// slotsOf lists the slots of a post of group v in wave u.
func (y *layout) slotsOf(post, v, u int) []int {
	place := post - y.groupStart(v)
	if v == 0 && u > 0 {
		place -= y.firstGroup - y.group
	}
	if place < 0 {
		return nil
	}
	return y.table(u).where[[2]int{u - v, place}]
}

func (y *layout) count(post, v, u int) int { return len(y.slotsOf(post, v, u)) }

// groupOf is the wave a post appears in.
func (y *layout) groupOf(post int) int {
	if post < y.firstGroup {
		return 0
	}
	return 1 + (post-y.firstGroup)/y.group
}

// popularity is the rank of a post in its group and the number of the group.
func (y *layout) popularity(post int) (rank, wave int) {
	wave = y.groupOf(post)
	places := y.group
	if wave == 0 {
		places = y.firstGroup
	}
	return y.rankOf(post-y.groupStart(wave), places), wave
}

// index is the comment index of the nth comment of a post, the inverse of find; -1 when the post
// has fewer.
func (y *layout) index(post, nth int) int {
	if post == y.mega {
		return y.megaIndex(nth)
	}
	v := y.groupOf(post)
	for u := v; u <= min(v+maxLookback, y.waves-1); u++ {
		list := y.slotsOf(post, v, u)
		if nth < len(list) {
			return y.waveStart(u) + list[nth]
		}
		nth -= len(list)
	}
	return -1
}

func (y *layout) megaIndex(nth int) int {
	w := y.megaWave
	if first := y.megaBefore(w + 1); nth >= first && w+1 < y.waves {
		share := y.megaBefore(w+2) - first
		if share == 0 {
			return -1
		}
		w += 1 + (nth-first)/share
		nth = (nth - first) % share
	}
	if w >= y.waves {
		return -1
	}
	list := y.table(w).where[[2]int{megaBack, 0}]
	if nth >= len(list) {
		return -1
	}
	return y.waveStart(w) + list[nth]
}

// bornAt is when a post appears.
func (y *layout) bornAt(post int) float64 {
	w := y.groupOf(post)
	places := y.group
	if w == 0 {
		places = y.firstGroup
	}
	return float64(w) + (float64(post-y.groupStart(w))+0.5)/float64(places+1)
}
