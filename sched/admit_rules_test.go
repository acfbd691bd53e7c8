package sched

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A source that was never used has no limit, however slow its stage is; its first event brings it one.
func TestAdmissionLeavesUnusedSourcesAlone(t *testing.T) {
	y := &System{
		Quantum: 1e5, Workers: []Seat{{}}, Stages: []Stage{{Name: "a", MaxBatch: 1, Capacity: 1024}},
		Sources: []Source{{Name: "web", Capacity: 1024, Target: 1e6}, {Name: "spare", Capacity: 1024, Target: 1e6}},
	}
	p, err := Admission(y)
	require.NoError(t, err)
	s := &Snapshot{Settled: true, Workers: make([]WorkerSample, 1), Stages: make([]StageSample, 1), Sources: make([]SourceSample, 2)}
	d, plan := NewDraft(y, Plan{}), ServeAll(1, 1)
	look := func() {
		x, in := &s.Stages[0], &s.Sources[0]
		for s.Now += 5e6; x.Batches.T < uint64(s.Now); x.Done++ {
			x.Batches.Add(1, 1e5)
		}
		x.Depth, in.Depth, in.HeadAge = 500, 500, 5e7
		in.Offered, in.Accepted, x.Entered = x.Done+500, x.Done+500, x.Done+500
		d.Reset(plan)
		p.Decide(s, d)
		plan.Admit = append(plan.Admit[:0], d.Plan.Admit...)
	}
	for range 40 {
		look()
	}
	require.Positive(t, plan.Admit[0].Depth)
	require.Zero(t, plan.Admit[1])
	s.Sources[1].Offered, s.Sources[1].Refused = 1, 1
	look()
	require.Positive(t, plan.Admit[1].Depth)
}
