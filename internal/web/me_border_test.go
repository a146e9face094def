package web_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"lightstick/internal/edge"
	"lightstick/internal/forum"
)

// call is one row of the matrix: what is sent, and the status that each role gets.
type call struct {
	// make prepares something fresh to do it to and returns query and form, "name=value" joined by &.
	make func(h *house) (place, query, form string)
	want [roles]int
}

// The usual answers: guests are led to the sign-in page.
var (
	forMembers = [roles]int{303, 200, 200, 200, 200, 200}
	forAll     = [roles]int{200, 200, 200, 200, 200, 200}
	forStaff   = [roles]int{303, 403, 403, 200, 200, 200}
	forAdmins  = [roles]int{303, 403, 403, 403, 403, 200}
	sentFine   = [roles]int{303, 303, 303, 303, 303, 303}
)

func nothing(*house) (string, string, string) { return "", "", "" }

func query(q string) func(*house) (string, string, string) {
	return func(*house) (string, string, string) { return "", q, "" }
}

func form(f string) func(*house) (string, string, string) {
	return func(*house) (string, string, string) { return "", "", f }
}

func onPost(format string) func(*house) (string, string, string) {
	return func(h *house) (string, string, string) {
		p, _ := h.written()
		return "", "", fmt.Sprintf(format, p.ID)
	}
}

// hidden is the author's post after staff took it down.
func (h *house) hidden() forum.Post {
	p, _ := h.written()
	p.State = forum.Hidden
	h.update(func(tx forum.Tx) error { return tx.UpdatePost(h.ctx, &p) })
	return p
}

// reported is a fresh case about the author's post.
func (h *house) reported() forum.ID {
	h.t.Helper()
	p, _ := h.written()
	h.update(func(tx forum.Tx) error {
		return tx.InsertReport(h.ctx, forum.Report{CaseTarget: forum.Target{Kind: forum.TargetPost, ID: p.ID}, FandomID: h.fandom.ID, ReporterID: h.members[stranger].ID, Reason: forum.ReasonSpam, CreatedAt: h.now})
	})
	cases, _, err := h.store.Cases(h.ctx, forum.CaseQuery{Limit: 100})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, c := range cases {
		if c.Target.ID == p.ID && c.Target.Kind == forum.TargetPost {
			return c.ID
		}
	}
	h.t.Fatal("no case was opened")
	return 0
}

func onCase(f string) func(*house) (string, string, string) {
	return func(h *house) (string, string, string) { return fmt.Sprint(h.reported()), "", f }
}

// planned is a fresh event of the fandom.
func (h *house) planned(change ...func(*forum.Event)) forum.Event {
	h.t.Helper()
	e := forum.Event{FandomID: h.fandom.ID, Kind: forum.EventComeback, Title: "Comeback", StartsAt: h.now.Add(50 * time.Hour), EndsAt: h.now.Add(52 * time.Hour), CreatedAt: h.now, UpdatedAt: h.now}
	for _, f := range change {
		f(&e)
	}
	h.update(func(tx forum.Tx) error { return tx.InsertEvent(h.ctx, &e) })
	return e
}

func onEvent(f string) func(*house) (string, string, string) {
	return func(h *house) (string, string, string) { return fmt.Sprint(h.planned().ID), "", f }
}

