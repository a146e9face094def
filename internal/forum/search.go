package forum

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/markup"
)

// SearchQuery is what a reader looks for. All words must be found; ids of 0 do not narrow.
type SearchQuery struct {
	Text     string
	Kinds    []TargetKind // post, comment, member, board; empty: all
	FandomID ID
	BoardID  ID
	AuthorID ID
	From, To time.Time // zero: open
	Newest   bool      // else most relevant first
	After    Cursor    // with Newest
	Limit    int
}

// Hit is one thing found.
type Hit struct {
	Doc     SearchDoc
	Title   []markup.Segment
	Snippet []markup.Segment
}

// SearchDoc is what the index knows of a post, comment, member or board.
type SearchDoc struct {
	ID        ID // of the index, grows with time
	Target    Target
	PostID    ID
	Title     string // post title, or the title of the comment's post; name of a member or board
	Text      string
	Lang      string
	Author    MemberRef
	Board     BoardRef
	Score     int // reactions and comments
	CreatedAt time.Time
}

// IndexQuery asks the index for candidates, newest first: every word by one of its alternatives.
type IndexQuery struct {
	SearchQuery
	Words     [][]markup.Term // all of the words, any of the alternatives of each
	TitleOnly bool
	Before    ID // index id; 0: from the newest
}

// How many candidates a search looks at before it ranks or gives up.
const (
	candidates = 200
	rounds     = 6
	// recently is when the time of a text weighs most in its relevance: among words so frequent that
	// two pages are full of texts from this time, older ones would seldom be shown.
	recently = 14 * 24 * time.Hour
)

// Search finds posts, comments, members and boards. next is empty at the end.
func (f *Forum) Search(ctx context.Context, q SearchQuery) (hits []Hit, next Cursor, err error) {
	var bad fault.Fields
	q.Text = text(&bad, "q", q.Text, false, 1, MaxQuery)
	if err := bad.Err(); err != nil {
		return nil, "", err
	}
	if q.Limit <= 0 || q.Limit > MaxPageSize {
		q.Limit = 20
	}
	words, err := f.words(ctx, q)
	if err != nil || len(words) == 0 {
		return nil, "", err
	}
	iq := IndexQuery{SearchQuery: q, Words: words}
	if q.Newest {
		return f.searchNewest(ctx, iq)
	}
	docs, err := f.searchRelevant(ctx, iq)
	return highlight(docs, words), "", err
}

func (f *Forum) searchNewest(ctx context.Context, q IndexQuery) ([]Hit, Cursor, error) {
	if q.After != "" {
		if err := q.After.scan(&q.Before); err != nil {
			return nil, "", err
		}
	}
	var found []SearchDoc
	want := min(candidates, q.Limit+q.Limit/4+1) // nearly all that the index names holds the words: mostly this is enough
	for range rounds {
		docs, err := f.Store.SearchIndex(ctx, q, want)
		if err != nil {
			return nil, "", err
		}
		for _, d := range docs {
			if !verified(d, q.Words) {
				continue
			}
			if len(found) == q.Limit {
				return highlight(found, q.Words), cursor(found[q.Limit-1].ID), nil
			}
			found = append(found, d)
		}
		if len(docs) < want {
			return highlight(found, q.Words), "", nil
		}
		q.Before, want = docs[len(docs)-1].ID, min(candidates, 4*want)
	}
	return highlight(found, q.Words), cursor(q.Before), nil
}

// searchRelevant ranks the newest candidates, those with the words in the title looked up apart,
// so that an old title is not buried under new chatter. Of words that are frequent it takes fewer
// candidates: more would be older, not better.
func (f *Forum) searchRelevant(ctx context.Context, q IndexQuery) ([]SearchDoc, error) {
	now := f.Now()
	titles := q
	titles.TitleOnly = true
	docs, err := f.newest(ctx, titles, now)
	if err != nil {
		return nil, err
	}
	more, err := f.newest(ctx, q, now)
	if err != nil {
		return nil, err
	}
	seen := make(map[ID]float64, len(docs)+len(more))
	var found []SearchDoc
	for _, d := range append(docs, more...) {
		if _, dup := seen[d.ID]; !dup && verified(d, q.Words) {
			seen[d.ID] = relevance(d, q.Words, now)
			found = append(found, d)
		}
	}
	slices.SortStableFunc(found, func(a, b SearchDoc) int {
		return cmp.Or(cmp.Compare(seen[b.ID], seen[a.ID]), cmp.Compare(b.ID, a.ID))
	})
	return found[:min(len(found), q.Limit)], nil
}

