package sched

import (
	"fmt"
	"math"
)

const (
	trialPairs    = 5    // most pairs of readings in a trial
	missWorth     = 0.5  // what a batch may cost more, as a logarithm, to stay in the cache
	scoutPairs    = 3    // and for a scout, who has to gain more
	trialVain     = 3    // readings in a row without full batches, or any, that end a trial
	trialDecides  = 0.05 // logarithm of a ratio of costs that decides after two
	climbGain     = 0.02 // with which the next larger batch is tried before the line is sure, and what a much smaller one has to gain
	trialHopeless = 1    // and the one after one: nothing that took the CPU for a while makes as much
)

// trial compares batches of another size with those in use.
type trial struct {
	with    int // 0: no trial
	allowed float64
	kind    trialKind
	pairs   int
	base    float64 // least cost of an event with batches of size: what else takes the CPU only adds to it
	cost    float64 // and with the others
	miss    float64 // the last misses per event with the others
	vain    int     // readings in a row without full batches
	seen    reading // the cheapest of larger batches, until they are accepted: what else takes the CPU must not bend the line
}

type trialKind int

const (
	tryLarger trialKind = iota
	trySmaller
	tryBetween
	tryDither
	tryScout // much smaller: whether there is a better place altogether
)

// compare judges a trial after a reading of the other batch.
func (z *sizing) compare() (most int, why string) {
	t := &z.trial
	ratio := math.Log((t.cost+z.turn/float64(t.with))/(t.base+z.turn/float64(z.size))) - t.allowed
	if t.miss > 1.5*z.miss && t.miss > 0.1 && t.kind == tryLarger {
		ratio = max(ratio, trialDecides) // what falls out of the cache is paid for by others, too
	}
	if z.miss > 1.5*t.miss && z.miss > 0.1 && t.kind == tryScout && ratio < missWorth {
		ratio = -trialDecides
	}
	t.pairs++
	if t.kind == tryDither && ratio > -trialDecides {
		z.trial = trial{}
		return z.size, "back"
	}
	pairs := trialPairs
	if t.kind == tryScout {
		pairs = scoutPairs
	}
	if t.pairs < 2 && ratio < trialHopeless || math.Abs(ratio) < trialDecides && t.pairs < pairs {
		return z.size, "trial goes on"
	}
	return z.decide(*t, ratio <= 0)
}

func (z *sizing) decide(t trial, better bool) (most int, why string) {
	z.trial = trial{}
	percent := 100 * (t.cost/t.base - 1)
	why = fmt.Sprintf("%+.2g %% an event with batches of %d", percent, t.with)
	if !better {
		z.climb = false
		switch t.kind {
		case tryLarger:
			z.spoil(min(z.bad, t.with))
		case tryBetween:
			z.low = t.with
		case trySmaller:
			z.small = t.with
		case tryScout:
			if t.with == z.size/2 {
				z.half = t.cost / t.base
			}
			if z.bad <= z.stage.MaxBatch && t.with >= z.size/scoutStep {
				z.low = t.with
			}
		}
		return z.size, why
	}
	if t.kind != tryBetween {
		z.low = 0
	}
	switch t.kind {
	case tryLarger:
		if z.begins(&t) {
			z.low, z.line = z.size, line{}
		} else {
			z.line.add(&t.seen, 0)
		}
		if t.with >= z.bad {
			z.bad = z.stage.MaxBatch + 1
		}
	case tryBetween:
		z.spoil(z.size)
	case tryScout:
		z.spoil(z.size)
		z.line = line{}
	}
	z.size, z.cost, z.usual = t.with, t.cost, t.cost
	z.climb = t.kind == tryLarger && t.pays()
	return z.size, why
}

// spoil notes the smallest size that costs more.
func (z *sizing) spoil(size int) {
	if size != z.bad {
		z.bad, z.again = size, backoff{z.at + againFirst, 2 * againFirst}
	}
}

// pays reports whether the other size costs clearly less.
func (t *trial) pays() bool { return t.cost < (1-climbGain)*t.base }

// begins reports whether a larger batch that was cheaper was so by less than the line says: something begins to cost more on the way there.
func (z *sizing) begins(t *trial) bool {
	if !z.line.sure {
		return !t.pays() || z.bad <= z.stage.MaxBatch
	}
	return t.cost/t.base > 1.03*z.line.each(t.with)/z.line.each(z.size)
}
