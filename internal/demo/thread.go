package demo

const (
	maxDepth  = 8
	nearReach = 12 // how far back a quick reply looks
)

// rawParent is which earlier comment of the same post the jth one answers, before the depth is
// bounded; -1 for none.
func (y *layout) rawParent(post, j int) int {
	const opens, quick = 0.44, 0.75
	if j == 0 {
		return -1
	}
	r := newRNG(y.seed, domainParent, post, j)
	if r.chance(opens) {
		return -1
	}
	if r.chance(quick) {
		u := r.unit()
		return max(0, j-1-int(nearReach*u*u))
	}
	return r.below(j)
}

// parent is which earlier comment the jth one answers, and its own depth (1 for none).
func (y *layout) parent(post, j int) (parent, depth int) {
	k := y.rawParent(post, j)
	if k < 0 {
		return -1, 1
	}
	if _, above := y.parent(post, k); above < maxDepth {
		return k, above + 1
	}
	return -1, 1
}

// sibling is how many replies its parent has before the jth comment; ok is false when it answers
// too late to tell cheaply.
func (y *layout) sibling(post, parent, j int) (n int, ok bool) {
	if j-parent > nearReach {
		return 0, false
	}
	for m := parent + 1; m < j; m++ {
		if y.rawParent(post, m) == parent {
			n++
		}
	}
	return n, true
}

// opener is how many comments before the jth answer none; beyond the first hundred a number that
// only differs from comment to comment.
func (y *layout) opener(post, j int) int {
	const counted = 100
	if j >= counted {
		return j
	}
	n := 0
	for m := range j {
		if y.rawParent(post, m) < 0 {
			n++
		}
	}
	return n
}
