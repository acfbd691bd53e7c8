package engine

import "time"

// costs is what ticks of the control loop took, and keeps them below a hundredth of a core.
type costs struct {
	mean            time.Duration // moving, of what is believed
	cheapest, lower time.Duration // of the last costsOf ticks, or more; and of those since then
	n               int
}

const (
	costsShare = 100
	costsWake  = 30 * time.Microsecond // what sleeping, and waking up for a tick takes, of which the clock knows nothing: 27 us beside 16 busy workers
	costsOf    = 16
	costsMost  = 4 // times the cheapest tick that another one is believed to have taken: caches are cold in most. The rest is time without a CPU
)

// afford notes what a tick took, and returns the time between two ticks at which all of them together take less than a hundredth of a core. That others take the
// loop's CPU away is no reason to look away for longer.
func (c *costs) afford(took time.Duration) time.Duration {
	switch {
	case c.n == 0:
		c.cheapest, c.lower = took, took
	case c.n%costsOf == 0:
		c.cheapest, c.lower = c.lower, took
	}
	c.n++
	c.lower = min(c.lower, took)
	c.mean += (min(took, costsMost*min(c.cheapest, c.lower)) - c.mean) / costsOf
	return min(costsShare*(c.mean+costsWake), controlMost)
}
