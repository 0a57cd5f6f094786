package probelog_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
)

// kinds reads a log to its end: what each line is, "!" for one that is no record.
func kinds(t *testing.T, r io.Reader) (all []string, errs []error) {
	t.Helper()
	reader := probelog.NewReader(r)
	for {
		rec, err := reader.Next()
		var lineErr *probelog.LineError
		switch {
		case err == io.EOF:
			return all, errs
		case errors.As(err, &lineErr):
			all, errs = append(all, "!"), append(errs, err)
		case err != nil:
			t.Fatal(err)
		default:
			all = append(all, string(rec.Kind))
		}
	}
}

const goodLine = `{"time":"2026-03-14T09:00:00.000000Z","record":"round","t_ms":0,"run":"r","target":"httpd","seq":1,"results":[{"approach":"ip","outcome":"ok","total_ms":1}]}`

func TestOtherPeoplesLinesArePassedOver(t *testing.T) {
	tests := map[string]struct{ line, want string }{
		"ours":                        {goodLine, "round"},
		"with a prefix":               {`[pod/prober-x2k/prober] ` + goodLine, "round"},
		"with Windows' line end":      {goodLine + "\r", "round"},
		"with fields of a later time": {strings.Replace(goodLine, `"seq":1`, `"seq":1,"later":{"record":"state","x":[1]}`, 1), "round"},
		"with sorted keys":            {`{"later":{"record":"state"},"record":"round","results":[{"approach":"ip","outcome":"ok","total_ms":1}],"run":"r","seq":1,"t_ms":0,"target":"httpd","time":"2026-03-14T09:00:00Z"}`, "round"},
		"with spaces":                 {`{ "time" : "2026-03-14T09:00:00Z", "record" : "stop", "t_ms" : 5, "run" : "r" }`, "stop"},
		"text":                        {"prober: listening", "line 2: not a record of the prober"},
		"somebody else's JSON":        {`{"level":"info","msg":"hello"}`, "line 2: not a record of the prober"},
		"somebody else's record":      {`{"record":"vinyl","run":"r"}`, "line 2: not a record of the prober"},
		"a record that is no text":    {`{"record":7,"run":"r"}`, "line 2: not a record of the prober"},
		"cut off":                     {goodLine[:90], "line 2: round: the record is cut off in its middle"},
		"cut off in a text":           {goodLine[:98], "line 2: round: the record is cut off in its middle"},
		"cut off at its begin":        {goodLine[:30], "line 2: the record is cut off in its middle"},
		"somebody else's, cut off":    {`{"level":"info","msg":`, "line 2: not a record of the prober"},
		"a byte that was changed":     {strings.Replace(goodLine, `"seq":1`, `"seq";1`, 1), "line 2: round: the record is damaged at its byte 97"},
		"another type":                {strings.Replace(goodLine, `"seq":1`, `"seq":"one"`, 1), "line 2: round: unexpected string at seq"},
		"another type in the head":    {strings.Replace(goodLine, `"t_ms":0`, `"t_ms":[]`, 1), "line 2: round: unexpected array at t_ms"},
		"without run":                 {strings.Replace(goodLine, `"run":"r",`, "", 1), "line 2: round: no run"},
		"round 0":                     {strings.Replace(goodLine, `"seq":1`, `"seq":0`, 1), "line 2: round: seq 0 is out of range"},
		"negative time":               {strings.Replace(goodLine, `"t_ms":0`, `"t_ms":-1`, 1), "line 2: round: t_ms -1 is negative"},
		"endless time":                {strings.Replace(goodLine, `"t_ms":0`, `"t_ms":1e300`, 1), "line 2: round: t_ms 1e+300 is out of range"},
		"unknown outcome":             {strings.Replace(goodLine, `"ok"`, `"great"`, 1), `line 2: round: outcome "great" is not known`},
		"wrong_pod of its own":        {strings.Replace(goodLine, `"ok"`, `"wrong_pod"`, 1), `line 2: round: a probe alone cannot come to "wrong_pod"`},
		"no results":                  {strings.Replace(goodLine, `{"approach":"ip","outcome":"ok","total_ms":1}`, ``, 1), "line 2: round: 0 results"},
		"too many results":            {strings.Replace(goodLine, `{"app`, strings.Repeat(`{},`, 64)+`{"app`, 1), "line 2: round: 65 results"},
		"unknown event":               {`{"time":"2026-03-14T09:00:00Z","record":"event","t_ms":0,"run":"r","event":"party","target":"t","seq":1}`, `line 2: event: event "party" without a kind that is known`},
		"an event without its outage": {`{"time":"2026-03-14T09:00:00Z","record":"event","t_ms":0,"run":"r","event":"broke","target":"t","seq":1}`, `line 2: event: event "broke" without outage`},
		"a later schema":              {`{"time":"2026-03-14T09:00:00Z","record":"start","t_ms":0,"run":"r","schema":2,"options":[]}`, `line 2: schema 2 of run "r": written by a newer prober; this one reads up to 1`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, errs := kinds(t, strings.NewReader("\n"+test.line+"\n\n"+goodLine))
			want := []string{test.want, "round"}
			if strings.HasPrefix(test.want, "line ") {
				want[0] = "!"
				if len(errs) != 1 || errs[0].Error() != test.want {
					t.Errorf("got %v\nwant %v", errs, test.want)
				}
			}
			if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("records %v, want %v (%v)", got, want, errs)
			}
		})
	}
}

