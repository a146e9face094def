package ops

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed report.html.tmpl
var reportPage string

// HTML writes the report as one page that needs nothing beside it.
func (r Report) HTML(to io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"verdict": verdictOf,
		"svg":     func(p Plot, section, n int) template.HTML { return p.SVG(fmt.Sprintf("p%d-%d", section, n)) },
		"style":   func(i int) int { return i % styles },
	}).Parse(reportPage)
	if err != nil {
		return err
	}
	return t.Execute(to, r)
}
