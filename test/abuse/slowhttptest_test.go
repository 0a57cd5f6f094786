package abuse

import (
	"bytes"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// slowhttptest (https://github.com/shekyan/slowhttptest, a package of Debian) attacks servers in ways that have names. It asks the
// server for an answer by a connection of its own each second, and writes down whether it got one.
func TestSlowhttptestFindsTheServiceAvailableAllTheTime(t *testing.T) {
	for name, args := range map[string][]string{
		"slowloris":     {"-H", "-i", "2", "-t", "GET"},
		"R-U-Dead-Yet":  {"-B", "-i", "2", "-t", "POST", "-s", "1000000", "-x", "10", "-f", "text/plain"},
		"Apache killer": {"-R", "-a", "10", "-b", "3000", "-t", "HEAD"},
		"slow read":     {"-X", "-w", "10", "-y", "20", "-n", "2", "-z", "32", "-k", "3"},
	} {
		t.Run(name, func(t *testing.T) {
			h := start(t, 0)
			path := "/"
			switch name {
			case "R-U-Dead-Yet":
				path = "/echo"
			case "slow read":
				path = "/echo?size=1000000"
			}
			report := filepath.Join(t.TempDir(), "report")
			// It wants to open 1,000 connections, 1,000 a second, and gives up a connection for its own question after 20 seconds.
			attack := exec.CommandContext(t.Context(), "slowhttptest", append(args, "-c", "1000", "-r", "1000", "-l", "6", "-p", "20", "-g", "-o", report,
				"-u", "http://"+h.address+path)...)
			var out bytes.Buffer
			attack.Stdout, attack.Stderr = &out, &out
			if err := attack.Run(); err != nil {
				t.Fatalf("%v: %v: apt-get install slowhttptest\n%s", attack, err, &out)
			}
			wantAvailable(t, report+".csv")
			h.wantAlive(h.cgroup.limit)
		})
	}
}

// wantAvailable reads slowhttptest's table: a line a second.
func wantAvailable(t *testing.T, file string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil || len(all) < 3 || // it ends early when all of its connections are closed
		len(all[0]) != 5 || all[0][4] != "Service Available" {
		t.Fatalf("%v: %q", err, all)
	}
	most := 0
	for _, line := range all[1:] {
		if line[4] == "0" {
			t.Errorf("not available in second %s: %q", line[0], line)
		}
		closed, err := strconv.Atoi(line[1])
		if err != nil {
			t.Fatal(err)
		}
		connected, err := strconv.Atoi(line[3])
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, closed+connected)
	}
	if most < 100 {
		t.Errorf("it only made %d connections: %q", most, all)
	}
}
