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

// What there was when nothing came in is no mix from which demand could shift.
func TestCoresShiftFromNothing(t *testing.T) {
	var c cores
	now := int64(1) << 40
	require.False(t, c.shifted(now, []float64{0, 0}))
	require.False(t, c.shifted(now, []float64{3, 1}), "the first there is")
	require.False(t, c.shifted(now, []float64{0, 0}))
	require.True(t, c.shifted(now, []float64{1, 3}))
}
