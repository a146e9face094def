package demo

// rng is a small random source (splitmix64) that starts from a hash of what it is for, so that
// every item has its own and none depends on the items before it.
type rng uint64

// A domain keeps the choices about the same index apart.
type domain uint64

const (
	domainLayout domain = iota + 1
	domainPost
	domainPostSlots
	domainComment
	domainParent
	domainReactions
	domainImage
	domainDuet
)

func newRNG(seed uint64, d domain, a, b int) rng {
	h := mix(seed ^ mix(uint64(d)*0x9e3779b97f4a7c15))
	h = mix(h ^ uint64(a)*0xd6e8feb86659fd93)
	return rng(mix(h ^ uint64(b)*0xa0761d6478bd642f))
}

func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

func (r *rng) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	return mix(uint64(*r))
}

// below is uniform in [0, n); n is above zero.
func (r *rng) below(n int) int { return int(r.next() >> 1 % uint64(n)) }

// unit is uniform in [0, 1).
func (r *rng) unit() float64 { return float64(r.next()>>11) / (1 << 53) }

// chance is true with probability p.
func (r *rng) chance(p float64) bool { return r.unit() < p }
