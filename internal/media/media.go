// Package media takes pictures from strangers and serves them.
//
// It promises: what is stored is a picture that this package encoded itself, of a bounded size,
// turned the right way up, without a byte of the sender's metadata; a failed upload leaves
// nothing behind (only where nobody can know whether the row was written, a blob that
// [Service.Sweep] takes later); a row is written only after its blob is durable; one picture costs a bounded
// amount of memory, and only a few are decoded at a time. It trusts no file name, no declared
// type and no declared size, and it never keeps the bytes as they came.
//
// It never asks who may upload (that is forum's and identity's), speaks no SQL (see [Store]) and
// needs no database to serve a picture: a key is unguessable, so knowing it is being allowed to
// see it, and pictures stay up while the database is down.
package media

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Attachment is one stored picture.
type Attachment struct {
	ID          int64
	OwnerID     int64
	Key         string // 128 random bits in base32 and an extension: "mfrgg…a4.jpg"
	ContentType string // image/jpeg, image/png or image/gif
	Width       int    // pixels, after orientation: what a page reserves
	Height      int
	Bytes       int64     // of the full picture, without its variants
	Alt         string    // at most AltMax characters
	Variants    []int     // widths that are ready, ascending
	CreatedAt   time.Time // UTC
	UsedAt      time.Time // when a post, a comment or an avatar first referred to it; zero until then
}

// AltMax is the longest alternative text, in characters.
const AltMax = 300

// AvatarSide is the side of an avatar in pixels.
const AvatarSide = 256

// VariantWidths are the widths that smaller copies are made in, ascending.
func VariantWidths() []int { return []int{480, 960} }

// URL is the address of the full picture under base ("" or "https://media.example").
func (a Attachment) URL(base string) string { return base + "/media/" + a.Key }

// Srcset lists the ready widths and the full one for an img element; "" when there is only one.
func (a Attachment) Srcset(base string) string {
	if len(a.Variants) == 0 {
		return ""
	}
	var b strings.Builder
	for _, w := range a.Variants {
		fmt.Fprintf(&b, "%s/%d %dw, ", a.URL(base), w, w)
	}
	b.WriteString(a.URL(base) + " " + strconv.Itoa(a.Width) + "w")
	return b.String()
}

// Store keeps the rows of attachments. Missing rows are fault.NotFound.
type Store interface {
	// InsertAttachment stores a new row and returns it with its ID. UsedAt is zero.
	InsertAttachment(ctx context.Context, a Attachment) (Attachment, error)
	Attachment(ctx context.Context, key string) (Attachment, error)
	AttachmentByID(ctx context.Context, id int64) (Attachment, error)
	// AttachmentsByKeys leaves out keys that have no row. At most 500 keys are asked for at once.
	AttachmentsByKeys(ctx context.Context, keys []string) (map[string]Attachment, error)
	SetVariants(ctx context.Context, id int64, widths []int) error
	// SetAlt is fault.NotFound when the attachment is not owner's.
	SetAlt(ctx context.Context, id, owner int64, alt string) error
	// UnusedAttachments were created before the time and never referred to, oldest first.
	UnusedAttachments(ctx context.Context, before time.Time, limit int) ([]Attachment, error)
	// DeleteAttachment deletes the row if nothing refers to it at that moment, decided in the same
	// statement or transaction; fault.Conflict when something does.
	DeleteAttachment(ctx context.Context, id int64) error
	// AttachmentUsage counts what owner stored since, rows that still exist.
	AttachmentUsage(ctx context.Context, owner int64, since time.Time) (count int, bytes int64, err error)
}

// VariantsJob asks for the smaller copies of one attachment. [Service.MakeVariants] does it.
type VariantsJob struct {
	ID int64 `json:"id"`
}

// Kind is the name of the job in the queue.
func (VariantsJob) Kind() string { return "media_variants" }

// Queue keeps what takes seconds of a processor apart from what takes none.
func (VariantsJob) Queue() string { return "pictures" }

