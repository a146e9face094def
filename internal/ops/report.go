package ops

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// verdictOf is how a claim's result is written.
func verdictOf(pass bool) string {
	if pass {
		return "pass"
	}
	return "FAIL"
}

// Text writes the report as a table for people at a terminal.
func (r Report) Text(to io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Drill %s: %s\n%s\n%s, %d s, %s\n", r.Drill, verdictOf(r.Passed()), r.About,
		r.Began.UTC().Format("2006-01-02 15:04 UTC"), int(r.Took.Seconds()), r.Machine)
	for _, s := range r.Sections {
		fmt.Fprintf(&b, "\n%s: %s\n", s.Name, s.About)
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, c := range s.Claims {
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", verdictOf(c.Pass), c.Text, c.Figure, c.Limit)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		for _, n := range s.Notes {
			fmt.Fprintf(&b, "        %s\n", n)
		}
	}
	_, err := io.WriteString(to, b.String())
	return err
}

// Save writes the report as DRILL.txt and DRILL.html into a folder and returns the page's path.
func (r Report) Save(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	var text, page strings.Builder
	if err := r.Text(&text); err != nil {
		return "", err
	}
	if err := r.HTML(&page); err != nil {
		return "", err
	}
	name := filepath.Join(dir, r.Drill)
	if err := os.WriteFile(name+".txt", []byte(text.String()), 0o644); err != nil {
		return "", err
	}
	return name + ".html", os.WriteFile(name+".html", []byte(page.String()), 0o644)
}

// Machine says in neutral terms where figures come from.
func Machine() string {
	model := "unknown processor"
	if raw, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(raw)) {
			if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%d cores (%s), %s", runtime.NumCPU(), model, runtime.Version())
}

// seconds for axes and tables.
func seconds(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()) }
