package ops_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lightstick/internal/ops"
)

// A server that stalls must be charged for everybody who waits meanwhile, or a drill would praise it.
func TestLoadIsOpen(t *testing.T) {
	var one sync.Mutex // a server that answers one at a time, the first after 300 ms
	list := ops.RunLoad(t.Context(), 100, 400*time.Millisecond, func(_ context.Context, i int) error {
		one.Lock()
		defer one.Unlock()
		if i == 0 {
			<-time.After(300 * time.Millisecond)
		}
		return nil
	})
	if len(list) < 30 || len(list) > 41 {
		t.Fatalf("%d requests in 0.4 s at 100 a second", len(list))
	}
	if p := ops.Percentile(list, 0.7); p < 150*time.Millisecond {
		t.Errorf("p70 is %s although the server stood still for most of the time", p)
	}
}

func TestLongestGap(t *testing.T) {
	bad := errors.New("no")
	s := func(due, took int, err error) ops.Sample {
		return ops.NewSample(time.Duration(due)*time.Second, time.Duration(took)*time.Second, err)
	}
	for name, c := range map[string]struct {
		list []ops.Sample
		want int
	}{
		"nothing ever":            {nil, 20},
		"all well":                {[]ops.Sample{s(0, 1, nil), s(5, 0, nil), s(10, 0, nil), s(15, 0, nil)}, 5},
		"errors do not count":     {[]ops.Sample{s(1, 0, nil), s(5, 0, bad), s(19, 0, nil)}, 18},
		"an answer counts late":   {[]ops.Sample{s(1, 9, nil), s(2, 8, nil)}, 10},
		"never back counts whole": {[]ops.Sample{s(3, 0, nil)}, 17},
	} {
		if got := ops.LongestGap(c.list, 0, 20*time.Second); got != time.Duration(c.want)*time.Second {
			t.Errorf("%s: %s, want %d s", name, got, c.want)
		}
	}
}

func TestSumMetric(t *testing.T) {
	raw := []byte("# HELP x y\nx{route=\"post\",outcome=\"miss\"} 3\nx{route=\"post\",outcome=\"hit\"} 5\nx_more{route=\"post\"} 100\nx{route=\"front\",outcome=\"miss\"} 7\ny 1e3\n")
	for want, labels := range map[float64][]string{15: nil, 3: {`route="post"`, `outcome="miss"`}, 10: {`outcome="miss"`}} {
		if got, err := ops.SumMetric(raw, "x", labels...); err != nil || got != want {
			t.Errorf("%v: %v, %v; want %v", labels, got, err, want)
		}
	}
	if got, err := ops.SumMetric(raw, "y"); err != nil || got != 1000 {
		t.Errorf("y is %v, %v", got, err)
	}
}

// forum is a site that keeps comments, well or badly.
type forum struct {
	mu       sync.Mutex
	keys     map[string]bool
	comments []string
	asked    int
	keep     func(asked int) (times, status int)
}

func (f *forum) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Method == http.MethodGet {
		items := []map[string]any{}
		for i, c := range f.comments {
			items = append(items, map[string]any{"id": i + 1, "body": c})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"items": items, "settled": len(items)})
		return
	}
	var in struct{ Body string }
	raw, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(raw, &in)
	f.asked++
	times, status := f.keep(f.asked)
	if key := r.Header.Get("Idempotency-Key"); !f.keys[key] || times > 1 {
		f.keys[key] = f.keys[key] || times > 0
		for range times {
			f.comments = append(f.comments, in.Body)
		}
	}
	w.WriteHeader(status)
}

func TestOutboxFindsWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		keep                        func(asked int) (times, status int)
		acked, lost, doubled, again int
	}{
		"well":                 {func(int) (int, int) { return 1, 201 }, 3, 0, 0, 0},
		"stored, not told":     {func(n int) (int, int) { return 1, map[bool]int{true: 503, false: 201}[n == 1] }, 3, 0, 0, 1},
		"doubled":              {func(n int) (int, int) { return map[bool]int{true: 2, false: 1}[n == 2], 201 }, 3, 0, 1, 0},
		"refused is not again": {func(n int) (int, int) { return n % 2, map[bool]int{true: 201, false: 422}[n%2 == 1] }, 2, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := &forum{keys: map[string]bool{}, keep: c.keep}
			v, err := writeAndCheck(t, f, 3)
			acked, lost, doubled, again := v.Counts()
			if err != nil || acked != c.acked || lost != c.lost || doubled != c.doubled || again != c.again {
				t.Errorf("acked %d, lost %d, doubled %d, again %d, %v; want %+v", acked, lost, doubled, again, err, c)
			}
		})
	}
}

