package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"lightstick/internal/forum"
	"lightstick/internal/markup"
)

// Search works on one index of tokens for everything that can be found. Beside the tokens of its
// text a document has tokens that no text can have, with a colon: "t:…" for those of its title,
// "p:…" for all those of a post, "k:post" for its kind, "f:1", "b:2" and "a:3" for fandom, board and
// author. Posts are few among comments: what looks for posts alone finds short lists under "p:…",
// instead of stepping through those of the comments. A document's id
// is its time in seconds with 12 bits to tell those of one second apart. So newest first is the
// order of ids, and a range of dates is a range of ids, for which neither database needs to sort.
const idBits = 12

func docID(t time.Time) int64 { return max(0, t.Unix()) << idBits }

// searchDialect is the index of one of the databases.
type searchDialect interface {
	// put stores documents, new ones or in place of what is there under their ids.
	put(ctx context.Context, q querier, docs []document) error
	drop(ctx context.Context, q querier, docs []int64) error
	// find lists documents from ≤ id < before that match, newest first; they come without tokens.
	find(ctx context.Context, q querier, m match, from, before int64, limit int) ([]document, error)
	// tidy does about as many pages of the work that the index has left for later; done, when none is left.
	tidy(ctx context.Context, q querier, pages int) (done bool, err error)
}

func scanDocument(r rows) (d document, err error) { return d, r.Scan(&d.id, &d.kind, &d.target) }

// document is what the index keeps.
type document struct {
	id      int64 // 0 while fresh: assigned when it is stored
	kind    forum.TargetKind
	target  int64
	created time.Time
	tokens  []string
	fresh   bool // not in the index yet
}

// match is a query of the index: each group by one of its alternatives, each of these by all its tokens.
type match [][]alternative

type alternative struct {
	tokens []string
	prefix bool // of the last token
}

func searchKinds() []forum.TargetKind {
	return []forum.TargetKind{forum.TargetPost, forum.TargetComment, forum.TargetMember, forum.TargetBoard}
}

// matchOf translates a query; nil matches nothing.
func matchOf(q forum.IndexQuery) match {
	var m match
	prefix, kinds := scope(q)
	for _, word := range q.Words {
		var group []alternative
		for _, t := range word {
			a := alternative{prefix: t.Prefix}
			for _, token := range t.Tokens {
				a.tokens = append(a.tokens, prefix+token)
			}
			if len(a.tokens) > 0 {
				group = append(group, a)
			}
		}
		if len(group) == 0 {
			return nil
		}
		m = append(m, group)
	}
	if len(m) == 0 {
		return nil
	}
	if len(q.Kinds) > 0 && len(kinds) == 0 {
		return nil
	}
	if len(kinds) > 0 && len(kinds) < len(searchKinds()) {
		var group []alternative
		for _, k := range kinds {
			group = append(group, alternative{tokens: []string{"k:" + string(k)}})
		}
		m = append(m, group)
	}
	for _, by := range []struct {
		prefix string
		id     forum.ID
	}{{"f:", q.FandomID}, {"b:", q.BoardID}, {"a:", q.AuthorID}} {
		if by.id != 0 {
			m = append(m, []alternative{{tokens: []string{by.prefix + strconv.FormatInt(int64(by.id), 10)}}})
		}
	}
	return m
}

// scope tells which lists of the index hold the kinds that are asked for, and which kinds the index
// has to tell apart in them. Nearly every text is a comment and nearly every title a post: to ask for
// that would narrow nothing, and cost a step through all of them. SearchIndex drops the others.
func scope(q forum.IndexQuery) (prefix string, kinds []forum.TargetKind) {
	for _, k := range searchKinds() {
		if slices.Contains(q.Kinds, k) && !(q.TitleOnly && k == forum.TargetComment) { // they have no title
			kinds = append(kinds, k)
		}
	}
	switch {
	case q.TitleOnly:
		if slices.Contains(kinds, forum.TargetPost) {
			return "t:", searchKinds()
		}
		return "t:", kinds
	case slices.Equal(kinds, []forum.TargetKind{forum.TargetPost}):
		return "p:", searchKinds()
	case slices.Contains(kinds, forum.TargetComment):
		return "", searchKinds()
	}
	return "", kinds
}

