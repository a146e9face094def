package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// writers are members of the demo world who comment in the tests of live posts.
func writers(t testing.TB) []*apiMember {
	t.Helper()
	var list []*apiMember
	for _, handle := range []string{"quietrow", "shoelace_gg", "marmalade_k", "row_four", "ines_draws", "bside_attorney", "vale_bside", "nutria_azul"} {
		list = append(list, signInAPI(t, handle))
	}
	return list
}

// TestLive measures how soon a comment by somebody else is seen in an open page.
func TestLive(t *testing.T) {
	const within = 3 * time.Second
	members := writers(t)
	board := anyBoard(t, newVisitor(t))
	post := members[0].newPost(board.id, "Open while others write", "Keep reading.")
	tabs := []*tab{openTab(t, phone), openTab(t, desk)} // two readers share the page cache
	for _, b := range tabs {
		b.open("/ko/p/" + post)
	}
	worst := time.Duration(0)
	for i := range 4 {
		comment := id(members[1+i%3].post("/posts/"+post+"/comments", map[string]any{"body": fmt.Sprintf("Live number %d", i)}, http.StatusCreated))
		began := time.Now()
		for _, b := range tabs {
			b.until(fmt.Sprintf(`document.querySelector('#c%s') !== null`, comment))
			worst = max(worst, time.Since(began))
		}
	}
	t.Logf("the slowest of 4 comments was seen by 2 readers after %d ms", worst.Milliseconds())
	if worst > within {
		t.Errorf("a comment was seen after %v, want %v", worst, within)
	}
	b := tabs[0]
	b.until(`(document.querySelector('#live button')?.click(), document.querySelector('#live button') === null)`)
	reply := id(members[1].post("/posts/"+post+"/comments", map[string]any{"body": "An answer between others", "parent_id": eval[int](b, `Number(document.querySelector('.cs > li').id.slice(1))`)}, http.StatusCreated))
	b.until(`document.querySelector('#live button') !== null`)
	if eval[bool](b, `document.querySelector('#c`+reply+`') !== null`) {
		t.Error("a reply between others moved the text without being asked")
	}
	b.click("#live button")
	b.until(`document.querySelector('#c` + reply + `')?.classList.contains('d1')`)
	if !eval[bool](b, `document.activeElement.id === 'c`+reply+`' && document.querySelector('#live button') === null`) {
		t.Error("after showing what is new, the focus is not on it")
	}
}

// TestNobodyMissesAComment lets eight members write at once while a page is open.
func TestNobodyMissesAComment(t *testing.T) {
	const each = 25
	members := writers(t)
	post := members[0].newPost(anyBoard(t, newVisitor(t)).id, "Everyone at once", "Go!")
	b := openTab(t, desk)
	b.open("/en/p/" + post)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var ids []string
	for _, m := range members {
		wg.Go(func() {
			last := 0.0
			for i := range each {
				body := map[string]any{"body": fmt.Sprintf("%s says %d", m.handle, i)}
				if i%3 == 2 && last > 0 {
					body["parent_id"] = last
				}
				answer := m.post("/posts/"+post+"/comments", body, http.StatusCreated)
				last, _ = answer["id"].(float64)
				mu.Lock()
				ids = append(ids, "c"+id(answer))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(ids) != each*len(members) {
		t.Fatalf("%d comments written, want %d", len(ids), each*len(members))
	}
	began := time.Now()
	list := `["` + strings.Join(ids, `","`) + `"]`
	b.until(`(() => { const b = document.querySelector('#live button'); if (b) b.click(); return ` + list + `.every(id => document.getElementById(id)) })()`)
	t.Logf("%d comments of %d writers were all on the page %d ms after the last", len(ids), len(members), time.Since(began).Milliseconds())
	if n := eval[int](b, `document.querySelectorAll('.cs > li').length`); n != len(ids) {
		t.Errorf("%d comments on the page, want %d: some twice", n, len(ids))
	}
	if n := eval[string](b, `document.querySelector('#comments-title .n').textContent`); n != fmt.Sprint(len(ids)) {
		t.Errorf("the title counts %s, want %d", n, len(ids))
	}
}
