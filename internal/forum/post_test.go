package forum_test

import (
	"strings"
	"testing"
	"time"

	"lightstick/internal/forum"
)

func TestWhoMayPost(t *testing.T) {
	w := newWorld(t)
	in := forum.PostInput{Title: "Hello", Body: "First!"}
	for name, c := range map[string]struct {
		actor *forum.Actor
		board forum.ID
		code  string
	}{
		"guest":                   {w.guest, w.board.ID, "sign_in_required"},
		"nobody":                  {nil, w.board.ID, "sign_in_required"},
		"unverified":              {w.unverified, w.board.ID, "email_unverified"},
		"token without scope":     {w.bare, w.board.ID, "scope_missing"},
		"member on staff board":   {w.ann, w.news.ID, "board_staff_only"},
		"mod of another fandom":   {w.mod, w.otherBoard.ID, ""},
		"mod on staff board":      {w.mod, w.news.ID, ""},
		"member":                  {w.ann, w.board.ID, ""},
		"board that is not there": {w.ann, 9999, "board_not_found"},
	} {
		_, err := w.CreatePost(w.ctx, c.actor, c.board, in)
		if c.code == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		t.Run(name, func(t *testing.T) { w.refused(err, c.code) })
	}
}

func TestPostInputIsChecked(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		title, body, code string
	}{
		"no title":      {" \u200b ", "x", "required"},
		"no body":       {"x", "", "required"},
		"long title":    {strings.Repeat("가", forum.MaxTitle+1), "x", "too_long"},
		"long body":     {"x", strings.Repeat("a", forum.MaxBody+1), "too_long"},
		"huge body":     {"x", strings.Repeat("a", 50*forum.MaxBody), "too_long"},
		"not UTF-8":     {"x", "a\xff", "invalid_utf8"},
		"control":       {"x", "a\x00b", "control_character"},
		"newline title": {"a\x07b", "x", "control_character"},
		"bidi":          {"x", "a\u202eb", "bidi_override"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.CreatePost(w.ctx, w.ann, w.board.ID, forum.PostInput{Title: c.title, Body: c.body})
			w.refused(err, c.code)
		})
	}
	if list, _, err := w.store.Posts(w.ctx, forum.PostQuery{Sort: forum.SortNew, Limit: 10}); err != nil || len(list) != 0 {
		t.Fatalf("refused posts left %d behind, %v", len(list), err)
	}
	w.post(w.ann, strings.Repeat("가", forum.MaxTitle), strings.Repeat("나", forum.MaxBody))
}

func TestEditKeepsWhatWas(t *testing.T) {
	w := newWorld(t)
	p := w.post(w.ann, "Comeback", "on **Friday**")
	w.clock.Advance(time.Hour)
	_, err := w.EditPost(w.ctx, w.ben, p.ID, forum.PostInput{Title: "x", Body: "y"})
	w.refused(err, "not_yours")
	edited := must(w.EditPost(w.ctx, w.ann, p.ID, forum.PostInput{Title: "Comeback!", Body: "on *Saturday*", Version: p.Version}))(t)
	if edited.EditedAt.IsZero() || !strings.Contains(edited.HTML, "<em>Saturday</em>") {
		t.Fatalf("edit not rendered: %+v", edited)
	}
	_, err = w.EditPost(w.ctx, w.ann, p.ID, forum.PostInput{Title: "late", Body: "late", Version: p.Version})
	w.refused(err, "stale")
	revs := must(w.store.Revisions(w.ctx, forum.Target{Kind: forum.TargetPost, ID: p.ID}))(t)
	if len(revs) != 1 || revs[0].Title != "Comeback" || revs[0].Body != "on **Friday**" || revs[0].EditorID != w.ann.ID {
		t.Fatalf("history: %+v", revs)
	}
	now := must(w.store.Post(w.ctx, p.ID))(t)
	if now.Title != "Comeback!" || now.Version != edited.Version {
		t.Fatalf("stored: %+v", now)
	}
}

func TestDeleteAndRestore(t *testing.T) {
	w := newWorld(t)
	p := w.post(w.ann, "Oops", "wrong board")
	target := forum.Target{Kind: forum.TargetPost, ID: p.ID}
	w.refused(w.DeletePost(w.ctx, w.ben, p.ID, 0), "not_yours")
	w.refused(w.DeletePost(w.ctx, w.ann, p.ID, 99), "stale")
	w.must(w.DeletePost(w.ctx, w.ann, p.ID, p.Version))
	w.must(w.DeletePost(w.ctx, w.ann, p.ID, 0)) // twice is once
	if list, _, err := w.store.Posts(w.ctx, forum.PostQuery{BoardID: w.board.ID, Sort: forum.SortNew, Limit: 10}); err != nil || len(list) != 0 {
		t.Fatalf("a deleted post is listed: %v %v", list, err)
	}
	_, err := w.EditPost(w.ctx, w.ann, p.ID, forum.PostInput{Title: "x", Body: "y"})
	w.refused(err, "not_standing")
	_, err = w.CreateComment(w.ctx, w.ben, p.ID, forum.CommentInput{Body: "?"})
	w.refused(err, "post_not_found")
	w.refused(w.Moderate(w.ctx, w.ann, target, forum.ActRestore, 0, ""), "staff_only")
	w.must(w.Moderate(w.ctx, w.mod, target, forum.ActRestore, 0, "asked to"))
	if got := must(w.store.Post(w.ctx, p.ID))(t); got.State != forum.Visible || got.Body != "wrong board" {
		t.Fatalf("restored: %+v", got)
	}
}