// expression writes the match with the operators of a database.
func (m match) expression(and, or string, quote func(token string, prefix bool) string) string {
	groups := make([]string, len(m))
	for i, g := range m {
		alts := make([]string, len(g))
		for j, a := range g {
			tokens := make([]string, len(a.tokens))
			for k, t := range a.tokens {
				tokens[k] = quote(t, a.prefix && k == len(a.tokens)-1)
			}
			alts[j] = "(" + strings.Join(tokens, and) + ")"
		}
		groups[i] = "(" + strings.Join(alts, or) + ")"
	}
	return strings.Join(groups, and)
}

// searchRounds bounds how often a search looks again when what it found is no longer visible.
const searchRounds = 10

// SearchIndex implements [forum.Reader].
func (r reader) SearchIndex(ctx context.Context, q forum.IndexQuery, limit int) ([]forum.SearchDoc, error) {
	m := matchOf(q)
	if m == nil {
		return nil, nil
	}
	from, before := int64(0), int64(1)<<62
	if !q.From.IsZero() {
		from = docID(q.From)
	}
	if !q.To.IsZero() {
		before = docID(q.To.Add(time.Second - 1))
	}
	if q.Before != 0 {
		before = min(before, int64(q.Before))
	}
	var found []forum.SearchDoc
	for round := range searchRounds {
		want := (limit - len(found)) << round // more each time: it may be nearly all of another kind
		list, err := r.d.search.find(ctx, r.q, m, from, before, want)
		if err != nil || len(list) == 0 {
			return found, err
		}
		last, end := list[len(list)-1].id, len(list) < want
		if len(q.Kinds) > 0 {
			list = slices.DeleteFunc(list, func(d document) bool { return !slices.Contains(q.Kinds, d.kind) })
		}
		docs, err := r.documents(ctx, list)
		if err != nil {
			return nil, err
		}
		for _, d := range docs {
			if (q.From.IsZero() || !d.CreatedAt.Before(q.From)) && (q.To.IsZero() || d.CreatedAt.Before(q.To)) {
				found = append(found, d)
			}
		}
		if end || len(found) >= limit {
			break
		}
		before = last
	}
	return found[:min(len(found), limit)], nil
}

const docRefs = `m.id, m.handle, m.name, m.avatar_key, b.id, b.slug, b.name, f.id, f.slug, f.name, f.accent`

// contents reads targets of a kind that can be seen, with the ids in $%d.
func contents(kind forum.TargetKind) string {
	return map[forum.TargetKind]string{
		forum.TargetPost: `SELECT 'post', p.id, p.id, p.title, p.text, p.lang, ` + docRefs + `, p.score, p.created_at
			FROM posts p JOIN boards b ON b.id = p.board_id JOIN fandoms f ON f.id = p.fandom_id JOIN members m ON m.id = p.author_id
			WHERE p.id = ANY($%d) AND p.state = 0`,
		forum.TargetComment: `SELECT 'comment', c.id, p.id, p.title, c.text, c.lang, ` + docRefs + `, c.r0 + c.r1 + c.r2 + c.r3 + c.r4 + c.r5, c.created_at
			FROM comments c JOIN posts p ON p.id = c.post_id JOIN boards b ON b.id = p.board_id JOIN fandoms f ON f.id = p.fandom_id
			JOIN members m ON m.id = c.author_id WHERE c.id = ANY($%d) AND c.state = 0 AND p.state = 0`,
		forum.TargetMember: `SELECT 'member', m.id, 0, m.name, m.handle || ' ' || m.bio, m.locale, m.id, m.handle, m.name, m.avatar_key,
			0, '', '', 0, '', '', '', 0, m.created_at FROM members m WHERE m.id = ANY($%d)`,
		forum.TargetBoard: `SELECT 'board', b.id, 0, b.name, b.slug || ' ' || b.description, '', 0, '', '', '',
			b.id, b.slug, b.name, f.id, f.slug, f.name, f.accent, b.posts, b.created_at
			FROM boards b JOIN fandoms f ON f.id = b.fandom_id WHERE b.id = ANY($%d)`,
	}[kind]
}

