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

// Every stage of an engine has an inlet: the first on the way of events is one whose events came by that, not over edges.
func TestFirstIsWhereEventsComeIn(t *testing.T) {
	y := &System{Quantum: 1e5, Workers: []Seat{{}}, Sources: []Source{{Stage: 0}, {Stage: 1}}}
	y.Stages = []Stage{{Name: "b", MaxBatch: 8}, {Name: "a", MaxBatch: 8, Next: []int{0}}}
	p, err := Batch(y)
	require.NoError(t, err)
	l := p.(*batching)
	s := &Snapshot{Stages: make([]StageSample, 2), Sources: make([]SourceSample, 2), Workers: make([]WorkerSample, 1)}
	s.Stages[0].Entered, s.Sources[0].Accepted = 100, 10
	s.Stages[1].Entered, s.Sources[1].Accepted = 100, 100
	l.fed(s)
	require.False(t, l.stages[0].first)
	require.True(t, l.stages[1].first)
}

// What batches take outside of handlers is told apart from what their events take there, though batches in hand at a look blur it.
func TestTurn(t *testing.T) {
	y := &System{Stages: make([]Stage, 1)}
	s := &Snapshot{Workers: make([]WorkerSample, 2), Stages: make([]StageSample, 1)}
	u := &turn{}
	const a, c = 300, 7
	for i := range 200 {
		b := uint64(8 << (i % 3))
		for range 50 {
			s.Stages[0].Batches.Add(b, 100*b)
			s.Now += int64(a+c*b+100*b) / 2
		}
		s.Workers[0].Idle += 1000
		s.Now += 500
		u.see(y, s)
	}
	require.InDelta(t, a, u.a, 3)
	for range 200 { // batches are all alike now: what is known stays
		s.Stages[0].Batches.Add(16, 1600)
		s.Now += (a + c*16 + 1600) / 2
		u.see(y, s)
	}
	require.InDelta(t, a, u.a, 3)
}

// While the assignment changes nothing is on trial: what a batch costs then says nothing of its size.
func TestNoTrialWhileTheAssignmentChanges(t *testing.T) {
	y := &System{Quantum: 1e5, Workers: []Seat{{}}, Stages: []Stage{{Name: "a", MaxBatch: 64, Capacity: 1024}}}
	p, err := Batch(y)
	require.NoError(t, err)
	l := p.(*batching)
	s := &Snapshot{Settled: true, Stages: make([]StageSample, 1), Workers: make([]WorkerSample, 1)}
	d, plan := NewDraft(y, Plan{}), ServeAll(1, 1)
	trials := func(ticks int, moves bool) (n int) {
		for range ticks {
			b := uint64(max(plan.Batch[0], 1))
			for s.Now += 5e6; s.Stages[0].Batches.T < uint64(s.Now); {
				s.Stages[0].Batches.Add(b, 1000+100*b)
			}
			s.Stages[0].Wait, s.Stages[0].Depth = 10*s.Now, 1000
			if moves {
				s.Epoch++
			}
			d.Reset(plan)
			p.Decide(s, d)
			plan.Batch[0] = d.Plan.Batch[0]
			n += btoi(l.stages[0].trial.with > 0)
		}
		return n
	}
	plan.Batch = make([]int, 1)
	require.Zero(t, trials(20, true))
	require.Zero(t, trials(9, false), "45 ms after")
	require.Positive(t, trials(20, false))
	for l.stages[0].trial.with == 0 {
		trials(1, false)
	}
	require.Zero(t, trials(1, true), "what was on trial when workers moved is not judged")
}
