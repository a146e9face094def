package forum

import (
	"context"
	"time"

	"lightstick/internal/markup"
)

// Store keeps the community. Package store implements it once for SQLite and PostgreSQL.
//
// Missing rows are fault NotFound ("post_not_found", …), unique names taken are fault Conflict
// ("slug_taken"), a row changed since its Version was read is [Stale].
type Store interface {
	Reader
	// Update runs change in one transaction that commits entirely or not at all; when it returns
	// nil the change is on disk. It keeps the promise of the context's [Once]. change may run
	// again after a serialisation conflict, so it must not touch anything but tx and its own results.
	// It returns what change returned.
	Update(ctx context.Context, change func(Tx) (any, error)) (any, error)
	// Add is Update for a change that only adds, as most do when everyone shows up: it decides nothing
	// by what it has read unless in the statement that writes it. Such changes may share a transaction in which
	// their statements take turns, so that many cost little more than one; each still happens or not
	// whatever becomes of the others.
	Add(ctx context.Context, change func(Tx) (any, error)) (any, error)
}

// Sort orders a list of posts.
type Sort string

// Sorts.
const (
	SortHot Sort = "hot" // reactions and comments against age
	SortNew Sort = "new"
	SortTop Sort = "top" // reactions and comments
)

// PostQuery selects visible posts; ids of 0 do not narrow.
type PostQuery struct {
	BoardID  ID
	FandomID ID
	AuthorID ID // SortNew only
	Sort     Sort
	Pinned   bool // only pinned ones
	After    Cursor
	Limit    int
}

// CaseQuery selects cases, oldest first while open, newest first when resolved.
type CaseQuery struct {
	Fandoms  []ID // nil: all
	Resolved bool
	After    Cursor
	Limit    int
}

// SanctionQuery selects sanctions, newest first.
type SanctionQuery struct {
	Fandoms  []ID // nil: all, the site's included
	MemberID ID
	InForce  bool
	After    Cursor
	Limit    int
}

// AuditQuery selects acts of staff, newest first.
type AuditQuery struct {
	Fandoms []ID // nil: all
	ActorID ID
	After   Cursor
	Limit   int
}

// Reader reads. Lists are bounded by their Limit (at most [MaxPageSize]); a returned Cursor is
// empty at the end of its list.
type Reader interface {
	Fandoms(ctx context.Context) ([]Fandom, error) // by name
	Fandom(ctx context.Context, slug string) (Fandom, error)
	FandomByID(ctx context.Context, id ID) (Fandom, error)
	Boards(ctx context.Context, fandom ID) ([]Board, error) // by position; fandom 0: all
	Board(ctx context.Context, fandomSlug, boardSlug string) (Board, error)
	BoardByID(ctx context.Context, id ID) (Board, error)
	Moderators(ctx context.Context, fandom ID) ([]MemberRef, error)
	Aliases(ctx context.Context, fandom ID) ([]Alias, error) // fandom 0: all
	WordRules(ctx context.Context) ([]WordRule, error)
	Event(ctx context.Context, id ID) (Event, error)
	Events(ctx context.Context, q EventQuery) ([]Event, Cursor, error)

	// Post finds a post in any state; showing it is the caller's decision.
	Post(ctx context.Context, id ID) (Post, error)
	// Posts lists visible posts without Body, HTML; Text is cut to what an excerpt needs.
	Posts(ctx context.Context, q PostQuery) ([]Post, Cursor, error)
	Comment(ctx context.Context, id ID) (Comment, error)
	// Tree lists the comments of a post down to [ShownDepth] levels in the order of the page: depth first, siblings by time.
	// Comments that are not visible come without text, and only when something visible hangs on them.
	Tree(ctx context.Context, post ID, after Cursor, limit int) ([]Comment, Cursor, error)
	// Replies lists direct answers, by time.
	Replies(ctx context.Context, parents []ID, limit int) ([]Comment, error)
	// Tail lists the visible comments with ids above after, by id. The next tail starts from settled:
	// the highest id below which nothing can appear any more. It may lie below the last id
	// listed, so a caller gets some comments again and drops those it has. With limit 0 nothing is
	// listed, whatever after is: settled is then where the tail of a page made from now on starts.
	Tail(ctx context.Context, post, after ID, limit int) (list []Comment, settled ID, err error)
	// CommentsBy lists a member's visible comments, newest first.
	CommentsBy(ctx context.Context, member ID, after Cursor, limit int) ([]Comment, Cursor, error)
	CommentGate(ctx context.Context, post, parent ID) (CommentGate, error)
	Revisions(ctx context.Context, t Target) ([]Revision, error) // newest first
	// OwnReactions lists what a member has put on a post and its comments.
	OwnReactions(ctx context.Context, member, post ID) (map[Target][]ReactionKind, error)

	Member(ctx context.Context, id ID) (Member, error)
	MemberByHandle(ctx context.Context, handle string) (Member, error)
	Members(ctx context.Context, after Cursor, limit int) ([]Member, Cursor, error) // newest first, for admins
	Moderates(ctx context.Context, member ID) ([]ID, error)
	SanctionsInForce(ctx context.Context, member ID, now time.Time) ([]Sanction, error)
	CountAdmins(ctx context.Context) (int, error)
	Notifications(ctx context.Context, member ID, after Cursor, limit int) ([]Notification, Cursor, error)
	UnreadCount(ctx context.Context, member ID) (int, error) // bounded at 100

	Cases(ctx context.Context, q CaseQuery) ([]Case, Cursor, error)
	Case(ctx context.Context, id ID) (Case, error)
	CaseReports(ctx context.Context, id ID) ([]Report, error)
	Sanction(ctx context.Context, id ID) (Sanction, error)
	Sanctions(ctx context.Context, q SanctionQuery) ([]Sanction, Cursor, error)
	Audit(ctx context.Context, q AuditQuery) ([]AuditEntry, Cursor, error)

	// SearchIndex returns candidates whose index tokens match, newest first, at most limit. It never scans.
	SearchIndex(ctx context.Context, q IndexQuery, limit int) ([]SearchDoc, error)
	LinkCard(ctx context.Context, url string) (markup.Card, error)
}

