package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"time"

	"lightstick/internal/demo"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
	"lightstick/internal/markup"
	"lightstick/internal/store"
)

// DemoPassword is every demo member's; it is public, see [Config.AllowDemo].
const DemoPassword = "lightstick-demo"

// DemoSize is how large a demo world is; zero fields take the usual size.
type DemoSize struct {
	Posts, Comments, Members int
	Seed                     uint64
}

// Demo fills an empty community and says how it goes.
func Demo(ctx context.Context, c Config, size DemoSize, stdout io.Writer) (err error) {
	if c.Env == Production && !c.AllowDemo {
		return errors.New("the demo world's passwords are public: not in production (--allow-demo if you must)")
	}
	a, err := New(ctx, c, Options{Log: io.Discard})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.closeWithin(drainFor)) }()
	if list, err := a.store.Fandoms(ctx); err != nil {
		return err
	} else if len(list) > 0 {
		return errors.New("this community is not empty; the demo world only fills an empty one (choose another --data or --database)")
	}
	return a.FillDemo(ctx, size, stdout)
}

// FillDemo fills the community with the demo world when it is empty.
func (a *App) FillDemo(ctx context.Context, size DemoSize, stdout io.Writer) error {
	if list, err := a.store.Fandoms(ctx); err != nil || len(list) > 0 {
		return err
	}
	s := demo.Size{Posts: size.Posts, Comments: size.Comments, Members: size.Members}
	if err := s.Check(); err != nil {
		return err
	}
	l := &demoLoader{a: a, world: demo.New(size.Seed, s), now: a.now(), handles: map[string]bool{}}
	began := time.Now()
	l.say = teller(stdout)
	err := a.store.Load(ctx, func(b *store.Bulk) error {
		for _, step := range []func(context.Context, *store.Bulk) error{l.fandoms, l.events, l.members, l.staff, l.images, l.posts, l.comments} {
			if err := step(ctx, b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("fill the demo world: %w", err)
	}
	s = l.world.Size()
	fmt.Fprintf(stdout, "Filled the demo world: %d members, %d posts, %d comments in %.1f s\n", s.Members, s.Posts, s.Comments, time.Since(began).Seconds())
	return nil
}

// teller tells how far a long step is, every two seconds.
func teller(to io.Writer) func(what string, done, of int) {
	told := time.Now()
	return func(what string, done, of int) {
		if time.Since(told) > 2*time.Second {
			told = time.Now()
			fmt.Fprintf(to, "  %s: %d of %d\n", what, done, of)
		}
	}
}

// demoLoader puts a demo world into the store.
type demoLoader struct {
	a          *App
	world      *demo.World
	now        time.Time
	say        func(what string, done, of int)
	boards     [][]forum.Board // of each fandom
	memberRefs []forum.MemberRef
	handles    map[string]bool
	pictures   []string // addresses
	posted     []forum.Post
	commentIDs []forum.ID
}

func (l *demoLoader) fandoms(_ context.Context, b *store.Bulk) error {
	for _, f := range l.world.Fandoms() {
		row := forum.Fandom{Slug: f.Slug, Name: f.Name, Description: f.Description, Accent: f.Accent, CreatedAt: l.now.AddDate(0, -6, 0), Version: 1}
		if err := b.Fandom(&row); err != nil {
			return err
		}
		var boards []forum.Board
		for i, d := range f.Boards {
			board := forum.Board{FandomID: row.ID, Slug: d.Slug, Name: d.Name, Description: d.Description, StaffOnly: d.StaffOnly,
				Position: i, CreatedAt: row.CreatedAt, Version: 1}
			if err := b.Board(&board); err != nil {
				return err
			}
			boards = append(boards, board)
		}
		if err := b.Aliases(row.ID, f.Aliases); err != nil {
			return err
		}
		l.boards = append(l.boards, boards)
	}
	return nil
}

// events puts the calendars around now, by the hours and days of Korea.
func (l *demoLoader) events(_ context.Context, b *store.Bulk) error {
	for _, d := range l.world.Events() {
		board := l.boards[d.Fandom][d.Board]
		e := forum.Event{FandomID: board.FandomID, BoardID: board.ID, Kind: forum.EventKind(d.Kind), Title: d.Title, Text: d.Text, Link: d.Link,
			Cancelled: d.Cancelled, StartsAt: l.now.Add(d.In).Truncate(time.Hour), CreatedAt: l.now.AddDate(0, -1, 0), UpdatedAt: l.now.AddDate(0, -1, 0), Version: 1}
		e.EndsAt = e.StartsAt.Add(d.Length)
		if d.AllDay {
			const kst = 9 * time.Hour
			e.StartsAt = e.StartsAt.Add(kst).Truncate(24 * time.Hour).Add(-kst)
			e.EndsAt = e.StartsAt.Add(24 * time.Hour)
		}
		if err := b.Event(&e); err != nil {
			return err
		}
	}
	return nil
}

func (l *demoLoader) members(ctx context.Context, b *store.Bulk) error {
	hash, err := identity.HashPassword(ctx, DemoPassword)
	if err != nil {
		return err
	}
	for i := range l.world.Size().Members {
		m := l.member(i)
		if err := b.Member(&m, m.Email, hash); err != nil {
			return err
		}
		l.handles[m.Handle] = true
		l.memberRefs = append(l.memberRefs, forum.MemberRef{ID: m.ID, Handle: m.Handle, Name: m.Name})
	}
	return nil
}

func (l *demoLoader) member(i int) forum.Member {
	d := l.world.Member(i)
	m := forum.Member{Handle: d.Handle, Name: d.Name, Bio: d.Bio, Email: d.Handle + "@demo.invalid", Verified: true, Role: forum.RoleMember,
		Locale: d.Locale, TimeZone: d.TimeZone, CreatedAt: l.now.AddDate(0, -5, i%120), Version: 1}
	if d.Admin {
		m.Role = forum.RoleAdmin
	}
	m.BioHTML = markup.Render(d.Bio, markup.Options{ImageOff: true}).HTML
	return m
}

func (l *demoLoader) staff(_ context.Context, b *store.Bulk) error {
	for i, f := range l.world.Fandoms() {
		for _, m := range f.Moderators {
			if err := b.Moderator(l.boards[i][0].FandomID, l.memberRefs[m].ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// images uploads the drawn pictures as the admin would.
func (l *demoLoader) images(ctx context.Context, b *store.Bulk) error {
	if err := b.Commit(); err != nil { // their owner must be there
		return err
	}
	for i := range l.world.Images() {
		at, err := l.a.media.Upload(ctx, int64(l.memberRefs[0].ID), l.world.ImageAlt(i), bytes.NewReader(l.world.Image(i)))
		if err != nil {
			return err
		}
		l.pictures = append(l.pictures, at.URL(mediaBase(l.a.Config)))
		l.say("pictures", i+1, l.world.Images())
	}
	_, err := l.a.store.Update(ctx, func(tx forum.Tx) (any, error) { return nil, tx.UseAttachments(ctx, l.pictures, l.now) })
	return err
}

var demoImagePattern = regexp.MustCompile(regexp.QuoteMeta(demo.ImagePrefix) + `(\d+)`)

// render makes a document of demo markdown, its pictures replaced by the stored ones.
func (l *demoLoader) render(ctx context.Context, body string) (string, markup.Document) {
	body = demoImagePattern.ReplaceAllStringFunc(body, func(s string) string {
		if i, err := strconv.Atoi(s[len(demo.ImagePrefix):]); err == nil && i < len(l.pictures) {
			return l.pictures[i]
		}
		return s
	})
	return body, markup.Render(body, markup.Options{
		Mention: func(h string) bool { return l.handles[h] },
		Image:   func(src string) (markup.Image, bool) { return l.a.image(ctx, src) },
	})
}

func (l *demoLoader) posts(ctx context.Context, b *store.Bulk) error {
	for i := range l.world.Size().Posts {
		d := l.world.Post(i)
		body, doc := l.render(ctx, d.Body)
		board := l.boards[d.Fandom][d.Board]
		p := forum.Post{Board: forum.BoardRef{ID: board.ID, FandomID: board.FandomID}, Author: l.memberRefs[d.Author], Title: d.Title,
			Body: body, HTML: doc.HTML, Text: doc.Text, Lang: d.Lang, Pinned: d.Pinned, Views: 9*len(d.Reactions) + i%29, CreatedAt: l.now.Add(-d.Age), Version: 1}
		if err := b.Post(&p); err != nil {
			return err
		}
		l.posted = append(l.posted, forum.Post{ID: p.ID, Board: p.Board})
		if err := l.react(b, forum.Target{Kind: forum.TargetPost, ID: p.ID}, p.ID, d.Reactions); err != nil {
			return err
		}
		l.say("posts", i+1, l.world.Size().Posts)
	}
	return nil
}

func (l *demoLoader) comments(ctx context.Context, b *store.Bulk) error {
	l.commentIDs = make([]forum.ID, 0, l.world.Size().Comments)
	for i := range l.world.Size().Comments {
		d := l.world.Comment(i)
		body, doc := l.render(ctx, d.Body)
		on := l.posted[d.Post]
		c := forum.Comment{PostID: on.ID, FandomID: on.Board.FandomID, Author: l.memberRefs[d.Author], Body: body, HTML: doc.HTML, Text: doc.Text,
			Lang: d.Lang, CreatedAt: l.now.Add(-d.Age), Version: 1}
		if d.Parent >= 0 {
			c.ParentID = l.commentIDs[d.Parent]
		}
		if err := b.Comment(&c, on.Board.ID); err != nil {
			return err
		}
		l.commentIDs = append(l.commentIDs, c.ID)
		if err := l.react(b, forum.Target{Kind: forum.TargetComment, ID: c.ID}, c.PostID, d.Reactions); err != nil {
			return err
		}
		l.say("comments", i+1, l.world.Size().Comments)
	}
	return nil
}

func (l *demoLoader) react(b *store.Bulk, t forum.Target, post forum.ID, list []demo.Reaction) error {
	for _, r := range list {
		if err := b.Reaction(t, post, l.memberRefs[r.Member].ID, forum.ReactionKind(r.Kind)); err != nil {
			return err
		}
	}
	return nil
}
