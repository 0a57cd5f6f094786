package page

import (
	"fmt"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/history"
	"callbyname/internal/probe"
	"callbyname/internal/report"
)

// recreationView is one recreation, as far as it went.
type recreationView struct {
	N         int          `json:"n"`
	Kind      compare.Kind `json:"kind"`
	Headline  string       `json:"headline"`
	FromMS    float64      `json:"from_ms"` // the old pod's last answer, or the first failure if that was before
	NoticedMS float64      `json:"noticed_ms"`
	ToMS      float64      `json:"to_ms,omitempty"` // when it settled; none while it has not
	Time      time.Time    `json:"time"`
	Clock     string       `json:"clock"`
	Old       podView      `json:"old"`
	New       podView      `json:"new"`
	Settled   bool         `json:"settled"`
	Withdrawn bool         `json:"withdrawn,omitempty"`
	Words     string       `json:"words"` // what is to be said of it as a whole
	Effects   []effectView `json:"effects"`
	Steps     []stepView   `json:"steps"`
	// Happenings are the steps for people: those of the same round together.
	Happenings []happeningView `json:"happenings"`
}

type podView struct {
	Name string `json:"name,omitempty"`
	IP   string `json:"ip,omitempty"`
	UID  string `json:"uid,omitempty"`
	Node string `json:"node,omitempty"`
}

// effectView is what a recreation did to one approach.
type effectView struct {
	Approach string `json:"approach"`
	// Verdict is empty until the recreation settles.
	Verdict compare.Verdict `json:"verdict,omitempty"`
	// Lost and OutMS are what it cost; 0 as long as that still grows, with the verdict broken.
	Lost  int     `json:"lost"`
	OutMS float64 `json:"out_ms"`
	Words string  `json:"words"` // "recovered after 2.0s, 2 probes lost"
	Cause string  `json:"cause"`
	// BrokeMS and BackMS are when it failed first and when it was back, on the run's clock; none when it did not or is not.
	BrokeMS *float64 `json:"broke_ms,omitempty"`
	BackMS  *float64 `json:"back_ms,omitempty"`
}

type stepView struct {
	Step     history.StepKind `json:"step"`
	AtMS     float64          `json:"at_ms"`
	AfterMS  float64          `json:"after_ms"`
	After    string           `json:"after"` // "+2.1s"
	Clock    string           `json:"clock"`
	Approach string           `json:"approach,omitempty"`
	Outcome  probe.Outcome    `json:"outcome,omitempty"`
	Words    string           `json:"words"`
}

type happeningView struct {
	AtMS  float64  `json:"at_ms"`
	After string   `json:"after"`
	Clock string   `json:"clock"`
	Words []string `json:"words"`
}

func (t *target) recreation(r compare.Recreation) recreationView {
	steps := t.seen.Timeline(r)
	v := recreationView{
		N: r.N, Kind: r.Kind, Headline: report.Headline(r), FromMS: ms(r.LastOld.At), NoticedMS: ms(r.Noticed.At),
		Time: r.Noticed.Wall.UTC(), Clock: t.clock(r.Noticed), Old: pod(r.Old), New: pod(r.New), Settled: !r.Settled.IsZero(),
		Withdrawn: r.Withdrawn, Effects: []effectView{}, Steps: []stepView{}, Happenings: []happeningView{},
	}
	if v.Settled {
		v.ToMS = ms(r.Settled.At)
	}
	switch {
	case v.Withdrawn:
		v.Words = "withdrawn: the old pod answers again, and this was none"
	case !v.Settled:
		v.Words = "going on"
	}
	causes := report.Causes(r, steps, *t.spec())
	for i := range t.ways {
		v.Effects = append(v.Effects, t.effect(i, &r, steps, causes))
	}
	for _, s := range steps {
		v.Steps = append(v.Steps, stepView{
			Step: s.Kind, AtMS: ms(s.At), AfterMS: ms(s.After), After: after(s.After), Clock: t.clock(s.Moment), Approach: s.Approach,
			Outcome: s.Outcome, Words: report.StepWords(s, r),
		})
	}
	for _, h := range report.Happenings(report.Steps(r, steps), inWords) {
		v.Happenings = append(v.Happenings, happeningView{
			AtMS: ms(time.Duration(h.At)), After: h.After, Clock: t.page.clock(h.Time), Words: h.Words,
		})
	}
	return v
}

func (t *target) effect(i int, r *compare.Recreation, steps []history.Step, causes []report.Cause) effectView {
	v := effectView{Approach: t.ways[i].spec.Name}
	if i < len(r.Effects) {
		e := r.Effects[i]
		v.Verdict, v.Words = e.Verdict, string(e.Verdict)
		switch {
		case e.Verdict == compare.Misrouted && t.stillOut(i, r):
			v.Words += ", still without a right answer"
		case e.Verdict == compare.Broken && t.stillOut(i, r):
			v.Words += ", still out"
		case e.Lost > 0:
			v.Lost, v.OutMS = e.Lost, ms(e.For)
			switch e.Verdict {
			case compare.Came:
				v.Words += " after " + report.Duration(e.For)
			case compare.Broken:
				v.Words += " for " + report.Duration(e.For)
			}
			v.Words += ", " + lost(e.Lost)
		}
	}
	if i < len(causes) {
		v.Cause = causes[i].Sentence
	}
	for _, s := range steps {
		if s.Approach != v.Approach {
			continue
		}
		at := ms(s.At)
		switch {
		case s.Kind == history.Failed && v.BrokeMS == nil:
			v.BrokeMS = &at
		case s.Kind == history.Back:
			v.BackMS = &at
		}
	}
	if v.Verdict == "" {
		v.Words = soFar(v)
	}
	return v
}

// stillOut reports whether the outage that a recreation left lasts.
func (t *target) stillOut(i int, r *compare.Recreation) bool {
	open := t.sum.Approaches[i].Open
	return open != nil && open.First.Seq <= r.Settled.Seq
}

// soFar is what can be said of an approach until a recreation settles.
func soFar(v effectView) string {
	switch {
	case v.BrokeMS == nil:
		return "nothing lost so far"
	case v.BackMS == nil:
		return "still out"
	}
	return "back after " + report.Duration(time.Duration((*v.BackMS-*v.BrokeMS)*1e6))
}

func pod(p compare.Pod) podView {
	v := podView{Name: p.Name, UID: p.UID, Node: p.Node}
	if p.IP.IsValid() {
		v.IP = p.IP.String()
	}
	return v
}

// inWords is a failure class in words, and as the log has it.
func inWords(o probe.Outcome) string { return fmt.Sprintf("%s (%s)", o.Words(), o) }

// after is a step's distance from the old pod's last answer.
func after(d time.Duration) string {
	switch {
	case d < 0:
		return report.Duration(d)
	case d == 0:
		return "0s"
	}
	return "+" + report.Duration(d)
}

func lost(n int) string {
	if n == 1 {
		return "1 probe lost"
	}
	return fmt.Sprintf("%d probes lost", n)
}
