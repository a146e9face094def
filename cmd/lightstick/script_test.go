package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"lightstick": main}) }

// TestScripts runs the commands as an operator types them. Each script has a folder and a free
// address ($ADDR) of its own, and none of the surrounding LIGHTSTICK_ variables.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			free, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			e.Setenv("ADDR", free.Addr().String())
			e.Setenv("HOME", e.WorkDir)
			e.Values[held{}] = new(net.Conn)
			return free.Close()
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": status, "ready": ready, "terminate": terminate, "begin": begin, "finish": finish},
	})
}

// status runs a command and checks its exit status: status 2 lightstick serve --nonsense
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if exit, ok := err.(interface{ ExitCode() int }); ok {
		got = fmt.Sprint(exit.ExitCode())
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
}

// ready waits until an address answers 200.
func ready(ts *testscript.TestScript, _ bool, args []string) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 1500 {
		if res, err := http.Get(args[0]); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		<-tick.C
	}
	ts.Fatalf("%s is not ready", args[0])
}

// terminate sends SIGTERM to what runs in the background, as a service manager does; "terminate hup"
// sends SIGHUP twice, as a terminal that goes away does.
func terminate(ts *testscript.TestScript, _ bool, args []string) {
	signals := []syscall.Signal{syscall.SIGTERM}
	if len(args) > 0 && args[0] == "hup" {
		signals = []syscall.Signal{syscall.SIGHUP, syscall.SIGHUP}
	}
	for _, c := range ts.BackgroundCmds() {
		for _, s := range signals {
			ts.Check(c.Process.Signal(s))
		}
	}
}

// held is the key of the connection between begin and finish.
type held struct{}

// begin sends the first half of a form to an address, until the server reads it, and finish, later, the
// second half: the answer must come although the server was told to stop in between.
func begin(ts *testscript.TestScript, _ bool, args []string) {
	conn, err := net.Dial("tcp", args[0])
	ts.Check(err)
	*ts.Value(held{}).(*net.Conn) = conn
	_, err = fmt.Fprintf(conn, "POST /me/en/sign-in HTTP/1.1\r\nHost: %s\r\nOrigin: http://%s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 23\r\nExpect: 100-continue\r\n\r\n", args[0], args[0])
	ts.Check(err)
	ts.Check(conn.SetDeadline(time.Now().Add(20 * time.Second)))
	want := "HTTP/1.1 100 Continue\r\n\r\n"
	got := make([]byte, len(want))
	_, err = io.ReadFull(conn, got)
	ts.Check(err)
	if string(got) != want {
		ts.Fatalf("the server says %q", got)
	}
	_, err = fmt.Fprint(conn, "login=nobody")
	ts.Check(err)
}

func finish(ts *testscript.TestScript, _ bool, args []string) {
	conn := *ts.Value(held{}).(*net.Conn)
	defer conn.Close()
	ts.Check(conn.SetDeadline(time.Now().Add(20 * time.Second)))
	_, err := fmt.Fprint(conn, "&password=x")
	ts.Check(err)
	line, err := bufio.NewReader(conn).ReadString('\n')
	ts.Check(err)
	if !strings.Contains(line, " "+args[0]+" ") {
		ts.Fatalf("the open request was answered %q, want %s", line, args[0])
	}
}
