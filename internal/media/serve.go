package media

import (
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var picturePattern = regexp.MustCompile(`^[a-z2-7]{26}\.(jpg|png|gif)$`)

// isPictureKey reports whether a key is one that this package draws for an attachment.
func isPictureKey(key string) bool { return picturePattern.MatchString(key) }

// Serve answers GET and HEAD for a picture: width 0 is the full one, others are of VariantWidths.
// A variant that is not ready is answered with the full picture, for a minute only. It reads no
// database. An error means that nothing was written yet.
func (s *Service) Serve(w http.ResponseWriter, r *http.Request, key string, width int) error {
	if !isPictureKey(key) || width != 0 && !slices.Contains(VariantWidths(), width) {
		return notFound(key)
	}
	blob, err := s.blobs.Get(r.Context(), blobKey(key, width))
	fallback := missing(err) && width != 0
	if fallback {
		width = 0
		blob, err = s.blobs.Get(r.Context(), key)
	}
	if err != nil {
		return err
	}
	defer blob.Body.Close()
	etag := `"` + blobKey(key, width) + `"` // the bytes under a key never change
	setHeaders(w.Header(), blob, etag, fallback)
	if matches(r.Header.Values("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	w.Header().Set("Content-Length", strconv.FormatInt(blob.Size, 10))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	if _, err := io.Copy(w, blob.Body); err != nil {
		// Too late for a status. Fewer bytes than announced: net/http cuts the connection, so
		// that no cache keeps half a picture.
		s.log.DebugContext(r.Context(), "picture not sent whole", "key", key, "error", err)
	}
	return nil
}

func setHeaders(h http.Header, blob *Blob, etag string, fallback bool) {
	h.Set("ETag", etag)
	h.Set("Content-Type", blob.ContentType)
	h.Set("Content-Disposition", "inline")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // pages and pictures may live on two hosts
	h.Set("Last-Modified", blob.Modified.UTC().Format(http.TimeFormat))
	age := 365 * 24 * time.Hour
	if fallback {
		age = time.Minute
	}
	cache := "public, max-age=" + strconv.Itoa(int(age.Seconds()))
	if !fallback {
		cache += ", immutable"
	}
	h.Set("Cache-Control", cache)
}

// matches compares weakly, as RFC 9110 asks for If-None-Match.
func matches(lines []string, etag string) bool {
	for _, line := range lines {
		for tag := range strings.SplitSeq(line, ",") {
			tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
			if tag == etag || tag == "*" {
				return true
			}
		}
	}
	return false
}
