package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/testkit/pgtest"
)

// lanesOpen is how many transactions of several changes a store has open at once.
const lanesOpen = 2

// company lets changes meet: they wait, all of them, until together is called, and then share a transaction.
type company struct {
	w       *world
	n       int
	changes sync.WaitGroup
	blocks  sync.WaitGroup
	release chan struct{}
}

func (w *world) company() *company {
	c := &company{w: w, release: make(chan struct{})}
	entered := make(chan struct{}, 9)
	for range lanesOpen {
		c.blocks.Go(func() {
			_, err := w.Add(w.ctx, func(tx forum.Tx) (any, error) {
				entered <- struct{}{}
				<-c.release
				return nil, nil
			})
			if err != nil {
				w.t.Error(err)
			}
		})
		<-entered // before the next, which would share its transaction
	}
	return c
}

// join adds a change that waits with the others.
func (c *company) join(change func()) {
	c.changes.Go(change)
	c.n++
	eventually(c.w.t.(*testing.T), "a change waits", func() bool { return c.w.Waiting() == c.n })
}

func (c *company) together() {
	close(c.release)
	c.blocks.Wait()
	c.changes.Wait()
}

// insert is a change that inserts a comment, or nothing and then is an error.
func (w *world) insert(tx forum.Tx, post forum.ID, text string) error {
	c := forum.Comment{PostID: post, Author: ref(w.ben), Body: text, HTML: text, Text: text, Lang: "en", CreatedAt: w.clock.now()}
	return tx.InsertComment(w.ctx, &c)
}

func (w *world) rowsOf(text string) int {
	return w.number(fmt.Sprintf(`SELECT count(*) FROM comments WHERE text = '%s'`, text))
}

// TestNeighboursOfAFailedChange: whatever goes wrong with one of the changes in a transaction, it is its own
// affair, and what it had done is undone.
func TestNeighboursOfAFailedChange(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		name  string
		fails func(w *world, tx forum.Tx, post forum.ID) error
		right func(err error) bool
		share bool // its neighbours still share their transaction
	}{
		{"nobody fails", nil, nil, true},
		{"before it has written", func(w *world, tx forum.Tx, _ forum.ID) error { return w.insert(tx, 404, "odd") },
			func(err error) bool { return fault.Is(err, "post_closed") }, true},
		{"after it has written", func(w *world, tx forum.Tx, post forum.ID) error { return errors.Join(w.insert(tx, post, "odd"), boom) },
			func(err error) bool { return errors.Is(err, boom) }, false},
		{"by what the database refuses", func(w *world, tx forum.Tx, post forum.ID) error { return w.insert(tx, post, "odd\x00") },
			func(err error) bool { return fault.Is(err, "invalid_utf8") }, false},
		{"by a job that cannot be stored", func(w *world, tx forum.Tx, _ forum.ID) error { return tx.Enqueue(w.ctx, badJob{}) },
			func(err error) bool { return err != nil }, false},
		{"by a panic", func(w *world, tx forum.Tx, post forum.ID) error {
			if err := w.insert(tx, post, "odd"); err != nil {
				return err
			}
			panic("oh")
		}, func(err error) bool { return err != nil && err.Error() == "panic: oh" }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, pgtest.Database(t))
			post := w.post("live", "")
			meet := w.company()
			const neighbours = 10
			for range neighbours {
				meet.join(func() {
					_, err := w.Add(w.ctx, func(tx forum.Tx) (any, error) {
						return nil, errors.Join(w.insert(tx, post.ID, "even"), tx.Enqueue(w.ctx, ping{1}))
					})
					if err != nil {
						t.Errorf("a neighbour: %v", err)
					}
				})
			}
			if c.fails != nil {
				meet.join(func() {
					err := func() (err error) {
						defer func() {
							if v := recover(); v != nil {
								err = fmt.Errorf("panic: %v", v)
							}
						}()
						_, err = w.Add(w.ctx, func(tx forum.Tx) (any, error) { return nil, c.fails(w, tx, post.ID) })
						return err
					}()
					if !c.right(err) {
						t.Errorf("the odd one got %v", err)
					}
				})
			}
			meet.together()
			if even, odd, jobs := w.rowsOf("even"), w.rowsOf("odd"), w.number(`SELECT count(*) FROM river_job WHERE kind = 'ping'`); even != neighbours || odd != 0 || jobs != neighbours {
				t.Errorf("%d of %d comments with %d jobs, %d of what failed", even, neighbours, jobs, odd)
			}
			if n := w.number(`SELECT count(DISTINCT xmin::text) FROM comments`); (n == 1) != c.share {
				t.Errorf("%d transactions", n)
			}
		})
	}
}

// badJob is refused by the queue when it is to be stored.
type badJob struct{}

func (badJob) Kind() string                 { return "bad" }
func (badJob) MarshalJSON() ([]byte, error) { return nil, errors.New("not to be encoded") }

