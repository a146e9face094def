//go:build infra

package vpn_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	name     = "vpn.fans.example"
	outside  = "192.0.2.1" // the server's Elastic IP
	inside   = "10.10.0.5" // a machine of the VPC
	up       = "Initialization Sequence Completed"
	patience = 30 * time.Second
)

// TestTunnel brings up the server that setup configures and clients with the profiles it prints. The
// client finds the server by its name and reaches the VPC; who was revoked does not get in.
func TestTunnel(t *testing.T) {
	dir := t.TempDir()
	settings := setting(t, dir, name)
	must := func(args ...string) string {
		t.Helper()
		out, complaint, err := vpn(settings, args...)
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, complaint)
		}
		return out
	}
	must("setup")
	profiles := map[string]string{"alice": must("client", "alice"), "bob": must("client", "bob")}
	must("revoke", "bob")
	for _, again := range [][]string{{"setup"}, {"client", "alice"}, {"client", "../x"}, {"revoke", "bob"}, {"revoke", name}} {
		if _, complaint, err := vpn(settings, again...); err == nil || complaint == "" {
			t.Errorf("%v is done, or refused without a word", again)
		}
	}

	server, client := fmt.Sprintf("lvs%d", os.Getpid()), fmt.Sprintf("lvc%d", os.Getpid())
	namespaces(t, server, client)
	tell := start(t, server, filepath.Join(dir, "server", "lightstick.conf"))
	tell(t, up)
	for who, profile := range profiles {
		if !strings.Contains(profile, "\nremote "+name+" 1194\n") {
			t.Errorf("%s's profile does not call %s", who, name)
		}
		if err := os.WriteFile(filepath.Join(dir, who), []byte(profile), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	start(t, client, filepath.Join(dir, "alice"))(t, up)
	if out, err := exec.Command("ip", "netns", "exec", client, "ping", "-c", "1", "-W", "5", inside).CombinedOutput(); err != nil {
		t.Errorf("the VPC is not reached: %v\n%s", err, out)
	}
	route, err := exec.Command("ip", "-n", client, "route", "get", "198.51.100.1").CombinedOutput()
	if err == nil {
		t.Errorf("what is not the VPC's goes somewhere, too: %s", route)
	}
	start(t, client, filepath.Join(dir, "bob"))
	tell(t, "certificate revoked")
}

// namespaces are a server with a machine of the VPC behind it, and a client that knows its name.
func namespaces(t *testing.T, server, client string) {
	t.Helper()
	ip := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %v: %v\n%s", args, err, out)
		}
	}
	for _, n := range []string{server, client} {
		ip("netns", "add", n)
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", n).Run() }) // gone with the machine at the latest
		ip("-n", n, "link", "set", "lo", "up")
	}
	ip("-n", server, "link", "add", "out", "type", "veth", "peer", "name", "out", "netns", client)
	ip("-n", server, "address", "add", outside+"/24", "dev", "out")
	ip("-n", client, "address", "add", "192.0.2.2/24", "dev", "out")
	ip("-n", server, "address", "add", inside+"/32", "dev", "lo")
	ip("-n", server, "link", "set", "out", "up")
	ip("-n", client, "link", "set", "out", "up")
	names := filepath.Join("/etc/netns", client) // what ip netns exec lays over /etc
	if err := os.MkdirAll(names, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(names) })
	if err := os.WriteFile(filepath.Join(names, "hosts"), []byte(outside+" "+name+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// start runs OpenVPN in a namespace and returns what waits for a word in its log.
func start(t *testing.T, namespace, config string) func(*testing.T, string) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "ip", "netns", "exec", namespace, "openvpn", "--config", config, "--log", log)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() }) // it was killed
	return func(t *testing.T, word string) {
		t.Helper()
		for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
			raw, err := os.ReadFile(log)
			if err == nil && strings.Contains(string(raw), word) {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%s of %s never says %q (%v):\n%s", config, namespace, word, err, raw)
			}
		}
	}
}
