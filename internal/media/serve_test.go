package media_test

import (
	"bytes"
	"image"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/media"
)

const forever = "public, max-age=31536000, immutable"

func TestServe(t *testing.T) {
	h := newHouse(t, nil)
	if err := h.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	a := h.upload(t, jpegOf(t, quadrants(1200, 800)))
	get := func(method string, width int, inm string) *http.Response {
		t.Helper()
		r, w := httptest.NewRequest(method, "/media/"+a.Key, nil), httptest.NewRecorder()
		if inm != "" {
			r.Header.Set("If-None-Match", inm)
		}
		if err := h.Serve(w, r, a.Key, width); err != nil {
			t.Fatal(err)
		}
		return w.Result()
	}
	full := get("GET", 0, "")
	body, err := io.ReadAll(full.Body)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Content-Type": "image/jpeg", "Cache-Control": forever, "Content-Disposition": "inline", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; sandbox", "Content-Length": strconv.Itoa(len(body)),
		"Cross-Origin-Resource-Policy": "cross-origin", "Etag": `"` + a.Key + `"`, "Set-Cookie": "", "Vary": "",
	} {
		if got := full.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if full.StatusCode != 200 || !bytes.Equal(body, h.stored(t, a.Key)) {
		t.Errorf("status %d, %d bytes", full.StatusCode, len(body))
	}
	if res := get("HEAD", 0, ""); res.StatusCode != 200 || res.ContentLength != int64(len(body)) || size(t, res) != 0 {
		t.Errorf("HEAD: %v", res)
	}
	etag := full.Header.Get("ETag")
	for _, inm := range []string{etag, "W/" + etag, `"other", ` + etag, "*"} {
		if res := get("GET", 0, inm); res.StatusCode != 304 || size(t, res) != 0 || res.Header.Get("ETag") != etag || res.Header.Get("Cache-Control") != forever {
			t.Errorf("If-None-Match %s: %v", inm, res)
		}
	}
	if res := get("GET", 0, `"other"`); res.StatusCode != 200 {
		t.Errorf("another tag: %v", res)
	}

	// Not ready yet: the full picture, and no cache may think that this is for ever.
	early := get("GET", 480, "")
	if early.Header.Get("Cache-Control") != "public, max-age=60" || early.Header.Get("ETag") != etag || size(t, early) != len(body) {
		t.Errorf("fallback: %v", early)
	}
	if err := h.MakeVariants(t.Context(), a.ID); err != nil {
		t.Fatal(err)
	}
	ready := get("GET", 480, early.Header.Get("ETag"))
	if ready.StatusCode != 200 || ready.Header.Get("Cache-Control") != forever || ready.Header.Get("ETag") == etag || size(t, ready) >= len(body) {
		t.Errorf("ready: %v", ready)
	}
	m, _, err := image.Decode(bytes.NewReader(body))
	if err != nil || m.Bounds().Dx() != 1200 {
		t.Errorf("%v, %v", m.Bounds(), err)
	}
}

func size(t *testing.T, res *http.Response) int {
	t.Helper()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return len(data)
}

func TestServeRefuses(t *testing.T) {
	h := newHouse(t, nil)
	a := h.upload(t, jpegOf(t, quadrants(1200, 800)))
	id := strings.TrimSuffix(a.Key, ".jpg")
	for _, c := range []struct {
		key   string
		width int
	}{
		{"", 0}, {"../" + a.Key, 0}, {id, 0}, {id + ".png", 0}, {id + ".svg", 0}, {strings.ToUpper(a.Key), 0}, {id + "_480.jpg", 0},
		{a.Key, 1}, {a.Key, -480}, {a.Key, 481}, {strings.Repeat("a", 26) + ".jpg", 0}, {strings.Repeat("a", 26) + ".jpg", 480},
	} {
		w := httptest.NewRecorder()
		err := h.Serve(w, httptest.NewRequest("GET", "/", nil), c.key, c.width)
		wantFault(t, err, fault.NotFound, "media_not_found")
		if len(w.Header()) > 0 || w.Body.Len() > 0 {
			t.Errorf("%q: something was written", c.key)
		}
	}
}

func TestAddresses(t *testing.T) {
	a := media.Attachment{Key: "k.jpg", Width: 1200}
	if a.URL("") != "/media/k.jpg" || a.URL("https://media.example") != "https://media.example/media/k.jpg" || a.Srcset("") != "" {
		t.Errorf("%s, %q", a.URL(""), a.Srcset(""))
	}
	a.Variants = []int{480, 960}
	if got, want := a.Srcset("//m"), "//m/media/k.jpg/480 480w, //m/media/k.jpg/960 960w, //m/media/k.jpg 1200w"; got != want {
		t.Errorf("got %s", got)
	}
}

