package demo_test

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"lightstick/internal/demo"
)

// everything returns the world of seed 1 at the default size with its posts and comments.
func everything() (*demo.World, []demo.Post, []demo.Comment) {
	w := demo.New(1, demo.Size{})
	posts := make([]demo.Post, w.Size().Posts)
	for i := range posts {
		posts[i] = w.Post(i)
	}
	comments := make([]demo.Comment, w.Size().Comments)
	for i := range comments {
		comments[i] = w.Comment(i)
	}
	return w, posts, comments
}

func digest(posts []demo.Post, comments []demo.Comment) string {
	h := fnv.New64a()
	fmt.Fprint(h, posts, comments)
	return fmt.Sprintf("%016x", h.Sum64())
}

func TestSameSeedSameWorld(t *testing.T) {
	_, posts, comments := everything()
	const golden = "ea1a571b924c01e7"
	if got := digest(posts, comments); got != golden {
		t.Errorf("the world of seed 1 changed: %s, was %s; if its words were edited on purpose, update the golden", got, golden)
	}
	other := demo.New(2, demo.Size{})
	if other.Comment(17).Body == comments[17].Body && other.Comment(18).Body == comments[18].Body {
		t.Error("another seed gives the same comments")
	}
	again := demo.New(1, demo.Size{})
	for _, i := range []int{3999, 0, 2500} {
		if fmt.Sprint(again.Comment(i)) != fmt.Sprint(comments[i]) {
			t.Errorf("comment %d depends on what was asked before it", i)
		}
	}
}

func TestMembers(t *testing.T) {
	const many = 1000
	w := demo.New(1, demo.Size{Members: many})
	handle := regexp.MustCompile(`^[a-z0-9_]{3,20}$`)
	seen, admins, locales := map[string]bool{}, 0, map[string]int{}
	for i := range many {
		m := w.Member(i)
		if !handle.MatchString(m.Handle) || seen[m.Handle] {
			t.Errorf("member %d: handle %q is malformed or taken", i, m.Handle)
		}
		seen[m.Handle] = true
		if _, err := time.LoadLocation(m.TimeZone); err != nil || m.Name == "" || m.Bio == "" {
			t.Errorf("member %d: %+v: %v", i, m, err)
		}
		if m.Admin {
			admins++
		}
		locales[m.Locale]++
	}
	if admins != 1 || !w.Member(0).Admin || w.Member(0).Handle != "admin" {
		t.Errorf("%d admins", admins)
	}
	for _, l := range []string{"en", "ja", "es", "id"} {
		if locales[l] == 0 || locales[l] >= locales["ko"] {
			t.Errorf("locales %v", locales)
		}
	}
}

func TestFandoms(t *testing.T) {
	w := demo.New(1, demo.Size{})
	fandoms := w.Fandoms()
	if len(fandoms) != 4 {
		t.Fatalf("%d fandoms", len(fandoms))
	}
	moderates := map[int]bool{}
	for _, f := range fandoms {
		if light, dark := contrast(f.Accent, 1), contrast(f.Accent, luminance("#111114")); light < 4.5 || dark < 3.8 {
			t.Errorf("%s: contrast %.2f on white, %.2f on dark", f.Slug, light, dark)
		}
		staff := 0
		for _, b := range f.Boards {
			if b.StaffOnly {
				staff++
			}
		}
		if len(f.Boards) < 4 || len(f.Boards) > 6 || staff != 1 {
			t.Errorf("%s: %d boards, %d for staff", f.Slug, len(f.Boards), staff)
		}
		for _, m := range f.Moderators {
			if m == 0 || moderates[m] {
				t.Errorf("%s: moderator %d", f.Slug, m)
			}
			moderates[m] = true
		}
		for _, set := range f.Aliases {
			if len(set) < 3 {
				t.Errorf("%s: aliases %v", f.Slug, set)
			}
		}
	}
}

// contrast is the WCAG ratio of a colour and a luminance.
func contrast(hex string, other float64) float64 {
	a, b := luminance(hex), other
	return (math.Max(a, b) + 0.05) / (math.Min(a, b) + 0.05)
}

