package probelog_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"unicode"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
)

func TestJSONIsOneObjectALine(t *testing.T) {
	var log bytes.Buffer
	record(t, story(t, "the Service's port is not the pod's"), probelog.Changes, &log)
	golden(t, "log.jsonl", log.Bytes())
	for line := range bytes.Lines(log.Bytes()) {
		var v map[string]any
		if err := json.Unmarshal(line, &v); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		for _, key := range []string{"time", "record", "t_ms", "run"} {
			if v[key] == nil {
				t.Errorf("%s: no %q", line, key)
			}
		}
		for _, noise := range []string{"level", "msg", "caller", "logger"} {
			if _, ok := v[noise]; ok {
				t.Errorf("%s: %q says nothing", line, noise)
			}
		}
	}
}

// Nothing that comes from outside acts on a terminal, in either form, however the log is shown.
func TestNothingInALogActsOnATerminal(t *testing.T) {
	const evil = "\x1b[31mred\x9b31m\u009b2J\u202egnp.exe\r\n\x00\xff\u2028\U000e0041"
	sc := story(t, "a single pod is recreated with another IP")
	for name, newLog := range map[string]func(*bytes.Buffer, probelog.Run) probelog.Log{
		"json": func(b *bytes.Buffer, r probelog.Run) probelog.Log { return probelog.NewJSON(b, r) },
		"text": func(b *bytes.Buffer, r probelog.Run) probelog.Log {
			return probelog.NewText(b, r, probelog.TextOptions{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			run := runOf(sc, probelog.All)
			run.Version, run.Host = evil, evil
			run.Targets[0].Name = "httpd" + evil
			run.Targets[0].Approaches[1].Name += evil
			var out bytes.Buffer
			rec := probelog.NewRecorder(run, newLog(&out, run))
			rec.Start(comparetest.Start)
			at, wall := sc.Play(func(r probe.Round) []probe.Pin {
				r.Target = run.Targets[0].Name
				for i := range r.Results {
					r.Results[i].Detail, r.Results[i].Errno, r.Results[i].Reason = evil, evil, probe.VoidReason(evil)
					if r.Results[i].Who != nil {
						who := *r.Results[i].Who
						who.Name, who.Node, who.Namespace = who.Name+evil, evil, evil
						who.IPs = []netip.Addr{netip.MustParseAddr("fe80::1").WithZone(evil)}
						r.Results[i].Addr = netip.AddrPortFrom(who.IPs[0], 80)
						r.Results[i].Who = &who
					}
				}
				o, err := rec.Observe(r)
				if err != nil {
					t.Fatal(err)
				}
				return o.Pins
			})
			rec.Stop(at, wall, evil)
			for line := range strings.Lines(out.String()) {
				if i := strings.IndexFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
					t.Fatalf("%q at %d of %q", line[i:min(i+8, len(line))], i, line)
				}
				if name == "json" && !json.Valid([]byte(line)) {
					t.Fatalf("not JSON: %s", line)
				}
			}
		})
	}
}

func TestWhatIsSecretIsNotLogged(t *testing.T) {
	sc := story(t, "a container restarts in place")
	run := runOf(sc, probelog.All)
	u := *run.Targets[0].URL
	u.User = userinfo
	run.Targets[0].URL = &u
	run.Targets[0].Header = map[string][]string{"Authorization": {"Bearer s3cret"}, "X-Tenant": {"s3cret", "s3cret"}}
	var log bytes.Buffer
	for _, l := range []probelog.Log{probelog.NewJSON(&log, run), probelog.NewText(&log, run, probelog.TextOptions{})} {
		rec := probelog.NewRecorder(run, l)
		rec.Start(comparetest.Start)
		rec.Stop(0, comparetest.Start, "SIGTERM")
	}
	if strings.Contains(log.String(), "s3cret") {
		t.Errorf("%s", log.String())
	}
}

// broken refuses or tears its first write.
type broken struct {
	bytes.Buffer
	keep int // bytes of the first write
	n    int
}

func (b *broken) Write(line []byte) (int, error) {
	if b.n++; b.n > 1 {
		return b.Buffer.Write(line)
	}
	n, _ := b.Buffer.Write(line[:b.keep])
	return n, errFull
}

func TestAfterALostRecordTheNextIsWholeAndOnALineOfItsOwn(t *testing.T) {
	for _, keep := range []int{0, 30} {
		log := broken{keep: keep}
		j := probelog.NewJSON(&log, quietRun(probelog.All))
		judged := []compare.Judged{{Outcome: probe.OK}, {Outcome: probe.OK}}
		if err := j.Round(quietRound(1), judged); !errors.Is(err, errFull) {
			t.Fatalf("error %v", err)
		}
		if err := j.Round(quietRound(2), judged); err != nil {
			t.Fatal(err)
		}
		lines := bytes.Split(bytes.TrimSpace(log.Bytes()), []byte("\n"))
		if len(lines) != 1+min(keep, 1) {
			t.Fatalf("%d lines: %s", len(lines), log.Bytes())
		}
		rec, err := probelog.NewReader(bytes.NewReader(lines[len(lines)-1])).Next()
		if err != nil {
			t.Fatal(err)
		}
		if d := diff(*rec.Round, quietRound(2)); d != "" || rec.Partial {
			t.Errorf("%s, partial %v", d, rec.Partial)
		}
	}
}

// BenchmarkRecord is what a round costs from its observation to its line; B/round is how long the lines are.
func BenchmarkRecord(b *testing.B) {
	for _, mode := range []probelog.Mode{probelog.All, probelog.Changes} {
		b.Run(string(mode), func(b *testing.B) {
			var size counter
			run := quietRun(mode)
			rec := probelog.NewRecorder(run, probelog.NewJSON(&size, run))
			rec.Start(comparetest.Start)
			b.ReportAllocs()
			for i := range b.N {
				if _, err := rec.Observe(quietRound(uint64(i) + 1)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size)/float64(b.N), "B/round")
		})
	}
}

// BenchmarkWriteRound is the writing alone.
func BenchmarkWriteRound(b *testing.B) {
	var size counter
	run := quietRun(probelog.All)
	log := probelog.NewJSON(&size, run)
	judged := []compare.Judged{{Outcome: probe.OK}, {Outcome: probe.OK}}
	b.ReportAllocs()
	for i := range b.N {
		if err := log.Round(quietRound(uint64(i)+1), judged); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(size)/float64(b.N), "B/round")
}

// BenchmarkRead is what a round costs from its line to the tracker's having seen it, and to its being read alone.
func BenchmarkRead(b *testing.B) {
	var log bytes.Buffer
	run := quietRun(probelog.All)
	rec := probelog.NewRecorder(run, probelog.NewJSON(&log, run))
	rec.Start(comparetest.Start)
	const rounds = 2000
	for i := range uint64(rounds) {
		if _, err := rec.Observe(quietRound(i + 1)); err != nil {
			b.Fatal(err)
		}
	}
	for _, feed := range []bool{false, true} {
		b.Run(map[bool]string{false: "alone", true: "and replay"}[feed], func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(log.Len() / rounds))
			for n := 0; n < b.N; {
				var p probelog.Replay
				r := probelog.NewReader(bytes.NewReader(log.Bytes()))
				for range rounds {
					rec, err := r.Next()
					if err == nil && feed {
						_, err = p.Feed(rec)
					}
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
			}
		})
	}
}

// counter counts what is written.
type counter int

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}