// TestKeysTogether: who has sent a request twice gets its first answer, also in a transaction with others.
func TestKeysTogether(t *testing.T) {
	w := newWorld(t, pgtest.Database(t))
	post := w.post("live", "")
	for round := range 2 {
		meet := w.company()
		for i := range 6 {
			meet.join(func() {
				ctx := forum.WithOnce(w.ctx, once(w.ben.ID, fmt.Sprintf("key-%d", i), "body"))
				how := &forum.Reading{Fresh: true}
				_, err := w.Add(forum.WithReading(ctx, how), func(tx forum.Tx) (any, error) { return i, w.insert(tx, post.ID, "keyed") })
				replay, again := errors.AsType[*forum.Replay](err)
				if again != (round == 1) || err != nil && !again || again && string(replay.Body) != fmt.Sprint(i) || how.Token() == "" {
					t.Errorf("round %d: error %v, token %q", round, err, how.Token())
				}
			})
		}
		meet.together()
	}
	if n := w.rowsOf("keyed"); n != 6 {
		t.Errorf("%d comments for 6 keys", n)
	}
}

// TestACommitTogetherWithoutAnAnswer: those who have a key are certain all the same, the others are told
// that nobody knows.
func TestACommitTogetherWithoutAnAnswer(t *testing.T) {
	for _, c := range []struct {
		name string
		when int32
		bare int // comments of those without a key
	}{{"lost before", beforeCommit, 0}, {"lost after", afterCommit, 3}} {
		t.Run(c.name, func(t *testing.T) {
			b, address := newBreaker(t, pgtest.Database(t))
			w := newWorld(t, address)
			post := w.post("live", "")
			meet := w.company()
			for i := range 3 {
				meet.join(func() {
					ctx := forum.WithOnce(w.ctx, once(w.ben.ID, fmt.Sprintf("key-%d", i), "body"))
					if _, err := w.Add(ctx, func(tx forum.Tx) (any, error) { return i, w.insert(tx, post.ID, "keyed") }); err != nil && !replayed(err) {
						t.Errorf("with a key: %v", err)
					}
				})
				meet.join(func() {
					if _, err := w.Add(w.ctx, func(tx forum.Tx) (any, error) { return nil, w.insert(tx, post.ID, "bare") }); !fault.Is(err, "outcome_unknown") {
						t.Errorf("without: %v", err)
					}
				})
			}
			// The first two COMMITs are those of the changes that hold the others up.
			b.after.Store(lanesOpen)
			b.next.Store(c.when)
			meet.together()
			if keyed, bare := w.rowsOf("keyed"), w.rowsOf("bare"); keyed != 3 || bare != c.bare {
				t.Errorf("%d with keys, %d without", keyed, bare)
			}
		})
	}
}

// TestLeavingTheQueue: who goes away while waiting has done nothing, and who goes away later has.
func TestLeavingTheQueue(t *testing.T) {
	w := newWorld(t, pgtest.Database(t))
	post := w.post("live", "")
	meet := w.company()
	ctx, cancel := context.WithCancel(w.ctx)
	meet.join(func() {
		_, err := w.Add(ctx, func(tx forum.Tx) (any, error) { return nil, w.insert(tx, post.ID, "left") })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("who left got %v", err)
		}
	})
	cancel()
	eventually(t, "the queue is empty", func() bool { return w.Waiting() == 0 })
	late, away := context.WithCancel(w.ctx)
	meet.n = 0
	meet.join(func() {
		_, err := w.Add(late, func(tx forum.Tx) (any, error) {
			away()
			return nil, w.insert(tx, post.ID, "stayed")
		})
		if err != nil {
			t.Errorf("who was being served got %v", err)
		}
	})
	meet.together()
	if w.rowsOf("left") != 0 || w.rowsOf("stayed") != 1 {
		t.Errorf("%d left, %d stayed", w.rowsOf("left"), w.rowsOf("stayed"))
	}
}

// TestReadsTogether: who is to write reads in company, and a read that the database refuses is refused
// to nobody else.
func TestReadsTogether(t *testing.T) {
	w := newWorld(t, pgtest.Database(t))
	posts := []forum.Post{w.post("one", ""), w.post("two", "")}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for k := range 50 {
				ctx := forum.WithReading(w.ctx, &forum.Reading{Fresh: true})
				post := posts[(i+k)%2]
				if p, err := w.Post(ctx, post.ID); err != nil || p.Title != post.Title || p.Author.Handle != "ann" {
					t.Errorf("%+v, error %v", p, err)
				}
				if _, err := w.Post(ctx, 404); !fault.Is(err, "post_not_found") {
					t.Errorf("no such post: %v", err)
				}
				if i == 0 {
					if _, err := w.MemberByHandle(ctx, "a\x00nn"); !fault.Is(err, "invalid_utf8") {
						t.Errorf("what the database refuses: %v", err)
					}
				}
			}
		})
	}
	wg.Wait()
	ctx, leave := context.WithCancel(forum.WithReading(w.ctx, &forum.Reading{Fresh: true}))
	leave()
	if _, err := w.Post(ctx, posts[0].ID); !errors.Is(err, context.Canceled) {
		t.Errorf("who has left got %v", err)
	}
}
