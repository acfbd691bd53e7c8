package plot

import (
	_ "embed"
	"fmt"
	"strings"
)

// Style is the style sheet of everything that this package draws. A page that has pictures inline needs it once; files carry it.
//
//go:embed style.css
var Style string

// Plot is a diagram of a few series over one axis.
type Plot struct {
	Title  string
	X, Y   Axis
	Series []Series
	Marks  []Mark // what happened at some x, for which there is no y
}

// Series is what one line, or a number of points, show.
type Series struct {
	Name   string
	Look   int  // colour and marker; the same number always gives the same
	Line   Line // between points
	Hollow bool // markers, of what was not measured
	Plain  bool // no markers
	Band   bool // intervals are an area that the line runs through, and not a bar at each point
	Points []Point

	wide int // how much of it is seen beneath others: steps often have the same values
}

// Line is how points are joined.
type Line int

const (
	Joined Line = iota
	Dashed      // for what was not measured
	Steps       // for what stays the same until it changes
	Apart       // not at all
)

// Point is a value, with an interval around it unless Low is High.
type Point struct {
	X, Y, Low, High float64
	Note            string // more to be said of it
}

// Mark is something that happened at X.
type Mark struct {
	X    float64
	Text string
}

// Size of a diagram without its title and its legend.
const (
	width, height = 720.0, 320.0
	leftMargin    = 64.0
	rightMargin   = 18.0
	topMargin     = 26.0
	bottomMargin  = 46.0
	titleHeight   = 26.0
	titleLine     = 20.0 // each further one
	titleLetters  = 76   // that fit on a line
	legendLine    = 20.0
)

// Looks is how many colours there are.
const Looks = 8

// Inline returns the diagram for a page that has the style sheet, the title and the legend elsewhere.
func (p Plot) Inline() string {
	f := p.frame(0)
	return p.svg(f.bottom+f.below, "", p.inside(f))
}

// File returns the diagram as a file of its own.
func (p Plot) File() string {
	lines := wrapped(p.Title, titleLetters)
	f := p.frame(titleHeight + titleLine*float64(len(lines)-1))
	legend, end := p.legend(f.bottom + f.below)
	title := ""
	for i, line := range lines {
		title += fmt.Sprintf(`<text class="title" x="%s" y="%s">%s</text>`, num(leftMargin), num(19+titleLine*float64(i)), escape(line))
	}
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		p.svg(end, ` xmlns="http://www.w3.org/2000/svg"`, "<style>"+Style+"</style>"+ground(end)+title+p.inside(f)+legend) + "\n"
}

// ground is what a file is drawn on.
func ground(height float64) string {
	return fmt.Sprintf(`<rect class="ground" width="%s" height="%s"/>`, num(width), num(height))
}

func (p Plot) svg(height float64, attributes, inside string) string {
	return fmt.Sprintf(`<svg%s class="plot" viewBox="0 0 %s %s" role="img" aria-label="%s">%s</svg>`, attributes, num(width), num(height), escape(p.Title), inside)
}

func (p Plot) inside(f frame) string {
	var b strings.Builder
	f.drawAxes(&b)
	f.drawMarks(&b, p.Marks)
	beside := p.beside()
	for i, s := range p.Series {
		s.wide = min(len(p.Series)-1-i, 3)
		f.drawSeries(&b, i, s, beside[i])
	}
	return b.String()
}

// beside is by how much the points of each series are moved aside: a little, so that intervals at the same place stand beside one another.
func (p Plot) beside() []float64 {
	const step, room = 3.0, 24.0
	moved := make([]float64, len(p.Series))
	var some []int
	for i, s := range p.Series {
		if s.Line == Joined && !s.Plain {
			some = append(some, i)
		}
	}
	for k, i := range some {
		moved[i] = (float64(k) - float64(len(some)-1)/2) * min(step, room/float64(len(some)))
	}
	return moved
}

// legend writes the names of the series, as many on a line as fit, and returns where they end.
func (p Plot) legend(top float64) (text string, bottom float64) {
	var b strings.Builder
	x, y := leftMargin, top+legendLine/2
	for _, s := range p.Series {
		wide := 34 + textWidth(s.Name)
		if x+wide > width-rightMargin && x > leftMargin {
			x, y = leftMargin, y+legendLine
		}
		fmt.Fprintf(&b, `<g transform="translate(%s %s)">%s<text x="28" y="4">%s</text></g>`, num(x), num(y), s.sample(), escape(s.Name))
		x += wide + 14
	}
	return b.String(), y + legendLine
}

// Swatch returns a small picture of how a series is drawn, for legends.
func (s Series) Swatch() string {
	return `<svg class="swatch" viewBox="-1 -8 26 16" width="26" height="16" aria-hidden="true">` + s.sample() + `</svg>`
}

// sample draws a series around y 0, from x 0 to 24.
func (s Series) sample() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<g class="%s">`, s.class())
	if s.Band {
		b.WriteString(`<path class="band" d="M0,-6H24V6H0Z"/>`)
	}
	if s.Line != Apart {
		b.WriteString(`<path class="line" d="M0,0H24"/>`)
	}
	if !s.Plain {
		fmt.Fprintf(&b, `<path class="dot" transform="translate(12 0)" d="%s"/>`, marker(s.Look))
	}
	b.WriteString(`</g>`)
	return b.String()
}
