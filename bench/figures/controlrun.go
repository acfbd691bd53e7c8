package main

import (
	"context"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/probes/bpf"
	"github.com/seda-go/seda/sched"
)

// controlledRun is one run of an experiment.
type controlledRun struct {
	controlled
	e    *engine.Engine
	in   *engine.Inlet[event[small]]
	stop atomic.Bool // events shall go round no more

	mu    sync.Mutex
	times []float64 // ns from an event's coming to its end
	began time.Time
}

// outcome is what a run gives: events per second, or how long they take; the largest batch of the first stage in the end; and whether it counts.
type outcome struct {
	value, batch float64
	fair         bool
}

func (c controlled) run(ctx context.Context, s setting, most int) (o outcome, err error) {
	leaveRoom(c.workers() + 1)
	near, far, err := twoCPUs()
	if err != nil {
		return o, err
	}
	config := engine.Config{Workers: c.workers(), CPUs: affinity.Of(near), Kind: engine.Pinned, Log: quiet}
	if c.workers() > 1 {
		config.CPUs = affinity.Of(near, far)
	}
	policy := c.policy
	if s.byHand {
		policy, config.Assign = "static", c.hand
	} else {
		most = 0
	}
	if config.Policy, err = sched.Find(policy); err != nil {
		return o, err
	}
	closed, err := watch(&config, s.probes)
	if err != nil {
		return o, err
	}
	defer closed()
	contend := contention{cpu: []int{near, far}[c.with]}
	r := &controlledRun{controlled: c, e: engine.New(config), began: time.Now()}
	r.build(most)
	spinning()
	err = during(ctx, r.e, func() (err error) {
		defer r.stop.Store(true)
		if s.hog {
			n, err := newNeighbour(contend.cpu)
			if err != nil {
				return err
			}
			defer n.end() // and then the engine is drained: a worker that the kernel has forgotten has its CPU again
			contend.tid = n.tid
		}
		o, err = r.measure(ctx, &contend)
		return err
	})
	return o, err
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

func (r *controlledRun) measure(ctx context.Context, contend *contention) (o outcome, err error) {
	feed := r.fill
	if r.apart > 0 {
		ended := make(chan struct{})
		defer func() { r.stop.Store(true); <-ended }()
		feed = func() error { go func() { r.trickle(); close(ended) }(); return nil }
	}
	if err := feed(); err != nil {
		return o, err
	}
	if err := pauseFor(ctx, controlWarm); err != nil {
		return o, err
	}
	before, began := r.e.Stats(), time.Now()
	contend.workers = before.Workers
	if _, _, err := contend.look(); err != nil {
		return o, err
	}
	r.clear()
	if err := pauseFor(ctx, r.lasts()); err != nil {
		return o, err
	}
	s := r.e.Stats().Stages[0]
	o.value, o.batch = float64(s.Completed-before.Stages[0].Completed)/time.Since(began).Seconds(), float64(s.BatchCap)
	if r.apart > 0 {
		o.value = report.Quantile(r.clear(), 0.95)
	}
	if o.value > 0 { // else a worker had no CPU at all, of which the kernel tells only when it gets one again
		o.fair, err = contend.fair()
	}
	return o, err
}

// build makes the stages. most is the largest batch of each; 0: the law's.
func (r *controlledRun) build(most int) {
	if most == 0 {
		most = 256
	}
	stages := make([]*engine.Stage[event[small]], len(r.costs))
	for i := range stages {
		stages[i] = engine.Add(r.e, engine.StageConfig[event[small]]{
			Name: string(rune('a' + i)), MaxBatch: most, Capacity: max(1<<bits.Len(uint(r.events)), 1024), Serial: len(stages) > 1 && i == 0,
		})
	}
	r.in = stages[0].Inlet(engine.InletConfig{Name: "start", Target: r.target})
	for i, s := range stages {
		next := r.end
		if i < len(stages)-1 {
			next = engine.Connect(s, stages[i+1]).EmitBatch
		}
		s.HandleBatch(func(ctx *engine.Context, evs []event[small]) error {
			spinning().Spend(r.costs[i] + r.each[i]*float64(len(evs)))
			next(ctx, evs)
			return nil
		})
	}
}

// end is where events go round, or are through. All of them fit into one ring.
func (r *controlledRun) end(_ *engine.Context, evs []event[small]) {
	if r.apart == 0 {
		if !r.stop.Load() {
			_, _ = r.in.TrySubmitBatch(evs)
		}
		return
	}
	now := time.Since(r.began)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, ev := range evs {
		r.times = append(r.times, float64(now-time.Duration(ev.n)))
	}
}

// fill lets in the events that go round.
func (r *controlledRun) fill() error {
	for left := r.events; left > 0; {
		n, err := r.in.TrySubmitBatch(make([]event[small], min(left, 256)))
		if err != nil {
			return err
		}
		left -= n
	}
	return nil
}

// trickle lets in one event after the other.
func (r *controlledRun) trickle() {
	for next := time.Now(); !r.stop.Load(); next = next.Add(r.apart) {
		time.Sleep(time.Until(next))
		_ = r.in.TrySubmit(event[small]{n: uint64(time.Since(r.began))})
	}
}

// clear returns the times so far, and forgets them.
func (r *controlledRun) clear() (times []float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	times, r.times = r.times, nil
	return times
}

func pauseFor(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