// matrix has a row for every private route; a route without one fails the test.
func matrix() map[string]call {
	ofFandom := func(q, f string) func(*house) (string, string, string) {
		return func(h *house) (string, string, string) {
			rep := strings.NewReplacer("{fandom}", fmt.Sprint(h.fandom.ID), "{byul}", h.members[author].Handle, "{id}", fmt.Sprint(h.members[author].ID))
			return fmt.Sprint(h.fandom.ID), rep.Replace(q), rep.Replace(f)
		}
	}
	fandomForm := "name=Aurora&slug=aurora&description=&accent=%233366cc"
	boardForm := "name=New&slug=%s&position=3"
	fresh := 0
	return map[string]call{
		"me.home":               {nothing, forMembers},
		"me.fragments":          {query("page=/ko/p/1"), forAll},
		"me.seen":               {form("post=1"), [roles]int{204, 204, 204, 204, 204, 204}},
		"me.notifications":      {nothing, forMembers},
		"me.notifications.read": {form("up_to=1"), sentFine},
		"me.sign_in":            {nothing, [roles]int{200, 303, 303, 303, 303, 303}},
		"me.sign_in.send":       {form("login=nobody&password=wrong-password"), [roles]int{422, 422, 422, 422, 422, 422}},
		"me.sign_up":            {nothing, [roles]int{200, 303, 303, 303, 303, 303}},
		"me.sign_up.send":       {form("handle=x"), [roles]int{422, 422, 422, 422, 422, 422}},
		"me.sign_out":           {nothing, [roles]int{303, 200, 200, 200, 200, 200}},
		"me.inbox":              {nothing, sentFine}, // all are confirmed already
		"me.inbox.resend":       {form(""), sentFine},
		"me.verify":             {query("token=abc"), forAll},
		"me.verify.send":        {form("token=abc"), [roles]int{422, 422, 422, 422, 422, 422}},
		"me.reset":              {nothing, forAll},
		"me.reset.send":         {form("email=nobody@example.com"), sentFine},
		"me.reset.new":          {query("token=abc"), forAll},
		"me.reset.choose":       {form("token=abc&password=" + password), [roles]int{422, 422, 422, 422, 422, 422}},
		"me.setup":              {query("token=abc"), forAll},
		"me.setup.send":         {form("token=abc&handle=boss&email=boss@example.com&password=" + password), [roles]int{422, 422, 422, 422, 422, 422}},
		"me.settings":           {nothing, forMembers},
		"me.settings.save":      {form("name=New&bio=&locale=ko&time_zone=Asia/Seoul"), sentFine},
		"me.avatar":             {form("picture="), [roles]int{303, 422, 422, 422, 422, 422}}, // not the form it should be
		"me.password":           {nothing, forMembers},
		"me.password.save":      {form("old=wrong&password=" + password), [roles]int{303, 422, 422, 422, 422, 422}},
		"me.email":              {nothing, forMembers},
		"me.email.save":         {form("email=new@example.com&password=wrong"), [roles]int{303, 422, 422, 422, 422, 422}},
		"me.sessions":           {nothing, forMembers},
		"me.sessions.end": {func(h *house) (string, string, string) { // the session of somebody else
			list, err := h.store.SessionsOf(h.ctx, h.byul.ID)
			if err != nil || len(list) > 0 {
				h.t.Fatal(list, err)
			}
			h.session(h.byul.ID)
			list, err = h.store.SessionsOf(h.ctx, h.byul.ID)
			if err != nil {
				h.t.Fatal(err)
			}
			defer func() { h.byul = h.member(fmt.Sprint("byul_", list[0].ID), "Byul") }()
			return "", "", fmt.Sprintf("id=%d", list[0].ID)
		}, [roles]int{303, 404, 404, 404, 404, 404}},
		"me.tokens":        {nothing, forMembers},
		"me.tokens.create": {form("name=bot&scope_read=1&days=30"), [roles]int{303, 201, 201, 201, 201, 201}},
		"me.tokens.revoke": {form("id=99999"), [roles]int{303, 404, 404, 404, 404, 404}},
		"me.write":         {ofFandom("fandom=aurora&board=talk", ""), forMembers},
		"me.write.send": {func(h *house) (string, string, string) {
			return "", "", fmt.Sprintf("board=%d&title=T&body=B", h.board.ID)
		}, [roles]int{422, 303, 303, 303, 303, 303}},
		"me.reply": {func(h *house) (string, string, string) {
			p, c := h.written()
			return "", fmt.Sprintf("post=%d&parent=%d&quote=1", p.ID, c.ID), ""
		}, forMembers},
		"me.reply.send": {onPost("post=%d&body=B"), [roles]int{422, 303, 303, 303, 303, 303}},
		"me.edit": {func(h *house) (string, string, string) {
			p, _ := h.written()
			return "", fmt.Sprintf("target=p%d", p.ID), ""
		}, [roles]int{303, 403, 200, 200, 403, 200}},
		"me.edit.send": {onPost("target=p%d&title=T&body=B&version=1"), [roles]int{422, 403, 303, 303, 403, 303}},
		"me.delete": {func(h *house) (string, string, string) {
			p, _ := h.written()
			return "", fmt.Sprintf("target=p%d", p.ID), ""
		}, [roles]int{303, 403, 200, 403, 403, 403}},
		"me.delete.send": {onPost("target=p%d"), [roles]int{303, 403, 303, 403, 403, 403}},
		"me.preview":     {form("body=**b**"), forMembers},
		"me.upload":      {form("image="), [roles]int{303, 400, 400, 400, 400, 400}}, // not the form it should be
		"me.react": {func(h *house) (string, string, string) {
			p, _ := h.written()
			return "", fmt.Sprintf("target=p%d", p.ID), ""
		}, forMembers},
		"me.react.send":  {onPost("r=p%d.heart"), sentFine},
		"me.manage":      {func(h *house) (string, string, string) { return "", fmt.Sprintf("target=p%d", h.hidden().ID), "" }, [roles]int{303, 404, 200, 200, 404, 200}},
		"me.report":      {func(h *house) (string, string, string) { return "", fmt.Sprintf("target=p%d", h.hidden().ID), "" }, [roles]int{303, 404, 200, 200, 404, 200}},
		"me.report.send": {onPost("target=p%d&reason=spam"), sentFine},

		"admin.overview":         {nothing, forStaff},
		"admin.moderate":         {onPost("target=p%d&act=hide"), [roles]int{303, 403, 403, 303, 403, 303}},
		"admin.queue":            {nothing, forStaff},
		"admin.case":             {onCase(""), [roles]int{303, 403, 403, 200, 403, 200}},
		"admin.case.claim":       {onCase("on=1"), [roles]int{303, 403, 403, 303, 403, 303}},
		"admin.case.resolve":     {onCase("act=hide&kind=mute&for=7&reason=rude"), [roles]int{303, 403, 403, 303, 403, 303}},
		"admin.sanctions":        {nothing, forStaff},
		"admin.sanctions.impose": {ofFandom("", "member={byul}&fandom={fandom}&kind=mute&for=1&reason=rude"), [roles]int{303, 403, 403, 303, 403, 303}},
		"admin.sanctions.lift": {func(h *house) (string, string, string) {
			s := forum.Sanction{Member: ref(h.members[author]), FandomID: h.fandom.ID, Kind: forum.Mute, Reason: "rude", By: ref(h.members[admin]), CreatedAt: h.now}
			h.update(func(tx forum.Tx) error { return tx.InsertSanction(h.ctx, &s) })
			return "", "", fmt.Sprintf("id=%d", s.ID)
		}, [roles]int{303, 403, 403, 303, 403, 303}},
		"admin.words":     {ofFandom("fandom={fandom}", ""), [roles]int{303, 403, 403, 200, 403, 200}},
		"admin.words.add": {ofFandom("", "fandom={fandom}&pattern=rude&action=mask"), [roles]int{303, 403, 403, 303, 403, 303}},
		"admin.words.remove": {func(h *house) (string, string, string) {
			r := forum.WordRule{FandomID: h.fandom.ID, Pattern: "rude", Action: forum.WordMask, CreatedAt: h.now}
			h.update(func(tx forum.Tx) error { return tx.InsertWordRule(h.ctx, &r) })
			return "", "", fmt.Sprintf("id=%d", r.ID)
		}, [roles]int{303, 403, 403, 303, 403, 303}},
		"admin.aliases":        {ofFandom("fandom={fandom}", ""), [roles]int{303, 403, 403, 200, 403, 200}},
		"admin.aliases.save":   {ofFandom("", "fandom={fandom}&aliases=a, b"), [roles]int{303, 403, 403, 303, 403, 303}},
		"admin.events":         {ofFandom("fandom={fandom}", ""), [roles]int{303, 403, 403, 200, 403, 200}},
		"admin.events.new":     {ofFandom("fandom={fandom}", ""), [roles]int{303, 403, 403, 200, 403, 200}},
		"admin.events.create":  {ofFandom("", "fandom={fandom}&kind=stream&title=Live&starts_at=2026-12-01T20:00"), [roles]int{303, 403, 403, 303, 403, 303}},
		"admin.event":          {onEvent(""), [roles]int{303, 403, 403, 200, 403, 200}},
		"admin.event.save":     {onEvent("kind=stream&title=Live&starts_at=2026-12-01T20:00&cancelled=1"), [roles]int{303, 403, 403, 303, 403, 303}},
		"admin.event.delete":   {onEvent("version=1"), [roles]int{303, 403, 403, 303, 403, 303}},
		"admin.audit":          {nothing, forStaff},
		"admin.fandoms":        {nothing, forStaff},
		"admin.fandoms.new":    {nothing, forAdmins},
		"admin.fandoms.create": {form("name=Comet&slug=comet&accent=%23ff0000"), [roles]int{303, 403, 403, 403, 403, 303}},
		"admin.fandom":         {ofFandom("", ""), [roles]int{303, 403, 403, 200, 403, 200}},
		"admin.fandom.save":    {ofFandom("", fandomForm), [roles]int{303, 403, 403, 303, 403, 303}},
		"admin.boards.new":     {ofFandom("", ""), [roles]int{303, 403, 403, 200, 403, 200}},
		"admin.boards.create": {func(h *house) (string, string, string) {
			fresh++
			return fmt.Sprint(h.fandom.ID), "", fmt.Sprintf(boardForm, fmt.Sprint("new-", fresh))
		}, [roles]int{303, 403, 403, 303, 403, 303}},
		"admin.moderators": {ofFandom("", "remove={id}"), [roles]int{303, 403, 403, 403, 403, 303}},
		"admin.board":      {func(h *house) (string, string, string) { return fmt.Sprint(h.board.ID), "", "" }, [roles]int{303, 403, 403, 200, 403, 200}},
		"admin.board.save": {func(h *house) (string, string, string) {
			return fmt.Sprint(h.board.ID), "", fmt.Sprintf(boardForm, "talk")
		}, [roles]int{303, 403, 403, 303, 403, 303}},
		"admin.members":      {nothing, forAdmins},
		"admin.members.role": {ofFandom("", "id={id}&role=member"), [roles]int{303, 403, 403, 403, 403, 303}},
		// Last: it ends the session.
		"me.sign_out.send": {form(""), sentFine},
	}
}

