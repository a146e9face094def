package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"lightstick/internal/forum"
	"lightstick/internal/markup"
	"lightstick/internal/store"
)

func query(text string) forum.IndexQuery {
	q := forum.IndexQuery{}
	for _, t := range markup.Terms(text) {
		q.Words = append(q.Words, []markup.Term{t})
	}
	return q
}

// found lists what the index finds, as "kind title".
func (w *world) found(q forum.IndexQuery) string {
	w.t.Helper()
	docs := must[[]forum.SearchDoc](w.t)(w.SearchIndex(w.ctx, q, 50))
	var all []string
	for i, d := range docs {
		all = append(all, string(d.Target.Kind)+" "+d.Text)
		if i > 0 && d.ID >= docs[i-1].ID {
			w.t.Errorf("document %d comes after %d", d.ID, docs[i-1].ID)
		}
	}
	return strings.Join(all, "; ")
}

func TestSearch(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		other := w.newBoard("other")
		w.clock.advance(time.Hour)
		p := w.post("정국 컴백", "오늘 공개")
		w.clock.advance(time.Hour)
		c := w.comment(p.ID, 0, "정국이 최고 it's great")
		w.clock.advance(time.Hour)
		q := w.post("photobook", "Jungkook and 'quotes\" \\ : & | ( )")
		w.flush()
		only := func(q forum.IndexQuery, change func(*forum.IndexQuery)) forum.IndexQuery {
			change(&q)
			return q
		}
		post, comment := "post 오늘 공개", "comment 정국이 최고 it's great"
		alias := query("정국")
		alias.Words[0] = append(alias.Words[0], markup.Terms("Jungkook")...)
		begun := w.clock.now().Add(-2 * time.Hour)
		for name, tc := range map[string]struct {
			q    forum.IndexQuery
			want string
		}{
			"a name":              {query("정국"), comment + "; " + post},
			"one syllable":        {query("국"), comment + "; " + post},
			"initials":            {query("ㅈㄱ"), comment + "; " + post},
			"two words":           {query("정국 최고"), comment},
			"words not together":  {query("정국 photobook"), ""},
			"alias":               {alias, "post " + q.Text + "; " + comment + "; " + post},
			"prefix":              {query("Jung"), "post " + q.Text},
			"in titles":           {only(query("정국"), func(q *forum.IndexQuery) { q.TitleOnly = true }), post},
			"posts":               {only(query("정국"), func(q *forum.IndexQuery) { q.Kinds = []forum.TargetKind{forum.TargetPost} }), post},
			"the text of posts":   {only(query("공개"), func(q *forum.IndexQuery) { q.Kinds = []forum.TargetKind{forum.TargetPost} }), post},
			"a prefix in posts":   {only(query("Jungko"), func(q *forum.IndexQuery) { q.Kinds = []forum.TargetKind{forum.TargetPost} }), "post " + q.Text},
			"posts' words":        {query("p:정국"), ""},
			"titles of posts":     {only(query("정국"), func(q *forum.IndexQuery) { q.TitleOnly, q.Kinds = true, []forum.TargetKind{forum.TargetPost} }), post},
			"titles of comments":  {only(query("정국"), func(q *forum.IndexQuery) { q.TitleOnly, q.Kinds = true, []forum.TargetKind{forum.TargetComment} }), ""},
			"titles of members":   {only(query("정국"), func(q *forum.IndexQuery) { q.TitleOnly, q.Kinds = true, []forum.TargetKind{forum.TargetMember} }), ""},
			"two kinds":           {only(query("정국"), func(q *forum.IndexQuery) { q.Kinds = []forum.TargetKind{forum.TargetPost, forum.TargetComment} }), comment + "; " + post},
			"an unknown kind":     {only(query("정국"), func(q *forum.IndexQuery) { q.Kinds = []forum.TargetKind{`x" OR "`} }), ""},
			"a member":            {query("ben"), "member ben "},
			"a board":             {query("other"), "board other "},
			"of an author":        {only(query("정국"), func(q *forum.IndexQuery) { q.AuthorID = w.ben.ID }), comment},
			"in a fandom":         {only(query("정국"), func(q *forum.IndexQuery) { q.FandomID = w.fandom.ID }), comment + "; " + post},
			"in another fandom":   {only(query("정국"), func(q *forum.IndexQuery) { q.FandomID = w.fandom.ID + 1 }), ""},
			"on another board":    {only(query("정국"), func(q *forum.IndexQuery) { q.BoardID = other.ID }), ""},
			"since":               {only(query("정국"), func(q *forum.IndexQuery) { q.From = begun.Add(time.Minute) }), comment},
			"until":               {only(query("정국"), func(q *forum.IndexQuery) { q.To = begun.Add(time.Minute) }), post},
			"filters are no text": {query("k post"), ""},
			"nothing":             {forum.IndexQuery{}, ""},
		} {
			if got := w.found(tc.q); got != tc.want {
				t.Errorf("%s: found %q, want %q", name, got, tc.want)
			}
		}
		docs := must[[]forum.SearchDoc](t)(w.SearchIndex(w.ctx, query("최고"), 5))
		d := docs[0]
		if d.Target != (forum.Target{Kind: forum.TargetComment, ID: c.ID}) || d.PostID != p.ID || d.Title != "정국 컴백" || d.Author != ref(w.ben) || d.Board.Slug != "free" || d.Board.FandomSlug != "aurora" || !d.CreatedAt.Equal(c.CreatedAt) {
			t.Errorf("document %+v", d)
		}
		before := query("정국")
		before.Before = d.ID
		if got := w.found(before); got != post {
			t.Errorf("before %d: %q", d.ID, got)
		}
	})
}

