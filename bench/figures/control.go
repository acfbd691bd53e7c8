package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/internal/workload"
	"github.com/seda-go/seda/probes/bpf"
	"github.com/seda-go/seda/sched"
)

const (
	controlWarm   = 1500 * time.Millisecond // for the law to find what it finds
	controlTime   = 500 * time.Millisecond
	controlEvents = 768 // that circulate
)

// controlSuite has a thread that never sleeps share the CPU of a worker, and measures what decisions with probes are worth: events per second with the
// neighbour and without probes, with both, and without either, from a cold start each.
//
// batch is one worker and one stage, 20 us a batch and 1 us an event, under the batch law: what the law finds is in the rows called cap. serial is two workers of
// which one is disturbed, and two stages of which the first is serial, under the law of cores.
func controlSuite() suite {
	var all []experiment
	var rows []row
	for _, c := range []controlled{
		{name: "batch", policy: "batch", workers: 1, costs: []float64{20_000}, each: []float64{1000}},
		{name: "serial", policy: "cores", workers: 2, serial: true, costs: []float64{2000, 2000}, each: []float64{1000, 500}},
	} {
		e, r := c.rows()
		all, rows = append(all, e...), append(rows, r...)
	}
	return experiments("probes.control", all, rows)
}

// controlled is a row of stages in which events go round, and what they cost.
type controlled struct {
	name    string
	policy  string
	workers int
	serial  bool      // the first stage is
	costs   []float64 // ns for a batch of each stage
	each    []float64 // and for an event
}

func (c controlled) rows() (all []experiment, rows []row) {
	add := func(name string, hog, probed bool) (rate, batch string) {
		rate, batch = c.name+" "+name, c.name+" "+name+" cap"
		all = append(all, experiment{gives: []string{rate, batch}, unit: "events/s, events", run: func(ctx context.Context, r round) (err error) {
			r[rate], r[batch], err = c.run(ctx, hog, probed)
			return err
		}})
		return rate, batch
	}
	alone, aloneCap := add("undisturbed", false, false)
	blind, blindCap := add("disturbed", true, false)
	seeing, seeingCap := add("disturbed, probes", true, true)
	id := "probes.control." + c.name
	rows = []row{
		inverse(id, seeing, blind, none, "with probes / without, events per second beside a neighbour on a worker's CPU; more is better"),
		inverse(id+".left", alone, seeing, none, "undisturbed / with probes beside the neighbour, events per second"),
	}
	if c.policy == "batch" {
		rows = append(rows,
			plain(id+".cap", aloneCap, none, "events in a batch, found undisturbed"),
			plain(id+".cap.blind", blindCap, none, "the same beside the neighbour, without probes"),
			plain(id+".cap.probes", seeingCap, none, "and with probes"))
	}
	return all, rows
}

var spinning = sync.OnceValue(workload.Calibrate)

// run returns the events per second that come round, and the largest batch of the first stage in the end.
func (c controlled) run(ctx context.Context, hog, probed bool) (rate, batch float64, err error) {
	leaveRoom(c.workers + 1)
	near, far, err := twoCPUs()
	if err != nil {
		return 0, 0, err
	}
	maker, err := sched.Find(c.policy)
	if err != nil {
		return 0, 0, err
	}
	config := engine.Config{Workers: c.workers, CPUs: affinity.Of(near), Kind: engine.Pinned, Log: quiet, Policy: maker}
	if c.workers > 1 {
		config.CPUs = affinity.Of(near, far)
	}
	closed, err := watch(&config, probed)
	if err != nil {
		return 0, 0, err
	}
	defer closed()
	if hog {
		defer neighbour(near)()
	}
	return c.measure(ctx, config)
}

// watch gives an engine programs in the kernel, if it shall have them, until closed is called.
func watch(c *engine.Config, probed bool) (closed func(), err error) {
	if !probed {
		return func() {}, nil
	}
	source, err := bpf.Open(bpf.Config{})
	if err != nil {
		return nil, unavailable(err.Error())
	}
	c.Probes = source
	return func() { _ = source.Close() }, nil
}

// neighbour never sleeps on a CPU until it is told to end.
func neighbour(cpu int) (end func()) {
	var stop atomic.Bool
	gone := onCPU(cpu, func() error {
		for !stop.Load() {
		}
		return nil
	})
	return func() {
		stop.Store(true)
		<-gone
	}
}

func (c controlled) measure(ctx context.Context, config engine.Config) (rate, batch float64, err error) {
	e := engine.New(config)
	var stop atomic.Bool
	in := c.build(e, &stop)
	err = during(ctx, e, func() error {
		defer stop.Store(true)
		if _, err := in.TrySubmitBatch(make([]event[small], controlEvents)); err != nil {
			return err
		}
		if err := pauseFor(ctx, controlWarm); err != nil {
			return err
		}
		before, began := e.Stats().Stages[0].Completed, time.Now()
		if err := pauseFor(ctx, controlTime); err != nil {
			return err
		}
		s := e.Stats().Stages[0]
		rate, batch = float64(s.Completed-before)/time.Since(began).Seconds(), float64(s.BatchCap)
		return nil
	})
	return rate, batch, err
}

// build makes the stages, in which events go round until they are to stop.
func (c controlled) build(e *engine.Engine, stop *atomic.Bool) *engine.Inlet[event[small]] {
	stages := make([]*engine.Stage[event[small]], len(c.costs))
	for i := range stages {
		stages[i] = engine.Add(e, engine.StageConfig[event[small]]{Name: string(rune('a' + i)), MaxBatch: 256, Serial: c.serial && i == 0})
	}
	for i, s := range stages {
		out := engine.Connect(s, stages[(i+1)%len(stages)])
		if i == len(stages)-1 {
			out.Full = engine.Drop // a cycle needs an edge that does not block; all that circulates fits into one ring
		}
		s.HandleBatch(func(ctx *engine.Context, evs []event[small]) error {
			spinning().Spend(c.costs[i] + c.each[i]*float64(len(evs)))
			if !stop.Load() {
				out.EmitBatch(ctx, evs)
			}
			return nil
		})
	}
	return stages[0].Inlet(engine.InletConfig{Name: "start"})
}

func pauseFor(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
