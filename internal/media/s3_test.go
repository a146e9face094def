package media_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"lightstick/internal/fault"
	"lightstick/internal/media"
)

// The S3 server that the tests run against: a real one, which keeps its objects in a folder.
const (
	gatewayModule  = "github.com/versity/versitygw"
	gatewayVersion = "v1.8.0"
	accessKey      = "test-access"
	secretKey      = "test-secret-key"
)

func TestS3(t *testing.T) {
	endpoint, dir := startGateway(t)
	config := media.S3Config{Endpoint: endpoint, Bucket: "pictures", Prefix: "media/", AccessKey: accessKey, SecretKey: secretKey}
	b, err := media.OpenS3(config)
	if err != nil {
		t.Fatal(err)
	}
	testBlobs(t, b)
	if left := filesIn(t, filepath.Join(dir, "pictures")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}

	t.Run("pictures go the whole way", func(t *testing.T) {
		h := newHouse(t, func(o *media.Options) { o.Blobs = b })
		a := h.upload(t, jpegOf(t, quadrants(1200, 800)))
		if err := h.MakeVariants(t.Context(), a.ID); err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		if err := h.Serve(w, httptest.NewRequest("GET", "/", nil), a.Key, 480); err != nil || w.Header().Get("Cache-Control") != forever || w.Body.Len() == 0 {
			t.Errorf("%v, %v, %d bytes", err, w.Header(), w.Body.Len())
		}
		h.clock = h.clock.Add(25 * time.Hour)
		if n, err := h.CleanUp(t.Context()); n != 1 || err != nil {
			t.Errorf("cleaned %d, %v", n, err)
		}
		if left := filesIn(t, filepath.Join(dir, "pictures")); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	})
	t.Run("no such bucket, wrong key", func(t *testing.T) {
		nobucket, wrong := config, config
		nobucket.Bucket, wrong.SecretKey = "elsewhere", "not-the-key"
		for _, c := range []media.S3Config{nobucket, wrong} {
			b, err := media.OpenS3(c)
			if err != nil {
				t.Fatal(err)
			}
			wantAllUnavailable(t, b)
		}
	})
}

func TestS3OutOfReach(t *testing.T) {
	hung, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and never says a word
	if err != nil {
		t.Fatal(err)
	}
	defer hung.Close()
	down, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	down.Close()
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }))
	defer broken.Close()
	for name, endpoint := range map[string]string{
		"hung": hung.Addr().String(), "down": down.Addr().String(), "broken": strings.TrimPrefix(broken.URL, "http://"),
	} {
		t.Run(name, func(t *testing.T) {
			b, err := media.OpenS3(media.S3Config{Endpoint: endpoint, Bucket: "b12", AccessKey: "a", SecretKey: "s", Timeout: 200 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			wantAllUnavailable(t, b)
			// Five calls of 0.2 s; the rest is room for a busy machine.
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("five calls took %v", took)
			}
		})
	}
}

func wantAllUnavailable(t *testing.T, b media.Blobs) {
	t.Helper()
	_, get := b.Get(t.Context(), "abcd.jpg")
	for call, err := range map[string]error{
		"get":    get,
		"put":    b.Put(t.Context(), "abcd.jpg", strings.NewReader("x"), 1, "image/jpeg"),
		"delete": b.Delete(t.Context(), "abcd.jpg"),
		"list":   b.List(t.Context(), func(string, time.Time) error { return nil }),
		"probe":  b.Probe(t.Context()),
	} {
		if !fault.Is(err, "media_unavailable") || fault.KindOf(err) != fault.Unavailable || fault.From(err).RetryAfter == 0 {
			t.Errorf("%s: %v", call, err)
		}
	}
}

