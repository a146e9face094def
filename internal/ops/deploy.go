package ops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Deploy drills what happens to nodes of the site itself: killed, and replaced one after the other.
type Deploy struct {
	Site   *Site // through its POP, signed in
	Faults Faults
	Out    io.Writer
}

func deployCases() []failoverCase {
	return []failoverCase{
		{name: "kill-site", about: "kill -9 of one node of the site; it comes back 8 s later", hold: 8 * time.Second},
		{name: "roll", about: "every node of the site replaced, one after the other, so that both versions serve side by side meanwhile", hold: time.Second},
	}
}

// Run drills each case once.
func (d Deploy) Run(ctx context.Context) (r Report, err error) {
	r = Report{Drill: "deploy", Began: time.Now(), Machine: Machine(),
		About: fmt.Sprintf("Nodes of the site go under load, as seen through the POP: %d public reads a second that caches have, %d that none has, %d signed-in reads and %d comments, "+
			"each sent again with its idempotency key until acknowledged.", cachedRate, uncachedRate, memberRate, writeRate)}
	t := teller{d.Out, r.Began}
	reads, _, err := d.Site.posts(ctx, 400)
	if err != nil {
		return r, err
	}
	f := Failover{Site: d.Site, Faults: d.Faults, Out: d.Out}
	next := &unread{posts: reads}
	for _, c := range deployCases() {
		t.say("%s: %s", c.name, c.about)
		o, err := f.once(ctx, c, next)
		if err != nil {
			return r, fmt.Errorf("%s: %w", c.name, err)
		}
		t.say("  %s: %d of %d reads failed, %d of %d acknowledged writes lost, %d sent again", o.where, o.badReads(), o.reads(), o.writes.lost, o.writes.acked, o.writes.again)
		r.Sections = append(r.Sections, c.judge([]outcome{o}))
	}
	r.Took = time.Since(r.Began)
	return r, nil
}

// LocalNodes breaks and replaces the processes of a local system.
type LocalNodes struct {
	Local *Local
	Next  string // program that roll moves to; "" for the same one
}

// Inject kills one node, or replaces all.
func (f LocalNodes) Inject(ctx context.Context, fault string) (string, error) {
	nodes := f.Local.Nodes
	switch fault {
	case "kill-site":
		nodes[0].Kill()
		return nodes[0].URL, nil
	case "roll":
		for _, n := range nodes {
			if err := n.Stop(); err != nil {
				return n.URL, err
			}
			if f.Next != "" {
				n.argv = slices.Concat([]string{f.Next}, n.argv[1:])
			}
			if err := n.Start(ctx); err != nil {
				return n.URL, err
			}
		}
		return fmt.Sprintf("%d nodes", len(nodes)), nil
	case "clock":
		return f.wrongClocks(ctx)
	}
	return "", fmt.Errorf("no fault called %q", fault)
}

// LocalClocks are how wrong the clocks of the first nodes are made.
func LocalClocks() []time.Duration { return []time.Duration{10 * time.Minute, -10 * time.Minute} }

const clockFlag = "--clock-offset="

// wrongClocks starts the first nodes again with wrong clocks.
func (f LocalNodes) wrongClocks(ctx context.Context) (string, error) {
	for i, off := range LocalClocks() {
		n := f.Local.Nodes[i]
		if err := n.Stop(); err != nil {
			return n.URL, err
		}
		n.argv = append(n.argv, clockFlag+off.String())
		if err := n.Start(ctx); err != nil {
			return n.URL, err
		}
	}
	return fmt.Sprintf("of %d nodes the first is 10 minutes fast, the second 10 minutes slow", len(f.Local.Nodes)), nil
}

// Heal puts clocks right and starts what does not run.
func (f LocalNodes) Heal(ctx context.Context) error {
	var errs []error
	for _, n := range f.Local.Nodes {
		if wrong := slices.IndexFunc(n.argv, func(a string) bool { return strings.HasPrefix(a, clockFlag) }); wrong >= 0 {
			n.argv = slices.Delete(n.argv, wrong, wrong+1)
			errs = append(errs, n.Stop())
		}
		if n.done == nil {
			errs = append(errs, n.Start(ctx))
		}
	}
	return errors.Join(errs...)
}
