package load

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/internal/workload"
)

// RequestLines is how many cache lines go from core to core with a request, and ClientLines how many more with the first of them where workers make the load, and
// another ended the client's request before: two of what is counted of the client, one of its numbers' source, one of its times.
const (
	RequestLines = 2
	ClientLines  = 4
)

const (
	lineBlocks = 31
	lineTrips  = 400
	lineLimit  = time.Second
)

// LineTime returns in how many nanoseconds a cache line goes from one CPU to the other: half of a round trip, the median of many blocks. It takes some ms, and
// gives up after a second: with a single processor of the Go runtime, or if others hold the CPUs.
func LineTime(a, b int) (float64, error) {
	var (
		p      pingPong
		far    = make(chan error, 1)
		near   = make(chan error, 1)
		clock  = workload.NewClock()
		blocks []float64
		began  int64
	)
	limit := time.AfterFunc(lineLimit, func() { p.stop.Store(true) })
	defer limit.Stop()
	go func() { far <- p.play(b, 1, func(int64) {}) }()
	go func() {
		near <- p.play(a, 0, func(trip int64) {
			if trip%lineTrips != 0 {
				return
			}
			now := clock.Now()
			if trip > 0 {
				blocks = append(blocks, float64(now-began)/lineTrips/2)
			}
			began = now
		})
	}()
	if err := errors.Join(<-near, <-far); err != nil {
		return 0, err
	}
	if p.stop.Load() {
		return 0, fmt.Errorf("a cache line did not go to and fro %d times between CPUs %d and %d within %s", lineBlocks*lineTrips, a, b, lineLimit)
	}
	slices.Sort(blocks)
	return blocks[len(blocks)/2], nil
}

// pingPong is a word that two threads increment in turn, on a line of its own.
type pingPong struct {
	stop atomic.Bool // somebody did not get to its CPU, or it takes too long
	_    [64]byte
	turn atomic.Int64
	_    [64]byte
}

// play makes the turns of one side, 0 or 1, on a CPU.
func (p *pingPong) play(cpu int, side int64, mine func(trip int64)) error {
	leave, err := Occupy(cpu)
	if err != nil {
		p.stop.Store(true)
		return err
	}
	for trip := range int64(lineBlocks * lineTrips) {
		for p.turn.Load() != 2*trip+side && !p.stop.Load() {
		}
		mine(trip)
		p.turn.Store(2*trip + side + 1)
	}
	return leave()
}
