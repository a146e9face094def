package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
	"time"
)

// openLoop asks at a steady rate whether or not answers come, as a crowd does, and returns how long
// each answer took from the moment its request was due: a server that stalls is charged for
// everybody who waits. It turns on one thread without sleeping, since a timer's grain (1 ms) would
// be larger than what is measured.
func openLoop(addr string, next func(i int) []byte, conns int, rate float64, d time.Duration) ([]answer, error) {
	l := &loop{next: next, most: conns, lines: map[int]*line{}, step: time.Duration(float64(time.Second) / rate), buf: make([]byte, 256<<10)}
	defer l.close()
	if err := l.open(addr); err != nil {
		return nil, err
	}
	events := make([]syscall.EpollEvent, conns)
	began := time.Now()
	total := int(d / l.step)
	for l.sent < total || len(l.idle) < len(l.lines) {
		now := time.Since(began)
		if now > d+callWithin {
			return nil, fmt.Errorf("%d of %d answers are missing", total-len(l.answers), total)
		}
		for l.sent < total && l.ready() && time.Duration(l.sent)*l.step <= now {
			if err := l.send(); err != nil {
				return nil, err
			}
		}
		n, err := syscall.EpollWait(l.epoll, events, 0)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return nil, err
		}
		for _, e := range events[:max(n, 0)] {
			if err := l.receive(int(e.Fd), began); err != nil {
				return nil, err
			}
		}
	}
	return l.answers, nil
}

// answer is what became of the n-th request.
type answer struct {
	n, status int
	due, took time.Duration // due since the beginning, took since due
}

// took is how long each answer took; it is an error when one has another status.
func took(answers []answer, status int) ([]time.Duration, error) {
	list := make([]time.Duration, len(answers))
	for i, a := range answers {
		if a.status != status {
			return nil, fmt.Errorf("request %d: status %d, not %d", a.n, a.status, status)
		}
		list[i] = a.took
	}
	return list, nil
}

type loop struct {
	next    func(i int) []byte
	addr    *net.TCPAddr
	most    int // connections, opened as they are needed
	step    time.Duration
	epoll   int
	lines   map[int]*line // by file descriptor
	idle    []*line
	sent    int
	answers []answer
	buf     []byte
}

// line is one connection with at most one request under way.
type line struct {
	fd   int
	on   answer // to the request under way
	head []byte // of an answer whose header is not complete
	left int    // bytes of the answer still to come, -1 before the header's end
}

func (l *loop) open(addr string) (err error) {
	if l.epoll, err = syscall.EpollCreate1(0); err != nil {
		return err
	}
	l.addr, err = net.ResolveTCPAddr("tcp4", addr)
	return err
}

// ready reports whether a request can be sent now.
func (l *loop) ready() bool { return len(l.idle) > 0 || len(l.lines) < l.most }

// another is an idle connection. One that is opened before it is needed would be closed by a server
// that bounds how long a client may say nothing.
func (l *loop) another() (*line, error) {
	if n := len(l.idle); n > 0 {
		c := l.idle[n-1]
		l.idle = l.idle[:n-1]
		return c, nil
	}
	fd, err := connect(l.addr)
	if err != nil {
		return nil, err
	}
	c := &line{fd: fd}
	l.lines[fd] = c
	return c, syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)})
}

func connect(addr *net.TCPAddr) (int, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	err = errors.Join(syscall.Connect(fd, &syscall.SockaddrInet4{Port: addr.Port, Addr: [4]byte(addr.IP.To4())}),
		syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1), syscall.SetNonblock(fd, true))
	if err != nil {
		syscall.Close(fd)
	}
	return fd, err
}

func (l *loop) close() {
	for fd := range l.lines {
		syscall.Close(fd)
	}
	syscall.Close(l.epoll)
}

func (l *loop) send() error {
	c, err := l.another()
	if err != nil {
		return err
	}
	c.on, c.left, c.head = answer{n: l.sent, due: time.Duration(l.sent) * l.step}, -1, c.head[:0]
	request := l.next(l.sent)
	l.sent++
	n, err := syscall.Write(c.fd, request)
	if err != nil || n != len(request) { // a few hundred bytes on an idle connection
		return fmt.Errorf("wrote %d bytes: %w", n, err)
	}
	return nil
}

func (l *loop) receive(fd int, began time.Time) error {
	c := l.lines[fd]
	n, err := syscall.Read(fd, l.buf)
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EINTR) {
		return nil
	}
	if err != nil {
		return err
	}
	if n == 0 {
		return errors.New("the server closed a connection")
	}
	if err := c.take(l.buf[:n]); err != nil {
		return err
	}
	if c.left == 0 {
		c.on.took = time.Since(began) - c.on.due
		l.answers = append(l.answers, c.on)
		l.idle = append(l.idle, c)
	}
	return nil
}

// take reads on in the answer.
func (c *line) take(b []byte) error {
	if c.left >= 0 {
		c.left -= len(b)
		return nil
	}
	if len(c.head) > 0 {
		c.head = append(c.head, b...)
		b = c.head
	}
	head, body, ok := bytes.Cut(b, []byte("\r\n\r\n"))
	if !ok {
		c.head = append(c.head[:0], b...)
		return nil
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 ")) || len(head) < 12 {
		return fmt.Errorf("answer: %.100s", head)
	}
	status, err := strconv.Atoi(string(head[9:12]))
	if err != nil {
		return fmt.Errorf("answer: %.100s", head)
	}
	c.on.status = status
	_, rest, ok := bytes.Cut(head, []byte("\r\nContent-Length: "))
	if !ok {
		return errors.New("the answer has no length")
	}
	value, _, _ := bytes.Cut(rest, []byte("\r\n"))
	length, err := strconv.Atoi(string(value))
	c.left = length - len(body)
	return err
}
