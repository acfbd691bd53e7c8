package sim_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched/sim"
)

// Sources that always have events waiting get the same of a stage, also where a batch has fewer events than there are sources.
func TestFewEventsOfManySources(t *testing.T) {
	const sources = 4
	for most := 1; most <= 3; most++ {
		y := &sim.System{
			Workers: seats(1),
			Stages:  []sim.Stage{{Name: "only", Event: sim.Service{Mean: 1000}, MaxBatch: most}},
		}
		for i := range sources {
			y.Sources = append(y.Sources, sim.Source{Name: fmt.Sprint(i), Capacity: 8, Arrivals: sim.Arrivals{Process: sim.Fixed, Rate: 500_000}})
		}
		res, err := sim.Run(y, sim.Options{Seed: 1, Warmup: 1e6, Duration: 100e6})
		require.NoError(t, err)
		for _, s := range res.Sources {
			require.InDelta(t, 100_000/sources, s.Done, 10, "source %s, with batches of %d", s.Name, most)
		}
	}
}
