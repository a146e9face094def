package edge

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
)

// Listen makes the connections of l ready for the hot path. Without it everything works, but a
// page from the cache costs a third more: net/http copies, sorts and formats a map of 15 headers
// for each answer, and sends a page in two system calls. With it the headers that never change
// are kept as bytes and put behind the status line on the way out, and head and body leave
// together. Only plain HTTP/1.1 connections gain; put TLS above it and it does nothing. The crowd
// bounds how many there are; nil does not.
func Listen(l net.Listener, crowd *Crowd) net.Listener { return listener{l, crowd} }

type listener struct {
	net.Listener
	crowd *Crowd
}

func (l listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		n := &conn{Conn: c}
		if l.crowd.admit(n) {
			return n, nil
		}
		_ = c.Close() // it was never ours
	}
}

// conn is a connection that can be told what the next answer is going to be. The goroutine that
// serves the connection is the only one that writes to it, so nothing here is locked.
type conn struct {
	net.Conn
	membership
	block []byte // header lines to put behind the next status line; nil when none are due
	body  int    // bytes of the body that will follow that head
	held  []byte // a head and the start of its body, waiting for the rest
	owed  int    // bytes of the rest; 0 when nothing is held
}

type connKey struct{}

func connContext(ctx context.Context, c net.Conn) context.Context {
	if c, ok := c.(*conn); ok {
		return context.WithValue(ctx, connKey{}, c)
	}
	return ctx
}

// connOf is the connection of a request whose answer may be announced on it, else nil.
func connOf(r *http.Request) *conn {
	if r.ProtoMajor != 1 || r.ProtoMinor != 1 || r.Method != http.MethodGet || r.ContentLength != 0 {
		return nil
	}
	c, _ := r.Context().Value(connKey{}).(*conn)
	return c
}

// announce says that the next thing written is a head that lacks block, and then body bytes.
func (c *conn) announce(block []byte, body int) { c.block, c.body = block, body }

func (c *conn) Write(p []byte) (int, error) {
	switch {
	case c.owed > 0:
		return c.rest(p)
	case c.block != nil:
		return c.head(p)
	}
	return c.Conn.Write(p)
}

// head writes a head with its block, or holds it when more of the body is about to come.
func (c *conn) head(p []byte) (int, error) {
	block := c.block
	c.block = nil
	line := bytes.Index(p, []byte("\r\n"))
	if line < 0 || !bytes.HasPrefix(p, []byte("HTTP/1.1 ")) {
		// Better no answer than one without its security headers.
		return 0, fmt.Errorf("edge: an answer without a status line: %.20q", p)
	}
	c.held = append(append(append(c.held[:0], p[:line+2]...), block...), p[line+2:]...)
	if end := bytes.Index(p, []byte("\r\n\r\n")); end >= 0 {
		c.owed = max(end+4+c.body-len(p), 0)
	}
	if c.owed > 0 {
		return len(p), nil
	}
	if _, err := c.Conn.Write(c.held); err != nil {
		return 0, err
	}
	return len(p), nil
}

// rest completes what is held.
func (c *conn) rest(p []byte) (int, error) {
	if len(p) < c.owed {
		c.held = append(c.held, p...)
		c.owed -= len(p)
		return len(p), nil
	}
	c.owed = 0
	out := net.Buffers{c.held, p}
	if _, err := out.WriteTo(c.Conn); err != nil {
		return 0, err
	}
	return len(p), nil
}

// ReadFrom lets files be sent by the kernel. Nothing is announced when a file is sent.
func (c *conn) ReadFrom(src io.Reader) (int64, error) {
	if rf, ok := c.Conn.(io.ReaderFrom); ok && c.block == nil && c.owed == 0 {
		return rf.ReadFrom(src)
	}
	return io.Copy(struct{ io.Writer }{c}, src)
}

// lines formats fields as they are on the wire.
func lines(fields []field) []byte {
	var b []byte
	for _, f := range fields {
		for _, v := range f.values {
			b = append(append(append(append(b, f.name...), ": "...), v...), "\r\n"...)
		}
	}
	return b
}
