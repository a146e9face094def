package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Config says where an S3-compatible bucket is.
type S3Config struct {
	Endpoint  string // host or host:port, without a scheme
	Bucket    string // must exist
	Region    string // default us-east-1
	AccessKey string // with SecretKey; both empty: the temporary credentials of the container's or machine's role
	SecretKey string
	Prefix    string // put before every key, "media/" for instance
	TLS       bool
	// Timeout bounds every call, its retries included, and every read of a body that hangs;
	// default 10 s. A body that keeps coming may take longer.
	Timeout time.Duration
}

// S3 keeps blobs in a bucket.
type S3 struct {
	core    minio.Core
	bucket  string
	prefix  string
	timeout time.Duration
}

var _ Blobs = (*S3)(nil)

// s3Tries is how often a call is tried within its deadline.
const s3Tries = 3

// OpenS3 checks the configuration. It contacts nobody: a site starts and serves its pages while
// the bucket is out of reach, and Probe tells.
func OpenS3(c S3Config) (*S3, error) {
	if c.Endpoint == "" || c.Bucket == "" {
		return nil, errors.New("media: S3 needs an endpoint and a bucket")
	}
	if (c.AccessKey == "") != (c.SecretKey == "") {
		return nil, errors.New("media: S3 needs an access key and a secret key, or neither where a role gives them")
	}
	if c.Region == "" {
		c.Region = "us-east-1" // set, so that the client never asks where the bucket is
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	client, err := minio.New(c.Endpoint, &minio.Options{
		Creds:  c.credentials(),
		Secure: c.TLS, Region: c.Region, MaxRetries: s3Tries, Transport: s3Transport(c.Timeout),
	})
	if err != nil {
		return nil, fmt.Errorf("media: S3: %w", err)
	}
	return &S3{minio.Core{Client: client}, c.Bucket, c.Prefix, c.Timeout}, nil
}

// credentials are the two keys or, without them, what AWS gives to the task or machine: short-lived,
// fetched when they are first needed and again before they end.
func (c S3Config) credentials() *credentials.Credentials {
	if c.AccessKey == "" {
		return credentials.NewIAM("")
	}
	return credentials.NewStaticV4(c.AccessKey, c.SecretKey, "")
}

func s3Transport(timeout time.Duration) *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: timeout / 2}).DialContext,
		TLSHandshakeTimeout:   timeout / 2,
		ResponseHeaderTimeout: timeout,
		MaxIdleConnsPerHost:   64,
		IdleConnTimeout:       time.Minute,
		DisableCompression:    true, // pictures are compressed, and sizes must stay true
	}
}

// Put implements [Blobs].
func (s *S3) Put(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	if err := checkPut(key, size, contentType); err != nil {
		return err
	}
	// In memory (a blob is bounded), so that a try that failed half-way can be made again.
	data := make([]byte, 0, size+bytes.MinRead)
	buf := bytes.NewBuffer(data)
	if _, err := buf.ReadFrom(&exactly{ctx, body, size}); err != nil {
		return unavailable(fmt.Errorf("read blob %s: %w", key, err))
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	_, err := s.core.Client.PutObject(ctx, s.bucket, s.prefix+key, bytes.NewReader(buf.Bytes()), size,
		minio.PutObjectOptions{ContentType: contentType, DisableMultipart: true})
	if err != nil {
		return unavailable(fmt.Errorf("put blob %s: %w", key, err))
	}
	return nil
}

// Get implements [Blobs].
func (s *S3) Get(ctx context.Context, key string) (*Blob, error) {
	if !ValidKey(key) {
		return nil, notFound(key)
	}
	idle := newIdleTimeout(ctx, s.timeout)
	body, info, _, err := s.core.GetObject(idle.ctx, s.bucket, s.prefix+key, minio.GetObjectOptions{})
	idle.pause()
	if err != nil {
		idle.cancel()
		if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
			return nil, notFound(key)
		}
		return nil, unavailable(fmt.Errorf("get blob %s: %w", key, err))
	}
	return &Blob{
		Body: &s3Body{body, idle}, Size: info.Size,
		ContentType: ContentTypeOf(key), Modified: info.LastModified.UTC(),
	}, nil
}

// Delete implements [Blobs].
func (s *S3) Delete(ctx context.Context, key string) error {
	if !ValidKey(key) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	err := s.core.RemoveObject(ctx, s.bucket, s.prefix+key, minio.RemoveObjectOptions{})
	if err != nil && minio.ToErrorResponse(err).Code != minio.NoSuchKey {
		return unavailable(fmt.Errorf("delete blob %s: %w", key, err))
	}
	return nil
}

// List implements [Blobs].
func (s *S3) List(ctx context.Context, visit func(key string, modified time.Time) error) error {
	idle := newIdleTimeout(ctx, s.timeout)
	defer idle.cancel()
	for object := range s.core.ListObjectsIter(idle.ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.prefix}) {
		idle.pause()
		if object.Err != nil {
			return unavailable(fmt.Errorf("list blobs: %w", object.Err))
		}
		key := strings.TrimPrefix(object.Key, s.prefix)
		if ValidKey(key) {
			if err := visit(key, object.LastModified.UTC()); err != nil {
				return err
			}
		}
		idle.resume()
	}
	idle.pause()
	if err := idle.ctx.Err(); err != nil {
		return unavailable(fmt.Errorf("list blobs: %w", err))
	}
	return nil
}

// Probe implements [Blobs].
func (s *S3) Probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	exists, err := s.core.BucketExists(ctx, s.bucket)
	if err == nil && !exists {
		err = errors.New("there is no such bucket")
	}
	if err != nil {
		return unavailable(fmt.Errorf("probe the bucket %s: %w", s.bucket, err))
	}
	return nil
}

// idleTimeout cancels ctx when one step takes too long, however long all steps take together.
type idleTimeout struct {
	ctx    context.Context
	cancel context.CancelFunc
	timer  *time.Timer
	limit  time.Duration
}

// newIdleTimeout starts with the first step running.
func newIdleTimeout(parent context.Context, limit time.Duration) *idleTimeout {
	ctx, cancel := context.WithCancel(parent)
	return &idleTimeout{ctx, cancel, time.AfterFunc(limit, cancel), limit}
}

func (t *idleTimeout) pause()  { t.timer.Stop() }
func (t *idleTimeout) resume() { t.timer.Reset(t.limit) }

type s3Body struct {
	body io.ReadCloser
	idle *idleTimeout
}

func (b *s3Body) Read(p []byte) (int, error) {
	b.idle.resume()
	n, err := b.body.Read(p)
	b.idle.pause()
	if err != nil && err != io.EOF {
		err = unavailable(fmt.Errorf("read blob: %w", err))
	}
	return n, err
}

func (b *s3Body) Close() error {
	b.idle.cancel() // first: the connection is given up rather than drained
	return b.body.Close()
}
