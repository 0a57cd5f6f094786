package main

import (
	"strings"
	"testing"
)

func TestOptionsThatNoClusterCanHaveAreRefused(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"", "no verb"},
		{"--nodes 2", "no verb"},
		{"begin", `"begin"`},
		{"up now", "takes no argument"},
		{"down now", "takes no argument"},
		{"load", "no file"},
		{"up --nodes 0", "--nodes 0"},
		{"up --nodes 10", "--nodes 10"},
		{"up --proxy-mode ipvs", "take iptables or nftables"},
		{"up --proxy-mode userspace", `"userspace"`},
		{"up --pod-prefix 23", "--pod-prefix 23"},
		{"up --pod-prefix 30", "--pod-prefix 30"},
		{"down --dir /", "too near the root"},
		{"down --dir /home", "too near the root"},
		{"down --dir /home/../etc", "too near the root"},
		{"up --replicas 3", "unknown flag"},
	} {
		t.Run(test.args, func(t *testing.T) {
			_, _, err := parse(strings.Fields(test.args))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, not one with %q", err, test.want)
			}
		})
	}
}

func TestFlagsMayStandBeforeOrAfterTheVerb(t *testing.T) {
	for _, args := range []string{
		"up --nodes 3 --proxy-mode nftables --dns-cache --pod-prefix 28 --dir /var/lib/x",
		"--nodes=3 --proxy-mode=nftables --dns-cache --pod-prefix=28 --dir=/var/lib/x up",
	} {
		o, rest, err := parse(strings.Fields(args))
		want := options{nodes: 3, proxyMode: "nftables", dnsCache: true, podPrefix: 28, dir: "/var/lib/x"}
		if err != nil || o != want || len(rest) != 1 || rest[0] != "up" {
			t.Errorf("%q: %+v, %q, error %v", args, o, rest, err)
		}
	}
}

func TestFilesToLoadFollowTheVerb(t *testing.T) {
	_, rest, err := parse([]string{"load", "a.tar", "b.tar"})
	if err != nil || strings.Join(rest, " ") != "load a.tar b.tar" {
		t.Errorf("%q, error %v", rest, err)
	}
}

// What a running cluster was started with is compared as text: unequal options must not look alike.
func TestOptionsThatMakeAnotherClusterReadDifferently(t *testing.T) {
	seen := map[string]string{}
	for _, args := range []string{
		"up", "up --nodes 3", "up --proxy-mode nftables", "up --dns-cache", "up --pod-prefix 29",
	} {
		o, _, err := parse(strings.Fields(args))
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[o.String()]; ok {
			t.Errorf("%q and %q both read %q", args, other, o)
		}
		seen[o.String()] = args
	}
}

func FuzzParse(f *testing.F) {
	f.Add("up --nodes 2 --dns-cache")
	f.Add("load a b")
	f.Add("--dir // down")
	f.Fuzz(func(t *testing.T, line string) {
		o, rest, err := parse(strings.Fields(line))
		if err != nil {
			return
		}
		if len(rest) == 0 {
			t.Error("no verb, no error")
		}
		if o.nodes < 1 || o.nodes > 9 || o.podPrefix < 24 || o.podPrefix > 29 {
			t.Errorf("out of range: %+v", o)
		}
		if strings.Count(o.dir, "/") < 2 || strings.Contains(o.dir, "/../") {
			t.Errorf("dir %q is not one that down may remove", o.dir)
		}
	})
}
