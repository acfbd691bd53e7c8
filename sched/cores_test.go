package sched_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

// pipeline returns a system of stages s0 <- s1 <- ... on workers with cores of their own, and costs that make a change of stage dear.
func pipeline(workers, stages int) (*sched.System, []cost) {
	y := &sched.System{Quantum: 100_000}
	for w := range workers {
		y.Workers = append(y.Workers, sched.Seat{CPU: w, Core: w})
	}
	var costs []cost
	for i := range stages {
		s := sched.Stage{Name: string(rune('a' + i)), MaxBatch: 64, Capacity: 1024}
		if i > 0 {
			s.Next = []int{i - 1}
		}
		y.Stages = append(y.Stages, s)
		costs = append(costs, cost{a: 2000, c: 1000, swap: 30_000})
	}
	y.Sources = []sched.Source{{Name: "in", Stage: stages - 1, Capacity: 1024}}
	return y, costs
}

// moves runs policy on a plant for a time, and returns its changes of the assignment.
func moves(t *testing.T, p *plant, m sched.Maker, ns int64, between func(now int64)) *trial {
	r := newTrial(t, p, m)
	for r.now < ns {
		if between != nil {
			between(r.now)
		}
		tick := int64(2_000_000)
		if r.draft.Next > 0 {
			tick = r.draft.Next
		}
		r.tick(t, tick)
	}
	return r
}

func TestCoresChecksMinimum(t *testing.T) {
	y, _ := pipeline(4, 3)
	y.Stages[0].MinCores, y.Stages[1].MinCores, y.Stages[2].MinCores = 1, 2, 2
	_, err := sched.Cores(y)
	require.ErrorContains(t, err, `stage "c": with its MinCores, 2, all stages together want 5 workers, there are 4`)
	y.Stages[2].MinCores = 1
	_, err = sched.Cores(y)
	require.NoError(t, err)
	y.Stages[1].Parallel = 1
	_, err = sched.Cores(y)
	require.ErrorContains(t, err, `stage "b": MinCores is 2, but only 1 can run it at the same time`)
	y.Quantum = 0
	_, err = sched.Cores(y)
	require.ErrorContains(t, err, "Quantum is 0")
}

// Bounds hold in every plan on the way.
func TestCoresBounds(t *testing.T) {
	y, costs := pipeline(6, 3)
	y.Stages[1].MinCores, y.Stages[2].MaxCores = 3, 1
	p := newPlant(y, costs, []feed{{rate: 3e6}}, false)
	r := newTrial(t, p, sched.Cores)
	partitions := 0
	for r.now < 300e6 {
		r.tick(t, 1e6)
		require.GreaterOrEqual(t, serving(r.plan, 1), 3)
		require.Equal(t, 1, serving(r.plan, 2))
		partitions += btoi(serving(r.plan, 0) < 6)
	}
	require.Positive(t, partitions)
}

