package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
	"callbyname/internal/report"
)

// maxVoid is how many rounds of a step may be void in part before the story is given up: a machine that is so busy can
// show nothing.
const maxVoid = 100

// narrator tells the story alongside the rounds: it is asked after each of them.
type narrator struct {
	steps []step
	world *world
	out   io.Writer
	// width is in cells, and no line is longer. colour makes what is said stand out between the rows.
	width  int
	colour bool
	// wait, when not nil, is asked whether the next step may begin.
	wait func() bool
	// page is where the story can be seen, empty for nowhere; stay is true when it can be seen there after its end.
	page string
	stay bool

	at     int // the step being told
	rounds int // of this step that count
	void   int // and that do not
	events []compare.Event
	told   bool // the step's lesson was told, and the next one waits
	failed bool // a lesson did not occur
	apart  bool // what was written last ends with an empty line
}

// over reports whether there is nothing more to tell.
func (n *narrator) over() bool { return n.at == len(n.steps) || n.failed }

// last reports whether no step follows.
func (n *narrator) last() bool { return n.at+1 == len(n.steps) }

// welcome says where the story can be seen.
func (n *narrator) welcome() error {
	if n.page == "" {
		return nil
	}
	return n.say("", "This can be seen on a page, too: "+n.page)
}

// farewell says that it goes on, if it does.
func (n *narrator) farewell() error {
	switch {
	case !n.stay:
		return nil
	case n.page == "":
		return n.say("", "The probing goes on until Ctrl-C is pressed.")
	}
	return n.say("", "The page stays at "+n.page+" until Ctrl-C is pressed.")
}

// open announces the current step and does what comes first in it.
func (n *narrator) open() error {
	s := n.steps[n.at]
	n.rounds, n.void, n.events, n.told = 0, 0, nil, false
	if err := n.say(fmt.Sprintf("(%d) ", n.at+1), s.title); err != nil {
		return err
	}
	return n.act(s)
}

func (n *narrator) act(s step) error {
	if act := s.acts[n.rounds]; act != nil {
		if err := act(n.world); err != nil {
			return fmt.Errorf("step %d: %w", n.at+1, err)
		}
	}
	return nil
}

// after takes in what a round meant, and goes on with the story when it is time.
func (n *narrator) after(r probe.Round, o compare.Observation) error {
	if n.over() {
		return nil
	}
	n.apart = false
	n.events = append(n.events, o.Events...)
	if n.told {
		return n.next(r)
	}
	s := n.steps[n.at]
	if slices.ContainsFunc(o.Judged, func(j compare.Judged) bool { return j.Outcome == probe.Void }) {
		if n.void++; n.void == maxVoid {
			return n.giveUp(fmt.Sprintf("the machine is too busy, %d rounds were void", n.void))
		}
		return nil
	}
	n.rounds++
	if err := n.act(s); err != nil {
		return err
	}
	if n.rounds < s.least {
		return nil
	}
	lesson, ok := s.learned(n.events)
	switch {
	case ok:
		n.told = true
		if err := n.say("    => ", lesson); err != nil {
			return err
		}
		return n.pause(r)
	case n.rounds >= s.most:
		return n.giveUp(s.missing)
	}
	return nil
}

func (n *narrator) giveUp(why string) error {
	n.failed = true
	return n.say("    => ", "The lesson did not occur: "+why+".")
}

// pause comes between a lesson and the next step.
func (n *narrator) pause(r probe.Round) error {
	if n.wait != nil && !n.last() {
		n.wait() // what was pressed too early does not count
		return n.say("    ", "Press Enter for what comes next.")
	}
	return n.next(r)
}

// next begins the next step, if it may.
func (n *narrator) next(r probe.Round) error {
	if n.last() {
		n.at++
		return n.farewell()
	}
	if ready := n.steps[n.at+1].ready; ready != nil && !ready(r) || n.wait != nil && !n.wait() {
		return nil
	}
	n.at++
	return n.open()
}

// say writes a paragraph between the rows. What follows the first line stands as far to the right as the text behind begin.
func (n *narrator) say(begin, text string) error {
	indent := strings.Repeat(" ", report.Cells(begin))
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = report.Wrap(line, n.width-len(indent), "")
	}
	text = begin + strings.ReplaceAll(strings.Join(lines, "\n"), "\n", "\n"+indent)
	if n.colour {
		text = "\x1b[1m" + text + "\x1b[0m" // bold: ECMA-48, 8.3.117
	}
	if !n.apart {
		text = "\n" + text
	}
	text += "\n"
	if n.apart = !n.failed && !(n.told && n.last()); n.apart {
		text += "\n"
	}
	_, err := io.WriteString(n.out, text)
	return err
}
