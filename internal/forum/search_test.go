package forum_test

import (
	"slices"
	"testing"
	"time"

	"lightstick/internal/forum"
)

// titles are the titles found, in order.
func (w *world) titles(q forum.SearchQuery) []string {
	w.t.Helper()
	hits, _, err := w.Search(w.ctx, q)
	w.must(err)
	var list []string
	for _, h := range hits {
		list = append(list, h.Doc.Title)
	}
	return list
}

func TestSearchFindsNames(t *testing.T) {
	w := newWorld(t)
	w.post(w.ann, "정국이 노래", "오늘도 최고")
	w.post(w.ann, "Jungkook cover", "so good")
	w.post(w.ben, "뷔 생일", "카페 이벤트")
	w.post(w.ben, "今日のライブ", "東京ドームで会おう")
	w.post(w.ben, "演唱会", "上海见")
	w.post(w.ben, "Café Canción", "mañana")
	w.post(w.ben, "정말 국수", "맛있다") // has 정 and 국, not 정국
	w.settle()
	for query, want := range map[string][]string{
		"정국": {"정국이 노래"}, "ㅈㄱ": {"정국이 노래"}, "뷔": {"뷔 생일"}, "jungk": {"Jungkook cover"}, "JUNGKOOK": {"Jungkook cover"},
		"ライブ": {"今日のライブ"}, "東京": {"今日のライブ"}, "上海": {"演唱会"}, "cancion": {"Café Canción"}, "정국 최고": {"정국이 노래"},
		"정국 생일": nil, "없는말": nil, "zzz": nil,
	} {
		if got := w.titles(forum.SearchQuery{Text: query, Kinds: []forum.TargetKind{forum.TargetPost}}); !slices.Equal(got, want) {
			t.Errorf("%q found %q, want %q", query, got, want)
		}
	}
}

func TestSearchKnowsAliases(t *testing.T) {
	w := newWorld(t)
	w.post(w.ann, "정국이 노래", "a")
	w.post(w.ann, "Jungkook cover", "b")
	w.post(w.ann, "JK fancam", "c")
	w.must(w.SetAliases(w.ctx, w.mod, w.fandom.ID, [][]string{{"정국", "Jungkook", "JK"}}))
	w.refused(w.SetAliases(w.ctx, w.ann, w.fandom.ID, nil), "staff_only")
	w.refused(w.SetAliases(w.ctx, w.mod, w.fandom.ID, [][]string{{"alone"}}), "alias_count")
	w.settle()
	for _, query := range []string{"정국", "jungkook", "jk"} {
		if got := w.titles(forum.SearchQuery{Text: query, FandomID: w.fandom.ID}); len(got) != 3 {
			t.Errorf("%q found %q", query, got)
		}
	}
	if got := w.titles(forum.SearchQuery{Text: "jk cover", FandomID: w.fandom.ID}); !slices.Equal(got, []string{"Jungkook cover"}) {
		t.Errorf("an alias among other words: %q", got)
	}
}

func TestSearchNarrowsAndOrders(t *testing.T) {
	w := newWorld(t)
	old := w.post(w.ann, "concert plans", "x")
	w.clock.Advance(48 * time.Hour)
	w.post(w.ben, "food", "before the concert we eat")
	w.clock.Advance(time.Second)
	w.comment(w.ann, old.ID, 0, "which concert?")
	_ = must(w.CreatePost(w.ctx, w.ann, w.otherBoard.ID, forum.PostInput{Title: "concert elsewhere", Body: "x"}))(t)
	w.settle()
	day := w.clock.Now().Add(-24 * time.Hour)
	for name, c := range map[string]struct {
		q    forum.SearchQuery
		want []string
	}{
		"fandom, newest": {forum.SearchQuery{FandomID: w.fandom.ID, Newest: true}, []string{"concert plans", "food", "concert plans"}},
		"relevant first": {forum.SearchQuery{FandomID: w.fandom.ID, Kinds: []forum.TargetKind{forum.TargetPost}}, []string{"concert plans", "food"}},
		"author":         {forum.SearchQuery{AuthorID: w.ben.ID}, []string{"food"}},
		"since":          {forum.SearchQuery{From: day, Kinds: []forum.TargetKind{forum.TargetPost}, FandomID: w.fandom.ID}, []string{"food"}},
		"until":          {forum.SearchQuery{To: day}, []string{"concert plans"}},
		"board":          {forum.SearchQuery{BoardID: w.otherBoard.ID}, []string{"concert elsewhere"}},
	} {
		c.q.Text = "concert"
		if got := w.titles(c.q); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestSearchPagesShowEverythingOnce(t *testing.T) {
	w := newWorld(t)
	p := w.post(w.ann, "thread", "x")
	for range 25 {
		w.comment(w.ben, p.ID, 0, "lightstick battery")
	}
	w.settle()
	seen := map[forum.ID]bool{}
	var after forum.Cursor
	for range 10 {
		hits, next, err := w.Search(w.ctx, forum.SearchQuery{Text: "battery", Newest: true, Limit: 10, After: after})
		w.must(err)
		for _, h := range hits {
			if seen[h.Doc.Target.ID] {
				t.Fatalf("%v twice", h.Doc.Target)
			}
			seen[h.Doc.Target.ID] = true
		}
		if after = next; next == "" {
			break
		}
	}
	if len(seen) != 25 {
		t.Fatalf("found %d of 25", len(seen))
	}
}

func TestSearchForgetsWhatIsGone(t *testing.T) {
	w := newWorld(t)
	p := w.post(w.ann, "secret plan", "x")
	w.settle()
	w.must(w.DeletePost(w.ctx, w.ann, p.ID, 0))
	w.settle()
	if got := w.titles(forum.SearchQuery{Text: "secret"}); got != nil {
		t.Fatalf("found %q", got)
	}
	_, _, err := w.Search(w.ctx, forum.SearchQuery{Text: "  "})
	w.refused(err, "required")
	if hits, _, err := w.Search(w.ctx, forum.SearchQuery{Text: "!!! ***"}); err != nil || hits != nil {
		t.Fatalf("%v %v", hits, err)
	}
}
