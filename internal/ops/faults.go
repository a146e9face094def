package ops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Command is a program that breaks and heals: it is run with "inject FAULT", prints where, and
// with "heal". deploy/patroni/cluster is one; an operator can write another for their machines.
type Command []string

const faultWithin = 90 * time.Second

// Inject does one fault.
func (c Command) Inject(ctx context.Context, fault string) (string, error) {
	return c.Run(ctx, "inject", fault)
}

// Heal undoes every fault.
func (c Command) Heal(ctx context.Context) error {
	_, err := c.Run(ctx, "heal")
	return err
}

// Run runs the program with other arguments and returns what it printed.
func (c Command) Run(ctx context.Context, args ...string) (string, error) {
	if len(c) == 0 {
		return "", errors.New("no program to break things with: give --faults")
	}
	ctx, cancel := context.WithTimeout(ctx, faultWithin)
	defer cancel()
	var out, trouble bytes.Buffer
	cmd := exec.CommandContext(ctx, c[0], append(c[1:len(c):len(c)], args...)...)
	cmd.Stdout, cmd.Stderr = &out, &trouble
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C must not stop it half-way through healing
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 2 * time.Second
	if err := cmd.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return "", fmt.Errorf("%s %s: %w: %s", c[0], strings.Join(args, " "), err, strings.TrimSpace(trouble.String()))
	}
	return strings.TrimSpace(out.String()), nil
}
