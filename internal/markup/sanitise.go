package markup

import (
	"regexp"
	"sync"

	"github.com/microcosm-cc/bluemonday"
)

// rel is on every link that a member wrote.
const rel = "nofollow ugc noopener noreferrer"

// sanitiser is the second lock on the door: it lets through exactly what the writer makes, so
// that a mistake in the writer or the parser cannot reach a page.
var sanitiser = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "h3", "h4", "h5", "h6", "em", "strong", "del", "blockquote",
		"ul", "li", "pre", "code", "table", "thead", "tbody", "tr", "th", "td", "summary")
	p.AllowElements("ol")
	p.AllowAttrs("start").Matching(exactly(`[0-9]{1,9}`)).OnElements("ol")
	p.AllowAttrs("class").Matching(exactly(`left|center|right`)).OnElements("th", "td")
	p.AllowAttrs("class").Matching(exactly(`spoiler|card-(site|title|text)`)).OnElements("span")
	p.AllowAttrs("tabindex").Matching(exactly(`0`)).OnElements("span")
	p.AllowAttrs("class").Matching(exactly(`spoiler`)).OnElements("details")

	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("rel").Matching(exactly(rel)).OnElements("a")
	p.AllowAttrs("class").Matching(exactly(`mention|image|card`)).OnElements("a")
	p.AllowAttrs("data-youtube").Matching(exactly(`[0-9A-Za-z_-]{11}`)).OnElements("a")
	p.RequireNoFollowOnFullyQualifiedLinks(true)
	p.AllowURLSchemes("http", "https")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(true)

	p.AllowAttrs("src", "alt").OnElements("img")
	p.AllowAttrs("srcset", "sizes").Matching(exactly(`[^<>"'\\]*`)).OnElements("img")
	p.AllowAttrs("width", "height").Matching(exactly(`[0-9]{1,5}`)).OnElements("img")
	p.AllowAttrs("loading").Matching(exactly(`lazy`)).OnElements("img")
	p.AllowAttrs("decoding").Matching(exactly(`async`)).OnElements("img")
	return p
})

// Sanitise lets through of HTML what [Render] may have made, and nothing else: HTML that Render made comes
// back as it is. It is for HTML that was out of our hands meanwhile.
func Sanitise(html string) string { return sanitiser().Sanitize(html) }

func exactly(re string) *regexp.Regexp { return regexp.MustCompile(`\A(?:` + re + `)\z`) }
