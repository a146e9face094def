package api

import (
	"context"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"lightstick/internal/edge"
	"lightstick/internal/fault"
	"lightstick/internal/forum"
	"lightstick/internal/media"
)

// Pictures is what the API needs of package media.
type Pictures interface {
	Upload(ctx context.Context, owner int64, alt string, body io.Reader) (media.Attachment, error)
	Avatar(ctx context.Context, owner int64, body io.Reader) (media.Attachment, error)
	Attachment(ctx context.Context, key string) (media.Attachment, error)
	SetAlt(ctx context.Context, owner int64, key, alt string) error
	Delete(ctx context.Context, owner int64, key string) error
}

// Attachment is a stored picture.
type Attachment struct {
	ID        forum.ID  `json:"id"`
	Key       string    `json:"key" example:"mfrggzdfmztwq2lkobuxg5dsn4.jpg"`
	URL       string    `json:"url" doc:"Its address."`
	Markdown  string    `json:"markdown" doc:"What to write into a text to show it."`
	Type      string    `json:"type" enum:"image/jpeg,image/png,image/gif"`
	Width     int       `json:"width" doc:"Pixels."`
	Height    int       `json:"height" doc:"Pixels."`
	Bytes     int64     `json:"bytes"`
	Alt       string    `json:"alt" doc:"What it shows, for those who do not see it."`
	CreatedAt time.Time `json:"created_at"`
}

func (a *API) showAttachment(m media.Attachment) reply[Attachment] {
	alt := strings.NewReplacer("[", "", "]", "", "\n", " ").Replace(m.Alt)
	body := Attachment{ID: forum.ID(m.ID), Key: m.Key, URL: m.URL(a.MediaBase), Markdown: "![" + alt + "](" + m.URL("") + ")", Type: m.ContentType,
		Width: m.Width, Height: m.Height, Bytes: m.Bytes, Alt: m.Alt, CreatedAt: m.CreatedAt.UTC()}
	return reply[Attachment]{body: body, tagged: true, location: "/attachments/" + m.Key}
}

// ByKey picks a picture.
type ByKey struct {
	Key string `path:"key" maxLength:"40" example:"mfrggzdfmztwq2lkobuxg5dsn4.jpg"`
}

const (
	maxPicture   = 10 << 20                       // bytes of an upload with what multipart puts around it
	uploadTime   = 2*time.Minute + 30*time.Second // slow phones need their time
	maxPartBytes = 4 << 10                        // of a text field in a form
)

func uploadOptions() []edge.Option {
	return []edge.Option{edge.Body(maxPicture), edge.Timeout(uploadTime)}
}

// pictureBody documents a picture, raw or as a form.
func pictureBody() *huma.RequestBody {
	binary := func() *huma.MediaType {
		return &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}
	form := &huma.Schema{Type: huma.TypeObject, Required: []string{"file"}, Properties: map[string]*huma.Schema{
		"alt":  {Type: huma.TypeString, Description: "What it shows; before file."},
		"file": {Type: huma.TypeString, Format: "binary"},
	}}
	return &huma.RequestBody{Required: true, Description: "A JPEG, PNG, GIF or WebP of at most 10 MB, raw or as the field file of a form. It is encoded again; metadata goes.",
		Content: map[string]*huma.MediaType{"image/*": binary(), "multipart/form-data": {Schema: form}}}
}

func (a *API) attachments() {
	const tag = "Attachments"
	post(a, op{id: "create_attachment", path: "/attachments", tag: tag, scope: forum.ScopeWrite, tagged: true, location: true, body: pictureBody(), opts: uploadOptions(),
		summary: "Upload a picture", about: "Refer to it in a text within a day, or it is cleared away."}, a.upload, a.showAttachment)
	get(a, op{id: "get_attachment", path: "/attachments/{key}", tag: tag, policy: edge.Page, tagged: true, errors: []int{404},
		summary: "Get what is known of a picture", about: "The picture itself is at its url."}, a.getAttachment)
	change(a, http.MethodPatch, op{id: "update_attachment", path: "/attachments/{key}", tag: tag, scope: forum.ScopeWrite, tagged: true, errors: []int{404},
		summary: "Change the alternative text of your picture"}, a.updateAttachment)
	change(a, http.MethodDelete, op{id: "delete_attachment", path: "/attachments/{key}", tag: tag, scope: forum.ScopeWrite, errors: []int{404, 409},
		summary: "Delete your picture", about: "As long as nothing refers to it."}, a.deleteAttachment)
}

