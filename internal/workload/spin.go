package workload

import (
	"math"
	"slices"
	"time"
)

// Spin turns service time into turns of a loop: one that keeps a core busy without
// memory, a walk through memory, or sleep. It is immutable and safe for concurrent use.
type Spin struct {
	// PerTurn is what one turn takes, in nanoseconds.
	PerTurn float64
	// Spread is by how much the median trial of the calibration was slower than the fastest, as a fraction: what neighbours and
	// changes of clock rate do to service times here.
	Spread float64
}

const (
	calibrationTrials = 40
	calibrationTurns  = 300_000 // about half a millisecond
)

// Calibrate measures the loop on the CPU it is called on, for some 20 ms. The
// fastest trial counts: whatever else happened in a trial made it longer.
func Calibrate() Spin {
	return calibrate(calibrationTurns, func() { _ = spin(calibrationTurns) })
}

func calibrate(turns uint32, trial func()) Spin {
	trials := make([]float64, calibrationTrials)
	for i := range trials {
		start := time.Now()
		trial()
		trials[i] = float64(time.Since(start)) / float64(turns)
	}
	slices.Sort(trials)
	best := trials[0]
	return Spin{PerTurn: best, Spread: trials[len(trials)/2]/best - 1}
}

// Turns returns the number of turns that take ns nanoseconds, at most what fits.
func (s Spin) Turns(ns float64) uint32 {
	return uint32(min(math.Round(ns/s.PerTurn), math.MaxUint32))
}

// Spend keeps the core busy for ns nanoseconds.
func (s Spin) Spend(ns float64) {
	if ns > 0 {
		_ = spin(s.Turns(ns))
	}
}

// spin does n turns, each waiting for the one before: a multiplication and an
// addition, the generator of Knuth's MMIX.
//
//go:noinline
func spin(n uint32) uint64 {
	x := uint64(n)
	for ; n > 0; n-- {
		x = x*6364136223846793005 + 1442695040888963407
	}
	return x
}
