package web_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"lightstick/internal/edge"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
	"lightstick/internal/media"
	"lightstick/internal/observe"
	"lightstick/internal/web"
)

// role is who visits a private page.
type role int

const (
	guest    role = iota
	stranger      // a member who has nothing to do with it
	author        // who wrote the post and comments
	mod           // moderates the fandom
	otherMod      // moderates another fandom
	admin
	roles
)

func (r role) String() string {
	return [...]string{"guest", "stranger", "author", "mod", "otherMod", "admin"}[r]
}

const password = "korean-lightstick-parade"

// house is the world with accounts: a member of each role, signed in.
type house struct {
	*world
	id      *identity.Service
	members [roles]forum.Member
	cookies [roles]string
	other   forum.Fandom // which otherMod moderates
	drawn   atomic.Int64
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{world: newWorld(t)}
	h.open()
	h.other = forum.Fandom{Slug: "borealis", Name: "Borealis", Accent: "#aa3366", CreatedAt: h.now}
	h.update(func(tx forum.Tx) error { return tx.InsertFandom(h.ctx, &h.other) })
	hash, err := identity.HashPassword(h.ctx, password)
	if err != nil {
		t.Fatal(err)
	}
	for r := stranger; r < roles; r++ {
		h.settle(r, hash)
	}
	h.update(func(tx forum.Tx) error {
		if err := tx.SetModerator(h.ctx, h.fandom.ID, h.members[mod].ID, true); err != nil {
			return err
		}
		if err := tx.SetModerator(h.ctx, h.other.ID, h.members[otherMod].ID, true); err != nil {
			return err
		}
		h.members[admin].Role = forum.RoleAdmin
		return tx.UpdateMember(h.ctx, &h.members[admin])
	})
	return h
}

// open starts a site with accounts and uploads.
func (h *house) open() {
	h.t.Helper()
	f := forum.New(forum.Options{Store: h.store, Now: h.clock, Locales: []string{"en", "es", "id", "ja", "ko"}})
	h.id = identity.New(identity.Options{Store: h.store, Forum: f, Now: h.clock, SecureCookies: true, SiteName: "Lightstick"})
	h.t.Cleanup(func() {
		if err := h.id.Close(h.ctx); err != nil {
			h.t.Error(err)
		}
	})
	blobs, err := media.OpenDisk(h.t.TempDir())
	if err != nil {
		h.t.Fatal(err)
	}
	pictures := media.New(media.Options{Blobs: blobs, Store: h.store, Now: h.clock})
	if h.site, err = web.New(web.Options{Forum: f, Identity: h.id, Pictures: pictures, Uploads: pictures, BaseURL: base, Now: h.clock}); err != nil {
		h.t.Fatal(err)
	}
	u, err := url.Parse(base)
	if err != nil {
		h.t.Fatal(err)
	}
	h.edge, err = edge.New(edge.Config{Routes: h.counted(), Fail: h.site.Fail, BaseURL: u, Identify: h.id.Identify,
		Observer: observe.New(observe.Options{Log: io.Discard}), Now: h.clock})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(h.edge.Close)
}

// settle makes the member of a role and signs them in.
func (h *house) settle(r role, hash string) {
	h.t.Helper()
	h.members[r] = h.member(strings.ToLower(r.String())+"_1", "Name of "+r.String())
	h.credentials(func(tx identity.Tx) error { return tx.SetPassword(h.ctx, h.members[r].ID, "none", hash) })
	h.cookies[r] = h.session(h.members[r].ID)
}

// secret draws a token of the form that package identity takes, and its hash.
func (h *house) secret() (string, identity.Hash) {
	raw := sha256.Sum256([]byte(fmt.Sprint("secret ", h.drawn.Add(1))))
	token := base64.RawURLEncoding.EncodeToString(raw[:])
	return token, sha256.Sum256([]byte(token))
}

func (h *house) credentials(change func(identity.Tx) error) {
	h.t.Helper()
	if _, err := h.store.UpdateIdentity(h.ctx, func(tx identity.Tx) (any, error) { return nil, change(tx) }); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) session(member forum.ID) (cookie string) {
	h.t.Helper()
	token, hash := h.secret()
	h.credentials(func(tx identity.Tx) error {
		s := identity.Session{MemberID: member, CreatedAt: h.now, LastSeenAt: h.now, ExpiresAt: h.now.Add(80 * 24 * time.Hour), UserAgent: "Firefox/1 Android", Addr: "192.0.2.1"}
		return tx.InsertSession(h.ctx, &s, hash)
	})
	return h.id.CookieName() + "=" + token
}

