package cli

import (
	"io"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Terminal reports whether w is a terminal, and how many columns it has.
func Terminal(w io.Writer) (columns int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile {
		return 0, false
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0, false
	}
	return int(size.Col), true
}

// Columns is how wide the lines are that w shows. A terminal knows it; for anything else the environment says it in COLUMNS, as
// POSIX has it: what a program shows beside a prefix of its own is such a case. It is 0 where neither tells.
func Columns(w io.Writer, lookup func(string) (string, bool)) int {
	if columns, _ := Terminal(w); columns > 0 {
		return columns
	}
	value, _ := lookup("COLUMNS")
	columns, err := strconv.ParseUint(value, 10, 16)
	if err != nil {
		return 0
	}
	return int(columns)
}

// Colour reports whether w wants colour: a terminal does, unless NO_COLOR is set to anything (https://no-color.org) or
// TERM says that it is dumb.
func Colour(w io.Writer, lookup func(string) (string, bool)) bool {
	if no, _ := lookup("NO_COLOR"); no != "" {
		return false
	}
	if term, set := lookup("TERM"); term == "dumb" || set && term == "" {
		return false
	}
	_, ok := Terminal(w)
	return ok
}
