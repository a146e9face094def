package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// way is what one direction of a link does to packets.
type way struct {
	delay time.Duration
	rate  float64 // bits a second; 0: no limit
	loss  float64 // share of packets
}

// queueTime is how long a packet may wait for a slow line before it is dropped, as a modem's buffer.
const queueTime = 400 * time.Millisecond

// shaper decides when a packet arrives at the other end. It belongs to one goroutine.
type shaper struct {
	way
	rnd  *rand.Rand
	free time.Time // when the line is done with what was sent before
}

// pass returns when a packet of n bytes that comes now is to be handed over, or false when it is lost.
func (s *shaper) pass(now time.Time, n int) (time.Time, bool) {
	if s.loss > 0 && s.rnd.Float64() < s.loss {
		return time.Time{}, false
	}
	if s.rate == 0 {
		return now.Add(s.delay), true
	}
	start := now
	if s.free.After(now) {
		start = s.free
	}
	if start.Sub(now) > queueTime {
		return time.Time{}, false
	}
	s.free = start.Add(time.Duration(float64(n) * 8 / s.rate * float64(time.Second)))
	return s.free.Add(s.delay), true
}

// packet is one under way.
type packet struct {
	due  time.Time
	data []byte
}

const (
	mtu      = 1500
	underWay = 1 << 14 // packets of one direction at most; 25 MB
)

// link joins two TUN devices until they are closed.
type link struct {
	ends [2]*os.File
	wg   sync.WaitGroup
}

func newLink(a, b *os.File, forth, back way, seed uint64) *link {
	l := &link{ends: [2]*os.File{a, b}}
	l.carry(a, b, shaper{way: forth, rnd: rand.New(rand.NewPCG(seed, 1))})
	l.carry(b, a, shaper{way: back, rnd: rand.New(rand.NewPCG(seed, 2))})
	return l
}

// carry takes packets from one end to the other. Its goroutines end when the ends are closed.
func (l *link) carry(from, to *os.File, s shaper) {
	queue := make(chan packet, underWay)
	l.wg.Go(func() {
		defer close(queue)
		buf := make([]byte, mtu+64)
		for {
			n, err := from.Read(buf)
			if err != nil {
				return
			}
			due, ok := s.pass(time.Now(), n)
			if !ok {
				continue
			}
			select {
			case queue <- packet{due, append([]byte(nil), buf[:n]...)}:
			default: // as full as no real line is: the packet is lost
			}
		}
	})
	l.wg.Go(func() {
		for p := range queue {
			time.Sleep(time.Until(p.due))
			_, _ = to.Write(p.data) // a device that is down loses packets, as a cable would
		}
	})
}

func (l *link) close() {
	for _, f := range l.ends {
		_ = f.Close() // the device goes with it
	}
	l.wg.Wait()
}

// openTUN makes a TUN device in the namespace of this process.
func openTUN(name string) (*os.File, error) {
	fd, err := syscall.Open("/dev/net/tun", syscall.O_RDWR|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("/dev/net/tun: %w", err)
	}
	const noHeader = 0x1000 // IFF_NO_PI: packets as they are
	var request struct {
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}
	copy(request.name[:syscall.IFNAMSIZ-1], name)
	request.flags = syscall.IFF_TUN | noHeader
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TUNSETIFF, uintptr(unsafe.Pointer(&request))); errno != 0 {
		_ = syscall.Close(fd) // the first error counts
		return nil, fmt.Errorf("TUN device %s: %w", name, errno)
	}
	return os.NewFile(uintptr(fd), name), nil
}
