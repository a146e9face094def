package web_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/web"
)

var placePattern = regexp.MustCompile(`\{\w+\}`)

// places are the {places} of a message, sorted, each once.
func places(text string) []string {
	list := placePattern.FindAllString(text, -1)
	slices.Sort(list)
	return slices.Compact(list)
}

func loadLocales(t testing.TB) *web.Locales {
	t.Helper()
	ls, err := web.LoadLocales()
	if err != nil {
		t.Fatal(err)
	}
	return ls
}

// TestLanguagesSayTheSame compares every language with English: the same keys, the same places.
func TestLanguagesSayTheSame(t *testing.T) {
	ls := loadLocales(t)
	english := web.Messages(ls.Default())
	for _, p := range ls.All() {
		other := web.Messages(p)
		for key, forms := range english {
			theirs, ok := other[key]
			if !ok {
				t.Errorf("%s lacks %s", p.Tag, key)
				continue
			}
			for form, text := range theirs {
				if text == "" {
					t.Errorf("%s: %s (%s) is empty", p.Tag, key, form)
				}
				if got, want := places(text), places(forms["other"]); !slices.Equal(got, want) {
					t.Errorf("%s: %s (%s) has the places %v, English has %v", p.Tag, key, form, got, want)
				}
			}
		}
		for key := range other {
			if _, ok := english[key]; !ok {
				t.Errorf("%s has %s, which English does not know", p.Tag, key)
			}
		}
		for key, missing := range web.MissingForms(p) {
			t.Errorf("%s: %s lacks the plural forms %v", p.Tag, key, missing)
		}
	}
}

// TestEveryTextIsUsed finds keys that the code asks for and no file has, and the other way round.
func TestEveryTextIsUsed(t *testing.T) {
	known := web.Messages(loadLocales(t).Default())
	used, prefixes := keysOfCode(t)
	for key, where := range used {
		if _, ok := known[key]; !ok {
			t.Errorf("%s: no language has %s", where, key)
		}
	}
	script := scriptKeys(t)
	for key := range known {
		if name, ok := strings.CutPrefix(key, "js."); ok {
			if !script[name] {
				t.Errorf("%s: the script does not use it", key)
			}
			continue
		}
		if _, ok := used[key]; !ok && !strings.HasPrefix(key, "fault.") && !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(key, p) }) {
			t.Errorf("%s is not used", key)
		}
	}
	for name := range script {
		if _, ok := known["js."+name]; !ok && !strings.HasPrefix(name, "r_") {
			t.Errorf("the script uses T.%s, which no language has", name)
		}
	}
}

// keysOfCode collects the keys given to T, F and N, and the beginnings of those that are put together.
// A string that looks like a key in a known section counts too: tables of keys are data.
func keysOfCode(t *testing.T) (map[string]string, []string) {
	t.Helper()
	used, prefixes := map[string]string{}, []string{}
	looksLike := regexp.MustCompile(`^[a-z_]+\.[a-z0-9_]*$`)
	sections := map[string]bool{}
	for key := range web.Messages(loadLocales(t).Default()) {
		section, _, _ := strings.Cut(key, ".")
		sections[section] = true
	}
	fset := token.NewFileSet()
	eachSource(t, ".", func(name string) {
		file, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if sel, ok := n.Fun.(*ast.SelectorExpr); ok && len(n.Args) > 0 && slices.Contains([]string{"T", "F", "N"}, sel.Sel.Name) {
					if key, ok := literal(n.Args[0]); ok {
						used[key] = fset.Position(n.Pos()).String()
					}
				}
			case *ast.BinaryExpr:
				if s, ok := literal(n.X); ok && looksLike.MatchString(s) {
					prefixes = append(prefixes, s)
				}
			case *ast.BasicLit:
				s, ok := literal(n)
				section, rest, _ := strings.Cut(s, ".")
				if ok && looksLike.MatchString(s) && sections[section] && rest != "" {
					if _, dup := used[s]; !dup && !slices.Contains([]string{"toml", "css", "js", "svg", "ico", "txt"}, rest) {
						prefixes = append(prefixes, s)
					}
				}
			}
			return true
		})
	})
	return used, prefixes
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

