package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"lightstick/internal/app"
	"lightstick/internal/ops"
)

type drillCmd struct {
	Failover failoverCmd `cmd:"" help:"Lose the database's primary: killed, hung, cut off, switched over."`
	Surge    surgeCmd    `cmd:"" help:"Ten times the load on one post, from one moment to the next, with cold caches."`
	Deploy   deployCmd   `cmd:"" help:"Kill a node of the site, then replace all of them, one after the other."`
	Disk     diskCmd     `cmd:"" help:"Fill the disk of the embedded database."`
	Lag      lagCmd      `cmd:"" help:"Let the database's replicas fall behind."`
	Clock    clockCmd    `cmd:"" help:"Put the clocks of some nodes wrong."`
}

func (drillCmd) Help() string {
	return `A drill puts a load on a running system, breaks something, and judges what readers and writers saw: a table of claims with pass or fail and the figures, and a page with plots. It ends in a bounded time and leaves the system as it found it. Exit status 0 means that every claim held.

With --local a drill starts a throw-away system of its own and removes it afterwards, which is all a developer needs:

  lightstick drill failover --local --case kill

Against a system that runs, name its address, some members to act as, and a program that breaks and heals it ("inject FAULT", "heal"), such as deploy/patroni/cluster or one of yours:

  lightstick drill failover --url https://staging.fans.example --member drill1:… --faults ./our-faults

A production site is refused without --yes-production.`
}

// drillFlags are what all drills share.
type drillFlags struct {
	Local          bool     `help:"Start a throw-away system, drill it and remove it."`
	URL            []string `name:"url" help:"Address of the running site, or of each of its nodes; requests take turns." env:"LIGHTSTICK_DRILL_URL"`
	Member         []string `help:"login:password of a member to act as; several share the writing, which is limited for each." env:"LIGHTSTICK_DRILL_MEMBER" secret:""`
	Certificate    []string `help:"Files with certificates to trust beside those that the system trusts." type:"existingfile"`
	Faults         string   `help:"Program, with its arguments, that is run with 'inject FAULT' and 'heal'." env:"LIGHTSTICK_DRILL_FAULTS"`
	YesProduction  bool     `help:"Drill a production site. Readers will notice if a claim does not hold."`
	Report         string   `help:"Folder for the report, as text and as a page." type:"path" default:"build/drills"`
	Dir            string   `help:"With --local: folder under which the system lives meanwhile." type:"path" default:"build"`
	ClusterProgram string   `help:"With --local: the program that starts a cluster." default:"deploy/patroni/cluster" type:"path"`
	ClusterPort    int      `help:"With --local: first of the cluster's 34 ports." default:"15500"`
	POPProgram     string   `name:"pop-program" help:"With --local: the program that starts a POP." default:"scripts/pop" type:"path"`
}

// wish is what a drill wants of a local system.
type wish struct {
	nodes        int
	cluster, pop bool
	disk         bool // a small one
	env          string
	more         []string // flags of the nodes
	first        string   // program of the nodes; "" for this one
}

// target is what a drill works on.
type target struct {
	site   *ops.Site
	faults ops.Faults
	local  *ops.Local // nil when the system was running before
}

// open connects to the running system, or starts a local one with nodes processes.
func (f drillFlags) open(e *env, w wish) (t *target, close func() error, err error) {
	if f.Local == (len(f.URL) > 0) {
		return nil, nil, errors.New("give --local for a throw-away system, or --url of a running one")
	}
	if f.Local {
		return f.openLocal(e, w)
	}
	t = &target{faults: ops.Command(strings.Fields(f.Faults))}
	if t.site, err = ops.NewSite(f.URL, f.Certificate...); err != nil {
		return nil, nil, err
	}
	environment, err := t.site.Environment(e.ctx)
	if err != nil {
		return nil, nil, err
	}
	if environment == app.Production && !f.YesProduction {
		return nil, nil, errors.New("this site is production, or does not say what it is: add --yes-production if you mean it")
	}
	var members []ops.Member
	for _, m := range f.Member {
		login, password, ok := strings.Cut(m, ":")
		if !ok {
			return nil, nil, errors.New("--member is login:password")
		}
		members = append(members, ops.Member{Login: login, Password: password})
	}
	stop := func() error { return t.site.Close(context.WithoutCancel(e.ctx)) }
	if err := t.site.SignIn(e.ctx, members); err != nil {
		return nil, nil, errors.Join(err, stop())
	}
	return t, stop, nil
}

func (f drillFlags) openLocal(e *env, w wish) (*target, func() error, error) {
	binary := w.first
	if binary == "" {
		var err error
		if binary, err = os.Executable(); err != nil {
			return nil, nil, err
		}
	}
	l, err := ops.OpenLocal(f.Dir, binary)
	if err != nil {
		return nil, nil, err
	}
	stop := func() error { return l.Close(context.WithoutCancel(e.ctx)) }
	fmt.Fprintf(e.stderr, "starting a throw-away system in %s …\n", l.Dir)
	site, err := f.startLocal(e.ctx, l, w)
	if err != nil {
		return nil, nil, errors.Join(err, stop())
	}
	t := &target{site: site, faults: l.Cluster, local: l}
	if w.disk {
		t.faults = l.Disk
	}
	return t, stop, nil
}

