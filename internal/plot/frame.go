package plot

import (
	"fmt"
	"math"
	"strings"
)

// frame is the part of a picture between the axes.
type frame struct {
	left, right, top, bottom float64
	below                    float64 // for what is written under it
	slanted                  bool    // so are the names of ticks below, which would not fit otherwise
	x, y                     scale
}

// frame is that of p, so far below the edge.
func (p Plot) frame(down float64) frame {
	f := frame{left: leftMargin, right: width - rightMargin, top: topMargin + down, bottom: height - bottomMargin + down, below: bottomMargin}
	var xs, ys []float64
	for _, s := range p.Series {
		for _, v := range s.Points {
			if !p.X.holds(v.X) || !p.Y.holds(v.Y) {
				continue
			}
			xs, ys = append(xs, v.X), append(ys, v.Y)
			if v.interval() {
				ys = append(ys, v.Low, v.High)
			}
		}
	}
	f.x, f.y = p.X.over(xs, f.left, f.right), p.Y.over(ys, f.bottom, f.top)
	f.slant(p.X.Ticks)
	return f
}

// slant makes room for long names.
func (f *frame) slant(ticks []Tick) {
	longest := 0.0
	for _, t := range ticks {
		longest = max(longest, textWidth(t.Text))
	}
	if len(ticks) == 0 || longest+8 <= (f.right-f.left)/float64(len(ticks)) {
		return
	}
	f.slanted = true
	f.below += min(longest, 220) * 0.6
}

const (
	xTicks, yTicks = 8, 6
	letter         = 7.0 // width of a letter, about
)

func textWidth(text string) float64 { return letter * float64(len([]rune(text))) }

func (f frame) drawAxes(b *strings.Builder) {
	b.WriteString(`<g class="axes">`)
	for _, t := range f.y.ticks(yTicks) {
		if y := f.y.at(t.At); !math.IsNaN(y) {
			fmt.Fprintf(b, `<path class="grid" d="M%s,%sH%s"/><text x="%s" y="%s" text-anchor="end">%s</text>`,
				num(f.left), num(y), num(f.right), num(f.left-7), num(y+4), escape(t.Text))
		}
	}
	end := math.Inf(-1) // of the name before
	for _, t := range f.x.ticks(xTicks) {
		x := f.x.at(t.At)
		half := textWidth(t.Text)/2 + 4
		if math.IsNaN(x) || !f.slanted && x-half < end {
			continue
		}
		end = x + half
		fmt.Fprintf(b, `<path class="tick" d="M%s,%sv5"/>%s`, num(x), num(f.bottom), f.tickText(x, t.Text))
	}
	fmt.Fprintf(b, `<path class="axis" d="M%s,%sV%sH%s"/>`, num(f.left), num(f.top), num(f.bottom), num(f.right))
	fmt.Fprintf(b, `<text class="label" x="%s" y="%s" text-anchor="end">%s</text>`, num(f.right), num(f.bottom+f.below-8), escape(f.x.Label))
	fmt.Fprintf(b, `<text class="label" x="%s" y="%s">%s</text></g>`, num(8), num(f.top-11), escape(f.y.Label))
}

func (f frame) tickText(x float64, text string) string {
	y := f.bottom + 19
	if !f.slanted {
		return fmt.Sprintf(`<text x="%s" y="%s" text-anchor="middle">%s</text>`, num(x), num(y), escape(text))
	}
	return fmt.Sprintf(`<text x="%s" y="%s" text-anchor="end" transform="rotate(-35 %s %s)">%s</text>`, num(x), num(y-4), num(x), num(y-4), escape(shortened(text, 36)))
}

// shortened cuts text that would reach out of the picture.
func shortened(text string, most int) string {
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most-1]) + "…"
	}
	return text
}
