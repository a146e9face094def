package e2e_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestReplyInPlace writes, reacts and edits on the page of a post without leaving it.
func TestReplyInPlace(t *testing.T) {
	m := signInAPI(t, "lantern_jo")
	post := m.newPost(anyBoard(t, newVisitor(t)).id, "Answer here", "In place, please.")
	b := openTab(t, phone).be(demo(t, "kopi_dingin"))
	b.open("/en/p/" + post)
	b.until(`document.querySelector('#me .av')`)
	eval[bool](b, `window.stayed = true`)
	b.click(".answer a.reply")
	b.until(`document.activeElement.matches('.panel.inline textarea')`)
	b.fill(".panel.inline textarea", "Written **in place**")
	b.click(".panel.inline .tools button:last-child")
	b.until(`document.querySelector('.panel.inline .preview strong')?.textContent === 'in place'`)
	b.click(".panel.inline .tools button:last-child")
	b.click(".panel.inline button.main")
	b.until(`document.querySelector('.cs > li .md strong')?.textContent === 'in place'`)
	if !eval[bool](b, `window.stayed === true && document.querySelector('.panel.inline') === null && document.querySelectorAll('.cs > li').length === 1`) {
		t.Error("the page was left, the form stayed open, or the comment stands twice")
	}
	b.click(".cs > li a.edit")
	b.until(`document.querySelector('.panel.inline textarea')?.value === 'Written **in place**'`)
	b.fill(".panel.inline textarea", " and changed")
	b.click(".panel.inline button.main")
	b.until(`document.querySelector('.cs > li .md').textContent.includes('and changed')`)
	lightstick := `document.querySelector('button[value="p` + post + `.lightstick"]')`
	b.until(lightstick + `.getAttribute('aria-pressed') === 'false'`)
	b.click(`button[value="p` + post + `.lightstick"]`)
	b.until(lightstick + `.getAttribute('aria-pressed') === 'true' && ` + lightstick + `.textContent.trim() === '1'`)
	b.click(`.cs > li a.plus`)
	b.until(`document.querySelectorAll('.cs > li button[form=react]').length === 6`)
	b.open("/en/p/" + post)
	b.until(lightstick + `.getAttribute('aria-pressed') === 'true'`)
	b.click(`button[value="p` + post + `.lightstick"]`)
	b.until(lightstick + `.getAttribute('aria-pressed') === 'false'`)
}

// TestDraft keeps what was written over a reload and forgets it once it is sent.
func TestDraft(t *testing.T) {
	v := demo(t, "ekor_komet")
	board := anyBoard(t, v)
	b := openTab(t, desk).be(v)
	b.open("/me/en/write?board=" + board.id)
	b.fill("#title", "A draft")
	b.fill("form.compose textarea", "Half a thought")
	b.until(`document.querySelector('.draft').textContent !== ''`)
	b.open("/me/en/write?board=" + board.id)
	b.until(`document.querySelector('form.compose textarea').value === 'Half a thought' && document.querySelector('#title').value === 'A draft'`)
	b.fill("form.compose textarea", ", finished")
	b.click("form.compose button.main")
	b.until(`location.pathname.startsWith('/en/p/') && document.querySelector('article .md').textContent.includes('Half a thought, finished')`)
	b.open("/me/en/write?board=" + board.id)
	if kept := eval[string](b, `document.querySelector('form.compose textarea').value`); kept != "" {
		t.Errorf("the draft outlived its post: %q", kept)
	}
}

