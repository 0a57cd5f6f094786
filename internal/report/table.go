package report

import (
	"io"
	"strings"
)

// maxCell bounds one cell of a table, so that no name makes a row endless.
const maxCell = 64

// table is rows of cells in aligned columns; the first row is the heading. A column whose heading begins with a space
// is aligned to the right.
type table struct {
	indent string
	rows   [][]string
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

// write renders the table with two spaces between columns and none at the end of a line.
func (t *table) write(w io.Writer) error { return t.writeWithin(w, 1<<30, 0, 0) }

// writeWithin renders the table in parts that are not wider than width cells where that can be done: each has the first fixed
// columns and as many of the others as there is room for. When two parts would do, the second begins at the column begin.
func (t *table) writeWithin(w io.Writer, width, fixed, begin int) error {
	widths := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, cell := range row {
			row[i] = Printable(cell, maxCell)
			widths[i] = max(widths[i], Cells(strings.TrimPrefix(row[i], " ")))
		}
	}
	whole, before := len(t.indent)-2, len(t.indent)-2
	for i, n := range widths {
		if whole += n + 2; i < begin {
			before += n + 2
		}
	}
	split := whole > width && before <= width
	var b strings.Builder
	for next := fixed; next < len(widths) || next == fixed; {
		columns := make([]int, 0, len(widths))
		used := len(t.indent)
		for i := range fixed {
			columns = append(columns, i)
			used += widths[i] + 2
		}
		for first := next; next < len(widths) && (next == first || used+widths[next] <= width); next++ {
			if split && next == begin && next > first {
				break
			}
			columns = append(columns, next)
			used += widths[next] + 2
		}
		t.render(&b, columns, widths)
		if len(columns) == fixed {
			break
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *table) render(b *strings.Builder, columns, widths []int) {
	for _, row := range t.rows {
		var line strings.Builder
		line.WriteString(t.indent)
		for k, i := range columns {
			cell := strings.TrimPrefix(row[i], " ")
			if k > 0 {
				line.WriteString("  ")
			}
			if strings.HasPrefix(t.rows[0][i], " ") {
				line.WriteString(strings.Repeat(" ", widths[i]-Cells(cell)) + cell)
			} else {
				line.WriteString(Pad(cell, widths[i]))
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}
