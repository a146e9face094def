package web

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Adding a language is adding one file here; nothing else names the languages.
//
//go:embed locales/*.toml
var localeFiles embed.FS

// DefaultLocale is the language of pages whose address names none, and of x-default.
const DefaultLocale = "en"

// Locales are the interface languages, in one file each.
type Locales struct {
	list    []*Printer // by tag
	byTag   map[string]*Printer
	matcher language.Matcher
	order   []*Printer // as the matcher counts them: the default first
}

// LoadLocales reads the languages that are built in.
func LoadLocales() (*Locales, error) {
	files, err := fs.Sub(localeFiles, "locales")
	if err != nil {
		return nil, err
	}
	return ReadLocales(files)
}

// ReadLocales reads one language from each *.toml file, named by its tag.
func ReadLocales(files fs.FS) (*Locales, error) {
	names, err := fs.Glob(files, "*.toml")
	if err != nil {
		return nil, err
	}
	ls := &Locales{byTag: map[string]*Printer{}}
	for _, name := range names {
		p, err := readLocale(files, name)
		if err != nil {
			return nil, fmt.Errorf("locale %s: %w", name, err)
		}
		ls.list = append(ls.list, p)
		ls.byTag[p.Tag] = p
	}
	fallback := ls.byTag[DefaultLocale]
	if fallback == nil {
		return nil, fmt.Errorf("locale %s is missing", DefaultLocale)
	}
	ls.order = append([]*Printer{fallback}, slices.DeleteFunc(slices.Clone(ls.list), func(p *Printer) bool { return p == fallback })...)
	tags := make([]language.Tag, len(ls.order))
	for i, p := range ls.order {
		tags[i] = language.Make(p.Tag)
	}
	ls.matcher = language.NewMatcher(tags)
	return ls, nil
}

// Tags lists the languages, sorted.
func (ls *Locales) Tags() []string {
	return slices.Sorted(maps.Keys(ls.byTag))
}

// All lists the printers, sorted by tag.
func (ls *Locales) All() []*Printer { return ls.list }

// Printer is the printer of a tag, nil when there is no such language.
func (ls *Locales) Printer(tag string) *Printer { return ls.byTag[tag] }

// Default is the printer of [DefaultLocale].
func (ls *Locales) Default() *Printer { return ls.order[0] }

// Accept chooses a language by an Accept-Language header.
func (ls *Locales) Accept(header string) *Printer {
	if len(header) > 200 { // nobody speaks that many; parsing is not free
		header = header[:200]
	}
	want, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(want) == 0 {
		return ls.Default()
	}
	_, i, confidence := ls.matcher.Match(want...)
	if confidence == language.No {
		return ls.Default()
	}
	return ls.order[i]
}

// ofPath finds the language an address names: /ko/…, /me/ko/…, /admin/ko/….
func (ls *Locales) ofPath(p string) *Printer {
	first, rest, _ := strings.Cut(strings.TrimPrefix(p, "/"), "/")
	if first == "me" || first == "admin" {
		first, _, _ = strings.Cut(rest, "/")
	}
	if pr := ls.byTag[first]; pr != nil {
		return pr
	}
	return ls.Default()
}

// localeHead is the [language] section of a file.
type localeHead struct {
	Name   string   // in the language itself
	Dir    string   // ltr or rtl
	OG     string   // og:locale
	Group  string   // between thousands
	Months []string // short names, for {mon}
	Day    string   // a date: {y} {m} {mm} {mon} {d} {dd}
	Moment string   // date and time, adding {H} {M}
	Short  string   // date and time within this year
}

func readLocale(files fs.FS, name string) (*Printer, error) {
	raw, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	var file struct{ Language localeHead }
	if err := toml.Unmarshal(raw, &file); err != nil {
		return nil, err
	}
	var tree map[string]any
	if err := toml.Unmarshal(raw, &tree); err != nil {
		return nil, err
	}
	delete(tree, "language")
	p := &Printer{Tag: strings.TrimSuffix(path.Base(name), ".toml"), head: file.Language, korea: kst(),
		plain: map[string]string{}, plural: map[string]map[string]string{}}
	if err := p.head.check(); err != nil {
		return nil, err
	}
	if err := p.flatten("", tree); err != nil {
		return nil, err
	}
	p.day, p.moment, p.short = splitDate(p.head.Day), splitDate(p.head.Moment), splitDate(p.head.Short)
	return p, p.loadPlurals()
}

func (h *localeHead) check() error {
	switch {
	case h.Name == "" || h.OG == "" || h.Day == "" || h.Moment == "" || h.Short == "":
		return fmt.Errorf("[language] needs name, og, day, moment and short")
	case h.Dir != "ltr" && h.Dir != "rtl":
		return fmt.Errorf("[language] dir is ltr or rtl")
	case len(h.Months) != 12:
		return fmt.Errorf("[language] months needs twelve names")
	}
	return nil
}

// flatten turns sections into dotted keys; a table of plural forms is one message.
func (p *Printer) flatten(prefix string, tree map[string]any) error {
	for k, v := range tree {
		key := strings.TrimPrefix(prefix+"."+k, ".")
		switch v := v.(type) {
		case string:
			p.plain[key] = v
		case map[string]any:
			if forms := pluralOf(v); forms != nil {
				p.plural[key] = forms
			} else if err := p.flatten(key, v); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%s is neither text nor a table", key)
		}
	}
	return nil
}

// pluralOf is the table as plural forms, nil when it is a section: when a key is no form, or "other" is missing.
func pluralOf(table map[string]any) map[string]string {
	forms := make(map[string]string, len(table))
	for form, text := range table {
		s, ok := text.(string)
		if !ok || !slices.Contains([]string{"zero", "one", "two", "few", "many", "other"}, form) {
			return nil
		}
		forms[form] = s
	}
	if forms["other"] == "" {
		return nil
	}
	return forms
}

// formsKnown is up to which number plural forms are looked up once; CLDR rules repeat from there.
const formsKnown = 1000

// loadPlurals asks go-i18n for the plural form of each small number, by a message that says its own form.
func (p *Printer) loadPlurals() error {
	tag, err := language.Parse(p.Tag)
	if err != nil {
		return err
	}
	bundle := i18n.NewBundle(tag)
	say := &i18n.Message{ID: "form", Zero: "zero", One: "one", Two: "two", Few: "few", Many: "many", Other: "other"}
	if err := bundle.AddMessages(tag, say); err != nil {
		return err
	}
	localizer := i18n.NewLocalizer(bundle, p.Tag)
	p.formOf = func(n int) string {
		form, err := localizer.Localize(&i18n.LocalizeConfig{MessageID: "form", PluralCount: n})
		if err != nil {
			return "other"
		}
		return form
	}
	for n := range p.forms {
		p.forms[n] = p.formOf(n)
	}
	return nil
}

// kst is Korea's time, where the schedules of this world are made. It has had no summer time since 1988.
func kst() *time.Location { return time.FixedZone("KST", 9*60*60) }
