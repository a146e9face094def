package web

import "net/http"

func (s *Site) help(w http.ResponseWriter, r *http.Request, p *Printer) error {
	v := s.publicView(r, p, p.T("help.title"))
	v.Description = p.T("help.lead")
	return render(w, r, http.StatusOK, helpPage(v))
}

// helpRow is a way to write something, and what it is for.
type helpRow struct{ Source, Meaning string }

func writingHelp(v *view) []helpRow {
	return []helpRow{
		{"**text**", v.T("help.bold")}, {"*text*", v.T("help.italic")}, {"~~text~~", v.T("help.strike")},
		{"||text||", v.T("help.spoiler")}, {">! text", v.T("help.spoiler_block")}, {"> text", v.T("help.quote")},
		{"- text", v.T("help.list")}, {"# text", v.T("help.heading")}, {"`text`", v.T("help.code")},
		{"[text](https://…)", v.T("help.link")}, {"@handle", v.T("help.mention")}, {"![alt](/media/…)", v.T("help.image")},
	}
}

func searchHelp(v *view) []helpRow {
	return []helpRow{
		{"별", v.T("help.search_short")}, {"ㅂㅂ", v.T("help.search_initials")},
		{"lightstick seoul", v.T("help.search_all")}, {"byul", v.T("help.search_alias")},
	}
}
