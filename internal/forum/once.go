package forum

import (
	"context"
	"crypto/sha256"
)

// Once makes a write happen at most once. It travels in the context to [Store.Update], which
// stores the answer in the write's own transaction. It follows the IETF draft
// draft-ietf-httpapi-idempotency-key-header.
//
// When the key was used before with the same fingerprint, Update changes nothing and returns a
// *[Replay]. With another fingerprint it returns fault "idempotency_key_reused" (422); while the
// first is still under way, fault "idempotency_in_flight" (409).
type Once struct {
	Owner       ID                // the member; keys of different members never meet
	Key         string            // 1 to 128 printable ASCII characters
	Fingerprint [sha256.Size]byte // of method, path and body
	// Answer encodes the result of the write as the caller will answer it. It runs inside the
	// transaction and must not block.
	Answer func(result any) (Replay, error)
}

// Replay is the stored first answer. As an error it means: this was done already, answer this.
type Replay struct {
	Status   int
	Location string
	ETag     string
	Body     []byte
}

func (r *Replay) Error() string { return "already done: replay the first answer" }

// NothingStored tells those who have prepared something for the write, such as the file of a
// picture, that it is not needed.
func (r *Replay) NothingStored() bool { return true }

type onceKey struct{}

// WithOnce makes the next Update on this context idempotent.
func WithOnce(ctx context.Context, o *Once) context.Context {
	return context.WithValue(ctx, onceKey{}, o)
}

// OnceFrom is the Once of the context, nil when there is none.
func OnceFrom(ctx context.Context) *Once {
	o, _ := ctx.Value(onceKey{}).(*Once)
	return o
}
