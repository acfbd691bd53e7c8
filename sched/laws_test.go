package sched_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

// Whatever a policy is shown, its drafts hold in the system, and the same snapshots give the same decisions.
func TestPoliciesDraftPlansThatHold(t *testing.T) {
	for _, name := range sched.Names() {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(40) {
				chance := rand.New(rand.NewPCG(seed, 1))
				y := randomSystem(chance)
				require.NoError(t, y.Validate())
				a, b := newDecider(t, name, y), newDecider(t, name, y)
				s := emptySnapshot(y)
				for range 200 {
					advance(chance, y, s)
					require.NoError(t, a.decide(s).Check(y), "seed %d, at %d", seed, s.Now)
					require.Equal(t, a.draft.Plan, *b.decide(s), "seed %d, at %d", seed, s.Now)
				}
			}
		})
	}
}

// decider is a policy and the plan that holds.
type decider struct {
	policy sched.Policy
	draft  *sched.Draft
}

func newDecider(t *testing.T, name string, y *sched.System) *decider {
	m, err := sched.Find(name)
	require.NoError(t, err)
	p, err := m(y)
	require.NoError(t, err)
	return &decider{p, sched.NewDraft(y, sched.ServeAll(len(y.Workers), len(y.Stages)))}
}

func (d *decider) decide(s *sched.Snapshot) *sched.Plan {
	d.draft.Reset(clone(d.draft.Plan))
	d.policy.Decide(s, d.draft)
	return &d.draft.Plan
}

func randomSystem(chance *rand.Rand) *sched.System {
	y := &sched.System{Quantum: 1 + chance.Int64N(1e6)}
	for w := range 1 + chance.IntN(5) {
		y.Workers = append(y.Workers, sched.Seat{CPU: w, Core: w/2 - chance.IntN(2)})
	}
	for i := range 1 + chance.IntN(6) {
		s := sched.Stage{Name: string(rune('a' + i)), Capacity: 1 << chance.IntN(12), MaxBatch: 1 << chance.IntN(9), Parallel: chance.IntN(3)}
		s.Threads, s.MaxCores = chance.IntN(3)*chance.IntN(9), chance.IntN(len(y.Workers)+1)
		for n := range i {
			if chance.IntN(2) == 0 {
				s.Next = append(s.Next, n)
			}
		}
		y.Stages = append(y.Stages, s)
	}
	if chance.IntN(2) == 0 { // a cycle
		y.Stages[0].Next = append(y.Stages[0].Next, len(y.Stages)-1)
	}
	for k := range chance.IntN(5) {
		y.Sources = append(y.Sources, sched.Source{
			Name: string(rune('A' + k)), Stage: chance.IntN(len(y.Stages)), Class: chance.IntN(4), Capacity: 1 << chance.IntN(12),
			Target: chance.Int64N(3) * chance.Int64N(1<<chance.IntN(30)),
		})
	}
	return y
}

func emptySnapshot(y *sched.System) *sched.Snapshot {
	s := &sched.Snapshot{
		Workers: make([]sched.WorkerSample, len(y.Workers)), Stages: make([]sched.StageSample, len(y.Stages)),
		Sources: make([]sched.SourceSample, len(y.Sources)),
	}
	for i := range s.Stages {
		s.Stages[i].Sojourn = &sched.Histogram{}
	}
	return s
}

// advance lets anything happen that counters can show, possible or not.
func advance(chance *rand.Rand, y *sched.System, s *sched.Snapshot) {
	some := func(most int) uint64 { return chance.Uint64N(3) * chance.Uint64N(1<<chance.IntN(most)) }
	s.Now += int64(some(32)) // also none
	s.Settled = chance.IntN(3) > 0
	s.Epoch += some(2)
	for w := range s.Workers {
		x := &s.Workers[w]
		x.Asleep, x.Idle, x.Parked = chance.IntN(3) == 0, x.Idle+int64(some(28)), x.Parked+int64(some(28))
	}
	for i := range s.Stages {
		x := &s.Stages[i]
		x.Depth, x.HeadAge, x.Wait = int(some(12)), int64(some(32)), x.Wait+int64(some(32))
		x.Entered, x.Done, x.Held = x.Entered+some(16), x.Done+some(16), x.Held+some(4)
		for range some(6) {
			x.Batches.Add(1+some(8), some(24))
			x.Sojourn.Add(int64(some(32)))
		}
	}
	for k := range s.Sources {
		x := &s.Sources[k]
		x.Accepted, x.Refused = x.Accepted+some(16), x.Refused+some(16)
		x.Offered = x.Accepted + x.Refused
		x.Depth, x.HeadAge = int(some(12)), int64(some(32))
	}
}

