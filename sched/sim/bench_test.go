package sim_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched/sim"
)

// line is a pipeline that ends in stage 0.
func line(stages int, of sim.Stage) []sim.Stage {
	all := make([]sim.Stage, stages)
	for i := range all {
		all[i] = of
		all[i].Name = fmt.Sprintf("s%d", i)
		if i > 0 {
			all[i].Edges = []sim.Edge{{To: i - 1, Ratio: 1}}
		}
	}
	return all
}

var machine = sim.Measured()

// BenchmarkRun counts stage visits of one event per second of real time, with 128 cores and 50 stages.
func BenchmarkRun(b *testing.B) {
	stages := line(50, sim.Stage{Batch: 200, Event: sim.Service{Kind: sim.Exponential, Mean: 500}, Footprint: 64 << 10})
	for _, c := range []struct {
		name     string
		arrivals sim.Arrivals
		apart    bool
	}{
		{"load=saturated", sim.Arrivals{Process: sim.Saturate}, false},
		{"load=half", sim.Arrivals{Rate: 1.2e6}, false},
		{"load=half/apart", sim.Arrivals{Rate: 1.2e6}, true},
		{"load=tenth", sim.Arrivals{Rate: 2.4e5}, false},
		{"load=tenth/apart", sim.Arrivals{Rate: 2.4e5}, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			y := &sim.System{
				Workers: seats(128), Stages: stages, Costs: machine, Apart: c.apart,
				Sources: []sim.Source{{Name: "in", Stage: 49, Arrivals: c.arrivals}},
			}
			visits := uint64(0)
			for b.Loop() {
				res, err := sim.Run(y, sim.Options{Seed: 1, Warmup: 5e6, Duration: 5e7})
				require.NoError(b, err)
				visits += res.Visits
			}
			b.ReportMetric(float64(visits)/b.Elapsed().Seconds()/1e6, "Mvisits/s")
		})
	}
}
