package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Duration is d as a person says it, with about three digits: 0.6ms, 12.3ms, 900ms, 1.2s, 3m05s, 26h04m.
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + Duration(-max(d, math.MinInt64+1))
	case d == 0:
		return "0ms"
	case d < 95*time.Microsecond:
		return fmt.Sprintf("%.2fms", max(d.Seconds()*1e3, 0.01))
	case d < 99950*time.Microsecond:
		return fmt.Sprintf("%.1fms", d.Seconds()*1e3)
	case d < 999500*time.Microsecond:
		return fmt.Sprintf("%.0fms", d.Seconds()*1e3)
	case d < 59950*time.Millisecond:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Hour-500*time.Millisecond:
		s := int(d.Round(time.Second) / time.Second)
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	default:
		m := int(d.Round(time.Minute) / time.Minute)
		return fmt.Sprintf("%dh%02dm", m/60, m%60)
	}
}

// Setting is a duration that somebody chose: as Duration says it, without a tenth that says nothing.
func Setting(d time.Duration) string {
	return strings.NewReplacer(".0s", "s", ".0ms", "ms").Replace(Duration(d))
}

// Availability is the share of probes that were not lost. It has as many digits as it takes to tell it from 100 % when a
// probe was lost, and from 0 % when one was not.
func Availability(probes, lost int) string {
	switch {
	case probes <= 0:
		return "-"
	case lost <= 0:
		return "100%"
	case lost >= probes:
		return "0%"
	}
	percent := 100 * float64(probes-lost) / float64(probes)
	for digits := 2; digits < 9; digits++ {
		s := strconv.FormatFloat(percent, 'f', digits, 64)
		if strings.Trim(s, "0.") != "" && !strings.HasPrefix(s, "100") {
			return s + "%"
		}
	}
	if percent > 50 {
		return ">99.99999999%"
	}
	return "<0.00000001%"
}

// Printable is s fit for a terminal: one line of at most width cells, every rune that is not printable replaced by a
// question mark, and "..." at the end when something was cut.
func Printable(s string, width int) string {
	clean := strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
	if Cells(clean) <= width {
		return clean
	}
	cells, end := 0, 0
	for i, r := range clean {
		cells += runeCells(r)
		if cells > width-3 {
			break
		}
		end = i + len(string(r))
	}
	return clean[:end] + strings.Repeat(".", min(3, max(width, 0)))
}

// Cells is how many cells of a terminal a printable string takes.
func Cells(s string) int {
	n := 0
	for _, r := range s {
		n += runeCells(r)
	}
	return n
}

// runeCells follows Unicode's UAX #11 as far as terminals agree on it: combining marks take no cell, East Asian wide
// characters and emoji two.
func runeCells(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3, r >= 0xf900 && r <= 0xfaff,
		r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6, r >= 0x1f300 && r <= 0x1faff,
		r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}

// Pad is s followed by as many spaces as it takes to fill width cells.
func Pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-Cells(s), 0))
}

// Wrap breaks s at spaces into lines that end before width cells. All but the first are behind indent, and that begins as
// far to the right. A word that is longer has a line of its own.
func Wrap(s string, width int, indent string) string {
	var b strings.Builder
	used := Cells(indent)
	for i, word := range strings.Fields(s) {
		n := Cells(word)
		switch {
		case i == 0:
		case used+1+n > width:
			b.WriteString("\n" + indent)
			used = Cells(indent)
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += n
	}
	return b.String()
}

// count is "1 probe", "2 probes".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
