package app

import (
	"context"
	"fmt"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
	"lightstick/internal/jobs"
	"lightstick/internal/media"
)

// How often the periodic tasks run.
const (
	flushEvery     = 500 * time.Millisecond
	reconcileEvery = 15 * time.Minute
	expireEvery    = 10 * time.Minute
	sweepEvery     = time.Hour
	flushBatch     = 2000
)

// work registers everything that happens later: each part wrote its own handler.
func (a *App) work() *jobs.Registry {
	r := jobs.NewRegistry()
	cards := cardClient()
	jobs.Handle(r, jobs.HandlerOptions{Timeout: 30 * time.Second}, a.sendMail)
	jobs.Handle(r, jobs.HandlerOptions{}, func(ctx context.Context, j identity.ResetJob) error { return a.identity.DeliverReset(ctx, j) })
	jobs.Handle(r, jobs.HandlerOptions{Timeout: 2 * time.Minute, MaxAttempts: 5}, func(ctx context.Context, j media.VariantsJob) error {
		return gone(a.media.MakeVariants(ctx, j.ID))
	})
	jobs.Handle(r, jobs.HandlerOptions{Timeout: 20 * time.Second, MaxAttempts: 2}, func(ctx context.Context, j forum.CardJob) error {
		card, err := fetchCard(ctx, cards, j.URL)
		if err != nil {
			return err
		}
		return gone(a.forum.StoreCard(ctx, j, card))
	})
	jobs.Every(r, "ledger", flushEvery, a.flush)
	jobs.Every(r, "reconcile", reconcileEvery, a.store.Reconcile)
	jobs.Every(r, "expire", expireEvery, func(ctx context.Context) error {
		if err := a.identity.Expire(ctx); err != nil {
			return err
		}
		return a.store.Expire(ctx)
	})
	jobs.Every(r, "clean_up", sweepEvery, func(ctx context.Context) error {
		_, err := a.media.CleanUp(ctx)
		return err
	})
	jobs.Every(r, "sweep", 24*sweepEvery, func(ctx context.Context) error {
		_, err := a.media.Sweep(ctx)
		return err
	})
	return r
}

// flush applies the ledger until it is empty.
func (a *App) flush(ctx context.Context) error {
	for {
		n, err := a.store.Flush(ctx, flushBatch)
		if err != nil || n < flushBatch {
			return err
		}
	}
}

// gone makes a job about something that is no longer there end quietly.
func gone(err error) error {
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return nil
	}
	return err
}

func (a *App) sendMail(ctx context.Context, j identity.MailJob) error {
	subject, text, err := a.site.Mail(j.Locale, j.Template, j.Params)
	if err != nil {
		return jobs.Permanent(fmt.Errorf("mail %s: %w", j.Template, err))
	}
	return a.mailer.send(ctx, message{To: j.To, Subject: subject, Text: text})
}
