package forum

import "time"

// Status is how the database does, for the page that tells and for the banner.
type Status struct {
	Writable                  bool      // changes are taken; else only reading goes on
	Since                     time.Time // when Writable became what it is; at the latest when this process started
	Primaries, Replicas, Down int       // servers by what they are now
	// Lag is how far the replica that is read and lags most is behind; 0 without one.
	Lag time.Duration
}