func TestVariants(t *testing.T) {
	glass := quadrants(700, 500)
	glass.Pix[3] = 0
	for _, c := range []struct {
		name string
		in   []byte
		want []int
	}{
		{"large", jpegOf(t, quadrants(1200, 800)), []int{480, 960}},
		{"middle, with alpha", pngOf(t, glass), []int{480}},
		{"as wide as a variant", jpegOf(t, quadrants(480, 800)), nil},
		{"moving", animation(t, 600, 10, 2), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, nil)
			a := h.upload(t, c.in)
			if asked := len(h.jobs) == 1 && h.jobs[0].ID == a.ID; asked != (c.want != nil) {
				t.Errorf("jobs: %v", h.jobs)
			}
			for range 2 { // again does no harm
				if err := h.MakeVariants(t.Context(), a.ID); err != nil {
					t.Fatal(err)
				}
			}
			if got := h.store.rows[a.ID].Variants; !slices.Equal(got, c.want) {
				t.Errorf("variants %v, want %v", got, c.want)
			}
			if files := filesIn(t, h.dir); len(files) != 1+len(c.want) {
				t.Errorf("files: %v", files)
			}
			for _, width := range c.want {
				m := h.picture(t, strings.Replace(a.Key, ".", "_"+strconv.Itoa(width)+".", 1))
				if m.Bounds().Dx() != width || m.Bounds().Dy() != (a.Height*width+a.Width/2)/a.Width {
					t.Errorf("%d: %v", width, m.Bounds())
				}
				checkCorners(t, c.name, m, red, green, blue, yellow)
			}
		})
	}
	h := newHouse(t, nil)
	if err := h.MakeVariants(t.Context(), 404); err != nil {
		t.Errorf("of an attachment that is gone: %v", err)
	}
	a := h.upload(t, jpegOf(t, quadrants(1200, 800)))
	if err := h.Erase(t.Context(), a.Key); err != nil {
		t.Fatal(err)
	}
	if err := h.MakeVariants(t.Context(), a.ID); err != nil || len(filesIn(t, h.dir)) > 0 {
		t.Errorf("of a picture that was erased: %v, %v", err, filesIn(t, h.dir))
	}
}

func TestCleanUp(t *testing.T) {
	h := newHouse(t, func(o *media.Options) { o.Limits.QuotaCount = 1000 })
	jpg := jpegOf(t, quadrants(500, 10))
	old, used := h.upload(t, jpg), h.upload(t, jpg)
	for range 250 {
		h.upload(t, jpegOf(t, quadrants(4, 4)))
	}
	if err := h.MakeVariants(t.Context(), old.ID); err != nil {
		t.Fatal(err)
	}
	h.store.used[used.ID] = true // used after the list was made: only the delete knows
	if n, err := h.CleanUp(t.Context()); n != 0 || err != nil {
		t.Errorf("too early: %d, %v", n, err)
	}
	h.clock = h.clock.Add(media.UnusedAge + time.Hour)
	young := h.upload(t, jpg)
	if n, err := h.CleanUp(t.Context()); n != 251 || err != nil {
		t.Errorf("cleaned %d, %v", n, err)
	}
	if files := filesIn(t, h.dir); len(files) != 2 || len(h.store.rows) != 2 {
		t.Errorf("left: %v", files)
	}
	h.stored(t, young.Key)
	h.stored(t, used.Key)
}

func TestDelete(t *testing.T) {
	h := newHouse(t, nil)
	jpg := jpegOf(t, quadrants(500, 10))
	a, used := h.upload(t, jpg), h.upload(t, jpg)
	h.store.used[used.ID] = true
	wantFault(t, h.Delete(t.Context(), owner+1, a.Key), fault.NotFound, "media_not_found")
	wantFault(t, h.Delete(t.Context(), owner, used.Key), fault.Conflict, "attachment_used")
	if err := h.Delete(t.Context(), owner, a.Key); err != nil {
		t.Fatal(err)
	}
	wantFault(t, h.Delete(t.Context(), owner, a.Key), fault.NotFound, "attachment_not_found")
	if files := filesIn(t, h.dir); len(files) != 1 {
		t.Errorf("left: %v", files)
	}
	wantFault(t, h.Erase(t.Context(), "probe.jpg"), fault.NotFound, "media_not_found")
}

func TestSweep(t *testing.T) {
	h := newHouse(t, nil)
	jpg := jpegOf(t, quadrants(500, 10))
	kept, second, lost := h.upload(t, jpg), h.upload(t, jpg), h.upload(t, jpg)
	for _, a := range []media.Attachment{kept, lost} {
		if err := h.MakeVariants(t.Context(), a.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.blobs.Put(t.Context(), "logo.png", strings.NewReader("x"), 1, "image/png"); err != nil {
		t.Fatal(err)
	}
	delete(h.store.rows, lost.ID)
	if n, err := h.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("too early: %d, %v", n, err)
	}
	h.clock = h.clock.Add(media.UnusedAge + time.Hour)
	if n, err := h.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	if files := filesIn(t, h.dir); len(files) != 4 { // kept and its variant, second, logo
		t.Errorf("left: %v", files)
	}
	h.stored(t, second.Key)
	clear(h.store.rows) // as if the program had been pointed at another database
	if n, err := h.Sweep(t.Context()); n != 0 || err == nil {
		t.Errorf("swept %d pictures of another database", n)
	}
	h.stored(t, kept.Key)
}
