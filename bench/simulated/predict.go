package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/sched"
	"github.com/seda-go/seda/sched/sim"
)

// costs are what the simulator is told.
type costs struct {
	batch   float64 // for a batch that is handed over directly, ns
	event   float64
	walk    float64 // for each KiB of a stage's footprint that is in the core's cache
	machine sim.Costs
}

// calibrate fits the costs of a batch and of an event to the time of loops over sizes of batches: of one and of three stages on one worker, where
// two of three batches are handed over directly; of two stages on a worker each, where all events come from another worker; and of one stage
// on two workers, where they do half of the time, and both use one ring.
func calibrate(ctx context.Context, turns int, length time.Duration, rounds int) (c costs, err error) {
	var fixed, each [4]float64
	for i, l := range []loop{{stages: 1, workers: 1}, {stages: 3, workers: 1}, {stages: 2, workers: 2, split: true}, {stages: 1, workers: 2}} {
		var sizes, times []float64
		for _, batch := range []int{1, 2, 4, 8, 16, 32, 64} {
			l.batch, l.turns, l.clients = batch, turns, 1024
			o, err := l.median(ctx, length/2, rounds)
			if err != nil {
				return c, err
			}
			sizes, times = append(sizes, float64(batch)), append(times, float64(batch)*1e9/o.rate)
		}
		fixed[i], each[i] = fit(sizes, times)
	}
	c.batch, c.event = max((fixed[1]-fixed[0])/2, 0), each[1]/3
	m := &c.machine
	m.Ring = max(fixed[0]-c.batch, 0)
	m.Far, m.Core = max(fixed[2]-fixed[0], 0), max(each[2]-each[0], 0)
	m.Contend = max(2*fixed[3]-fixed[0]-m.Far/2, 0)
	m.Wake, m.Signal, err = wakeUp(ctx)
	return c, err
}

// fit returns a and c of t = a + c·b, so that the squares of the relative errors are least: a batch of one counts for as much as one of 64.
func fit(b, t []float64) (a, c float64) {
	var n, x, y, xx, xy float64
	for i := range b {
		w := 1 / (t[i] * t[i])
		n += w
		x += w * b[i]
		y += w * t[i]
		xx += w * b[i] * b[i]
		xy += w * b[i] * t[i]
	}
	c = (n*xy - x*y) / (n*xx - x*x)
	return (y - c*x) / n, c
}

// wakeUp returns the medians of how long an event waits for a worker that sleeps, and of how long it keeps who submits it.
func wakeUp(ctx context.Context) (wake, signal float64, err error) {
	e := engine.New(engine.Config{Workers: 1, Kind: engine.Pinned, Idle: engine.Park, Log: slog.New(slog.DiscardHandler)})
	s := engine.Add(e, engine.StageConfig[time.Time]{Name: "only"})
	took := make(chan time.Duration, 1)
	s.Handle(func(_ *engine.Context, sent time.Time) error {
		took <- time.Since(sent)
		return nil
	})
	if err := e.Start(ctx); err != nil {
		return 0, 0, err
	}
	defer e.Close()
	var waits, calls []float64
	tick := time.NewTicker(500 * time.Microsecond)
	defer tick.Stop()
	for range 400 {
		<-tick.C
		sent := time.Now()
		if err := s.Submit(ctx, sent); err != nil {
			return 0, 0, err
		}
		calls = append(calls, float64(time.Since(sent)))
		waits = append(waits, float64(<-took))
	}
	return middle(waits), middle(calls), e.Drain(ctx)
}

// spread is by how much service times differ in the simulation. Without any, two workers would run in step for ever.
const spread = 0.1

// predict simulates l.
func (l loop) predict(c costs, length time.Duration) (outcome, error) {
	y := &sim.System{
		Costs:   c.machine,
		Sources: []sim.Source{{Name: "loop", Stage: l.stages - 1, Arrivals: sim.Arrivals{Process: sim.Closed, Clients: l.clients}, Capacity: capacity}},
	}
	var plan sched.Plan
	for w := range l.workers {
		y.Workers = append(y.Workers, sched.Seat{CPU: w, Core: w})
		if l.split || l.halves {
			plan.Serve = append(plan.Serve, nil)
		}
	}
	for i := range l.stages {
		if w := l.place(l.stages - 1 - i); plan.Serve != nil {
			plan.Serve[w] = append(plan.Serve[w], i)
		}
		s := sim.Stage{
			Name: fmt.Sprintf("s%d", l.stages-1-i), MaxBatch: l.batch, Capacity: capacity,
			Footprint: l.footprint, Batch: c.batch + c.walk*float64(l.footprint)/1024, Event: sim.Service{Kind: sim.Lognormal, Mean: c.event, Shape: spread},
		}
		if i > 0 {
			s.Edges = []sim.Edge{{To: i - 1, Ratio: 1}}
		}
		if l.serial {
			s.Shards = 1
		}
		y.Stages = append(y.Stages, s)
	}
	o := sim.Options{Plan: plan, Seed: 1, Warmup: int64(l.warmup(length)), Duration: int64(length)}
	if l.policy != "" {
		maker, err := sched.Find(l.policy)
		if err != nil {
			return outcome{}, err
		}
		o.Policy = maker
	}
	r, err := sim.Run(y, o)
	if err != nil {
		return outcome{}, err
	}
	h := &r.Sources[0].Sojourn
	out := outcome{rate: r.Rate(), p50: h.Quantile(0.5), p99: h.Quantile(0.99)}
	for _, d := range r.Decisions {
		switch {
		case d.What != "cores":
		case d.At < o.Warmup:
			out.early++
		default:
			out.late++
		}
	}
	return out, nil
}
