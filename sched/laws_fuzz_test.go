package sched_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

// FuzzLaws shows the laws of batches and threads what no engine would: whatever the counters do, what they draft holds in the system.
func FuzzLaws(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		chance := rand.New(rand.NewPCG(seed, 0))
		y := anySystem(chance)
		require.NoError(t, y.Validate())
		r := newTrial(t, newPlant(y, make([]cost, len(y.Stages)), make([]feed, len(y.Sources)), false), findPolicy(t, "batch+threads"))
		s := r.snapshot()
		for range 300 {
			s.Now += chance.Int64N(1 << chance.IntN(30))
			for i := range s.Stages {
				disturb(chance, &s.Stages[i], r.plan.Batch[i])
			}
			r.draft.Reset(r.plan)
			r.policy.Decide(s, r.draft)
			require.NoError(t, r.draft.Plan.Check(y))
			r.plan = clone(r.draft.Plan)
		}
	})
}

// disturb lets a stage have done anything.
func disturb(chance *rand.Rand, s *sched.StageSample, batch int) {
	for range chance.IntN(100) {
		b, t := uint64(max(batch, 1)), chance.Uint64N(1<<chance.IntN(30))
		if chance.IntN(4) == 0 {
			b = chance.Uint64N(300)
		}
		s.Batches.Add(b, t)
	}
	s.Wait += chance.Int64N(1 << chance.IntN(40))
	s.HeadAge, s.Depth, s.Threads = chance.Int64N(1<<chance.IntN(40)), chance.IntN(1000), chance.IntN(20)
	s.Misses += chance.Uint64N(1000)
	s.Known = chance.IntN(2) == 0
	s.Blocked += chance.Int64N(1 << chance.IntN(30))
	s.RunDelay += chance.Int64N(1 << chance.IntN(30))
}
