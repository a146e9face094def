package ops

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Member is somebody the drill may act as.
type Member struct{ Login, Password string }

// Site is a running community, seen as its readers see it.
type Site struct {
	urls    []string // of its nodes or its POPs; requests take turns
	client  *http.Client
	members []Member // signed in
	cookies []string // of their sessions
}

// patience is how long a reader waits for an answer.
const patience = 10 * time.Second

// NewSite makes a client of the community at urls. Certificates are files to trust beside those
// that the system does.
func NewSite(urls []string, certificates ...string) (*Site, error) {
	client, err := newClient(certificates...)
	if err != nil {
		return nil, err
	}
	s := &Site{client: client}
	for _, u := range urls {
		if !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") {
			return nil, fmt.Errorf("%q is no address of a site: write http://… or https://…", u)
		}
		s.urls = append(s.urls, strings.TrimRight(u, "/"))
	}
	if len(s.urls) == 0 {
		return nil, errors.New("no address of a site")
	}
	return s, nil
}

// newClient makes a client that follows nothing.
func newClient(certificates ...string) (*http.Client, error) {
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, err
	}
	for _, file := range certificates {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if !roots.AppendCertsFromPEM(raw) {
			return nil, fmt.Errorf("%s holds no certificate", file)
		}
	}
	return &http.Client{
		Timeout: patience,
		Transport: &http.Transport{MaxIdleConnsPerHost: 256, IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: true,
			TLSClientConfig: &tls.Config{RootCAs: roots}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// call is one request.
type call struct {
	method, path string
	body         any // sent as JSON
	cookie       string
	key          string // of idempotency
	seen         string // token of a write that the answer must know of
	from         int    // which reader: each speaks for an address of its own behind a trusted proxy
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (s *Site) do(ctx context.Context, c call) (answer, error) {
	var body io.Reader
	if c.body != nil {
		raw, err := json.Marshal(c.body)
		if err != nil {
			return answer{}, err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, c.method, s.urls[c.from%len(s.urls)]+c.path, body)
	if err != nil {
		return answer{}, err
	}
	n := c.from % (1 << 24)
	req.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255))
	for name, value := range map[string]string{"Cookie": c.cookie, "Idempotency-Key": c.key, "Lightstick-Seen": c.seen} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if c.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := s.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, raw}, err
}

// get asks for a page and calls everything but 200 and 304 an error.
func (s *Site) get(ctx context.Context, path, cookie string, from int) error {
	a, err := s.do(ctx, call{method: http.MethodGet, path: path, cookie: cookie, from: from})
	if err == nil && a.status != http.StatusOK && a.status != http.StatusNotModified {
		err = a.bad(path)
	}
	return err
}

// json asks for something of the API and reads the answer into to, unless that is nil.
func (s *Site) json(ctx context.Context, c call, to any) (answer, error) {
	a, err := s.do(ctx, c)
	if err != nil {
		return a, err
	}
	if a.status >= 300 {
		return a, a.bad(c.path)
	}
	if to == nil {
		return a, nil
	}
	return a, json.Unmarshal(a.body, to)
}

// bad is an answer as an error: the same text for the same trouble.
func (a answer) bad(path string) error {
	var problem struct{ Code, Detail string }
	_ = json.Unmarshal(a.body, &problem) // pages of people's errors are no JSON: then the status must do
	return fmt.Errorf("%s: status %d %s %s", shape(path), a.status, problem.Code, problem.Detail)
}

// shape is a path without its numbers and query.
func shape(path string) string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if _, err := strconv.Atoi(p); err == nil {
			parts[i] = "{id}"
		}
	}
	return strings.Join(parts, "/")
}

// Environment is what the site says it is: dev, staging or production. One of whose addresses one does
// not say, or says something else than the others, is taken for production.
func (s *Site) Environment(ctx context.Context) (string, error) {
	const most = "production"
	said := ""
	for i := range s.urls {
		var status struct{ Environment string }
		a, err := s.do(ctx, call{method: http.MethodGet, path: "/api/v1/status", from: i})
		if err != nil {
			return "", err
		}
		if a.status != http.StatusOK || json.Unmarshal(a.body, &status) != nil || status.Environment == "" || said != "" && said != status.Environment {
			return most, nil
		}
		said = status.Environment
	}
	return cmp.Or(said, most), nil
}

