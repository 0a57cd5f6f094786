package page

import (
	"net/http"
	"slices"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/report"
)

// serveReport answers with what `prober report` would say of the run's log.
func (p *Page) serveReport(w http.ResponseWriter, r *http.Request) { report.Serve(w, r, p.document) }

// document is the report so far. Rounds are let in between two targets, so that they never wait for all of it.
func (p *Page) document() report.Document {
	run := p.opt.Run
	head := report.Run{
		ID: run.ID, Host: run.Host, System: run.System, Version: run.Version, Interval: report.Millis(run.Options.Interval),
		Timeout: report.Millis(run.Timeout), Settle: report.Millis(run.Options.Settle), Started: p.opt.Started.UTC().Truncate(time.Microsecond),
	}
	p.mu.Lock()
	if head.Runs = p.end == nil; !head.Runs {
		head.Stopped, head.Reason = p.end.Time, p.end.Reason
	}
	p.mu.Unlock()
	d := report.New(run.Version, report.Observed{Run: head})
	for i := range p.targets {
		d.Runs[0].Targets = append(d.Runs[0].Targets, p.reported(&p.targets[i]))
	}
	return d
}

func (p *Page) reported(t *target) report.Target {
	p.mu.Lock()
	defer p.mu.Unlock()
	whole := t.sum
	whole.Approaches = slices.Clone(t.sum.Approaches)
	latency, recovery := p.opt.Tracker.Histograms(t.spec().Name)
	for i := range whole.Approaches {
		whole.Approaches[i].Latency, whole.Approaches[i].Recovery = latency[i], recovery[i]
	}
	sum := compare.Summary{Interval: p.opt.Run.Options.Interval, Targets: []compare.TargetSummary{whole}}
	return report.New("", report.Observed{Summary: sum, History: t.seen.Alone()}).Runs[0].Targets[0]
}
