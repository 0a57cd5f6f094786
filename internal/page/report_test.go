package page_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"callbyname/internal/compare/comparetest"
	"callbyname/internal/history"
	"callbyname/internal/page"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
	"callbyname/internal/report"
)

// What the page reports of a run is what a reader of the run's log reports, while it lasts and after its end.
func TestTheReportIsThatOfTheLog(t *testing.T) {
	for _, sc := range comparetest.Scenarios {
		t.Run(sc.Name, func(t *testing.T) {
			var log bytes.Buffer
			run := probelog.Run{ID: "run1", Version: "v1.2.3", Host: "node-a", Targets: []probe.Target{sc.Target()}, Options: sc.Options(),
				Timeout: time.Second / 2, Rounds: probelog.All}
			r := probelog.NewRecorder(run, probelog.NewJSON(&log, run))
			r.Start(comparetest.Start)
			s := &shown{Page: page.New(page.Options{Run: run, Started: comparetest.Start, Tracker: r.Tracker()})}
			at, wall := sc.Play(func(round probe.Round) []probe.Pin {
				o, err := r.Observe(round)
				if err != nil {
					t.Fatal(err)
				}
				s.Observe(round, o)
				return o.Pins
			})
			same := func() {
				t.Helper()
				w := s.get("/api/v1/report?o=json")
				var got, want any
				err := errors.Join(json.Unmarshal(w.Body.Bytes(), &got), json.Unmarshal(fromLog(t, log.Bytes()), &want))
				if d := differs("report", got, want); err != nil || w.Code != http.StatusOK || d != "" {
					t.Errorf("%d, %v: of the page and of the log: %s", w.Code, err, d)
				}
			}
			same()
			s.Stop(r.Stop(at, wall, "SIGTERM"), wall, "SIGTERM")
			same()
		})
	}
}

// fromLog is the report of a log, as JSON.
func fromLog(t *testing.T, log []byte) []byte {
	t.Helper()
	var replay probelog.Replay
	var h *history.History
	run := report.Run{Runs: true}
	for in := probelog.NewReader(bytes.NewReader(log)); ; {
		rec, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		o, err := replay.Feed(rec)
		if err != nil {
			t.Fatal(err)
		}
		switch rec.Kind {
		case probelog.StartRecord:
			h = history.New(rec.Run.Targets, history.Options{Interval: rec.Run.Options.Interval, Phases: true})
			run.Started = rec.Wall
		case probelog.RoundRecord:
			h.Observe(*rec.Round, o)
		case probelog.StateRecord:
			h.Resume(*rec.State)
		case probelog.StopRecord:
			run.Stopped, run.Reason, run.Runs = rec.Wall, rec.Stop.Reason, false
			h.Tell(o.Events)
		}
	}
	replayed := replay.Runs()[0]
	run.ID, run.Host, run.Version = replayed.Run.ID, replayed.Run.Host, replayed.Run.Version
	run.Interval, run.Timeout, run.Settle = report.Millis(replayed.Run.Options.Interval), report.Millis(replayed.Run.Timeout), report.Millis(replayed.Run.Options.Settle)
	var b bytes.Buffer
	d := report.New("v1.2.3", report.Observed{Run: run, Summary: replayed.Summary(), History: h})
	if err := d.Write(&b, report.AsJSON, report.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
