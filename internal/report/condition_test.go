package report_test

import (
	"strings"
	"testing"

	"callbyname/internal/compare/comparetest"
	"callbyname/internal/report"
)

func TestConditionsAreMetByWhatTheReportShows(t *testing.T) {
	const one, stranger, quiet = "a single pod is recreated with another IP", "a cached address is given to a stranger", "the Service's port is not the pod's"
	for _, tt := range []struct {
		story, condition string
		want             string // lines; empty for not met
	}{
		{one, "broken", "httpd: ip was broken by 1 recreation"},
		{one, "dns:broken", ""},
		{one, "ip:broken", "httpd: ip was broken by 1 recreation"},
		{one, "misrouted", ""},
		{one, "lost>2", "httpd: ip lost 13 probes\nhttpd: cached lost 3 probes"},
		{one, "dns:lost>2", ""},
		{one, "dns:lost>1", "httpd: dns lost 2 probes"},
		{one, "dns:outage>1s", "httpd: dns was out for 2.0s"},
		{one, "dns:outage>2.1s", ""},
		{one, "cached:recover>2.5s", "httpd: cached took 3.0s to come back"},
		{one, "cached:recover>3.1s", ""},
		{one, "ip:recover>1h", "httpd: ip did not come back from 1 recreation"},
		{one, "dns:availability<88.8", ""},
		{one, "dns:availability<88.9%", "httpd: dns was available for 88.89%"},
		{one, "no-recreation", ""},
		{stranger, "misrouted", "httpd: ip was answered by the wrong pod, 10 probes\nhttpd: cached was answered by the wrong pod, 2 probes"},
		{stranger, "cached:recover>1h", "httpd: cached did not come back from 1 recreation"},
		{quiet, "no-recreation", "httpd: no recreation was seen"},
		{quiet, "lost>0", ""},
		{quiet, "availability<100", ""},
		{"only an IP", "ip:broken", "httpd: ip is out, 2 probes lost"},
	} {
		c, err := report.ParseCondition(tt.condition)
		if err != nil || c.String() != tt.condition {
			t.Errorf("%s: %v, %q", tt.condition, err, c)
			continue
		}
		d, _ := document(t, comparetest.Named(tt.story))
		met, err := c.Met(&d)
		if got := strings.Join(met, "\n"); err != nil || got != tt.want {
			t.Errorf("%s, %s: %q, %v, want %q", tt.story, tt.condition, got, err, tt.want)
		}
	}
}

func TestOfSeveralRunsAConditionNamesTheOne(t *testing.T) {
	d := several(t)
	c, err := report.ParseCondition("dns:lost>0")
	if err != nil {
		t.Fatal(err)
	}
	met, err := c.Met(&d)
	if err != nil || len(met) != 3 || met[0] != "httpd: dns lost 2 probes (run storyrun0)" {
		t.Errorf("%q, %v", met, err)
	}
}

func TestAConditionThatIsNoneIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "must be one of broken",
		"lost":                "must be one of broken",
		"lost<1":              "must be one of broken",
		"lost>-1":             `"-1" is not a number of probes`,
		"lost>1.5":            `"1.5" is not a number of probes`,
		"outage>5":            `"5" is not a duration`,
		"outage>-5s":          `"-5s" is not a duration`,
		"recover>soon":        `"soon" is not a duration`,
		"availability<x":      `"x" is not a percentage`,
		"availability<101":    `"101" is not a percentage`,
		"availability<NaN":    `"NaN" is not a percentage`,
		"availability>99":     "must be one of broken",
		"broken>1":            "must be one of broken",
		":broken":             "the name of an approach belongs before the colon",
		"dns:no-recreation":   "takes no approach",
		"dns:":                "must be one of broken",
		"survived":            "must be one of broken",
		"lost>99999999999999": "is not a number of probes",
	} {
		if _, err := report.ParseCondition(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	d, _ := document(t, comparetest.Named("only an IP"))
	c, err := report.ParseCondition("dsn:lost>0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Met(&d); err == nil || err.Error() != `there is no approach "dsn"; there are ip` {
		t.Errorf("an approach that there is not: %v", err)
	}
}

func FuzzParseCondition(f *testing.F) {
	for _, s := range []string{"broken", "dns:lost>0", "outage>1m", "availability<99.9%", "recover>5s", "no-recreation", "a:b:misrouted", "lost>18446744073709551616"} {
		f.Add(s)
	}
	d := several(f)
	f.Fuzz(func(t *testing.T, s string) {
		c, err := report.ParseCondition(s)
		if err != nil {
			return
		}
		if c.String() != s {
			t.Errorf("%q became %q", s, c)
		}
		if _, err := c.Met(&d); err != nil && c.Approach == "" {
			t.Errorf("%q: %v", s, err)
		}
	})
}
