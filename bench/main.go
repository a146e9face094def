// Command bench measures Lightstick against limits that it measures in the same run: a bare
// net/http handler, a bare insert, a small database. It promises that server and clients each have
// a core of their own where there are two, that figures which are compared take turns, and that
// what is printed is the median. It never leaves the machine and never changes a setting that a
// real site would not have.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are the command line of a run.
type options struct {
	binary  string // the built lightstick
	data    string // folder of the worlds
	only    string // names of parts, separated by commas
	profile string // folder for CPU profiles
	rounds  int
	window  time.Duration // of one measurement
	large   int           // comments of the large world
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := command(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// command is the run, or one of the limits when the run starts this program again.
func command(ctx context.Context, args []string) (bool, error) {
	if len(args) > 0 {
		switch args[0] {
		case "bare-handler":
			return true, bareHandler(ctx, args[1:])
		case "bare-insert":
			return true, bareInsert(ctx, args[1:])
		case "naive-comment":
			return true, naiveComment(ctx, args[1:])
		}
	}
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.binary, "lightstick", "build/lightstick", "the program to measure")
	flags.StringVar(&o.data, "data", "build/bench-data", "folder of the worlds, which are kept")
	flags.StringVar(&o.only, "only", "", "parts to run: "+strings.Join(partNames(), ","))
	flags.StringVar(&o.profile, "profile", "", "write CPU profiles of the server into this folder; figures are then a little worse")
	flags.IntVar(&o.rounds, "rounds", 5, "turns of each side; the median counts")
	flags.DurationVar(&o.window, "window", 2*time.Second, "length of one measurement")
	flags.IntVar(&o.large, "large", 1_000_000, "comments of the large world")
	if err := flags.Parse(args); err != nil {
		return false, err
	}
	return run(ctx, o)
}

// part is a group of figures that share servers.
type part struct {
	name   string
	run    func(b *bench, ctx context.Context) error
	worlds []string // that it reads or copies
}

func parts() []part {
	return []part{
		{"start", (*bench).start, []string{usual}}, {"hot", (*bench).hot, []string{usual}}, {"pages", (*bench).pages, []string{small, usual, large}},
		{"acts", (*bench).acts, []string{usual, crowd, large}}, {"writers", (*bench).writers, []string{crowd}},
		{"hotpost", (*bench).hotPost, nil}, {"pop", (*bench).pop, []string{crowd}}, {"overload", (*bench).overload, []string{crowd}},
	}
}

func partNames() (names []string) {
	for _, p := range parts() {
		names = append(names, p.name)
	}
	return names
}

// bench is one run.
type bench struct {
	options
	self    string // this program
	scratch string // folder that goes at the end
	rows    []row
	began   time.Time
}

func run(ctx context.Context, o options) (ok bool, err error) {
	b := &bench{options: o, began: time.Now()}
	if b.binary, err = filepath.Abs(o.binary); err != nil {
		return false, err
	}
	if _, err := os.Stat(b.binary); err != nil {
		return false, fmt.Errorf("build the program first: %w", err)
	}
	if b.self, err = os.Executable(); err != nil {
		return false, err
	}
	if err := os.MkdirAll(o.data, 0o755); err != nil {
		return false, err
	}
	if b.scratch, err = os.MkdirTemp(o.data, "run-"); err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.scratch)) }()
	chosen := slices.DeleteFunc(parts(), func(p part) bool { return o.only != "" && !strings.Contains(","+o.only+",", ","+p.name+",") })
	for _, p := range chosen {
		if err := b.worlds(ctx, p.worlds); err != nil {
			return false, err
		}
	}
	b.began = time.Now() // making the worlds is done once
	for _, p := range chosen {
		b.say("%s …", p.name)
		if err := p.run(b, ctx); err != nil {
			return false, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return printTable(os.Stdout, b.rows, time.Since(b.began))
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%6.1f s  %s\n", time.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
}