// ticket is the token of a link that was mailed.
func (h *house) ticket(kind string, m forum.Member) string {
	h.t.Helper()
	token, hash := h.secret()
	h.credentials(func(tx identity.Tx) error {
		return tx.PutTicket(h.ctx, identity.Ticket{Kind: kind, MemberID: m.ID, Email: m.Email, ExpiresAt: h.now.Add(time.Hour)}, hash)
	})
	return token
}

// written are a post and a comment of the author.
func (h *house) written() (forum.Post, forum.Comment) {
	h.t.Helper()
	h.byul, h.sol = h.members[author], h.members[author]
	h.post = h.write("What the author says", "the **body** of it")
	return h.post, h.comment(0, "what the author answers")
}

// sent is a request of a browser.
type sent struct {
	method, path string
	cookie       string
	form         url.Values
	body         string // instead of a form
	header       []string
}

func (h *house) send(s sent) *httptest.ResponseRecorder {
	h.t.Helper()
	body := s.body
	if s.form != nil {
		body = s.form.Encode()
	}
	r := httptest.NewRequest(s.method, base+s.path, strings.NewReader(body))
	r.RequestURI = s.path
	if s.form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if s.method == http.MethodPost {
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if s.cookie != "" {
		r.Header.Set("Cookie", s.cookie)
	}
	for i := 0; i+1 < len(s.header); i += 2 {
		r.Header.Set(s.header[i], s.header[i+1])
	}
	rec := httptest.NewRecorder()
	h.edge.ServeHTTP(rec, r)
	return rec
}

// visit opens a private page as a role.
func (h *house) visit(r role, path string, header ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	return h.send(sent{method: http.MethodGet, path: path, cookie: h.cookies[r], header: header})
}

// fill sends a form as a role; values are name, value pairs.
func (h *house) fill(r role, path string, values ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	return h.send(sent{method: http.MethodPost, path: path, cookie: h.cookies[r], form: pairs(values...)})
}

func pairs(values ...string) url.Values {
	form := url.Values{}
	for i := 0; i+1 < len(values); i += 2 {
		form.Set(values[i], values[i+1])
	}
	return form
}

// form is the form of a page as a browser would send it, filled with values.
func (h *house) form(r role, path, selector string, values ...string) (action string, form url.Values) {
	h.t.Helper()
	rec := h.visit(r, path)
	if rec.Code != http.StatusOK {
		h.t.Fatalf("%s as %s: %d %s", path, r, rec.Code, rec.Body)
	}
	el := h.parse(rec.Body.String()).Find(selector).First()
	action, ok := el.Attr("action")
	if !ok {
		h.t.Fatalf("%s has no %s", path, selector)
	}
	form = url.Values{}
	el.Find("input[name]:not([type=file]), textarea[name]").Each(func(_ int, in *goquery.Selection) {
		kind, _ := in.Attr("type")
		_, on := in.Attr("checked")
		value, has := in.Attr("value")
		if !has {
			value = in.Text()
		}
		if kind != "checkbox" || on {
			form.Add(in.AttrOr("name", ""), value)
		}
	})
	el.Find("select[name]").Each(func(_ int, in *goquery.Selection) {
		form.Set(in.AttrOr("name", ""), in.Find("option[selected]").AttrOr("value", in.Find("option").First().AttrOr("value", "")))
	})
	for name, list := range pairs(values...) {
		form[name] = list
	}
	return action, form
}

// submit fills the form of a page and sends it.
func (h *house) submit(r role, path, selector string, values ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	action, form := h.form(r, path, selector, values...)
	return h.send(sent{method: http.MethodPost, path: action, cookie: h.cookies[r], form: form})
}

// leads checks that an answer is a 303 to an address that begins so.
func leads(t testing.TB, rec *httptest.ResponseRecorder, to string) {
	t.Helper()
	if got := rec.Header().Get("Location"); rec.Code != http.StatusSeeOther || !strings.HasPrefix(got, to) {
		t.Fatalf("%d to %q, want 303 to %q: %.600s", rec.Code, got, to, rec.Body)
	}
}

// says checks status and that the page has the words.
func says(t testing.TB, rec *httptest.ResponseRecorder, status int, words ...string) {
	t.Helper()
	if rec.Code != status {
		t.Errorf("status %d, want %d: %.600s", rec.Code, status, rec.Body)
	}
	for _, word := range words {
		if !strings.Contains(rec.Body.String(), word) {
			t.Errorf("the answer does not say %q", word)
		}
	}
}