func TestALaterSchemaIsSaidToBeThat(t *testing.T) {
	var log bytes.Buffer
	record(t, story(t, "a container restarts in place"), probelog.All, &log)
	later := bytes.ReplaceAll(log.Bytes(), []byte(`"schema":1`), []byte(`"schema":2`))
	_, errs := kinds(t, bytes.NewReader(later))
	if len(errs) < 2 || !errors.Is(errs[0], probelog.ErrNewer) {
		t.Fatalf("errors %v", errs)
	}
	if want := `line 1: schema 2 of run "run1": written by a newer prober; this one reads up to 1`; errs[0].Error() != want {
		t.Errorf("got %q\nwant %q", errs[0], want)
	}
	// Without a start that it understands, a replay follows nothing of the run.
	var p probelog.Replay
	r := probelog.NewReader(bytes.NewReader(later))
	for {
		rec, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			continue
		}
		if o, err := p.Feed(rec); err != nil || len(o.Judged)+len(o.Events) > 0 {
			t.Fatalf("line %d: %+v, %v", rec.Line, o, err)
		}
	}
}

func TestALineWithoutEndIsBounded(t *testing.T) {
	long := io.MultiReader(strings.NewReader(goodLine+"\n{"), io.LimitReader(endless{}, 40<<20), strings.NewReader("\n"+goodLine))
	got, errs := kinds(t, long)
	if strings.Join(got, " ") != "round ! round" || !errors.Is(errs[0], probelog.ErrForeign) {
		t.Errorf("%v %v", got, errs)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

func TestATroubleOfTheLogItselfIsFinal(t *testing.T) {
	trouble := errors.New("disk on fire")
	r := probelog.NewReader(io.MultiReader(strings.NewReader(goodLine+"\n"), iotest.ErrReader(trouble)))
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); !errors.Is(err, trouble) {
		t.Errorf("error %v", err)
	}
}

// full is a state record that a Reader takes, of the story's target after its rounds.
func full(t testing.TB) string {
	t.Helper()
	var log bytes.Buffer
	record(t, story(t, "a single pod is recreated with another IP"), probelog.All, &log)
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	return lines[len(lines)-2]
}

func TestAStateThatCannotBeIsRefused(t *testing.T) {
	state := full(t)
	tests := map[string]struct{ old, new, want string }{
		"a bucket that is none":      {`"latency":[[158,`, `"latency":[[999,`, "a histogram with bucket 999 of"},
		"a bucket twice":             {`"latency":[[158,`, `"latency":[[158,1],[158,`, "a histogram with bucket 158 of"},
		"buckets in another order":   {`"latency":[[158,`, `"latency":[[159,1],[157,2],[160,`, "a histogram with bucket 157 of 2"},
		"an empty bucket":            {`"latency":[[158,`, `"latency":[[157,0],[158,`, "a histogram with bucket 157 of 0"},
		"a negative bucket":          {`"latency":[[158,`, `"latency":[[-158,`, "unexpected number -158 at state.approaches.latency"},
		"a negative count":           {`"ok":4`, `"ok":-4`, "ok -4 is out of range"},
		"an endless count":           {`"ok":4`, `"ok":9223372036854775807`, "ok 9223372036854775807 is out of range"},
		"another outcome":            {`"outcome":"no_route"`, `"outcome":"new"`, `outcome "new" is not known`},
		"another class":              {`"classes":{"connect_timeout"`, `"classes":{"new"`, `outcome "new" is not known`},
		"another verdict":            {`"verdicts":{"broken"`, `"verdicts":{"new"`, `verdict "new" is not known`},
		"a moment that is none":      {`"last":{"seq":`, `"last":{"seq":-`, "unexpected number -18 at state.last.seq"},
		"no interval":                {`"interval_ms":1000`, `"interval_ms":0`, "interval_ms is 0"},
		"no approaches":              {`"approaches":[{"name":"ip"}`, `"approaches":[],"x":[{"name":"ip"}`, `target "httpd" has 0 approaches`},
		"another target":             {`"target":"httpd"`, `"target":"nginx"`, `target "nginx" with the configuration of "httpd"`},
		"a null recreation":          {`"recreations":[`, `"recreations":[null,`, "a recreation that is null"},
		"a longer text than any is":  {`"name":"pod-httpd"`, `"name":"` + strings.Repeat("x", 5000) + `"`, "pod is longer than 4096 bytes"},
		"an address that is none":    {`"ip":"10.0.0.5"`, `"ip":"10.0.0.500"`, `ParseAddr("10.0.0.500")`},
		"more approaches than known": {`"approaches":[{"approach":"ip"`, `"approaches":[{"ok":1},{"approach":"ip"`, "6 approaches where the target has 5"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			line := strings.Replace(state, test.old, test.new, 1)
			if line == state {
				t.Fatalf("no %s in %s", test.old, state)
			}
			rec, err := probelog.NewReader(strings.NewReader(line)).Next()
			if err == nil {
				_, err = new(probelog.Replay).Feed(rec)
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "line 1: ") {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

func TestAReplayFollowsSoManyRunsAndNoMore(t *testing.T) {
	rec, err := probelog.NewReader(strings.NewReader(full(t))).Next()
	if err != nil {
		t.Fatal(err)
	}
	var p probelog.Replay
	var refused int
	for i := range 5000 {
		other := *rec
		other.ID = strings.Repeat("x", i+1)
		if _, err := p.Feed(&other); err != nil {
			refused++
		}
	}
	if n := len(p.Runs()); n != 4096 || refused != 5000-4096 {
		t.Errorf("%d runs, %d refused", n, refused)
	}
}

func TestRoundsAfterMissingLinesAreNotTakenForMore(t *testing.T) {
	var log bytes.Buffer
	sc := story(t, "a single pod is recreated with another IP")
	live, _ := record(t, sc, probelog.All, &log)
	lines := bytes.SplitAfter(log.Bytes(), []byte("\n"))
	for gone := range lines[1 : len(lines)-4] {
		left := bytes.Join(append(append([][]byte(nil), lines[:gone+1]...), lines[gone+2:]...), nil)
		var p probelog.Replay
		r := probelog.NewReader(bytes.NewReader(left))
		for {
			rec, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Feed(rec); err != nil {
				t.Fatal(err)
			}
		}
		sameSummary(t, p.Runs()[0].Summary(), live.summary)
	}
}

func TestADamagedRoundIsNothingToLeanOn(t *testing.T) {
	var log bytes.Buffer
	j := probelog.NewJSON(&log, quietRun(probelog.All))
	for seq := range uint64(3) {
		if err := j.Round(quietRound(seq+1), []compare.Judged{{Outcome: probe.OK}, {Outcome: probe.OK}}); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.SplitAfter(log.String(), "\n")
	lines[1] = strings.Replace(lines[1], `"outcome":"ok"`, `"outcome":"great"`, 1)
	r := probelog.NewReader(strings.NewReader(strings.Join(lines, "")))
	var got []string
	for {
		rec, err := r.Next()
		if err == io.EOF {
			break
		}
		got = append(got, fmt.Sprint(err == nil && !rec.Partial))
	}
	if want := "true false false"; strings.Join(got, " ") != want {
		t.Errorf("whole: %v, want %s", got, want)
	}
}

func TestALogReadTwiceCountsOnce(t *testing.T) {
	var log bytes.Buffer
	live, _ := record(t, story(t, "a container restarts in place"), probelog.All, &log)
	replayed, _ := replay(t, append(log.Bytes(), log.Bytes()...))
	sameEvents(t, "replayed", replayed.events, live.events)
	sameSummary(t, replayed.summary, live.summary)
}

// FuzzReader: whatever a log holds, it is read to its end, and what is in it can be followed and told.
func FuzzReader(f *testing.F) {
	var log bytes.Buffer
	record(f, story(f, "the Service's port is not the pod's"), probelog.All, &log)
	for line := range bytes.Lines(log.Bytes()) { // single lines: a fuzzer gets nowhere with long seeds
		f.Add(line)
	}
	log.Reset()
	record(f, story(f, "an IP flaps while the name reaches the same pod"), probelog.All, &log)
	for line := range bytes.Lines(log.Bytes()) {
		if bytes.Contains(line, []byte(`"record":"event"`)) {
			f.Add(line)
		}
	}
	f.Add([]byte(goodLine + "\n" + strings.Replace(goodLine, `"seq":1`, `"seq":2`, 1)))
	f.Add(onNode([]byte(goodLine+"\n"), 60))
	f.Add([]byte(goodLine[:90] + goodLine))
	f.Add([]byte("[pod] " + goodLine + "\n{\"record\":\"state\"}\nnoise\n"))
	f.Fuzz(func(t *testing.T, log []byte) {
		r := probelog.NewReader(bytes.NewReader(log))
		var p probelog.Replay
		var text bytes.Buffer
		tell := func(run probelog.Run, events []compare.Event) {
			out := probelog.NewText(&text, run, probelog.TextOptions{Width: 60})
			for _, e := range events {
				if err := out.Event(e); err != nil {
					t.Fatal(err)
				}
			}
			text.Reset()
		}
		for {
			rec, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				if !strings.HasPrefix(err.Error(), "line ") {
					t.Fatal(err)
				}
				continue
			}
			if rec.Event != nil {
				tell(probelog.Run{}, []compare.Event{*rec.Event})
			}
			o, _ := p.Feed(rec)
			tell(probelog.Run{}, o.Events)
			rewrite(t, rec)
		}
		for _, run := range p.Runs() {
			stop := probelog.Stop{Summary: run.Summary()}
			if err := probelog.NewText(&text, run.Run, probelog.TextOptions{}).Stop(stop); err != nil {
				t.Fatal(err)
			}
			text.Reset()
		}
	})
}

// rewrite writes a record that was read, and reads it again: the same comes out.
func rewrite(t *testing.T, rec *probelog.Record) {
	var write func(*probelog.JSON) error
	run := probelog.Run{ID: rec.ID}
	switch {
	case rec.State != nil:
		run = *rec.Run
		write = func(j *probelog.JSON) error { return j.State(*rec.State) }
		if len(rec.State.Approaches) != len(run.Targets[0].Approaches) {
			return
		}
	case rec.Run != nil:
		run = *rec.Run
		write = func(j *probelog.JSON) error { return j.Start(rec.Wall) }
	case rec.Event != nil:
		write = func(j *probelog.JSON) error { return j.Event(*rec.Event) }
	case rec.Round != nil && !rec.Partial:
		target := probe.Target{Name: rec.Round.Target}
		var judged []compare.Judged
		for i, name := range rec.Approaches {
			target.Approaches = append(target.Approaches, probe.Approach{Name: name})
			judged = append(judged, compare.Judged{Outcome: rec.Judged[i]})
		}
		run.Targets = []probe.Target{target}
		write = func(j *probelog.JSON) error { return j.Round(*rec.Round, judged) }
	default:
		return
	}
	again := readBack(t, run, write)
	for _, d := range []string{diff(again.Run, rec.Run), diff(again.Round, rec.Round), diff(again.Event, rec.Event), diff(again.State, rec.State)} {
		if d != "" && !(rec.Kind == probelog.StateRecord && strings.HasPrefix(d, ".Targets")) {
			t.Fatalf("%s: %s", rec.Kind, d)
		}
	}
}
