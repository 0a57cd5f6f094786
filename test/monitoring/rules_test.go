package monitoring

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"sigs.k8s.io/yaml"
)

// hurried are the rules with each duration divided by sixty, minutes becoming seconds: nobody waits for a test of a quarter
// of an hour. TestRulesAtTheirTrueDurations is for what this leaves open.
func hurried(t *testing.T) string {
	t.Helper()
	durations := regexp.MustCompile(`(for: |\[)(\d+[sm])`)
	rules := string(read(t, overlay+"/rules.yml"))
	if n := len(durations.FindAllString(rules, -1)); n < 14 {
		t.Fatalf("only %d durations were found in the rules", n)
	}
	return durations.ReplaceAllStringFunc(rules, func(found string) string {
		m := durations.FindStringSubmatch(found)
		d, err := time.ParseDuration(m[2])
		if err != nil {
			t.Fatal(err)
		}
		return m[1] + (d / 60).String()
	})
}

func TestTheRulesAreAsPrometheusWantsThem(t *testing.T) {
	out := run(t, ".", "promtool", "check", "rules", "--lint=all", "--lint-fatal", overlay+"/rules.yml")
	if !strings.Contains(out, "SUCCESS") {
		t.Error(out)
	}
}

// The story of TestAlertsAndDashboard is hurried. Here time is promtool's own, and goes by as fast as it can count.
func TestRulesAtTheirTrueDurations(t *testing.T) {
	rules, err := filepath.Abs(overlay + "/rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "test.yml")
	text := strings.Replace(string(read(t, "testdata/rules_test.yml")), "RULES", rules, 1)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, ".", "promtool", "test", "rules", file)
}

func TestEachAlertIsInTheDocumentAndViceVersa(t *testing.T) {
	found := func(pattern, file string) (all []string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(read(t, file)), -1) {
			all = append(all, m[1]+" "+m[2])
		}
		slices.Sort(all)
		return all
	}
	rules := found(`- alert: (\w+)\n(?:.*\n)*?        labels: \{severity: (\w+)\}`, overlay+"/rules.yml")
	document := found("\\| `(Callbyname\\w+)` \\| (\\w+) \\|", root+"/docs/metrics.md")
	if len(rules) == 0 || !slices.Equal(rules, document) {
		t.Errorf("rules %q\ndocument %q", rules, document)
	}
}

func TestTheOperatorsRulesAreTheSame(t *testing.T) {
	var plain struct {
		Groups []monitoringv1.RuleGroup `json:"groups"`
	}
	if err := yaml.UnmarshalStrict(read(t, overlay+"/rules.yml"), &plain); err != nil {
		t.Fatal(err)
	}
	var object monitoringv1.PrometheusRule
	if err := yaml.UnmarshalStrict(read(t, overlay+"/operator/prometheusrule.yml"), &object); err != nil {
		t.Fatal(err)
	}
	if len(plain.Groups) == 0 || !reflect.DeepEqual(object.Spec.Groups, plain.Groups) {
		t.Errorf("rules.yml and operator/prometheusrule.yml differ")
	}
}
