package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"lightstick/internal/forum"
)

// view is what a page is written from: its language, what stands in its head, and for private
// pages who is looking at it.
type view struct {
	*Printer
	site *Site
	now  time.Time

	Title       string // without the site's name
	Description string
	Image       string // absolute address, for previews elsewhere
	Hue         string // class of the accent colour
	Kind        string // og:type
	NoIndex     bool

	// Path is the address behind the language ("/p/12?after=x"), from which the links to the other
	// languages are made. Area is "", "me" or "admin".
	Area, Path string

	// Of private pages only. A public page is the same for everyone.
	Actor  *forum.Actor
	Unread int
	Notice string // what just happened, said once
	// Heading is the page's own heading; Title may say more, such as that there is an error.
	Heading string
}

// publicView starts a public page. Path is that of the request, with the query it was asked with.
func (s *Site) publicView(r *http.Request, p *Printer, title string) *view {
	return &view{Printer: p, site: s, now: s.now(), Title: title, Path: strings.TrimPrefix(r.URL.RequestURI(), "/"+p.Tag), Kind: "website"}
}

// Public reports whether the page is the same for everyone.
func (v *view) Public() bool { return v.Area == "" }

// FullTitle is the title of the window.
func (v *view) FullTitle() string {
	if v.Title == "" {
		return "Lightstick · " + v.T("site.tagline")
	}
	return v.Title + " · Lightstick"
}

// In is the address of this page in another language.
func (v *view) In(tag string) string {
	if v.Area != "" {
		return "/" + v.Area + "/" + tag + v.Path
	}
	return "/" + tag + v.Path
}

func (v *view) abs(path string) string { return v.site.base + path }

// Here is the address of this page on this site.
func (v *view) Here() string { return v.In(v.Tag) }

// Addresses of pages.

func (v *view) to(parts ...string) templ.SafeURL {
	return templ.SafeURL("/" + v.Tag + strings.Join(parts, ""))
}

func (v *view) me(parts ...string) templ.SafeURL {
	return templ.SafeURL("/me/" + v.Tag + strings.Join(parts, ""))
}

func (v *view) admin(parts ...string) templ.SafeURL {
	return templ.SafeURL("/admin/" + v.Tag + strings.Join(parts, ""))
}

func (v *view) fandomURL(slug string) templ.SafeURL { return v.to("/f/", slug) }

func (v *view) boardURL(fandom, board string) templ.SafeURL { return v.to("/f/", fandom, "/", board) }

func (v *view) postURL(id forum.ID) templ.SafeURL { return v.to("/p/", idText(id)) }

// threadURL leads to a comment wherever it stands: its page shows it with what answers it.
func (v *view) threadURL(post, comment forum.ID) templ.SafeURL {
	return v.to("/p/", idText(post), "/c/", idText(comment))
}

func (v *view) memberURL(handle string) templ.SafeURL { return v.to("/u/", handle) }

// pictureURL is the address of an upload; width 0 is the full one.
func (v *view) pictureURL(key string, width int) string {
	u := v.site.media + "/media/" + key
	if width > 0 {
		u += "/" + strconv.Itoa(width)
	}
	return u
}

func idText(id forum.ID) string { return strconv.FormatInt(int64(id), 10) }

// elementID names a post or comment within a page, and in the forms about it: "p12", "c34".
func elementID(t forum.Target) string {
	if t.Kind == forum.TargetPost {
		return "p" + idText(t.ID)
	}
	return "c" + idText(t.ID)
}

// parseElementID reads what elementID wrote.
func parseElementID(s string) (forum.Target, bool) {
	if len(s) < 2 || s[0] != 'p' && s[0] != 'c' {
		return forum.Target{}, false
	}
	id, ok := parseID(s[1:])
	kind := forum.TargetPost
	if s[0] == 'c' {
		kind = forum.TargetComment
	}
	return forum.Target{Kind: kind, ID: id}, ok
}

// parseID reads an id as addresses write it: decimal, positive, in one spelling only.
func parseID(s string) (forum.ID, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return forum.ID(n), err == nil && n > 0 && strconv.FormatInt(n, 10) == s
}

// pathID reads an id from the path; what is no id is not found.
func pathID(r *http.Request, name string, kind forum.TargetKind) (forum.ID, error) {
	id, ok := parseID(r.PathValue(name))
	if !ok {
		return 0, forum.NotFound(kind)
	}
	return id, nil
}

// local puts the page's language into rendered text, which is the same for all: into its links, and
// in place of the descriptions that pictures lack, so that a link around one has a name.
func (v *view) local(html string) string {
	if strings.Contains(html, ` href="/-/`) {
		html = strings.ReplaceAll(html, ` href="/-/`, ` href="/`+v.Tag+`/`)
	}
	if strings.Contains(html, noAlt) {
		html = strings.ReplaceAll(html, noAlt, ` alt="`+templ.EscapeString(v.T("post.picture"))+`"`)
	}
	return html
}

// noAlt stands in rendered text only where a picture has no description: what members write has
// its quotation marks escaped.
const noAlt = ` alt=""`

// short is the name under which an avatar without a picture is shown: one letter.
func short(name string) string {
	for _, r := range name {
		return strings.ToUpper(string(r))
	}
	return "?"
}

func reactionNames() []string { return forum.ReactionNames[:] }

// iso writes a time for machines.
func iso(t time.Time) string { return t.UTC().Format("2006-01-02T15:04Z") }
