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
)

// DemoPassword is every demo member's; it is public, see [Config.AllowDemo].
const DemoPassword = "lightstick-demo"

// DemoSize is how large a demo world is; zero fields take the usual size.
type DemoSize struct {
	Posts, Comments, Members int
	Seed                     uint64
}

// demoBatch is how many items share a transaction while the world is filled.
const demoBatch = 1000

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
	w := demo.New(size.Seed, s)
	l := &demoLoader{a: a, world: w, now: a.now(), out: stdout, handles: map[string]bool{}}
	began := time.Now()
	for _, step := range []func(context.Context) error{l.fandoms, l.members, l.staff, l.images, l.posts, l.comments, a.flush} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("fill the demo world: %w", err)
		}
	}
	fmt.Fprintf(stdout, "Filled the demo world: %d members, %d posts, %d comments in %.1f s\n",
		w.Size().Members, w.Size().Posts, w.Size().Comments, time.Since(began).Seconds())
	return nil
}

// demoLoader puts a demo world into the store through the same transactions that members' writes take.
type demoLoader struct {
	a          *App
	world      *demo.World
	now        time.Time
	out        io.Writer
	fandomIDs  []forum.ID
	boards     [][]forum.Board
	memberRefs []forum.MemberRef
	handles    map[string]bool
	pictures   []string   // addresses
	postIDs    []forum.ID // by index
	commentIDs []forum.ID
}

func (l *demoLoader) fandoms(ctx context.Context) error {
	_, err := l.a.store.Update(ctx, func(tx forum.Tx) (any, error) {
		l.fandomIDs, l.boards = nil, nil
		for _, f := range l.world.Fandoms() {
			row := forum.Fandom{Slug: f.Slug, Name: f.Name, Description: f.Description, Accent: f.Accent, CreatedAt: l.now.AddDate(0, -6, 0), Version: 1}
			if err := tx.InsertFandom(ctx, &row); err != nil {
				return nil, err
			}
			var boards []forum.Board
			for i, b := range f.Boards {
				board := forum.Board{FandomID: row.ID, Slug: b.Slug, Name: b.Name, Description: b.Description, StaffOnly: b.StaffOnly,
					Position: i, CreatedAt: row.CreatedAt, Version: 1}
				if err := tx.InsertBoard(ctx, &board); err != nil {
					return nil, err
				}
				boards = append(boards, board)
			}
			if err := tx.ReplaceAliases(ctx, row.ID, f.Aliases); err != nil {
				return nil, err
			}
			l.fandomIDs, l.boards = append(l.fandomIDs, row.ID), append(l.boards, boards)
		}
		return nil, nil
	})
	return err
}