// The same of any system, in which stages share workers in many ways.
func TestCoresBoundsOfAny(t *testing.T) {
	partitions := 0
	for seed := range uint64(20) {
		chance := rand.New(rand.NewPCG(seed, 11))
		workers := 2 + chance.IntN(6)
		y, costs := pipeline(workers, 2+chance.IntN(7))
		for i := range y.Stages {
			costs[i].c = 100 + chance.Int64N(2000)
			if chance.IntN(2) == 0 {
				y.Stages[i].MaxCores = 1 + chance.IntN(workers)
			}
		}
		low := chance.IntN(len(costs))
		y.Stages[low].MaxCores, y.Stages[low].MinCores = 0, chance.IntN(workers+1)
		r := newTrial(t, newPlant(y, costs, []feed{{rate: 6e6}}, false), sched.Cores)
		for r.now < 200e6 {
			r.tick(t, 1e6)
			for i, s := range y.Stages {
				n := serving(r.plan, i)
				require.GreaterOrEqual(t, n, max(s.MinCores, 1), "seed %d, stage %d", seed, i)
				require.True(t, s.MaxCores == 0 || n <= s.MaxCores, "seed %d, stage %d: %d workers, at most %d", seed, i, n, s.MaxCores)
				partitions += btoi(n < workers)
			}
		}
	}
	require.Positive(t, partitions)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func serving(p sched.Plan, stage int) (n int) {
	for _, list := range p.Serve {
		n += btoi(slices.Contains(list, stage))
	}
	return n
}

// The worst start there is: one worker serves everything, the others nothing.
func TestCoresColdStart(t *testing.T) {
	y, costs := pipeline(4, 4)
	p := newPlant(y, costs, []feed{{rate: 3e6}}, false)
	p.plan.Serve = [][]int{{0, 1, 2, 3}, {}, {}, {}}
	r := moves(t, p, sched.Cores, 200e6, nil)
	before := r.snapshot()
	r.tick(t, 100e6)
	require.Greater(t, r.snapshot().Stages[0].Done-before.Stages[0].Done, uint64(90_000), "of 97,000 that are possible in 100 ms")
}

// Two neighbours whose costs wander by a fifth do not pass a worker to and fro.
func TestCoresOscillation(t *testing.T) {
	y, costs := pipeline(5, 2)
	for i := range costs {
		costs[i].noise = 0.2
	}
	p := newPlant(y, costs, []feed{{rate: 5e6}}, false)
	r := moves(t, p, sched.Cores, 200e6, nil)
	settled := len(r.changes)
	for r.now < 2e9 {
		r.tick(t, 2e6)
	}
	require.LessOrEqual(t, len(r.changes)-settled, 8, "a search now and then: %v", r.changes)
}

// Another law that changes batches all the time does not make this one move.
func TestCoresBesideAnotherLaw(t *testing.T) {
	y, costs := pipeline(4, 4)
	p := newPlant(y, costs, []feed{{rate: 3e6}}, false)
	m := func(y *sched.System) (sched.Policy, error) {
		c, err := sched.Cores(y)
		return sched.Laws{&restless{}, c}, err
	}
	r := moves(t, p, m, 200e6, nil)
	serve := r.plan.Serve
	for r.now < 1e9 {
		r.tick(t, 2e6)
		require.Equal(t, serve, r.plan.Serve)
	}
}

// restless changes the batch of every stage at every decision.
type restless struct{ n int }

func (l *restless) Decide(s *sched.Snapshot, d *sched.Draft) {
	l.n++
	for i := range s.Stages {
		d.SetBatch(i, 48+16*(l.n&1), "restless")
	}
}

// With more stages than workers, and a partition in force, a stage that sees an event now and then gets it served within the quanta of all others
// and the batch by which each may overdraw its own.
func TestCoresTrickle(t *testing.T) {
	y, costs := pipeline(2, 6)
	y.Stages = append(y.Stages, sched.Stage{Name: "trickle", MaxBatch: 64, Capacity: 1024})
	y.Sources = append(y.Sources, sched.Source{Name: "rare", Stage: 6, Capacity: 1024})
	costs = append(costs, cost{c: 5000})
	costs[2].c = 20_000 // the longest batch: 64 events, 1.3 ms
	p := newPlant(y, costs, []feed{{rate: 3e6}, {rate: 300}}, false)
	r := moves(t, p, sched.Cores, 1e9, nil)
	require.NotEmpty(t, r.changes)
	bound := 6*y.Quantum + 5*(2000+64*1000+30_000) + (2000 + 64*20_000 + 30_000) + 35_000
	require.Greater(t, len(r.waits[1]), 250)
	require.LessOrEqual(t, slices.Max(r.waits[1]), bound)
}

// A batch in hand is no queue: two stages whose events take a millisecond each keep their workers half busy, and nobody waits for long.
func TestCoresIsNotFooledByABatchInHand(t *testing.T) {
	y, costs := pipeline(4, 2)
	for i := range costs {
		costs[i] = cost{c: 1_000_000}
		y.Stages[i].MaxBatch = 1
	}
	r := moves(t, newPlant(y, costs, []feed{{rate: 1000}}, false), sched.Cores, 1e9, nil)
	require.Empty(t, r.changes)
}

// A stage that only waits for room ahead gets no more workers than the part of the work that it has: here a third, behind one that takes two of three parts.
func TestCoresDoesNotRewardAStageThatIsHeld(t *testing.T) {
	y, costs := pipeline(6, 2)
	costs[0].c, costs[1].c = 2000, 1000
	p := newPlant(y, costs, []feed{{rate: 6e6}}, false)
	r := newTrial(t, p, sched.Cores)
	apart := 0
	for r.now < 400e6 {
		s := r.snapshot()
		require.True(t, r.now < 10e6 || s.Stages[1].Depth > 500, "it always has a queue")
		r.tick(t, 1e6)
		if n := serving(r.plan, 1); n < 6 {
			apart++
			require.LessOrEqual(t, n, 3)
		}
	}
	require.Greater(t, apart, 200)
}

// Whatever the system, and through all trials: no stage with events, and room ahead, waits for longer than one round of its worker, in which every other
// stage has its quantum and overdraws it by a batch at most; the batch that runs when it comes; and, since the picker may serve who comes first in a
// round at the end of one and the start of the next, once more for these.
func TestCoresStarvesNobody(t *testing.T) {
	for seed := range uint64(12) {
		chance := rand.New(rand.NewPCG(seed, 7))
		y, costs := pipeline(2+chance.IntN(4), 3+chance.IntN(6))
		bound, longest := int64(0), int64(0)
		for i := range costs {
			costs[i] = cost{a: chance.Int64N(5000), c: 100 + chance.Int64N(4000), swap: chance.Int64N(60_000)}
			batch := costs[i].a + 64*costs[i].c + costs[i].swap
			bound, longest = bound+2*(y.Quantum+batch), max(longest, batch)
			if chance.IntN(4) == 0 {
				y.Stages[i].Parallel = 1
			}
		}
		p := newPlant(y, costs, []feed{{rate: 3e6}}, false)
		r := newTrial(t, p, sched.Cores)
		since, done := make([]int64, len(costs)), make([]uint64, len(costs))
		for r.now < 300e6 {
			r.tick(t, 1e6)
			for i, x := range r.snapshot().Stages {
				n := len(y.Workers)
				if held := p.room(i) < y.Stages[i].MaxBatch*n; x.Depth == 0 || x.Done != done[i] || held {
					since[i] = r.now
				}
				done[i] = x.Done
				require.LessOrEqual(t, r.now-since[i], bound+longest, "seed %d, stage %d, under %v", seed, i, r.plan.Serve)
			}
		}
	}
}

// Few workers are needed: they get cores of their own, and neighbours share a cache.
func TestCoresSeats(t *testing.T) {
	y, costs := pipeline(8, 2)
	for w := range y.Workers {
		y.Workers[w] = sched.Seat{CPU: w, Core: w / 2, LLC: w / 4}
	}
	y.Stages[0].Parallel, y.Stages[1].Parallel = 1, 1
	costs[1].swap = 200_000
	p := newPlant(y, costs, []feed{{rate: 3e6}}, false)
	r := newTrial(t, p, sched.Cores)
	seen := false
	for r.now < 300e6 {
		r.tick(t, 1e6)
		var used []int
		for w, list := range r.plan.Serve {
			if len(list) > 0 {
				used = append(used, w)
			}
		}
		if len(used) == 2 {
			seen = true
			require.NotEqual(t, y.Workers[used[0]].Core, y.Workers[used[1]].Core)
			require.Equal(t, y.Workers[used[0]].LLC, y.Workers[used[1]].LLC)
		}
	}
	require.True(t, seen)
}

func BenchmarkCores(b *testing.B) {
	y, costs := pipeline(16, 50)
	p := newPlant(y, costs, []feed{{rate: 3e6}}, false)
	law, err := sched.Cores(y)
	require.NoError(b, err)
	d := sched.NewDraft(y, p.plan)
	p.run(20e6)
	s := p.snapshot()
	for b.Loop() {
		s.Now += 2e6
		d.Reset(p.plan)
		law.Decide(s, d)
	}
}