func luminance(hex string) float64 {
	var r, g, b int
	_, _ = fmt.Sscanf(hex, "#%02x%02x%02x", &r, &g, &b)
	linear := func(v int) float64 {
		c := float64(v) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

func TestPosts(t *testing.T) {
	w, posts, _ := everything()
	fandoms := w.Fandoms()
	titles, perBoard, pinned, pictures := map[string]int{}, map[[2]int]int{}, 0, 0
	for i, p := range posts {
		board := fandoms[p.Fandom].Boards[p.Board]
		perBoard[[2]int{p.Fandom, p.Board}]++
		titles[fmt.Sprint(p.Fandom, p.Title)]++
		if board.StaffOnly && !moderator(fandoms[p.Fandom], p.Author) {
			t.Errorf("post %d in %s is by member %d, no moderator", i, board.Slug, p.Author)
		}
		if got := w.Member(p.Author).Locale; got != p.Lang {
			t.Errorf("post %d in %s by a member who writes %s", i, p.Lang, got)
		}
		if i > 0 && p.Age > posts[i-1].Age || p.Age <= 0 || p.Age > 61*24*time.Hour {
			t.Errorf("post %d: age %v after %v", i, p.Age, posts[max(0, i-1)].Age)
		}
		if has := strings.Contains(p.Body, fmt.Sprintf("](%s%d)", demo.ImagePrefix, p.Image)); has != (p.Image >= 0) {
			t.Errorf("post %d: picture %d is not the one in its body", i, p.Image)
		}
		if p.Image >= 0 {
			pictures++
		}
		if p.Pinned {
			pinned++
		}
		checkText(t, fmt.Sprintf("post %d", i), p.Title+"\n"+p.Body, w)
		checkReactions(t, fmt.Sprintf("post %d", i), p.Reactions, w)
	}
	twice := 0
	for _, n := range titles {
		twice += n - 1
	}
	if twice > len(posts)/20 {
		t.Errorf("%d titles are repeated in their fandom", twice)
	}
	for f := range fandoms {
		for b := range fandoms[f].Boards {
			if perBoard[[2]int{f, b}] == 0 {
				t.Errorf("board %s/%s is empty", fandoms[f].Slug, fandoms[f].Boards[b].Slug)
			}
		}
	}
	if pinned != 5 || pictures < 40 {
		t.Errorf("%d pinned posts, %d with pictures", pinned, pictures)
	}
}

func moderator(f demo.Fandom, member int) bool {
	for _, m := range f.Moderators {
		if m == member {
			return true
		}
	}
	return false
}

var banned = regexp.MustCompile(`(?i)lorem|ipsum|https?:|\b(shit|fuck\w*|mierda|puta|anjing|FIXME|XXX|spotify|melon|twitter|youtube|instagram|tiktok|weverse)\b|씨발|병신|死ね|정국`)

var mention = regexp.MustCompile(`@([a-zA-Z0-9_]+)`)

// checkText looks for what no text of the world may hold: broken bytes, open slots, strangers.
func checkText(t *testing.T, what, text string, w *demo.World) {
	t.Helper()
	if strings.TrimSpace(text) == "" || !utf8.ValidString(text) || strings.ContainsAny(text, "{}\u202e\ufffd\x00") || strings.Contains(text, "[[") {
		t.Errorf("%s is empty, broken or has an open slot: %q", what, text)
	}
	if strings.Count(text, "||")%2 != 0 {
		t.Errorf("%s: a spoiler is not closed: %q", what, text)
	}
	if word := banned.FindString(text); word != "" {
		t.Errorf("%s says %q: %q", what, word, text)
	}
	for _, m := range mention.FindAllStringSubmatch(text, -1) {
		if !handles(w)[m[1]] {
			t.Errorf("%s mentions %q, whom nobody knows", what, m[1])
		}
	}
}

func handles(w *demo.World) map[string]bool {
	known := map[string]bool{}
	for i := range w.Size().Members {
		known[w.Member(i).Handle] = true
	}
	return known
}

func checkReactions(t *testing.T, what string, list []demo.Reaction, w *demo.World) {
	t.Helper()
	seen := map[int]bool{}
	for _, r := range list {
		if seen[r.Member] || r.Member < 0 || r.Member >= w.Size().Members || r.Kind < 0 || r.Kind > 5 {
			t.Errorf("%s: reaction %+v is wrong or doubled", what, r)
		}
		seen[r.Member] = true
	}
}

func TestComments(t *testing.T) {
	w, posts, comments := everything()
	langs, perPost, depths := map[string]int{}, map[int]int{}, make([]int, len(comments))
	seen, doubles, home := map[string]bool{}, 0, 0
	for i, c := range comments {
		what := fmt.Sprintf("comment %d", i)
		checkText(t, what, c.Body, w)
		checkReactions(t, what, c.Reactions, w)
		langs[c.Lang]++
		perPost[c.Post]++
		if c.Lang == posts[c.Post].Lang {
			home++
		}
		if c.Age > posts[c.Post].Age || c.Age <= 0 || i > 0 && c.Age > comments[i-1].Age {
			t.Errorf("%s: age %v, its post %v", what, c.Age, posts[c.Post].Age)
		}
		if depths[i] = 1; c.Parent >= 0 {
			if c.Parent >= i || comments[c.Parent].Post != c.Post || comments[c.Parent].Author == c.Author {
				t.Errorf("%s answers %d: %+v", what, c.Parent, comments[c.Parent])
				continue
			}
			depths[i] = depths[c.Parent] + 1
		}
		if got := w.Member(c.Author).Locale; got != c.Lang {
			t.Errorf("%s in %s by a member who writes %s", what, c.Lang, got)
		}
		const short = 12
		if seen[c.Body] && utf8.RuneCountInString(c.Body) > short {
			doubles++
		}
		seen[c.Body] = true
	}
	for lang, want := range map[string]int{"ko": 45, "en": 20, "ja": 13, "es": 11, "id": 11} {
		if got := langs[lang] * 100 / len(comments); got < want-5 || got > want+5 {
			t.Errorf("%d %% of the comments are in %s, want about %d", got, lang, want)
		}
	}
	if doubles > len(comments)/20 {
		t.Errorf("%d comments say what another said", doubles)
	}
	if home < len(comments)*7/10 || home > len(comments)*95/100 {
		t.Errorf("%d of %d comments are in the language of their post", home, len(comments))
	}
	deepest := 0
	for _, d := range depths {
		deepest = max(deepest, d)
	}
	if deepest < 6 || deepest > 8 {
		t.Errorf("deepest thread %d", deepest)
	}
	hot, busiest := 0, 0
	for post, n := range perPost {
		if n >= 100 {
			hot++
		}
		if n > perPost[busiest] {
			busiest = post
		}
	}
	if !posts[busiest].Pinned || perPost[busiest] < 300 || hot < 3 || hot > 20 {
		t.Errorf("post %d has %d comments, %d posts have 100", busiest, perPost[busiest], hot)
	}
	newest := map[int]bool{}
	for _, c := range comments[len(comments)-50:] {
		newest[c.Post] = true
	}
	if len(newest) < 12 {
		t.Errorf("the newest 50 comments are on %d posts", len(newest))
	}
	t.Logf("languages %v, %d doubled, %d home, depth %d, %d hot, busiest %d", langs, doubles, home, deepest, hot, perPost[busiest])
}

// TestEveryWord says everything there is to say, so that no slot or line of any language is broken.
func TestEveryWord(t *testing.T) {
	w := demo.New(3, demo.Size{Posts: 3000, Comments: 40_000})
	for i := range w.Size().Posts {
		if p := w.Post(i); strings.ContainsAny(p.Title+p.Body, "{}") || strings.Contains(p.Body, "[[") {
			t.Errorf("post %d has an open slot: %q %q", i, p.Title, p.Body)
		}
	}
	for i := range w.Size().Comments {
		if body := w.Comment(i).Body; strings.ContainsAny(body, "{}") || strings.HasPrefix(body, "-") || strings.HasPrefix(body, "*") {
			t.Errorf("comment %d has an open slot or a stray mark: %q", i, body)
		}
	}
}

// TestBanks holds the least that is written in every language.
func TestBanks(t *testing.T) {
	const leastPosts, leastComments, leastReplies = 40, 200, 120
	for _, lang := range []string{demo.Korean, demo.English, demo.Japanese, demo.Spanish, demo.Indonesian} {
		files, err := filepath.Glob("content/" + lang + "/*.txt")
		if err != nil || len(files) < 3 {
			t.Fatal(lang, files, err)
		}
		posts, comments, replies := 0, 0, 0
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			section := ""
			for row := range strings.Lines(string(data)) {
				switch {
				case strings.HasPrefix(row, "== "):
					section = strings.Fields(row)[1]
					if strings.Contains(file, "posts") {
						posts++
					}
				case strings.HasPrefix(row, "--"), strings.HasPrefix(row, "-!"), strings.HasPrefix(row, "- ") && strings.HasPrefix(section, "reply"):
					replies++
				case strings.HasPrefix(row, "- "):
					comments++
				}
			}
		}
		if posts < leastPosts || comments < leastComments || replies < leastReplies {
			t.Errorf("%s: %d posts, %d comments, %d replies", lang, posts, comments, replies)
		}
		t.Logf("%s: %d posts, %d comments, %d replies", lang, posts, comments, replies)
	}
}

// TestSizes checks the layout at awkward sizes: all posts and parents exist, and every parent is
// an earlier comment of the same post.
func TestSizes(t *testing.T) {
	for _, size := range []demo.Size{
		{Posts: 1, Comments: 30}, {Posts: 2, Comments: 9}, {Posts: 5, Comments: 1}, {Posts: 79, Comments: 1000},
		{Posts: 81, Comments: 333}, {Posts: 163, Comments: 4001}, {Posts: 999, Comments: 100}, {Posts: 3000, Comments: 41, Members: 13},
	} {
		w := demo.New(7, size)
		at := map[int]demo.Comment{}
		for i := range w.Size().Comments {
			c := w.Comment(i)
			at[i] = c
			if c.Post < 0 || c.Post >= size.Posts || c.Age > w.Post(c.Post).Age {
				t.Fatalf("%+v: comment %d on post %d", size, i, c.Post)
			}
			if c.Parent >= 0 && (c.Parent >= i || at[c.Parent].Post != c.Post) {
				t.Fatalf("%+v: comment %d of post %d answers %d of post %d", size, i, c.Post, c.Parent, at[c.Parent].Post)
			}
		}
	}
}

func TestAMillion(t *testing.T) {
	size := demo.Size{Posts: 20_000, Comments: 1_000_000, Members: 5000}
	w := demo.New(1, size)
	const stride = 101
	for i := 0; i < size.Comments; i += stride {
		c := w.Comment(i)
		if c.Parent >= 0 && (c.Parent >= i || w.Comment(c.Parent).Post != c.Post) {
			t.Fatalf("comment %d answers %d", i, c.Parent)
		}
		if c.Post >= size.Posts || c.Author >= size.Members || c.Body == "" {
			t.Fatalf("comment %d: %+v", i, c)
		}
	}
}

func TestCheckRefusesImpossibleSizes(t *testing.T) {
	for _, size := range []demo.Size{{Posts: -1}, {Comments: -5}, {Members: 3}, {Posts: demo.MaxPosts + 1}} {
		if size.Check() == nil {
			t.Errorf("%+v passed", size)
		}
	}
	if err := (demo.Size{}).Check(); err != nil {
		t.Error(err)
	}
}

func TestImages(t *testing.T) {
	w := demo.New(1, demo.Size{})
	if w.Images() < 24 {
		t.Errorf("%d pictures", w.Images())
	}
	const largest = 200 << 10
	seen := map[string]bool{}
	for i := 0; i < w.Images(); i += 5 { // every kind and fandom once; all take long to draw
		data := w.Image(i)
		cfg, err := png.DecodeConfig(bytes.NewReader(data))
		width, height := w.ImageSize()
		if err != nil || cfg.Width != width || cfg.Height != height || len(data) > largest || seen[string(data)] {
			t.Errorf("picture %d: %d bytes, %+v, %v", i, len(data), cfg, err)
		}
		seen[string(data)] = true
		checkText(t, "alt", w.ImageAlt(i), w)
	}
	if !bytes.Equal(w.Image(7), demo.New(1, demo.Size{}).Image(7)) {
		t.Error("the same picture is drawn differently")
	}
}

func BenchmarkComment(b *testing.B) {
	w := demo.New(1, demo.Size{Posts: 20_000, Comments: 1_000_000, Members: 5000})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		w.Comment(i * 7919 % 1_000_000)
	}
}

func BenchmarkImage(b *testing.B) {
	w := demo.New(1, demo.Size{})
	for i := 0; b.Loop(); i++ {
		w.Image(i % w.Images())
	}
}
