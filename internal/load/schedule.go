package load

import "math/rand/v2"

// Schedule is a sequence of due times. It must be used by one goroutine at a time.
type Schedule struct {
	gap    float64 // ns, in the mean
	random *rand.Rand
	n      float64 // requests so far
	at     float64

	profile Profile
	step    int     // of the profile, at the time at
	left    float64 // ns of it
	whole   float64 // mass of the profile

	trace *player // unless nil, all that is due
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
	if s.trace != nil {
		return int64(min(s.trace.due(), never))
	}
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
