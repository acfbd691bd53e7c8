package sim_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched/sim"
)

// cold is a pipeline in which coming to a stage from another one costs as much as a batch.
func cold(workers, stages int) *sim.System {
	y := &sim.System{Workers: seats(workers), Costs: machine}
	y.Costs.Cache, y.Costs.Far, y.Costs.Core = 0, 0, 0
	y.Stages = line(stages, sim.Stage{Batch: 200, Event: sim.Service{Mean: 100}, Footprint: 100 << 10, MaxBatch: 32})
	y.Sources = []sim.Source{{Name: "in", Stage: stages - 1, Arrivals: sim.Arrivals{Process: sim.Saturate}}}
	return y
}

// Where workers pay for changing stages one stage for each is close to the bound, and the search finds that or better; it is the same each time.
func TestBestStatic(t *testing.T) {
	best, err := sim.BestStatic(cold(4, 4), sim.Search{Seed: 1, Tries: 40})
	require.NoError(t, err)
	t.Log(best)
	require.Greater(t, best.Rate, 0.95*sim.Fluid(cold(4, 4), 0).Rate)
	require.Greater(t, best.Rate, 2*best.ServeAll)
	again, err := sim.BestStatic(cold(4, 4), sim.Search{Seed: 1, Tries: 40})
	require.NoError(t, err)
	require.Equal(t, best, again)
}

// Where nothing is gained by a partition none is found that is much better than serve-all.
func TestBestStaticIsServeAll(t *testing.T) {
	y := cold(3, 4)
	y.Costs = sim.Costs{}
	best, err := sim.BestStatic(y, sim.Search{Seed: 1, Tries: 20})
	require.NoError(t, err)
	t.Log(best)
	require.Less(t, best.Rate, 1.02*best.ServeAll)
	require.LessOrEqual(t, best.Rate, 1.01*sim.Fluid(y, 0).Rate)
}

// A search climbs from what it begins with.
func TestBestStaticClimbs(t *testing.T) {
	y := cold(4, 6)
	none, err := sim.BestStatic(y, sim.Search{Seed: 1, Tries: 1})
	require.NoError(t, err)
	best, err := sim.BestStatic(y, sim.Search{Seed: 1, Tries: 150})
	require.NoError(t, err)
	t.Logf("%v, %v", none, best)
	require.Greater(t, best.Rate, 1.2*none.Rate, "two stages limit together: both have to be relieved")
}

func BenchmarkBestStatic(b *testing.B) {
	for _, c := range []struct{ workers, stages int }{{8, 8}, {32, 16}, {128, 50}} {
		b.Run(fmt.Sprintf("workers=%d/stages=%d", c.workers, c.stages), func(b *testing.B) {
			for b.Loop() {
				best, err := sim.BestStatic(cold(c.workers, c.stages), sim.Search{Seed: 1})
				require.NoError(b, err)
				b.ReportMetric(best.Rate/best.ServeAll, "of-serve-all")
				b.ReportMetric(best.Rate/sim.Fluid(cold(c.workers, c.stages), 0).Rate, "of-fluid")
			}
		})
	}
}