func eachSource(t *testing.T, dir string, do func(name string)) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no sources in %s: %v", dir, err)
	}
	for _, name := range names {
		if !strings.HasSuffix(name, "_test.go") {
			do(name)
		}
	}
}

func scriptKeys(t *testing.T) map[string]bool {
	t.Helper()
	names, err := filepath.Glob("assets/js/*.js")
	if err != nil || len(names) == 0 {
		t.Fatalf("no script: %v", err)
	}
	keys := map[string]bool{}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\bT\.(\w+)`).FindAllStringSubmatch(string(raw), -1) {
			keys[m[1]] = true
		}
	}
	return keys
}

// TestEveryFaultIsTranslated reads the codes from the sources of the packages whose faults reach a page.
func TestEveryFaultIsTranslated(t *testing.T) {
	known := web.Messages(loadLocales(t).Default())
	made := map[string]bool{"sanction_mute": true, "sanction_ban": true, "sanction_mute_until": true, "sanction_ban_until": true} // put together from the kind
	for _, kind := range []string{"post", "comment", "member", "fandom", "board", "word_rule", "case", "event"} {
		made[kind+"_not_found"] = true // put together in forum.NotFound
	}
	params := map[string][]string{}
	for _, dir := range []string{"fault", "forum", "identity", "media", "edge", "store", "web"} {
		eachSource(t, filepath.Join("..", dir), func(name string) { faultsOf(t, name, made, params) })
	}
	if len(made) < 60 {
		t.Fatalf("only %d codes found", len(made))
	}
	for code := range made {
		forms, ok := known["fault."+code]
		if !ok {
			t.Errorf("fault.%s is not translated", code)
			continue
		}
		for _, place := range places(forms["other"]) {
			if given, ok := params[code]; ok && !slices.Contains(given, strings.Trim(place, "{}")) {
				t.Errorf("fault.%s has the place %s, which is never filled", code, place)
			}
		}
	}
	for key := range known {
		if code, ok := strings.CutPrefix(key, "fault."); ok && !made[code] {
			t.Errorf("%s: nothing makes this fault", key)
		}
	}
}

// faultsOf collects codes from fault.New, fault.Wrap, Fields.Add, helpers of their shape and literals of Field and Error.
func faultsOf(t *testing.T, name string, made map[string]bool, params map[string][]string) {
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile(`^[a-z][a-z0-9_]+$`)
	note := func(c string, args []ast.Expr) {
		made[c] = true
		var names []string
		for i := 0; i+1 < len(args); i += 2 {
			if s, ok := literal(args[i]); ok {
				names = append(names, s)
			}
		}
		if prev, dup := params[c]; dup { // a place must be filled wherever the fault is made
			names = slices.DeleteFunc(names, func(n string) bool { return !slices.Contains(prev, n) })
		}
		params[c] = names
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			// A code is followed by its message: a sentence.
			for i := 0; i+1 < len(n.Args); i++ {
				c, ok := literal(n.Args[i])
				message, sentence := literal(n.Args[i+1])
				if ok && sentence && code.MatchString(c) && strings.Contains(message, " ") && strings.HasSuffix(strings.TrimRight(message, "}"), ".") {
					note(c, n.Args[i+2:])
					break
				}
			}
		case *ast.CompositeLit:
			var c string
			hasMessage := false
			for _, e := range n.Elts {
				kv, ok := e.(*ast.KeyValueExpr)
				if !ok {
					continue
				}
				key, _ := kv.Key.(*ast.Ident)
				if key != nil && key.Name == "Code" {
					c, _ = literal(kv.Value)
				}
				hasMessage = hasMessage || key != nil && key.Name == "Message"
			}
			if c != "" && hasMessage {
				made[c] = true
			}
		}
		return true
	})
}

func TestAcceptLanguage(t *testing.T) {
	ls := loadLocales(t)
	for header, want := range map[string]string{
		"": "en", "ko": "ko", "ja-JP,ja;q=0.9": "ja", "in": "id", "fr,de;q=0.8": "en", "*": "en", "es-419": "es",
		";;;,,,q=": "en", "ko;q=0, es": "es", "zh-TW, ko;q=0.2": "ko",
	} {
		if got := ls.Accept(header).Tag; got != want {
			t.Errorf("%q gives %s, want %s", header, got, want)
		}
	}
}

func TestPrinter(t *testing.T) {
	ls := loadLocales(t)
	at := time.Date(2026, 11, 22, 15, 30, 0, 0, time.UTC) // half past midnight on the 23rd in Korea
	for tag, want := range map[string][4]string{
		"en": {"23 Nov 2026, 00:30", "1 comment", "1,234,567 comments", "2025 not"},
		"ko": {"2026.11.23 00:30", "댓글 1개", "댓글 1,234,567개", ""},
		"ja": {"2026年11月23日 0:30", "コメント1件", "コメント1,234,567件", ""},
		"es": {"23 nov 2026, 00:30", "1 comentario", "1.234.567 comentarios", ""},
		"id": {"23 Nov 2026 00.30", "1 komentar", "1.234.567 komentar", ""},
	} {
		p := ls.Printer(tag)
		if tag == "ja" {
			want[0] = "2026年11月23日 00:30"
		}
		for i, got := range []string{p.Moment(at), p.N("count.comments", 1), p.N("count.comments", 1_234_567)} {
			if got != want[i] {
				t.Errorf("%s: %q, want %q", tag, got, want[i])
			}
		}
		if got := p.N("count.comments", -5); !strings.Contains(got, "-5") {
			t.Errorf("%s: %q for -5", tag, got)
		}
	}
	if got, want := ls.Printer("es").N("count.comments", 1_000_000), "1.000.000 de comentarios"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if old := ls.Printer("en").Short(at.AddDate(-1, 0, 0), at); old != "23 Nov 2025" {
		t.Errorf("a time of last year is %q", old)
	}
	err := fault.New(fault.Invalid, "too_long", "Use at most {max} characters.", "max", 5000)
	if got := ls.Printer("es").Fault(err); got != "Usa como máximo 5.000 caracteres." {
		t.Errorf("the fault says %q", got)
	}
}

// TestAddingALanguageIsAddingOneFile loads an invented language beside English.
func TestAddingALanguageIsAddingOneFile(t *testing.T) {
	raw, err := os.ReadFile("locales/en.toml")
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(string(raw), `name = "English"`, `name = "Polski"`, 1)
	ls, err := web.ReadLocales(fstest.MapFS{"en.toml": {Data: raw}, "pl.toml": {Data: []byte(other)}})
	if err != nil {
		t.Fatal(err)
	}
	if got := ls.Tags(); !slices.Equal(got, []string{"en", "pl"}) || ls.Accept("pl-PL").Name() != "Polski" {
		t.Errorf("languages %v", got)
	}
	if len(web.MissingForms(ls.Printer("pl"))) == 0 {
		t.Error("Polish has more plural forms than English; nobody noticed")
	}
}

func TestBrokenLanguages(t *testing.T) {
	raw, err := os.ReadFile("locales/en.toml")
	if err != nil {
		t.Fatal(err)
	}
	for name, files := range map[string]fstest.MapFS{
		"no English":      {"ko.toml": {Data: raw}},
		"not TOML":        {"en.toml": {Data: []byte("= 3")}},
		"no head":         {"en.toml": {Data: []byte("[site]\nskip = \"x\"")}},
		"a number":        {"en.toml": {Data: append(slices.Clone(raw), "\n[x]\ny = 3\n"...)}},
		"no such tag":     {"en.toml": {Data: raw}, "english!.toml": {Data: raw}},
		"twelfths":        {"en.toml": {Data: []byte(strings.Replace(string(raw), `"Jan", `, "", 1))}},
		"wrong direction": {"en.toml": {Data: []byte(strings.Replace(string(raw), `dir = "ltr"`, `dir = "down"`, 1))}},
	} {
		if _, err := web.ReadLocales(files); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
