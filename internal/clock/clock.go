package clock

import (
	"math/bits"
	"sync"
	"time"
)

// scale turns counter ticks into nanoseconds: ns = (ticks - base) * mult / 2^32. It never changes once made.
type scale struct {
	base, mult uint64
	offset     int64
}

func (s *scale) at(ticks uint64) int64 {
	hi, lo := bits.Mul64(ticks-s.base, s.mult)
	return s.offset + int64(hi<<32|lo>>32)
}

// Clock reads the time in nanoseconds since New made it. It is safe for concurrent use; times read on one CPU never go back, between CPUs they
// agree to some tens of nanoseconds.
type Clock struct {
	scale *scale // nil: the counter is not to be trusted
	from  int64
	start time.Time
}

// New returns a clock. The first call in a process may take two milliseconds.
func New() Clock {
	c := Clock{scale: counterScale(), start: time.Now()}
	if c.scale != nil {
		c.from = c.scale.at(counter())
	}
	return c
}

// Now reads the clock. It does not allocate.
func (c *Clock) Now() int64 {
	if c.scale == nil {
		return int64(time.Since(c.start))
	}
	return c.scale.at(counter()) - c.from
}

var counterScale = sync.OnceValue(func() *scale {
	if !trusted() {
		return nil
	}
	return measure(2 * time.Millisecond)
})

// measure compares the counter with the runtime's clock over the given time. It spins: a sleep would take longer.
func measure(span time.Duration) *scale {
	origin := time.Now()
	ticks0, ns0 := pair(origin)
	for time.Since(origin) < span {
	}
	ticks1, ns1 := pair(origin)
	if ticks1 <= ticks0 || ns1 <= ns0 {
		return nil
	}
	mult, _ := bits.Div64(uint64(ns1-ns0)>>32, uint64(ns1-ns0)<<32, ticks1-ticks0)
	return &scale{base: ticks0, mult: mult, offset: ns0}
}

// pair reads both clocks as nearly at the same time as a few tries allow: the reading with the shortest time around it.
func pair(origin time.Time) (ticks uint64, ns int64) {
	best := int64(1 << 62)
	for range 16 {
		before := int64(time.Since(origin))
		t := counter()
		after := int64(time.Since(origin))
		if after-before < best {
			best, ticks, ns = after-before, t, before+(after-before)/2
		}
	}
	return ticks, ns
}
