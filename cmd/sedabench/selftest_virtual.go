package main

import (
	"context"
	"fmt"

	"github.com/seda-go/seda/internal/queueing"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/sched"
	"github.com/seda-go/seda/sched/sim"
)

const (
	virtualBound = 0.02
	virtualMean  = 1000.0 // ns of service
	virtualWarm  = 1e7    // ns
)

// virtual simulates queues with batches of one and nothing but service to pay for.
func (s *selftest) virtual(ctx context.Context) error {
	for _, q := range []struct {
		workers int
		load    float64
		kind    sim.Kind
	}{{1, 0.5, sim.Exponential}, {1, 0.8, sim.Exponential}, {2, 0.8, sim.Exponential}, {8, 0.8, sim.Exponential}, {1, 0.8, sim.Constant}} {
		if err := ctx.Err(); err != nil {
			return err
		}
		rate := q.load * float64(q.workers) / virtualMean // per ns
		y := &sim.System{
			Stages:  []sim.Stage{{Name: "only", Event: sim.Service{Kind: q.kind, Mean: virtualMean}, MaxBatch: 1, Capacity: 1 << 20}},
			Sources: []sim.Source{{Name: "in", Arrivals: sim.Arrivals{Rate: rate * 1e9}}},
		}
		for i := range q.workers {
			y.Workers = append(y.Workers, sched.Seat{CPU: i, Core: i})
		}
		found, err := sim.Run(y, sim.Options{Seed: s.seed, Warmup: virtualWarm, Duration: int64(float64(s.requests) / rate)})
		if err != nil {
			return fmt.Errorf("selftest: %w", err)
		}
		name, wait := fmt.Sprintf("M/M/%d", q.workers), queueing.WaitMMc(q.workers, rate, virtualMean)
		if q.kind == sim.Constant {
			name, wait = "M/D/1", queueing.WaitMG1(rate, virtualMean, virtualMean*virtualMean)
		}
		c := check{Of: name, Load: q.load, Bound: virtualBound, Virtual: true, Runs: 1, Moments: "mean " + report.Time(virtualMean)}
		c.What, c.Found, c.Theory = "mean wait", found.Stages[0].Wait, wait
		s.checks = append(s.checks, c)
		c.What, c.Found, c.Theory = "mean sojourn", found.Sources[0].Sojourn.Mean(), wait+virtualMean
		s.checks = append(s.checks, c)
	}
	return nil
}
