package edge

import (
	"net/http"
	"time"

	"lightstick/internal/fault"
)

// beaconBody is how many bytes a beacon may have.
const beaconBody = 256

// Beacon is a note that a page sends on its way: a POST of a few bytes that waits for no answer.
// Its handler sees no cookie and no token, so it cannot tell who sent it; where from is checked
// as for any change. It is bounded by address (600 a minute) and goes first under load. The WAF does
// not read it, which would cost more than the page it comes from: its handler takes numbers out of
// it and no text.
func Beacon(name string, opts ...Option) Policy {
	p := build(Policy{kind: kindBeacon, name: name, class: ClassBackground, body: beaconBody}, opts)
	if p.limits == nil {
		p.limits = []Rate{{Per: time.Minute, Burst: 600, By: ByAddress}}
	}
	return p
}

// note answers a Beacon route.
func (rt *route) note(w http.ResponseWriter, r *http.Request, t *trail) {
	body := r.Body
	anon, cancel := rt.anonymous(r, t)
	defer cancel()
	rec := newRecorder()
	rt.run(rec, anon, func(rec http.ResponseWriter, anon *http.Request) error {
		if err := rt.limited("", t.ip, ByAddress, ByAccount); err != nil {
			return err
		}
		if err := rt.edge.origins.Check(r); err != nil {
			return fault.Wrap(err, fault.Forbidden, "cross_origin", "This was sent from another site, so it was not done.")
		}
		if r.ContentLength > rt.Policy.body {
			return bodyFault(&http.MaxBytesError{Limit: rt.Policy.body})
		}
		anon.Body = body
		if _, err := rt.receive(w, anon); err != nil {
			return err
		}
		place, err := rt.gate.enter(r.Context(), rt.Policy.class)
		if err != nil {
			return err
		}
		defer place.leave(true)
		return rt.Handle(rec, anon)
	})
	delete(rec.header, "Set-Cookie")
	rt.emit(w, r, rec, ccPrivate, t)
}
