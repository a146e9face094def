package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// network is namespaces, the links between them and the processes in them.
type network struct {
	prefix string
	spaces []string
	links  []*link
	procs  []*process
}

// Names hold the process id, so that what a killed lab left can be told from one that runs.
const prefix = "lslab-"

func newNetwork() *network {
	sweep()
	return &network{prefix: prefix + strconv.Itoa(os.Getpid()) + "-"}
}

// sweep removes the namespaces of labs that were killed.
func sweep() {
	out, err := exec.Command("ip", "netns", "list").Output()
	if err != nil {
		return // making the first one will say why
	}
	for name := range strings.FieldsSeq(string(out)) {
		pid, _, ok := strings.Cut(strings.TrimPrefix(name, prefix), "-")
		n, err := strconv.Atoi(pid)
		if ok && err == nil && strings.HasPrefix(name, prefix) && errors.Is(syscall.Kill(n, 0), syscall.ESRCH) {
			_ = exec.Command("ip", "netns", "del", name).Run() // another lab may be sweeping too
		}
	}
}

// space makes a namespace with loopback.
func (n *network) space(name, congestion string) (string, error) {
	name = n.prefix + name
	if err := ip("netns", "add", name); err != nil {
		return "", err
	}
	n.spaces = append(n.spaces, name)
	if err := ip("-n", name, "link", "set", "lo", "up"); err != nil {
		return "", err
	}
	settings := []string{"net.ipv4.ip_forward=1", "net.ipv4.tcp_slow_start_after_idle=0", "net.ipv4.tcp_no_metrics_save=1"}
	if congestion != "" {
		settings = append(settings, "net.ipv4.tcp_congestion_control="+congestion)
	}
	return name, ip(append([]string{"netns", "exec", name, "sysctl", "-qw"}, settings...)...)
}

// join links two namespaces: a gets the address with .1, b that with .2 of 10.77.subnet.0/30.
func (n *network) join(a, b string, subnet int, forth, back way) error {
	var ends [2]*os.File
	for i, space := range []string{a, b} {
		device := fmt.Sprintf("l%dx%d%c", os.Getpid(), subnet, 'a'+i)
		end, err := openTUN(device)
		if err != nil {
			return err
		}
		ends[i] = end
		if err := errors.Join(ip("link", "set", device, "netns", space),
			ip("-n", space, "addr", "add", fmt.Sprintf("10.77.%d.%d/30", subnet, i+1), "dev", device),
			ip("-n", space, "link", "set", device, "mtu", strconv.Itoa(mtu), "up")); err != nil {
			return err
		}
	}
	n.links = append(n.links, newLink(ends[0], ends[1], forth, back, uint64(subnet)))
	return nil
}

// close ends everything, processes first.
func (n *network) close() error {
	var errs []error
	for i := len(n.procs) - 1; i >= 0; i-- {
		errs = append(errs, n.procs[i].stop())
	}
	for _, l := range n.links {
		l.close()
	}
	for _, s := range n.spaces {
		errs = append(errs, ip("netns", "del", s))
	}
	return errors.Join(errs...)
}

func ip(args ...string) error {
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

// process is a server in a namespace.
type process struct {
	cmd  *exec.Cmd
	out  bytes.Buffer
	done chan error
}

const stopWithin = 10 * time.Second

// start runs a server in a namespace. It has its own process group, so that Ctrl-C reaches the lab
// alone, which then stops things in order.
func (n *network) start(space string, argv ...string) (*process, error) {
	p := &process{done: make(chan error, 1)}
	p.cmd = exec.Command("ip", append([]string{"netns", "exec", space}, argv...)...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.done <- p.cmd.Wait() }()
	n.procs = append(n.procs, p)
	return p, nil
}

func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-p.done:
		return nil
	case <-time.After(stopWithin):
		_ = p.cmd.Process.Kill() // see above
		<-p.done
		return fmt.Errorf("%s had to be killed", p.cmd.Args)
	}
}

// ran reports how a process ended, if it did.
func (p *process) ran() (ended bool, err error) {
	select {
	case err := <-p.done:
		p.done <- err
		return true, fmt.Errorf("%s ended: %w\n%s", p.cmd.Args, err, p.out.Bytes())
	default:
		return false, nil
	}
}

// cpu is the processor time of the process and its children.
func (p *process) cpu() (time.Duration, error) {
	pid := p.cmd.Process.Pid
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return 0, err
	}
	var total time.Duration
	for _, id := range append(strings.Fields(string(raw)), strconv.Itoa(pid)) {
		stat, err := os.ReadFile("/proc/" + id + "/stat")
		if err != nil {
			return 0, err
		}
		used, err := parseCPU(string(stat))
		if err != nil {
			return 0, err
		}
		total += used
	}
	return total, nil
}

// parseCPU reads utime and stime of /proc/PID/stat (proc(5), fields 14 and 15), behind the name in
// parentheses; they count hundredths of a second.
func parseCPU(stat string) (time.Duration, error) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc stat has %d fields", len(fields))
	}
	user, err := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err, err2)
}

// wait asks until ok or the time is over.
func wait(ctx context.Context, within time.Duration, what string, ok func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		done, err := ok()
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited in vain for %s: %w", what, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
