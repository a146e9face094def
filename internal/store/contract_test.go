package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/markup"
	"lightstick/internal/media"
)

func TestFandomsAndBoards(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		f := w.fandom
		stale := f
		f.Name, f.Archived = "Aurora Lights", true
		w.update(func(tx forum.Tx) error { return tx.UpdateFandom(w.ctx, &f) })
		if f.Version != 2 {
			t.Errorf("version %d", f.Version)
		}
		if got := must[forum.Fandom](t)(w.Fandom(w.ctx, "aurora")); got != f {
			t.Errorf("got %+v, want %+v", got, f)
		}
		if _, err := w.Update(w.ctx, func(tx forum.Tx) (any, error) { return nil, tx.UpdateFandom(w.ctx, &stale) }); !fault.Is(err, "stale") {
			t.Errorf("an edit of an old state: %v", err)
		}
		twin := forum.Fandom{Slug: "aurora", Name: "x"}
		if _, err := w.Update(w.ctx, func(tx forum.Tx) (any, error) { return nil, tx.InsertFandom(w.ctx, &twin) }); !fault.Is(err, "slug_taken") {
			t.Errorf("a slug twice: %v", err)
		}
		if _, err := w.Fandom(w.ctx, "nobody"); !fault.Is(err, "fandom_not_found") {
			t.Error(err)
		}
		b := w.newBoard("second")
		b.Position, b.StaffOnly = 5, true
		w.update(func(tx forum.Tx) error { return tx.UpdateBoard(w.ctx, &b) })
		if got := must[forum.Board](t)(w.Board(w.ctx, "aurora", "second")); got != b {
			t.Errorf("got %+v, want %+v", got, b)
		}
		if list := must[[]forum.Board](t)(w.Boards(w.ctx, w.fandom.ID)); len(list) != 2 || list[1].ID != b.ID {
			t.Errorf("boards %+v", list)
		}
		if list := must[[]forum.Board](t)(w.Boards(w.ctx, 0)); len(list) != 2 {
			t.Errorf("boards of all %+v", list)
		}
		if list := must[[]forum.Fandom](t)(w.Fandoms(w.ctx)); len(list) != 1 {
			t.Errorf("fandoms %+v", list)
		}
		p := forum.Post{Board: forum.BoardRef{ID: w.board.ID}, Author: ref(w.ann), Lang: "en"}
		if _, err := w.Update(w.ctx, func(tx forum.Tx) (any, error) { return nil, tx.InsertPost(w.ctx, &p) }); !fault.Is(err, "board_archived") {
			t.Errorf("a post in an archived fandom: %v", err)
		}
	})
}

func TestModeratorsAliasesWordRules(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		rule := forum.WordRule{FandomID: w.fandom.ID, Pattern: "bad", Action: forum.WordHold, CreatedAt: w.clock.now()}
		w.update(func(tx forum.Tx) error {
			return errors.Join(tx.SetModerator(w.ctx, w.fandom.ID, w.ben.ID, true), tx.SetModerator(w.ctx, w.fandom.ID, w.ben.ID, true),
				tx.ReplaceAliases(w.ctx, w.fandom.ID, [][]string{{"a", "b"}, {"정국", "Jungkook", `q"'`}}),
				tx.ReplaceAliases(w.ctx, w.fandom.ID, [][]string{{"정국", "Jungkook", `q"'`}}), tx.InsertWordRule(w.ctx, &rule))
		})
		if list := must[[]forum.MemberRef](t)(w.Moderators(w.ctx, w.fandom.ID)); len(list) != 1 || list[0] != ref(w.ben) {
			t.Errorf("moderators %+v", list)
		}
		if list := must[[]forum.ID](t)(w.Moderates(w.ctx, w.ben.ID)); len(list) != 1 || list[0] != w.fandom.ID {
			t.Errorf("moderates %+v", list)
		}
		for _, f := range []forum.ID{0, w.fandom.ID} {
			if list := must[[]forum.Alias](t)(w.Aliases(w.ctx, f)); len(list) != 1 || !slices.Equal(list[0].Names, []string{"정국", "Jungkook", `q"'`}) {
				t.Errorf("aliases %+v", list)
			}
		}
		if list := must[[]forum.WordRule](t)(w.WordRules(w.ctx)); len(list) != 1 || list[0] != rule {
			t.Errorf("rules %+v, want %+v", list, rule)
		}
		w.update(func(tx forum.Tx) error {
			return errors.Join(tx.SetModerator(w.ctx, w.fandom.ID, w.ben.ID, false), tx.DeleteWordRule(w.ctx, rule.ID))
		})
		if _, err := w.Update(w.ctx, func(tx forum.Tx) (any, error) { return nil, tx.DeleteWordRule(w.ctx, rule.ID) }); !fault.Is(err, "word_rule_not_found") {
			t.Error(err)
		}
		if list := must[[]forum.MemberRef](t)(w.Moderators(w.ctx, w.fandom.ID)); len(list) != 0 {
			t.Errorf("moderators %+v", list)
		}
	})
}

