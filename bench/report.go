package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// row is one claim with what was measured. A row without want is shown for the reader and judges
// nothing.
type row struct {
	claim string
	limit string // measured in the same run, "" for none
	ours  string
	ratio string
	want  string
	ok    bool
}

// atLeast judges ours against a share of a limit of the same run.
func atLeast(claim, unit string, limit, ours, share float64) row {
	return row{claim, number(limit) + unit, number(ours) + unit, fmt.Sprintf("%.2f", ours/limit), fmt.Sprintf("≥ %.2f", share), ours >= share*limit}
}

// atMost judges ours against a multiple of a limit of the same run.
func atMost(claim, unit string, limit, ours, times float64) row {
	return row{claim, number(limit) + unit, number(ours) + unit, fmt.Sprintf("%.2f", ours/limit), fmt.Sprintf("≤ %.2f", times), ours <= times*limit}
}

// within judges ours against a bound that the project has set itself.
func within(claim, unit string, bound, ours float64) row {
	return row{claim: claim, ours: number(ours) + unit, ratio: fmt.Sprintf("%.2f", ours/bound), want: "≤ " + number(bound) + unit, ok: ours <= bound}
}

// shown is a figure for the reader.
func shown(claim, unit string, ours float64) row {
	return row{claim: claim, ours: number(ours) + unit, ok: true}
}

// number writes three digits that count.
func number(f float64) string {
	switch {
	case f >= 100:
		return fmt.Sprintf("%.0f", f)
	case f >= 10:
		return fmt.Sprintf("%.1f", f)
	case f >= 1:
		return fmt.Sprintf("%.2f", f)
	}
	return fmt.Sprintf("%.3f", f)
}

// printTable writes the rows and reports whether all hold.
func printTable(w io.Writer, rows []row, took time.Duration) (bool, error) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "claim\tlimit\tours\tratio\twanted\t")
	all := true
	for _, r := range rows {
		verdict := ""
		if r.want != "" {
			verdict = map[bool]string{true: "pass", false: "FAIL"}[r.ok]
		}
		all = all && r.ok
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", r.claim, dash(r.limit), r.ours, dash(r.ratio), dash(r.want), verdict)
	}
	if err := t.Flush(); err != nil {
		return false, err
	}
	_, err := fmt.Fprintf(w, "\n%s, medians, measured in %.0f s\n", machine(), took.Seconds())
	return all, err
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// median of what was measured; it sorts in place.
func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	n := len(list)
	return (list[(n-1)/2] + list[n/2]) / 2
}

// percentile of what was measured, p in [0, 1]; it sorts in place.
func percentile[T ~int64 | ~float64](list []T, p float64) T {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[min(int(p*float64(len(list))), len(list)-1)]
}
