package app

import (
	"context"
	"fmt"
	"strings"

	"lightstick/internal/markup"
	"lightstick/internal/media"
)

// image resolves the address of an uploaded picture in a text. The smaller copies are named even
// before they are made: until then the media route answers with the full picture.
func (a *App) image(ctx context.Context, src string) (markup.Image, bool) {
	base := mediaBase(a.Config)
	key, ok := strings.CutPrefix(strings.TrimPrefix(strings.TrimPrefix(src, base), a.Config.BaseURL), "/media/")
	if !ok || !media.ValidKey(key) {
		return markup.Image{}, false
	}
	at, err := a.media.Attachment(ctx, key)
	if err != nil {
		return markup.Image{}, false
	}
	full := at.URL(base)
	img := markup.Image{Src: full, Full: full, Width: at.Width, Height: at.Height}
	if at.ContentType == "image/gif" {
		return img, true
	}
	var set []string
	for _, w := range media.VariantWidths() {
		if w < at.Width {
			set = append(set, fmt.Sprintf("%s/%d %dw", full, w, w))
			img.Src = fmt.Sprintf("%s/%d", full, w)
		}
	}
	if len(set) > 0 {
		img.Srcset = strings.Join(append(set, fmt.Sprintf("%s %dw", full, at.Width)), ", ")
		img.Sizes = "(max-width: 45rem) 100vw, 43rem"
	}
	return img, true
}
