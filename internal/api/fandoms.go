package api

import (
	"context"
	"net/http"
	"time"

	"lightstick/internal/edge"
	"lightstick/internal/forum"
)

// Fandom is an artist's community.
type Fandom struct {
	ID          forum.ID  `json:"id" example:"1"`
	Slug        string    `json:"slug" doc:"Its name in addresses." example:"aurora-line"`
	Name        string    `json:"name" example:"Aurora Line"`
	Description string    `json:"description"`
	Accent      string    `json:"accent" doc:"Its colour." example:"#7a4cff"`
	Archived    bool      `json:"archived" doc:"Readable, but closed for writing."`
	Posts       int       `json:"posts" doc:"How many; may lag by seconds."`
	CreatedAt   time.Time `json:"created_at"`
	Version     int       `json:"version"`
}

func fandom(f forum.Fandom) Fandom {
	return Fandom{ID: f.ID, Slug: f.Slug, Name: f.Name, Description: f.Description, Accent: f.Accent, Archived: f.Archived,
		Posts: f.Posts, CreatedAt: f.CreatedAt.UTC(), Version: f.Version}
}

func showFandom(f forum.Fandom) reply[Fandom] {
	return reply[Fandom]{body: fandom(f), version: f.Version, location: "/fandoms/" + f.Slug}
}

// Board is a place for posts within a fandom.
type Board struct {
	ID          forum.ID  `json:"id" example:"3"`
	FandomID    forum.ID  `json:"fandom_id" example:"1"`
	Slug        string    `json:"slug" example:"talk"`
	Name        string    `json:"name" example:"Talk"`
	Description string    `json:"description"`
	StaffOnly   bool      `json:"staff_only" doc:"Only staff start posts; everybody comments."`
	Archived    bool      `json:"archived"`
	Position    int       `json:"position" doc:"Its place in the order of boards."`
	Posts       int       `json:"posts" doc:"How many; may lag by seconds."`
	CreatedAt   time.Time `json:"created_at"`
	Version     int       `json:"version"`
}

func board(b forum.Board) Board {
	return Board{ID: b.ID, FandomID: b.FandomID, Slug: b.Slug, Name: b.Name, Description: b.Description, StaffOnly: b.StaffOnly,
		Archived: b.Archived, Position: b.Position, Posts: b.Posts, CreatedAt: b.CreatedAt.UTC(), Version: b.Version}
}

func showBoard(b forum.Board) reply[Board] {
	return reply[Board]{body: board(b), version: b.Version, location: "/boards/" + str(b.ID)}
}

// BySlug picks a fandom.
type BySlug struct {
	Fandom string `path:"fandom" maxLength:"32" doc:"Slug of a fandom." example:"aurora-line"`
}

func (a *API) fandoms() {
	const tag = "Fandoms and boards"
	get(a, op{id: "list_fandoms", path: "/fandoms", tag: tag, policy: edge.Page,
		summary: "List fandoms", about: "All of them, by name."}, a.listFandoms)
	get(a, op{id: "get_fandom", path: "/fandoms/{fandom}", tag: tag, policy: edge.Page, tagged: true, errors: []int{404},
		summary: "Get a fandom"}, a.getFandom)
	post(a, op{id: "create_fandom", path: "/fandoms", tag: tag, scope: forum.ScopeModerate, tagged: true, location: true,
		summary: "Create a fandom", about: "For admins."}, a.createFandom, showFandom)
	change(a, http.MethodPatch, op{id: "update_fandom", path: "/fandoms/{fandom}", tag: tag, scope: forum.ScopeModerate, tagged: true, errors: []int{404, 409},
		summary: "Change a fandom", about: "For its staff; only admins change its slug or archive it. Fields left out stay as they are."}, a.updateFandom)
	get(a, op{id: "list_boards", path: "/fandoms/{fandom}/boards", tag: tag, policy: edge.Page, errors: []int{404},
		summary: "List the boards of a fandom", about: "All of them, by position."}, a.listBoards)
	get(a, op{id: "get_board", path: "/boards/{id}", tag: tag, policy: edge.Page, tagged: true, errors: []int{404},
		summary: "Get a board"}, a.getBoard)
	post(a, op{id: "create_board", path: "/fandoms/{fandom}/boards", tag: tag, scope: forum.ScopeModerate, tagged: true, location: true, errors: []int{404},
		summary: "Create a board", about: "For the fandom's staff."}, a.createBoard, showBoard)
	change(a, http.MethodPatch, op{id: "update_board", path: "/boards/{id}", tag: tag, scope: forum.ScopeModerate, tagged: true, errors: []int{404, 409},
		summary: "Change a board", about: "For the fandom's staff. Fields left out stay as they are."}, a.updateBoard)
}

func (a *API) listFandoms(ctx context.Context, _ *struct{}) (reply[List[Fandom]], error) {
	list, err := a.Forum.Read().Fandoms(ctx)
	return listOf(list, "", fandom), err
}

func (a *API) getFandom(ctx context.Context, in *BySlug) (reply[Fandom], error) {
	f, err := a.Forum.Read().Fandom(ctx, in.Fandom)
	return showFandom(f).here(), err
}

