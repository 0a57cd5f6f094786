package monitoring

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
)

// result is what a query came to.
type result []sample

// of is the value of the one sample that has these labels, NAME=VALUE. Where there is none or more than one, it is negative.
func (r result) of(labels ...string) float64 {
	found := slices.DeleteFunc(slices.Clone(r), func(s sample) bool {
		return slices.ContainsFunc(labels, func(l string) bool {
			name, value, _ := strings.Cut(l, "=")
			return s.labels[name] != value
		})
	})
	if len(found) != 1 {
		return -1
	}
	return found[0].value
}

// values are those of one label, sorted.
func (r result) values(label string) []string {
	var all []string
	for _, s := range r {
		all = append(all, s.labels[label])
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// about reports whether increase() can have made got of want: it goes by scrapes, and guesses what came before the first and
// after the last of them.
func about(got, want float64) bool { return got >= want*0.8-1.5 && got <= want*1.2+1.5 }

// checkDashboard runs each query of the dashboard over a range that has the whole story in it, and holds what it comes to
// against the prober's log. Losses, outages and events are over by then; probes go on.
func checkDashboard(t *testing.T, p *prometheus, log func() compare.TargetSummary, seconds int) {
	before := log()
	got := map[string]result{}
	for name, expr := range queries(t, seconds) {
		got[name] = p.query(expr)
	}
	after := log()
	if a, b := before.Approaches, after.Approaches; a[0].Lost != b[0].Lost || a[1].Lost != b[1].Lost {
		t.Fatal("probes were lost meanwhile: the story is not over")
	}

	// Each query has its check, by the panel's title and its letter.
	checks := map[string]func(r result) bool{
		"annotation Recreations": func(r result) bool { return r.of("target=httpd") == float64(before.Recreated) },
		"What happened to the pod A": func(r result) bool {
			return about(r.of("target=httpd"), float64(before.Recreated)) && r.of("target=httpd") > 0.5
		},
		"What happened to the pod B": func(r result) bool {
			return about(r.of("target=httpd"), float64(before.Restarts)) && r.of("target=httpd") > 0.5
		},
		"What happened to the pod C": func(r result) bool {
			return about(r.of("target=httpd"), float64(before.DNSChanges)) && r.of("target=httpd") > 1
		},
		"What happened to the pod D": func(r result) bool {
			return about(r.of("target=httpd"), float64(before.Approaches[0].Classes[probe.WrongPod])) && r.of("target=httpd") > 0.5
		},
		"How long DNS answers may be kept A": func(r result) bool { return len(r) == 1 && r.of("target=httpd", "approach=dns") == ttl.Seconds() },
		"How late rounds begin A":            func(r result) bool { return len(r) == 1 && r.of() > 0 && r.of() < 5 },
		"Nobody looked A": func(r result) bool {
			return slices.Equal(r.values("reason"), []string{"no_files", "no_memory", "no_ports", "paused", "starved", "stopped"}) &&
				r.of("reason=paused") > 0.5 && r.of("reason=no_ports") == 0
		},
		"Nobody looked B": func(r result) bool { return about(r.of(), before.Paused.Seconds()) && r.of() > 0.5 },
		"httpd: requests A": func(r result) bool {
			return r.of("route=/", "code=200") > 1 && r.of("route=/metrics", "code=200") > 1 && r.of("route=/readyz") < 0
		},
		"httpd: time to answer A": func(r result) bool { return r.of("route=/") > 0 && r.of("route=/") < 1 && r.of("route=/metrics") > 0 },
		"httpd: time to answer B": func(r result) bool { return len(r) == 1 && r.of() > 0 && r.of() < 1 },
		"httpd: state A": func(r result) bool {
			return len(r) == 1 && r.of() == 1 && strings.HasPrefix(r.values("instance")[0], secondIP)
		},
		"httpd: state B":            func(r result) bool { return len(r) == 1 && r.of() == 0 },
		"httpd: requests in hand A": func(r result) bool { return len(r) == 1 && r.of() >= 1 && r.of() < 10 },
		"Who answers, who asks A": func(r result) bool {
			return r.of("pod_uid=uid-2", "pod_ips="+secondIP, "pod_name=pod-httpd", "pod_namespace=localcluster", "node_name=worker") == 1
		},
		"Who answers, who asks B": func(r result) bool { return slices.Equal(r.values("program"), []string{"httpd", "prober"}) },
	}
	each := func(check func(r result, a compare.ApproachSummary, by string) bool) func(result) bool {
		return func(r result) bool {
			for _, a := range before.Approaches {
				if !check(r, a, "approach="+a.Name) {
					return false
				}
			}
			return true
		}
	}
	checks["Answered or out A"] = each(func(r result, _ compare.ApproachSummary, by string) bool { return r.of(by, "target=httpd") == 1 })
	checks["Available A"] = each(func(r result, a compare.ApproachSummary, by string) bool {
		share, _ := a.Availability()
		return r.of(by, "target=httpd") > share-0.05 && r.of(by, "target=httpd") < share+0.05 && share < 1
	})
	checks["Out for A"] = each(func(r result, a compare.ApproachSummary, by string) bool {
		return about(r.of(by, "target=httpd"), a.Out.Seconds()) && r.of(by, "target=httpd") > 0
	})
	checks["Lost probes, by class A"] = func(r result) bool {
		classes := 0
		for _, a := range before.Approaches {
			for class, n := range a.Classes {
				classes++
				if r.of("approach="+a.Name, "outcome="+string(class)) != float64(n) {
					return false
				}
			}
		}
		return len(r) == classes && classes > 2
	}
	checks["Time to an answer A"] = each(func(r result, _ compare.ApproachSummary, by string) bool { return r.of(by) > 0 && r.of(by) < 0.35 })
	checks["Time to an answer B"] = each(func(r result, _ compare.ApproachSummary, by string) bool {
		return r.of(by) < 0.5 && r.of(by) >= got["Time to an answer A"].of(by)
	})
	checks["Where the time goes A"] = each(func(r result, a compare.ApproachSummary, by string) bool {
		sum := 0.0
		for _, phase := range []string{"connect", "write", "first_byte", "read"} {
			sum += max(r.of(by, "phase="+phase), 0)
		}
		resolve := r.of(by, "phase=resolve")
		return sum > 0 && sum < 0.35 && (resolve > 0) == (a.Name == "dns") && r.of(by, "phase=tls") < 0
	})

	for name, r := range got {
		check := checks[name]
		if check == nil {
			t.Errorf("no check says what %q is to come to: %v", name, r)
		} else if !check(r) {
			t.Errorf("%q came to %v, and the log says %s", name, r, brief(before))
		}
		delete(checks, name)
	}
	for name := range checks {
		t.Errorf("%q is checked, and no query of the dashboard", name)
	}
	var targets []string
	p.ask("label/target/values", url.Values{"match[]": {"callbyname_rounds_total"}}, &targets)
	if !slices.Equal(targets, []string{"httpd"}) {
		t.Errorf("the targets to choose from are %q", targets)
	}
}

func brief(s compare.TargetSummary) string {
	text := fmt.Sprintf("%d recreated, %d restarts, %d changes of DNS, paused %v", s.Recreated, s.Restarts, s.DNSChanges, s.Paused)
	for _, a := range s.Approaches {
		text += fmt.Sprintf("; %s: %d probes, %d lost %v, out %v", a.Name, a.Probes, a.Lost, a.Classes, a.Out)
	}
	return text
}