// newest are the candidates of one search by relevance.
func (f *Forum) newest(ctx context.Context, q IndexQuery, now time.Time) ([]SearchDoc, error) {
	want := min(candidates/2, 2*q.Limit)
	docs, err := f.Store.SearchIndex(ctx, q, want)
	if err != nil || len(docs) < want || want == candidates/2 || now.Sub(docs[want-1].CreatedAt) < recently {
		return docs, err
	}
	q.Before = docs[want-1].ID
	more, err := f.Store.SearchIndex(ctx, q, candidates/2-want)
	return append(docs, more...), err
}

// relevance favours words in titles, names over prose, what people reacted to, and the recent.
func relevance(d SearchDoc, words [][]markup.Term, now time.Time) float64 {
	score := 0.0
	switch title := markup.Fold(d.Title); {
	case d.Target.Kind == TargetComment: // its title is the post's
	case all(words, title):
		score += 4
		if len(words) == 1 && words[0][0].Text == strings.TrimSpace(title) {
			score += 4
		}
	}
	if d.Target.Kind == TargetMember || d.Target.Kind == TargetBoard {
		score++
	}
	for n := d.Score; n > 0; n /= 2 {
		score += 0.3
	}
	days := now.Sub(d.CreatedAt).Hours() / 24
	return score + 3/(1+max(days, 0)/14)
}

// words splits the query and adds the aliases of the fandom it looks in (or of all).
func (f *Forum) words(ctx context.Context, q SearchQuery) ([][]markup.Term, error) {
	terms := markup.Terms(q.Text)
	if len(terms) == 0 {
		return nil, nil
	}
	aliases, err := f.Store.Aliases(ctx, q.FandomID)
	if err != nil {
		return nil, err
	}
	folded := foldedNames(aliases)
	whole := markup.Fold(q.Text)
	for i, a := range aliases {
		if slices.Contains(folded[i], whole) {
			return [][]markup.Term{alternatives(terms, a.Names)}, nil
		}
	}
	words := make([][]markup.Term, 0, len(terms))
	for _, t := range terms {
		alts := []markup.Term{t}
		for i, a := range aliases {
			if slices.Contains(folded[i], t.Text) {
				alts = alternatives(alts, a.Names)
			}
		}
		words = append(words, alts)
	}
	return words, nil
}

// foldedNames folds the names of all sets once, however many words are looked for in them.
func foldedNames(aliases []Alias) [][]string {
	list := make([][]string, len(aliases))
	for i, a := range aliases {
		for _, n := range a.Names {
			list[i] = append(list[i], markup.Fold(n))
		}
	}
	return list
}

func alternatives(own []markup.Term, names []string) []markup.Term {
	if len(own) > 1 { // a name of several words: as one term, verified as a whole
		own = own[:0:0]
	}
	for _, n := range names {
		ts := markup.Terms(n)
		if len(ts) == 0 {
			continue
		}
		t := ts[0]
		for _, x := range ts[1:] {
			t.Tokens = append(t.Tokens, x.Tokens...)
		}
		t.Text, t.Prefix = markup.Fold(n), false
		if !slices.ContainsFunc(own, func(o markup.Term) bool { return o.Text == t.Text }) {
			own = append(own, t)
		}
	}
	return own
}

func verified(d SearchDoc, words [][]markup.Term) bool {
	return all(words, markup.Fold(d.Title+"\n"+d.Text))
}

func all(words [][]markup.Term, folded string) bool {
	for _, alts := range words {
		if !slices.ContainsFunc(alts, func(t markup.Term) bool { return t.Matches(folded) }) {
			return false
		}
	}
	return true
}

func highlight(docs []SearchDoc, words [][]markup.Term) []Hit {
	terms := slices.Concat(words...)
	hits := make([]Hit, len(docs))
	for i, d := range docs {
		hits[i] = Hit{Doc: d, Title: markup.Segments(d.Title, terms), Snippet: markup.Segments(d.Text, terms)}
	}
	return hits
}
