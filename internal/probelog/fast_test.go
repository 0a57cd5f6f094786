package probelog

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probe"
)

// roundLines are the rounds that a prober writes in a story.
func roundLines(t testing.TB, sc comparetest.Scenario) (lines [][]byte) {
	t.Helper()
	var log bytes.Buffer
	run := Run{ID: "run", Targets: []probe.Target{sc.Target()}, Options: sc.Options(), Timeout: time.Second, Rounds: All}
	r := NewRecorder(run, NewJSON(&log, run))
	r.Start(comparetest.Start)
	sc.Play(func(round probe.Round) []probe.Pin {
		for i := range round.Results {
			round.Results[i].Phases = probe.Phases{Resolve: 123456, Connect: 1, TLS: 999, Write: 12, FirstByte: 90071992547, Read: time.Hour}
		}
		o, err := r.Observe(round)
		if err != nil {
			t.Fatal(err)
		}
		return o.Pins
	})
	for line := range bytes.Lines(log.Bytes()) {
		if bytes.Contains(line, []byte(`"record":"round"`)) {
			lines = append(lines, line)
		}
	}
	return lines
}

// sameAsJSON checks a line that a fast reads, and reports whether it does.
func sameAsJSON(t *testing.T, f *fast, line []byte) bool {
	t.Helper()
	got := f.round(line)
	if got == nil {
		return false
	}
	var want roundRecord
	if err := json.Unmarshal(line, &want); err != nil {
		t.Fatalf("%s is read, and encoding/json says %v", line, err)
	}
	if !reflect.DeepEqual(*got, want) {
		t.Fatalf("%s\nis read as\n%+v\nand by encoding/json as\n%+v", line, *got, want)
	}
	return true
}

func TestQuietRoundsAreReadFastAndAsEncodingJSONReadsThem(t *testing.T) {
	f := newFast()
	quick, all := 0, 0
	for _, sc := range comparetest.Scenarios {
		for _, line := range roundLines(t, sc) {
			all++
			if sameAsJSON(t, f, line) {
				quick++
			} else if bytes.Count(line, []byte(`"who":{"same":true`)) == bytes.Count(line, []byte(`"who":`)) &&
				bytes.Count(line, []byte(`"dns":{"same":true`)) == bytes.Count(line, []byte(`"dns":`)) {
				t.Errorf("not read fast: %s", line)
			}
		}
	}
	if quick < all/3 {
		t.Errorf("%d of %d lines are read fast, though the stories are not quiet", quick, all)
	}
}

func TestALineThatIsNearlyAQuietRoundIsLeftToEncodingJSON(t *testing.T) {
	const line = `{"time":"2026-03-14T09:00:00.000000Z","record":"round","t_ms":0.5,"run":"r","target":"t","seq":1,"results":[{"approach":"ip","outcome":"ok","addr":"10.0.0.5:80","total_ms":1}]}`
	f := newFast()
	if !sameAsJSON(t, f, []byte(line)) || !sameAsJSON(t, f, []byte(line+"\r\n")) {
		t.Fatal("the line itself is not read fast")
	}
	for old, news := range map[string][]string{
		`"t_ms":0.5`:    {`"t_ms":-1`, `"t_ms":00.5`, `"t_ms":0.`, `"t_ms":.5`, `"t_ms":5e3`, `"t_ms":0.1234567890123456789`, `"t_ms":"0.5"`, `"t_ms":null`, `"T_MS":0.5`},
		`"seq":1`:       {`"seq":01`, `"seq":1.0`, `"seq":18446744073709551615`, `"seq":1,"seq":2`, `"seq":1,"later":1`, `"seq": 1`},
		`03-14T`:        {`02-30T`, `13-14T`, `00-14T`, `03-00T`, `3-14T`},
		`09:00:00.0`:    {`24:00:00.0`, `09:60:00.0`, `09:00:60.0`, `09:00:00,0`, `09:00:00.00`},
		`"run":"r"`:     {`"run":"\u0072"`, `"run":"é"`, "\"run\":\"\t\"", `"run":"r`, `"run":7`},
		`10.0.0.5:80`:   {`10.0.0.5`, `10.0.0.5:080000`, `:80`, ``},
		`"approach":"i`: {`"outcome":"ok","approach":"i`, `"approach":"x","approach":"i`},
		`}]}`:           {`}]} x`, `}],}`, `},]}`, `}]`, `}]}{}`, `},{}]}`},
		`[{`:            {`[`, `[` + strings.Repeat(`{"approach":"x","outcome":"ok","total_ms":1},`, maxApproaches) + `{`},
	} {
		for _, new := range news {
			if changed := strings.Replace(line, old, new, 1); f.round([]byte(changed)) != nil {
				t.Errorf("read fast: %s", changed)
			}
		}
	}
}

func FuzzALineIsReadFastOnlyAsEncodingJSONReadsIt(f *testing.F) {
	for _, name := range []string{"a single pod is recreated with another IP", "a cached address is given to a stranger"} {
		for _, line := range roundLines(f, comparetest.Named(name)) {
			f.Add(line)
		}
	}
	reader := newFast()
	f.Fuzz(func(t *testing.T, line []byte) {
		sameAsJSON(t, reader, line)
	})
}
