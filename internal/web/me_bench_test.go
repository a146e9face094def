package web_test

import (
	"fmt"
	"net/http"
	"testing"
)

// BenchmarkFragments is what one member costs on each public page, through the edge: at most 0.5 ms.
func BenchmarkFragments(b *testing.B) {
	h := newHouse(b)
	p, c := h.written()
	h.fill(stranger, "/me/ko/react", "r", fmt.Sprintf("p%d.heart", p.ID))
	h.fill(stranger, "/me/ko/react", "r", fmt.Sprintf("c%d.wow", c.ID))
	path := fmt.Sprintf("/me/ko/fragments?page=/ko/p/%d", p.ID)
	b.ReportAllocs()
	for b.Loop() {
		if rec := h.visit(stranger, path); rec.Code != http.StatusOK {
			b.Fatal(rec.Code)
		}
	}
}

// BenchmarkReply is one comment through the form: origin check, identity, rules, rendering, store, redirect.
func BenchmarkReply(b *testing.B) {
	h := newHouse(b)
	p, _ := h.written()
	n := 0
	for b.Loop() {
		if n++; n%30 == 0 { // before the limit of the member
			b.StopTimer()
			h.open()
			b.StartTimer()
		}
		rec := h.fill(stranger, "/me/ko/reply", "post", fmt.Sprint(p.ID), "body", "**같이** 기다려요 @author_1", "once", fmt.Sprint("k", n))
		if rec.Code != http.StatusSeeOther {
			b.Fatal(rec.Code, rec.Body)
		}
	}
}
