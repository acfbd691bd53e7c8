package sched

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// One stage more than workers, all with the same demand: each nearly fills a worker, and there are not enough of them for that.
func TestPackWithoutAWorkerForTheRest(t *testing.T) {
	for _, workers := range []int{24, 25, 32, 100} {
		for more := range 5 {
			y := &System{Quantum: 1, Workers: make([]Seat, workers), Stages: make([]Stage, workers+more)}
			demand := make([]float64, workers+more)
			for i := range demand {
				demand[i] = 1000
			}
			a := newLayout(y)
			if serve := a.pack(demand, a.everywhere()); serve != nil {
				require.NoError(t, Plan{Serve: serve}.Validate(workers, workers+more), "%d workers, %d stages", workers, workers+more)
			}
		}
	}
}
