package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"lightstick/internal/fault"
)

// Printer says things in one language. Plain messages are a map lookup, so a page with fifty
// comments costs fifty lookups, not fifty template executions. It is safe for concurrent use.
//
// A key that is missing prints itself; the tests of this package make sure that none is.
type Printer struct {
	Tag string // BCP 47, as in addresses

	head               localeHead
	plain              map[string]string
	plural             map[string]map[string]string
	forms              [formsKnown]string
	formOf             func(n int) string
	day, moment, short []string
	korea              *time.Location
}

// Name is the language's name in itself.
func (p *Printer) Name() string { return p.head.Name }

// Dir is ltr or rtl.
func (p *Printer) Dir() string { return p.head.Dir }

// T is a plain message.
func (p *Printer) T(key string) string {
	if s, ok := p.plain[key]; ok {
		return s
	}
	return key
}

// F is a message with {places}, filled from name, value pairs.
func (p *Printer) F(key string, pairs ...string) string {
	s := p.T(key)
	for i := 0; i+1 < len(pairs); i += 2 {
		s = strings.Replace(s, "{"+pairs[i]+"}", pairs[i+1], 1)
	}
	return s
}

// N is a message about a number, which fills {n}.
func (p *Printer) N(key string, n int) string {
	forms, ok := p.plural[key]
	if !ok {
		return key
	}
	text, ok := forms[p.form(n)]
	if !ok {
		text = forms["other"]
	}
	return strings.Replace(text, "{n}", p.Number(n), 1)
}

func (p *Printer) form(n int) string {
	if n >= 0 && n < len(p.forms) {
		return p.forms[n]
	}
	return p.formOf(n)
}

// Number writes a whole number with the language's separators.
func (p *Printer) Number(n int) string {
	s := strconv.Itoa(n)
	if n > -1000 && n < 1000 {
		return s
	}
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + p.head.Group + s[i:]
	}
	return sign + s
}

// Day writes a date in Korea's time.
func (p *Printer) Day(t time.Time) string { return p.date(p.day, t) }

// Moment writes date and time in Korea's time, without naming the zone.
func (p *Printer) Moment(t time.Time) string { return p.date(p.moment, t) }

// Short writes date and time without the year, or the date alone when it is not of now's year.
func (p *Printer) Short(t, now time.Time) string {
	if t.In(p.korea).Year() != now.In(p.korea).Year() {
		return p.date(p.day, t)
	}
	return p.date(p.short, t)
}

// splitDate cuts a pattern into literals (even places) and names of parts (odd places).
func splitDate(pattern string) []string {
	var parts []string
	for {
		before, rest, ok := strings.Cut(pattern, "{")
		parts = append(parts, before)
		if !ok {
			return parts
		}
		name, after, _ := strings.Cut(rest, "}")
		parts, pattern = append(parts, name), after
	}
}

func (p *Printer) date(pattern []string, t time.Time) string { return p.dateIn(pattern, t, kst()) }

func (p *Printer) dateIn(pattern []string, t time.Time, zone *time.Location) string {
	t = t.In(zone)
	b := make([]byte, 0, 32)
	for i, part := range pattern {
		if i%2 == 0 {
			b = append(b, part...)
			continue
		}
		switch part {
		case "y":
			b = strconv.AppendInt(b, int64(t.Year()), 10)
		case "m":
			b = strconv.AppendInt(b, int64(t.Month()), 10)
		case "mm":
			b = two(b, int(t.Month()))
		case "mon":
			b = append(b, p.head.Months[t.Month()-1]...)
		case "d":
			b = strconv.AppendInt(b, int64(t.Day()), 10)
		case "dd":
			b = two(b, t.Day())
		case "H":
			b = two(b, t.Hour())
		case "M":
			b = two(b, t.Minute())
		}
	}
	return string(b)
}

func two(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

// Fault says what went wrong. A code that no file knows is said in the English of its maker.
func (p *Printer) Fault(err error) string {
	e := fault.From(err)
	return p.faultText(e.Code, e.Message, e.Params)
}

// FieldFault says what is wrong with one field.
func (p *Printer) FieldFault(f fault.Field) string { return p.faultText(f.Code, f.Message, f.Params) }

func (p *Printer) faultText(code, message string, params fault.Params) string {
	text, ok := p.plain["fault."+code]
	if !ok {
		return message
	}
	for name, value := range params {
		text = strings.ReplaceAll(text, "{"+name+"}", p.say(value))
	}
	return text
}

func (p *Printer) say(value any) string {
	switch v := value.(type) {
	case int:
		return p.Number(v)
	case time.Time:
		return p.Moment(v) + " KST"
	}
	return fmt.Sprint(value)
}