// TestS3BodyThatHangs gets the first half of a blob and then nothing more.
func TestS3BodyThatHangs(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		w.Header().Set("ETag", `"x"`)
		w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
		io.WriteString(w, "12345")
		w.(http.Flusher).Flush()
		<-release
	}))
	defer server.Close()
	defer close(release)
	b, err := media.OpenS3(media.S3Config{Endpoint: strings.TrimPrefix(server.URL, "http://"), Bucket: "b12", AccessKey: "a", SecretKey: "s", Timeout: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	blob, err := b.Get(t.Context(), "abcd.jpg")
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Body.Close()
	data, err := io.ReadAll(blob.Body)
	wantFault(t, err, fault.Unavailable, "media_unavailable")
	if string(data) != "12345" {
		t.Errorf("got %q", data)
	}
}

func TestOpenS3Refuses(t *testing.T) {
	good := media.S3Config{Endpoint: "localhost:9", Bucket: "b12", AccessKey: "a", SecretKey: "s"}
	if _, err := media.OpenS3(good); err != nil {
		t.Errorf("a server that is down must not stop the start: %v", err)
	}
	for name, change := range map[string]func(*media.S3Config){
		"endpoint": func(c *media.S3Config) { c.Endpoint = "" }, "bucket": func(c *media.S3Config) { c.Bucket = "" },
		"access key": func(c *media.S3Config) { c.AccessKey = "" }, "secret key": func(c *media.S3Config) { c.SecretKey = "" },
		"an address": func(c *media.S3Config) { c.Endpoint = "http://localhost:9/x" },
	} {
		c := good
		change(&c)
		if _, err := media.OpenS3(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// startGateway runs the S3 server on a free port over a folder that it returns, with the bucket
// "pictures" in it.
func startGateway(t *testing.T) (endpoint, dir string) {
	t.Helper()
	program := buildGateway(t)
	dir = t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	endpoint = l.Addr().String()
	l.Close()
	log, err := os.Create(filepath.Join(t.TempDir(), "gateway.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	// Metadata beside the objects: not every file system of a build machine has attributes.
	cmd := exec.Command(program, "--port", endpoint, "--access", accessKey, "--secret", secretKey, "--quiet",
		"posix", "--sidecar", t.TempDir(), dir)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the S3 server: %v", err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Errorf("stop the S3 server: %v", err)
		}
		<-exited
	})
	if err := makeBucket(t.Context(), endpoint, exited); err != nil {
		text, _ := os.ReadFile(log.Name())
		t.Fatalf("the S3 server did not come up: %v\n%s", err, text)
	}
	return endpoint, dir
}

// makeBucket tries until the server answers or has ended.
func makeBucket(ctx context.Context, endpoint string, exited chan error) error {
	client, err := minio.New(endpoint, &minio.Options{Creds: credentials.NewStaticV4(accessKey, secretKey, ""), Region: "us-east-1", MaxRetries: 1})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		last := client.MakeBucket(ctx, "pictures", minio.MakeBucketOptions{})
		if last == nil {
			return nil
		}
		select {
		case end := <-exited:
			exited <- end
			return fmt.Errorf("it ended: %w", errors.Join(end, last))
		case <-ctx.Done():
			return last
		case <-tick.C:
		}
	}
}

// buildGateway installs the S3 server into the repository's build folder, once. It stays out of
// go.mod: its hundred dependencies are nothing that ships.
func buildGateway(t *testing.T) string {
	t.Helper()
	tools := filepath.Join(repository(t), "build", "tools")
	program := filepath.Join(tools, "versitygw-"+gatewayVersion)
	if _, err := os.Stat(program); err == nil {
		return program
	}
	if err := os.MkdirAll(tools, 0o755); err != nil {
		t.Fatal(err)
	}
	fresh, err := os.MkdirTemp(tools, "install-") // renamed when whole, so that no test sees a part
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(fresh)
	cmd := exec.Command("go", "install", gatewayModule+"/cmd/versitygw@"+gatewayVersion)
	cmd.Dir, cmd.Env = fresh, append(os.Environ(), "GOBIN="+fresh, "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the tests need the S3 server %s %s, and it cannot be built: %v\n%s", gatewayModule, gatewayVersion, err, out)
	}
	if err := os.Rename(filepath.Join(fresh, "versitygw"), program); err != nil {
		t.Fatal(err)
	}
	return program
}

func repository(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}
