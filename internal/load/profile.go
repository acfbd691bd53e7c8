package load

import (
	"errors"
	"fmt"
	"math"
	"time"
)

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

// mass is how long 1x takes for as many requests as the steps together.
func (p Profile) mass() (sum float64) {
	for _, s := range p {
		sum += float64(s.For) * s.Factor
	}
	return sum
}

// Backlog is at most how much work, in ns, there is left after so long a load, of which 1x brings so many times what can be done. It is what the
// steps of one period bring too much, and what the periods add up to.
func (p Profile) Backlog(load float64, span time.Duration) float64 {
	mean, burst := 1.0, 0.0
	if len(p) > 0 {
		mean = p.mass() / float64(p.Length())
	}
	for _, s := range p {
		burst += max(load*s.Factor-1, 0) * float64(min(s.For, span))
	}
	return burst + max(load*mean-1, 0)*float64(span)
}

// from returns the profile that is at the start where p is after that time, which is less than its length.
func (p Profile) from(after time.Duration) Profile {
	for i, s := range p {
		if after < s.For {
			turned := append(Profile{{s.For - after, s.Factor}}, p[i+1:]...)
			turned = append(turned, p[:i]...)
			if after > 0 {
				turned = append(turned, Step{after, s.Factor})
			}
			return turned
		}
		after -= s.For
	}
	return p
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
		s.left, s.whole = float64(p[0].For), p.mass()
	}
}

// along moves s.at on by as much as the rate takes for a request that comes after gap ns at the rate of 1x.
func (s *Schedule) along(gap float64) {
	if gap >= s.whole { // else the lowest rates would go through short periods for ever
		periods := math.Floor(gap / s.whole)
		s.at += periods * float64(s.profile.Length())
		gap = max(gap-periods*s.whole, 0)
	}
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
