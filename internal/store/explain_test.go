package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lightstick/internal/forum"
	"lightstick/internal/markup"
	"lightstick/internal/store"
)

// Every shape of query that a page, a search or the ledger makes goes through an index: no plan reads
// a table that grows with the community from end to end. The community is large enough that reading
// all of it would be no choice.
func TestPlans(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.populate(t)
		var ran []store.Statement
		w.Record(&ran)
		w.readEverything(t)
		seen := map[string]bool{}
		for _, s := range ran {
			if seen[s.SQL] {
				continue
			}
			seen[s.SQL] = true
			plan, err := w.Explain(w.ctx, s.SQL, s.Args...)
			if err != nil {
				t.Fatalf("%v\n%s", err, s.SQL)
			}
			for _, line := range plan {
				if scans(line, plan) {
					t.Errorf("%s\nin the plan of\n%s\n%s", line, s.SQL, strings.Join(plan, "\n"))
				}
			}
		}
		if len(seen) < 25 {
			t.Errorf("only %d queries looked at", len(seen))
		}
	})
}

// scans tells whether a line of a plan reads one of the big tables whole.
func scans(line string, plan []string) bool {
	for _, table := range []string{"posts", "comments", "search_docs", "reactions", "members"} {
		if strings.Contains(line, "Seq Scan on "+table) {
			return true
		}
	}
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "SCAN ") || strings.Contains(line, "VIRTUAL TABLE") || strings.Contains(line, "USING") {
		return false
	}
	switch strings.Fields(line)[1] {
	case "json_each", "below", "answers", "unread", "i", "p", "CONSTANT": // what a query has made itself, within its limit
		return strings.HasPrefix(line, "SCAN p") && !ofSubquery(plan)
	}
	return true
}

// ofSubquery tells whether p is the page that was cut before.
func ofSubquery(plan []string) bool {
	return slices.ContainsFunc(plan, func(l string) bool {
		return strings.Contains(l, "CO-ROUTINE p") || strings.Contains(l, "MATERIALIZE p")
	})
}

// populate makes a community in which reading everything is never the shortest way.
func (w *world) populate(t *testing.T) {
	t.Helper()
	err := w.Load(w.ctx, func(b *store.Bulk) error {
		var boards []forum.Board
		for i := range 40 {
			f := forum.Fandom{Slug: fmt.Sprint("fandom", i), Name: "x", CreatedAt: w.clock.now()}
			if err := b.Fandom(&f); err != nil {
				return err
			}
			for k := range 5 {
				board := forum.Board{FandomID: f.ID, Slug: fmt.Sprint("board", k), Name: "x", CreatedAt: w.clock.now()}
				if err := b.Board(&board); err != nil {
					return err
				}
				boards = append(boards, board)
			}
		}
		for i := range 2000 {
			m := forum.Member{Handle: fmt.Sprint("m", i), Role: forum.RoleMember, CreatedAt: w.clock.now()}
			if err := b.Member(&m, "", ""); err != nil {
				return err
			}
		}
		for i := range 4000 {
			board := boards[i%len(boards)]
			at := w.clock.now().Add(time.Duration(i-4000) * time.Hour)
			p := forum.Post{Board: forum.BoardRef{ID: board.ID, FandomID: board.FandomID}, Author: ref(w.ann), Title: lines[i%len(lines)], Text: "x", Lang: "ko", Pinned: i%50 == 0, CreatedAt: at}
			p.Author.ID += forum.ID(i % 1000)
			if err := b.Post(&p); err != nil {
				return err
			}
			if err := b.Reaction(forum.Target{Kind: forum.TargetPost, ID: p.ID}, p.ID, p.Author.ID, 0); err != nil {
				return err
			}
			for k := range 2 {
				c := forum.Comment{PostID: p.ID, FandomID: board.FandomID, Author: p.Author, Text: fmt.Sprint(lines[(i+k)%len(lines)], i), Lang: "ko", CreatedAt: at}
				if err := b.Comment(&c, board.ID); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if w.Postgres() != nil { // SQLite never has statistics: its plans must be right without
		w.exec(`ANALYZE`)
	}
}

func (w *world) readEverything(t *testing.T) {
	t.Helper()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []forum.Sort{forum.SortHot, forum.SortNew, forum.SortTop} {
		for _, q := range []forum.PostQuery{{}, {BoardID: w.board.ID}, {FandomID: w.fandom.ID}, {AuthorID: w.ben.ID}, {FandomID: w.fandom.ID, BoardID: w.board.ID, Pinned: true}, {FandomID: w.fandom.ID, Pinned: true}} {
			q.Sort, q.Limit = s, 20
			_, next, err := w.Posts(w.ctx, q)
			ok(err)
			q.After = next
			_, _, err = w.Posts(w.ctx, q)
			ok(err)
		}
	}
	for _, q := range []forum.EventQuery{{}, {Standing: true}, {FandomID: w.fandom.ID}, {FandomID: w.fandom.ID, Past: true}, {Past: true, After: forum.NewCursor(1, 1)}} {
		q.Limit = 20
		_, _, err := w.Events(w.ctx, q)
		ok(err)
	}
	_, err := w.Post(w.ctx, 7)
	ok(err)
	_, next, err := w.Tree(w.ctx, 7, "", 2)
	ok(err)
	_, _, err = w.Tree(w.ctx, 7, next, 2)
	ok(err)
	_, _, err = w.Tail(w.ctx, 7, 3, 50)
	ok(err)
	_, err = w.Replies(w.ctx, []forum.ID{1, 3, 5}, 20)
	ok(err)
	_, _, err = w.CommentsBy(w.ctx, w.ben.ID, "", 20)
	ok(err)
	_, err = w.CommentGate(w.ctx, 7, 0)
	ok(err)
	_, err = w.OwnReactions(w.ctx, w.ann.ID, 7)
	ok(err)
	_, _, err = w.Notifications(w.ctx, w.ann.ID, "", 20)
	ok(err)
	_, err = w.UnreadCount(w.ctx, w.ann.ID)
	ok(err)
	w.searchEverything(ok)
}

func (w *world) searchEverything(ok func(error)) {
	for _, words := range []string{"정국", "국", "ㅈㄱ", "정국 Jungkook", "enc", "3999", "없다"} {
		for _, change := range []func(*forum.IndexQuery){
			func(*forum.IndexQuery) {},
			func(q *forum.IndexQuery) { q.TitleOnly = true },
			func(q *forum.IndexQuery) { q.Kinds = []forum.TargetKind{forum.TargetPost} },
			func(q *forum.IndexQuery) {
				q.FandomID, q.BoardID, q.AuthorID = w.fandom.ID, w.board.ID, w.ann.ID
			},
			func(q *forum.IndexQuery) {
				q.From, q.To = w.clock.now().Add(-100*24*time.Hour), w.clock.now().Add(-90*24*time.Hour)
			},
			func(q *forum.IndexQuery) { q.Words[0] = append(q.Words[0], markup.Terms("Jungkook")...) },
		} {
			q := query(words)
			change(&q)
			docs, err := w.SearchIndex(w.ctx, q, 50)
			ok(err)
			if len(docs) == 50 {
				q.Before = docs[49].ID
				_, err = w.SearchIndex(w.ctx, q, 50)
				ok(err)
			}
		}
	}
	if _, err := w.SearchIndex(w.ctx, query("정국"), 0); err != nil {
		ok(fmt.Errorf("a search for nothing: %w", err))
	}
}
