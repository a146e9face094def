package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"code.dny.dev/ssrf"
	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"

	"lightstick/internal/markup"
)

// Bounds of one fetch for a link card.
const (
	cardBytes     = 256 << 10
	cardTimeout   = 8 * time.Second
	cardRedirects = 3
)

// cardClient fetches pages of strangers: public addresses and ports only, checked at each
// connection, so that neither a redirect nor a changed DNS answer leads inside (OWASP SSRF).
func cardClient() *http.Client {
	guard := ssrf.New(ssrf.WithPorts(80, 443))
	return &http.Client{
		Timeout: cardTimeout,
		Transport: &http.Transport{
			Proxy:               nil,
			DialContext:         (&net.Dialer{Timeout: 3 * time.Second, Control: guard.Safe}).DialContext,
			TLSHandshakeTimeout: 3 * time.Second, ResponseHeaderTimeout: 5 * time.Second,
			MaxResponseHeaderBytes: 32 << 10, MaxConnsPerHost: 2, MaxIdleConns: 4, IdleConnTimeout: 10 * time.Second,
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) >= cardRedirects {
				return errors.New("too many redirects")
			}
			if req.URL.Scheme != "http" && req.URL.Scheme != "https" {
				return errors.New("redirect to another scheme")
			}
			return nil
		},
	}
}

// fetchCard reads title, description and site name of a page. An error of the far side is not
// worth many retries: the card then shows the bare address.
func fetchCard(ctx context.Context, c *http.Client, url string) (markup.Card, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return markup.Card{}, err
	}
	req.Header.Set("User-Agent", "Lightstick link cards")
	req.Header.Set("Accept", "text/html")
	res, err := c.Do(req)
	if err != nil {
		return markup.Card{}, err
	}
	defer res.Body.Close()
	kind := res.Header.Get("Content-Type")
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(kind, "text/html") {
		return markup.Card{}, fmt.Errorf("no page: %s %s", res.Status, kind)
	}
	body, err := charset.NewReader(io.LimitReader(res.Body, cardBytes), kind)
	if err != nil {
		return markup.Card{}, err
	}
	return readCard(body)
}

// readCard takes og: properties before plain ones (ogp.me), from the head only.
func readCard(r io.Reader) (markup.Card, error) {
	var card, og markup.Card
	z := html.NewTokenizer(r)
	for inTitle := false; ; {
		switch z.Next() {
		case html.ErrorToken:
			if err := z.Err(); err != io.EOF {
				return markup.Card{}, err
			}
			return merge(og, card), nil
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			switch t.Data {
			case "body":
				return merge(og, card), nil
			case "title":
				inTitle = true
			case "meta":
				meta(t, &og, &card)
			}
		case html.TextToken:
			if inTitle && card.Title == "" {
				card.Title = cardText(string(z.Text()), 120)
			}
		case html.EndTagToken:
			inTitle = false
		}
	}
}

func meta(t html.Token, og, plain *markup.Card) {
	var name, content string
	for _, a := range t.Attr {
		switch a.Key {
		case "property", "name":
			name = strings.ToLower(a.Val)
		case "content":
			content = a.Val
		}
	}
	switch name {
	case "og:title":
		og.Title = cardText(content, 120)
	case "og:description":
		og.Description = cardText(content, 200)
	case "og:site_name":
		og.Site = cardText(content, 60)
	case "description":
		plain.Description = cardText(content, 200)
	}
}

func merge(og, plain markup.Card) markup.Card {
	if og.Title == "" {
		og.Title = plain.Title
	}
	if og.Description == "" {
		og.Description = plain.Description
	}
	return og
}

// cardText cleans what a stranger's page says of itself; what cannot be cleaned is left out.
func cardText(s string, max int) string {
	clean, err := markup.Clean(strings.Join(strings.Fields(s), " "), false)
	if err != nil {
		return ""
	}
	return markup.Excerpt(clean, max)
}
