package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// bound is the claim: a warm POP shows the first text within so many times what no site can avoid,
// the handshake and one round trip.
const bound = 1.2

// claimed is where it is claimed.
const claimed = "São Paulo"

// report prints the tables, writes them and the plot, and says whether the claim holds.
func (w *world) report(out string) (ok bool, err error) {
	var b strings.Builder
	if err := w.table(&b); err != nil {
		return false, err
	}
	ok = w.claim(&b)
	if _, err := io.WriteString(os.Stdout, b.String()); err != nil {
		return false, err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return false, err
	}
	if err := os.WriteFile(filepath.Join(out, "lab.txt"), []byte(b.String()), 0o644); err != nil {
		return false, err
	}
	plot := filepath.Join(out, "lab.html")
	if err := os.WriteFile(plot, w.plot(), 0o644); err != nil {
		return false, err
	}
	say("the same as a plot: %s", plot)
	return ok, nil
}

// table writes what was measured as a Markdown table.
func (w *world) table(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	head, rule := "| p50 / p95 of "+fmt.Sprint(w.samples)+", ms\t| round trip to Seoul\t| to the POP\t", "| ---\t| ---\t| ---\t"
	for _, p := range phases() {
		head += "| " + p.name + ": first text\t| whole view\t"
		rule += "| ---\t| ---\t"
	}
	fmt.Fprintf(t, "%s|\n%s|\n", head, rule)
	for _, r := range w.readers {
		fmt.Fprintf(t, "| %s, %s\t| %s\t| %s\t", r.city.name, r.line.name, ms(middle(r.views[1], connected)), ms(middle(r.views[3], connected)))
		for i := range phases() {
			fmt.Fprintf(t, "| %s / %s\t| %s / %s\t", ms(middle(r.views[i], text)), ms(slowest(r.views[i], text)), ms(middle(r.views[i], whole)), ms(slowest(r.views[i], whole)))
		}
		fmt.Fprintln(t, "|")
	}
	if err := t.Flush(); err != nil {
		return err
	}
	return w.costs(out)
}

func (w *world) costs(out io.Writer) error {
	control, err := os.ReadFile("/proc/sys/net/ipv4/tcp_congestion_control")
	if err != nil {
		return err
	}
	if w.congestion != "" {
		control = []byte(w.congestion)
	}
	v := w.readers[0].views[3][0]
	fmt.Fprintf(out, "\nA view is %d requests and %.0f KB; congestion control %s. What %d views cost Seoul:\n", v.Requests, float64(v.Bytes)/1000,
		strings.TrimSpace(string(control)), w.loads[0].views)
	for i, p := range phases() {
		views := float64(w.loads[i].views)
		fmt.Fprintf(out, "  %-12s %5.2f requests and %.2f ms of processor time a view\n", p.name, float64(w.loads[i].requests)/views, w.loads[i].cpu.Seconds()*1000/views)
	}
	return nil
}

// claim compares the median first text of the good line in the claimed city with its bound.
func (w *world) claim(out io.Writer) bool {
	i := slices.IndexFunc(w.readers, func(r *reader) bool { return r.city.name == claimed && r.line.loss == 0 })
	views := w.readers[i].views[3]
	must := middle(views, secured) + middle(views, connected)
	got := middle(views, text)
	verdict := map[bool]string{true: "pass", false: "FAIL"}
	ok := float64(got) <= bound*float64(must)
	fmt.Fprintf(out, "\n%s, warm through its POP: first text after %s ms; handshake and one round trip take %s ms; ratio %.2f, wanted ≤ %.1f: %s\n",
		claimed, fine(got), fine(must), float64(got)/float64(must), bound, verdict[ok])
	return ok
}

func connected(v view) time.Duration { return v.Connected }
func secured(v view) time.Duration   { return v.Secured }
func text(v view) time.Duration      { return v.Text }
func whole(v view) time.Duration     { return v.Whole }

func middle(views []view, of func(view) time.Duration) time.Duration {
	return percentile(views, of, 0.5)
}
func slowest(views []view, of func(view) time.Duration) time.Duration {
	return percentile(views, of, 0.95)
}

// percentile by nearest rank.
func percentile(views []view, of func(view) time.Duration, p float64) time.Duration {
	list := make([]time.Duration, len(views))
	for i, v := range views {
		list[i] = of(v)
	}
	slices.Sort(list)
	rank := int(p*float64(len(list)) + 0.9999)
	return list[min(max(rank-1, 0), len(list)-1)]
}

func ms(d time.Duration) string   { return fmt.Sprintf("%.0f", d.Seconds()*1000) }
func fine(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()*1000) }
