package sim_test

import (
	"fmt"

	"github.com/seda-go/seda/sched"
	"github.com/seda-go/seda/sched/sim"
)

// Four workers and a pipeline whose stages each fill a core's cache: serving everything spends most of the machine on that.
func Example() {
	y := &sim.System{
		Stages: []sim.Stage{ // downstream first
			{Name: "write", Event: sim.Service{Mean: 1000}, Footprint: 512 << 10},
			{Name: "parse", Event: sim.Service{Mean: 3000}, Footprint: 512 << 10, Edges: []sim.Edge{{To: 0, Ratio: 1}}},
		},
		Sources: []sim.Source{{Name: "in", Stage: 1, Arrivals: sim.Arrivals{Process: sim.Saturate}}},
		Costs:   sim.Costs{Refill: 1000},
	}
	for core := range 4 {
		y.Workers = append(y.Workers, sched.Seat{CPU: core, Core: core})
	}
	all, err := sim.Run(y, sim.Options{Warmup: 2e7, Duration: 1e8})
	if err != nil {
		panic(err)
	}
	best, err := sim.BestStatic(y, sim.Search{Tries: 20})
	if err != nil {
		panic(err)
	}
	fmt.Printf("bound %.2f, serve-all %.2f, best %.2f million/s with %v\n",
		sim.Fluid(y, 0).Rate/1e6, all.Rate()/1e6, best.Rate/1e6, best.Plan.Serve)
	// Output:
	// bound 1.00, serve-all 0.20, best 1.00 million/s with [[0] [1] [1] [1]]
}