func TestSearchFollowsChanges(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		other := w.newBoard("other")
		p := w.post("first title", "alpha")
		c := w.comment(p.ID, 0, "bravo")
		w.flush()
		expect := func(what, words, want string) {
			t.Helper()
			if got := w.found(query(words)); got != want {
				t.Errorf("%s: %q found %q, want %q", what, words, got, want)
			}
		}
		p.Title, p.Text = "second title", "charlie"
		c.Text = "delta"
		w.update(func(tx forum.Tx) error { return errors.Join(tx.UpdatePost(w.ctx, &p), tx.UpdateComment(w.ctx, &c)) })
		w.flush()
		expect("edited", "alpha", "")
		expect("edited", "bravo", "")
		expect("edited", "charlie", "post charlie")
		expect("edited", "delta", "comment delta")
		p.Board.ID = other.ID
		w.update(func(tx forum.Tx) error { return tx.UpdatePost(w.ctx, &p) })
		w.flush()
		q := query("delta")
		if q.BoardID = other.ID; w.found(q) == "" {
			t.Error("a moved post's comment is not found on its new board")
		}
		if q.BoardID = w.board.ID; w.found(q) != "" {
			t.Error("a moved post's comment is found on its old board")
		}
		p.State = forum.Hidden
		w.update(func(tx forum.Tx) error { return tx.UpdatePost(w.ctx, &p) })
		expect("hidden, before the flush", "delta", "")
		w.flush()
		if n := w.number(`SELECT count(*) FROM search_docs WHERE kind IN ('post', 'comment')`); n != 0 {
			t.Errorf("%d documents of a hidden post", n)
		}
		p.State = forum.Visible
		w.update(func(tx forum.Tx) error { return tx.UpdatePost(w.ctx, &p) })
		w.flush()
		expect("restored", "delta", "comment delta")
		m := must[forum.Member](t)(w.Member(w.ctx, w.ben.ID))
		m.Name, m.Bio = "echo", "foxtrot"
		w.update(func(tx forum.Tx) error { return tx.UpdateMember(w.ctx, &m) })
		w.flush()
		expect("renamed", "echo", "member ben foxtrot")
		expect("renamed", "foxtrot", "member ben foxtrot")
	})
}

// A post with more comments than one flush indexes: hiding it takes several, and all get done.
func TestSearchForgetsLongThreads(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		p := w.post("long", "")
		if err := w.Load(w.ctx, func(b *store.Bulk) error {
			for i := range 1200 {
				c := forum.Comment{PostID: p.ID, FandomID: w.fandom.ID, Author: ref(w.ben), Text: fmt.Sprint("word ", i), Lang: "en", CreatedAt: w.clock.now()}
				if err := b.Comment(&c, w.board.ID); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if n := w.number(`SELECT count(*) FROM search_docs WHERE kind = 'comment'`); n != 1200 {
			t.Fatalf("%d documents", n)
		}
		p.State = forum.Deleted
		w.update(func(tx forum.Tx) error { return tx.UpdatePost(w.ctx, &p) })
		w.flush()
		if n := w.number(`SELECT count(*) FROM search_docs WHERE kind = 'comment'`); n != 0 {
			t.Errorf("%d documents are left", n)
		}
	})
}

// What many flushes leave in pieces becomes few in the course of the reconciliation, and all is still found.
func TestSearchIsTidied(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		p := w.post("long", "")
		const words = 12
		for i := range words {
			w.comment(p.ID, 0, fmt.Sprintf("word%d shared", i))
			w.flush()
			w.clock.advance(time.Minute)
		}
		if err := w.Reconcile(w.ctx); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(w.found(query("shared")), "comment"); got != words {
			t.Errorf("%d comments found, want %d", got, words)
		}
		for i := range words {
			if got, want := w.found(query(fmt.Sprintf("word%d shared", i))), fmt.Sprintf("comment word%d shared", i); !strings.Contains(got, want) {
				t.Errorf("found %q, want %q", got, want)
			}
		}
		if w.SQLite() != nil {
			if n := w.number(`SELECT count(DISTINCT segid) FROM search_index_idx`); n > 4 {
				t.Errorf("the index is in %d pieces", n)
			}
		}
	})
}

// A comment is found behind many newer posts with the same words, however few are asked for.
func TestSearchFindsCommentsBehindPosts(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		p := w.post("first", "")
		w.comment(p.ID, 0, "shared")
		for range 3 * 10 {
			w.clock.advance(time.Minute)
			w.post("shared", "")
		}
		w.flush()
		q := query("shared")
		q.Kinds = []forum.TargetKind{forum.TargetComment}
		docs := must[[]forum.SearchDoc](t)(w.SearchIndex(w.ctx, q, 1))
		if len(docs) != 1 || docs[0].Text != "shared" {
			t.Errorf("found %+v", docs)
		}
	})
}