func (l *demoLoader) members(ctx context.Context) error {
	hash, err := identity.HashPassword(ctx, DemoPassword)
	if err != nil {
		return err
	}
	return l.batches(ctx, "members", l.world.Size().Members, func(ctx context.Context, from, to int) error {
		var refs []forum.MemberRef
		_, err := l.a.store.UpdateIdentity(ctx, func(tx identity.Tx) (any, error) {
			refs = refs[:0]
			for i := from; i < to; i++ {
				m := l.member(i)
				if err := tx.InsertMember(ctx, &m, m.Email, hash); err != nil {
					return nil, err
				}
				refs = append(refs, forum.MemberRef{ID: m.ID, Handle: m.Handle, Name: m.Name})
			}
			return nil, nil
		})
		for _, r := range refs {
			l.handles[r.Handle] = true
		}
		l.memberRefs = append(l.memberRefs, refs...)
		return err
	})
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

func (l *demoLoader) staff(ctx context.Context) error {
	_, err := l.a.store.Update(ctx, func(tx forum.Tx) (any, error) {
		for i, f := range l.world.Fandoms() {
			for _, m := range f.Moderators {
				if err := tx.SetModerator(ctx, l.fandomIDs[i], l.memberRefs[m].ID, true); err != nil {
					return nil, err
				}
			}
		}
		return nil, nil
	})
	return err
}

// images uploads the drawn pictures as the admin would.
func (l *demoLoader) images(ctx context.Context) error {
	for i := range l.world.Images() {
		at, err := l.a.media.Upload(ctx, int64(l.memberRefs[0].ID), l.world.ImageAlt(i), bytes.NewReader(l.world.Image(i)))
		if err != nil {
			return err
		}
		l.pictures = append(l.pictures, at.URL(mediaBase(l.a.Config)))
	}
	return nil
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

func (l *demoLoader) posts(ctx context.Context) error {
	return l.batches(ctx, "posts", l.world.Size().Posts, func(ctx context.Context, from, to int) error {
		posts, docs := make([]forum.Post, 0, to-from), make([]markup.Document, 0, to-from)
		for i := from; i < to; i++ {
			d := l.world.Post(i)
			body, doc := l.render(ctx, d.Body)
			b := l.boards[d.Fandom][d.Board]
			posts = append(posts, forum.Post{Board: forum.BoardRef{ID: b.ID, FandomID: b.FandomID}, Author: l.memberRefs[d.Author], Title: d.Title,
				Body: body, HTML: doc.HTML, Text: doc.Text, Lang: d.Lang, Pinned: d.Pinned, CreatedAt: l.now.Add(-d.Age), Version: 1})
			docs = append(docs, doc)
		}
		_, err := l.a.store.Update(ctx, func(tx forum.Tx) (any, error) {
			for i := range posts {
				if err := tx.InsertPost(ctx, &posts[i]); err != nil {
					return nil, err
				}
				if len(docs[i].Images) > 0 {
					if err := tx.UseAttachments(ctx, docs[i].Images, l.now); err != nil {
						return nil, err
					}
				}
				t := forum.Target{Kind: forum.TargetPost, ID: posts[i].ID}
				if err := l.react(ctx, tx, t, posts[i].ID, l.world.Post(from+i).Reactions); err != nil {
					return nil, err
				}
			}
			return nil, nil
		})
		for _, p := range posts {
			l.postIDs = append(l.postIDs, p.ID)
		}
		return err
	})
}

func (l *demoLoader) comments(ctx context.Context) error {
	l.commentIDs = make([]forum.ID, 0, l.world.Size().Comments)
	return l.batches(ctx, "comments", l.world.Size().Comments, func(ctx context.Context, from, to int) error {
		_, err := l.a.store.Update(ctx, func(tx forum.Tx) (any, error) {
			l.commentIDs = l.commentIDs[:from]
			for i := from; i < to; i++ {
				d := l.world.Comment(i)
				body, doc := l.render(ctx, d.Body)
				c := forum.Comment{PostID: l.postIDs[d.Post], Author: l.memberRefs[d.Author], Body: body, HTML: doc.HTML, Text: doc.Text,
					Lang: d.Lang, CreatedAt: l.now.Add(-d.Age), Version: 1}
				if d.Parent >= 0 {
					c.ParentID = l.commentIDs[d.Parent]
				}
				if err := tx.InsertComment(ctx, &c); err != nil {
					return nil, err
				}
				l.commentIDs = append(l.commentIDs, c.ID)
				if err := l.react(ctx, tx, forum.Target{Kind: forum.TargetComment, ID: c.ID}, c.PostID, d.Reactions); err != nil {
					return nil, err
				}
			}
			return nil, nil
		})
		return err
	})
}

func (l *demoLoader) react(ctx context.Context, tx forum.Tx, t forum.Target, post forum.ID, list []demo.Reaction) error {
	for _, r := range list {
		if err := tx.SetReaction(ctx, t, post, l.memberRefs[r.Member].ID, forum.ReactionKind(r.Kind), true); err != nil {
			return err
		}
	}
	return nil
}

// batches works through n items in transactions of demoBatch, telling of long ones as they go, and
// applies the ledger in between so that it stays short.
func (l *demoLoader) batches(ctx context.Context, what string, n int, f func(ctx context.Context, from, to int) error) error {
	told := time.Now()
	for from := 0; from < n; from += demoBatch {
		to := min(from+demoBatch, n)
		if err := f(ctx, from, to); err != nil {
			return fmt.Errorf("%s %d to %d: %w", what, from, to, err)
		}
		if err := l.a.flush(ctx); err != nil {
			return err
		}
		if time.Since(told) > 2*time.Second {
			told = time.Now()
			fmt.Fprintf(l.out, "  %s: %d of %d\n", what, to, n)
		}
	}
	return nil
}
