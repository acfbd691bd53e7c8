package load

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
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

	profile Profile
	step    int     // of the profile, at the time at
	left    float64 // ns of it
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

// Step is a part of a Profile: for so long, so many times the rate.
type Step struct {
	For    time.Duration
	Factor float64
}

// Profile says how the rate changes while a load lasts: its steps one after the other, and then again from the first. Empty: it does not.
type Profile []Step

// Spikes is the profile of a load that is base times the rate, and high times the rate for the second half of each period.
func Spikes(base, high float64, period time.Duration) Profile {
	return Profile{{period / 2, base}, {period - period/2, high}}
}

// Length is how long the steps take together.
func (p Profile) Length() (sum time.Duration) {
	for _, s := range p {
		sum += s.For
	}
	return sum
}

// Validate reports what makes p no profile.
func (p Profile) Validate() error {
	some := len(p) == 0
	for _, s := range p {
		if s.For <= 0 || !(s.Factor >= 0) || math.IsInf(s.Factor, 1) {
			return fmt.Errorf("profile: %gx for %s, want a factor of at least 0 for some time", s.Factor, s.For)
		}
		some = some || s.Factor > 0
	}
	if !some {
		return errors.New("profile: nothing is ever due")
	}
	return nil
}

// Follow lets the rate change as p says, which must be valid, from the start on.
func (s *Schedule) Follow(p Profile) {
	if s.profile = p; len(p) > 0 {
		s.left = float64(p[0].For)
	}
}

// along moves s.at on by as much as the rate takes for a request that comes after gap ns at the rate of 1x.
func (s *Schedule) along(gap float64) {
	for s.at < never {
		step := s.profile[s.step]
		if most := s.left * step.Factor; gap >= most {
			gap -= most
			s.at += s.left
			s.step = (s.step + 1) % len(s.profile)
			s.left = float64(s.profile[s.step].For)
			continue
		}
		s.at += gap / step.Factor
		s.left -= gap / step.Factor
		return
	}
}

// never is later than any run, and leaves room to add the start of one.
const never = 1 << 62

// Next returns when the next request is due, in nanoseconds from the start; at
// most never, which low rates soon exceed.
func (s *Schedule) Next() int64 {
	if len(s.profile) > 0 {
		gap := s.gap
		if s.random != nil {
			gap *= s.random.ExpFloat64()
		}
		s.along(gap)
		return int64(min(s.at, never))
	}
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