// NewFandom is what makes a fandom.
type NewFandom struct {
	Slug        string `json:"slug" doc:"2 to 32 of a-z, 0-9 and hyphens; unique." example:"aurora-line"`
	Name        string `json:"name" doc:"At most 40 characters." example:"Aurora Line"`
	Description string `json:"description,omitempty" doc:"At most 500 characters."`
	Accent      string `json:"accent" doc:"A colour as #rrggbb." example:"#7a4cff"`
}

func (a *API) createFandom(ctx context.Context, in *struct{ Body NewFandom }) (forum.Fandom, error) {
	b := in.Body
	return a.Forum.CreateFandom(ctx, a.Actor(ctx), forum.FandomInput{Slug: b.Slug, Name: b.Name, Description: b.Description, Accent: b.Accent})
}

// FandomPatch is a change of a fandom.
type FandomPatch struct {
	Slug        *string `json:"slug,omitempty"`
	Name        *string `json:"name,omitempty"`
	Description *string `json:"description,omitempty"`
	Accent      *string `json:"accent,omitempty"`
	Archived    *bool   `json:"archived,omitempty"`
}

func (a *API) updateFandom(ctx context.Context, in *struct {
	BySlug
	Conditional
	Body FandomPatch
}) (reply[Fandom], error) {
	if _, err := a.require(ctx, forum.ScopeModerate); err != nil {
		return reply[Fandom]{}, err
	}
	f, err := a.Forum.Read().Fandom(ctx, in.Fandom)
	if err != nil {
		return reply[Fandom]{}, err
	}
	version, err := in.base(f.Version)
	if err != nil {
		return reply[Fandom]{}, err
	}
	state := forum.FandomInput{Slug: f.Slug, Name: f.Name, Description: f.Description, Accent: f.Accent, Archived: f.Archived, Version: version}
	set(&state.Slug, in.Body.Slug)
	set(&state.Name, in.Body.Name)
	set(&state.Description, in.Body.Description)
	set(&state.Accent, in.Body.Accent)
	set(&state.Archived, in.Body.Archived)
	f, err = a.Forum.UpdateFandom(ctx, a.Actor(ctx), f.ID, state)
	return showFandom(f).here(), err
}

func (a *API) listBoards(ctx context.Context, in *BySlug) (reply[List[Board]], error) {
	f, err := a.Forum.Read().Fandom(ctx, in.Fandom)
	if err != nil {
		return reply[List[Board]]{}, err
	}
	list, err := a.Forum.Read().Boards(ctx, f.ID)
	return listOf(list, "", board), err
}

func (a *API) getBoard(ctx context.Context, in *ByID) (reply[Board], error) {
	b, err := a.Forum.Read().BoardByID(ctx, in.ID)
	return showBoard(b).here(), err
}

// NewBoard is what makes a board.
type NewBoard struct {
	Slug        string `json:"slug" doc:"2 to 32 of a-z, 0-9 and hyphens; unique in the fandom." example:"talk"`
	Name        string `json:"name" doc:"At most 40 characters." example:"Talk"`
	Description string `json:"description,omitempty" doc:"At most 500 characters."`
	StaffOnly   bool   `json:"staff_only,omitempty" doc:"Only staff start posts."`
	Position    int    `json:"position,omitempty" doc:"0 to 1000."`
}

func (a *API) createBoard(ctx context.Context, in *struct {
	BySlug
	Body NewBoard
}) (forum.Board, error) {
	if _, err := a.require(ctx, forum.ScopeModerate); err != nil {
		return forum.Board{}, err
	}
	f, err := a.Forum.Read().Fandom(ctx, in.Fandom)
	if err != nil {
		return forum.Board{}, err
	}
	b := in.Body
	return a.Forum.CreateBoard(ctx, a.Actor(ctx), f.ID, forum.BoardInput{Slug: b.Slug, Name: b.Name, Description: b.Description, StaffOnly: b.StaffOnly, Position: b.Position})
}

// BoardPatch is a change of a board.
type BoardPatch struct {
	Slug        *string `json:"slug,omitempty"`
	Name        *string `json:"name,omitempty"`
	Description *string `json:"description,omitempty"`
	StaffOnly   *bool   `json:"staff_only,omitempty"`
	Archived    *bool   `json:"archived,omitempty"`
	Position    *int    `json:"position,omitempty"`
}

func (a *API) updateBoard(ctx context.Context, in *struct {
	ByID
	Conditional
	Body BoardPatch
}) (reply[Board], error) {
	if _, err := a.require(ctx, forum.ScopeModerate); err != nil {
		return reply[Board]{}, err
	}
	b, err := a.Forum.Read().BoardByID(ctx, in.ID)
	if err != nil {
		return reply[Board]{}, err
	}
	version, err := in.base(b.Version)
	if err != nil {
		return reply[Board]{}, err
	}
	state := forum.BoardInput{Slug: b.Slug, Name: b.Name, Description: b.Description, StaffOnly: b.StaffOnly, Archived: b.Archived, Position: b.Position, Version: version}
	set(&state.Slug, in.Body.Slug)
	set(&state.Name, in.Body.Name)
	set(&state.Description, in.Body.Description)
	set(&state.StaffOnly, in.Body.StaffOnly)
	set(&state.Archived, in.Body.Archived)
	set(&state.Position, in.Body.Position)
	b, err = a.Forum.UpdateBoard(ctx, a.Actor(ctx), b.ID, state)
	return showBoard(b).here(), err
}

func set[T any](dst *T, src *T) {
	if src != nil {
		*dst = *src
	}
}
