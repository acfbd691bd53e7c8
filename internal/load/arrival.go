package load

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Arrival says when requests are due.
type Arrival string

const (
	// Closed: when the client's previous request is done.
	Closed Arrival = "closed"
	// Fixed: at equal distances.
	Fixed Arrival = "fixed"
	// Poisson: at exponentially distributed distances, as from many independent sources.
	Poisson Arrival = "poisson"
)

// Arrivals are a kind of arrival, and how the rate changes or which recording is played. The zero value is none. It is immutable.
type Arrivals struct {
	text    string
	kind    Arrival
	changes func(warmup, duration time.Duration) (Profile, error) // nil: the rate does not change
	trace   *Trace
}

// Of returns arrivals of a kind at a rate that does not change.
func Of(kind Arrival) Arrivals { return Arrivals{text: string(kind), kind: kind} }

var arrivalForms = []struct {
	form  string
	parse func(arguments string) (Arrivals, error)
}{
	{"closed", func(string) (Arrivals, error) { return Of(Closed), nil }},
	{"fixed", func(string) (Arrivals, error) { return Of(Fixed), nil }},
	{"poisson", func(string) (Arrivals, error) { return Of(Poisson), nil }},
	{"onoff:<on>,<off>", parseOnOff},
	{"step:<at>,<factor>", parseStep},
	{"ramp:<from>,<to>", parseRamp},
	{"trace:<file>", parseTrace},
}

// ArrivalForms returns how arrivals are written, for help and errors.
func ArrivalForms() (forms []string) {
	for _, f := range arrivalForms {
		forms = append(forms, f.form)
	}
	return forms
}

// ParseArrivals reads arrivals such as poisson, onoff:10ms,90ms, step:50ms,2, ramp:0.5,1.5 or trace:requests.txt, and the file that they name.
func ParseArrivals(text string) (Arrivals, error) {
	name, arguments, some := strings.Cut(text, ":")
	for _, f := range arrivalForms {
		known, _, takes := strings.Cut(f.form, ":")
		switch {
		case known != name:
			continue
		case takes != (arguments != "") || takes != some:
			return Arrivals{}, fmt.Errorf("%q, want %s", text, f.form)
		}
		a, err := f.parse(arguments)
		if err != nil {
			return Arrivals{}, fmt.Errorf("%s: %w", name, err)
		}
		a.text = text
		return a, nil
	}
	return Arrivals{}, fmt.Errorf("unknown arrival %q, want %s", name, strings.Join(ArrivalForms(), ", "))
}

// String returns the text that ParseArrivals read; of none it is empty.
func (a Arrivals) String() string { return a.text }

// Closed reports whether the service sets the rate.
func (a Arrivals) Closed() bool { return a.kind == Closed }

// Trace returns the recording that is played, nil if there is none.
func (a Arrivals) Trace() *Trace { return a.trace }

// Profile returns how the rate changes in a run with so much time before its window.
func (a Arrivals) Profile(warmup, duration time.Duration) (Profile, error) {
	if a.changes == nil {
		return nil, nil
	}
	p, err := a.changes(warmup, duration)
	if err == nil {
		err = p.Validate()
	}
	return p, err
}

// Apply sets what c says of arrivals, by the times that c says already.
func (a Arrivals) Apply(c *Config) (err error) {
	c.Arrival, c.Trace = a.kind, a.trace
	c.Profile, err = a.Profile(c.Warmup, c.Duration)
	return err
}

const (
	maxSpan   = time.Hour
	minPart   = time.Microsecond // of on and off: shorter than a generator can tell
	maxFactor = 1000
)

// parseOnOff reads bursts: the rate is the mean, so it is higher while there is any.
func parseOnOff(arguments string) (Arrivals, error) {
	var on, off time.Duration
	err := two(arguments, func(text string) (err error) { on, err = span(text, minPart); return err },
		func(text string) (err error) { off, err = span(text, minPart); return err })
	period := on + off
	// The window begins with a burst, also when the time before it is no multiple of the period.
	return Arrivals{kind: Poisson, changes: func(warmup, _ time.Duration) (Profile, error) {
		p := Profile{{on, float64(period) / float64(on)}, {off, 0}}
		return p.from((period - warmup%period) % period), nil
	}}, err
}

// parseStep reads a rate that changes once, some time after the start of the window.
func parseStep(arguments string) (Arrivals, error) {
	var at time.Duration
	var factor float64
	err := two(arguments, func(text string) (err error) { at, err = span(text, 0); return err }, number(&factor))
	return Arrivals{kind: Poisson, changes: func(warmup, duration time.Duration) (Profile, error) {
		if at >= duration {
			return nil, fmt.Errorf("step after %s, want less than %s, the measured time", at, duration)
		}
		p := Profile{{warmup + at, 1}, {duration - at, factor}}
		if warmup+at == 0 {
			p = p[1:]
		}
		return p, nil
	}}, err
}

// rampSteps make up a ramp: the rate is at most half a hundredth of the whole change away from the straight line.
const rampSteps = 100

// parseRamp reads a rate that changes evenly through the window.
func parseRamp(arguments string) (Arrivals, error) {
	var from, to float64
	err := two(arguments, number(&from), number(&to))
	if err == nil && from == 0 && to == 0 {
		err = errors.New("from 0 to 0, want more at one end")
	}
	return Arrivals{kind: Poisson, changes: func(warmup, duration time.Duration) (p Profile, _ error) {
		if warmup > 0 {
			p = append(p, Step{warmup, from})
		}
		for i := range rampSteps {
			length := duration*time.Duration(i+1)/rampSteps - duration*time.Duration(i)/rampSteps
			p = append(p, Step{length, from + (to-from)*(float64(i)+0.5)/rampSteps})
		}
		return p, nil
	}}, err
}

func parseTrace(name string) (Arrivals, error) {
	t, err := ReadTrace(name)
	return Arrivals{kind: Fixed, trace: t}, err
}

// two parses a pair.
func two(arguments string, first, second func(string) error) error {
	a, b, pair := strings.Cut(arguments, ",")
	if !pair || strings.Contains(b, ",") {
		return fmt.Errorf("%q, want two values, separated by a comma", arguments)
	}
	if err := first(a); err != nil {
		return err
	}
	return second(b)
}

func span(text string, low time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < low || d > maxSpan {
		return 0, fmt.Errorf("%q, want a time from %s to %s, such as 10ms", text, low, maxSpan)
	}
	return d, nil
}

// number returns a parser of factors.
func number(into *float64) func(string) error {
	return func(text string) error {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || !(f >= 0 && f <= maxFactor) {
			return fmt.Errorf("%q, want a factor from 0 to %d", text, maxFactor)
		}
		*into = f
		return nil
	}
}
