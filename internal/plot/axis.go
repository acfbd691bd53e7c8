package plot

import (
	"math"
	"strconv"
	"strings"
)

// Axis is one direction of a Plot.
type Axis struct {
	Label string
	Unit  func(float64) string // writes a value; nil: with three digits
	Log   bool
	Zero  bool   // begins at 0, unless it is logarithmic
	Whole bool   // has whole numbers only
	Ticks []Tick // where there are such, instead of those at round values
}

// Tick is a place on an axis that has a name.
type Tick struct {
	At   float64
	Text string
}

// scale is an axis with the values and the part of the picture that it covers.
type scale struct {
	Axis
	low, high float64 // values
	from, to  float64 // in the picture
}

// most is beyond what any quantity is; larger values are taken for mistakes, which would leave no room for others.
const most = 1e30

func (a Axis) holds(v float64) bool {
	return !math.IsNaN(v) && math.Abs(v) <= most && (!a.Log || v > 0)
}

// over returns the scale for some values.
func (a Axis) over(values []float64, from, to float64) scale {
	s := scale{Axis: a, from: from, to: to, low: math.Inf(1), high: math.Inf(-1)}
	for _, v := range values {
		if a.holds(v) {
			s.low, s.high = min(s.low, v), max(s.high, v)
		}
	}
	for _, t := range a.Ticks {
		if a.holds(t.At) {
			s.low, s.high = min(s.low, t.At), max(s.high, t.At)
		}
	}
	if s.low > s.high {
		s.low, s.high = 1, 1 // nothing to show
	}
	s.widen()
	return s
}

// widen makes room around the values.
func (s *scale) widen() {
	if s.Log {
		room := math.Pow(s.high/s.low, 0.04)
		if s.low == s.high {
			room = 2
		}
		s.low, s.high = s.low/room, s.high*room
		return
	}
	if s.Zero {
		s.low, s.high = min(s.low, 0), max(s.high, 0)
	}
	room := 0.04 * (s.high - s.low)
	if s.Ticks != nil {
		room = 0.5 // as for half of a name
	}
	if room == 0 {
		room = max(math.Abs(s.high)/2, 0.5)
	}
	if !s.Zero || s.low < 0 {
		s.low -= room
	}
	s.high += room
}

// at is where a value is in the picture; NaN: nowhere.
func (s scale) at(v float64) float64 {
	if !s.holds(v) {
		return math.NaN()
	}
	part := (v - s.low) / (s.high - s.low)
	if s.Log {
		part = math.Log(v/s.low) / math.Log(s.high/s.low)
	}
	return s.from + part*(s.to-s.from)
}

// clamped is at, of the nearest value that the axis has.
func (s scale) clamped(v float64) float64 { return s.at(min(max(v, s.low), s.high)) }

func (s scale) unit(v float64) string {
	if s.Unit == nil {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	return s.Unit(v)
}

// name is what a value is called: as the tick that is there, if there is one.
func (s scale) name(v float64) string {
	for _, t := range s.Ticks {
		if t.At == v {
			return t.Text
		}
	}
	return s.unit(v)
}

// ticks are the places to name: about so many.
func (s scale) ticks(wanted int) []Tick {
	if s.Ticks != nil {
		return s.Ticks
	}
	least := 0.0
	if s.Whole {
		least = 1
	}
	at := linear(s.low, s.high, wanted, least)
	if s.Log && s.high/s.low > 8 {
		at = decades(s.low, s.high, wanted)
	}
	var all []Tick
	for _, v := range at {
		all = append(all, Tick{v, trimmed(s.unit(v))})
	}
	return all
}

// trimmed leaves out zeros that round values end in: 20k for 20.0k.
func trimmed(text string) string {
	number := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzGM%")
	if !strings.Contains(number, ".") {
		return text
	}
	return strings.TrimRight(strings.TrimRight(number, "0"), ".") + text[len(number):]
}

// linear returns multiples of 1, 2 or 5 times a power of ten, at least so far apart.
func linear(low, high float64, wanted int, least float64) (at []float64) {
	raw := max((high-low)/float64(wanted), least)
	step := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, times := range []float64{1, 2, 5, 10} {
		if step*times >= raw*0.999 {
			step *= times
			break
		}
	}
	first := math.Ceil(low/step - 1e-9)
	for i := range 2*wanted + 2 {
		v := (first + float64(i)) * step
		if v > high+1e-9*step {
			break
		}
		at = append(at, v)
	}
	return at
}

// decades returns powers of ten, with what is between them where there is room.
func decades(low, high float64, wanted int) (at []float64) {
	from, to := int(math.Floor(math.Log10(low))), int(math.Ceil(math.Log10(high)))
	between := []float64{1}
	if 3*(to-from) <= 2*wanted {
		between = []float64{1, 2, 5}
	}
	every := max((to-from)/wanted, 1)
	for d := from; d <= to; d += every {
		for _, times := range between {
			if v := times * math.Pow(10, float64(d)); v >= low && v <= high {
				at = append(at, v)
			}
		}
	}
	return at
}
