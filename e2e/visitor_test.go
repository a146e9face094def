package e2e_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/textproto"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
)

// visitor is a browser without script: it keeps cookies, follows links and sends forms as they
// stand in the page, and looks at every page with [audit].
type visitor struct {
	t       testing.TB
	http    *http.Client
	checked map[string]int // links by address, as this visitor sees them
	kinds   map[string]int // how many links of a kind were checked
}

func newVisitor(t testing.TB) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t: t, http: &http.Client{Jar: jar, Timeout: 30 * time.Second}, checked: map[string]int{}, kinds: map[string]int{}}
}

// page is an answer that was read.
type page struct {
	*goquery.Document
	v      *visitor
	url    *url.URL
	status int
	header http.Header
}

// open goes to an address of the site and expects a page.
func (v *visitor) open(path string) *page {
	v.t.Helper()
	return v.expect(v.get(path), http.StatusOK)
}

// get goes to an address of the site, whatever it answers.
func (v *visitor) get(path string) *page {
	v.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = site + path
	}
	req, err := http.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.do(req)
}

func (v *visitor) do(req *http.Request) *page {
	v.t.Helper()
	res, err := v.http.Do(req)
	if err != nil {
		v.t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	defer res.Body.Close()
	doc, err := goquery.NewDocumentFromReader(res.Body)
	if err != nil {
		v.t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	p := &page{Document: doc, v: v, url: res.Request.URL, status: res.StatusCode, header: res.Header}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") && !strings.HasPrefix(p.url.Path, "/dev/") {
		audit(p)
	}
	return p
}

// expect stops the test at an answer of another status.
func (v *visitor) expect(p *page, status int) *page {
	v.t.Helper()
	if p.status != status {
		v.t.Fatalf("%s: status %d, want %d: %s", p.url, p.status, status, p.said())
	}
	return p
}

// said is what the page tells its reader, for messages of failures.
func (p *page) said() string {
	text := p.Find("main").Text()
	if text == "" {
		text = p.Text()
	}
	text = strings.Join(strings.Fields(text), " ")
	return text[:min(len(text), 600)]
}

// follow goes where the first link that the selector finds leads.
func (p *page) follow(selector string) *page {
	p.v.t.Helper()
	return p.v.expect(p.v.get(p.link(selector)), http.StatusOK)
}

// link is the whole address of the first link that the selector finds.
func (p *page) link(selector string) string {
	p.v.t.Helper()
	href, ok := p.Find(selector).First().Attr("href")
	if !ok {
		p.v.t.Fatalf("%s: no link %s: %s", p.url, selector, p.said())
	}
	return p.resolve(href)
}

func (p *page) resolve(href string) string {
	to, err := p.url.Parse(href)
	if err != nil {
		p.v.t.Fatalf("%s: link %q: %v", p.url, href, err)
	}
	return to.String()
}

// has reports whether something on the page matches the selector and holds the text.
func (p *page) has(selector, text string) bool {
	return p.Find(selector).FilterFunction(func(_ int, s *goquery.Selection) bool { return strings.Contains(s.Text(), text) }).Length() > 0
}

// want fails the test when nothing on the page matches the selector and holds the text.
func (p *page) want(selector, text string) *page {
	p.v.t.Helper()
	if !p.has(selector, text) {
		p.v.t.Fatalf("%s: no %s with %q: %s", p.url, selector, text, p.said())
	}
	return p
}

// formData is a form of a page with what would be sent.
type formData struct {
	p      *page
	node   *goquery.Selection
	values url.Values
	files  []formFile
}

type formFile struct {
	field, name, kind string
	data              []byte
}

// form finds a form and what it starts with.
func (p *page) form(selector string) *formData {
	p.v.t.Helper()
	node := p.Find(selector).First()
	if node.Length() == 0 || !node.Is("form") {
		p.v.t.Fatalf("%s: no form %s: %s", p.url, selector, p.said())
	}
	f := &formData{p: p, node: node, values: url.Values{}}
	node.Find("input,select,textarea").Each(func(_ int, s *goquery.Selection) {
		name, ok := s.Attr("name")
		if !ok {
			return
		}
		switch kind := s.AttrOr("type", ""); {
		case s.Is("select"):
			o := s.Find("option[selected]")
			if o.Length() == 0 {
				o = s.Find("option")
			}
			f.values.Add(name, o.First().AttrOr("value", ""))
		case s.Is("textarea"):
			f.values.Add(name, strings.TrimPrefix(s.Text(), "\n"))
		case kind == "file", (kind == "checkbox" || kind == "radio") && !s.Is("[checked]"):
		default:
			f.values.Add(name, s.AttrOr("value", ""))
		}
	})
	return f
}

// set fills in a field that the form must have.
func (f *formData) set(pairs ...string) *formData {
	f.p.v.t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		field := f.node.Find(`[name="` + pairs[i] + `"]`)
		if field.Length() == 0 {
			f.p.v.t.Fatalf("%s: the form has no field %q", f.p.url, pairs[i])
		}
		if field.Is("select") && field.Find(`option[value="`+pairs[i+1]+`"]`).Length() == 0 {
			f.p.v.t.Fatalf("%s: the field %q has no choice %q", f.p.url, pairs[i], pairs[i+1])
		}
		f.values.Set(pairs[i], pairs[i+1])
	}
	return f
}

