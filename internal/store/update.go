package store

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
)

// onceFor is how long a first answer can be replayed.
const onceFor = 24 * time.Hour

// tx is one change; it implements [forum.Tx] and [identity.Tx].
type tx struct {
	reader
	q transaction // the reader's q as well
	s *Store
}

var (
	_ forum.Tx    = (*tx)(nil)
	_ identity.Tx = (*tx)(nil)
)

// Update implements [forum.Store].
func (s *Store) Update(ctx context.Context, change func(forum.Tx) (any, error)) (any, error) {
	return s.update(ctx, func(t *tx) (any, error) { return change(t) })
}

// Add implements [forum.Store].
func (s *Store) Add(ctx context.Context, change func(forum.Tx) (any, error)) (any, error) {
	return s.transact(ctx, true, func(t *tx) (any, error) { return change(t) })
}

// UpdateIdentity implements [identity.Store].
func (s *Store) UpdateIdentity(ctx context.Context, change func(identity.Tx) (any, error)) (any, error) {
	return s.update(ctx, func(t *tx) (any, error) { return change(t) })
}

func (s *Store) update(ctx context.Context, change func(*tx) (any, error)) (any, error) {
	return s.transact(ctx, false, change)
}

func (s *Store) transact(ctx context.Context, together bool, change func(*tx) (any, error)) (result any, err error) {
	once := forum.OnceFrom(ctx)
	if once != nil {
		leave, err := s.flight.enter(once)
		if err != nil {
			return nil, err
		}
		defer leave()
	}
	err = s.engine.update(ctx, together, func(q transaction) error {
		t := &tx{reader: reader{q: q, d: s.d, now: s.now}, q: q, s: s}
		if once != nil {
			if err := t.replay(ctx, once); err != nil {
				return err
			}
		}
		var err error
		if result, err = change(t); err != nil || once == nil {
			return err
		}
		return t.remember(ctx, once, result)
	})
	return result, err
}

// flight is the set of idempotency keys under way on this node.
type flight struct {
	mu   sync.Mutex
	keys map[flightKey]struct{}
}

type flightKey struct {
	owner forum.ID
	key   string
}

func inFlight() error {
	return fault.New(fault.Conflict, "idempotency_in_flight", "The first request with this Idempotency-Key is still under way.").After(time.Second)
}

func (f *flight) enter(o *forum.Once) (leave func(), err error) {
	k := flightKey{o.Owner, o.Key}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, busy := f.keys[k]; busy {
		return nil, inFlight()
	}
	if f.keys == nil {
		f.keys = make(map[flightKey]struct{})
	}
	f.keys[k] = struct{}{}
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.keys, k)
	}, nil
}

// replay returns the first answer as an error when the key was used, and holds the key for this
// transaction, against other nodes, when it was not.
func (t *tx) replay(ctx context.Context, o *forum.Once) error {
	hash := sha256.Sum256([]byte(o.Key))
	lock := sha256.Sum256(binary.BigEndian.AppendUint64(hash[:], uint64(o.Owner)))
	free, err := t.d.tryLock(ctx, t.q, int64(binary.BigEndian.Uint64(lock[:8])|1<<63))
	if err != nil {
		return err
	}
	if !free {
		return inFlight()
	}
	type row struct{ fingerprint, answer []byte }
	list, err := collect(ctx, t.q, func(r rows) (v row, err error) { return v, r.Scan(&v.fingerprint, &v.answer) },
		`SELECT fingerprint, answer FROM idempotency WHERE owner_id = $1 AND key_hash = $2 AND expires_at > $3`,
		int64(o.Owner), hash[:], micros(t.s.now()))
	if err != nil || len(list) == 0 {
		return err
	}
	if subtle.ConstantTimeCompare(list[0].fingerprint, o.Fingerprint[:]) == 0 {
		return fault.New(fault.Invalid, "idempotency_key_reused", "This Idempotency-Key was used for another request.")
	}
	answer, err := unseal(o, list[0].answer)
	if err != nil {
		return err
	}
	return answer
}

// remember stores the answer with the change. It is sealed under the client's own key, of which
// only a hash is kept: an answer may hold a secret, such as a new API token.
func (t *tx) remember(ctx context.Context, o *forum.Once, result any) error {
	var answer forum.Replay
	if o.Answer != nil {
		var err error
		if answer, err = o.Answer(result); err != nil {
			return fmt.Errorf("encode the answer to keep: %w", err)
		}
	}
	sealed, err := seal(o, answer)
	if err != nil {
		return err
	}
	hash := sha256.Sum256([]byte(o.Key))
	_, err = t.q.exec(ctx, `INSERT INTO idempotency (owner_id, key_hash, fingerprint, answer, expires_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (owner_id, key_hash) DO UPDATE SET fingerprint = excluded.fingerprint, answer = excluded.answer, expires_at = excluded.expires_at`,
		int64(o.Owner), hash[:], o.Fingerprint[:], sealed, micros(t.s.now().Add(onceFor)))
	return err
}

// expireStep is how many rows one transaction of Expire removes.
const expireStep = 500

// Expire removes idempotency keys that can no longer be replayed.
func (s *Store) Expire(ctx context.Context) error {
	for {
		var n int64
		_, err := s.update(ctx, func(t *tx) (_ any, err error) {
			n, err = t.q.exec(ctx, `DELETE FROM idempotency WHERE (owner_id, key_hash) IN
				(SELECT owner_id, key_hash FROM idempotency WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`, micros(s.now()), expireStep)
			return nil, err
		})
		if err != nil || n < expireStep {
			return err
		}
	}
}

func sealer(o *forum.Once) (cipher.AEAD, []byte, error) {
	key, err := hkdf.Key(sha256.New, []byte(o.Key), nil, "lightstick idempotency answer", 32)
	if err != nil {
		return nil, nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return aead, binary.BigEndian.AppendUint64(o.Fingerprint[:], uint64(o.Owner)), err
}

func seal(o *forum.Once, r forum.Replay) ([]byte, error) {
	aead, bound, err := sealer(o)
	if err != nil {
		return nil, err
	}
	plain, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, plain, bound), nil
}

func unseal(o *forum.Once, sealed []byte) (*forum.Replay, error) {
	aead, bound, err := sealer(o)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, sealed, bound)
	if err != nil {
		return nil, fmt.Errorf("open the kept answer: %w", err)
	}
	var r forum.Replay
	return &r, json.Unmarshal(plain, &r)
}

// Enqueue stores work with this transaction.
func (t *tx) Enqueue(ctx context.Context, j forum.Job) error {
	return t.s.jobs.InsertTx(context.WithoutCancel(ctx), t.q.handle(), j)
}

// named turns a duplicate into the fault that tells the person which name is taken.
func named(err error, code, message string) error {
	if _, ok := errors.AsType[*duplicate](err); ok {
		return fault.Wrap(err, fault.Conflict, code, message)
	}
	return err
}
