// Package vpn_test tries the OpenVPN server's script as it is on the server: what it refuses, and, as
// root (see ../check), the server and a client that it configures, between two network namespaces.
package vpn_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const script = "../modules/access/openvpn/lightstick-vpn"

// setting writes the server's settings with a host name and returns their file.
func setting(t *testing.T, dir, host string) string {
	t.Helper()
	file := filepath.Join(dir, "vpn.env")
	text := "VPN_HOST='" + host + "'\nVPN_NETWORK='10.99.0.0 255.255.252.0'\nVPN_ROUTE='10.10.0.0 255.255.0.0'\nVPN_DNS='10.10.0.2'\nVPN_DIR='" + filepath.Join(dir, "server") + "'\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func vpn(settings string, args ...string) (stdout, stderr string, err error) {
	cmd := exec.Command(script, args...)
	var out, complaint strings.Builder
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), "VPN_ENV="+settings), &out, &complaint
	err = cmd.Run()
	return out.String(), complaint.String(), err
}

// TestHostName: profiles hold a name that can be led elsewhere, never an address.
func TestHostName(t *testing.T) {
	for _, host := range []string{"", "10.10.0.5", "203.0.113.7", "vpn", "vpn.fans.example.", "vpn.fans.example; reboot", "fd00::1"} {
		dir := t.TempDir()
		_, complaint, err := vpn(setting(t, dir, host), "setup")
		if err == nil || !strings.Contains(complaint, "VPN_HOST") {
			t.Errorf("host %q: %v, %q", host, err, complaint)
		}
		if _, err := os.Stat(filepath.Join(dir, "server")); err == nil {
			t.Errorf("host %q: something was made", host)
		}
	}
}
