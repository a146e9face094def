package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// FuzzForms sends bodies of every kind to forms that read them in their own ways. Whatever comes,
// the answer is one of ours, private, and without a tag that somebody typed.
func FuzzForms(f *testing.F) {
	h := newHouse(f)
	p, c := h.written()
	post := fmt.Sprint(p.ID)
	url := "application/x-www-form-urlencoded"
	f.Add(uint8(0), url, "post="+post+"&body=x&once=k")
	f.Add(uint8(0), "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"post\"\r\n\r\n"+post+"\r\n--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a\"\r\n\r\nGIF89a\r\n--b--")
	f.Add(uint8(1), url, "board=1&title=%00&body=%E2%80%AE&do=preview")
	f.Add(uint8(2), url, fmt.Sprintf("target=c%d&version=-1&body=<script>", c.ID))
	f.Add(uint8(3), url, "r=p"+post+".heart&on=2")
	f.Add(uint8(4), url, "name=\"><script>&time_zone=../../etc/passwd&locale=ko&version=9999999999999999999")
	f.Add(uint8(5), url, "aliases=a,b%0D%0A,,,&fandom=1")
	f.Add(uint8(6), url, "member=@author_1&for=7&kind=mute&reason=x&fandom=-1")
	f.Add(uint8(7), "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"a\"\r\n\r\n")
	paths := []string{"/me/en/reply", "/me/en/write", "/me/en/edit", "/me/en/react", "/me/en/settings", "/admin/en/aliases", "/admin/en/sanctions", "/me/en/settings/avatar"}
	f.Fuzz(func(t *testing.T, which uint8, kind, body string) {
		if strings.ContainsAny(kind, "\r\n\x00") { // no header can hold them
			return
		}
		h.t = t
		h.now = h.now.Add(10 * time.Minute) // or the limits would answer
		path := paths[int(which)%len(paths)]
		rec := h.send(sent{method: http.MethodPost, path: path, cookie: h.cookies[admin], body: body, header: []string{"Content-Type", kind}})
		if rec.Code >= 500 || rec.Code == http.StatusTooManyRequests {
			t.Errorf("%s: %d %s", path, rec.Code, h.reason(rec))
		}
		if cc := rec.Header().Get("Cache-Control"); cc != "private, no-store" {
			t.Errorf("%s: Cache-Control %q", path, cc)
		}
		if page := rec.Body.String(); strings.Contains(page, "<script>") || strings.Count(page, "<script") > 1 {
			t.Errorf("%s prints what was sent as it is", path)
		}
	})
}
