package plot

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

func (s Series) class() string {
	class := fmt.Sprintf("series c%d", look(s.Look)%Looks)
	if s.Line == Dashed {
		class += " dashed"
	}
	if s.Hollow {
		class += " hollow"
	}
	if s.Line == Steps {
		class += fmt.Sprintf(" wide%d", s.wide)
	}
	return class
}

func look(n int) int { return max(n, 0) }

// markers are paths around 0; their number has no factor in common with that of colours, so that fifty-six looks differ.
var markers = []string{
	"M-4,0A4,4 0 1 0 4,0A4,4 0 1 0 -4,0Z", "M-3.6,-3.6H3.6V3.6H-3.6Z", "M0,-4.6L4.6,3.6H-4.6Z", "M0,-5L5,0L0,5L-5,0Z",
	"M0,4.6L4.6,-3.6H-4.6Z", "M-1.5,-4.5H1.5V-1.5H4.5V1.5H1.5V4.5H-1.5V1.5H-4.5V-1.5H-1.5Z", "M-4,-4L4,4V-4L-4,4Z",
}

func marker(of int) string { return markers[look(of)%len(markers)] }

// spot is a point in the picture.
type spot struct {
	x, y float64
	text string
	Point
}

// spots are the points that have a place, in words as readers see them.
func (f frame) spots(s Series) (all []spot) {
	for _, p := range s.Points {
		x, y := f.x.at(p.X), f.y.at(p.Y)
		if math.IsNaN(x) || math.IsNaN(y) {
			continue
		}
		text := fmt.Sprintf("%s: %s at %s", s.Name, f.y.unit(p.Y), f.x.name(p.X))
		if p.interval() {
			text += fmt.Sprintf(" (%s..%s)", f.y.unit(p.Low), f.y.unit(p.High))
		}
		if p.Note != "" {
			text += ", " + p.Note
		}
		all = append(all, spot{x, y, text, p})
	}
	return all
}

func (p Point) interval() bool {
	return p.Low < p.High && !math.IsInf(p.Low, 0) && !math.IsInf(p.High, 0)
}

func (f frame) drawSeries(b *strings.Builder, i int, s Series, aside float64) {
	spots := f.spots(s)
	for k := range spots {
		spots[k].x += aside
	}
	fmt.Fprintf(b, `<g class="%s" data-series="%d" data-points="%s">`, s.class(), i, escape(places(spots)))
	if s.Band {
		f.drawBand(b, spots)
	}
	if s.Line != Apart && len(spots) > 1 {
		fmt.Fprintf(b, `<path class="line" d="%s"/>`, path(spots, s.Line == Steps))
	}
	for _, p := range spots {
		if s.Plain && len(spots) > 1 {
			break
		}
		f.drawSpot(b, s, p)
	}
	b.WriteString("</g>")
}

// drawBand draws the area between the ends of intervals; of a point without one, it goes through the point.
func (f frame) drawBand(b *strings.Builder, spots []spot) {
	if len(spots) < 2 {
		return
	}
	var lows, highs []string
	for _, p := range spots {
		low, high := p.y, p.y
		if p.interval() {
			low, high = f.y.clamped(p.Low), f.y.clamped(p.High)
		}
		lows, highs = append(lows, num(p.x)+","+num(low)), append(highs, num(p.x)+","+num(high))
	}
	slices.Reverse(lows)
	fmt.Fprintf(b, `<path class="band" d="M%sZ"/>`, strings.Join(append(highs, lows...), "L"))
}

func (f frame) drawSpot(b *strings.Builder, s Series, p spot) {
	b.WriteString("<g>")
	low, high := f.y.clamped(p.Low), f.y.clamped(p.High)
	if !s.Band && p.interval() && !math.IsNaN(low) && !math.IsNaN(high) {
		fmt.Fprintf(b, `<path class="interval" d="M%s,%sV%sM%s,%sh8M%s,%sh8"/>`, num(p.x), num(low), num(high), num(p.x-4), num(low), num(p.x-4), num(high))
	}
	fmt.Fprintf(b, `<path class="dot" transform="translate(%s %s)" d="%s"/><title>%s</title></g>`, num(p.x), num(p.y), marker(s.Look), escape(p.text))
}

// path joins spots: by lines, or by steps where a value holds until the next.
func path(spots []spot, steps bool) string {
	var b strings.Builder
	for i, p := range spots {
		switch {
		case i == 0:
			b.WriteString("M" + num(p.x) + "," + num(p.y))
		case steps:
			b.WriteString("H" + num(p.x) + "V" + num(p.y))
		default:
			b.WriteString("L" + num(p.x) + "," + num(p.y))
		}
	}
	return b.String()
}

// places is a list of x, y and text for scripts.
func places(spots []spot) string {
	list := [][3]any{}
	for _, p := range spots {
		list = append(list, [3]any{tenth(p.x), tenth(p.y), p.text})
	}
	return marshal(list)
}

func marshal(list [][3]any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // which escape does
	if err := e.Encode(list); err != nil {
		return "[]" // numbers that are finite, and text, never fail
	}
	return strings.TrimSpace(b.String())
}

const (
	near     = 3.0 // marks nearer than that are drawn as one
	mostTold = 12  // lines of a mark
)

// drawMarks draws a line from top to bottom for whatever happened.
func (f frame) drawMarks(b *strings.Builder, marks []Mark) {
	var spots []spot
	for _, m := range marks {
		x := f.x.at(m.X)
		if math.IsNaN(x) || x < f.left || x > f.right {
			continue
		}
		text := f.x.name(m.X) + ": " + m.Text
		last := len(spots) - 1
		if last < 0 || math.Abs(x-spots[last].x) >= near {
			spots = append(spots, spot{x: x, y: f.top, text: text, Point: Point{Y: 1}})
			continue
		}
		spots[last].Y++
		if spots[last].Y <= mostTold {
			spots[last].text += "\n" + text
		}
	}
	if len(spots) == 0 {
		return
	}
	for i, s := range spots {
		if more := int(s.Y) - mostTold; more > 0 {
			spots[i].text += fmt.Sprintf("\nand %d more", more)
		}
	}
	fmt.Fprintf(b, `<g class="marks" data-points="%s">`, escape(places(spots)))
	for _, s := range spots {
		fmt.Fprintf(b, `<g><path class="mark" d="M%s,%sV%s"/><path class="flag" d="M%s,%sl4,-6h-8z"/><title>%s</title></g>`,
			num(s.x), num(f.top), num(f.bottom), num(s.x), num(f.top), escape(s.text))
	}
	b.WriteString("</g>")
}
