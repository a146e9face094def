package web

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// root leads to the front page in the reader's language. It is never kept by caches.
func (s *Site) root(w http.ResponseWriter, r *http.Request) error {
	return redirect(w, http.StatusFound, "/"+s.locales.Accept(r.Header.Get("Accept-Language")).Tag)
}

// neutral puts the reader's language into an address without one.
func (s *Site) neutral(w http.ResponseWriter, r *http.Request) error {
	to := "/" + s.locales.Accept(r.Header.Get("Accept-Language")).Tag + strings.TrimPrefix(r.URL.EscapedPath(), "/-")
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	return redirect(w, http.StatusFound, to)
}

func (s *Site) picture(w http.ResponseWriter, r *http.Request) error {
	width := 0
	if text := r.PathValue("width"); text != "" {
		n, ok := parseID(text)
		if !ok || n > 1<<16 {
			return noPicture()
		}
		width = int(n)
	}
	if s.pictures == nil {
		return noPicture()
	}
	return s.pictures.Serve(w, r, r.PathValue("key"), width)
}

func noPicture() error {
	return fault.New(fault.NotFound, "not_found", "There is nothing at this address.")
}

func (s *Site) robots(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	var b strings.Builder
	b.WriteString("User-agent: *\nDisallow: /me/\nDisallow: /admin/\nDisallow: /-/\n")
	for _, p := range s.locales.All() {
		b.WriteString("Disallow: /" + p.Tag + "/search\n")
	}
	b.WriteString("Sitemap: " + s.base + "/sitemap.xml\n")
	_, err := w.Write([]byte(b.String()))
	return err
}

func (s *Site) manifest(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/manifest+json")
	_, err := w.Write([]byte(`{"name":"Lightstick","short_name":"Lightstick","start_url":"/","display":"minimal-ui",` +
		`"background_color":"#fbfaf7","theme_color":"#fbfaf7","icons":[{"src":"/favicon.svg","sizes":"any","type":"image/svg+xml"}]}` + "\n"))
	return err
}

// sitemapPosts is how many of the newest posts machines are told of.
const sitemapPosts = 100

type sitemapURL struct {
	Loc     string `xml:"loc"`
	LastMod string `xml:"lastmod,omitempty"`
}

type sitemapSet struct {
	XMLName xml.Name     `xml:"urlset"`
	NS      string       `xml:"xmlns,attr"`
	URLs    []sitemapURL `xml:"url"`
}

// sitemap names the fandoms, boards and newest posts, each once: a page tells of its other languages itself.
func (s *Site) sitemap(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	fandoms, err := s.read.Fandoms(ctx)
	if err != nil {
		return err
	}
	boards, err := s.read.Boards(ctx, 0)
	if err != nil {
		return err
	}
	posts, _, err := s.read.Posts(ctx, forum.PostQuery{Sort: forum.SortNew, Limit: sitemapPosts})
	if err != nil {
		return err
	}
	set := sitemapSet{NS: "http://www.sitemaps.org/schemas/sitemap/0.9"}
	add := func(path string, at time.Time) {
		u := sitemapURL{Loc: s.base + "/" + path}
		if !at.IsZero() {
			u.LastMod = at.UTC().Format("2006-01-02")
		}
		set.URLs = append(set.URLs, u)
	}
	slugs := map[forum.ID]string{}
	for _, p := range s.locales.All() {
		add(p.Tag, time.Time{})
	}
	for _, f := range fandoms {
		slugs[f.ID] = f.Slug
		add(DefaultLocale+"/f/"+f.Slug, time.Time{})
	}
	for _, b := range boards {
		if slug := slugs[b.FandomID]; slug != "" {
			add(DefaultLocale+"/f/"+slug+"/"+b.Slug, time.Time{})
		}
	}
	for _, p := range posts {
		add(s.postLocale(p.Lang)+"/p/"+strconv.FormatInt(int64(p.ID), 10), p.CreatedAt)
	}
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	if _, err := w.Write([]byte(xml.Header)); err != nil {
		return err
	}
	return xml.NewEncoder(w).Encode(set)
}

// postLocale is the interface language nearest to a post's own.
func (s *Site) postLocale(lang string) string {
	if p := s.locales.Printer(lang); p != nil {
		return p.Tag
	}
	return DefaultLocale
}
