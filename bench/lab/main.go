// Command lab measures how long readers far away wait, on one machine: network namespaces stand for
// a data centre in Seoul, for a POP in each city and for readers there, and TUN devices between
// them delay, slow down and lose packets as the distance would. So connections, handshakes, slow
// start and retransmissions are the kernel's own and cost true round trips.
//
// It promises that no packet leaves the namespaces it makes, and that these and all its processes
// are gone when it ends, also on Ctrl-C. It needs root to make them, and changes nothing else.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// options are the command line.
type options struct {
	binary     string // the built lightstick
	out        string // folder for report and plot
	samples    int    // first views of each kind
	congestion string // congestion control of everybody
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := command(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// command is the lab, or a reader in its namespace when the lab starts this program again.
func command(ctx context.Context, args []string) (bool, error) {
	if len(args) > 0 && args[0] == "read" {
		return true, readCommand(ctx, args[1:], os.Stdout)
	}
	var o options
	flags := flag.NewFlagSet("lab", flag.ContinueOnError)
	flags.StringVar(&o.binary, "lightstick", "build/lightstick", "the program to measure")
	flags.StringVar(&o.out, "out", "build", "folder for lab.txt and lab.html")
	flags.IntVar(&o.samples, "samples", 20, "first views of each kind and reader")
	flags.StringVar(&o.congestion, "congestion", "", "congestion control of all machines, such as bbr or reno; default: this kernel's")
	if err := flags.Parse(args); err != nil {
		return false, err
	}
	if os.Geteuid() != 0 {
		return false, errors.New("network namespaces and TUN devices need root: sudo make lab")
	}
	if o.samples < 2 {
		return false, errors.New("-samples: at least 2")
	}
	return run(ctx, o)
}

func run(ctx context.Context, o options) (ok bool, err error) {
	dir, err := os.MkdirTemp("", "lightstick-lab-")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	n := newNetwork()
	defer func() { err = errors.Join(err, n.close()) }()
	w, err := build(ctx, n, o, dir)
	if err == nil {
		err = w.measure(ctx)
	}
	if ctx.Err() != nil { // Ctrl-C ends the commands under way too, and what they say of it is noise
		return false, context.Cause(ctx)
	}
	if err != nil {
		return false, err
	}
	return w.report(o.out)
}