func TestPostsAndComments(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		p := w.post("제목", "본문")
		got := must[forum.Post](t)(w.Post(w.ctx, p.ID))
		p.Board.Slug, p.Board.Name, p.Board.FandomSlug, p.Board.FandomName, p.Board.Accent = "free", "free", "aurora", "Aurora", "#112233"
		if got != p {
			t.Errorf("got %+v, want %+v", got, p)
		}
		c := w.comment(p.ID, 0, "답")
		c.FandomID = w.fandom.ID
		if got := must[forum.Comment](t)(w.Comment(w.ctx, c.ID)); got != c {
			t.Errorf("got %+v, want %+v", got, c)
		}
		g := must[forum.CommentGate](t)(w.CommentGate(w.ctx, p.ID, c.ID))
		if g != (forum.CommentGate{FandomID: w.fandom.ID, Answers: w.ben.ID}) {
			t.Errorf("gate %+v", g)
		}
		if _, err := w.CommentGate(w.ctx, p.ID, c.ID+1); !fault.Is(err, "comment_not_found") {
			t.Errorf("gate of a parent that is not there: %v", err)
		}
		if _, err := w.CommentGate(w.ctx, p.ID+1, 0); !fault.Is(err, "post_not_found") {
			t.Errorf("gate of no post: %v", err)
		}
		c.State = forum.Deleted
		w.update(func(tx forum.Tx) error { return tx.UpdateComment(w.ctx, &c) })
		for name, in := range map[string]forum.Comment{
			"under a deleted comment": {PostID: p.ID, ParentID: c.ID}, "under no comment": {PostID: p.ID, ParentID: 999}, "under no post": {PostID: 999},
		} {
			in.Author, in.Lang = ref(w.ann), "en"
			if _, err := w.Update(w.ctx, func(tx forum.Tx) (any, error) { return nil, tx.InsertComment(w.ctx, &in) }); !fault.Is(err, "post_closed") {
				t.Errorf("a comment %s: %v", name, err)
			}
		}
		stale := p
		p.Title, p.EditedAt, p.Locked = "neu", w.clock.now(), true
		w.update(func(tx forum.Tx) error {
			return errors.Join(tx.UpdatePost(w.ctx, &p), tx.InsertRevision(w.ctx, forum.Revision{Target: forum.Target{Kind: forum.TargetPost, ID: p.ID}, Version: 1, Title: "제목", Body: "본문", EditorID: w.ann.ID, At: w.clock.now()}))
		})
		if _, err := w.Update(w.ctx, func(tx forum.Tx) (any, error) { return nil, tx.UpdatePost(w.ctx, &stale) }); !fault.Is(err, "stale") {
			t.Error(err)
		}
		if list := must[[]forum.Revision](t)(w.Revisions(w.ctx, forum.Target{Kind: forum.TargetPost, ID: p.ID})); len(list) != 1 || list[0].Title != "제목" || !list[0].At.Equal(w.clock.now()) {
			t.Errorf("revisions %+v", list)
		}
		w.update(func(tx forum.Tx) error {
			post, comment := forum.Target{Kind: forum.TargetPost, ID: p.ID}, forum.Target{Kind: forum.TargetComment, ID: c.ID}
			return errors.Join(tx.SetHTML(w.ctx, post, p.Version, "<b>new"), tx.SetHTML(w.ctx, comment, c.Version-1, "<b>old"))
		})
		if got := must[forum.Post](t)(w.Post(w.ctx, p.ID)); got.HTML != "<b>new" || got.Version != 2 || !got.Locked || got.Title != "neu" {
			t.Errorf("post %+v", got)
		}
		if got := must[forum.Comment](t)(w.Comment(w.ctx, c.ID)); got.HTML != "<p>답" {
			t.Errorf("HTML of another version was set: %+v", got)
		}
	})
}