func writeAndCheck(t *testing.T, h http.Handler, n int) (ops.Verdict, error) {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	site, err := ops.NewSite([]string{server.URL})
	if err != nil {
		t.Fatal(err)
	}
	v, _, err := ops.WriteAndCheck(t.Context(), site, n)
	return v, err
}

// A site that does not say what it is must be taken for production.
func TestEnvironment(t *testing.T) {
	for body, want := range map[string]string{
		`{"environment":"dev"}`: "dev", `{"environment":"staging"}`: "staging", `{}`: "production", `<html>`: "production", "": "production",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
		site, err := ops.NewSite([]string{server.URL})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := site.Environment(t.Context()); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", body, got, err, want)
		}
		server.Close()
		if _, err := site.Environment(t.Context()); err == nil {
			t.Error("a site that is not there has an environment")
		}
	}
	if _, err := ops.NewSite([]string{"fans.example"}); err == nil {
		t.Error("an address without a scheme was taken")
	}
}

// One address of production among several is production.
func TestEnvironmentOfAllAddresses(t *testing.T) {
	var urls []string
	for _, what := range []string{"dev", "dev", "production"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"environment":"`+what+`"}`) }))
		defer server.Close()
		urls = append(urls, server.URL)
	}
	for n, want := range map[int]string{2: "dev", 3: "production"} {
		site, err := ops.NewSite(urls[:n])
		if err != nil {
			t.Fatal(err)
		}
		if got, err := site.Environment(t.Context()); err != nil || got != want {
			t.Errorf("%d addresses: %q, %v; want %q", n, got, err, want)
		}
	}
}

func TestReport(t *testing.T) {
	samples := map[string][]ops.Sample{"reads <b>": {ops.NewSample(0, time.Millisecond, nil), ops.NewSample(3*time.Second, 2*time.Second, errors.New("bad"))}}
	r := ops.Report{Drill: "failover", About: "a & b", Began: time.Unix(0, 0), Took: time.Minute, Machine: "m", Sections: []ops.Section{{
		Name: "kill", About: "dead", Claims: []ops.Claim{ops.None("lost", 0, 5), ops.AtMost("gap", 7, 8.25, " s")}, Notes: []string{"so it is"},
		Plots: ops.Plots("all", samples, ops.Span(time.Second, 2*time.Second)),
	}}}
	if r.Passed() {
		t.Error("8.25 s passed for at most 7 s")
	}
	dir := t.TempDir()
	page, err := r.Save(dir)
	if err != nil {
		t.Fatal(err)
	}
	html := read(t, page)
	for _, want := range []string{"<title>Drill failover: FAIL</title>", "a &amp; b", `role="img"`, "prefers-color-scheme: dark", "reads &lt;b&gt;", "the fault lasts from 1.0 to 2.0 s", ">8.25 s<"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, bad := range []string{"NaN", "<b>", "http://", "https://", "ZgotmplZ"} {
		if strings.Contains(html, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	text := read(t, filepath.Join(dir, "failover.txt"))
	for _, want := range []string{"Drill failover: FAIL", "pass  lost  0 of 5  0", "FAIL  gap   8.25 s", "so it is"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
	if (ops.Report{}).Passed() {
		t.Error("a drill without claims passed")
	}
	if ops.None("lost", 0, 0).Pass {
		t.Error("none of nothing is no proof")
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestCommand(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "faults")
	log := filepath.Join(dir, "log")
	script := fmt.Sprintf("#!/bin/sh\necho \"$*\" >> %s\n[ \"$3\" != bad ] || { echo 'no such fault' >&2; exit 1; }\necho node2\n", log)
	if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	c := ops.Command{program, "-x"}
	if where, err := c.Inject(t.Context(), "kill"); err != nil || where != "node2" {
		t.Errorf("%q, %v", where, err)
	}
	if _, err := c.Inject(t.Context(), "bad"); err == nil || !strings.Contains(err.Error(), "no such fault") {
		t.Errorf("err = %v", err)
	}
	if err := c.Heal(t.Context()); err != nil {
		t.Error(err)
	}
	if got := read(t, log); got != "-x inject kill\n-x inject bad\n-x heal\n" {
		t.Errorf("ran %q", got)
	}
	if _, err := (ops.Command{}).Inject(t.Context(), "kill"); err == nil {
		t.Error("no program, no error")
	}
}
