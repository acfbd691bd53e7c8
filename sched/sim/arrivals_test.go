package sim_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched/sim"
)

// Arrivals come when the rate says: what has come in each millisecond is the integral of it.
func TestArrivals(t *testing.T) {
	const perMs = 1000.0
	for name, c := range map[string]struct {
		arrivals sim.Arrivals
		want     []float64 // thousands in each ms
	}{
		"steady":  {sim.Arrivals{Rate: 1e6}, []float64{1, 1, 1, 1, 1, 1}},
		"steps":   {sim.Arrivals{Rate: 1e6, Steps: []sim.Step{{At: 2e6, Value: 3e6}, {At: 4e6}}}, []float64{1, 1, 3, 3, 0, 0}},
		"ramp":    {sim.Arrivals{Steps: []sim.Step{{At: 4e6, Value: 4e6, Ramp: true}}}, []float64{0.5, 1.5, 2.5, 3.5, 4, 4}},
		"down":    {sim.Arrivals{Rate: 2e6, Steps: []sim.Step{{At: 2e6, Ramp: true}}}, []float64{1.5, 0.5, 0, 0, 0, 0}},
		"on, off": {sim.Arrivals{Rate: 2e6, On: 5e5, Off: 15e5}, []float64{1, 0, 1, 0, 1, 0}},
		"both":    {sim.Arrivals{Rate: 2e6, On: 5e5, Off: 5e5, Steps: []sim.Step{{At: 3e6, Value: 4e6}}}, []float64{1, 1, 1, 2, 2, 2}},
		"never":   {sim.Arrivals{}, []float64{0, 0, 0, 0, 0, 0}},
		"late":    {sim.Arrivals{Steps: []sim.Step{{At: 0, Value: 1e6}, {At: 1e6, Value: 2e6}}}, []float64{1, 2, 2, 2, 2, 2}},
	} {
		for _, process := range []sim.Process{sim.Fixed, sim.Poisson} {
			c.arrivals.Process = process
			y := one(1, sim.Stage{Capacity: 1 << 20}, c.arrivals)
			res := run(t, y, sim.Options{Duration: 6e6, Sample: 1e6, Seed: 3})
			require.Len(t, res.Line, 6)
			before := uint64(0)
			for i, p := range res.Line {
				n := p.Sources[0].Offered
				off := 1.5 // one more or less
				if process == sim.Poisson {
					off = 0.2 * perMs
				}
				require.InDelta(t, c.want[i]*perMs, float64(n-before), off, "%s, process %d, ms %d", name, process, i)
				before = n
			}
		}
	}
}

// Service times have the mean that they say.
func TestServices(t *testing.T) {
	for _, d := range []sim.Service{
		{Mean: 500},
		{Kind: sim.Exponential, Mean: 500},
		{Kind: sim.Bimodal, Mean: 100, Long: 2100, Share: 0.2},
		{Kind: sim.Lognormal, Mean: 500, Shape: 1},
		{Kind: sim.Pareto, Mean: 500, Shape: 2.5},
	} {
		require.InEpsilon(t, 500, d.Expected(), 1e-9)
		res := run(t, one(1, sim.Stage{Event: d}, sim.Arrivals{Process: sim.Saturate}), sim.Options{Duration: 3e8})
		require.InEpsilon(t, 2e6, res.Rate(), 0.02, d.Kind)
	}
}

func TestHistogram(t *testing.T) {
	var h, other sim.Histogram
	require.Zero(t, h.Quantile(0.5))
	require.Zero(t, h.Mean())
	for i := range int64(100_000) {
		h.Add(i * 100)
	}
	other.Add(2e7)
	h.Join(&other)
	require.InEpsilon(t, 5e6, h.Quantile(0.5), 0.05)
	require.InEpsilon(t, 9.9e6, h.Quantile(0.99), 0.05)
	require.InEpsilon(t, 2e7, h.Quantile(1), 0.05)
	require.EqualValues(t, 2e7, h.Max)
	require.InEpsilon(t, 5e6, h.Mean(), 0.01)
	h.Add(1 << 62)
	h.Add(-1)
	require.EqualValues(t, 100_003, h.N)
}
