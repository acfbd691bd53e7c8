package sim_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
	"github.com/seda-go/seda/sched/sim"
)

// random returns a system of stages and sources of every kind.
func random(seed uint64) *sim.System {
	rnd := rand.New(rand.NewPCG(seed, 7))
	y := &sim.System{Costs: machine}
	for i := range 1 + rnd.IntN(8) {
		y.Workers = append(y.Workers, sched.Seat{CPU: i, Core: i / 2, LLC: i / 4, Node: i / 4})
	}
	stages := 1 + rnd.IntN(8)
	for i := range stages {
		s := sim.Stage{
			Name: string(rune('a' + i)), Batch: float64(rnd.IntN(500)), Footprint: rnd.IntN(1 << 17), Capacity: 1 << rnd.IntN(8), MaxBatch: 1 + rnd.IntN(64),
			Event:  sim.Service{Kind: sim.Kind(rnd.IntN(5)), Mean: 100 + rnd.Float64()*1000, Long: 5000, Share: 0.1, Shape: 1.5},
			Shards: []int{0, 0, 1, 8}[rnd.IntN(4)], Classes: 1 + rnd.IntN(4), OneOf: rnd.IntN(3) == 0, Hot: 0.2, Knee: rnd.IntN(64), Beyond: 20,
		}
		for to := range i {
			if rnd.IntN(3) == 0 || to == i-1 {
				s.Edges = append(s.Edges, sim.Edge{To: to, Ratio: min(0.2+rnd.Float64(), 1/float64(i))})
			}
		}
		if rnd.IntN(4) == 0 {
			s.Edges = append(s.Edges, sim.Edge{To: rnd.IntN(stages-i) + i, Ratio: 0.05}) // feedback
		}
		y.Stages = append(y.Stages, s)
	}
	for i := range 1 + rnd.IntN(3) {
		at := stages - 1 - rnd.IntN(min(stages, 2))
		y.Sources = append(y.Sources, sim.Source{
			Name: "in" + string(rune('0'+i)), Stage: at, Class: rnd.IntN(y.Stages[at].Classes), Target: 1e6,
			Arrivals: sim.Arrivals{Process: sim.Process(rnd.IntN(4)), Rate: 1e6 * rnd.Float64(), Clients: 1 + rnd.IntN(300)},
		})
	}
	return y
}

// What came in is done or in flight, and where nothing more comes everything ends.
func TestConservation(t *testing.T) {
	for seed := range uint64(100) {
		y := random(seed)
		for i := range y.Sources {
			if a := &y.Sources[i].Arrivals; a.Process <= sim.Fixed {
				a.Steps = []sim.Step{{At: 2e6}}
			} else {
				*a = sim.Arrivals{Rate: 1e6, Steps: []sim.Step{{At: 2e6}}, On: 1e5, Off: 2e5}
			}
		}
		res, err := sim.Run(y, sim.Options{Policy: shuffle, Tick: 1e5, Seed: seed, Duration: 5e7})
		require.NoError(t, err)
		for _, c := range res.Sources {
			require.Equal(t, c.Offered, c.Accepted+c.Refused)
			require.Equal(t, c.Accepted, c.Done+c.Expired, "seed %d: %s has lost %d", seed, c.Name, c.InFlight)
		}
		for _, s := range res.Stages {
			require.Equal(t, s.Entered, s.Done, "seed %d: stage %s", seed, s.Name)
			require.Equal(t, s.Done, s.Batches.B+s.Expired)
		}
	}
}

// A system that always has something to do never stops.
func TestProgress(t *testing.T) {
	for seed := range uint64(100) {
		y := random(seed)
		res, err := sim.Run(y, sim.Options{Policy: shuffle, Tick: 1e5, Seed: seed, Warmup: 2e7, Duration: 2e6})
		require.NoError(t, err)
		for i, c := range res.Sources {
			if y.Sources[i].Arrivals.Process >= sim.Closed {
				require.Positive(t, c.Done+c.Expired, "seed %d: %s of %d in flight", seed, c.Name, c.InFlight)
			}
			require.EqualValues(t, c.Sojourn.N, c.Done)
		}
		for i, w := range res.Workers {
			require.EqualValues(t, res.Duration, w.Busy+w.Idle+w.Parked, "seed %d: worker %d", seed, i)
		}
	}
}

func TestDeterminism(t *testing.T) {
	for seed := range uint64(20) {
		o := sim.Options{Policy: shuffle, Tick: 1e5, Seed: seed, Warmup: 1e6, Duration: 5e6, Sample: 1e6}
		first, err := sim.Run(random(seed), o)
		require.NoError(t, err)
		again, err := sim.Run(random(seed), o)
		require.NoError(t, err)
		require.Equal(t, first, again)
	}
}

// shuffle is a policy that changes its mind all the time.
func shuffle(y *sched.System) (sched.Policy, error) {
	return &shuffler{y, rand.New(rand.NewPCG(1, 2))}, nil
}

type shuffler struct {
	y      *sched.System
	random *rand.Rand
}

func (p *shuffler) Decide(s *sched.Snapshot, d *sched.Draft) {
	if !s.Settled {
		return
	}
	serve := make([][]int, len(p.y.Workers))
	for i := range p.y.Stages {
		must := p.random.IntN(len(serve))
		for w := range serve {
			if w == must || p.random.IntN(3) == 0 {
				serve[w] = append(serve[w], i)
			}
		}
		d.SetBatch(i, p.random.IntN(p.y.Stages[i].MaxBatch+1), "why not")
	}
	for i := range p.y.Sources {
		l := sched.Limit{Depth: p.random.IntN(50), Age: int64(p.random.IntN(3)) * 1e5}
		if p.random.IntN(3) == 0 {
			l.Rate = 1e6 * p.random.Float64()
		}
		d.SetLimit(i, l, "why not")
	}
	d.SetServe(serve, "why not")
}

// A queue that a burst has left behind is worked off, and what batches cost is as before.
func TestBurst(t *testing.T) {
	y := &sim.System{Workers: seats(2), Costs: machine, Stages: line(3, sim.Stage{Batch: 40, Event: sim.Service{Kind: sim.Exponential, Mean: 1000}})}
	y.Sources = []sim.Source{{Name: "in", Stage: 2, Arrivals: sim.Arrivals{Rate: 466e3, Steps: []sim.Step{{At: 40e6, Value: 932e3}, {At: 60e6, Value: 466e3}}}}}
	res, err := sim.Run(y, sim.Options{Seed: 1, Warmup: 90e6, Duration: 50e6})
	require.NoError(t, err)
	require.InEpsilon(t, 466e3, res.Rate(), 0.02)
	for _, s := range res.Stages {
		require.Less(t, s.Depth, 100)
		require.Less(t, float64(s.Batches.T)/float64(s.Batches.B), 1300.0)
	}
}
