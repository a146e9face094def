package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// searchData is the search page: fandoms for the form, and up to five questions for the answer.
type searchData struct {
	Form    *form
	Fandoms []forum.Fandom
	Asked   bool
	Hits    []forum.Hit
	Whole   bool // these are all: only then is their number an answer
	Next    templ.SafeURL
}

func searchKinds() []string { return []string{"post", "comment", "member", "board"} }

func (s *Site) search(w http.ResponseWriter, r *http.Request, p *Printer) error {
	ctx, q := r.Context(), r.URL.Query()
	d := searchData{Form: newForm()}
	for _, name := range []string{"q", "fandom", "board", "author", "kind", "sort", "from", "to"} {
		d.Form.values[name] = q.Get(name)
	}
	v := s.publicView(r, p, p.T("search.title"))
	v.NoIndex = true
	var err error
	if d.Fandoms, err = s.read.Fandoms(ctx); err != nil {
		return err
	}
	status := http.StatusOK
	if d.Asked = q.Get("q") != ""; d.Asked {
		v.Title = p.F("search.results", "q", q.Get("q"))
		if err := s.find(ctx, v, q, &d); err != nil {
			e := asFault(err)
			if e == nil {
				return err
			}
			d.Form.blame(p, err)
			status = e.Kind.Status()
			if e.Kind == fault.NotFound { // of a fandom, board or author that it asked for
				d.Form.whole, status = p.Fault(err), http.StatusOK
			}
		}
	}
	return render(w, r, status, searchPage(v, &d))
}

func (s *Site) find(ctx context.Context, v *view, q url.Values, d *searchData) error {
	sq, err := s.searchQuery(ctx, q, d.Fandoms)
	if err != nil {
		return err
	}
	var next forum.Cursor
	if d.Hits, next, err = s.forum.Search(ctx, sq); err != nil {
		return err
	}
	d.Whole = next == "" && q.Get("after") == ""
	if next != "" {
		more := url.Values{}
		for name, value := range d.Form.values {
			if value != "" {
				more.Set(name, value)
			}
		}
		more.Set("after", string(next))
		d.Next = v.to("/search?", more.Encode())
	}
	return nil
}

// searchQuery reads what a reader asks for. Names of fandoms, boards and authors become ids.
func (s *Site) searchQuery(ctx context.Context, q url.Values, fandoms []forum.Fandom) (forum.SearchQuery, error) {
	sq := forum.SearchQuery{Text: q.Get("q"), Newest: q.Get("sort") == "new", After: forum.Cursor(q.Get("after")), Limit: pageSize}
	var bad fault.Fields
	sq.From = day(&bad, "from", q.Get("from"))
	if to := day(&bad, "to", q.Get("to")); !to.IsZero() {
		sq.To = to.AddDate(0, 0, 1) // the day named is meant whole
	}
	if kind := q.Get("kind"); slices.Contains(searchKinds(), kind) {
		sq.Kinds = []forum.TargetKind{forum.TargetKind(kind)}
	} else if kind != "" {
		bad.Add("kind", "unknown_kind", "Choose one of: {kinds}.", "kinds", strings.Join(searchKinds(), ", "))
	}
	if err := bad.Err(); err != nil {
		return sq, err
	}
	if slug := q.Get("fandom"); slug != "" {
		i := slices.IndexFunc(fandoms, func(f forum.Fandom) bool { return f.Slug == slug })
		if i < 0 {
			return sq, forum.NotFound(forum.TargetFandom)
		}
		sq.FandomID = fandoms[i].ID
		if board := q.Get("board"); board != "" {
			b, err := s.read.Board(ctx, slug, board)
			if err != nil {
				return sq, err
			}
			sq.BoardID = b.ID
		}
	}
	if author := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(q.Get("author"))), "@"); author != "" {
		m, err := s.read.MemberByHandle(ctx, author)
		if err != nil {
			return sq, err
		}
		sq.AuthorID = m.ID
	}
	return sq, nil
}

// day reads a date as Korea counts days.
func day(bad *fault.Fields, name, value string) time.Time {
	if value == "" {
		return time.Time{}
	}
	t, err := time.ParseInLocation("2006-01-02", value, kst())
	if err != nil {
		bad.Add(name, "bad_date", "Give a date as YYYY-MM-DD.")
	}
	return t
}

// hitURL leads to what was found.
func (v *view) hitURL(d *forum.SearchDoc) templ.SafeURL {
	switch d.Target.Kind {
	case forum.TargetComment:
		return v.threadURL(d.PostID, d.Target.ID)
	case forum.TargetMember:
		return v.memberURL(d.Author.Handle)
	case forum.TargetBoard:
		return v.boardURL(d.Board.FandomSlug, d.Board.Slug)
	}
	return v.postURL(d.Target.ID)
}

// fandomOptions are the choices of the search form.
func fandomOptions(v *view, fandoms []forum.Fandom) []option {
	list := []option{{"", v.T("search.all_fandoms")}}
	for _, f := range fandoms {
		list = append(list, option{f.Slug, f.Name})
	}
	return list
}

func kindOptions(v *view) []option {
	list := []option{{"", v.T("search.all_kinds")}}
	for _, k := range searchKinds() {
		list = append(list, option{k, v.T("kind." + k)})
	}
	return list
}

func sortOptions(v *view) []option {
	return []option{{"", v.T("search.relevant")}, {"new", v.T("search.newest")}}
}

// narrowed reports whether the reader asked for more than words.
func (d *searchData) narrowed() bool {
	for name, value := range d.Form.values {
		if name != "q" && value != "" {
			return true
		}
	}
	return d.Form.whole != ""
}
