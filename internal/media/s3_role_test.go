package media_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"lightstick/internal/media"
)

// TestRole keeps a blob with the temporary credentials of a container's role, as AWS hands them out.
func TestRole(t *testing.T) {
	role := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		end := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
		_, _ = io.WriteString(w, `{"AccessKeyId":"ROLEKEY","SecretAccessKey":"s","Token":"session","Expiration":"`+end+`"}`)
	}))
	defer role.Close()
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", role.URL)
	var header http.Header
	bucket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header.Clone()
		w.Header().Set("ETag", `"x"`)
	}))
	defer bucket.Close()
	s, err := media.OpenS3(media.S3Config{Endpoint: strings.TrimPrefix(bucket.URL, "http://"), Bucket: "pictures"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "abcd.jpg", bytes.NewReader([]byte("x")), 1, "image/jpeg"); err != nil {
		t.Fatal(err)
	}
	if got := header.Get("Authorization"); !strings.Contains(got, "Credential=ROLEKEY/") || header.Get("X-Amz-Security-Token") != "session" {
		t.Errorf("signed as %q with the token %q", got, header.Get("X-Amz-Security-Token"))
	}
}

func TestHalfAKey(t *testing.T) {
	for _, c := range []media.S3Config{{AccessKey: "a"}, {SecretKey: "s"}} {
		c.Endpoint, c.Bucket = "127.0.0.1:1", "pictures"
		if _, err := media.OpenS3(c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}
