package sched

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A stage is alone where no other one of its workers has something to do: also one that has nothing itself is not, beside one that has.
func TestShare(t *testing.T) {
	for _, c := range []struct {
		depth [3]int
		alone []bool
	}{
		{[3]int{0, 0, 0}, []bool{true, true, true}},
		{[3]int{5, 0, 0}, []bool{true, false, true}},
		{[3]int{5, 5, 0}, []bool{false, false, true}},
		{[3]int{0, 5, 5}, []bool{false, true, true}},
	} {
		s := &Snapshot{Stages: make([]StageSample, 3)}
		for i, n := range c.depth {
			s.Stages[i].Depth = n
		}
		l := &batching{alone: make([]bool, 3)}
		l.share(s, &Draft{Plan: Plan{Serve: [][]int{{0, 1}, {2}}}})
		require.Equal(t, c.alone, l.alone, "%v wait", c.depth)
	}
}

// Readings of batches that are known to be too large, as those that leave a cache, say nothing of the line that is for smaller ones.
func TestLineIsForBatchesThatAreNotTooLarge(t *testing.T) {
	for bad, learns := range map[int]bool{20: false, 30: true} {
		z := &sizing{bad: bad}
		z.learn(&reading{n: 10, b: 250, t: 1000, raw: 1000}, 25)
		require.Equal(t, learns, z.line.n > 0, "batches of 25, too large from %d on", bad)
	}
}
