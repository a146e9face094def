// Package demo writes the demo world: invented fandoms, members, posts, comments and pictures.
//
// It promises three things. The same seed and size give the same world, byte for byte. Every
// item is made on its own from its index, in about constant time and without a table that grows
// with the number of comments, so a million of them can be streamed. And threads make sense: a
// comment fits its post and a reply fits the comment it answers, in a language its author writes.
//
// It never touches a database, a clock, the network or a file outside the binary, and it names no
// real person, group, song or company. The words are in content/, whose README explains the format.
package demo

import (
	"errors"
	"fmt"
	"time"
)

// The languages of the world, as BCP 47 tags.
const (
	Korean     = "ko"
	English    = "en"
	Japanese   = "ja"
	Spanish    = "es"
	Indonesian = "id"
)

// ImagePrefix starts the address of a picture in a post's markdown: "![alt](demo:image/7)" is
// Image(7). Whoever loads the world replaces the address with that of the stored picture.
const ImagePrefix = "demo:image/"

// Size is how much of everything there is. A field that is zero takes its default.
type Size struct {
	Posts    int // 400
	Comments int // 4,000
	Members  int // 60; beyond the 60 written ones, members repeat with a number in handle and name
}

// The bounds of a Size, and what a zero stands for.
const (
	DefaultPosts, MaxPosts       = 400, 10_000_000
	DefaultComments, MaxComments = 4000, 1_000_000_000
	DefaultMembers, MaxMembers   = 60, 1_000_000
	minMembers                   = 13 // the admin and every moderator
)

// Fandom is the community of one artist.
type Fandom struct {
	Slug        string // [a-z0-9-]
	Name        string // the artist's name
	Community   string // what the fans call themselves
	Description string
	Accent      string // "#rrggbb", at least 4.5:1 on white and 4:1 on near-black
	Boards      []Board
	Aliases     [][]string // each a set of names for the same artist or member
	Moderators  []int      // member indexes
}

// Board is one board of a fandom.
type Board struct {
	Slug        string
	Name        string
	Description string
	StaffOnly   bool // only moderators post
}

// Member is one account.
type Member struct {
	Handle   string // [a-z0-9_]{3,20}
	Name     string
	Bio      string
	Locale   string
	TimeZone string // IANA name
	Admin    bool
}

// Reaction is one member's reaction; nobody reacts twice to the same thing.
type Reaction struct {
	Member int
	Kind   int // 0 to 5, the lightstick first
}

// Post is one post. A higher index is a younger post.
type Post struct {
	Fandom    int // index into Fandoms
	Board     int // index into the fandom's Boards
	Author    int // member index
	Lang      string
	Title     string
	Body      string        // markdown; a picture is addressed with ImagePrefix
	Age       time.Duration // before now
	Pinned    bool
	Image     int // picture index, -1 for none
	Reactions []Reaction
}

// Comment is one comment. A higher index is a younger comment, over all posts.
type Comment struct {
	Post      int // post index
	Parent    int // comment index of the same post, below this one's; -1 for none
	Author    int // member index
	Lang      string
	Body      string        // markdown
	Age       time.Duration // before now
	Reactions []Reaction
}

// World is a demo world. It is immutable and safe for concurrent use.
type World struct {
	seed    uint64
	size    Size
	fandoms []fandom
	people  people
	banks   [langCount]*bank
	layout  *layout
	// calendar is the order in which languages take turns at writing posts.
	calendar calendar
}

// New makes the world of a seed and a size. It panics on a size that Check refuses: sizes that
// come from outside are checked first.
func New(seed uint64, size Size) *World {
	size = size.withDefaults()
	if err := size.Check(); err != nil {
		panic(err)
	}
	w := &World{seed: seed, size: size, fandoms: catalogue(), people: loadPeople(size.Members), calendar: newCalendar()}
	for l := range w.banks {
		w.banks[l] = loadBank(lang(l))
	}
	w.layout = newLayout(seed, size.Posts, size.Comments)
	return w
}

// Check tells what is wrong with a size.
func (s Size) Check() error {
	s = s.withDefaults()
	return errors.Join(
		between("posts", s.Posts, 1, MaxPosts),
		between("comments", s.Comments, 0, MaxComments),
		between("members", s.Members, minMembers, MaxMembers),
	)
}

// Size is how much there is, defaults filled in.
func (w *World) Size() Size { return w.size }

func (s Size) withDefaults() Size {
	if s.Posts == 0 {
		s.Posts = DefaultPosts
	}
	if s.Comments == 0 {
		s.Comments = DefaultComments
	}
	if s.Members == 0 {
		s.Members = DefaultMembers
	}
	return s
}

func between(what string, n, low, high int) error {
	if n < low || n > high {
		return fmt.Errorf("demo world: %s must be between %d and %d, not %d", what, low, high, n)
	}
	return nil
}
