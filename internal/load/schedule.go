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

// never is later than any run, and leaves room to add the start of one.
const never = 1 << 62

// Next returns when the next request is due, in nanoseconds from the start; at
// most never, which low rates soon exceed.
func (s *Schedule) Next() int64 {
	if s.random == nil {
		s.n++
		return int64(min(s.n*s.gap, never)) // not a sum, whose error would grow
	}
	s.at += s.random.ExpFloat64() * s.gap
	return int64(min(s.at, never))
}

// Seed returns the seed of one repetition. Repetitions of different seeds have
// nothing in common, as they would if the repetition were added: it is two
// steps of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
// generators", OOPSLA 2014).
func Seed(seed uint64, rep int) uint64 { return splitMix(splitMix(seed) + uint64(rep)) }

func splitMix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
