package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Arrivals say when events come.
type Arrivals struct {
	Process Process
	Rate    float64 // events per second, for Poisson and Fixed
	Steps   []Step  // replaces Rate from a time on
	On, Off int64   // if On: there are arrivals for On ns, then none for Off, and so on
	Clients int     // Closed: events that are never done, each of which comes again when it is
	Inside  float64 // Closed: if not 0 the worker that ends an event writes the next one, which costs others so many ns more than an event that a worker emitted
}

// Process is the kind of arrivals.
type Process uint8

const (
	Poisson  Process = iota
	Fixed            // evenly spaced
	Closed           // Clients events, each of which comes again
	Saturate         // as many as fit, always; limits of the plan do not apply
)

func (a *Arrivals) check() error {
	switch {
	case a.Process > Saturate:
		return fmt.Errorf("there is no Process %d", a.Process)
	case !finite(a.Rate):
		return fmt.Errorf("a Rate of %g, want 0 or more", a.Rate)
	case a.On < 0 || a.Off < 0:
		return fmt.Errorf("times On %d, Off %d, want none below 0", a.On, a.Off)
	case !finite(a.Inside):
		return fmt.Errorf("%g ns Inside, want 0 or more", a.Inside)
	case a.Process == Closed && a.Clients < 1:
		return fmt.Errorf("%d Clients, want at least 1", a.Clients)
	}
	return checkSteps(a.Steps)
}

// clock draws the times of open arrivals: the time goes on until the integral of the rate has grown by one (Fixed) or by an exponentially
// distributed number of mean one (Poisson).
type clock struct {
	*Arrivals
	random *rand.Rand
	now    float64
	step   int // Steps[:step] have been reached
}

// next returns the time of the next arrival, never if there is none any more.
func (c *clock) next() int64 {
	want := 1.0
	if c.Process == Poisson {
		want = c.random.ExpFloat64()
	}
	for {
		if c.step == len(c.Steps) && c.level() == 0 {
			return never
		}
		rate, slope, end := c.piece()
		area := math.Inf(1)
		if !math.IsInf(end, 1) {
			area = (rate + slope*(end-c.now)/2) * (end - c.now)
		}
		if want <= area {
			c.now += reach(want, rate, slope)
			return int64(c.now)
		}
		want -= area
		c.now = end
		c.pass()
	}
}

// pass notes the steps that have been reached.
func (c *clock) pass() {
	for c.step < len(c.Steps) && float64(c.Steps[c.step].At) <= c.now {
		c.step++
	}
}

// reach returns after which time a rate that changes evenly has brought so much.
func reach(want, rate, slope float64) float64 {
	if slope == 0 {
		return want / rate
	}
	return 2 * want / (rate + math.Sqrt(max(rate*rate+2*slope*want, 0)))
}

// level returns the rate, per second, that the last step has left.
func (c *clock) level() float64 {
	if c.step > 0 {
		return c.Steps[c.step-1].Value
	}
	return c.Rate
}

// piece returns the rate at c.now, per ns, how it changes, and until when that is so.
func (c *clock) piece() (rate, slope, end float64) {
	rate, end = c.level(), math.Inf(1)
	if c.step < len(c.Steps) {
		s := &c.Steps[c.step]
		end = float64(s.At)
		if s.Ramp {
			since := 0.0
			if c.step > 0 {
				since = float64(c.Steps[c.step-1].At)
			}
			slope = (s.Value - rate) / (end - since)
			rate += slope * (c.now - since)
		}
	}
	if c.On > 0 && c.Off > 0 {
		period := float64(c.On + c.Off)
		began := c.now - math.Mod(c.now, period)
		if off := began + float64(c.On); c.now < off {
			end = min(end, off)
		} else {
			rate, slope, end = 0, 0, min(end, began+period)
		}
	}
	return rate / 1e9, slope / 1e9, end
}
