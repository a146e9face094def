package api_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// pictures counts the files of uploads.
func (w *world) pictures() (n int) {
	w.t.Helper()
	must(w.t, fs.WalkDir(os.DirFS(filepath.Join(filepath.Dir(w.file), "media")), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !strings.HasPrefix(name, ".tmp") {
			n++
		}
		return err
	}))
	return n
}

func TestRepeatedUploadsDoNotFillTheDisk(t *testing.T) {
	w := newWorld(t)
	mina := w.member("mina_k")
	for range 3 {
		w.do("POST", "/attachments", picturePNG(t, 9), mina, "Content-Type", "image/png", "Idempotency-Key", "again").want(201)
	}
	if n := w.pictures(); n != 1 {
		t.Errorf("%d files of one upload", n)
	}
}

func TestBannedMembersUploadNothing(t *testing.T) {
	w := newWorld(t)
	loud := w.member("loud_one")
	w.do("POST", "/sanctions", `{"member":"loud_one","kind":"ban","reason":"Too loud"}`, w.admin).want(201)
	w.do("POST", "/attachments", picturePNG(t, 1), loud, "Content-Type", "image/png").problem(403, "sanction_ban")
	w.do("PUT", "/members/me/avatar", picturePNG(t, 2), loud, "Content-Type", "image/png").problem(403, "sanction_ban")
	w.do("PATCH", "/members/me", `{"name":"LOUDER"}`, loud).problem(403, "sanction_ban")
	if n := w.pictures(); n != 0 {
		t.Errorf("%d pictures were kept", n)
	}
}

// TestHeldTextIsNotInTheHistory holds for readers; staff see all of it.
func TestHeldTextIsNotInTheHistory(t *testing.T) {
	w := newWorld(t)
	mina := w.member("mina_k")
	w.do("POST", "/word-rules", `{"pattern":"hushhush","action":"hold"}`, w.admin).want(201)
	post := w.do("POST", "/boards/"+str(w.board)+"/posts", `{"title":"One","body":"hushhush"}`, mina).want(201)
	at := "/posts/" + str(post.id())
	w.do("PATCH", at, `{"body":"two"}`, mina, "If-Match", post.header.Get("ETag")).want(200)
	w.do("POST", at+"/acts", `{"act":"restore"}`, w.admin).want(204)
	for who, token := range map[string]string{"a guest": "", "its author": mina} {
		if got := w.do("GET", at+"/history", "", token).want(200); len(got.items()) != 0 {
			t.Errorf("%s reads what was held: %s", who, got.raw)
		}
	}
	if got := w.do("GET", at+"/history", "", w.admin).want(200); len(got.items()) != 1 {
		t.Errorf("staff see %s", got.raw)
	}
}

// TestABodyOfMistakesIsCheap: what is wrong with a body must not cost more than the body.
func TestABodyOfMistakesIsCheap(t *testing.T) {
	w := newWorld(t)
	var fields strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&fields, `,"k%d":1`, i)
	}
	for name, body := range map[string]string{
		"unknown fields": `{"login":"a","password":"b"` + fields.String() + `}`,
		"wrong items":    `{"name":"x","scopes":["a"` + strings.Repeat(`,"no"`, 40_000) + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			target := map[bool]string{true: "/tokens", false: "/sessions"}[strings.Contains(body, "scopes")]
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got := w.do("POST", target, body, w.admin).problem(422, "invalid")
			runtime.ReadMemStats(&after)
			if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 200 || len(got.raw) > 20_000 {
				t.Errorf("%d MB were used, and %d bytes answered", took, len(got.raw))
			}
		})
	}
}
