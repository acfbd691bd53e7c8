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

// Threads of SEDA 2001 leave after 5 s without work, which are three looks, and not when they or the whole pool are younger.
func TestSEDA2001ThreadsLeaveNoSooner(t *testing.T) {
	for _, before := range []int{0, 5} { // looks before the queue is long
		y := &sched.System{Workers: []sched.Seat{{}}, Stages: []sched.Stage{{Name: "a", MaxBatch: 1, Threads: 20}}, Quantum: 100_000}
		d, s := newDecider(t, "seda-2001", y), emptySnapshot(y)
		look := func(depth int) int {
			s.Now, s.Stages[0].Depth = s.Now+2e9, depth
			return d.decide(s).Threads[0]
		}
		require.Equal(t, 1, look(100))
		for range before {
			require.Equal(t, 1, look(0))
		}
		require.Equal(t, 2, look(100))
		require.Equal(t, 3, look(100))
		require.Equal(t, 3, look(99))
		s.Stages[0].Batches.Add(1, 1)
		require.Equal(t, 3, look(0))
		require.Equal(t, 1, look(0), "one batch is work for one thread")
		require.Equal(t, 2, look(100))
		for range 2 {
			s.Stages[0].Batches.Add(1, 1)
			require.Equal(t, 2, look(0))
		}
		require.Equal(t, 2, look(0), "two batches are for two")
		require.Equal(t, 1, look(0), "and one is left of them")
	}
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
	s.Sources[0].Offered = 1
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

// Percentiles of fewer than 500 batches decide nothing; one of more narrows the gate by as much as it is too long, once for what came by that gate.
func TestAdmissionGoesByPercentilesOfEnough(t *testing.T) {
	y := &sched.System{
		Workers: []sched.Seat{{}}, Stages: []sched.Stage{{Name: "a", MaxBatch: 1, Capacity: 1024}}, Quantum: 100_000,
		Sources: []sched.Source{{Name: "web", Capacity: 1024, Target: 10e6}},
	}
	d, s := newDecider(t, "admission", y), emptySnapshot(y)
	s.Sources[0].Offered = 1
	tick := func(batches int, sojourn int64) int {
		s.Now += 5e6
		for range batches {
			s.Stages[0].Batches.Add(1, 100_000)
			s.Stages[0].Sojourn.Add(sojourn)
		}
		return d.decide(s).Admit[0].Depth
	}
	wide := tick(500, 15e6)
	require.Equal(t, 79, wide, "came before there was a gate")
	require.Equal(t, wide, tick(499, 15e6))
	require.Equal(t, wide, tick(1, 15e6), "of which the first came at once")
	narrow := tick(500, 15e6)
	require.InDelta(t, 79*10/16.8, narrow, 2)
	require.Equal(t, narrow, tick(500, 9e6), "in time")
	for range 400 {
		tick(1, 1e6)
	}
	require.InDelta(t, wide, tick(1, 1e6), float64(wide)/5, "trust returns; a gate is not widened for less")
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
	s.Sources[0].Offered = 1
	chance := rand.New(rand.NewPCG(1, 1))
	for range 500 {
		advance(chance, y, s)
		require.Zero(t, d.decide(s).Admit[0])
	}
}

// behind is a system whose second stage, served by the second worker, cannot keep up, and what is seen of it every 20 ms.
type behind struct {
	*decider
	s *sched.Snapshot
}

func newBehind(t *testing.T, parallel int) *behind {
	y := &sched.System{
		Workers: []sched.Seat{{}, {}}, Quantum: 100_000,
		Stages:  []sched.Stage{{Name: "b", MaxBatch: 1, Capacity: 4096, Parallel: parallel}, {Name: "a", MaxBatch: 1, Capacity: 4096, Next: []int{0}}},
		Sources: []sched.Source{{Name: "web", Stage: 1, Capacity: 4096, Target: 20e6}},
	}
	b := &behind{newDecider(t, "admission", y), emptySnapshot(y)}
	b.draft.Plan.Serve = [][]int{{1}, {0}}
	return b
}

// tick returns the rate that is let in when so many events of 100 µs wait behind, and whether the first worker has nothing to do.
func (b *behind) tick(waiting int, spare bool) float64 {
	s := b.s
	s.Now += 20e6
	for range 200 {
		s.Stages[0].Batches.Add(1, 100_000)
		s.Stages[1].Batches.Add(1, 1_000)
	}
	s.Stages[0].Depth, s.Stages[0].Entered, s.Stages[0].Done = waiting, s.Stages[0].Entered+400, s.Stages[0].Done+200
	s.Stages[1].Entered, s.Stages[1].Done = s.Stages[1].Entered+400, s.Stages[1].Done+400
	s.Sources[0].Offered, s.Sources[0].Accepted = s.Sources[0].Offered+400, s.Sources[0].Accepted+400
	if spare {
		s.Workers[0].Idle += 20e6
	}
	return b.decide(s).Admit[0].Rate
}

// decide lets only the law of admission decide: what cores do is up to the test.
func (b *behind) decide(s *sched.Snapshot) *sched.Plan {
	s.Settled = false
	return b.decider.decide(s)
}

func TestAdmissionCutsNoRateWhileCoresCanHelp(t *testing.T) {
	b := newBehind(t, 0)
	require.Zero(t, b.tick(50, true), "half of the target is not over")
	require.Zero(t, b.tick(200, true), "the first worker is spare")
	require.InDelta(t, 7_000, b.tick(200, false), 600, "it is not any more: 10 ms too much are gone after 40")

	b = newBehind(t, 0)
	require.Zero(t, b.tick(200, true))
	require.InDelta(t, 1_000, b.tick(450, true), 500, "beyond twice the target nothing waits for cores")

	b = newBehind(t, 1)
	require.NotZero(t, b.tick(200, true), "the stage is serial, which no worker can help")

	b = newBehind(t, 1)
	b.tick(50, false)
	b.s.Epoch++
	require.Zero(t, b.tick(200, false), "cores moved just now")
	require.NotZero(t, b.tick(200, false))
}

// A rate that was cut drains what is too much, holds the capacity after that, and is lifted once there is room for what is offered.
func TestAdmissionDrainsAndReturns(t *testing.T) {
	b := newBehind(t, 1)
	full := b.tick(200, false)
	require.Less(t, full, 9_000.)
	require.Less(t, b.tick(300, false), full, "more is drained faster")
	require.Greater(t, b.tick(120, false), full)
	require.InDelta(t, 10_000, b.tick(80, false), 1_000)
	for range 200 { // the load goes
		b.s.Now += 20e6
		b.s.Stages[0].Depth = 0
		b.decide(b.s)
	}
	require.Zero(t, b.draft.Plan.Admit[0].Rate)
}

// Handlers that wait for one another, or for hours, get all threads that they may have: nothing says that the ones behind are not needed.
func TestThreadsForHandlersThatDoNotReturn(t *testing.T) {
	y := &sched.System{Quantum: 1e5, Workers: make([]sched.Seat, 1), Stages: []sched.Stage{{Name: "s", MaxBatch: 1, Threads: 64}}}
	p, err := sched.Threads(y)
	require.NoError(t, err)
	s := &sched.Snapshot{Workers: make([]sched.WorkerSample, 1), Stages: make([]sched.StageSample, 1)}
	st, d := &s.Stages[0], sched.NewDraft(y, sched.ServeAll(1, 1))
	stay := 64
	run := func(ns int64, depth int) int {
		for until := s.Now + ns; s.Now < until; s.Now += 5e6 {
			st.Depth, st.Threads, st.HeadAge = depth, min(depth, d.Plan.Threads[0]), 0
			if depth > st.Threads {
				st.HeadAge = s.Now
			}
			for range st.Threads - stay {
				st.Batches.Add(1, 1e6)
			}
			d.Reset(d.Plan)
			p.Decide(s, d)
		}
		return d.Plan.Threads[0]
	}
	s.Now = 1
	require.Equal(t, 4, run(5e6, 0))
	require.Equal(t, 64, run(10e9, 100))
	require.Equal(t, 64, run(10e9, 64), "what is in use is needed, though no batch says so")
	require.Less(t, run(20e9, 0), 16)
	stay = 3
	require.Equal(t, 64, run(10e9, 100), "some stay inside")
}