func TestCommentsFollowTheirPost(t *testing.T) {
	w := newWorld(t)
	p := w.post(w.ann, "Thread", "go")
	root := w.comment(w.ben, p.ID, 0, "one")
	reply := w.comment(w.ann, p.ID, root.ID, "two")
	if root.Depth != 0 || reply.Depth != 1 || reply.ParentID != root.ID {
		t.Fatalf("tree: %+v %+v", root, reply)
	}
	other := w.post(w.ann, "Other", "x")
	_, err := w.CreateComment(w.ctx, w.ben, other.ID, forum.CommentInput{ParentID: root.ID, Body: "wrong thread"})
	w.refused(err, "comment_not_found")
	w.must(w.DeleteComment(w.ctx, w.ben, root.ID, 0))
	_, err = w.CreateComment(w.ctx, w.ann, p.ID, forum.CommentInput{ParentID: root.ID, Body: "late"})
	w.refused(err, "parent_gone")
	tree, _, err := w.store.Tree(w.ctx, p.ID, "", 10)
	w.must(err)
	if len(tree) != 2 || tree[0].State != forum.Deleted || tree[0].HTML != "" || tree[1].ID != reply.ID {
		t.Fatalf("a deleted comment with an answer must stay as an empty place: %+v", tree)
	}
	w.must(w.Moderate(w.ctx, w.mod, forum.Target{Kind: forum.TargetPost, ID: p.ID}, forum.ActLock, 0, ""))
	_, err = w.CreateComment(w.ctx, w.ann, p.ID, forum.CommentInput{Body: "late"})
	w.refused(err, "post_locked")
	w.comment(w.mod, p.ID, 0, "staff may still speak")
}

func TestReactionsCountOnce(t *testing.T) {
	w := newWorld(t)
	p := w.post(w.ann, "Look", "new lightstick")
	target := forum.Target{Kind: forum.TargetPost, ID: p.ID}
	for range 3 {
		w.must(w.React(w.ctx, w.ben, target, 0, true))
	}
	w.must(w.React(w.ctx, w.ann, target, 0, true))
	w.must(w.React(w.ctx, w.ann, target, 5, true))
	w.must(w.React(w.ctx, w.ann, target, 5, false))
	w.must(w.React(w.ctx, w.ann, target, 5, false))
	w.refused(w.React(w.ctx, w.ann, target, 6, true), "unknown_reaction")
	w.refused(w.React(w.ctx, w.guest, target, 0, true), "sign_in_required")
	w.settle()
	if got := must(w.store.Post(w.ctx, p.ID))(t).Reactions; got != (forum.Reactions{2}) {
		t.Fatalf("reactions %v", got)
	}
}

func TestMentionsAndRepliesAreTold(t *testing.T) {
	w := newWorld(t)
	p := w.post(w.ann, "Hi", "@ben and @ben and @nobody_here")
	w.comment(w.ben, p.ID, 0, "thanks @ann") // the author is told once, as answered
	w.comment(w.ann, p.ID, 0, "to myself")
	for who, want := range map[*forum.Actor][]string{w.ben: {forum.NotifyMention}, w.ann: {forum.NotifyReply}} {
		list, _, err := w.Notifications(w.ctx, who, "", 10)
		w.must(err)
		var kinds []string
		for _, n := range list {
			kinds = append(kinds, n.Kind)
		}
		if strings.Join(kinds, " ") != strings.Join(want, " ") {
			t.Errorf("%s was told %v, want %v", who.Handle, kinds, want)
		}
	}
	if n := must(w.store.UnreadCount(w.ctx, w.ben.ID))(t); n != 1 {
		t.Errorf("unread %d", n)
	}
	list, _, _ := w.Notifications(w.ctx, w.ben, "", 10)
	w.must(w.MarkRead(w.ctx, w.ben, list[0].ID))
	if n := must(w.store.UnreadCount(w.ctx, w.ben.ID))(t); n != 0 {
		t.Errorf("unread after reading %d", n)
	}
}

func TestLocalPathStopsOpenRedirects(t *testing.T) {
	for in, want := range map[string]string{
		"/ko/p/1?after=2#c3": "/ko/p/1?after=2#c3", "": "/", "https://evil.test/": "/", "//evil.test": "/", "/\\evil.test": "/",
		"javascript:alert(1)": "/", "ko/p/1": "/", "/a\r\nSet-Cookie: x": "/", "/%zz": "/",
	} {
		if got := forum.LocalPath(in, "/"); got != want {
			t.Errorf("LocalPath(%q) = %q, want %q", in, got, want)
		}
	}
}
