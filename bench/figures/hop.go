package main

import (
	"context"
	"time"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/ring"
)

// A hop is timed in blocks of trips, of which the median counts.
const (
	hopBlocks = 500
	hopTrips  = 1000
)

func hopSuite() suite {
	const c = "cache-line ping-pong in C"
	return suite{
		id: "engine.hop",
		contenders: []contender{
			{name: c, unit: "ns/trip", sample: pingpong},
			{name: "engine", unit: "ns/trip", sample: engineHop},
			{name: "ring.SPSC", unit: "ns/trip", sample: ringHop(func() hopRing { return ring.NewSPSC[uint64](hopDepth) })},
			{name: "ring.MPMC", unit: "ns/trip", sample: ringHop(func() hopRing { return ring.NewMPMC[uint64](hopDepth) })},
			{name: "ring.Slot", unit: "ns/trip", sample: ringHop(func() hopRing { return ring.NewSlot[uint64](hopDepth) })},
		},
		rows: []row{
			ratio("engine.hop", "engine", c, 2.5),
			plain("engine.hop.ns", "engine", none, "ns per round trip, two handlers and two edges"),
			ratio("engine.hop.spsc", "ring.SPSC", c, none),
			ratio("engine.hop.mpmc", "ring.MPMC", c, none),
			ratio("engine.hop.slot", "ring.Slot", c, none),
		},
	}
}

// A lap times round trips in blocks, which are to be shorter than what a neighbour takes the CPU away for.
type lap struct {
	blocks int // how many there are to be
	size   int // trips in each
	trips  int
	began  time.Time
	times  []float64
}

func newLap(blocks, size int) lap {
	return lap{blocks: blocks, size: size, times: make([]float64, 0, blocks)}
}

// trip counts a round trip and reports whether there are to be more.
func (l *lap) trip() bool {
	l.trips++
	if l.trips%l.size != 0 {
		return true
	}
	l.times = append(l.times, nsPer(l.began, l.size))
	l.began = time.Now()
	return len(l.times) < l.blocks
}

// engineHop is one event that goes from a handler on one spinning worker to a
// handler on another and back, in nanoseconds per round trip.
func engineHop(ctx context.Context) (float64, error) {
	e, err := pinnedEngine(engine.Spin, map[string][]int{"near": {0}, "far": {1}})
	if err != nil {
		return 0, err
	}
	near := engine.Add(e, engine.StageConfig[uint64]{Name: "near"})
	far := engine.Add(e, engine.StageConfig[uint64]{Name: "far"})
	there, back := engine.Connect(near, far), engine.Connect(far, near)
	back.Full = engine.Drop // a cycle needs an edge that does not block; with one event under way it is never full
	l := newLap(hopBlocks, hopTrips)
	done := make(chan struct{})
	near.Handle(func(c *engine.Context, n uint64) error {
		if n > 0 && !l.trip() {
			close(done)
			return nil
		}
		there.Emit(c, n+1)
		return nil
	})
	far.Handle(func(c *engine.Context, n uint64) error {
		back.Emit(c, n)
		return nil
	})
	err = during(ctx, e, func() error {
		l.began = time.Now()
		if err := near.Submit(ctx, 0); err != nil {
			return err
		}
		return wait(ctx, done)
	})
	return median(l.times), err
}

const hopDepth = 64

// hopRing is what the rings have in common for single items.
type hopRing interface {
	Push(v uint64, stamp int64) bool
	Pop() (v uint64, stamp int64, ok bool)
}

// ringHop is the same over two bare rings: what the engine could reach at best.
func ringHop(make func() hopRing) func(context.Context) (float64, error) {
	return func(context.Context) (float64, error) {
		near, far, err := twoCPUs()
		if err != nil {
			return 0, err
		}
		leaveRoom(2)
		there, back := make(), make()
		farDone := onCPU(far, func() error {
			for {
				v := spinPop(there)
				back.Push(v, 0)
				if v == 0 {
					return nil
				}
			}
		})
		l := newLap(hopBlocks, hopTrips)
		nearDone := onCPU(near, func() error {
			l.began = time.Now()
			for more := true; more; more = l.trip() {
				there.Push(1, 0)
				spinPop(back)
			}
			there.Push(0, 0)
			spinPop(back)
			return nil
		})
		if err := <-nearDone; err != nil {
			return 0, err
		}
		return median(l.times), <-farDone
	}
}

func spinPop(q hopRing) uint64 {
	for {
		if v, _, ok := q.Pop(); ok {
			return v
		}
	}
}
