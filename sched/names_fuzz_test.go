package sched_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

// FuzzPolicies shows every policy that has a name what no engine would, counters that fall among it: none panics, what they draft holds in the system,
// and two of a kind draft the same.
func FuzzPolicies(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		for _, name := range sched.Names() {
			chance := rand.New(rand.NewPCG(seed, 1))
			y := anySystem(chance)
			require.NoError(t, y.Validate())
			var policies [2]sched.Policy
			var drafts [2]*sched.Draft
			for i := range policies {
				p, err := findPolicy(t, name)(y)
				require.NoError(t, err)
				policies[i], drafts[i] = p, sched.NewDraft(y, sched.ServeAll(len(y.Workers), len(y.Stages)))
			}
			s := &sched.Snapshot{
				Workers: make([]sched.WorkerSample, len(y.Workers)),
				Stages:  make([]sched.StageSample, len(y.Stages)), Sources: make([]sched.SourceSample, len(y.Sources)),
			}
			for range 200 {
				anything(chance, s)
				for i, d := range drafts {
					plan := clone(d.Plan)
					d.Reset(plan)
					policies[i].Decide(s, d)
					require.NoError(t, d.Plan.Check(y), name)
				}
				require.Equal(t, drafts[0].Plan, drafts[1].Plan, name)
				require.Equal(t, drafts[0].Changes, drafts[1].Changes, name)
			}
		}
	})
}

func anySystem(chance *rand.Rand) *sched.System {
	y := &sched.System{Quantum: 1 + chance.Int64N(1e6), Workers: make([]sched.Seat, 1+chance.IntN(3))}
	for i := range 1 + chance.IntN(5) {
		s := sched.Stage{MaxBatch: 1 + chance.IntN(300), Threads: max(chance.IntN(40)-20, 0), Parallel: chance.IntN(3), MaxCores: chance.IntN(3)}
		for n := range i {
			if chance.IntN(2) == 0 {
				s.Next = append(s.Next, n)
			}
		}
		y.Stages = append(y.Stages, s)
		for range chance.IntN(3) {
			y.Sources = append(y.Sources, sched.Source{
				Stage: i, Class: chance.IntN(4), Capacity: 1 << chance.IntN(12), Target: max(chance.Int64N(1<<chance.IntN(62))-5, 0),
			})
		}
	}
	return y
}

// anything makes another snapshot of s: small steps, great leaps, nothing, and counters that begin again.
func anything(chance *rand.Rand, s *sched.Snapshot) {
	some := func() uint64 { return chance.Uint64N(1 << chance.IntN(63)) }
	s.Now += int64(some() % 1e9)
	s.Epoch += chance.Uint64N(2)
	s.Settled = chance.IntN(3) > 0
	for i := range s.Workers {
		w := &s.Workers[i]
		w.Asleep = chance.IntN(2) == 0
		w.Idle, w.Parked = w.Idle+int64(some()%1e8), w.Parked+int64(some()%1e8)
	}
	for i := range s.Stages {
		x := &s.Stages[i]
		if chance.IntN(50) == 0 {
			*x = sched.StageSample{}
		}
		for range chance.IntN(4) {
			x.Batches.Add(chance.Uint64N(300), some())
		}
		if chance.IntN(10) == 0 {
			x.Batches.N, x.Batches.B = some(), some()
		}
		x.Entered, x.Done = x.Entered+some(), x.Done+some()
		x.Held, x.Wait, x.Depth = x.Held+chance.Uint64N(9), int64(some()), int(some())
		x.HeadAge, x.Threads = int64(some()), chance.IntN(20)
		if x.Sojourn = nil; chance.IntN(2) == 0 {
			x.Sojourn = new(sched.Histogram)
			for range 20 {
				x.Sojourn[chance.IntN(sched.Buckets)] = some() >> 8
			}
		}
	}
	for i := range s.Sources {
		c := &s.Sources[i]
		c.Accepted, c.Refused = some(), some()
		c.Offered, c.Depth, c.HeadAge = c.Accepted+c.Refused, int(some()), int64(some())
	}
}
