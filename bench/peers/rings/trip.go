package main

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"
)

// trips are the two ends of a round trip over two queues.
type trips struct {
	call   func(took []uint32, tries int) (wrong int) // ticks of each trip
	answer func(n, tries int)
}

const maxTicks = math.MaxUint32

// percentiles are of the nanoseconds that a round trip takes, one reading of the counter included.
type percentiles struct{ p50, p99, p999 float64 }

// roundTrips measures trips for so long, after a quarter of that to warm up.
func roundTrips(c cell, open func(cell) trips, cpus [2]int, lasting time.Duration) (percentiles, error) {
	runtime.GOMAXPROCS(4) // spinning threads must leave some to the rest of the program
	t := open(c)
	n := 1024
	for {
		took, err := bounce(t, cpus, make([]uint32, n))
		if err != nil {
			return percentiles{}, fmt.Errorf("warm up: %w", err)
		}
		grow := float64(lasting) / float64(took)
		n = int(float64(n) * min(grow, 8))
		if grow < 4 {
			break
		}
	}
	each := make([]uint32, n)
	for i := range each {
		each[i] = 1 // the memory is there before the clock runs
	}
	began, from := time.Now(), ticks()
	_, err := bounce(t, cpus, each)
	scale := float64(time.Since(began).Nanoseconds()) / float64(ticks()-from)
	slices.Sort(each)
	return percentiles{scale * spread(each, 0.5), scale * spread(each, 0.99), scale * spread(each, 0.999)}, err
}

// spread is a quantile of sorted ticks. A counter that many processors advance in steps of 10 ns gives few different values; those that are
// alike are taken to lie evenly in the step around them.
func spread(sorted []uint32, share float64) float64 {
	step := uint32(maxTicks)
	for i := range sorted[1:] {
		if d := sorted[i+1] - sorted[i]; d > 0 {
			step = min(step, d)
		}
	}
	if step == maxTicks {
		return float64(sorted[0]) // all alike
	}
	at := share * float64(len(sorted)-1)
	v := sorted[int(at)]
	first, _ := slices.BinarySearch(sorted, v)
	end, _ := slices.BinarySearch(sorted, v+1)
	return float64(v) + float64(step)*((at-float64(first)+0.5)/float64(end-first)-0.5)
}

// bounce makes as many trips as took has room for.
func bounce(t trips, cpus [2]int, took []uint32) (time.Duration, error) {
	pair := &team{size: 2, cpus: cpus}
	wrong := 0
	pair.add(0, func() { wrong = t.call(took, triesAlone) })
	pair.add(1, func() { t.answer(len(took), triesAlone) })
	lasted, err := pair.lasted()
	if wrong > 0 {
		err = errors.Join(err, fmt.Errorf("%d of %d items came back changed", wrong, len(took)))
	}
	return lasted, err
}
