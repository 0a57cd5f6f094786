package main

import (
	"fmt"
	"io"
	"time"

	"callbyname/internal/cli"
	"callbyname/internal/report"
)

// progress says on a terminal how far reading a long log has come.
type progress struct {
	w     io.Writer // nil where there is no terminal
	since time.Time
	shown bool
}

// patience is how long nothing is said, at the beginning and between.
const patience = 500 * time.Millisecond

func newProgress(stderr io.Writer) *progress {
	p := &progress{since: time.Now()}
	if _, ok := cli.Terminal(stderr); ok {
		p.w = stderr
	}
	return p
}

// show says how far it is, if it is time to. position is how far the file is, 0 to 1, or less than 0.
func (p *progress) show(name string, lines int, position func() float64) {
	if p.w == nil || time.Since(p.since) < patience {
		return
	}
	p.since, p.shown = time.Now(), true
	share := ""
	if at := position(); at >= 0 {
		share = fmt.Sprintf("%.0f%%, ", 100*at)
	}
	if name == stdinName {
		name = "the standard input"
	}
	fmt.Fprintf(p.w, "\r\x1b[Kreading %s: %s%d lines", report.Printable(name, 40), share, lines)
}

// clear takes the line away.
func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
