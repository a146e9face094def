package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"time"

	"lightstick/internal/fault"
)

// Blobs keeps immutable bytes under flat keys like "abc234.jpg" (see [ValidKey]). Every
// implementation passes the same tests. Failures of the storage are fault.Unavailable.
type Blobs interface {
	// Put stores exactly size bytes of body: a reader sees all of them or nothing, and they are
	// durable when it returns. A body that is shorter or longer is an error and stores nothing.
	// contentType must be the one that the key's extension stands for.
	Put(ctx context.Context, key string, body io.Reader, size int64, contentType string) error
	// Get opens a blob; fault.NotFound when it is missing. The caller closes Body.
	Get(ctx context.Context, key string) (*Blob, error)
	// Delete removes a blob; nil when it is missing.
	Delete(ctx context.Context, key string) error
	// List calls visit for every blob, in no order, until it fails.
	List(ctx context.Context, visit func(key string, modified time.Time) error) error
	// Probe reports whether the storage works now, within a few seconds.
	Probe(ctx context.Context) error
}

// Blob is one open blob.
type Blob struct {
	Body        io.ReadCloser
	Size        int64
	ContentType string
	Modified    time.Time
}

// maxBlob bounds one blob: several times the largest picture this package makes.
const maxBlob = 64 << 20

var keyPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{3,119}\.[a-z0-9]{1,8}$`)

// ValidKey reports whether a key can name a blob: lower case letters, digits, "_" and "-", then
// one extension. Nothing in it can leave a folder or mean something to a shell or a URL.
func ValidKey(key string) bool { return keyPattern.MatchString(key) }

// ContentTypeOf says what an extension stands for, so that a plain folder can hold the blobs.
func ContentTypeOf(key string) string {
	switch path.Ext(key) {
	case ".jpg":
		return "image/jpeg"
	case ".png":
		return "image/png"
	case ".gif":
		return "image/gif"
	}
	return "application/octet-stream"
}

func checkPut(key string, size int64, contentType string) error {
	switch {
	case !ValidKey(key):
		return fmt.Errorf("media: %q is not a blob key", key)
	case contentType != ContentTypeOf(key):
		return fmt.Errorf("media: blob %q cannot have the type %q", key, contentType)
	case size < 0 || size > maxBlob:
		return fmt.Errorf("media: blob %q of %d bytes, at most %d are stored", key, size, maxBlob)
	}
	return nil
}

func notFound(key string) error {
	return fault.Wrap(fmt.Errorf("blob %q", key), fault.NotFound, "media_not_found", "There is no such picture.")
}

func unavailable(err error) error {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return e
	}
	return fault.Wrap(err, fault.Unavailable, "media_unavailable",
		"Pictures cannot be stored or read at the moment. Try again shortly.").After(5 * time.Second)
}

// exactly reads size bytes of body and fails when there are fewer or more, or when ctx ends.
type exactly struct {
	ctx  context.Context
	body io.Reader
	left int64
}

func (e *exactly) Read(p []byte) (int, error) {
	if err := e.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := e.body.Read(p)
	e.left -= int64(n)
	switch {
	case e.left < 0:
		return n, errors.New("media: the body is longer than its declared size")
	case err == io.EOF && e.left > 0:
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}
