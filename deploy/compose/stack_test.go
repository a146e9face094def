//go:build stack

// Package compose_test uses the stack as readers and members do, looks at how it is shut in, and then
// breaks each part of it. `make test-stack` starts a stack for it and removes it.
package compose_test

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	project = os.Getenv("COMPOSE_PROJECT_NAME")
	pops    = []string{"https://localhost:" + os.Getenv("LIGHTSTICK_POP1_PORT"), "https://localhost:" + os.Getenv("LIGHTSTICK_POP2_PORT")}
	mailbox = "http://localhost:" + os.Getenv("LIGHTSTICK_MAIL_PORT")
	// reader trusts the certificate that the stack made for itself and keeps connections as browsers do.
	reader = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		DialContext: (&net.Dialer{Timeout: 2 * time.Second}).DialContext, MaxIdleConnsPerHost: 32, ForceAttemptHTTP2: true}}
)

func TestStack(t *testing.T) {
	eventually(t, time.Minute, "all parts to be healthy", func() bool { ok, _ := healthy(t); return ok })
	m := newMember(t)
	post := ""
	for _, step := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"pages", pages},
		{"member", func(t *testing.T) { m.t = t; post = m.takesPart() }},
		{"shut in", shutIn},
		{"tiers", tiers},
		{"faults", func(t *testing.T) { faults(t, "/en/p/"+post) }},
		{"afterwards", func(t *testing.T) { m.t = t; m.comment(post, "Still here.") }},
	} {
		if !t.Run(step.name, step.run) {
			t.FailNow()
		}
	}
}

func pages(t *testing.T) {
	for _, pop := range pops {
		for _, page := range []string{"/ko", "/en", "/en/f/nereon", "/en/f/nereon/pier", "/api/openapi.json", "/healthz", "/readyz"} {
			if err := get(pop, page); err != nil {
				t.Errorf("%s%s: %v", pop, page, err)
			}
		}
	}
}

// --- a member ----------------------------------------------------------------------------------------

type member struct {
	t    *testing.T
	http *http.Client
}

func newMember(t *testing.T) *member {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &member{t, &http.Client{Timeout: 20 * time.Second, Jar: jar, Transport: reader.Transport}}
}

// do asks the first POP. A body that is no reader is sent as JSON.
func (m *member) do(method, path string, body any, want int) map[string]any {
	m.t.Helper()
	send, ok := body.(io.Reader)
	if !ok {
		raw, err := json.Marshal(body)
		if err != nil {
			m.t.Fatal(err)
		}
		send = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, pops[0]+path, send)
	if err != nil {
		m.t.Fatal(err)
	}
	req.Header.Set("Idempotency-Key", rand.Text())
	req.Header.Set("Content-Type", "application/json")
	if ok {
		req.Header.Set("Content-Type", "image/png")
	}
	res, err := m.http.Do(req)
	if err != nil {
		m.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want {
		m.t.Fatalf("%s %s: %s, want %d: %.300s %v", method, path, res.Status, want, raw, err)
	}
	out := map[string]any{}
	if json.Valid(raw) {
		_ = json.Unmarshal(raw, &out) // a list has no fields to look at
	} else {
		out["text"] = string(raw)
	}
	return out
}

// takesPart signs up, confirms the address, signs in again, and writes a post with a picture.
func (m *member) takesPart() (post string) {
	t := m.t
	handle, password := "stack_"+strings.ToLower(rand.Text()[:8]), rand.Text()
	email := handle + "@fans.example"
	m.do("POST", "/api/v1/accounts", map[string]string{"handle": handle, "email": email, "password": password, "locale": "en"}, http.StatusCreated)
	m.do("PUT", "/api/v1/verifications/current", map[string]string{"token": m.mailed(email)}, http.StatusNoContent)
	m.do("DELETE", "/api/v1/sessions/current", nil, http.StatusNoContent)
	m.do("POST", "/api/v1/sessions", map[string]string{"login": handle, "password": password}, http.StatusCreated)
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 640, 480))); err != nil {
		t.Fatal(err)
	}
	shot := m.do("POST", "/api/v1/attachments", io.Reader(&picture), http.StatusCreated)
	page := m.do("GET", "/en/f/nereon/pier", nil, http.StatusOK)
	board := regexp.MustCompile(`write\?board=(\d+)`).FindStringSubmatch(fmt.Sprint(page["text"]))
	if board == nil {
		t.Fatal("the board has no way to write: is the demo world there?")
	}
	written := m.do("POST", "/api/v1/boards/"+board[1]+"/posts", map[string]any{"title": "From the stack", "body": fmt.Sprint("Look: ", shot["markdown"])}, http.StatusCreated)
	post = fmt.Sprintf("%.0f", written["id"])
	m.comment(post, "And a comment.")
	m.stored(fmt.Sprint(shot["key"]), fmt.Sprint(shot["url"]))
	return post
}

