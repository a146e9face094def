// Package web is what a browser sees: the pages, their forms, one stylesheet, one script.
//
// It promises that every page works without script; that a public page is the same bytes for
// everyone, reads no cookie and asks the store a bounded number of questions; that every text of
// the interface exists in every language, or the tests fail; and that no page loads anything from
// elsewhere before a click. What belongs to one member is on pages and fragments under /me/, see
// [Fragments].
//
// It never speaks SQL, never decides what a member may do (package forum does) and never says how
// long an answer may be kept (the [edge.Policy] beside each route does).
package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"lightstick/internal/edge"
	"lightstick/internal/forum"
	"lightstick/internal/identity"
	"lightstick/internal/media"
)

// Pictures serves uploads; [media.Service] does.
type Pictures interface {
	// Serve answers for the picture of a key; width 0 is the full one.
	Serve(w http.ResponseWriter, r *http.Request, key string, width int) error
}

// Uploads takes pictures of members; [media.Service] does.
type Uploads interface {
	Upload(ctx context.Context, owner int64, alt string, body io.Reader) (media.Attachment, error)
	// Avatar takes a member's own picture and makes a small square of it.
	Avatar(ctx context.Context, owner int64, body io.Reader) (media.Attachment, error)
}

// Views counts who looks at posts; [forum.Views] does.
type Views interface {
	// See counts a look. reader tells one reader from another and is not kept.
	See(reader string, post forum.ID)
}

// Options are what a Site is made of. Forum and BaseURL are required.
type Options struct {
	Forum    *forum.Forum
	Pictures Pictures          // nil: no uploads are served here
	Uploads  Uploads           // nil: no uploads are taken
	Views    Views             // nil: nobody counts
	Identity *identity.Service // nil only where nobody signs in
	BaseURL  string            // "https://fans.example", without a path
	MediaURL string            // origin of uploads; empty: BaseURL
	Now      func() time.Time
	Locales  *Locales // nil: those built in
}

// Site holds the pages. It is safe for concurrent use.
type Site struct {
	forum    *forum.Forum
	read     forum.Reader
	pictures Pictures
	uploads  Uploads
	views    Views
	identity *identity.Service
	base     string // scheme://host
	media    string // scheme://host, "" when it is the site's own
	now      func() time.Time
	locales  *Locales
	assets   *assets
}

// New makes a Site and compresses its assets.
func New(o Options) (*Site, error) {
	if o.Forum == nil {
		return nil, errors.New("web: no forum")
	}
	u, err := url.Parse(o.BaseURL)
	if err != nil || u.Host == "" {
		return nil, errors.New("web: base URL is not scheme://host")
	}
	s := &Site{forum: o.Forum, read: o.Forum.Read(), pictures: o.Pictures, uploads: o.Uploads, views: o.Views, identity: o.Identity, base: u.Scheme + "://" + u.Host,
		media: strings.TrimSuffix(o.MediaURL, "/"), now: o.Now, locales: o.Locales}
	if s.media == s.base {
		s.media = ""
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.locales == nil {
		if s.locales, err = LoadLocales(); err != nil {
			return nil, err
		}
	}
	s.assets, err = newAssets(s.locales)
	return s, err
}

// render answers with a page.
func render(w http.ResponseWriter, r *http.Request, status int, c templ.Component) error {
	w.Header()["Content-Type"] = htmlType()
	w.WriteHeader(status)
	return c.Render(r.Context(), w)
}

func htmlType() []string { return []string{"text/html; charset=utf-8"} }

// redirect leads a browser elsewhere on this site.
func redirect(w http.ResponseWriter, status int, to string) error {
	w.Header().Set("Location", to)
	w.WriteHeader(status)
	return nil
}

// public is the handler of a public page in one language.
type public func(w http.ResponseWriter, r *http.Request, p *Printer) error

// in fixes the language of a public page.
func (h public) in(p *Printer) edge.Handler {
	return func(w http.ResponseWriter, r *http.Request) error { return h(w, r, p) }
}
