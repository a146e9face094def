package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

func once(owner forum.ID, key, body string) *forum.Once {
	return &forum.Once{Owner: owner, Key: key, Fingerprint: sha256.Sum256([]byte(body)), Answer: func(result any) (forum.Replay, error) {
		b, err := json.Marshal(result)
		return forum.Replay{Status: 201, Location: "/there", ETag: `"1"`, Body: b}, err
	}}
}

// audits writes one row that is easy to count.
func (w *world) audit(ctx context.Context, action string) error {
	_, err := w.Update(ctx, func(tx forum.Tx) (any, error) {
		return map[string]string{"secret": "s3cret-" + action}, tx.InsertAudit(ctx, forum.AuditEntry{Actor: ref(w.ann), Action: action, Detail: "{}", At: w.clock.now()})
	})
	return err
}

func (w *world) audited(action string) int {
	w.t.Helper()
	list, _, err := w.Audit(w.ctx, forum.AuditQuery{Limit: 100})
	if err != nil {
		w.t.Fatal(err)
	}
	n := 0
	for _, e := range list {
		if e.Action == action {
			n++
		}
	}
	return n
}

func TestOnce(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		key := "f0e1d2c3-key"
		if err := w.audit(forum.WithOnce(w.ctx, once(w.ann.ID, key, "body")), "first"); err != nil {
			t.Fatal(err)
		}
		err := w.audit(forum.WithOnce(w.ctx, once(w.ann.ID, key, "body")), "first")
		replay, ok := errors.AsType[*forum.Replay](err)
		if !ok || replay.Status != 201 || replay.Location != "/there" || replay.ETag != `"1"` || !strings.Contains(string(replay.Body), "s3cret-first") {
			t.Fatalf("no replay of the first answer: %v %+v", err, replay)
		}
		if err := w.audit(forum.WithOnce(w.ctx, once(w.ann.ID, key, "other body")), "second"); !fault.Is(err, "idempotency_key_reused") {
			t.Errorf("another body with the key: %v", err)
		}
		if err := w.audit(forum.WithOnce(w.ctx, once(w.ben.ID, key, "other body")), "ben"); err != nil {
			t.Errorf("the same key of another member: %v", err)
		}
		if w.audited("first") != 1 || w.audited("second") != 0 || w.audited("ben") != 1 {
			t.Errorf("writes: %d %d %d", w.audited("first"), w.audited("second"), w.audited("ben"))
		}
		w.clock.advance(25 * time.Hour)
		if err := w.audit(forum.WithOnce(w.ctx, once(w.ann.ID, key, "new day")), "later"); err != nil {
			t.Errorf("an expired key: %v", err)
		}
		if err := w.Expire(w.ctx); err != nil {
			t.Error(err)
		}
		if err := w.audit(forum.WithOnce(w.ctx, once(w.ann.ID, key, "new day")), "later"); err == nil || w.audited("later") != 1 {
			t.Errorf("a key in force was forgotten: %v", err)
		}
	})
}

func TestOnceFailedChangeFreesTheKey(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		ctx := forum.WithOnce(w.ctx, once(w.ann.ID, "k", "body"))
		boom := errors.New("boom")
		if _, err := w.Update(ctx, func(tx forum.Tx) (any, error) {
			if err := tx.InsertAudit(ctx, forum.AuditEntry{Action: "half", Detail: "{}"}); err != nil {
				return nil, err
			}
			return nil, boom
		}); !errors.Is(err, boom) {
			t.Fatal(err)
		}
		if err := w.audit(ctx, "whole"); err != nil {
			t.Fatal(err)
		}
		if w.audited("half") != 0 || w.audited("whole") != 1 {
			t.Error("the failed change left something")
		}
	})
}

// Two nodes on one database: the second sees the key held by the first.
func TestOnceInFlight(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		nodes := []*world{w}
		if w.Postgres() != nil {
			other := *w
			other.Store = open(t, w.url, w.clock.now)
			nodes = append(nodes, &other)
		}
		entered, leave, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		ctx := forum.WithOnce(w.ctx, once(w.ann.ID, "k", "body"))
		go func() {
			_, err := w.Update(ctx, func(forum.Tx) (any, error) {
				close(entered)
				<-leave
				return nil, nil
			})
			done <- err
		}()
		<-entered
		for i, node := range nodes {
			if err := node.audit(forum.WithOnce(w.ctx, once(w.ann.ID, "k", "body")), "twin"); !fault.Is(err, "idempotency_in_flight") {
				t.Errorf("node %d: %v", i, err)
			}
		}
		close(leave)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if w.audited("twin") != 0 {
			t.Error("the twin was written")
		}
	})
}

func TestPanicReachesItsCallerAlone(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		func() {
			defer func() {
				if v := recover(); v != "oh" {
					t.Errorf("recovered %v", v)
				}
			}()
			w.Update(w.ctx, func(tx forum.Tx) (any, error) {
				if err := tx.InsertAudit(w.ctx, forum.AuditEntry{Action: "panicked", Detail: "{}"}); err != nil {
					t.Error(err)
				}
				panic("oh")
			})
		}()
		if err := w.audit(w.ctx, "after"); err != nil {
			t.Fatal(err)
		}
		if w.audited("panicked") != 0 || w.audited("after") != 1 {
			t.Error("the panic left something, or stopped the next")
		}
	})
}
