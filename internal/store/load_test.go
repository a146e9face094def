package store_test

import (
	"fmt"
	"testing"
	"time"

	"lightstick/internal/forum"
	"lightstick/internal/markup"
	"lightstick/internal/store"
)

var lines = []string{
	"오늘 무대 진짜 최고였어요 정국 목소리 너무 좋다", "This encore stage was so good, I cried twice watching Jungkook", "今日のライブ最高だった、また行きたい",
	"La nueva canción me tiene llorando desde ayer", "Lagunya enak banget, nonstop dari pagi", "응원봉 어디서 사셨어요? 저도 하나 사고 싶은데",
	"앵콜 영상 올려주신 분 감사합니다 몇 번을 봐도 좋네요", "Does anyone know when the photobook ships to Brazil?",
}

// fill loads posts and comments, half of the comments as replies, over a year.
func fill(w *world, posts, comments int) error {
	return w.Load(w.ctx, func(b *store.Bulk) error {
		begun := w.clock.now().Add(-365 * 24 * time.Hour)
		at := func(i, n int) time.Time { return begun.Add(time.Duration(i) * 365 * 24 * time.Hour / time.Duration(n)) }
		list := make([]forum.ID, posts)
		for i := range list {
			text := lines[i%len(lines)]
			p := forum.Post{Board: forum.BoardRef{ID: w.board.ID, FandomID: w.fandom.ID}, Author: ref(w.ann), Title: fmt.Sprintf("글 %d %s", i, string([]rune(text)[:12])), Body: text, HTML: text, Text: text, Lang: "ko", CreatedAt: at(i, posts)}
			if err := b.Post(&p); err != nil {
				return err
			}
			list[i] = p.ID
		}
		var last forum.Comment
		for i := range comments {
			text := fmt.Sprintf("%s %d", lines[i%len(lines)], i)
			c := forum.Comment{PostID: list[(i/10)%posts], FandomID: w.fandom.ID, Author: ref(w.ben), Body: text, HTML: "<p>" + text + "</p>", Text: text, Lang: "ko", CreatedAt: at(i, comments)}
			if i%2 == 1 && last.PostID == c.PostID {
				c.ParentID = last.ID
			}
			if err := b.Comment(&c, w.board.ID); err != nil {
				return err
			}
			last = c
		}
		return nil
	})
}

func TestLoad(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		if err := fill(w, 40, 1000); err != nil {
			t.Fatal(err)
		}
		b := must[forum.Board](t)(w.BoardByID(w.ctx, w.board.ID))
		if b.Posts != 40 {
			t.Errorf("the board counts %d posts", b.Posts)
		}
		if m := must[forum.Member](t)(w.Member(w.ctx, w.ben.ID)); m.Comments != 1000 {
			t.Errorf("ben counts %d comments", m.Comments)
		}
		terms := markup.Terms("정국")
		docs, err := w.SearchIndex(w.ctx, forum.IndexQuery{Words: [][]markup.Term{{terms[0]}}}, 500)
		if err != nil || len(docs) != 130 {
			t.Errorf("정국 found %d times: %v", len(docs), err)
		}
		// Ids go on behind those of the load.
		w.comment(docs[0].PostID, 0, "later")
	})
}

func BenchmarkLoad(b *testing.B) {
	w := newWorld(b, "sqlite:"+b.TempDir()+"/bench.db")
	const n = 100_000
	for b.Loop() {
		if err := fill(w, n/20, n); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "comments/s")
}