func TestMembersAndNotifications(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		m := must[forum.Member](t)(w.MemberByHandle(w.ctx, "ann"))
		m.Name, m.Bio, m.Role, m.AvatarKey = "Ann", "hi", forum.RoleAdmin, "avatarkey.png"
		if _, err := w.InsertAttachment(w.ctx, media.Attachment{OwnerID: int64(m.ID), Key: m.AvatarKey, ContentType: "image/png", CreatedAt: w.clock.now()}); err != nil {
			t.Fatal(err)
		}
		w.update(func(tx forum.Tx) error { return tx.UpdateMember(w.ctx, &m) })
		if got := must[forum.Member](t)(w.Member(w.ctx, m.ID)); got != m {
			t.Errorf("got %+v, want %+v", got, m)
		}
		if a := must[media.Attachment](t)(w.Attachment(w.ctx, m.AvatarKey)); a.UsedAt.IsZero() {
			t.Error("the avatar is not marked as used")
		}
		if n := must[int](t)(w.CountAdmins(w.ctx)); n != 1 {
			t.Errorf("%d admins", n)
		}
		list, next, err := w.Members(w.ctx, "", 1)
		if err != nil || len(list) != 1 || list[0].ID != w.ben.ID || next == "" {
			t.Fatalf("members %+v %q %v", list, next, err)
		}
		if list, next, err = w.Members(w.ctx, next, 1); err != nil || len(list) != 1 || list[0].ID != w.ann.ID || next != "" {
			t.Fatalf("members %+v %q %v", list, next, err)
		}
		p := w.post("title", "text")
		c := w.comment(p.ID, 0, "answer")
		w.update(func(tx forum.Tx) error {
			for _, target := range []forum.Target{{Kind: forum.TargetPost, ID: p.ID}, {Kind: forum.TargetComment, ID: c.ID}} {
				n := forum.Notification{MemberID: m.ID, Kind: forum.NotifyReply, Target: target, PostID: p.ID, ActorID: w.ben.ID, At: w.clock.now()}
				if err := tx.InsertNotification(w.ctx, n); err != nil {
					return err
				}
			}
			return nil
		})
		if n := must[int](t)(w.UnreadCount(w.ctx, m.ID)); n != 2 {
			t.Errorf("%d unread", n)
		}
		ns, _, err := w.Notifications(w.ctx, m.ID, "", 10)
		if err != nil || len(ns) != 2 || ns[0].Text != "answer" || ns[1].Text != "text" || ns[0].Title != "title" || ns[0].Actor != ref(w.ben) {
			t.Fatalf("notifications %+v %v", ns, err)
		}
		c.State = forum.Hidden
		w.update(func(tx forum.Tx) error {
			return errors.Join(tx.MarkRead(w.ctx, m.ID, ns[1].ID), tx.UpdateComment(w.ctx, &c))
		})
		ns, _, err = w.Notifications(w.ctx, m.ID, "", 10)
		if err != nil || ns[0].Read || !ns[1].Read || ns[0].Text != "" {
			t.Errorf("after: %+v %v", ns, err)
		}
	})
}

func TestCards(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		url := "https://example.com/" + string(make([]byte, 5000))
		if _, err := w.LinkCard(w.ctx, url); fault.KindOf(err) != fault.NotFound {
			t.Error(err)
		}
		for _, title := range []string{"one", "two"} {
			w.update(func(tx forum.Tx) error {
				return tx.PutLinkCard(w.ctx, url, markup.Card{Title: title, Site: "s"}, w.clock.now())
			})
			if c := must[markup.Card](t)(w.LinkCard(w.ctx, url)); c.Title != title || c.Site != "s" {
				t.Errorf("card %+v", c)
			}
		}
	})
}