// documents fills in what was found and can still be seen, newest first, in one query.
func (r reader) documents(ctx context.Context, list []document) ([]forum.SearchDoc, error) {
	if len(list) == 0 {
		return nil, nil
	}
	ids := make(map[forum.Target]int64, len(list))
	targets := make(map[forum.TargetKind][]int64)
	for _, d := range list {
		ids[forum.Target{Kind: d.kind, ID: forum.ID(d.target)}] = d.id
		targets[d.kind] = append(targets[d.kind], d.target)
	}
	var sql []string
	var args []any
	for _, k := range searchKinds() {
		if len(targets[k]) > 0 {
			args = append(args, targets[k])
			sql = append(sql, fmt.Sprintf(contents(k), len(args)))
		}
	}
	docs, err := collect(ctx, r.q, func(r rows) (d forum.SearchDoc, err error) {
		b := &d.Board
		into := append([]any{&d.Target.Kind, id(&d.Target.ID), id(&d.PostID), &d.Title, &d.Text, &d.Lang}, ref(&d.Author)...)
		err = r.Scan(append(into, id(&b.ID), &b.Slug, &b.Name, id(&b.FandomID), &b.FandomSlug, &b.FandomName, &b.Accent, &d.Score, at(&d.CreatedAt))...)
		d.ID = forum.ID(ids[d.Target])
		return d, err
	}, strings.Join(sql, " UNION ALL "), args...)
	slices.SortFunc(docs, func(a, b forum.SearchDoc) int { return cmp.Compare(b.ID, a.ID) })
	return docs, err
}

// found is something that can be found, as the index sees it.
type found struct {
	target                int64
	created               time.Time
	title, text           string
	fandom, board, author forum.ID
	visible               bool
}

func (s found) tokens(kind forum.TargetKind) []string {
	tokens := markup.Tokens(s.title, s.text)
	if kind == forum.TargetPost {
		for _, t := range tokens {
			tokens = append(tokens, "p:"+t)
		}
	}
	for _, t := range markup.Tokens(s.title) {
		if kind != forum.TargetComment {
			tokens = append(tokens, "t:"+t)
		}
	}
	tokens = append(tokens, "k:"+string(kind))
	for prefix, v := range map[string]forum.ID{"f:": s.fandom, "b:": s.board, "a:": s.author} {
		if v != 0 {
			tokens = append(tokens, prefix+strconv.FormatInt(int64(v), 10))
		}
	}
	return tokens
}

// indexer writes the index; its caller holds lockFlush.
type indexer struct {
	q querier
	d searchDialect
}

func sources(kind forum.TargetKind) string {
	return map[forum.TargetKind]string{
		forum.TargetPost: `SELECT id, created_at, title, text, fandom_id, board_id, author_id, state = 0 FROM posts WHERE id = ANY($1)`,
		forum.TargetComment: `SELECT c.id, c.created_at, '', c.text, p.fandom_id, p.board_id, c.author_id, c.state = 0 AND p.state = 0
			FROM comments c JOIN posts p ON p.id = c.post_id WHERE c.id = ANY($1)`,
		forum.TargetMember: `SELECT id, created_at, name || ' ' || handle, bio, 0, 0, id, TRUE FROM members WHERE id = ANY($1)`,
		forum.TargetBoard:  `SELECT id, created_at, name || ' ' || slug, description, fandom_id, id, 0, TRUE FROM boards WHERE id = ANY($1)`,
	}[kind]
}

// refresh puts targets into the index as they are now, or takes them out.
func (ix *indexer) refresh(ctx context.Context, kind forum.TargetKind, targets []forum.ID) error {
	sql := sources(kind)
	if sql == "" || len(targets) == 0 {
		return nil
	}
	list, err := collect(ctx, ix.q, func(r rows) (s found, err error) {
		return s, r.Scan(&s.target, at(&s.created), &s.title, &s.text, id(&s.fandom), id(&s.board), id(&s.author), &s.visible)
	}, sql, int64s(targets))
	if err != nil {
		return err
	}
	known, err := ix.known(ctx, kind, targets)
	if err != nil {
		return err
	}
	var gone []int64
	var docs []document
	for _, s := range list {
		old, there := known[s.target]
		switch {
		case !s.visible && there:
			gone = append(gone, old)
		case s.visible:
			docs = append(docs, document{id: old, kind: kind, target: s.target, created: s.created, tokens: s.tokens(kind), fresh: !there})
		}
	}
	if len(gone) > 0 {
		if err := ix.d.drop(ctx, ix.q, gone); err != nil {
			return err
		}
	}
	return ix.put(ctx, docs)
}

