package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"lightstick/internal/fault"
)

// Parameters of new hashes: OWASP's least for argon2id, 19 MiB twice over on one lane.
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonLanes   = 1
	argonSalt    = 16
	argonKey     = 32
	argonMostKiB = 256 * 1024 // a stored hash that asks for more is not ours
	argonMostRun = 16
)

var errPHC = errors.New("identity: not an argon2id hash we know")

type phc struct {
	memory, time uint32
	lanes        uint8
	salt, key    []byte
}

// parsePHC reads "$argon2id$v=19$m=19456,t=2,p=1$salt$key", in exactly the form that String writes.
func parsePHC(s string) (phc, error) {
	parts := strings.Split(s, "$")
	if len(s) > 300 || len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return phc{}, errPHC
	}
	var p phc
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.lanes); err != nil {
		return phc{}, errPHC
	}
	var err1, err2 error
	p.salt, err1 = base64.RawStdEncoding.Strict().DecodeString(parts[4])
	p.key, err2 = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	switch {
	case err1 != nil || err2 != nil, p.String() != s,
		p.memory < 8*uint32(p.lanes), p.memory > argonMostKiB, p.time < 1, p.time > argonMostRun, p.lanes < 1, p.lanes > argonMostRun,
		len(p.salt) < 8, len(p.salt) > 64, len(p.key) < 16, len(p.key) > 64:
		return phc{}, errPHC
	}
	return p, nil
}

func (p phc) String() string {
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.time, p.lanes,
		enc.EncodeToString(p.salt), enc.EncodeToString(p.key))
}

// outdated reports whether the hash was made with other parameters than new ones get.
func (p phc) outdated() bool {
	return p.memory != argonMemory || p.time != argonTime || p.lanes != argonLanes || len(p.salt) != argonSalt || len(p.key) != argonKey
}

func (p phc) matches(password string) bool {
	key := argon2.IDKey([]byte(normal(password)), p.salt, p.time, p.memory, p.lanes, uint32(len(p.key)))
	return subtle.ConstantTimeCompare(key, p.key) == 1
}

// normal makes a password the same however a keyboard composes it (NIST SP 800-63B-4, 3.1.1.2).
func normal(password string) string { return norm.NFKC.String(password) }

func hashNow(password string, random io.Reader) (string, error) {
	p := phc{memory: argonMemory, time: argonTime, lanes: argonLanes, salt: make([]byte, argonSalt)}
	if _, err := io.ReadFull(random, p.salt); err != nil {
		return "", fmt.Errorf("read random salt: %w", err)
	}
	p.key = argon2.IDKey([]byte(normal(password)), p.salt, p.time, p.memory, p.lanes, argonKey)
	return p.String(), nil
}

// HashPassword hashes one password in the caller's own time, outside the limit of a [Service]:
// for commands and demo data, never for a request.
func HashPassword(ctx context.Context, password string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	return hashNow(password, rand.Reader)
}

// hasher bounds how many passwords are hashed at once, so that a rush of sign-ins neither starves
// pages of the processor nor takes all memory.
type hasher struct {
	slots   chan struct{}
	wait    time.Duration
	random  io.Reader
	dummy   phc // costs what a real hash costs and matches nothing
	waiting atomic.Int64
}

func newHasher(n int, wait time.Duration, random io.Reader) *hasher {
	cores := runtime.GOMAXPROCS(0)
	if n <= 0 {
		n = cores
	}
	if wait <= 0 {
		wait = 2 * time.Second
	}
	decoy := sha256.Sum256([]byte("nobody"))
	return &hasher{
		slots: make(chan struct{}, min(n, 2*cores)), wait: wait, random: random,
		dummy: phc{memory: argonMemory, time: argonTime, lanes: argonLanes, salt: decoy[:argonSalt], key: decoy[:]},
	}
}

// turn waits for a slot, at most h.wait; the caller gives it back.
func (h *hasher) turn(ctx context.Context) (giveBack func(), err error) {
	giveBack = func() { <-h.slots }
	select {
	case h.slots <- struct{}{}:
		return giveBack, nil
	default:
	}
	h.waiting.Add(1)
	defer h.waiting.Add(-1)
	timer := time.NewTimer(h.wait)
	defer timer.Stop()
	select {
	case h.slots <- struct{}{}:
		return giveBack, nil
	case <-timer.C:
		after := time.Duration(1+mathrand.IntN(4)) * time.Second // spread, or all come back at once
		return nil, fault.New(fault.Unavailable, "busy", "Many people are signing in right now. Try again in a moment.").After(after)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	done, err := h.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	return hashNow(password, h.random)
}

// verify reports whether the password fits the stored hash and whether that should be made anew.
// An empty stored hash, of nobody, takes as long as any other and never fits.
func (h *hasher) verify(ctx context.Context, stored, password string) (ok, outdated bool, err error) {
	done, err := h.turn(ctx)
	if err != nil {
		return false, false, err
	}
	defer done()
	if stored == "" {
		h.dummy.matches(password)
		return false, false, nil
	}
	p, err := parsePHC(stored)
	if err != nil {
		return false, false, err
	}
	return p.matches(password), p.outdated(), nil
}