var placeholder = regexp.MustCompile(`\{\w+\}`)

// TestWhoMayDoWhat tries every private route as every role, also with what belongs to others.
func TestWhoMayDoWhat(t *testing.T) {
	h := newHouse(t)
	rows := matrix()
	last := []edge.Route{}
	for _, rt := range h.site.Routes() {
		if !strings.HasPrefix(rt.Path, "/me/") && !strings.HasPrefix(rt.Path, "/admin/") {
			continue
		}
		row, ok := rows[rt.Policy.Name()]
		if !ok {
			t.Errorf("%s %s (%s) has no row in the matrix", rt.Method, rt.Path, rt.Policy.Name())
			continue
		}
		if rt.Policy.Name() == "me.sign_out.send" {
			last = append(last, rt)
			continue
		}
		h.tryAll(rt, row)
	}
	for _, rt := range last {
		h.tryAll(rt, rows[rt.Policy.Name()])
	}
}

func (h *house) tryAll(rt edge.Route, row call) {
	h.t.Helper()
	for r := guest; r < roles; r++ {
		place, query, form := row.make(h)
		path := strings.Replace(rt.Path, "{locale}", "en", 1)
		path = placeholder.ReplaceAllString(path, place)
		if query != "" {
			path += "?" + query
		}
		s := sent{method: rt.Method, path: path, cookie: h.cookies[r], body: form, header: []string{"Content-Type", "application/x-www-form-urlencoded"}}
		rec := h.send(s)
		where := fmt.Sprintf("%s %s (%s) as %s", rt.Method, path, rt.Policy.Name(), r)
		if rec.Code != row.want[r] {
			h.t.Errorf("%s: %d, want %d (to %q): %s", where, rec.Code, row.want[r], rec.Header().Get("Location"), h.reason(rec))
		}
		if cc := rec.Header().Get("Cache-Control"); cc != "private, no-store" {
			h.t.Errorf("%s: Cache-Control %q", where, cc)
		}
		if to := rec.Header().Get("Location"); r == guest && row.want[stranger] != 303 && row.want[guest] == 303 && !strings.HasPrefix(to, "/me/en/sign-in") && rt.Policy.Name() != "me.sign_out" {
			h.t.Errorf("%s leads to %q instead of the sign-in page", where, to)
		}
		if rt.Method == http.MethodPost {
			s.header = append(s.header, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
			if rec := h.send(s); rec.Code != http.StatusForbidden {
				h.t.Errorf("%s from another site: %d, want 403", where, rec.Code)
			}
		}
	}
}

// reason is what an error page says.
func (h *house) reason(rec *httptest.ResponseRecorder) string {
	return strings.Join(strings.Fields(h.parse(rec.Body.String()).Find(".mistakes, .oops").Text()), " ")
}

// TestTokensOpenNoPages: an API token is for the API; to a page its owner is a guest.
func TestTokensOpenNoPages(t *testing.T) {
	h := newHouse(t)
	a := &forum.Actor{Member: h.members[admin]}
	_, secret, err := h.id.CreateToken(h.ctx, a, "all", forum.Scopes(), 3600_000_000_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/me/en", "/admin/en", "/me/en/settings"} {
		rec := h.send(sent{method: http.MethodGet, path: path, header: []string{"Authorization", "Bearer " + secret}})
		leads(t, rec, "/me/en/sign-in?next=")
	}
	rec := h.send(sent{method: http.MethodPost, path: "/me/en/settings/tokens", form: pairs("name", "x", "scope_read", "1", "days", "30"), header: []string{"Authorization", "Bearer " + secret}})
	leads(t, rec, "/me/en/sign-in")
}

const attack = `"><script>alert(1)</script><img src=x onerror=alert(2)>'`

// TestNothingIsPrintedRaw fills everything that people can write with markup and looks for it on
// every page that can be opened.
func TestNothingIsPrintedRaw(t *testing.T) {
	h := newHouse(t)
	for r := stranger; r < roles; r++ {
		m := h.members[r]
		m.Name, m.Bio = attack[:min(len(attack), 40)], attack
		if now, err := h.store.Member(h.ctx, m.ID); err != nil {
			t.Fatal(err)
		} else {
			m.Version = now.Version
		}
		h.update(func(tx forum.Tx) error { return tx.UpdateMember(h.ctx, &m) })
		h.members[r] = m
		h.id.Forget(m.ID)
	}
	h.fandom.Name, h.fandom.Description, h.board.Name = attack, attack, attack
	id := h.reported()
	h.update(func(tx forum.Tx) error {
		if err := tx.UpdateFandom(h.ctx, &h.fandom); err != nil {
			return err
		}
		if err := tx.UpdateBoard(h.ctx, &h.board); err != nil {
			return err
		}
		s := forum.Sanction{Member: ref(h.members[author]), FandomID: h.fandom.ID, Kind: forum.Mute, Reason: attack, By: ref(h.members[mod]), CreatedAt: h.now}
		if err := tx.InsertSanction(h.ctx, &s); err != nil {
			return err
		}
		rule := forum.WordRule{FandomID: h.fandom.ID, Pattern: attack, Action: forum.WordHold, CreatedAt: h.now}
		if err := tx.InsertWordRule(h.ctx, &rule); err != nil {
			return err
		}
		p := h.post
		p.Title, p.Body = attack, attack
		if err := tx.UpdatePost(h.ctx, &p); err != nil {
			return err
		}
		if err := tx.InsertNotification(h.ctx, forum.Notification{MemberID: h.members[author].ID, Kind: forum.NotifyReply, Target: forum.Target{Kind: forum.TargetPost, ID: p.ID}, PostID: p.ID, ActorID: h.members[mod].ID, At: h.now}); err != nil {
			return err
		}
		return tx.ReplaceAliases(h.ctx, h.fandom.ID, [][]string{{attack, "b"}})
	})
	e := h.planned(func(e *forum.Event) { e.Title, e.Text, e.Link = attack, attack, "https://x.example/"+attack })
	for r := stranger; r < roles; r++ {
		h.id.Forget(h.members[r].ID)
	}
	target := fmt.Sprintf("target=p%d", h.post.ID)
	f := fmt.Sprint(h.fandom.ID)
	evil := "%22%3E%3Cscript%3Ealert(1)%3C/script%3E"
	for _, path := range []string{
		"/me/en", "/me/en/notifications", "/me/en/settings", "/me/en/settings/sessions", "/me/en/manage?" + target, "/me/en/report?" + target, "/me/en/react?" + target,
		"/me/en/edit?" + target, "/me/en/write", fmt.Sprintf("/me/en/write?board=%d", h.board.ID), fmt.Sprintf("/me/en/reply?quote=1&post=%d", h.post.ID),
		"/me/en/verify?token=" + evil, "/me/en/reset/new?token=" + evil, "/me/en?done=" + evil, "/me/en/sign-out?next=" + evil,
		"/me/en/delete?" + target, fmt.Sprintf("/me/en/report?target=m%d", h.members[mod].ID), "/me/en/report?target=" + evil,
		"/admin/en", "/admin/en/queue", "/admin/en/queue?state=" + evil, fmt.Sprintf("/admin/en/cases/%d", id), "/admin/en/sanctions?member=" + evil, "/admin/en/words?fandom=" + f,
		"/admin/en/aliases?fandom=" + f, "/admin/en/events?fandom=" + f, fmt.Sprintf("/admin/en/events/%d", e.ID), "/en/calendar/aurora", "/en/calendar/aurora?past=" + evil, "/en/f/aurora", "/admin/en/audit", "/admin/en/audit?actor=" + evil, "/admin/en/fandoms", "/admin/en/fandoms/" + f, "/admin/en/fandoms/" + f + "/boards",
		fmt.Sprintf("/admin/en/boards/%d", h.board.ID), "/admin/en/members", "/admin/en/members?handle=" + evil,
	} {
		for _, r := range []role{author, admin} {
			rec := h.visit(r, path)
			if rec.Code >= 500 {
				t.Errorf("%s as %s: %d", path, r, rec.Code)
			}
			if body := rec.Body.String(); strings.Contains(body, "<script>alert") || strings.Contains(body, "<img src=x") {
				t.Errorf("%s as %s prints what somebody wrote as it is", path, r)
			}
		}
	}
	for path, field := range map[string]string{"/me/en/sign-in": "login", "/me/en/sign-up": "handle", "/me/en/reset": "email"} {
		rec := h.fill(guest, path, field, attack, "next", "//evil.example/"+attack)
		if body := rec.Body.String(); strings.Contains(body, "<script>alert") || strings.Contains(body, "evil.example") {
			t.Errorf("%s gives back what was typed as it is", path)
		}
	}
}

// TestBrokenForms sends what no browser would.
func TestBrokenForms(t *testing.T) {
	h := newHouse(t)
	p, _ := h.written()
	var parts bytes.Buffer
	mp := multipart.NewWriter(&parts)
	for i := range 60 {
		if err := mp.WriteField(fmt.Sprint("f", i), "x"); err != nil {
			t.Fatal(err)
		}
	}
	if err := mp.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path, kind, body string
		want             int
	}{
		"percent":        {"/me/en/settings", "application/x-www-form-urlencoded", "name=%zz", 400},
		"semicolons":     {"/me/en/settings", "application/x-www-form-urlencoded", "a=1;b=2", 400},
		"too large":      {"/me/en/settings", "application/x-www-form-urlencoded", "bio=" + strings.Repeat("a", 300<<10), 413},
		"cut multipart":  {"/me/en/reply", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"body\"\r\n\r\nhalf", 400},
		"no boundary":    {"/me/en/reply", "multipart/form-data", "half", 400},
		"too many parts": {"/me/en/reply", mp.FormDataContentType(), parts.String(), 400},
		"no such post":   {"/me/en/reply", "application/x-www-form-urlencoded", "post=99999&body=x", 404},
		"no number":      {"/me/en/reply", "application/x-www-form-urlencoded", "post=1e3&body=x", 404},
		"bad key":        {"/me/en/reply", "application/x-www-form-urlencoded", fmt.Sprintf("post=%d&body=x&once=%s", p.ID, strings.Repeat("k", 200)), 422},
		"bad utf-8":      {"/me/en/reply", "application/x-www-form-urlencoded", fmt.Sprintf("post=%d&body=%%ff", p.ID), 422},
		"no version":     {"/me/en/edit", "application/x-www-form-urlencoded", fmt.Sprintf("target=p%d&title=t&body=b", p.ID), 422},
		"no reaction":    {"/me/en/react", "application/x-www-form-urlencoded", fmt.Sprintf("r=p%d.bomb", p.ID), 422},
		"no target":      {"/me/en/react", "application/x-www-form-urlencoded", "r=", 404},
		"no language":    {"/me/xx/react", "application/x-www-form-urlencoded", "r=", 404},
	} {
		rec := h.send(sent{method: http.MethodPost, path: c.path, cookie: h.cookies[author], body: c.body, header: []string{"Content-Type", c.kind}})
		if rec.Code != c.want {
			t.Errorf("%s: %d, want %d: %s", name, rec.Code, c.want, h.reason(rec))
		}
	}
}
