//go:build stack

package compose_test

import (
	"encoding/json"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// container is what Docker tells of one.
type container struct {
	ID     string `json:"Id"`
	Config struct {
		User        string
		Env         []string
		Labels      map[string]string
		Healthcheck *struct{ Test []string }
	}
	State struct {
		Pid       int
		Running   bool
		StartedAt string
		Health    *struct{ Status string }
	}
	HostConfig struct {
		ReadonlyRootfs bool
		CapDrop        []string
		SecurityOpt    []string
		Memory         int64
		NanoCpus       int64
		PidsLimit      *int64
		RestartPolicy  struct{ Name string }
	}
	NetworkSettings struct {
		Ports    map[string][]struct{ HostIp, HostPort string }
		Networks map[string]struct{ IPAddress string }
	}
}

func (c container) service() string { return c.Config.Labels["com.docker.compose.service"] }

func docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// containers are those of the stack that are meant to run, by service.
func containers(t *testing.T) map[string]container {
	t.Helper()
	ids := strings.Fields(docker(t, "ps", "-aq", "--filter", "label=com.docker.compose.project="+project))
	var list []container
	if err := json.Unmarshal([]byte(docker(t, append([]string{"inspect"}, ids...)...)), &list); err != nil {
		t.Fatal(err)
	}
	found := map[string]container{}
	for _, c := range list {
		if c.service() != "migrate" { // it has done its work
			found[c.service()] = c
		}
	}
	return found
}

// healthy reports whether all of the stack runs and is well, and who is not.
func healthy(t *testing.T) (bool, string) {
	t.Helper()
	var ill []string
	for name, c := range containers(t) {
		if !c.State.Running || c.State.Health == nil || c.State.Health.Status != "healthy" {
			ill = append(ill, name)
		}
	}
	return len(ill) == 0, strings.Join(ill, ", ")
}

// kill ends a container as a crash does. `docker kill` would not do: Docker takes it for a wish and
// does not start the container again.
func (c container) kill(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(c.State.Pid, syscall.SIGKILL); err != nil {
		t.Fatalf("%s, process %d: %v (the engine must be on this machine, and the test must be root)", c.service(), c.State.Pid, err)
	}
}

// reaches reports whether a connection from inside of a container (one that has bash) comes about.
func (c container) reaches(ip string, port int) bool {
	return exec.Command("docker", "exec", c.ID, "timeout", "1", "bash", "-c", "exec 3<>/dev/tcp/"+ip+"/"+strconv.Itoa(port)).Run() == nil
}

// eventually waits until ok says yes, and tells how long that took.
func eventually(t *testing.T, within time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Since(began) > within {
			t.Fatalf("waited %v in vain for %s", within, what)
		}
		<-tick.C
	}
	return time.Since(began)
}
