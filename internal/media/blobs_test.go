package media_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/media"
)

func TestDisk(t *testing.T) {
	dir := t.TempDir()
	d, err := media.OpenDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	testBlobs(t, d)
	if left := filesIn(t, dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// testBlobs is what every implementation keeps. It leaves nothing behind.
func testBlobs(t *testing.T, b media.Blobs) {
	const jpg = "image/jpeg"
	put := func(t *testing.T, key string, data []byte) {
		t.Helper()
		if err := b.Put(t.Context(), key, bytes.NewReader(data), int64(len(data)), jpg); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := b.Delete(context.Background(), key); err != nil {
				t.Error(err)
			}
		})
	}
	wantMissing := func(t *testing.T, key string) {
		t.Helper()
		_, err := b.Get(t.Context(), key)
		wantFault(t, err, fault.NotFound, "media_not_found")
	}

	t.Run("put and get", func(t *testing.T) {
		big := make([]byte, 3<<20)
		rng := rand.NewChaCha8([32]byte{1})
		rng.Read(big)
		for i, data := range [][]byte{{}, []byte("x"), big} {
			key := fmt.Sprintf("abcd%d.jpg", i)
			put(t, key, data)
			got := readBlob(t, b, key)
			if !bytes.Equal(got, data) {
				t.Errorf("%s: %d bytes came back of %d, or others", key, len(got), len(data))
			}
			blob, err := b.Get(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			blob.Body.Close()
			if age := time.Since(blob.Modified); blob.Size != int64(len(data)) || blob.ContentType != jpg || age < -time.Minute || age > time.Hour {
				t.Errorf("%s: %d bytes, %s, %v old", key, blob.Size, blob.ContentType, age)
			}
		}
	})
	t.Run("a stream that cannot be rewound", func(t *testing.T) {
		put(t, "stream.jpg", nil) // so that it is removed
		if err := b.Put(t.Context(), "stream.jpg", iotest.OneByteReader(strings.NewReader("hello")), 5, jpg); err != nil {
			t.Fatal(err)
		}
		if got := readBlob(t, b, "stream.jpg"); string(got) != "hello" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("missing", func(t *testing.T) {
		wantMissing(t, "missing.jpg")
		for range 2 {
			if err := b.Delete(t.Context(), "missing.jpg"); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("delete", func(t *testing.T) {
		put(t, "gone.jpg", []byte("x"))
		if err := b.Delete(t.Context(), "gone.jpg"); err != nil {
			t.Fatal(err)
		}
		wantMissing(t, "gone.jpg")
	})
	t.Run("all or nothing", func(t *testing.T) {
		over, cancel := context.WithCancel(t.Context())
		cancel()
		for name, c := range map[string]struct {
			ctx  context.Context
			body io.Reader
			size int64
		}{
			"short":   {t.Context(), strings.NewReader("1234"), 5},
			"long":    {t.Context(), strings.NewReader("123456"), 5},
			"broken":  {t.Context(), io.MultiReader(strings.NewReader("123"), iotest.ErrReader(errors.New("broken"))), 5},
			"over":    {over, strings.NewReader("12345"), 5},
			"no size": {t.Context(), strings.NewReader("12345"), -1},
			"giant":   {t.Context(), strings.NewReader("12345"), 1 << 40},
		} {
			if err := b.Put(c.ctx, "half.jpg", c.body, c.size, jpg); err == nil {
				t.Errorf("%s: no error", name)
			}
			wantMissing(t, "half.jpg")
		}
		put(t, "half.jpg", []byte("old"))
		if err := b.Put(t.Context(), "half.jpg", strings.NewReader("ne"), 3, jpg); err == nil {
			t.Error("no error")
		}
		if got := readBlob(t, b, "half.jpg"); string(got) != "old" {
			t.Errorf("a failed write changed the blob to %q", got)
		}
	})
	t.Run("readers during a write see one or the other", func(t *testing.T) {
		one, two := bytes.Repeat([]byte("1"), 200_000), bytes.Repeat([]byte("2"), 300_000)
		put(t, "both.jpg", one)
		var writers sync.WaitGroup
		for range 2 {
			writers.Go(func() {
				for i := range 10 {
					data := [][]byte{one, two}[i%2]
					if err := b.Put(t.Context(), "both.jpg", bytes.NewReader(data), int64(len(data)), jpg); err != nil {
						t.Error(err)
					}
				}
			})
		}
		for range 20 {
			if got := readBlob(t, b, "both.jpg"); !bytes.Equal(got, one) && !bytes.Equal(got, two) {
				t.Fatalf("a mixture of %d bytes", len(got))
			}
		}
		writers.Wait()
	})
	t.Run("keys that are none", func(t *testing.T) {
		for _, key := range []string{"", ".", "..", "../../etc/passwd", "/etc/passwd", "ab/cd.jpg", "..\\up.jpg", "abcd", ".tmp",
			"ab\x00cd.jpg", "ABCD.jpg", "abcd.jpg/", "a.jpg", "abcd..jpg", "%2e%2e.jpg", strings.Repeat("a", 300) + ".jpg"} {
			if err := b.Put(t.Context(), key, strings.NewReader("x"), 1, jpg); err == nil {
				t.Errorf("%q was taken", key)
			}
			wantMissing(t, key)
			if err := b.Delete(t.Context(), key); err != nil {
				t.Errorf("delete %q: %v", key, err)
			}
		}
		if err := b.Put(t.Context(), "abcd.jpg", strings.NewReader("x"), 1, "text/html"); err == nil {
			t.Error("a type that is not the extension's was taken")
		}
	})
	t.Run("list", func(t *testing.T) {
		want := []string{"aaaa.jpg", "aaab.jpg", "zzzz_480.jpg"}
		for _, key := range want {
			put(t, key, []byte(key))
		}
		var got []string
		err := b.List(t.Context(), func(key string, modified time.Time) error {
			if age := time.Since(modified); age < -time.Minute || age > time.Hour {
				t.Errorf("%s is %v old", key, age)
			}
			got = append(got, key)
			return nil
		})
		slices.Sort(got)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
		stop := errors.New("stop")
		if err := b.List(t.Context(), func(string, time.Time) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("got %v, want stop", err)
		}
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if err := b.List(over, func(string, time.Time) error { return nil }); err == nil {
			t.Error("a cancelled list looks complete")
		}
	})
	t.Run("probe", func(t *testing.T) {
		if err := b.Probe(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func readBlob(t *testing.T, b media.Blobs, key string) []byte {
	t.Helper()
	blob, err := b.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Body.Close()
	data, err := io.ReadAll(blob.Body)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestDiskStaysInside(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	write(t, filepath.Join(outside, "abcd.jpg"), "secret")
	if err := os.Symlink(outside, filepath.Join(dir, "ab")); err != nil {
		t.Fatal(err)
	}
	d, err := media.OpenDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Get(t.Context(), "abcd.jpg"); err == nil {
		t.Error("a link led outside")
	}
	if err := d.Put(t.Context(), "abce.jpg", strings.NewReader("x"), 1, "image/jpeg"); err == nil {
		t.Error("a link led a write outside")
	}
	if err := d.Delete(t.Context(), "abcd.jpg"); err == nil {
		t.Error("a link led a delete outside")
	}
	if files := append(filesIn(t, outside), filesIn(t, filepath.Join(dir, ".tmp"))...); len(files) != 1 {
		t.Errorf("files now: %v", files)
	}
}

func TestDiskFaults(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "ab"), "a file where a folder belongs")
	d, err := media.OpenDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	err = d.Put(t.Context(), "abcd.jpg", strings.NewReader("x"), 1, "image/jpeg")
	wantFault(t, err, fault.Unavailable, "media_unavailable")
	if files := filesIn(t, dir); len(files) != 1 {
		t.Errorf("files now: %v", files)
	}
	if err := os.MkdirAll(filepath.Join(dir, "cd", "cdef.jpg"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = d.Get(t.Context(), "cdef.jpg")
	wantFault(t, err, fault.Unavailable, "media_unavailable")

	if err := os.RemoveAll(filepath.Join(dir, ".tmp")); err != nil {
		t.Fatal(err)
	}
	wantFault(t, d.Probe(t.Context()), fault.Unavailable, "media_unavailable")
	if _, err := media.OpenDisk(filepath.Join(dir, "ab")); err == nil {
		t.Error("a file was opened as a folder")
	}
}

func TestDiskClearsWhatWasHalfWritten(t *testing.T) {
	dir := t.TempDir()
	temp := filepath.Join(dir, ".tmp")
	if err := os.Mkdir(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(temp, "old"), "x")
	write(t, filepath.Join(temp, "young"), "of a process that runs now")
	past := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(filepath.Join(temp, "old"), past, past); err != nil {
		t.Fatal(err)
	}
	d, err := media.OpenDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if files := filesIn(t, dir); len(files) != 1 || filepath.Base(files[0]) != "young" {
		t.Errorf("files now: %v", files)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
