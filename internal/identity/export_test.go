package identity

// What the fuzz targets and the tests of bounds reach for.
var (
	EmailKey    = emailKey
	ParseSecret = parseSecret
	Agent       = agent
	Network     = network
)

// ParsePHC reports what a stored hash says.
func ParsePHC(s string) (again string, outdated bool, err error) {
	p, err := parsePHC(s)
	if err != nil {
		return "", false, err
	}
	return p.String(), p.outdated(), nil
}

// BrakeKeys is how many keys a flood of n failures leaves behind, and whether one that had failed
// often before it still has to wait.
func BrakeKeys(s *Service, n int, key func(int) string) (keys int, stillWaits bool) {
	l := s.brakes.account
	for range l.free {
		_ = l.take("guilty")
	}
	for i := range n {
		_ = l.take(key(i))
	}
	return len(l.keys), l.take("guilty") != nil
}

// CachedActors is how many actors are remembered.
func CachedActors(s *Service) int { return len(s.actors.byHash) }
