package load

import (
	"fmt"
	"math/rand/v2"
	"strings"
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

// Arrivals are all kinds of arrival.
func Arrivals() []string { return []string{string(Closed), string(Fixed), string(Poisson)} }

// ParseArrival returns the kind of the given name.
func ParseArrival(name string) (Arrival, error) {
	for _, known := range Arrivals() {
		if name == known {
			return Arrival(name), nil
		}
	}
	return "", fmt.Errorf("unknown arrival %q, want %s", name, strings.Join(Arrivals(), ", "))
}

// Schedule is a sequence of due times. It must be used by one goroutine at a time.
type Schedule struct {
	gap    float64 // ns, in the mean
	random *rand.Rand
	n      float64 // requests so far
	at     float64
}

// NewSchedule returns the due times of a Fixed or Poisson arrival at rate
// requests per second, as determined by random; Fixed does not use it.
func NewSchedule(a Arrival, rate float64, random *rand.Rand) *Schedule {
	s := &Schedule{gap: 1e9 / rate}
	if a == Poisson {
		s.random = random
	}
	return s
}

// Next returns when the next request is due, in nanoseconds from the start.
func (s *Schedule) Next() int64 {
	if s.random == nil {
		s.n++
		return int64(s.n * s.gap) // not a sum, whose error would grow
	}
	s.at += s.random.ExpFloat64() * s.gap
	return int64(s.at)
}
