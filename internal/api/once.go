package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	"lightstick/internal/edge"
	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// post registers a POST. handle does it; show makes the answer of its result. Both are apart
// because the answer to a POST with an Idempotency-Key is encoded inside the transaction of its
// write and kept there: a second POST with the key gets the stored bytes.
func post[I, T, B any](a *API, o op, handle func(context.Context, *I) (T, error), show func(T) reply[B]) {
	o.method, o.policy = http.MethodPost, edge.Write
	if o.status == 0 {
		o.status = http.StatusCreated
	}
	status := o.successStatus(reflect.TypeFor[B]())
	register[I, B](a, o, func(ctx context.Context, in *I) (reply[B], error) {
		if once := callOf(ctx).once; once != nil {
			once.Answer = func(result any) (forum.Replay, error) {
				t, err := restored[T](result)
				if err != nil {
					return forum.Replay{}, err
				}
				return show(t).stored(status)
			}
			ctx = forum.WithOnce(ctx, once)
		}
		t, err := handle(ctx, in)
		if err != nil {
			return reply[B]{}, a.firstAnswer(ctx, err)
		}
		return show(t), nil
	})
}

// restorer is a result that holds more than what its transaction returned: a secret, say, which
// is never stored.
type restorer interface{ restore(stored any) bool }

// restored is the result of an operation as its transaction returned it.
func restored[T any](stored any) (T, error) {
	var t T
	if v, ok := stored.(T); ok {
		return v, nil
	}
	if r, ok := any(&t).(restorer); ok && r.restore(stored) {
		return t, nil
	}
	if _, none := any(t).(None); none {
		return t, nil
	}
	return t, fmt.Errorf("api: a transaction returned %T for an answer made of %T", stored, t)
}

func (p reply[B]) stored(status int) (forum.Replay, error) {
	n, err := p.encode(status, nil)
	if err != nil {
		return forum.Replay{}, err
	}
	return forum.Replay{Status: n.status, Location: n.location, ETag: n.etag, Body: n.body}, nil
}

func replayed(r *forum.Replay) *answer {
	return &answer{status: r.Status, location: r.Location, etag: r.ETag, body: r.Body, replayed: true}
}

// settled reports the refusals of a rule, unlike those that come from trouble of ours.
func settled(k fault.Kind) bool {
	return k == fault.Invalid || k == fault.Forbidden || k == fault.NotFound || k == fault.Conflict || k == fault.RateLimited
}

// firstAnswer looks whether a POST that was refused has been done before. Rules are checked before
// the store looks at the key, and what was right the first time may be wrong the second: the
// handle of a sign-up is taken by then, or the post was locked in between.
func (a *API) firstAnswer(ctx context.Context, refusal error) error {
	c := callOf(ctx)
	if c.once == nil || !c.whole || !settled(fault.KindOf(refusal)) {
		return refusal
	}
	if _, ok := errors.AsType[*forum.Replay](refusal); ok {
		return refusal
	}
	unknown := errors.New("a key that was not used")
	_, err := a.Forum.Store.Update(forum.WithOnce(ctx, c.once), func(forum.Tx) (any, error) { return nil, unknown })
	if _, ok := errors.AsType[*forum.Replay](err); ok || fault.Is(err, "idempotency_key_reused") || fault.Is(err, "idempotency_in_flight") {
		return err
	}
	return refusal
}
