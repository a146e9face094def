package ops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// process is one program that a drill started itself. It can be started again after it ended.
type process struct {
	argv []string
	env  []string // beside ours
	log  string   // file of its output
	cmd  *exec.Cmd
	done chan struct{} // nil when it does not run
	err  error         // of its end, once done is closed
}

// start runs the program and waits until url answers 200.
func (p *process) start(ctx context.Context, client *http.Client, url string) error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close() // the process has its own
	p.cmd = exec.Command(p.argv[0], p.argv[1:]...)
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Env = log, log, append(os.Environ(), p.env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the drill, which then stops it
	if err := p.cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	p.done = done
	go func() {
		p.err = p.cmd.Wait()
		close(done)
	}()
	ended := false
	err = until(ctx, startWithin, 50*time.Millisecond, "the start of "+url, func(ctx context.Context) bool {
		select {
		case <-done:
			ended = true
			return true
		default:
			return answers(ctx, client, url)
		}
	})
	if ended || err != nil {
		return errors.Join(fmt.Errorf("%s did not start", p.argv[0]), err, p.tail())
	}
	return nil
}

// answers reports whether url answers 200.
func answers(ctx context.Context, client *http.Client, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	res, err := client.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return err == nil && res.StatusCode == http.StatusOK
}

// tail is the end of the process's output, as an error to show.
func (p *process) tail() error {
	raw, err := os.ReadFile(p.log)
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return errors.New(strings.Join(lines[max(0, len(lines)-5):], "\n"))
}

// stopWithin is more than a node drains for.
const stopWithin = 30 * time.Second

// stop asks the process to end, and waits.
func (p *process) stop() error {
	if p.done == nil {
		return nil
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-p.done:
		p.done = nil
		return p.err
	case <-time.After(stopWithin):
		p.kill()
		return fmt.Errorf("%s did not stop within %s", p.argv[0], stopWithin)
	}
}

// kill ends the process at once.
func (p *process) kill() {
	if p.done == nil {
		return
	}
	_ = p.cmd.Process.Kill() // it may have ended already
	<-p.done
	p.done = nil
}
