package edge

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
)

// maxAnswer bounds an answer that is built in memory. Larger things stream (Immutable).
const maxAnswer = 16 << 20

// recorder is the http.ResponseWriter of handlers whose answer is built in memory, so that an
// error can still replace it.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
	fault  string // code of the error that is shown, "" for none
}

func newRecorder() *recorder { return &recorder{header: make(http.Header)} }

func (rec *recorder) Header() http.Header { return rec.header }

func (rec *recorder) WriteHeader(status int) {
	if rec.status == 0 && status >= 200 {
		rec.status = status
	}
}

func (rec *recorder) Write(p []byte) (int, error) {
	rec.WriteHeader(http.StatusOK)
	if rec.body.Len()+len(p) > maxAnswer {
		return 0, fmt.Errorf("edge: the answer is larger than %d bytes", maxAnswer)
	}
	return rec.body.Write(p)
}

func (rec *recorder) WriteString(s string) (int, error) {
	rec.WriteHeader(http.StatusOK)
	if rec.body.Len()+len(s) > maxAnswer {
		return 0, fmt.Errorf("edge: the answer is larger than %d bytes", maxAnswer)
	}
	return rec.body.WriteString(s)
}

// reset drops everything that was written.
func (rec *recorder) reset() {
	clear(rec.header)
	rec.status = 0
	rec.body.Reset()
}

// finish settles what a handler left open.
func (rec *recorder) finish() {
	rec.WriteHeader(http.StatusOK)
	if rec.status == http.StatusNoContent || rec.status == http.StatusNotModified {
		rec.body.Reset()
	}
	if rec.body.Len() > 0 && rec.header["Content-Type"] == nil {
		rec.header["Content-Type"] = []string{http.DetectContentType(rec.body.Bytes())}
	}
}

// copyTo puts the handler's own headers into an answer.
func (rec *recorder) copyTo(h http.Header) {
	for name, values := range maps.All(rec.header) {
		if !reserved(name) {
			h[name] = values
		}
	}
}

// streamer is the http.ResponseWriter of Immutable routes. It decides about Cache-Control when
// the status is known.
type streamer struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (s *streamer) WriteHeader(status int) {
	if s.status != 0 {
		return
	}
	if status >= 200 {
		s.status = status
		h := s.Header()
		for _, name := range []string{"Set-Cookie", "Expires", "Pragma"} {
			h.Del(name)
		}
		// A handler that lets something stand in for a while says so itself.
		if cc := immutableCacheControl(status); cc != ccImmutable || h.Get("Cache-Control") == "" {
			h.Set("Cache-Control", cc)
		}
	}
	s.ResponseWriter.WriteHeader(status)
}

func immutableCacheControl(status int) string {
	switch status {
	case http.StatusOK, http.StatusPartialContent, http.StatusNotModified:
		return ccImmutable
	case http.StatusNotFound, http.StatusGone, http.StatusMovedPermanently, http.StatusPermanentRedirect:
		return ccShort
	}
	return ccNoStore
}

func (s *streamer) Write(p []byte) (int, error) {
	s.WriteHeader(http.StatusOK)
	n, err := s.ResponseWriter.Write(p)
	s.bytes += int64(n)
	return n, err
}

// ReadFrom lets a file go to the socket without passing through us.
func (s *streamer) ReadFrom(src io.Reader) (int64, error) {
	s.WriteHeader(http.StatusOK)
	n, err := io.Copy(s.ResponseWriter, src)
	s.bytes += n
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (s *streamer) Unwrap() http.ResponseWriter { return s.ResponseWriter }
