package main

import (
	"bytes"
	"fmt"
	"math"
)

// The picture's measures, in pixels.
const (
	width, height = 900, 380
	plotWidth     = 360
	top, bottom   = 60, 320
)

// panel is one diagram with logarithmic axes: what something came to, by the number of targets.
type panel struct {
	title      string
	left       float64 // of its plot
	from, to   float64 // of the vertical axis, powers of ten
	value, aim func(row) float64
	aimed      string // what the dashed line is
}

var panels = []panel{
	{title: "CPU, cores", left: 70, from: .001, to: 10, value: row.cores,
		aim: func(row) float64 { return 1 }, aimed: "one core"},
	{title: "RSS, MB", left: 510, from: 10, to: 1000, value: func(r row) float64 { return float64(r.memory.RSS) / (1 << 20) },
		aim: func(r row) float64 { return 20 + float64(r.targets)*10/1024 }, aimed: "20 MB + 10 KB a target"},
}

const mostDrawn = 10_000 // targets, where the horizontal axis ends

// draw makes an SVG of the rows: a filled point kept all its rounds, a hollow one did not.
func draw(rows []row) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13" role="img">
<title>CPU and memory of one prober by the number of its targets</title>
<rect width="%[1]d" height="%d" fill="#ffffff"/>
`, width, height)
	for _, p := range panels {
		p.draw(&b, rows)
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle" fill="#444444">targets, two probes a second each (a hollow point skipped more than one round in a hundred)</text>
</svg>
`, width/2, height-12)
	return b.Bytes()
}

func (p panel) draw(b *bytes.Buffer, rows []row) {
	fmt.Fprintf(b, `<text x="%.0f" y="%d" font-size="15" font-weight="bold" fill="#222222">%s</text>`+"\n", p.left, top-24, p.title)
	for v := 10.0; v <= mostDrawn; v *= 10 {
		x := p.x(v)
		fmt.Fprintf(b, `<path d="M%.1[1]f %[2]d V%[3]d" stroke="#dddddd"/><text x="%.1[1]f" y="%[4]d" text-anchor="middle" fill="#444444">%.0[5]f</text>`+"\n",
			x, top, bottom, bottom+18, v)
	}
	for v := p.from; v <= p.to*1.01; v *= 10 {
		y := p.y(v)
		fmt.Fprintf(b, `<path d="M%.1f %.1f H%.1f" stroke="#dddddd"/><text x="%.1f" y="%.1f" text-anchor="end" fill="#444444">%g</text>`+"\n",
			p.left, y, p.left+plotWidth, p.left-8, y+4, math.Round(v*1000)/1000)
	}
	var aim bytes.Buffer
	for v := 10.0; v <= mostDrawn*1.01; v *= math.Pow(10, .1) {
		fmt.Fprintf(&aim, "%.1f,%.1f ", p.x(v), p.y(p.aim(row{targets: int(v)})))
	}
	fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="#888888" stroke-dasharray="5 4"/>`+"\n", bytes.TrimSpace(aim.Bytes()))
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" fill="#666666">%s</text>`+"\n", p.left+8, p.y(p.aim(row{targets: 10}))-8, p.aimed)
	var line bytes.Buffer
	for _, r := range rows {
		fmt.Fprintf(&line, "%.1f,%.1f ", p.x(float64(r.targets)), p.y(p.value(r)))
	}
	fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="#1f6feb" stroke-width="2"/>`+"\n", bytes.TrimSpace(line.Bytes()))
	for _, r := range rows {
		fill := "#1f6feb"
		if r.missed() > 1 {
			fill = "#ffffff"
		}
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="4.5" fill="%s" stroke="#1f6feb" stroke-width="2"/>`+"\n",
			p.x(float64(r.targets)), p.y(p.value(r)), fill)
	}
}

// x and y are where a value lies; what is off an axis lies at its end.
func (p panel) x(targets float64) float64 {
	return p.left + plotWidth*share(targets, 10, mostDrawn)
}

func (p panel) y(value float64) float64 {
	return bottom - (bottom-top)*share(value, p.from, p.to)
}

func share(value, from, to float64) float64 {
	return min(max(math.Log10(value/from)/math.Log10(to/from), 0), 1)
}
