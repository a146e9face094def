package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestCountdown: the server's words become a clock in the reader's own time, which stands still
// for who wants no motion.
func TestCountdown(t *testing.T) {
	const first = `document.querySelector('.left').textContent`
	paris := phone
	paris.zone = "Europe/Paris"
	b := openTab(t, paris)
	b.open("/en/f/vellune")
	clock := regexp.MustCompile(`^(\d+ days? )?\d\d:\d\d:\d\d$`)
	one := eval[string](b, first)
	if !clock.MatchString(one) {
		t.Errorf("the countdown says %q", one)
	}
	eval[bool](b, `new Promise(done => setTimeout(() => done(true), 1100))`)
	if two := eval[string](b, first); !clock.MatchString(two) || two == one {
		t.Errorf("the countdown said %q and says %q a second later", one, two)
	}
	if at := eval[string](b, `document.querySelector('.events time').textContent`); !regexp.MustCompile(`\d\d:\d\d \(\d\d:\d\d KST\)$`).MatchString(at) {
		t.Errorf("a reader in Paris is told %q", at)
	}
	calm := phone
	calm.calm = true
	b = openTab(t, calm)
	b.open("/en/f/vellune")
	if still := eval[string](b, first); !regexp.MustCompile(`^in \d+ (days?|hours?|minutes?)$`).MatchString(still) {
		t.Errorf("who wants no motion is shown %q", still)
	}
}

// TestCalendarOfAModerator announces something, which a reader without script then sees.
func TestCalendarOfAModerator(t *testing.T) {
	mod := demo(t, moderator)
	form := mod.open("/admin/en/events").follow(`a.button[href*="/events/new"]`).form("form.plain")
	starts := time.Now().Add(49 * time.Hour).In(time.FixedZone("KST", 9*3600)).Format("2006-01-02T15:04")
	form.set("title", "Bake together", "kind", "other", "starts_at", starts).submit().want(".notice", "Saved")
	event := mod.open("/admin/en/events").follow(`.events a.t:contains("Bake together")`)
	calendar := event.Find(`a[href^="/en/calendar/"]`).AttrOr("href", "")
	path, _, _ := strings.Cut(calendar, "#")
	newVisitor(t).open(path).want(".events", "Bake together").want(".events", "in 2 days")
	event.form("form.plain").set("cancelled", "1").submit()
	eventually(t, eventualCount, "the event to be called off", func() bool {
		return strings.Contains(newVisitor(t).get(path).Find(".events .off").Text(), "Bake together")
	})
	mod.open(event.url.Path).form(`form[action$="/delete"]`).submit().want(".notice", "Removed")
}

// TestCalendarLook audits the pages of the calendar, and takes pictures of them when asked to.
func TestCalendarLook(t *testing.T) {
	v := demo(t, "admin")
	event := v.open("/admin/en/events?fandom=2").Find(".events a.t").First().AttrOr("href", "")
	for _, s := range []screen{phone, desk} {
		b := openTab(t, s).be(v)
		for name, path := range map[string]string{"fandom": "/f/vellune", "calendar": "/calendar/vellune", "past": "/calendar/vellune?past=1"} {
			lookAt(t, b, s, name, "/ko"+path, "/en"+path)
		}
		lookAt(t, b, s, "staff", "/admin/ko/events?fandom=2", "/admin/en/events?fandom=2")
		lookAt(t, b, s, "edit", strings.Replace(event, "/en/", "/ko/", 1), event)
	}
}

func lookAt(t *testing.T, b *tab, s screen, name string, paths ...string) {
	t.Helper()
	for _, path := range paths {
		b.open(path)
		for _, dark := range []bool{false, true} {
			s.dark = dark
			b.emulate(s)
			for _, audit := range []string{contrastAudit, targetAudit, overflowAudit} {
				for _, wrong := range eval[[]string](b, audit) {
					t.Errorf("%s, %d px, dark %v: %s", path, s.width, dark, wrong)
				}
			}
			if dir := os.Getenv("LIGHTSTICK_SCREENSHOTS"); dir != "" {
				theme := map[bool]string{false: "light", true: "dark"}[dark]
				b.shoot(filepath.Join(dir, name+"-"+itoa(int(s.width))+"-"+theme+"-"+regexp.MustCompile(`/(ko|en)/`).FindStringSubmatch(path)[1]+".png"), s)
			}
		}
	}
}

// TestLookIsTold: the browser tells by a beacon that somebody looks at a post, and nothing else does.
func TestLookIsTold(t *testing.T) {
	const told = `performance.getEntriesByType('resource').filter(e => e.name.endsWith('/me/seen')).map(e => e.initiatorType).join()`
	b := openTab(t, phone)
	b.open(busiest(t))
	b.until(told + ` === 'beacon'`)
	b.open("/en/f/vellune")
	if got := eval[string](b, told); got != "" {
		t.Errorf("a list of posts tells of a look: %s", got)
	}
	if eval[string](b, `document.cookie`) != "" {
		t.Error("a look left a cookie")
	}
}