func (f drillFlags) startLocal(ctx context.Context, l *ops.Local, w wish) (*ops.Site, error) {
	l.Env = w.env
	if w.disk {
		if _, err := l.MountDisk(); err != nil {
			return nil, err
		}
	}
	if w.cluster {
		if err := l.StartCluster(ctx, f.ClusterProgram, f.ClusterPort); err != nil {
			return nil, err
		}
	}
	if w.pop {
		if err := l.PlanPOP(); err != nil {
			return nil, err
		}
	}
	for range w.nodes {
		if _, err := l.StartNode(ctx, w.more...); err != nil {
			return nil, err
		}
	}
	if w.disk { // what the log of the first filling took would be room for minutes of writes
		if err := errors.Join(l.Nodes[0].Stop(), l.Nodes[0].Start(ctx)); err != nil {
			return nil, err
		}
	}
	if w.pop {
		if err := l.StartPOP(ctx, f.POPProgram); err != nil {
			return nil, err
		}
	}
	return l.Site(ctx, app.DemoPassword)
}

// tell prints and keeps the report. A claim that did not hold is an error, so that the exit status tells.
func (f drillFlags) tell(e *env, r ops.Report) error {
	if err := r.Text(e.stdout); err != nil {
		return err
	}
	page, err := r.Save(f.Report)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "\nWith plots: %s\n", page)
	if !r.Passed() {
		return errors.New("not every claim held")
	}
	return nil
}

type failoverCmd struct {
	drillFlags
	Cases []string `name:"case" help:"Which faults: ${failover_cases}. Default: all."`
	Runs  int      `help:"Runs of each." default:"3"`
}

func (c *failoverCmd) Run(e *env) (err error) {
	if c.Runs < 1 || c.Runs > 20 {
		return errors.New("--runs: 1 to 20")
	}
	d := ops.Failover{Cases: c.Cases, Runs: c.Runs, Out: e.stderr}
	if err := d.Check(); err != nil {
		return err
	}
	t, stop, err := c.open(e, wish{nodes: 2, cluster: true, env: app.Dev})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	d.Site, d.Faults = t.site, t.faults
	r, err := d.Run(e.ctx)
	if err != nil {
		return err
	}
	return c.tell(e, r)
}

type surgeCmd struct {
	drillFlags
	Rate    float64  `help:"Requests a second before; ten times as many afterwards." default:"40"`
	Metrics []string `help:"Address of each node's --private listener, for what the crowd costs: http://127.0.0.1:9090."`
}

func (c *surgeCmd) Run(e *env) (err error) {
	if c.Rate < 1 || c.Rate > 10_000 {
		return errors.New("--rate: 1 to 10000")
	}
	t, stop, err := c.open(e, wish{nodes: 1, pop: true, env: app.Dev})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	metrics := c.Metrics
	if t.local != nil {
		metrics = t.local.Metrics()
	}
	r, err := ops.Surge{Site: t.site, Metrics: metrics, Rate: c.Rate, Out: e.stderr}.Run(e.ctx)
	if err != nil {
		return err
	}
	return c.tell(e, r)
}

type deployCmd struct {
	drillFlags
	Previous string `help:"With --local: the program of the version before, which the nodes run at first." type:"existingfile"`
}

func (c *deployCmd) Run(e *env) (err error) {
	// Nodes of dev do not wait for their balancer when they stop, so these are of staging.
	t, stop, err := c.open(e, wish{nodes: 3, cluster: true, pop: true, env: app.Staging, first: c.Previous,
		more: []string{"--smtp", "smtp://127.0.0.1:9"}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if t.local != nil {
		next, err := os.Executable()
		if err != nil {
			return err
		}
		t.faults = ops.LocalNodes{Local: t.local, Next: next}
	}
	r, err := ops.Deploy{Site: t.site, Faults: t.faults, Out: e.stderr}.Run(e.ctx)
	if err != nil {
		return err
	}
	return c.tell(e, r)
}

type lagCmd struct {
	drillFlags
	MaxLag time.Duration `help:"The site's --database-max-lag." default:"5s"`
}

func (c *lagCmd) Run(e *env) (err error) {
	t, stop, err := c.open(e, wish{nodes: 2, cluster: true, env: app.Dev, more: []string{"--database-max-lag", c.MaxLag.String()}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	d := ops.Lag{Site: t.site, Faults: t.faults, MaxLag: c.MaxLag, Out: e.stderr}
	if t.local != nil {
		d.Metrics = t.local.Metrics()
	}
	r, err := d.Run(e.ctx)
	if err != nil {
		return err
	}
	return c.tell(e, r)
}

type diskCmd struct{ drillFlags }

func (c *diskCmd) Run(e *env) (err error) {
	t, stop, err := c.open(e, wish{nodes: 1, disk: true, env: app.Dev})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	r, err := ops.Disk{Site: t.site, Faults: t.faults, Out: e.stderr}.Run(e.ctx)
	if err != nil {
		return err
	}
	return c.tell(e, r)
}

type clockCmd struct {
	drillFlags
	Metrics []string `help:"Address of each node's --private listener, for what the nodes know of their clocks: http://127.0.0.1:9090."`
}

func (c *clockCmd) Run(e *env) (err error) {
	t, stop, err := c.open(e, wish{nodes: 3, cluster: true, env: app.Dev})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	d := ops.Clock{Site: t.site, Faults: t.faults, Metrics: c.Metrics, Out: e.stderr}
	if t.local != nil {
		d.Faults, d.Off, d.Metrics = ops.LocalNodes{Local: t.local}, len(ops.LocalClocks()), t.local.Metrics()
	}
	r, err := d.Run(e.ctx)
	if err != nil {
		return err
	}
	return c.tell(e, r)
}
