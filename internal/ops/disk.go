package ops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Disk drills a full disk under the embedded database.
type Disk struct {
	Site   *Site // signed in
	Faults Faults
	Out    io.Writer
}

func diskCase() failoverCase {
	return failoverCase{name: "disk-full", about: "the disk of the embedded database and the uploads has not a byte left for 10 s; writes must be back within 3 s of there being room",
		hold: 10 * time.Second, within: 13 * time.Second}
}

// Run drills once.
func (d Disk) Run(ctx context.Context) (r Report, err error) {
	r = Report{Drill: "disk", Began: time.Now(), Machine: Machine(),
		About: fmt.Sprintf("The disk fills up under load: %d public reads a second that the page cache has, %d that it does not, %d signed-in reads and %d comments, "+
			"each sent again with its idempotency key until acknowledged. Afterwards all comments are read back.", cachedRate, uncachedRate, memberRate, writeRate)}
	t := teller{d.Out, r.Began}
	reads, _, err := d.Site.posts(ctx, 400)
	if err != nil {
		return r, err
	}
	c := diskCase()
	t.say("%s: %s", c.name, c.about)
	o, err := Failover{Site: d.Site, Faults: d.Faults, Out: d.Out}.once(ctx, c, &unread{posts: reads})
	if err != nil {
		return r, err
	}
	t.say("  %.1f s without writes, %d of %d reads failed, %d of %d acknowledged writes lost", o.gap.Seconds(), o.badReads(), o.reads(), o.writes.lost, o.writes.acked)
	s := c.judge([]outcome{o})
	s.Claims = append(s.Claims, atLeast("answers that told writers to come back later, so that the fault was one", 1, float64(o.writes.again), ""))
	r.Sections = append(r.Sections, s)
	r.Took = time.Since(r.Began)
	return r, nil
}

// diskBytes is room for the demo world and the drill.
const diskBytes = 256 << 20

// LocalDisk is a small disk in memory under the data of a local system.
type LocalDisk struct{ dir string }

// MountDisk puts the data of all nodes on a small disk; only root may. Close takes it away.
func (l *Local) MountDisk() (*LocalDisk, error) {
	d := &LocalDisk{filepath.Join(l.Dir, "data")}
	if err := os.Mkdir(d.dir, 0o755); err != nil {
		return nil, err
	}
	if err := syscall.Mount("tmpfs", d.dir, "tmpfs", 0, fmt.Sprintf("size=%d", diskBytes)); err != nil {
		return nil, fmt.Errorf("mount a small disk in memory, which needs root: %w", err)
	}
	l.Disk = d
	return d, nil
}

func (d *LocalDisk) unmount() error {
	if d == nil {
		return nil
	}
	return syscall.Unmount(d.dir, 0)
}

func (d *LocalDisk) filler() string { return filepath.Join(d.dir, "filler") }

// Inject fills the disk to the last byte.
func (d *LocalDisk) Inject(_ context.Context, fault string) (string, error) {
	if fault != diskCase().name {
		return "", fmt.Errorf("no fault called %q", fault)
	}
	f, err := os.Create(d.filler())
	if err != nil {
		return "", err
	}
	defer f.Close()
	for block := make([]byte, 1<<20); len(block) > 0; {
		n, err := f.Write(block)
		if err != nil && !errors.Is(err, syscall.ENOSPC) {
			return "", err
		}
		if err != nil && n == 0 {
			block = block[:len(block)/2]
		}
	}
	return d.dir, nil
}

// Heal makes room again.
func (d *LocalDisk) Heal(context.Context) error {
	err := os.Remove(d.filler())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