// TestPictures brings pictures by picker, paste and drag.
func TestPictures(t *testing.T) {
	v := demo(t, "podoal_hunter")
	board := anyBoard(t, v)
	b := openTab(t, desk).be(v)
	b.open("/me/en/write?board=" + board.id)
	b.fill("#title", "Three pictures")
	answers := b.answerDialogs("A lit stage")
	file := filepath.Join(t.TempDir(), "stage.png")
	if err := os.WriteFile(file, picture(t, 640, 480), 0o600); err != nil {
		t.Fatal(err)
	}
	pictures := func(n int) string {
		return `document.querySelector('form.compose textarea').value.split('![A lit stage](').length === ` + itoa(n+1)
	}
	b.run(chromedp.SetUploadFiles(chromedp.CSS("input[type=file]"), []string{file}))
	b.until(pictures(1))
	raw := base64.StdEncoding.EncodeToString(picture(t, 320, 200))
	transfer := `(() => {
		const bytes = Uint8Array.from(atob("` + raw + `"), c => c.charCodeAt(0)), data = new DataTransfer();
		data.items.add(new File([bytes], 'more.png', {type: 'image/png'}));
		return data;
	})()`
	eval[bool](b, `document.querySelector('form.compose textarea').dispatchEvent(new ClipboardEvent('paste', {clipboardData: `+transfer+`, bubbles: true, cancelable: true}))`)
	b.until(pictures(2))
	eval[bool](b, `document.querySelector('form.compose').dispatchEvent(new DragEvent('drop', {dataTransfer: `+transfer+`, bubbles: true, cancelable: true}))`)
	b.until(pictures(3))
	b.click("form.compose button.main")
	b.until(`location.pathname.startsWith('/en/p/') && document.querySelectorAll('article .md img').length === 3`)
	b.until(`[...document.querySelectorAll('article .md img')].every(i => i.complete && i.naturalWidth > 0)`)
	answers()
}

// answerDialogs answers every question of the page until the returned function is called.
func (b *tab) answerDialogs(text string) (stop func()) {
	b.t.Helper()
	done := make(chan struct{})
	b.dialogs = make(chan string, 16)
	go func() {
		defer close(done)
		for range b.dialogs {
			if _, err := chromedp.Call(b.ctx, cdppage.HandleJavaScriptDialog, cdppage.HandleJavaScriptDialogParams{Accept: true, PromptText: text}); err != nil {
				b.say("dialog: %v", err)
			}
		}
	}()
	return func() {
		b.mu.Lock()
		close(b.dialogs)
		b.dialogs = nil
		b.mu.Unlock()
		<-done
	}
}

// TestLocalTimes reads as somebody in São Paulo: their own time first, Korea's beside it.
func TestLocalTimes(t *testing.T) {
	m := signInAPI(t, "lantern_jo")
	post := m.newPost(anyBoard(t, newVisitor(t)).id, "What time is it?", "Everywhere another.")
	away := phone
	away.zone = "America/Sao_Paulo"
	b := openTab(t, away)
	b.open("/en/p/" + post)
	text := eval[string](b, `document.querySelector('article time').textContent`)
	want := eval[string](b, `(() => { const at = new Date(document.querySelector('article time').dateTime);
		const in_ = zone => new Intl.DateTimeFormat('en', {hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone}).format(at);
		return in_('America/Sao_Paulo') + '|' + in_('Asia/Seoul') })()`)
	here, korea, _ := strings.Cut(want, "|")
	if !strings.Contains(text, here) || !strings.Contains(text, korea) || !strings.Contains(text, "KST") || strings.Index(text, here) > strings.LastIndex(text, korea) {
		t.Errorf("the time reads %q, want %s first, then %s KST", text, here, korea)
	}
	b = openTab(t, phone)
	b.open("/ko/p/" + post)
	if text := eval[string](b, `document.querySelector('article time').textContent`); strings.Contains(text, "KST") {
		t.Errorf("in Korea the time reads %q", text)
	}
}

// TestSpoiler uncovers what was covered.
func TestSpoiler(t *testing.T) {
	v := demo(t, "saengka_tour")
	post := v.post(anyBoard(t, v), "Careful", "The end: ||everybody dances||.")
	b := openTab(t, phone)
	b.open(post.url.Path)
	hidden := `getComputedStyle(document.querySelector('span.spoiler')).color === 'rgba(0, 0, 0, 0)'`
	if !eval[bool](b, hidden) {
		t.Error("the spoiler is not covered")
	}
	b.click("span.spoiler")
	b.until(`!(` + hidden + `) && document.querySelector('span.spoiler').getAttribute('aria-expanded') === 'true'`)
}