// picture is an upload on its way in.
type picture struct {
	alt  string
	body io.Reader
}

// openPicture finds the picture in a request: the body itself, or the file of a form.
func openPicture(r *http.Request) (picture, error) {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && t == "multipart/form-data":
		return openForm(r)
	case err == nil && (strings.HasPrefix(t, "image/") || t == "application/octet-stream"):
		return picture{alt: r.URL.Query().Get("alt"), body: r.Body}, nil
	}
	return picture{}, fault.New(fault.Unsupported, "picture_only", "Send a picture with its Content-Type, or a form with the field file.")
}

func openForm(r *http.Request) (picture, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return picture{}, fault.Wrap(err, fault.Malformed, "malformed_form", "The form could not be read.")
	}
	p := picture{alt: r.URL.Query().Get("alt")}
	for range 10 {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return picture{}, formFault(err)
		}
		switch part.FormName() {
		case "file":
			p.body = part
			return p, nil
		case "alt":
			if p.alt, err = readPart(part); err != nil {
				return picture{}, err
			}
		default:
			return picture{}, fault.Fields{{Name: printable(part.FormName()), Code: "unknown_field", Message: "There is no such field."}}.Err()
		}
	}
	return picture{}, fault.Fields{{Name: "file", Code: "required", Message: "Please fill this in."}}.Err()
}

func readPart(part *multipart.Part) (string, error) {
	text, err := io.ReadAll(io.LimitReader(part, maxPartBytes+1))
	if err != nil {
		return "", formFault(err)
	}
	if len(text) > maxPartBytes {
		return "", fault.Fields{{Name: part.FormName(), Code: "too_long", Message: "This is too long."}}.Err()
	}
	return string(text), nil
}

func formFault(err error) error {
	if strings.Contains(err.Error(), "request body too large") {
		return err // the edge names the limit
	}
	return fault.Wrap(err, fault.Malformed, "malformed_form", "The form could not be read.")
}

func (a *API) upload(ctx context.Context, _ *struct {
	Alt string `query:"alt" doc:"What it shows, for those who do not see it; at most 300 characters."`
}) (media.Attachment, error) {
	actor, err := a.require(ctx, forum.ScopeWrite)
	if err != nil {
		return media.Attachment{}, err
	}
	if err := a.Forum.MayWrite(actor, 0); err != nil { // nobody uploads who could not post what they upload
		return media.Attachment{}, err
	}
	p, err := openPicture(callOf(ctx).r)
	if err != nil {
		return media.Attachment{}, err
	}
	return a.Media.Upload(ctx, int64(actor.ID), p.alt, p.body)
}

func (a *API) getAttachment(ctx context.Context, in *ByKey) (reply[Attachment], error) {
	m, err := a.Media.Attachment(ctx, in.Key)
	return a.showAttachment(m).here(), err
}

// AttachmentPatch is a change of what is said of a picture.
type AttachmentPatch struct {
	Alt string `json:"alt" doc:"At most 300 characters."`
}

func (a *API) updateAttachment(ctx context.Context, in *struct {
	ByKey
	Body AttachmentPatch
}) (reply[Attachment], error) {
	actor, err := a.require(ctx, forum.ScopeWrite)
	if err != nil {
		return reply[Attachment]{}, err
	}
	if err := a.Media.SetAlt(ctx, int64(actor.ID), in.Key, in.Body.Alt); err != nil {
		return reply[Attachment]{}, err
	}
	m, err := a.Media.Attachment(ctx, in.Key)
	return a.showAttachment(m).here(), err
}

func (a *API) deleteAttachment(ctx context.Context, in *ByKey) (reply[None], error) {
	actor, err := a.require(ctx, forum.ScopeWrite)
	if err != nil {
		return reply[None]{}, err
	}
	return reply[None]{}, a.Media.Delete(ctx, int64(actor.ID), in.Key)
}
