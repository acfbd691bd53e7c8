package main

import (
	"sync"
	"time"
)

// The generator of Knuth's MMIX: a step is a multiplication and an addition.
const (
	stepMult = 6364136223846793005
	stepAdd  = 1442695040888963407
)

// work does so many steps, each of which waits for the one before.
//
//go:noinline
func work(x uint64, steps int) uint64 {
	for range steps {
		x = x*stepMult + stepAdd
	}
	return x
}

// workAll does the steps on every event.
//
//go:noinline
func workAll(evs []uint64, steps int) {
	if steps == 0 {
		return
	}
	for i, x := range evs {
		for range steps {
			x = x*stepMult + stepAdd
		}
		evs[i] = x
	}
}

// jump returns what n steps come to: x becomes x*mult + add.
func jump(n uint64) (mult, add uint64) {
	mult = 1
	m, a := uint64(stepMult), uint64(stepAdd)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			mult, add = mult*m, add*m+a
		}
		m, a = m*m, a*m+a
	}
	return mult, add
}

var known struct {
	sync.Mutex
	steps map[float64]int
}

// stepsFor returns the fewest steps for which workAll takes ns nanoseconds per event in a batch; 0 for none. Steps of neighbouring events
// overlap in the processor, so it is measured. Within a process the answer stays the same.
func stepsFor(ns float64) int {
	if ns == 0 {
		return 0
	}
	known.Lock()
	defer known.Unlock()
	if known.steps[ns] == 0 {
		if known.steps == nil {
			known.steps = map[float64]int{}
		}
		steps := 1
		for workTime(steps) < ns {
			steps++
		}
		known.steps[ns] = steps
	}
	return known.steps[ns]
}

// workTime is the nanoseconds that steps take per event: the fastest of some trials, since whatever else happened in a trial made it longer.
func workTime(steps int) float64 {
	const trials, repeats = 20, 200
	evs := make([]uint64, fusedBatch)
	var best float64
	for i := range trials {
		began := time.Now()
		for range repeats {
			workAll(evs, steps)
		}
		if ns := nsPer(began, repeats*len(evs)); i == 0 || ns < best {
			best = ns
		}
	}
	return best
}
