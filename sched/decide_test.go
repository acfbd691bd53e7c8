package sched_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

// fifty is 50 stages in ten pipelines, on 16 workers, with a source of each class before each pipeline.
func fifty() *sched.System {
	y := &sched.System{Quantum: 100_000}
	for w := range 16 {
		y.Workers = append(y.Workers, sched.Seat{CPU: w, Core: w})
	}
	for i := range 50 {
		s := sched.Stage{Name: string(rune('A' + i)), Capacity: 1024, MaxBatch: 64}
		if i%5 > 0 {
			s.Next = []int{i - 1}
		}
		y.Stages = append(y.Stages, s)
	}
	for k := range 40 {
		y.Sources = append(y.Sources, sched.Source{Name: string(rune('A' + k)), Stage: k/4*5 + 4, Class: k % 4, Capacity: 1024, Target: 1e6})
	}
	return y
}

// steadily moves a snapshot of such a system on by 5 ms of a load that hardly changes: each stage has 50 batches of two events, each of which takes
// 1 us, one up to a tenth longer.
func steadily(chance *rand.Rand, s *sched.Snapshot) {
	s.Now, s.Settled = s.Now+5e6, true
	for w := range s.Workers {
		s.Workers[w].Idle += 4e6
	}
	for i := range s.Stages {
		x := &s.Stages[i]
		for range 50 {
			x.Batches.Add(2, 2000+chance.Uint64N(200))
		}
		x.Depth, x.HeadAge, x.Wait = chance.IntN(4), chance.Int64N(1000), x.Wait+50*500
		x.Entered, x.Done = x.Entered+100, x.Done+100
	}
	for k := range s.Sources {
		x := &s.Sources[k]
		x.Accepted, x.Offered = x.Accepted+25, x.Offered+25
	}
}

// A decision that changes nothing costs no memory: nothing is written about what stays as it is.
func TestDecidingNothingAllocatesNothing(t *testing.T) {
	y := fifty()
	d, s := newDecider(t, "adaptive", y), emptySnapshot(y)
	chance := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		steadily(chance, s)
		d.decide(s)
	}
	changes, plan := 0, clone(d.draft.Plan)
	require.Zero(t, testing.AllocsPerRun(500, func() {
		steadily(chance, s)
		d.draft.Reset(plan)
		d.policy.Decide(s, d.draft)
		changes += len(d.draft.Changes)
	}))
	require.Zero(t, changes)
}

// BenchmarkDecide is one decision about 50 stages: what happens every few ms, while anything may happen, and under a load that hardly changes.
func BenchmarkDecide(b *testing.B) {
	y := fifty()
	for _, name := range sched.Names() {
		for load, move := range map[string]func(*rand.Rand, *sched.Snapshot){
			"wild": func(chance *rand.Rand, s *sched.Snapshot) { advance(chance, y, s) }, "steady": steadily,
		} {
			b.Run("policy="+name+"/load="+load, func(b *testing.B) {
				m, err := sched.Find(name)
				require.NoError(b, err)
				p, err := m(y)
				require.NoError(b, err)
				d, s := sched.NewDraft(y, sched.ServeAll(16, 50)), emptySnapshot(y)
				chance := rand.New(rand.NewPCG(1, 1))
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					move(chance, s)
					d.Reset(clone(d.Plan))
					b.StartTimer()
					p.Decide(s, d)
				}
			})
		}
	}
}
