package cli

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestATerminalKnowsItsColumnsAndElsewhereTheEnvironmentDoes(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	defer terminal.Close()
	pipe, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	defer in.Close()
	for _, tt := range []struct {
		name   string
		window uint16 // of the terminal; 0 is one that does not know it
		env    []string
		want   int // on the terminal
		piped  int
	}{
		{"nobody says", 0, nil, 0, 0},
		{"the terminal", 90, nil, 90, 0},
		{"the environment", 0, []string{"COLUMNS=110"}, 110, 110},
		{"both", 90, []string{"COLUMNS=110"}, 90, 110},
		{"nothing", 0, []string{"COLUMNS="}, 0, 0},
		{"no number", 0, []string{"COLUMNS=wide"}, 0, 0},
		{"less than nothing", 0, []string{"COLUMNS=-80"}, 0, 0},
		{"more than any terminal has", 0, []string{"COLUMNS=70000"}, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: tt.window}); err != nil {
				t.Fatal(err)
			}
			if got := Columns(terminal, environ(tt.env...)); got != tt.want {
				t.Errorf("the terminal has %d columns, want %d", got, tt.want)
			}
			if got := Columns(in, environ(tt.env...)); got != tt.piped {
				t.Errorf("a pipe has %d columns, want %d", got, tt.piped)
			}
			if got := Columns(new(strings.Builder), environ(tt.env...)); got != tt.piped {
				t.Errorf("what is no file has %d columns, want %d", got, tt.piped)
			}
		})
	}
}
