package sim_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/queueing"
	"github.com/seda-go/seda/sched"
	"github.com/seda-go/seda/sched/sim"
)

// seats returns so many workers, each on a core of its own.
func seats(n int) []sched.Seat {
	all := make([]sched.Seat, n)
	for i := range all {
		all[i] = sched.Seat{CPU: i, Core: i}
	}
	return all
}

// With batches of one and nothing but service to pay for, waiting times are those of theory.
func TestQueues(t *testing.T) {
	const mean = 1000.0
	for _, c := range []struct {
		name    string
		workers int
		load    float64
		kind    sim.Kind
	}{
		{"M/M/1", 1, 0.5, sim.Exponential},
		{"M/M/1", 1, 0.8, sim.Exponential},
		{"M/D/1", 1, 0.8, sim.Constant},
		{"M/M/2", 2, 0.8, sim.Exponential},
		{"M/M/8", 8, 0.8, sim.Exponential},
	} {
		rate := c.load * float64(c.workers) * 1e9 / mean
		y := &sim.System{
			Workers: seats(c.workers),
			Stages:  []sim.Stage{{Name: "only", Event: sim.Service{Kind: c.kind, Mean: mean}, MaxBatch: 1, Capacity: 1 << 20}},
			Sources: []sim.Source{{Name: "in", Arrivals: sim.Arrivals{Rate: rate}}},
		}
		res, err := sim.Run(y, sim.Options{Seed: 1, Warmup: 1e7, Duration: int64(2e6 * 1e9 / rate)})
		require.NoError(t, err)
		wait := queueing.WaitMMc(c.workers, rate/1e9, mean)
		if c.kind == sim.Constant {
			wait = queueing.WaitMG1(rate/1e9, mean, mean*mean)
		}
		t.Logf("%s at %g: waits %.1f ns, theory %.1f, %+.2f %%", c.name, c.load, res.Stages[0].Wait, wait, 100*(res.Stages[0].Wait/wait-1))
		require.InEpsilon(t, wait, res.Stages[0].Wait, 0.02)
		require.InEpsilon(t, wait+mean, res.Sources[0].Sojourn.Mean(), 0.02)
		require.InEpsilon(t, rate, res.Rate(), 0.01)
	}
}
