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
func (t *table) write(w io.Writer) error {
	widths := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, cell := range row {
			row[i] = Printable(cell, maxCell)
			widths[i] = max(widths[i], Cells(strings.TrimPrefix(row[i], " ")))
		}
	}
	var b strings.Builder
	for _, row := range t.rows {
		var line strings.Builder
		line.WriteString(t.indent)
		for i, cell := range row {
			cell = strings.TrimPrefix(cell, " ")
			if i > 0 {
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
	_, err := io.WriteString(w, b.String())
	return err
}
