package identity_test

import (
	"testing"
	"time"

	"lightstick/internal/identity"
)

// BenchmarkAuthenticate is what knowing a member costs: remembered, and asked of SQLite.
func BenchmarkAuthenticate(b *testing.B) {
	w := newWorld(b)
	in := w.signUp("mina")
	b.Run("remembered", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := w.Authenticate(w.ctx, in.Token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sqlite", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w.advance(2 * time.Second)
			if _, err := w.Authenticate(w.ctx, in.Token); err != nil {
				b.Fatal(err)
			}
			if w.now().Sub(in.ExpiresAt) > -24*time.Hour { // before it is over
				b.StopTimer()
				in = w.again(b)
				b.StartTimer()
			}
		}
	})
}

func (w *world) again(b *testing.B) identity.SignedIn {
	b.Helper()
	return must(w.SignIn(w.ctx, "mina", goodPassword, identity.Client{}))(b)
}

func BenchmarkHashPassword(b *testing.B) {
	for b.Loop() {
		if _, err := identity.HashPassword(b.Context(), goodPassword); err != nil {
			b.Fatal(err)
		}
	}
}