func TestCases(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		p := w.post("title", "text")
		c := w.comment(p.ID, 0, "rude")
		target := forum.Target{Kind: forum.TargetComment, ID: c.ID}
		report := func(by forum.ID, reason string) {
			w.update(func(tx forum.Tx) error {
				return tx.InsertReport(w.ctx, forum.Report{CaseTarget: target, FandomID: w.fandom.ID, ReporterID: by, Reason: reason, Note: "n", CreatedAt: w.clock.now()})
			})
		}
		report(w.ann.ID, forum.ReasonSpam)
		report(w.ann.ID, forum.ReasonOther)
		report(w.ben.ID, forum.ReasonSpam)
		report(0, forum.ReasonHeld)
		list, _, err := w.Cases(w.ctx, forum.CaseQuery{Fandoms: []forum.ID{w.fandom.ID}, Limit: 10})
		if err != nil || len(list) != 1 {
			t.Fatalf("cases %+v %v", list, err)
		}
		k := list[0]
		if k.Reports != 3 || !slices.Equal(k.Reasons, []string{"spam", "held"}) || k.Title != "title" || k.Text != "rude" || k.Author != ref(w.ben) || k.PostID != p.ID || k.Target != target || k.State != forum.CaseOpen {
			t.Errorf("case %+v", k)
		}
		if rs := must[[]forum.Report](t)(w.CaseReports(w.ctx, k.ID)); len(rs) != 3 || rs[0].Reporter != ref(w.ann) || rs[2].Reporter.ID != 0 {
			t.Errorf("reports %+v", rs)
		}
		w.update(func(tx forum.Tx) error {
			k, err := tx.Case(w.ctx, k.ID)
			k.State, k.Claimer, k.ClaimedAt = forum.CaseClaimed, ref(w.ann), w.clock.now()
			return errors.Join(err, tx.UpdateCase(w.ctx, &k))
		})
		if k = must[forum.Case](t)(w.Case(w.ctx, k.ID)); k.Claimer != ref(w.ann) || !k.ClaimedAt.Equal(w.clock.now()) {
			t.Errorf("claimed %+v", k)
		}
		k.State, k.Resolution, k.Resolver, k.ResolvedAt = forum.CaseResolved, "hide", ref(w.ann), w.clock.now()
		w.update(func(tx forum.Tx) error { return tx.UpdateCase(w.ctx, &k) })
		report(w.ann.ID, forum.ReasonSpam) // a new case
		open, _, _ := w.Cases(w.ctx, forum.CaseQuery{Limit: 10})
		done, _, _ := w.Cases(w.ctx, forum.CaseQuery{Limit: 10, Resolved: true, Fandoms: []forum.ID{w.fandom.ID, 99}})
		if len(open) != 1 || len(done) != 1 || open[0].ID == done[0].ID || done[0].Resolver != ref(w.ann) {
			t.Errorf("open %+v, done %+v", open, done)
		}
		if none, _, err := w.Cases(w.ctx, forum.CaseQuery{Fandoms: []forum.ID{}, Limit: 5}); err != nil || len(none) != 0 {
			t.Errorf("cases of no fandom: %+v %v", none, err)
		}
	})
}

func TestSanctionsAndAudit(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		now := w.clock.now()
		s := forum.Sanction{Member: ref(w.ben), FandomID: w.fandom.ID, Kind: forum.Mute, Reason: "r", By: ref(w.ann), CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
		ever := forum.Sanction{Member: ref(w.ben), Kind: forum.Ban, Reason: "r", By: ref(w.ann), CreatedAt: now}
		w.update(func(tx forum.Tx) error {
			return errors.Join(tx.InsertSanction(w.ctx, &s), tx.InsertSanction(w.ctx, &ever))
		})
		if list := must[[]forum.Sanction](t)(w.SanctionsInForce(w.ctx, w.ben.ID, now)); len(list) != 2 || list[0].Reason != "r" || list[0].By != ref(w.ann) || list[0].Member != ref(w.ben) {
			t.Errorf("in force %+v", list)
		}
		if list := must[[]forum.Sanction](t)(w.SanctionsInForce(w.ctx, w.ben.ID, now.Add(2*time.Hour))); len(list) != 1 || list[0].ID != ever.ID {
			t.Errorf("in force later %+v", list)
		}
		w.update(func(tx forum.Tx) error { return tx.LiftSanction(w.ctx, ever.ID, now) })
		if _, err := w.Update(w.ctx, func(tx forum.Tx) (any, error) { return nil, tx.LiftSanction(w.ctx, ever.ID, now) }); !fault.Is(err, "sanction_over") {
			t.Error(err)
		}
		if _, err := w.Sanction(w.ctx, 99); !fault.Is(err, "sanction_not_found") {
			t.Error(err)
		}
		for i, q := range []struct {
			forum.SanctionQuery
			want int
		}{
			{forum.SanctionQuery{}, 2}, {forum.SanctionQuery{InForce: true}, 1}, {forum.SanctionQuery{MemberID: w.ben.ID}, 2}, {forum.SanctionQuery{MemberID: w.ann.ID}, 0},
			{forum.SanctionQuery{Fandoms: []forum.ID{w.fandom.ID}}, 1}, {forum.SanctionQuery{Fandoms: []forum.ID{w.fandom.ID}, MemberID: w.ben.ID, InForce: true}, 1}, {forum.SanctionQuery{Fandoms: []forum.ID{}}, 0},
		} {
			q.Limit = 10
			if list, _, err := w.Sanctions(w.ctx, q.SanctionQuery); err != nil || len(list) != q.want {
				t.Errorf("query %d: %d sanctions %v, want %d", i, len(list), err, q.want)
			}
		}
		for i := range 3 {
			w.update(func(tx forum.Tx) error {
				return tx.InsertAudit(w.ctx, forum.AuditEntry{Actor: ref(w.ann), Action: fmt.Sprint(i), Target: forum.Target{Kind: forum.TargetMember, ID: w.ben.ID}, FandomID: forum.ID(i), Detail: "{}", At: now})
			})
		}
		list, next, err := w.Audit(w.ctx, forum.AuditQuery{ActorID: w.ann.ID, Fandoms: []forum.ID{0, 1, 2}, Limit: 2})
		if err != nil || len(list) != 2 || list[0].Action != "2" || next == "" || list[0].Actor != ref(w.ann) || list[0].Target.ID != w.ben.ID {
			t.Fatalf("audit %+v %v", list, err)
		}
		if list, next, err = w.Audit(w.ctx, forum.AuditQuery{ActorID: w.ann.ID, After: next, Limit: 2}); err != nil || len(list) != 1 || next != "" {
			t.Errorf("audit, second page %+v %v", list, err)
		}
	})
}

