package e2e_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// apiMember speaks to the REST API with a token of its own. It is safe for concurrent use.
type apiMember struct {
	t      testing.TB
	handle string
	token  string
}

// tokens are kept for the whole run, so that nobody signs in more often than a person would.
var tokens sync.Map

// signInAPI makes a token for a member of the demo world.
func signInAPI(t testing.TB, handle string) *apiMember {
	t.Helper()
	if token, ok := tokens.Load(handle); ok {
		return &apiMember{t, handle, token.(string)}
	}
	p := demo(t, handle).open("/me/en/settings/tokens")
	f := p.form(`form[action$="/settings/tokens"]`).set("name", "e2e", "scope_read", "1", "scope_write", "1")
	token := f.send().Find("#secret").AttrOr("value", "")
	if token == "" {
		t.Fatalf("%s got no token", handle)
	}
	tokens.Store(handle, token)
	return &apiMember{t, handle, token}
}

// post creates something and decodes the answer.
func (m *apiMember) post(path string, body any, want int) map[string]any {
	m.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		m.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, site+"/api/v1"+path, bytes.NewReader(raw))
	if err != nil {
		m.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", rand.Text())
	req.Header.Set("Authorization", "Bearer "+m.token)
	return m.send(req, want)
}

var apiClient = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 32}}

func (m *apiMember) send(req *http.Request, want int) map[string]any {
	m.t.Helper()
	res, err := apiClient.Do(req)
	if err != nil {
		m.t.Errorf("%s %s: %v", req.Method, req.URL, err)
		return nil
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want {
		m.t.Errorf("%s %s as %s: status %d, want %d: %s %v", req.Method, req.URL, m.handle, res.StatusCode, want, raw, err)
		return nil
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		m.t.Errorf("%s: %v", req.URL, err)
	}
	return out
}

// id is the id in an answer of the API.
func id(answer map[string]any) string {
	n, _ := answer["id"].(float64)
	return strconv.FormatInt(int64(n), 10)
}

func itoa(n int) string { return strconv.Itoa(n) }

// newPost writes a post through the API and returns its id.
func (m *apiMember) newPost(board, title, body string) string {
	m.t.Helper()
	return id(m.post("/boards/"+board+"/posts", map[string]any{"title": title, "body": body}, http.StatusCreated))
}

// boardRef is a board of the tests.
type boardRef struct{ id, fandom, slug string }

// anyBoard is a board of the demo world that takes posts.
func anyBoard(t testing.TB, v *visitor) boardRef {
	t.Helper()
	p := v.as(t).open("/en/f/nereon/pier")
	href := p.Find(`a[href*="/write?board="]`).AttrOr("href", "")
	_, id, ok := strings.Cut(href, "board=")
	if !ok {
		t.Fatalf("%s: no way to write", p.url)
	}
	return boardRef{id, "nereon", "pier"}
}

// newBoard makes a board of the first fandom, as an admin.
func (v *visitor) newBoard(slug string) boardRef {
	v.t.Helper()
	fandom := v.open("/admin/en/fandoms").follow(`h2 a[href*="/fandoms/"]`)
	p := fandom.follow(`a[href$="/boards"]`)
	f := p.form("form.plain")
	f.set("name", "Board "+slug, "slug", slug)
	f.submit()
	public := fandom.v.open("/en/f/bomnaru/" + slug)
	_, id, _ := strings.Cut(public.Find(`a[href*="/write?board="]`).AttrOr("href", ""), "board=")
	return boardRef{id, "bomnaru", slug}
}