// Tx is a transaction. Insert methods fill in the ID; Update methods write every field that can
// change, where the row still has the given Version, and raise it by one in the struct and the row.
// Search index, counters and ranks follow by themselves a moment later.
type Tx interface {
	Reader

	InsertFandom(ctx context.Context, f *Fandom) error
	UpdateFandom(ctx context.Context, f *Fandom) error
	InsertBoard(ctx context.Context, b *Board) error
	UpdateBoard(ctx context.Context, b *Board) error
	SetModerator(ctx context.Context, fandom, member ID, on bool) error
	ReplaceAliases(ctx context.Context, fandom ID, sets [][]string) error
	InsertWordRule(ctx context.Context, r *WordRule) error
	DeleteWordRule(ctx context.Context, id ID) error
	InsertEvent(ctx context.Context, e *Event) error
	UpdateEvent(ctx context.Context, e *Event) error
	DeleteEvent(ctx context.Context, e Event) error // where it still has this version

	InsertPost(ctx context.Context, p *Post) error
	UpdatePost(ctx context.Context, p *Post) error
	// InsertComment also sets Depth and Path.
	InsertComment(ctx context.Context, c *Comment) error
	UpdateComment(ctx context.Context, c *Comment) error
	InsertRevision(ctx context.Context, r Revision) error
	// SetHTML replaces rendered HTML while the version is still the given one; otherwise it does nothing.
	SetHTML(ctx context.Context, t Target, version int, html string) error
	SetReaction(ctx context.Context, t Target, post, member ID, kind ReactionKind, on bool) error
	// UseAttachments marks images as used, so that clean-up leaves them; srcs are addresses as in the text.
	UseAttachments(ctx context.Context, srcs []string, now time.Time) error
	PutLinkCard(ctx context.Context, url string, c markup.Card, now time.Time) error

	UpdateMember(ctx context.Context, m *Member) error
	InsertNotification(ctx context.Context, n Notification) error
	MarkRead(ctx context.Context, member, upTo ID) error

	// InsertReport adds a voice to the open case of the target, or opens one; a second voice of the same member is dropped.
	InsertReport(ctx context.Context, r Report) error
	UpdateCase(ctx context.Context, c *Case) error
	InsertSanction(ctx context.Context, s *Sanction) error
	LiftSanction(ctx context.Context, id ID, at time.Time) error
	InsertAudit(ctx context.Context, e AuditEntry) error

	// Enqueue stores work with this transaction.
	Enqueue(ctx context.Context, j Job) error
}
