package forum

import (
	"context"
	"regexp"
	"strings"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/markup"
)

// Fandom is an artist's community.
type Fandom struct {
	ID          ID
	Slug        string // in addresses
	Name        string
	Description string
	Accent      string // #rrggbb, the community's own colour
	Archived    bool   // readable, closed for writing
	Posts       int    // derived
	CreatedAt   time.Time
	Version     int
}

// Board is a place for posts within a fandom (게시판).
type Board struct {
	ID          ID
	FandomID    ID
	Slug        string
	Name        string
	Description string
	StaffOnly   bool // only staff start posts; everybody comments
	Archived    bool
	Position    int // order on the fandom's page
	Posts       int // derived
	CreatedAt   time.Time
	Version     int
}

// BoardRef is what a page shows of where a post stands.
type BoardRef struct {
	ID         ID
	Slug       string
	Name       string
	FandomID   ID
	FandomSlug string
	FandomName string
	Accent     string
}

// FandomInput is a new fandom or the whole new state of one.
type FandomInput struct {
	Slug, Name, Description, Accent string
	Archived                        bool
	Version                         int // of the state this change was made on; 0: any
}

// BoardInput is a new board or the whole new state of one.
type BoardInput struct {
	Slug, Name, Description string
	StaffOnly, Archived     bool
	Position                int
	Version                 int
}

var accentPattern = regexp.MustCompile(`^#[0-9a-f]{6}$`)

func (in *FandomInput) check() error {
	var bad fault.Fields
	in.Slug = slug(&bad, "slug", in.Slug)
	in.Name = text(&bad, "name", in.Name, false, 1, MaxName)
	in.Description = text(&bad, "description", in.Description, true, 0, MaxDescription)
	in.Accent = strings.ToLower(in.Accent)
	if !accentPattern.MatchString(in.Accent) {
		bad.Add("accent", "colour", "Give a colour as #rrggbb.")
	}
	return bad.Err()
}

func (in *BoardInput) check() error {
	var bad fault.Fields
	in.Slug = slug(&bad, "slug", in.Slug)
	in.Name = text(&bad, "name", in.Name, false, 1, MaxName)
	in.Description = text(&bad, "description", in.Description, true, 0, MaxDescription)
	if in.Position < 0 || in.Position > 1000 {
		bad.Add("position", "range", "Use a number from {min} to {max}.", "min", 0, "max", 1000)
	}
	return bad.Err()
}

// CreateFandom is for admins. A taken slug is fault "slug_taken" (409), from the store.
func (f *Forum) CreateFandom(ctx context.Context, a *Actor, in FandomInput) (Fandom, error) {
	if err := a.admin(); err != nil {
		return Fandom{}, err
	}
	if err := in.check(); err != nil {
		return Fandom{}, err
	}
	fd := Fandom{Slug: in.Slug, Name: in.Name, Description: in.Description, Accent: in.Accent, CreatedAt: f.Now(), Version: 1}
	_, err := f.Store.Update(ctx, func(tx Tx) (any, error) {
		if err := tx.InsertFandom(ctx, &fd); err != nil {
			return nil, err
		}
		return fd, f.audit(ctx, tx, a, "fandom.create", Target{TargetFandom, fd.ID}, fd.ID, "slug", fd.Slug)
	})
	return fd, err
}

// UpdateFandom is for the fandom's staff; only admins rename its address or archive it.
func (f *Forum) UpdateFandom(ctx context.Context, a *Actor, id ID, in FandomInput) (Fandom, error) {
	if err := a.staff(id); err != nil {
		return Fandom{}, err
	}
	if err := in.check(); err != nil {
		return Fandom{}, err
	}
	var fd Fandom
	_, err := f.Store.Update(ctx, func(tx Tx) (any, error) {
		var err error
		if fd, err = tx.FandomByID(ctx, id); err != nil {
			return nil, err
		}
		if in.Version != 0 && in.Version != fd.Version {
			return nil, Stale()
		}
		if !a.Admin() && (in.Slug != fd.Slug || in.Archived != fd.Archived) {
			return nil, a.admin()
		}
		fd.Slug, fd.Name, fd.Description, fd.Accent, fd.Archived = in.Slug, in.Name, in.Description, in.Accent, in.Archived
		if err := tx.UpdateFandom(ctx, &fd); err != nil {
			return nil, err
		}
		return fd, f.audit(ctx, tx, a, "fandom.update", Target{TargetFandom, id}, id, "name", fd.Name)
	})
	return fd, err
}