// SignIn opens a session for each member. Close ends them.
func (s *Site) SignIn(ctx context.Context, members []Member) error {
	for i, m := range members {
		a, err := s.json(ctx, call{method: http.MethodPost, path: "/api/v1/sessions", from: i + 1000,
			body: map[string]string{"login": m.Login, "password": m.Password}}, nil)
		if err != nil {
			return fmt.Errorf("sign in as %s: %w", m.Login, err)
		}
		for _, c := range (&http.Response{Header: a.header}).Cookies() {
			if strings.HasSuffix(c.Name, "ls_session") {
				s.cookies = append(s.cookies, c.Name+"="+c.Value)
			}
		}
	}
	s.members = members
	if len(s.cookies) != len(members) || len(members) == 0 {
		return fmt.Errorf("%d members, but %d sessions", len(members), len(s.cookies))
	}
	return nil
}

// renew signs everybody out and in again.
func (s *Site) renew(ctx context.Context) error {
	return errors.Join(s.Close(ctx), s.SignIn(ctx, s.members))
}

// Close signs everybody out.
func (s *Site) Close(ctx context.Context) error {
	var errs []error
	for i, c := range s.cookies {
		_, err := s.json(ctx, call{method: http.MethodDelete, path: "/api/v1/sessions/current", cookie: c, from: i + 1000}, nil)
		errs = append(errs, err)
	}
	s.cookies = nil
	s.client.CloseIdleConnections()
	return errors.Join(errs...)
}

func (s *Site) cookie(i int) string { return s.cookies[i%len(s.cookies)] }

// posts are ids of visible posts, and who wrote them.
func (s *Site) posts(ctx context.Context, most int) (ids []int64, authors []string, err error) {
	for cursor := ""; len(ids) < most; {
		var page struct {
			Items []struct {
				ID     int64
				Author struct{ Handle string }
			}
			Next string
		}
		if _, err := s.json(ctx, call{method: http.MethodGet, path: "/api/v1/posts?limit=100&cursor=" + url.QueryEscape(cursor)}, &page); err != nil {
			return nil, nil, err
		}
		for _, p := range page.Items {
			ids, authors = append(ids, p.ID), append(authors, p.Author.Handle)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(ids) == 0 {
		return nil, nil, errors.New("the site has no posts to read: fill it first, as with 'lightstick demo'")
	}
	return ids, authors, nil
}

// newPost makes a post to drill on, in the first board where a member may post. Its author, the
// first member, deletes it with deletePost.
func (s *Site) newPost(ctx context.Context, title string) (id int64, err error) {
	var fandoms, boards struct {
		Items []struct {
			ID        int64
			Slug      string
			StaffOnly bool `json:"staff_only"`
		}
	}
	if _, err := s.json(ctx, call{method: http.MethodGet, path: "/api/v1/fandoms"}, &fandoms); err != nil {
		return 0, err
	}
	for _, f := range fandoms.Items {
		if _, err := s.json(ctx, call{method: http.MethodGet, path: "/api/v1/fandoms/" + f.Slug + "/boards"}, &boards); err != nil {
			return 0, err
		}
		for _, b := range boards.Items {
			if b.StaffOnly {
				continue
			}
			var post struct{ ID int64 }
			c := call{method: http.MethodPost, path: fmt.Sprintf("/api/v1/boards/%d/posts", b.ID), cookie: s.cookie(0), from: 1000, key: newKey(),
				body: map[string]string{"title": title, "body": "A drill is running. This post goes when it ends."}}
			if err := s.persist(ctx, c, &post); err != nil {
				return 0, err
			}
			return post.ID, nil // to be found at once by everybody, whichever replica a node asks
		}
	}
	return 0, errors.New("the site has no board where members may post")
}

// deletePost deletes what newPost made.
func (s *Site) deletePost(ctx context.Context, id int64) error {
	return s.persist(ctx, call{method: http.MethodDelete, path: fmt.Sprintf("/api/v1/posts/%d", id), cookie: s.cookie(0), from: 1000}, nil)
}

// persist asks until it gets an answer that is not the system's trouble: a drill may have to begin
// or to tidy up while the system is still finding its feet. What is gone need not be deleted.
func (s *Site) persist(ctx context.Context, c call, to any) (err error) {
	late := until(ctx, 30*time.Second, 500*time.Millisecond, c.method+" "+shape(c.path), func(ctx context.Context) bool {
		var a answer
		a, err = s.json(ctx, c, to)
		if c.method == http.MethodDelete && a.status == http.StatusNotFound {
			err = nil
		}
		return err == nil || a.status != 0 && a.status < 500 && a.status != http.StatusTooManyRequests
	})
	if late != nil {
		return errors.Join(late, err)
	}
	return err
}

// newKey is an idempotency key.
func newKey() string { return fmt.Sprintf("drill-%016x%016x", rand.Uint64(), rand.Uint64()) }
