// Package app puts the parts together: configuration, wiring, Run and Close. Production, the
// commands and the tests all start the community the same way, through [New].
//
// It is the only place that reads the environment, the clock and randomness; everything else gets
// them handed down. It holds no rule of the community and no SQL.
package app
