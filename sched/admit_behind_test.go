package sched_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

// A stage that costs little, before one of the same worker that costs much: what is too much is refused at the entrance, and does not pile up between them.
func TestNothingPilesUpBehindTheGate(t *testing.T) {
	for _, law := range []string{"admission", "adaptive"} {
		for _, most := range []int{1, 4, 64} {
			for _, offered := range []float64{0.5, 2, 4} {
				for _, sources := range []int{1, 4} {
					good, capacity := behindInTime(t, law, most, offered, sources)
					require.Greater(t, good, 0.95*min(offered, 1)*capacity, "%s, batches of %d, %g times the capacity from %d sources", law, most, offered, sources)
				}
			}
		}
	}
}

// behindInTime returns how many events a second are done within the target, and how many can be.
func behindInTime(t *testing.T, law string, most int, offered float64, sources int) (good, capacity float64) {
	const front, service, target = 10_000, 100_000, 5_000_000
	capacity = 1e9 / float64(front+service)
	y := &sched.System{
		Workers: []sched.Seat{{}}, Quantum: 100_000,
		Stages: []sched.Stage{
			{Name: "dear", MaxBatch: most, Capacity: 1024},
			{Name: "cheap", MaxBatch: 64, Capacity: 1024, Next: []int{0}},
		},
	}
	var feeds []feed
	for i := range sources {
		y.Sources = append(y.Sources, sched.Source{Name: string(rune('a' + i)), Stage: 1, Capacity: 1024, Target: target})
		feeds = append(feeds, feed{rate: offered * capacity / float64(sources), poisson: true})
	}
	p := newPlant(y, []cost{{c: service, noise: 0.3}, {c: front, noise: 0.3}}, feeds, false)
	p.chance = rand.New(rand.NewPCG(1, 3))
	r := newTrial(t, p, find(t, law))
	for r.now < 1e9 {
		r.tick(t, 5e6)
	}
	r.waits = make([][]int64, sources)
	began := r.now
	for r.now < began+2e9 {
		r.tick(t, 5e6)
	}
	for _, waits := range r.waits {
		for _, ns := range waits {
			if ns <= target {
				good += 1e9 / float64(r.now-began)
			}
		}
	}
	return good, capacity
}
