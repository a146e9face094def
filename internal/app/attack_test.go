package app_test

import (
	"net"
	"sync/atomic"
	"testing"

	"lightstick/internal/app"
	"lightstick/internal/testkit"
)

// TestAskingForReadinessIsCheap: anybody can ask, so it must not be a way to make this site call on
// its mail server, or sync its disk, as often as they like.
func TestAskingForReadinessIsCheap(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int32
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			calls.Add(1)
			_ = c.Close()
		}
	}()
	s := testkit.Boot(t, func(c *app.Config, _ *app.Options) { c.SMTP = "smtp://" + server.Addr().String() })
	asked := make(chan int, 50)
	for range cap(asked) {
		go func() { asked <- s.Browser(t).Get("/readyz").StatusCode }()
	}
	for range cap(asked) {
		if status := <-asked; status != 200 {
			t.Errorf("mail took the node out: %d", status)
		}
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	<-done
	if n := calls.Load(); n < 1 || n > 10 {
		t.Errorf("%d calls on the mail server for 50 questions", n)
	}
}
