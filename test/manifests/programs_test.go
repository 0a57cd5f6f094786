package manifests

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// program builds a program of the repository for a test, and returns its path.
func program(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./cmd/"+name)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// run returns what a program says; it must end well.
func run(t *testing.T, path string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = []string{} // not this machine's PROBER_...
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", filepath.Base(path), args, err, out)
	}
	return string(out)
}

// mounted are the arguments of a container where its ConfigMaps lie in a folder of this machine.
func mounted(t *testing.T, all objects, p corev1.Pod, c *corev1.Container) []string {
	t.Helper()
	args := slices.Clone(c.Args)
	for _, m := range c.VolumeMounts {
		i := slices.IndexFunc(p.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name })
		if i < 0 {
			t.Fatalf("%s mounts %q, which the pod has not", c.Name, m.Name)
		}
		from := p.Spec.Volumes[i].ConfigMap.Name
		maps := of[*corev1.ConfigMap](all)
		j := slices.IndexFunc(maps, func(m *corev1.ConfigMap) bool { return m.Name == from })
		if j < 0 {
			t.Fatalf("there is no ConfigMap %q", from)
		}
		dir := t.TempDir()
		for name, text := range maps[j].Data {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for k := range args {
			args[k] = strings.ReplaceAll(args[k], m.MountPath+"/", dir+"/")
		}
	}
	return args
}

func TestTheProberUnderstandsWhatItIsGivenAndProbesWhatTheOverlayIsFor(t *testing.T) {
	prober := program(t, "prober")
	approach := regexp.MustCompile(`(?m)^  ([a-z-]+) +(.*)$`)
	tutorial := [][2]string{
		{"ip", "the IP of the first pod that a name leads to"}, {"dns", "apache.localcluster:80, resolved for each probe"},
	}
	others := map[string][][2]string{
		"approaches": append(slices.Clone(tutorial), [][2]string{
			{"headless", "apache-pods.localcluster:80, resolved for each probe, headless"},
			{"pod-dns", "pod-httpd.apache-pods.localcluster:80, resolved for each probe, headless"},
			{"cached", "apache-pods.localcluster:80, resolved and kept for 30s"},
			{"keepalive", "apache-pods.localcluster:80, resolved for each connection, over one connection that is kept open"},
		}...),
		"sidecar": append([][2]string{{"localhost", "127.0.0.1:80"}}, tutorial...),
	}
	for _, dir := range kustomizations(t) {
		name := filepath.Base(dir)
		want, ok := others[name]
		if !ok {
			want = tutorial
		}
		t.Run(name, func(t *testing.T) {
			all := render(t, dir)
			for _, p := range with(all.pods(), "prober") {
				said := run(t, prober, append(mounted(t, all, p, find(p, "prober")), "--check-config")...)
				var got [][2]string
				for _, m := range approach.FindAllStringSubmatch(said, -1) {
					got = append(got, [2]string{m[1], m[2]})
				}
				if !strings.Contains(said, "target httpd: GET http://apache.localcluster,") || !slices.Equal(got, want) {
					t.Errorf("it says:\n%s", said)
				}
			}
		})
	}
}

// A variable that is misspelt would be none that a program reads, and nobody would notice.
func TestEverySettingByVariableIsAFlag(t *testing.T) {
	usage := map[string]string{}
	for _, name := range []string{"httpd", "prober"} {
		usage[name] = run(t, program(t, name), "--help")
	}
	eachContainer(t, func(t *testing.T, _ corev1.Pod, c *corev1.Container) {
		for _, v := range c.Env {
			setting, found := strings.CutPrefix(v.Name, strings.ToUpper(c.Name)+"_")
			flag := " --" + strings.ReplaceAll(strings.ToLower(setting), "_", "-")
			if found && !regexp.MustCompile(regexp.QuoteMeta(flag)+`[ \[]`).MatchString(usage[c.Name]) {
				t.Errorf("%s: there is no flag%s", v.Name, flag)
			}
		}
	})
}

func TestHttpdHasTheTimeToDrain(t *testing.T) {
	usage := run(t, program(t, "httpd"), "--help")
	lasts := func(c *corev1.Container, flag string) time.Duration {
		value := env(c, "HTTPD_"+strings.ToUpper(strings.ReplaceAll(flag, "-", "_")))
		if m := regexp.MustCompile(` --` + flag + ` .*\(default (.*)\)`).FindStringSubmatch(usage); value == "" && m != nil {
			value = m[1]
		}
		d, err := time.ParseDuration(value)
		if err != nil {
			t.Fatalf("--%s: %v", flag, err)
		}
		return d
	}
	each(t, func(t *testing.T, all objects) {
		for _, p := range with(all.pods(), "httpd") {
			c := find(p, "httpd")
			drain, grace := lasts(c, "drain-delay"), time.Duration(*p.Spec.TerminationGracePeriodSeconds)*time.Second
			if need := drain + lasts(c, "shutdown-timeout"); grace < need {
				t.Errorf("%s is killed after %v and may need %v", p.Name, grace, need)
			}
			// Only where a successor takes over is there something to wait for: kube-proxy learns of it within 1 s or so.
			if plain := p.Name == "pod-httpd"; plain != (drain == 0) || !plain && drain < 3*time.Second {
				t.Errorf("%s drains for %v", p.Name, drain)
			}
		}
	})
}