// choose picks the option of a select whose text holds this.
func (f *formData) choose(name, text string) *formData {
	f.p.v.t.Helper()
	o := f.node.Find(`select[name="` + name + `"] option`).FilterFunction(func(_ int, s *goquery.Selection) bool { return strings.Contains(s.Text(), text) })
	if o.Length() == 0 {
		f.p.v.t.Fatalf("%s: the field %q has no choice %q", f.p.url, name, text)
	}
	f.values.Set(name, o.First().AttrOr("value", ""))
	return f
}

// file adds a file to a file field.
func (f *formData) file(field, name, kind string, data []byte) *formData {
	f.p.v.t.Helper()
	if f.node.Find(`input[type=file][name="`+field+`"]`).Length() == 0 {
		f.p.v.t.Fatalf("%s: the form has no file field %q", f.p.url, field)
	}
	f.files = append(f.files, formFile{field, name, kind, data})
	return f
}

// press sends the form with a named button ("act=hide").
func (f *formData) press(button string) *page {
	f.p.v.t.Helper()
	name, value, _ := strings.Cut(button, "=")
	if f.node.Find(`button[name="`+name+`"][value="`+value+`"]`).Length() == 0 {
		f.p.v.t.Fatalf("%s: the form has no button %s", f.p.url, button)
	}
	f.values.Set(name, value)
	return f.send()
}

// submit sends the form with its first button and expects to be led to a page.
func (f *formData) submit() *page {
	f.p.v.t.Helper()
	b := f.node.Find("button").First()
	if name, ok := b.Attr("name"); ok {
		f.values.Set(name, b.AttrOr("value", ""))
	}
	return f.p.v.expect(f.send(), http.StatusOK)
}

// send sends the form as it is, whatever the answer.
func (f *formData) send() *page {
	f.p.v.t.Helper()
	action := f.p.resolve(f.node.AttrOr("action", f.p.url.String()))
	if !strings.EqualFold(f.node.AttrOr("method", "get"), "post") {
		action, _, _ = strings.Cut(action, "?")
		return f.p.v.get(action + "?" + f.values.Encode())
	}
	body, kind := f.encode()
	req, err := http.NewRequest(http.MethodPost, action, body)
	if err != nil {
		f.p.v.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Origin", f.p.url.Scheme+"://"+f.p.url.Host)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Referer", f.p.url.String())
	return f.p.v.do(req)
}

func (f *formData) encode() (io.Reader, string) {
	if f.node.AttrOr("enctype", "") != "multipart/form-data" {
		if len(f.files) > 0 {
			f.p.v.t.Fatalf("%s: a form with files is not multipart", f.p.url)
		}
		return strings.NewReader(f.values.Encode()), "application/x-www-form-urlencoded"
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, list := range f.values {
		for _, value := range list {
			if err := w.WriteField(name, value); err != nil {
				f.p.v.t.Fatal(err)
			}
		}
	}
	for _, file := range f.files {
		part, err := w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {multipart.FileContentDisposition(file.field, file.name)}, "Content-Type": {file.kind},
		})
		if err != nil {
			f.p.v.t.Fatal(err)
		}
		if _, err := part.Write(file.data); err != nil {
			f.p.v.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		f.p.v.t.Fatal(err)
	}
	return &b, w.FormDataContentType()
}

// signIn comes in as a member.
func (v *visitor) signIn(login, password string) *visitor {
	v.t.Helper()
	p := v.open("/me/en/sign-in").form("form.plain").set("login", login, "password", password).send()
	if p.status != http.StatusOK || p.Find("form.plain [name=password]").Length() > 0 {
		v.t.Fatalf("%s could not sign in (status %d): the site at %s must hold the demo world, or choose another with LIGHTSTICK_E2E_URL: %s", login, p.status, site, p.said())
	}
	return v
}

// demo is a member of the demo world, signed in.
func demo(t testing.TB, handle string) *visitor {
	t.Helper()
	return newVisitor(t).signIn(handle, demoPassword)
}

// as lets the same visitor go on in another test.
func (v *visitor) as(t testing.TB) *visitor {
	other := *v
	other.t = t
	return &other
}
