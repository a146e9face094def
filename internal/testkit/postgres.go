package testkit

import (
	"testing"

	"lightstick/internal/testkit/pgtest"
)

// Postgres is the address of a fresh PostgreSQL database with the schema of today. A machine
// without PostgreSQL fails the test.
func Postgres(t testing.TB) string { return pgtest.Database(t) }
