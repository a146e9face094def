package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"time"

	"lightstick/internal/fault"
)

// resend is a form as it was sent, to be sent once more.
type resend struct {
	To     string
	Fields []kept
}

// kept is a field of a form that was sent.
type kept struct {
	Name, Value string
	Secret      bool // never sent back: it is typed again
	Written     bool // what the reader wrote, to be shown
}

const maxKept = 200 // fields of a form that are given back; no form of ours has as many

// resendOf reads what a form had sent when it could not be answered; nil when it was no form, or
// one with files, which have gone.
func resendOf(r *http.Request) *resend {
	if r.Method != http.MethodPost {
		return nil
	}
	err := r.ParseMultipartForm(1 << 20)
	if err != nil && !errors.Is(err, http.ErrNotMultipart) || len(r.PostForm) == 0 {
		return nil
	}
	if r.MultipartForm != nil && len(r.MultipartForm.File) > 0 {
		return nil
	}
	again := &resend{To: r.URL.RequestURI()}
	for name, values := range r.PostForm {
		for _, v := range values {
			f := kept{Name: name, Value: v, Written: v != "" && slices.Contains([]string{"title", "body"}, name)}
			if slices.Contains([]string{"password", "old", "new", "current"}, name) {
				f.Value, f.Secret = "", true
			}
			again.Fields = append(again.Fields, f)
		}
	}
	if len(again.Fields) > maxKept {
		return nil
	}
	slices.SortStableFunc(again.Fields, func(a, b kept) int { return cmp.Compare(b.Name, a.Name) }) // title before body
	return again
}

// waitSeconds is when to try again, from now.
func waitSeconds(e *fault.Error) int { return max(1, int(e.RetryAfter/time.Second)) }
