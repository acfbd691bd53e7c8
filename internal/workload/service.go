package workload

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/seda-go/seda/sched/sim"
)

// MaxService is the longest service time that a Service may be given; what a distribution without end draws beyond it is cut to it.
const MaxService = time.Second

// maxCut is the most that the cut may take off the mean: what is measured is compared with theory and with the simulator, which do not cut.
const maxCut = 0.01

// Service is a distribution of service times, the same that the simulator draws from. The zero value is no work at all. It is immutable
// and safe for concurrent use.
type Service struct {
	text string
	of   sim.Service
}

// services are the distributions with the form of their arguments: times, and then numbers.
var services = []struct {
	name, form     string
	kind           sim.Kind
	times, numbers int
}{
	{"constant", "constant:<time>", sim.Constant, 1, 0},
	{"exp", "exp:<mean>", sim.Exponential, 1, 0},
	{"bimodal", "bimodal:<short>,<long>,<share of long>", sim.Bimodal, 2, 1},
	{"lognormal", "lognormal:<mean>,<sigma>", sim.Lognormal, 1, 1},
	{"pareto", "pareto:<mean>,<exponent>", sim.Pareto, 1, 1},
}

// ServiceForms returns how each distribution is written, for help and errors.
func ServiceForms() []string {
	forms := make([]string, len(services))
	for i, s := range services {
		forms[i] = s.form
	}
	return forms
}

// ParseService reads a distribution such as constant:1us, exp:500ns or bimodal:1us,100us,0.01. Times are from 0 to MaxService.
func ParseService(text string) (Service, error) {
	name, arguments, _ := strings.Cut(text, ":")
	for _, s := range services {
		if s.name != name {
			continue
		}
		args := strings.Split(arguments, ",")
		if arguments == "" || len(args) != s.times+s.numbers {
			return Service{}, fmt.Errorf("%q, want %s", text, s.form)
		}
		v := make([]float64, 3)
		for i, arg := range args {
			var err error
			if v[i], err = serviceArgument(arg, i < s.times); err != nil {
				return Service{}, fmt.Errorf("%q: %w", text, err)
			}
		}
		return serviceOf(text, s.kind, v)
	}
	return Service{}, fmt.Errorf("unknown distribution %q, want %s", name, strings.Join(ServiceForms(), ", "))
}

func serviceOf(text string, kind sim.Kind, v []float64) (Service, error) {
	switch {
	case kind == sim.Bimodal && v[2] > 1:
		return Service{}, fmt.Errorf("%q: share %g, want 0 to 1", text, v[2])
	case kind == sim.Bimodal:
		return Service{text, sim.Service{Kind: kind, Mean: v[0], Long: v[1], Share: v[2]}}, nil
	case kind == sim.Pareto && v[1] <= 1:
		return Service{}, fmt.Errorf("%q: exponent %g, want more than 1", text, v[1])
	}
	s := Service{text, sim.Service{Kind: kind, Mean: v[0], Shape: v[1]}}
	if part := s.cut(); part > maxCut {
		return Service{}, fmt.Errorf("%q: service times are cut at %s, which takes %.1f%% off this mean; want at most %g%%: a shorter mean or a lighter tail",
			text, MaxService, 100*part, 100*maxCut)
	}
	return s, nil
}

// cut returns the part of the mean that is beyond MaxService: E[max(X-MaxService, 0)] / E[X].
func (s Service) cut() float64 {
	d, most := s.of, float64(MaxService)
	if d.Mean == 0 {
		return 0
	}
	switch d.Kind {
	case sim.Exponential:
		return math.Exp(-most / d.Mean)
	case sim.Lognormal:
		if d.Shape == 0 {
			return 0
		}
		z := math.Log(d.Mean/most)/d.Shape + d.Shape/2
		return normal(z) - most/d.Mean*normal(z-d.Shape)
	case sim.Pareto:
		least := d.Mean * (d.Shape - 1) / d.Shape
		return math.Pow(least/most, d.Shape-1) / d.Shape
	}
	return 0
}

// normal is the standard normal distribution function.
func normal(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

// serviceArgument reads a time, in ns, or a number.
func serviceArgument(text string, isTime bool) (float64, error) {
	if isTime {
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 || d > MaxService {
			return 0, fmt.Errorf("%q, want a time from 0s to %s, such as 1us", text, MaxService)
		}
		return float64(d), nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= 0 && n <= 100) {
		return 0, fmt.Errorf("%q, want a number from 0 to 100", text)
	}
	return n, nil
}

// Constant returns the service that always takes d.
func Constant(d time.Duration) Service {
	return Service{"constant:" + d.String(), sim.Service{Mean: float64(d)}}
}

// String returns the text that ParseService read.
func (s Service) String() string {
	if s.text == "" {
		return "constant:0s"
	}
	return s.text
}

// Sim returns the distribution for the simulator.
func (s Service) Sim() sim.Service { return s.of }

// Mean returns the expected service time in nanoseconds, but for maxCut of it at most.
func (s Service) Mean() float64 { return s.of.Expected() }

// Draw returns one service time in nanoseconds. It costs a few nanoseconds, for lognormal and pareto some tens.
func (s *Service) Draw(random *rand.Rand) float64 {
	return math.Min(s.of.Draw(random), float64(MaxService))
}