// The search of SEDA 2001 leaves small batches, which integers that grow by a fifth would not.
func TestSEDA2001BatchGrowsFromOne(t *testing.T) {
	y := &sched.System{Workers: []sched.Seat{{}}, Stages: []sched.Stage{{Name: "a", MaxBatch: 64}}, Quantum: 100_000}
	d, s := newDecider(t, "seda-2001", y), emptySnapshot(y)
	run := func(seconds int, rate uint64, until int) {
		for range seconds {
			s.Now, s.Settled = s.Now+1e9, true
			s.Stages[0].Done += rate
			if d.decide(s).Batch[0] == until {
				return
			}
		}
		require.Equal(t, until, d.draft.Plan.Batch[0])
	}
	run(300, 10_000, 1) // any batch does
	run(300, 8_000, 64) // none does
}

// A gate that never was wider than its target allows stays as it is when what was let in before turns out to be late: a batch in hand
// came before the gate did.
func TestAdmissionIsNotFooledByABatchInHand(t *testing.T) {
	y := &sched.System{
		Workers: []sched.Seat{{}}, Stages: []sched.Stage{{Name: "a", MaxBatch: 64, Capacity: 1024}}, Quantum: 100_000,
		Sources: []sched.Source{{Name: "web", Capacity: 1024, Target: 1e6}},
	}
	p := newPlant(y, []cost{{c: 100_000}}, []feed{{rate: 20_000}}, false)
	p.set(0, 20_000)
	r := newTrial(t, p, find(t, "admission"))
	p.run(4e6) // 80 events came, 64 or so are in hand
	r.tick(t, 5e6)
	require.Equal(t, 4, p.plan.Admit[0].Depth)
	for range 20 {
		r.tick(t, 1e6)
		require.Equal(t, 4, p.plan.Admit[0].Depth)
	}
}

// A gate closes when two heads in a row that it let in are late, and by as much as the second is.
func TestAdmissionClosesByTheAgeOfHeads(t *testing.T) {
	y := &sched.System{
		Workers: []sched.Seat{{}}, Stages: []sched.Stage{{Name: "a", MaxBatch: 1, Capacity: 1024}}, Quantum: 100_000,
		Sources: []sched.Source{{Name: "web", Capacity: 1024, Target: 10e6}},
	}
	d, s := newDecider(t, "admission", y), emptySnapshot(y)
	tick := func(head int64) int {
		s.Now += 5e6
		s.Stages[0].Batches.Add(1, 100_000) // what an event seems to cost
		s.Sources[0].HeadAge, s.Stages[0].HeadAge = head, head
		return d.decide(s).Admit[0].Depth
	}
	wide := tick(0)
	require.InDelta(t, 79, wide, 1)
	require.Equal(t, wide, tick(7e6), "in time")
	require.Equal(t, wide, tick(12e6), "came before there was a gate")
	require.Equal(t, wide, tick(14e6), "somebody may have kept the worker from work")
	require.Equal(t, wide, tick(20e6), "came before that")
	narrow := tick(9e6)
	require.InDelta(t, float64(wide)*8/9, narrow, 2)
	require.Equal(t, narrow, tick(15e6), "came before the gate was narrower")
}

func find(t *testing.T, name string) sched.Maker {
	m, err := sched.Find(name)
	require.NoError(t, err)
	return m
}

// Sources without a target are never limited, whatever happens.
func TestAdmissionLeavesSourcesWithoutATargetAlone(t *testing.T) {
	y := twoStages()
	y.Sources[0].Target = 0
	d, s := newDecider(t, "admission", y), emptySnapshot(y)
	chance := rand.New(rand.NewPCG(1, 1))
	for range 500 {
		advance(chance, y, s)
		require.Zero(t, d.decide(s).Admit[0])
	}
}