// Limits bound what one upload may cost. A field left at zero takes its default.
type Limits struct {
	MaxBytes int64 // of the body as sent; default 10 MB
	// MaxPixels bounds the time that one picture takes; default 40 million.
	MaxPixels int
	MaxSide   int // pixels; default 12,000
	// MaxDecodeBytes bounds the memory that one picture takes while it is decoded, as estimated
	// from its header before anything is allocated; default 192 MiB. Pixels alone say little: 40
	// million of them are 60 MB in a camera's JPEG and 320 MB in a 16-bit PNG. With this bound the
	// 24 megapixels that current phones take pass in every format, and 40 in the frugal ones.
	MaxDecodeBytes int64
	MaxFrames      int           // of an animated GIF; default 200
	MaxFramePixels int           // of all its frames together; default 40 million (a byte each)
	LongSide       int           // longest side of what is stored; default 2048
	Workers        int           // pictures decoded at once; default one per core and at most 4
	Wait           time.Duration // how long an upload waits for a worker; default 3 s
	BodyTime       time.Duration // how long a body may take to arrive; default 2 min
	QuotaCount     int           // pictures of a member in 24 hours; default 100
	QuotaBytes     int64         // stored bytes of a member in 24 hours; default 200 MB
}

func (l Limits) withDefaults() Limits {
	l.MaxBytes = orDefault(l.MaxBytes, 10_000_000)
	l.MaxPixels = orDefault(l.MaxPixels, 40_000_000)
	l.MaxSide = orDefault(l.MaxSide, 12_000)
	l.MaxDecodeBytes = orDefault(l.MaxDecodeBytes, 192<<20)
	l.MaxFrames = orDefault(l.MaxFrames, 200)
	l.MaxFramePixels = orDefault(l.MaxFramePixels, 40_000_000)
	l.LongSide = orDefault(l.LongSide, 2048)
	// Four at once are 1 GB at worst; more cores than that have better things to do.
	l.Workers = orDefault(l.Workers, min(runtime.GOMAXPROCS(0), 4))
	l.Wait = orDefault(l.Wait, 3*time.Second)
	l.BodyTime = orDefault(l.BodyTime, 2*time.Minute)
	l.QuotaCount = orDefault(l.QuotaCount, 100)
	l.QuotaBytes = orDefault(l.QuotaBytes, 200_000_000)
	return l
}

func orDefault[T int | int64 | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

// Options are what a Service is made of. Blobs and Store are required.
type Options struct {
	Blobs Blobs
	Store Store
	Now   func() time.Time // default time.Now
	// Enqueue asks for variants later. It may be nil when the store enqueues the job in the
	// transaction that inserts the row. A failure is logged: the full picture serves meanwhile.
	Enqueue func(ctx context.Context, job VariantsJob) error
	Limits  Limits
	TempDir string       // where bodies wait while they arrive; default os.TempDir()
	Random  io.Reader    // for keys; default crypto/rand
	Log     *slog.Logger // default: nothing is logged
}

// Service takes, serves and clears away pictures. It is safe for concurrent use.
type Service struct {
	blobs   Blobs
	store   Store
	now     func() time.Time
	enqueue func(context.Context, VariantsJob) error
	limits  Limits
	tempDir string
	random  io.Reader
	log     *slog.Logger
	workers chan struct{} // the image bulkhead: one token per picture being decoded
}

// New makes a Service.
func New(o Options) *Service {
	s := &Service{
		blobs: o.Blobs, store: o.Store, now: o.Now, enqueue: o.Enqueue,
		limits: o.Limits.withDefaults(), tempDir: o.TempDir, random: o.Random, log: o.Log,
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.tempDir == "" {
		s.tempDir = os.TempDir()
	}
	if s.random == nil {
		s.random = rand.Reader
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.workers = make(chan struct{}, s.limits.Workers)
	return s
}

// Probe reports whether pictures can be stored and read now.
func (s *Service) Probe(ctx context.Context) error { return s.blobs.Probe(ctx) }
