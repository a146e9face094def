package web

import (
	"net/http"
	"time"

	"lightstick/internal/edge"
)

// line is a public page of the table: it becomes one route for each language, because a language
// in braces would let /{locale}/search clash with /media/{key}. The policy's name gets the
// language as its ending: "post.ko".
type line struct {
	path   string // behind the language
	name   string
	policy func(name string, opts ...edge.Option) edge.Policy
	opts   []edge.Option
	handle public
}

// Routes is the whole table of this package: how long an answer may be kept, what it costs and
// who may come stands here, beside its address.
func (s *Site) Routes() []edge.Route {
	routes := []edge.Route{
		{Method: http.MethodGet, Path: "/{$}", Policy: edge.Open("root"), Handle: s.root},
		{Method: http.MethodGet, Path: "/-/{rest...}", Policy: edge.Open("neutral"), Handle: s.neutral},
		{Method: http.MethodGet, Path: "/assets/{file}", Policy: edge.Immutable("assets"), Handle: s.asset},
		{Method: http.MethodGet, Path: "/media/{key}", Policy: edge.Immutable("media"), Handle: s.picture},
		{Method: http.MethodGet, Path: "/media/{key}/{width}", Policy: edge.Immutable("media.variant"), Handle: s.picture},
		{Method: http.MethodGet, Path: "/favicon.svg", Policy: edge.Page("favicon.svg"), Handle: s.file("favicon.svg")},
		{Method: http.MethodGet, Path: "/favicon.ico", Policy: edge.Page("favicon.ico"), Handle: s.file("favicon.ico")},
		{Method: http.MethodGet, Path: "/manifest.webmanifest", Policy: edge.Page("manifest"), Handle: s.manifest},
		{Method: http.MethodGet, Path: "/robots.txt", Policy: edge.Page("robots"), Handle: s.robots},
		{Method: http.MethodGet, Path: "/sitemap.xml", Policy: edge.Page("sitemap", edge.In(edge.ClassBackground)), Handle: s.sitemap},
	}
	for _, l := range s.publicPages() {
		for _, p := range s.locales.All() {
			routes = append(routes, edge.Route{
				Method: http.MethodGet, Path: "/" + p.Tag + l.path,
				Policy: l.policy(l.name+"."+p.Tag, l.opts...), Handle: l.handle.in(p),
			})
		}
	}
	return append(routes, s.privateRoutes()...)
}

func (s *Site) publicPages() []line {
	after := edge.Query("after")
	// A long history is compared line by line, the dearest thing a guest can ask for.
	history := []edge.Option{edge.Limit(edge.Rate{Per: time.Minute, Burst: 120, By: edge.ByAddress, Name: "history"})}
	return []line{
		{"", "front", edge.Page, nil, s.front},
		{"/f/{fandom}", "fandom", edge.Page, nil, s.fandom},
		{"/f/{fandom}/{board}", "board", edge.Page, []edge.Option{edge.Query("sort", "after")}, s.board},
		{"/calendar/{fandom}", "calendar", edge.Page, []edge.Option{edge.Query("past", "after")}, s.calendar},
		{"/calendar/{fandom}/feed.ics", "feed", edge.Page, nil, s.feed},
		{"/p/{post}", "post", edge.Page, []edge.Option{after}, s.post},
		{"/p/{post}/tail", "tail", edge.Page, []edge.Option{after, edge.Live()}, s.tail},
		{"/p/{post}/history", "post_history", edge.Page, history, s.postHistory},
		{"/p/{post}/c/{comment}", "thread", edge.Page, nil, s.thread},
		{"/c/{comment}/history", "comment_history", edge.Page, history, s.commentHistory},
		{"/u/{handle}", "member", edge.Page, []edge.Option{edge.Query("tab", "after")}, s.member},
		{"/search", "search", edge.Page, []edge.Option{edge.In(edge.ClassSearch),
			edge.Query("q", "fandom", "board", "author", "kind", "sort", "from", "to", "after")}, s.search},
		{"/help", "help", edge.Page, nil, s.help},
	}
}
