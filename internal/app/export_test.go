package app

import (
	"context"
	"io"
	"log/slog"
	"time"

	"lightstick/internal/markup"
)

// Doors for the tests beside this package.

// FetchCard fetches a card the way the job does.
func FetchCard(ctx context.Context, url string) (markup.Card, error) {
	return fetchCard(ctx, cardClient(), url)
}

// ReadCard reads a card out of a page.
func ReadCard(r io.Reader) (markup.Card, error) { return readCard(r) }

// SendMail sends one mail as a configuration says.
func SendMail(ctx context.Context, c Config, now func() time.Time, to, subject, text string) error {
	m, err := newMailer(c, now)
	if err != nil {
		return err
	}
	return m.send(ctx, message{to, subject, text})
}

// Drain makes /readyz say no, as a shutdown does first.
func (a *App) Drain() { a.health.draining.Store(true) }

// Warm makes the node ready, as its start does.
func (a *App) Warm(ctx context.Context) { a.warm(ctx) }

// WarmHeld begins to make the node ready and goes on when the function it returns is called.
func (a *App) WarmHeld() func(context.Context) {
	a.health.warming.Store(true)
	return a.warm
}

// Rounds starts a round of its own and returns what ends it.
func Rounds(d time.Duration, do func(context.Context) error) (end func()) {
	r, ctx := newRounds(slog.New(slog.DiscardHandler))
	r.every(ctx, "test", d, do)
	return r.close
}