func TestBadCursors(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		bad := forum.Cursor("%%%")
		_, _, e1 := w.Posts(w.ctx, forum.PostQuery{Sort: forum.SortHot, After: bad, Limit: 1})
		_, _, e2 := w.Posts(w.ctx, forum.PostQuery{Sort: forum.SortTop, After: bad, Limit: 1})
		_, _, e3 := w.Posts(w.ctx, forum.PostQuery{Sort: forum.SortNew, After: bad, Limit: 1})
		_, _, e4 := w.Tree(w.ctx, 1, bad, 1)
		_, _, e5 := w.CommentsBy(w.ctx, 1, bad, 1)
		_, _, e6 := w.Cases(w.ctx, forum.CaseQuery{After: bad})
		for i, err := range []error{e1, e2, e3, e4, e5, e6} {
			if !fault.Is(err, "bad_cursor") {
				t.Errorf("list %d: %v", i+1, err)
			}
		}
	})
}

func TestAttachments(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		put := func(key string) media.Attachment {
			return must[media.Attachment](t)(w.InsertAttachment(w.ctx, media.Attachment{OwnerID: 7, Key: key, ContentType: "image/png", Width: 3, Height: 4, Bytes: 100, Alt: "alt", CreatedAt: w.clock.now(), UsedAt: w.clock.now()}))
		}
		a, b := put("aaaa.png"), put("bbbb.png")
		if err := errors.Join(w.SetVariants(w.ctx, a.ID, []int{480, 960}), w.SetAlt(w.ctx, a.ID, 7, "other")); err != nil {
			t.Fatal(err)
		}
		if err := w.SetAlt(w.ctx, a.ID, 8, "stolen"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("alt by another: %v", err)
		}
		a = must[media.Attachment](t)(w.AttachmentByID(w.ctx, a.ID))
		if !slices.Equal(a.Variants, []int{480, 960}) || a.Alt != "other" || !a.UsedAt.IsZero() || !a.CreatedAt.Equal(w.clock.now()) {
			t.Errorf("attachment %+v", a)
		}
		w.update(func(tx forum.Tx) error {
			return tx.UseAttachments(w.ctx, []string{"https://media.example/media/aaaa.png?w=2", "/media/../etc/passwd", "/media/gone.png"}, w.clock.now())
		})
		if err := w.DeleteAttachment(w.ctx, a.ID); fault.KindOf(err) != fault.Conflict {
			t.Errorf("delete in use: %v", err)
		}
		unused := must[[]media.Attachment](t)(w.UnusedAttachments(w.ctx, w.clock.now().Add(time.Hour), 10))
		if len(unused) != 1 || unused[0].ID != b.ID {
			t.Errorf("unused %+v", unused)
		}
		if m := must[map[string]media.Attachment](t)(w.AttachmentsByKeys(w.ctx, []string{"aaaa.png", "bbbb.png", "cccc.png"})); len(m) != 2 || m["bbbb.png"].ID != b.ID {
			t.Errorf("by keys %+v", m)
		}
		if n, bytes, err := w.AttachmentUsage(w.ctx, 7, w.clock.now()); n != 2 || bytes != 200 || err != nil {
			t.Errorf("usage %d %d %v", n, bytes, err)
		}
		if n, bytes, err := w.AttachmentUsage(w.ctx, 8, w.clock.now()); n != 0 || bytes != 0 || err != nil {
			t.Errorf("usage of nobody %d %d %v", n, bytes, err)
		}
		if err := w.DeleteAttachment(w.ctx, b.ID); err != nil {
			t.Error(err)
		}
		if err := w.DeleteAttachment(w.ctx, b.ID); fault.KindOf(err) != fault.NotFound {
			t.Error(err)
		}
	})
}
