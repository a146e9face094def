package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
)

// acts measures what members do, in CPU time of the server.
func (b *bench) acts(ctx context.Context) error {
	if err := b.members(ctx); err != nil {
		return err
	}
	for _, world := range []string{usual, large} {
		if err := b.search(ctx, world); err != nil {
			return err
		}
	}
	return nil
}

// members measures a member's fragments and comments.
func (b *bench) members(ctx context.Context) (err error) {
	dir, err := b.fork(crowd)
	if err != nil {
		return err
	}
	keys, err := b.keys(ctx, dir)
	if err != nil {
		return err
	}
	s, err := b.serve(ctx, dir, "/readyz")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	if err := s.settle(ctx); err != nil {
		return err
	}
	posts := b.size(crowd).posts
	cost, err := b.repeat(ctx, s, 1, http.StatusOK, func(i int) []byte {
		return wire(http.MethodGet, fmt.Sprintf("/me/ko/fragments?page=/ko/p/%d", i%posts+1), i, nil,
			"Accept: application/json", "Cookie: ls_member=1; ls_session="+keys.sessions[i%len(keys.sessions)])
	})
	if err != nil {
		return err
	}
	b.rows = append(b.rows, within("a member's fragments: CPU", " ms", 0.5, cost))
	one, whole, err := b.comments(ctx, s, 1, keys, posts)
	if err != nil {
		return err
	}
	b.rows = append(b.rows, shown("a comment, one writer: CPU until the answer", " ms", one),
		within("a comment, one writer: CPU with counters, ranks, index", " ms", 1, whole))
	one, whole, err = b.comments(ctx, s, writers, keys, posts)
	b.rows = append(b.rows, shown(fmt.Sprintf("a comment, %d writers: CPU until the answer", writers), " ms", one),
		within(fmt.Sprintf("a comment, %d writers: CPU with counters, ranks, index", writers), " ms", 1, whole))
	return err
}

// repeat is the median CPU time of a request over all rounds.
func (b *bench) repeat(ctx context.Context, s *server, callers, want int, next func(i int) []byte) (float64, error) {
	var list []float64
	asked := 0
	for i := range b.rounds + 1 {
		from := asked
		w, err := load(ctx, s, callers, b.window/2, want, func(i int) []byte { return next(from + i) })
		if err != nil {
			return 0, err
		}
		asked += w.requests + callers
		if i > 0 {
			list = append(list, w.each())
		}
	}
	return median(list), nil
}

// keys are what members show.
type keys struct {
	tokens, sessions []string
	sent             int // comments asked for so far, over all measurements
}

// manySessions is more than a server remembers and more than ask within the 2 s that it remembers
// them: each request finds its member in the database, as the requests of a real crowd do.
const manySessions = 12_000

func (b *bench) keys(ctx context.Context, dir string) (k *keys, err error) {
	return keysOf(ctx, "sqlite:"+filepath.Join(dir, "lightstick.db"))
}

func keysOf(ctx context.Context, database string) (k *keys, err error) {
	s, err := openStore(ctx, database)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	k = &keys{}
	if k.tokens, err = tokens(ctx, s, crowdMembers); err != nil {
		return nil, err
	}
	k.sessions, err = sessions(ctx, s, manySessions, crowdMembers)
	return k, err
}

// inARow is how many comments a member writes before the next one takes over; a member may write
// 60 in a minute.
const inARow = 20

// comment is a new comment, by the next member.
func (k *keys) comment(i, posts int) []byte {
	token := k.tokens[i/inARow%len(k.tokens)]
	body := fmt.Appendf(nil, `{"body":%q}`, commentText(i))
	return wire(http.MethodPost, fmt.Sprintf("/api/v1/posts/%d/comments", i%posts+1), i, body,
		"Content-Type: application/json", "Authorization: Bearer "+token)
}

// comments is the CPU time of a comment: until its answer, and with all that it leaves for later.
func (b *bench) comments(ctx context.Context, s *server, callers int, k *keys, posts int) (until, whole float64, err error) {
	var first, all []float64
	for i := range b.rounds + 1 {
		if err := s.settle(ctx); err != nil {
			return 0, 0, err
		}
		from := k.sent
		before, err := s.cpu()
		if err != nil {
			return 0, 0, err
		}
		w, err := load(ctx, s, callers, b.window/2, http.StatusCreated, func(i int) []byte { return k.comment(from+i, posts) })
		if err != nil {
			return 0, 0, err
		}
		k.sent += w.requests + callers
		if err := s.settle(ctx); err != nil {
			return 0, 0, err
		}
		after, err := s.cpu()
		if err != nil {
			return 0, 0, err
		}
		if i > 0 {
			first, all = append(first, w.each()), append(all, (after-before).Seconds()*1000/float64(w.requests))
		}
	}
	return median(first), median(all), nil
}

// search measures searches that nobody has made before, so that no cache has them.
func (b *bench) search(ctx context.Context, world string) (err error) {
	s, err := b.serve(ctx, filepath.Join(b.data, world), "/readyz", noWork)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	list := searches()
	cost, err := b.repeat(ctx, s, 1, http.StatusOK, func(i int) []byte {
		return wire(http.MethodGet, list[i%len(list)], i, nil)
	})
	b.rows = append(b.rows, within(fmt.Sprintf("a search page, 2 or 3 frequent words, %s: CPU", count(b.size(world).comments)), " ms", 2, cost))
	return err
}

// searches are addresses of search pages: two or three of the words that are most frequent in the
// demo world, of anything, posts or comments, by relevance or time, in each language of the pages:
// more than are asked for. They come in an order that is the same each time.
func searches() (list []string) {
	for _, language := range []string{
		"the and it this my in you of to is on that at one", "보고 여기 있어요 우리 최고 댓글 너무 오늘 보는 내일 다시 진짜 영상 하나",
		"de me el la en lo no se por es un con más mi", "di ini aku lagi terus baca sudah kali yang jam ya dari juga ada",
	} {
		words := strings.Fields(language)
		for i := range words {
			for j := range i {
				list = append(list, searchPages(words[i], words[j])...)
				for k := range j {
					list = append(list, searchPages(words[i], words[j], words[k])...)
				}
			}
		}
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

func searchPages(words ...string) (list []string) {
	for _, kind := range []string{"", "post", "comment"} {
		for _, sort := range []string{"", "new"} {
			q := url.Values{"q": {strings.Join(words, " ")}}
			if kind != "" {
				q.Set("kind", kind)
			}
			if sort != "" {
				q.Set("sort", sort)
			}
			for _, locale := range []string{"ko", "en", "ja", "es", "id"} {
				list = append(list, "/"+locale+"/search?"+q.Encode())
			}
		}
	}
	return list
}
