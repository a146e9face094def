package nginx_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestFaults runs testdata/faults/*.txt, each against a POP and origins of its own. The scripts
// are those of internal/web/testdata with more methods and more to look at:
//
//	nodes 2                   how many nodes the origin has; must come first
//	node1 hang                a node is told something: up, hang, slow, cut, dead, or a status to answer with
//	wait 2.1s                 for time that passes in nginx
//	GET /ko/p/1               a request, of any method; its body is "x"
//	x200                      it is sent so often at once, and all answers must be as said
//	> Cookie: a=b             a header of it; {2000} stands for so many letters
//	@ 300000                  bytes of its body
//	< 200                     the status; "< closed": the connection is closed instead
//	< Cache-Control: no-store a header, exactly; "< Set-Cookie:" says that there is none
//	~ words                   the body has these words
//	! words                   the body does not have these words
//	^ 1                       requests that reached the origin since the last look
//	^ node2                   the node that was asked last
//	<= 1.5s, >= 500ms         how long the slowest answer took
//	# a remark
func TestFaults(t *testing.T) {
	names, err := filepath.Glob("testdata/faults/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			(&script{name: name}).run(t)
		})
	}
}

// script is one file under way.
type script struct {
	name   string
	places *strings.Replacer // nil: none
	pop    *pop
	origin *origin // nil: not ours
	step   *step
}

// step is one request, sent when the first expectation is read.
type step struct {
	method, path string
	header       []string
	body         int // bytes
	times        int
	answers      []answer
	took         time.Duration
}

type answer struct {
	status int
	header http.Header
	body   string
	err    error
}

func (s *script) run(t *testing.T) {
	file, err := os.Open(s.name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if s.places != nil {
			line = s.places.Replace(line)
		}
		if wrong := s.line(t, line); wrong != "" {
			what := ""
			if s.step != nil {
				what = s.step.method + " " + s.step.path + ": "
			}
			t.Errorf("%s:%d: %s%s", s.name, n, what, wrong)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// line does what one line says and returns what is wrong.
func (s *script) line(t *testing.T, line string) string {
	mark, rest, _ := strings.Cut(line, " ")
	switch {
	case mark == "nodes":
		n, err := strconv.Atoi(rest)
		if err != nil {
			return err.Error()
		}
		s.origin = newOrigin(t, n)
		s.pop = startPOP(t, s.origin.addrs()...)
	case mark == "wait":
		d, err := time.ParseDuration(rest)
		if err != nil {
			return err.Error()
		}
		time.Sleep(d) // nginx counts in seconds of its own clock: nothing else tells that they are over
	case strings.HasPrefix(mark, "node"):
		s.origin.node(mark).tell(t, rest)
	case strings.HasPrefix(rest, "/"):
		s.step = &step{method: mark, path: letters(rest), times: 1}
	case mark == ">":
		s.step.header = append(s.step.header, letters(rest))
	case mark == "@":
		s.step.body, _ = strconv.Atoi(rest)
	case mark[0] == 'x':
		s.step.times, _ = strconv.Atoi(mark[1:])
	default:
		s.step.send(s.pop)
		return s.check(mark, rest)
	}
	return ""
}

// letters replaces {n} by n letters.
func letters(s string) string {
	before, rest, ok := strings.Cut(s, "{")
	number, after, closed := strings.Cut(rest, "}")
	n, err := strconv.Atoi(number)
	if !ok || !closed || err != nil {
		return s
	}
	return before + strings.Repeat("x", n) + after
}

func (s *step) send(p *pop) {
	if s.answers != nil {
		return
	}
	s.answers = make([]answer, s.times)
	began := time.Now()
	var group sync.WaitGroup
	room := make(chan struct{}, 250) // at once: more than that and a slow machine drops handshakes
	for i := range s.answers {
		room <- struct{}{}
		group.Go(func() { s.answers[i] = s.ask(p); <-room })
	}
	group.Wait()
	s.took = time.Since(began)
}

func (s *step) ask(p *pop) answer {
	body := io.Reader(http.NoBody)
	if s.body == 0 && s.method != http.MethodGet && s.method != http.MethodHead {
		s.body = 1
	}
	if s.body > 0 {
		body = strings.NewReader(strings.Repeat("x", s.body))
	}
	req, err := http.NewRequest(s.method, p.url+s.path, body)
	if err != nil {
		return answer{err: err}
	}
	req.Host = p.host
	for _, line := range s.header {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Host" {
			req.Host = value
			continue
		}
		req.Header.Add(name, value)
	}
	res, err := p.client.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(raw), err}
}

// check compares every answer of the step with one line.
func (s *script) check(mark, rest string) string {
	switch mark {
	case "^":
		return s.arrived(rest)
	case "<=", ">=":
		bound, err := time.ParseDuration(rest)
		if err != nil {
			return err.Error()
		}
		if (mark == "<=") != (s.step.took <= bound) {
			return fmt.Sprintf("took %v, want %s %v", s.step.took, mark, bound)
		}
		return ""
	}
	for i, a := range s.step.answers {
		if wrong := a.check(mark, rest); wrong != "" {
			return fmt.Sprintf("answer %d of %d: %s", i+1, len(s.step.answers), wrong)
		}
	}
	return ""
}

// arrived compares what the nodes were asked.
func (s *script) arrived(want string) string {
	asked := s.origin.take()
	if n, err := strconv.Atoi(want); err == nil {
		if n != len(asked) {
			return fmt.Sprintf("%d requests reached the origin, want %d: %q", len(asked), n, asked)
		}
		return ""
	}
	if len(asked) == 0 || !strings.HasPrefix(asked[len(asked)-1], want+" ") {
		return fmt.Sprintf("the origin was asked %q, want %s last", asked, want)
	}
	return ""
}

func (a answer) check(mark, rest string) string {
	if mark == "<" && rest == "closed" {
		if a.err == nil {
			return fmt.Sprintf("status %d, want a closed connection", a.status)
		}
		return ""
	}
	if a.err != nil {
		return a.err.Error()
	}
	switch mark {
	case "<":
		name, want, isHeader := strings.Cut(rest, ":")
		if !isHeader {
			if got := strconv.Itoa(a.status); got != rest {
				return fmt.Sprintf("status %s, want %s: %.200q", got, rest, a.body)
			}
			return ""
		}
		if got := strings.Join(a.header.Values(name), " AND "); got != strings.TrimSpace(want) {
			return fmt.Sprintf("%s is %q, want %q", name, got, strings.TrimSpace(want))
		}
	case "~":
		if !strings.Contains(a.body, rest) {
			return fmt.Sprintf("does not say %q: %.2000q", rest, a.body)
		}
	case "!":
		if strings.Contains(a.body, rest) {
			return fmt.Sprintf("says %q: %.2000q", rest, a.body)
		}
	default:
		return "unknown mark " + mark
	}
	return ""
}
