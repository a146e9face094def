package web

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"

	"lightstick/internal/edge"
	"lightstick/internal/fault"
	"lightstick/internal/media"
)

// What a form with pictures may weigh.
const (
	composeBytes = 32 << 20 // pictures and text of one form
	uploadBytes  = 11 << 20 // one picture from the script, with its wrapping
	fieldBytes   = 128 << 10
	maxParts     = 40
	uploadTime   = 2 * time.Minute // a phone on a slow line
)

// intake is a form for a post or comment as it was sent: its fields, and the pictures of browsers
// without script, which are stored already and stand as markdown.
type intake struct {
	url.Values
	pictures []string
	err      error // of a picture that was not taken; the fields are whole all the same
}

// intake reads a form with or without pictures. Pictures go to their store while they arrive, so
// that none is held in memory.
func (c *visit) intake() (*intake, error) {
	kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		values, err := c.posted()
		return &intake{Values: values}, err
	}
	parts, err := c.r.MultipartReader()
	if err != nil {
		return nil, badForm(err)
	}
	in := &intake{Values: url.Values{}}
	for range maxParts {
		part, err := parts.NextPart()
		if err == io.EOF {
			return in, edge.Inspect(c.r, in.Values)
		}
		if err != nil {
			return nil, bodyError(err)
		}
		if err := in.take(c, part); err != nil {
			return nil, err
		}
	}
	return nil, badForm(errors.New("too many parts"))
}

func (in *intake) take(c *visit, part *multipart.Part) error {
	if part.FileName() == "" {
		if part.FormName() == "image" {
			return nil // a file input that was left empty
		}
		text, err := fieldText(part)
		if err == nil {
			in.Add(part.FormName(), text)
		}
		return err
	}
	if part.FormName() != "image" || in.err != nil {
		return nil
	}
	a, err := c.store(part, "")
	if err != nil {
		if asFault(bodyIfLarge(err)) == nil {
			return err
		}
		in.err = bodyIfLarge(err)
		return nil
	}
	in.pictures = append(in.pictures, markdownImage("", c.site.pictureAddress(a)))
	return nil
}

func bodyIfLarge(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return bodyError(err)
	}
	return err
}

func fieldText(part *multipart.Part) (string, error) {
	raw, err := io.ReadAll(io.LimitReader(part, fieldBytes+1))
	if err != nil {
		return "", bodyError(err)
	}
	if len(raw) > fieldBytes {
		return "", fault.New(fault.TooLarge, "body_too_large", "That is more than the {max} bytes we take here.", "max", fieldBytes)
	}
	return string(raw), nil
}

// store keeps one picture of the member.
func (c *visit) store(body io.Reader, alt string) (media.Attachment, error) {
	if c.site.uploads == nil {
		return media.Attachment{}, nothingHere()
	}
	if err := c.site.forum.MayWrite(c.Actor, 0); err != nil {
		return media.Attachment{}, err
	}
	return c.site.uploads.Upload(c.ctx(), int64(c.Actor.ID), alt, body)
}

func (s *Site) pictureAddress(a media.Attachment) string { return a.URL(s.media) }

// markdownImage shows a picture in a text.
func markdownImage(alt, address string) string {
	clean := strings.Map(func(r rune) rune {
		if r == '[' || r == ']' || r == '\\' || r < ' ' {
			return ' '
		}
		return r
	}, alt)
	return "![" + strings.TrimSpace(clean) + "](" + address + ")"
}

// upload takes one picture from the script.
func (c *visit) upload() error {
	parts, err := c.r.MultipartReader()
	if err != nil {
		return badForm(err)
	}
	alt := ""
	for range maxParts {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return bodyError(err)
		}
		switch part.FormName() {
		case "alt":
			if alt, err = fieldText(part); err != nil {
				return err
			}
		case "image":
			return c.uploadOne(part, alt)
		}
	}
	return fault.Fields{{Name: "image", Code: "picture_required", Message: "Choose a picture first."}}.Err()
}

// uploadOne stores the picture; what follows it in the form is not read.
func (c *visit) uploadOne(part *multipart.Part, alt string) error {
	a, err := c.store(part, alt)
	if err != nil {
		return bodyIfLarge(err)
	}
	address := c.site.pictureAddress(a)
	return writeJSON(c.w, http.StatusCreated, Uploaded{Markdown: markdownImage(a.Alt, address), URL: address, Width: a.Width, Height: a.Height})
}

// composeRate and its like are per member: people who share an address do not share a limit.
func composeOptions(limit edge.Rate) []edge.Option {
	return []edge.Option{edge.Limit(limit), edge.Body(composeBytes), edge.Timeout(uploadTime)}
}
