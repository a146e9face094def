package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// None is the body of an answer without one.
type None struct{}

// reply is what an operation answers with; B is its representation.
type reply[B any] struct {
	body     B
	version  int          // of a resource that can be edited: the first part of its ETag
	tagged   bool         // has an ETag although it has no version
	location string       // of what was created, without the prefix
	next     forum.Cursor // of a list
	finish   func(http.ResponseWriter)
}

// encode makes bytes of a reply. r is nil when the answer is being stored.
func (p reply[B]) encode(status int, r *http.Request) (*answer, error) {
	n := &answer{status: status, finish: p.finish}
	if p.location != "" {
		n.location = Prefix + p.location
	}
	if _, none := any(p.body).(None); none {
		return n, nil
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(p.body); err != nil {
		return nil, fmt.Errorf("api: encode %T: %w", p.body, err)
	}
	n.body = buf.Bytes()
	if p.version > 0 || p.tagged {
		n.etag = entityTag(p.version, n.body)
	}
	if p.next != "" && r != nil {
		n.link = nextLink(r, p.next)
	}
	return n, nil
}

// nextLink is the Link header of RFC 8288 for the next page of a list.
func nextLink(r *http.Request, next forum.Cursor) string {
	q := r.URL.Query()
	q.Set("cursor", string(next))
	return "<" + r.URL.EscapedPath() + "?" + q.Encode() + `>; rel="next"`
}

// entityTag is strong: the version for If-Match, the hash of the bytes for If-None-Match, since
// counts change without a new version.
func entityTag(version int, body []byte) string {
	sum := sha256.Sum256(body)
	return fmt.Sprintf(`"%d-%s"`, version, hex.EncodeToString(sum[:8]))
}

// noneMatch reports whether If-None-Match names the tag. Comparison is weak, as RFC 9110 has it.
func noneMatch(header, tag string) bool {
	if header == "" || tag == "" {
		return false
	}
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == "*" || part == tag {
			return true
		}
	}
	return false
}

// Conditional is the header that guards an edit.
type Conditional struct {
	IfMatch string `header:"If-Match" doc:"ETag of the state this change was made on; when somebody changed it since, nothing happens and the answer is 412. Optional; * means any state." example:"\"3-5f2b8a9c0d1e2f30\""`
}

// version is the version that If-Match asks for, 0 for any. A proxy that compresses may have
// made the tag weak; the version in it still says which state was meant.
func (c Conditional) version() (int, error) {
	tag := strings.TrimPrefix(strings.TrimSpace(c.IfMatch), "W/")
	if tag == "" || tag == "*" {
		return 0, nil
	}
	inner, quoted := strings.CutPrefix(tag, `"`)
	inner, closed := strings.CutSuffix(inner, `"`)
	if !quoted || !closed || strings.ContainsAny(inner, `",`) {
		return 0, fault.New(fault.Malformed, "bad_if_match", "Send one ETag in If-Match, as it was received.")
	}
	number, _, _ := strings.Cut(inner, "-")
	v, err := strconv.Atoi(number)
	if err != nil || v < 1 {
		return 0, forum.Stale() // a tag, but none of ours: it cannot match
	}
	return v, nil
}

// base is the version that an edit built on current must be made on.
func (c Conditional) base(current int) (int, error) {
	v, err := c.version()
	if err != nil {
		return 0, err
	}
	if v != 0 && v != current {
		return 0, forum.Stale()
	}
	return current, nil
}

// List is a page of a list.
type List[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"Cursor of the next page; absent on the last one."`
}

// listOf makes a page of a list from what the store returned.
func listOf[S, T any](from []S, next forum.Cursor, view func(S) T) reply[List[T]] {
	return reply[List[T]]{body: List[T]{Items: each(from, view), Next: string(next)}, next: next}
}

// each is never nil, so that an empty list is [] and not null.
func each[S, T any](from []S, view func(S) T) []T {
	to := make([]T, len(from))
	for i, s := range from {
		to[i] = view(s)
	}
	return to
}

// Paging selects a page of a list.
type Paging struct {
	Cursor string `query:"cursor" maxLength:"400" doc:"Where to go on: next of the page before. Opaque."`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Most items on a page."`
}

func (p Paging) after() forum.Cursor { return forum.Cursor(p.Cursor) }

// here is the reply without the Location, which only tells of something new.
func (p reply[B]) here() reply[B] { p.location = ""; return p }

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }
