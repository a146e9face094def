package store_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"lightstick/internal/forum"
	"lightstick/internal/testkit/pgtest"
)

// cpu is the processor time of this process so far.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// perOp reports the processor time of each operation, all threads together.
func perOp(b *testing.B, op func()) {
	before := cpu(b)
	for b.Loop() {
		op()
	}
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

// BenchmarkComments is comments by 16 writers through the store, with ledger and idempotency key,
// against the bare insert of the same bytes with a commit each, at the same durability.
func BenchmarkComments(b *testing.B) {
	dir := b.TempDir()
	w := newWorld(b, "sqlite:"+filepath.Join(dir, "store.db"))
	p := w.post("live", "")
	bare := bareInserts(b, filepath.Join(dir, "bare.db"))
	before := cpu(b)
	var wg sync.WaitGroup
	begun := time.Now()
	const writers = 16
	n := max(b.N, 2000)
	for i := range writers {
		wg.Go(func() {
			for k := range n / writers {
				c := forum.Comment{PostID: p.ID, Author: ref(w.ben), Body: lines[0], HTML: "<p>" + lines[0], Text: lines[0], Lang: "ko", CreatedAt: w.clock.now()}
				ctx := forum.WithOnce(w.ctx, once(w.ben.ID, fmt.Sprint(b.N, i, k), lines[0]))
				if _, err := w.Update(ctx, func(tx forum.Tx) (any, error) { return nil, tx.InsertComment(ctx, &c) }); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	rate := float64(n) / time.Since(begun).Seconds()
	b.ReportMetric(rate, "comments/s")
	b.ReportMetric(bare, "bare-inserts/s")
	b.ReportMetric(rate/bare, "ratio")
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(n), "cpu-µs/op")
}

// bareInserts measures one writer that commits each row.
func bareInserts(b *testing.B, path string) float64 {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, post_id BIGINT, text TEXT)`); err != nil {
		b.Fatal(err)
	}
	stmt, err := db.Prepare(`INSERT INTO t (post_id, text) VALUES ($1, $2)`)
	if err != nil {
		b.Fatal(err)
	}
	const n = 2000
	begun := time.Now()
	for range n {
		if _, err := stmt.Exec(1, lines[0]); err != nil {
			b.Fatal(err)
		}
	}
	return n / time.Since(begun).Seconds()
}

func BenchmarkFlush(b *testing.B) {
	w := newWorld(b, "sqlite:"+filepath.Join(b.TempDir(), "bench.db"))
	p := w.post("live", "")
	var spent, processor time.Duration
	n := 0
	for b.Loop() {
		for range 500 {
			w.comment(p.ID, 0, lines[n%len(lines)])
		}
		before, begun := cpu(b), time.Now()
		k, err := w.Flush(w.ctx, 500)
		if err != nil {
			b.Fatal(err)
		}
		n, spent, processor = n+k, spent+time.Since(begun), processor+cpu(b)-before
	}
	b.ReportMetric(float64(spent.Microseconds())/float64(n), "µs/change")
	b.ReportMetric(float64(processor.Microseconds())/float64(n), "cpu-µs/change")
}

// large is a community of n comments, kept for all benchmarks of one run.
func large(b *testing.B, engine string, n int) *world {
	url := "sqlite:" + filepath.Join(b.TempDir(), "large.db")
	if engine == "postgres" {
		url = pgtest.Database(b)
	}
	w := newWorld(b, url)
	if err := fill(w, n/20, n); err != nil {
		b.Fatal(err)
	}
	if w.Postgres() != nil {
		w.exec(`ANALYZE`)
	}
	return w
}

func BenchmarkReads(b *testing.B) {
	for _, size := range []struct {
		engine string
		n      int
	}{{"sqlite", 4_000}, {"sqlite", 200_000}, {"postgres", 200_000}} {
		b.Run(fmt.Sprintf("%s-%d", size.engine, size.n), func(b *testing.B) {
			w := large(b, size.engine, size.n)
			list, _, err := w.Posts(w.ctx, forum.PostQuery{BoardID: w.board.ID, Sort: forum.SortTop, Limit: 1})
			if err != nil {
				b.Fatal(err)
			}
			for range 40 {
				w.comment(list[0].ID, 0, lines[0])
			}
			b.Run("page", func(b *testing.B) {
				perOp(b, func() {
					p, err := w.Post(w.ctx, list[0].ID)
					if err != nil {
						b.Fatal(err)
					}
					if _, _, err := w.Tree(w.ctx, p.ID, "", 50); err != nil {
						b.Fatal(err)
					}
					if _, err := w.Boards(w.ctx, p.Board.FandomID); err != nil {
						b.Fatal(err)
					}
				})
			})
			b.Run("board", func(b *testing.B) {
				perOp(b, func() {
					if _, _, err := w.Posts(w.ctx, forum.PostQuery{BoardID: w.board.ID, Sort: forum.SortHot, Limit: 30}); err != nil {
						b.Fatal(err)
					}
				})
			})
			for name, words := range map[string]string{"frequent": "정국", "and": "정국 encore", "rare": "3999", "initials": "ㅈㄱ", "prefix": "enc"} {
				b.Run("search-"+name, func(b *testing.B) {
					perOp(b, func() {
						if _, err := w.SearchIndex(w.ctx, query(words), 100); err != nil {
							b.Fatal(err)
						}
					})
				})
			}
		})
	}
}