// mailed is the token in the mail that confirms an address: the worker sent it.
func (m *member) mailed(email string) (token string) {
	took := eventually(m.t, 20*time.Second, "mail", func() bool {
		res, err := http.Get(mailbox + "/?to=" + email)
		if err != nil {
			return false
		}
		defer res.Body.Close()
		raw, _ := io.ReadAll(res.Body) // a part of it has no token
		found := regexp.MustCompile(`/verify\?token=([\w-]+)`).FindSubmatch(raw)
		if found != nil {
			token = string(found[1])
		}
		return found != nil
	})
	fmt.Printf("mail arrived within %.1f s\n", took.Seconds())
	return token
}

// comment writes one and waits until it is on the page that a stranger gets from the other POP.
func (m *member) comment(post, text string) {
	began := time.Now()
	m.do("POST", "/api/v1/posts/"+post+"/comments", map[string]any{"body": text}, http.StatusCreated)
	written := time.Since(began)
	took := eventually(m.t, 20*time.Second, "the comment on the other POP", func() bool {
		res, err := reader.Get(pops[1] + "/en/p/" + post)
		if err != nil {
			return false
		}
		defer res.Body.Close()
		page, _ := io.ReadAll(res.Body) // a part of it does not have the comment
		return bytes.Contains(page, []byte(text))
	})
	fmt.Printf("comment written in %.1f s, on the other POP after %.1f s\n", written.Seconds(), took.Seconds())
}

// stored looks for a picture in the bucket and fetches it and its smaller copy, which the worker made.
func (m *member) stored(key, address string) {
	m.t.Helper()
	s3 := containers(m.t)["s3"]
	list := docker(m.t, "exec", s3.ID, "find", "/data/lightstick", "-type", "f")
	if !strings.Contains(list, strings.TrimSuffix(key, filepath.Ext(key))) {
		m.t.Errorf("the picture %s is not in the bucket, which has:\n%s", key, list)
	}
	for _, pop := range pops {
		at := strings.TrimPrefix(address, pops[0])
		if err := get(pop, at); err != nil {
			m.t.Errorf("the picture %s: %v", at, err)
		}
	}
}

// --- how it is shut in --------------------------------------------------------------------------------

func shutIn(t *testing.T) {
	published := map[string]bool{"pop1": true, "pop2": true, "mail": true, "prometheus": true, "alertmanager": true}
	secrets, err := filepath.Glob(filepath.Join(os.Getenv("LIGHTSTICK_SECRETS"), "*"))
	if err != nil || len(secrets) < 8 {
		t.Fatalf("%d secrets: %v", len(secrets), err)
	}
	for name, c := range containers(t) {
		h := c.HostConfig
		if !h.ReadonlyRootfs || !slices.Contains(h.CapDrop, "ALL") || !slices.ContainsFunc(h.SecurityOpt, func(s string) bool { return strings.HasPrefix(s, "no-new-privileges") }) {
			t.Errorf("%s: read-only %v, dropped %v, options %v", name, h.ReadonlyRootfs, h.CapDrop, h.SecurityOpt)
		}
		if h.Memory == 0 || h.NanoCpus == 0 || h.PidsLimit == nil || h.RestartPolicy.Name != "unless-stopped" || c.Config.Healthcheck == nil {
			t.Errorf("%s lacks a limit, a restart policy or a health check: %+v", name, h)
		}
		if c.Config.User == "" || c.Config.User == "root" || strings.HasPrefix(c.Config.User, "0") {
			t.Errorf("%s runs as %q", name, c.Config.User)
		}
		for port, at := range c.NetworkSettings.Ports {
			for _, p := range at {
				if !published[name] || p.HostIp != "127.0.0.1" {
					t.Errorf("%s publishes %s on %s:%s", name, port, p.HostIp, p.HostPort)
				}
			}
		}
		for _, file := range secrets {
			secret, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(strings.Join(c.Config.Env, "\n"), strings.TrimSpace(string(secret))) {
				t.Errorf("%s has the secret %s in its environment", name, filepath.Base(file))
			}
		}
	}
}

