package sim_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
	"github.com/seda-go/seda/sched/sim"
)

const calm = 30e8 // ns after which a pipeline of eight stages has tried what there is to try

// pipeline has equal stages, or such of which each costs twice what the next does, on workers that serve all.
func pipeline(stages, workers int, each float64, equal bool, a sim.Arrivals) *sim.System {
	costs := sim.Measured()
	scale := 1.0
	if each < 10 {
		scale = 40
	}
	costs.Ring, costs.Contend, costs.Look, costs.Far, costs.Core = costs.Ring*scale, costs.Contend*scale, costs.Look*scale, costs.Far*scale, costs.Core*scale
	y := &sim.System{Quantum: int64(1e5 * scale), Workers: seats(workers), Costs: costs, Sources: []sim.Source{{Name: "in", Stage: stages - 1, Arrivals: a}}}
	for i := range stages {
		mean := each * scale
		if !equal {
			mean *= float64(int(1)<<(i%4)) / 2
		}
		s := sim.Stage{
			Name: fmt.Sprintf("s%d", i), Batch: 40 * scale, Event: sim.Service{Kind: sim.Lognormal, Mean: mean, Shape: 0.1}, MaxBatch: 256,
		}
		if i > 0 {
			s.Edges = []sim.Edge{{To: i - 1, Ratio: 1}}
		}
		y.Stages = append(y.Stages, s)
	}
	return y
}

// A saturated pipeline comes to rest, near what the best fixed caps do, whether its handlers do anything or not: stages do not take one another's trials
// for a change of what they cost. Times of empty handlers are forty times as long as they are, for fewer events.
func TestBatchInPipelines(t *testing.T) {
	sources := []sim.Arrivals{{Process: sim.Closed, Clients: 1024}, {Process: sim.Saturate}}
	for i, stages := range []int{2, 4, 8} {
		for j, workers := range []int{1, 2, 4} {
			for k, each := range []float64{2, 400} {
				equal, a := (i+j)%2 == 0, sources[(i+j+k)%2]
				t.Run(fmt.Sprintf("stages=%d/workers=%d/ns=%v/equal=%v", stages, workers, each, equal), func(t *testing.T) {
					t.Parallel()
					y := pipeline(stages, workers, each, equal, a)
					best := 0.0
					for _, b := range []int{64, 256} {
						best = max(best, run(t, y, sim.Options{Policy: caps(b), Warmup: 2e7, Duration: 5e7}).Rate())
					}
					res := run(t, y, sim.Options{Policy: sched.Batch, Warmup: calm, Duration: 5e8})
					late := 0
					for _, d := range res.Decisions {
						if d.At >= calm {
							late++
						}
					}
					t.Logf("%.3f of the best, %d changes before, %d after; %v", res.Rate()/best, len(res.Decisions)-late, late, res.Plan.Batch)
					require.Greater(t, res.Rate(), 0.97*best)
					require.LessOrEqual(t, late, 25, "a round of scouts of one stage, at most")
				})
			}
		}
	}
}

// caps is a policy that gives all stages the same cap.
func caps(b int) sched.Maker {
	return func(y *sched.System) (sched.Policy, error) {
		return decide(func(_ *sched.Snapshot, d *sched.Draft) {
			for i := range y.Stages {
				d.SetBatch(i, b, "test")
			}
		}), nil
	}
}