// put stores documents in the order of their ids, which suits the index best.
func (ix *indexer) put(ctx context.Context, docs []document) error {
	if err := ix.assign(ctx, docs); err != nil {
		return err
	}
	slices.SortFunc(docs, func(a, b document) int { return cmp.Compare(a.id, b.id) })
	return ix.d.put(ctx, ix.q, docs)
}

func (ix *indexer) known(ctx context.Context, kind forum.TargetKind, targets []forum.ID) (map[int64]int64, error) {
	type pair struct{ doc, target int64 }
	list, err := collect(ctx, ix.q, func(r rows) (p pair, err error) { return p, r.Scan(&p.doc, &p.target) },
		`SELECT id, target_id FROM search_docs WHERE kind = $1 AND target_id = ANY($2)`, string(kind), int64s(targets))
	known := make(map[int64]int64, len(list))
	for _, p := range list {
		known[p.target] = p.doc
	}
	return known, err
}

// assign gives new documents free ids of their time: the second, and in it the end of the target's
// own id, so that what is one second old stands in order too.
func (ix *indexer) assign(ctx context.Context, docs []document) error {
	used := make(map[int64]bool, len(docs))
	open := make([]int, 0, len(docs))
	for i, d := range docs {
		if d.fresh {
			docs[i].id = max(1, docID(d.created)|d.target&(1<<idBits-1))
			open = append(open, i)
		}
	}
	for len(open) > 0 {
		ids := make([]int64, len(open))
		for k, i := range open {
			for used[docs[i].id] {
				docs[i].id++
			}
			used[docs[i].id] = true
			ids[k] = docs[i].id
		}
		taken, err := collect(ctx, ix.q, value[int64], `SELECT id FROM search_docs WHERE id = ANY($1) ORDER BY id`, ids)
		if err != nil {
			return err
		}
		open = slices.DeleteFunc(open, func(i int) bool {
			_, taken := slices.BinarySearch(taken, docs[i].id)
			return !taken
		})
		if err := ix.jump(ctx, docs, open); err != nil {
			return err
		}
	}
	return nil
}

// jump moves documents whose id is taken behind the unbroken run of ids that it stands in: after an
// import of thousands of things of one second there is such a run.
func (ix *indexer) jump(ctx context.Context, docs []document, open []int) error {
	free := make(map[int64]int64) // by second
	for _, i := range open {
		second := docs[i].id >> idBits
		if free[second] == 0 {
			next, err := first(ctx, ix.q, nil, value[int64], `SELECT d.id + 1 FROM search_docs d WHERE d.id >= $1
				AND NOT EXISTS (SELECT 1 FROM search_docs e WHERE e.id = d.id + 1) ORDER BY d.id LIMIT 1`, docs[i].id)
			if err != nil {
				return err
			}
			free[second] = next
		}
		docs[i].id = free[second]
		free[second]++
	}
	return nil
}

// How much of the index one step of tidying writes anew, in pages: writers wait for it.
const tidyStep = 64

// tidy brings what the index has written since in order, in small steps with pauses.
func (s *Store) tidy(ctx context.Context, step, pauses int) error {
	for {
		began, done := time.Now(), false
		_, err := s.update(ctx, func(t *tx) (any, error) {
			if err := t.d.lock(ctx, t.q, lockFlush); err != nil {
				return nil, err
			}
			var err error
			done, err = t.d.search.tidy(ctx, t.q, step)
			return nil, err
		})
		if err != nil || done {
			return err
		}
		if err := rest(ctx, time.Duration(pauses)*time.Since(began)); err != nil {
			return err
		}
	}
}
