package sim_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
	"github.com/seda-go/seda/sched/sim"
)

func TestFluid(t *testing.T) {
	y := &sim.System{
		Workers: seats(4),
		Stages: []sim.Stage{
			{Name: "end", Batch: 640, Event: sim.Service{Mean: 190}},
			{Name: "serial", Event: sim.Service{Mean: 100}, Shards: 1, Edges: []sim.Edge{{To: 0, Ratio: 1}}},
			{Name: "begin", Event: sim.Service{Mean: 600}, Edges: []sim.Edge{{To: 1, Ratio: 0.5}, {To: 0, Ratio: 1.5}}},
		},
		Sources: []sim.Source{{Name: "in", Stage: 2, Arrivals: sim.Arrivals{Rate: 1}}},
	}
	b := sim.Fluid(y, 0)
	require.Equal(t, []float64{2, 0.5, 1}, b.Visits)
	require.InDeltaSlice(t, []float64{400, 50, 600}, b.Demand, 1e-9)
	require.InEpsilon(t, 4e9/1050, b.Rate, 1e-9)
	require.Equal(t, -1, b.Stage)

	y.Stages[1].Scale = []sim.Step{{At: 5, Value: 10}}
	require.InEpsilon(t, 4e9/1050, sim.Fluid(y, 4).Rate, 1e-9)
	b = sim.Fluid(y, 5)
	require.InEpsilon(t, 1e9/500, b.Rate, 1e-9, "the serial stage has one core at most")
	require.Equal(t, 1, b.Stage)

	y.Stages[1].Scale = nil
	y.Stages[0].Knee, y.Stages[0].Beyond = 32, 5
	require.InEpsilon(t, 12.5+190, sim.Fluid(y, 0).Demand[0]/2, 1e-9, "batches beyond the knee are cheaper")
	y.Stages[0].Beyond = 50
	require.InEpsilon(t, 20+190, sim.Fluid(y, 0).Demand[0]/2, 1e-9)

	y.Stages[0].Edges = []sim.Edge{{To: 2, Ratio: 0.25}}
	require.InDeltaSlice(t, []float64{4, 1, 2}, sim.Fluid(y, 0).Visits, 1e-9, "one half comes again, and half of that")

	y.Costs.SMT = 1.25
	before := sim.Fluid(y, 0).Rate
	for i := range y.Workers {
		y.Workers[i].Core /= 2
	}
	require.InEpsilon(t, before*1.6*2/4, sim.Fluid(y, 0).Rate, 1e-9)
}

// No run does better than the bound, whatever serves what.
func TestFluidBounds(t *testing.T) {
	for seed := range uint64(60) {
		y := random(seed)
		y.Sources = y.Sources[:1]
		y.Sources[0].Arrivals = sim.Arrivals{Process: sim.Saturate}
		for i := range y.Stages {
			y.Stages[i].Event.Kind = sim.Constant
		}
		b := sim.Fluid(y, 0)
		for _, policy := range []sched.Maker{nil, shuffle} {
			res, err := sim.Run(y, sim.Options{Policy: policy, Tick: 1e6, Seed: seed, Warmup: 1e7, Duration: 3e7})
			require.NoError(t, err)
			require.LessOrEqual(t, res.Rate(), b.Rate*1.02, "seed %d", seed)
		}
	}
}

// Where nothing but work costs anything, letting everybody do everything comes up to the bound.
func TestServeAllReachesFluid(t *testing.T) {
	y := &sim.System{
		Workers: seats(4), Stages: line(5, sim.Stage{Batch: 300, Event: sim.Service{Mean: 200}}),
		Sources: []sim.Source{{Name: "in", Stage: 4, Arrivals: sim.Arrivals{Process: sim.Saturate}}},
	}
	res, err := sim.Run(y, sim.Options{Warmup: 1e7, Duration: 1e8})
	require.NoError(t, err)
	require.InEpsilon(t, sim.Fluid(y, 0).Rate, res.Rate(), 0.01)
}
