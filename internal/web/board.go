package web

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/a-h/templ"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// boardData is a board: four questions to the store, three behind the first page.
type boardData struct {
	Fandom      forum.Fandom
	Board       forum.Board
	Boards      []forum.Board // all of the fandom
	Sort        forum.Sort
	Pinned      []forum.Post
	Posts       []forum.Post
	Next, First templ.SafeURL
}

func sorts() []forum.Sort { return []forum.Sort{forum.SortHot, forum.SortNew, forum.SortTop} }

func (s *Site) board(w http.ResponseWriter, r *http.Request, p *Printer) error {
	ctx, q := r.Context(), r.URL.Query()
	d := boardData{Sort: forum.Sort(q.Get("sort"))}
	if d.Sort == "" {
		d.Sort = forum.SortHot
	}
	if !slices.Contains(sorts(), d.Sort) {
		return fault.New(fault.NotFound, "not_found", "There is nothing at this address.")
	}
	if err := s.findBoard(r, &d); err != nil {
		return err
	}
	after := forum.Cursor(q.Get("after"))
	var err error
	if after == "" {
		if d.Pinned, _, err = s.read.Posts(ctx, forum.PostQuery{BoardID: d.Board.ID, Sort: forum.SortNew, Pinned: true, Limit: 5}); err != nil {
			return err
		}
	}
	list, next, err := s.read.Posts(ctx, forum.PostQuery{BoardID: d.Board.ID, Sort: d.Sort, After: after, Limit: pageSize})
	if err != nil {
		return err
	}
	d.Posts = withoutPinned(list, d.Pinned)
	v := s.publicView(r, p, d.Board.Name+" · "+d.Fandom.Name)
	v.Description, v.Hue = d.Board.Description, hueClass(d.Fandom.Accent)
	v.NoIndex = after != ""
	self := "/f/" + d.Fandom.Slug + "/" + d.Board.Slug
	if next != "" {
		d.Next = v.to(self, "?sort=", string(d.Sort), "&after=", url.QueryEscape(string(next)))
	}
	if after != "" {
		d.First = v.to(self, "?sort=", string(d.Sort))
	}
	return render(w, r, http.StatusOK, boardPage(v, &d))
}

// findBoard finds the board among all of its fandom, which the page lists anyway.
func (s *Site) findBoard(r *http.Request, d *boardData) error {
	var err error
	if d.Fandom, err = s.read.Fandom(r.Context(), r.PathValue("fandom")); err != nil {
		return err
	}
	if d.Boards, err = s.read.Boards(r.Context(), d.Fandom.ID); err != nil {
		return err
	}
	i := slices.IndexFunc(d.Boards, func(b forum.Board) bool { return b.Slug == r.PathValue("board") })
	if i < 0 {
		return forum.NotFound(forum.TargetBoard)
	}
	d.Board = d.Boards[i]
	return nil
}
