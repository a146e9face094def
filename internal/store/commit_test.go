package store_test

import (
	"bytes"
	"net"
	"net/url"
	"sync/atomic"
	"testing"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/testkit/pgtest"
)

// When the way to the database breaks.
const (
	never        int32 = iota
	beforeCommit       // the COMMIT does not arrive
	afterCommit        // it arrives, its answer does not
)

// breaker passes on what a store and its database say, and breaks the connection once when told to.
type breaker struct {
	to    string
	next  atomic.Int32
	after atomic.Int32 // COMMITs that pass before
}

// newBreaker stands before the database of an address and returns its own.
func newBreaker(t *testing.T, address string) (*breaker, string) {
	u := must[*url.URL](t)(url.Parse(address))
	l := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	t.Cleanup(func() { l.Close() })
	b := &breaker{to: u.Host}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go b.pass(c)
		}
	}()
	u.Host = l.Addr().String()
	return b, u.String()
}

func (b *breaker) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", b.to)
	if err != nil {
		return
	}
	defer server.Close()
	var silent atomic.Bool
	answered := make(chan bool, 1)
	go func() {
		defer client.Close()
		for buf := make([]byte, 1<<16); ; {
			n, err := server.Read(buf)
			if silent.Load() {
				answered <- true
				return
			}
			if err != nil {
				return
			}
			client.Write(buf[:n])
		}
	}()
	for buf := make([]byte, 1<<16); ; {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if bytes.Contains(buf[:n], []byte("COMMIT")) && b.after.Add(-1) < 0 {
			switch b.next.Swap(never) {
			case beforeCommit:
				return
			case afterCommit:
				silent.Store(true)
				server.Write(buf[:n])
				<-answered
				return
			}
		}
		server.Write(buf[:n])
	}
}

// TestACommitWithoutAnAnswer breaks the connection around a COMMIT: with a key the change is made
// exactly once all the same, and without one nobody is told what is not known.
func TestACommitWithoutAnAnswer(t *testing.T) {
	b, address := newBreaker(t, pgtest.Database(t))
	w := newWorld(t, address)
	post := w.post("live", "")
	for _, c := range []struct {
		name  string
		when  int32
		key   string
		code  string
		again bool // the first answer is given again
		rows  int
	}{
		{"lost before, with a key", beforeCommit, "k1", "", false, 1},
		{"lost after, with a key", afterCommit, "k2", "", true, 1},
		{"lost before, without", beforeCommit, "", "outcome_unknown", false, 0},
		{"lost after, without", afterCommit, "", "outcome_unknown", false, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := w.number(`SELECT count(*) FROM comments`)
			ctx := w.ctx
			if c.key != "" {
				ctx = forum.WithOnce(ctx, &forum.Once{Owner: w.ben.ID, Key: c.key})
			}
			b.next.Store(c.when)
			_, _, err := w.write(ctx, w.Store, post.ID)
			switch {
			case c.code != "":
				if !fault.Is(err, c.code) {
					t.Errorf("error %v, want %s", err, c.code)
				}
			case replayed(err) != c.again || err != nil && !c.again:
				t.Errorf("error %v", err)
			}
			if n := w.number(`SELECT count(*) FROM comments`) - before; n != c.rows {
				t.Errorf("%d comments more, want %d", n, c.rows)
			}
		})
	}
}
