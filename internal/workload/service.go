package workload

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// MaxService is the longest service time that a Service may be given.
const MaxService = time.Second

// Service is a distribution of service times. The zero value is no work at
// all. It is immutable and safe for concurrent use.
type Service struct {
	text, kind  string
	short, long time.Duration // constant and exp: short is the mean
	share       float64       // bimodal: the part of the requests that take long
}

// services are the distributions with the form of their arguments.
var services = []struct{ kind, form string }{
	{"constant", "constant:<time>"},
	{"exp", "exp:<mean>"},
	{"bimodal", "bimodal:<short>,<long>,<share of long>"},
}

// ServiceForms returns how each distribution is written, for help and errors.
func ServiceForms() []string {
	forms := make([]string, len(services))
	for i, s := range services {
		forms[i] = s.form
	}
	return forms
}

// ParseService reads a distribution such as constant:1us, exp:500ns or
// bimodal:1us,100us,0.01. Times are from 0 to MaxService.
func ParseService(text string) (Service, error) {
	kind, arguments, _ := strings.Cut(text, ":")
	var args []string
	if arguments != "" {
		args = strings.Split(arguments, ",")
	}
	wanted := map[string]int{"constant": 1, "exp": 1, "bimodal": 3}[kind]
	if wanted == 0 {
		return Service{}, fmt.Errorf("unknown distribution %q, want %s", kind, strings.Join(ServiceForms(), ", "))
	}
	if len(args) != wanted {
		return Service{}, fmt.Errorf("%q, want %s", text, formOf(kind))
	}
	s := Service{text: text, kind: kind}
	var err error
	if s.short, err = serviceTime(args[0]); err != nil {
		return Service{}, err
	}
	if kind != "bimodal" {
		return s, nil
	}
	if s.long, err = serviceTime(args[1]); err != nil {
		return Service{}, err
	}
	s.share, err = strconv.ParseFloat(args[2], 64)
	if err != nil || !(s.share >= 0 && s.share <= 1) {
		return Service{}, fmt.Errorf("share %q of long service times, want 0 to 1", args[2])
	}
	return s, nil
}

// Constant returns the service that always takes d.
func Constant(d time.Duration) Service {
	return Service{text: "constant:" + d.String(), kind: "constant", short: d}
}

func formOf(kind string) string {
	for _, s := range services {
		if s.kind == kind {
			return s.form
		}
	}
	return kind
}

func serviceTime(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("service time %q, want one such as 1us or 2.5ms", text)
	}
	if d < 0 || d > MaxService {
		return 0, fmt.Errorf("service time %s, want 0 to %s", text, MaxService)
	}
	return d, nil
}

// String returns the text that ParseService read.
func (s Service) String() string {
	if s.kind == "" {
		return "constant:0s"
	}
	return s.text
}

// Mean returns the expected service time in nanoseconds.
func (s Service) Mean() float64 {
	return float64(s.short)*(1-s.share) + float64(s.long)*s.share
}

// Variance returns the variance of the service time, in square nanoseconds.
func (s Service) Variance() float64 {
	switch s.kind {
	case "exp":
		return s.Mean() * s.Mean()
	case "bimodal":
		apart := float64(s.long - s.short)
		return s.share * (1 - s.share) * apart * apart
	}
	return 0
}

// Draw returns one service time in nanoseconds. It costs a few nanoseconds.
func (s Service) Draw(random *rand.Rand) float64 {
	switch s.kind {
	case "exp":
		return random.ExpFloat64() * float64(s.short)
	case "bimodal":
		if random.Float64() < s.share {
			return float64(s.long)
		}
	}
	return float64(s.short)
}