// tiers tries the ways that must not be there, from POPs and to everything behind the nodes.
func tiers(t *testing.T) {
	all := containers(t)
	edge := all["pop1"].NetworkSettings.Networks[project+"_edge"]
	if edge.IPAddress == "" || !all["pop1"].reaches(all["node1"].NetworkSettings.Networks[project+"_edge"].IPAddress, 8080) {
		t.Error("the POP does not reach its node: this check would see nothing")
	}
	if !all["postgres2"].reaches(all["postgres1"].NetworkSettings.Networks[project+"_data"].IPAddress, 5432) {
		t.Error("PostgreSQL does not reach PostgreSQL: this check would see nothing")
	}
	type way struct {
		from, to, network, ip string
		port                  int
	}
	var ways []way
	for name, port := range map[string]int{"postgres1": 5432, "postgres2": 5432, "postgres3": 5432, "etcd1": 2379, "s3": 7070, "mail": 1025, "prometheus": 9090} {
		for network, at := range all[name].NetworkSettings.Networks {
			ways = append(ways, way{"pop1", name, network, at.IPAddress, port})
		}
	}
	for _, name := range []string{"postgres1", "etcd1", "s3"} {
		for network, at := range all["pop1"].NetworkSettings.Networks {
			ways = append(ways, way{name, "pop1", network, at.IPAddress, 8443})
		}
	}
	var done sync.WaitGroup
	for _, w := range ways {
		done.Go(func() {
			if all[w.from].reaches(w.ip, w.port) {
				t.Errorf("%s reaches %s on %s", w.from, w.to, w.network)
			}
		})
	}
	done.Wait()
	fmt.Printf("%d ways between tiers that must not be there are not\n", len(ways))
}

// --- faults -------------------------------------------------------------------------------------------

// faults breaks one thing after the other while people read. After each the stack must become whole again.
func faults(t *testing.T, post string) {
	pages := []string{"/ko", "/en", "/en/f/nereon", "/en/f/nereon/pier", post}
	for _, page := range pages { // somebody has read them before
		for _, pop := range pops {
			if err := get(pop, page); err != nil {
				t.Fatal(err)
			}
		}
	}
	fmt.Printf("%-32s %7s %10s %7s %9s %9s\n", "fault", "reads", "other POP", "failed", "slowest", "whole in")
	all := containers(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fault(t, pages, "killed: "+name, func() {
			c := containers(t)[name]
			c.kill(t)
			eventually(t, 20*time.Second, name+" to be started again", func() bool { n := containers(t)[name]; return n.State.StartedAt != c.State.StartedAt })
		})
	}
	fault(t, pages, "cut: nodes from PostgreSQL, 6 s", func() {
		for _, name := range []string{"node1", "node2", "node3"} {
			docker(t, "network", "disconnect", project+"_data", all[name].ID)
		}
		<-time.After(6 * time.Second) // the fault's length
		for _, name := range []string{"node1", "node2", "node3"} {
			docker(t, "network", "connect", "--alias", name, project+"_data", all[name].ID)
		}
	})
	fault(t, pages, "restarted: pop1", func() { docker(t, "restart", all["pop1"].ID) })
}

func fault(t *testing.T, pages []string, name string, inject func()) {
	t.Helper()
	r := startReaders(pages)
	began := time.Now()
	inject()
	who := ""
	defer func() {
		if t.Failed() {
			r.stop()
			t.Logf("not well after %q: %s", name, who)
		}
	}()
	eventually(t, 90*time.Second, "the stack to be whole after "+name, func() (ok bool) { ok, who = healthy(t); return ok })
	whole := time.Since(began)
	saw, why := r.end()
	fmt.Printf("%-32s %7d %10d %7d %6.0f ms %7.1f s\n", name, saw.asked, saw.second, saw.failed, float64(saw.slowest.Microseconds())/1e3, whole.Seconds())
	if saw.asked == 0 || saw.failed > 0 {
		t.Errorf("%s: %d of %d reads failed: %s", name, saw.failed, saw.asked, strings.Join(why, "; "))
	}
}
