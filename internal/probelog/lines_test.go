package probelog_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probelog"
)

// onNode is a log as a container runtime keeps it on the node, which splits lines after so many bytes.
func onNode(log []byte, longest int) []byte {
	var b bytes.Buffer
	for line := range bytes.Lines(log) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		for len(line) > longest {
			fmt.Fprintf(&b, "2026-03-14T09:00:00.123456789Z stdout P %s\n", line[:longest])
			line = line[longest:]
		}
		fmt.Fprintf(&b, "2026-03-14T09:00:00.123456789+00:00 stdout F %s\n", line)
	}
	return b.Bytes()
}

func TestLinesThatTheNodeSplitAreJoined(t *testing.T) {
	for _, sc := range comparetest.Scenarios {
		var log bytes.Buffer
		live, _ := record(t, sc, probelog.All, &log)
		for _, longest := range []int{16 << 10, 1000, 64, 1} {
			replayed, _ := replay(t, onNode(log.Bytes(), longest))
			sameEvents(t, sc.Name, replayed.events, live.events)
			sameSummary(t, replayed.summary, live.summary)
		}
	}
}

func TestPartsAreJoinedWithinAStreamAndAContainersLog(t *testing.T) {
	const at = "2026-03-14T09:00:00.1Z "
	half, rest := goodLine[:77], goodLine[77:]
	for name, tt := range map[string]struct{ log, want string }{
		"whole":                           {at + "stdout F " + goodLine, "round"},
		"two parts":                       {at + "stdout P " + half + "\n" + at + "stdout F " + rest, "round"},
		"an empty last part":              {at + "stdout P " + goodLine + "\n" + at + "stdout F \n", "round"},
		"Windows' line ends":              {at + "stdout P " + half + "\r\n" + at + "stdout F " + rest + "\r\n", "round"},
		"more tags":                       {at + "stdout P:x " + half + "\n" + at + "stdout F:y:z " + rest, "round"},
		"the other stream between":        {at + "stdout P " + half + "\n" + at + "stderr F trouble\n" + at + "stdout F " + rest, "! round"},
		"both streams split":              {at + "stdout P " + half + "\n" + at + "stderr P " + half + "\n" + at + "stderr F " + rest + "\n" + at + "stdout F " + rest, "round round"},
		"a last part that is missing":     {at + "stdout P " + half, "!"},
		"then another line":               {at + "stdout P " + half + "\n" + at + "stdout F " + goodLine, "! round"},
		"a first part that is missing":    {at + "stdout F " + rest, "!"},
		"something that is no such line":  {at + "stdout X " + half + "\n" + at + "stdin P " + half + "\n" + at + "stdout\n" + at, "! ! ! !"},
		"a time before, of kubectl's own": {at + goodLine, "round"},
	} {
		got, errs := kinds(t, strings.NewReader(tt.log))
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %v (%v), want %s", name, got, errs, tt.want)
		}
	}
}

func TestALineInPartsWithoutEndIsBounded(t *testing.T) {
	part := "2026-03-14T09:00:00Z stdout P " + strings.Repeat("x", 16<<10) + "\n"
	begin := "2026-03-14T09:00:00Z stdout P {\n"
	log := io.MultiReader(strings.NewReader(begin), &repeated{part, 5000}, strings.NewReader("2026-03-14T09:00:00Z stdout F x\n"+goodLine))
	got, errs := kinds(t, log)
	if strings.Join(got, " ") != "! round" || !strings.Contains(errs[0].Error(), "line 5002: not a record of the prober: longer than") {
		t.Errorf("%v, %v", got, errs)
	}
}

// repeated is a text so many times.
type repeated struct {
	text  string
	times int
}

func (r *repeated) Read(b []byte) (int, error) {
	if r.times == 0 {
		return 0, io.EOF
	}
	r.times--
	return copy(b, r.text), nil // bufio's buffer has room for it
}

func TestARecordBehindOneThatWasCutIsRead(t *testing.T) {
	for name, tt := range map[string]struct{ log, want string }{
		"cut before it ends":      {goodLine[:90] + goodLine, "! round"},
		"cut at its begin":        {goodLine[:5] + goodLine, "! round"},
		"cut twice":               {goodLine[:90] + goodLine[:70] + goodLine, "! round"},
		"nothing whole behind":    {goodLine[:90] + goodLine[:70], "!"},
		"somebody's, in a record": {`{"msg":[{"time":"2026-03-14T09:00:00Z"}]}`, "!"},
		"a whole one before":      {goodLine + goodLine, "round round"},
	} {
		reader := probelog.NewReader(strings.NewReader(tt.log + "\n" + goodLine))
		var got []string
		var lines []int
		for {
			rec, err := reader.Next()
			if err == io.EOF {
				break
			}
			if lineErr := (*probelog.LineError)(nil); errors.As(err, &lineErr) {
				got, lines = append(got, "!"), append(lines, lineErr.Line)
				continue
			}
			got, lines = append(got, string(rec.Kind)), append(lines, rec.Line)
		}
		want := tt.want + " round"
		if strings.Join(got, " ") != want || !slices.Equal(lines, append(slices.Repeat([]int{1}, len(got)-1), 2)) {
			t.Errorf("%s: %v of lines %v, want %s", name, got, lines, want)
		}
	}
}