// CreateBoard is for the fandom's staff.
func (f *Forum) CreateBoard(ctx context.Context, a *Actor, fandom ID, in BoardInput) (Board, error) {
	if err := a.staff(fandom); err != nil {
		return Board{}, err
	}
	if err := in.check(); err != nil {
		return Board{}, err
	}
	b := Board{FandomID: fandom, Slug: in.Slug, Name: in.Name, Description: in.Description, StaffOnly: in.StaffOnly,
		Archived: in.Archived, Position: in.Position, CreatedAt: f.Now(), Version: 1}
	_, err := f.Store.Update(ctx, func(tx Tx) (any, error) {
		if _, err := tx.FandomByID(ctx, fandom); err != nil {
			return nil, err
		}
		if err := tx.InsertBoard(ctx, &b); err != nil {
			return nil, err
		}
		return b, f.audit(ctx, tx, a, "board.create", Target{TargetBoard, b.ID}, fandom, "slug", b.Slug)
	})
	return b, err
}

// UpdateBoard is for the fandom's staff.
func (f *Forum) UpdateBoard(ctx context.Context, a *Actor, id ID, in BoardInput) (Board, error) {
	if err := in.check(); err != nil {
		return Board{}, err
	}
	var b Board
	_, err := f.Store.Update(ctx, func(tx Tx) (any, error) {
		var err error
		if b, err = tx.BoardByID(ctx, id); err != nil {
			return nil, err
		}
		if err := a.staff(b.FandomID); err != nil {
			return nil, err
		}
		if in.Version != 0 && in.Version != b.Version {
			return nil, Stale()
		}
		b.Slug, b.Name, b.Description, b.StaffOnly, b.Archived, b.Position = in.Slug, in.Name, in.Description, in.StaffOnly, in.Archived, in.Position
		if err := tx.UpdateBoard(ctx, &b); err != nil {
			return nil, err
		}
		return b, f.audit(ctx, tx, a, "board.update", Target{TargetBoard, id}, b.FandomID, "name", b.Name)
	})
	return b, err
}

// SetModerator gives or takes the moderator's role in a fandom. For admins.
func (f *Forum) SetModerator(ctx context.Context, a *Actor, fandom, member ID, on bool) error {
	if err := a.admin(); err != nil {
		return err
	}
	_, err := f.Store.Update(ctx, func(tx Tx) (any, error) {
		if _, err := tx.FandomByID(ctx, fandom); err != nil {
			return nil, err
		}
		m, err := tx.Member(ctx, member)
		if err != nil {
			return nil, err
		}
		if err := tx.SetModerator(ctx, fandom, member, on); err != nil {
			return nil, err
		}
		act := map[bool]string{true: "moderator.add", false: "moderator.remove"}[on]
		return nil, f.audit(ctx, tx, a, act, Target{TargetMember, member}, fandom, "member", m.Handle)
	})
	return err
}

// Alias is a set of names for one thing within a fandom: a search for one finds all.
type Alias struct {
	ID       ID
	FandomID ID
	Names    []string // 2 to 10
}

// SetAliases replaces the fandom's alias sets. For its staff.
func (f *Forum) SetAliases(ctx context.Context, a *Actor, fandom ID, sets [][]string) error {
	if err := a.staff(fandom); err != nil {
		return err
	}
	var bad fault.Fields
	if len(sets) > 500 {
		bad.Add("aliases", "too_many", "Use at most {max}.", "max", 500)
	}
	for _, names := range sets {
		if len(names) < 2 || len(names) > 10 {
			bad.Add("aliases", "alias_count", "Give {min} to {max} names in each line.", "min", 2, "max", 10)
		}
		for i := range names {
			names[i] = text(&bad, "aliases", names[i], false, 1, MaxName)
			if len(bad) == 0 && len(markup.Terms(names[i])) == 0 {
				bad.Add("aliases", "no_letters", "A name needs at least one letter.")
			}
		}
	}
	if err := bad.Err(); err != nil {
		return err
	}
	_, err := f.Store.Update(ctx, func(tx Tx) (any, error) {
		if _, err := tx.FandomByID(ctx, fandom); err != nil {
			return nil, err
		}
		if err := tx.ReplaceAliases(ctx, fandom, sets); err != nil {
			return nil, err
		}
		return nil, f.audit(ctx, tx, a, "aliases.replace", Target{TargetFandom, fandom}, fandom, "sets", len(sets))
	})
	return err
}
