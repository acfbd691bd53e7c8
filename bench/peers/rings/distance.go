package main

import (
	"context"
	"runtime"
	"slices"
	"sync/atomic"
	"time"
)

// distance returns the nanoseconds in which a word goes to the other CPU and back, the median of some blocks of trips. A hypervisor may move
// virtual CPUs while they run, and then everything that goes from one to the other takes several times as long, but not by the same factor for all.
func distance(cpus [2]int) (float64, error) {
	const blocks, trips = 11, 200
	var there, back struct {
		_ [128]byte
		atomic.Uint64
		_ [128]byte
	}
	runtime.GOMAXPROCS(4) // spinning threads must leave some to the rest of the program
	took := make([]float64, blocks)
	pair := &team{size: 2, cpus: cpus}
	pair.add(0, func() {
		for i := range took {
			began := time.Now()
			for n := range uint64(trips) {
				there.Store(uint64(i)*trips + n + 1)
				await(&back.Uint64, uint64(i)*trips+n+1)
			}
			took[i] = float64(time.Since(began).Nanoseconds()) / trips
		}
	})
	pair.add(1, func() {
		for n := range uint64(blocks * trips) {
			await(&there.Uint64, n+1)
			back.Store(n + 1)
		}
	})
	_, err := pair.lasted()
	slices.Sort(took)
	return took[blocks/2], err
}

func await(word *atomic.Uint64, n uint64) {
	for tried := 0; word.Load() != n; {
		tried = again(tried, triesAlone)
	}
}

// nearby waits until the CPUs are so near to one another, for a while, and returns how far they are.
func (b *bench) nearby(ctx context.Context) (ns float64, err error) {
	for until := time.Now().Add(min(waitOnce, b.waits)); ; b.waits -= pause {
		ns, err = distance(b.cpus)
		if err != nil || b.near <= 0 || ns <= b.near || time.Now().After(until) {
			return ns, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ns, ctx.Err()
		}
	}
}

// How long a bench waits for CPUs to be near.
const (
	pause     = 200 * time.Millisecond
	waitOnce  = 20 * time.Second
	waitInAll = 5 * time.Minute
)
