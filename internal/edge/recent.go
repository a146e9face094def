package edge

import (
	"hash/maphash"
	"net/http"
	"sync"
)

// recent is a set of what was seen lately. Its members are known by a hash under a secret, so nobody can
// make something that passes for another. Memory is bounded: the older half is forgotten at once.
// It is safe for concurrent use.
type recent struct {
	seed maphash.Seed
	most int // in each half

	mu         sync.Mutex
	young, old map[uint64]struct{}
}

func newRecent(most int) *recent {
	return &recent{seed: maphash.MakeSeed(), most: most, young: map[uint64]struct{}{}}
}

func (s *recent) has(key uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.young[key]; ok {
		return true
	}
	_, ok := s.old[key]
	if ok {
		s.keep(key)
	}
	return ok
}

func (s *recent) add(key uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep(key)
}

// keep puts a key among the young. The caller holds s.mu.
func (s *recent) keep(key uint64) {
	if len(s.young) >= s.most {
		s.old, s.young = s.young, make(map[uint64]struct{}, s.most)
	}
	s.young[key] = struct{}{}
}

// members are the credentials that somebody was found behind lately.
type members struct {
	*recent
	cookie string // name of the session cookie
}

// of is a number for what a request shows to say who it is; ok is false when it shows nothing.
func (m members) of(r *http.Request) (key uint64, ok bool) {
	shown := r.Header.Get("Authorization")
	if !bearer(r.Header) {
		c, err := r.Cookie(m.cookie)
		if err != nil {
			return 0, false
		}
		shown = c.Value
	}
	return maphash.String(m.seed, shown), true
}
