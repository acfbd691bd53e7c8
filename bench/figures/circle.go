package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/internal/invariant"
)

// A circle is a row of stages through which a batch of events goes round and round.
type circle struct {
	stages int
	batch  int
	work   float64 // ns per event and stage; 0: none
	each   bool    // handlers of single events
	blocks int     // of rounds that are timed together
	size   int     // rounds in each
	probed bool    // programs in the kernel watch the worker
}

// events is the batch at the start.
func (c circle) events() []uint64 {
	evs := make([]uint64, c.batch)
	for i := range evs {
		evs[i] = uint64(i)
	}
	return evs
}

// check compares the sum of the events after the last round with what it has to be.
func (c circle) check(sum uint64) error {
	mult, add := jump(uint64(c.blocks * c.size * c.stages * stepsFor(c.work)))
	want := uint64(0)
	for _, x := range c.events() {
		want += x*mult + add
	}
	if sum != want {
		return fmt.Errorf("the events add up to %d, not %d", sum, want)
	}
	return nil
}

// engine returns the nanoseconds of a round on one pinned worker.
func (c circle) engine(ctx context.Context) (float64, error) {
	_, cpu, err := twoCPUs()
	if err != nil {
		return 0, err
	}
	config := engine.Config{Workers: 1, CPUs: affinity.Of(cpu), Kind: engine.Pinned, Idle: engine.Spin, Log: quiet, Policy: still}
	closed, err := watch(&config, c.probed)
	if err != nil {
		return 0, err
	}
	defer closed()
	e := engine.New(config)
	l := newLap(c.blocks, c.size)
	done := make(chan struct{})
	var sum uint64
	in := c.build(e, l.trip, func(last uint64) { sum = last; close(done) })
	err = during(ctx, e, func() error {
		l.began = time.Now()
		if _, err := in.TrySubmitBatch(c.events()); err != nil {
			return err
		}
		return wait(ctx, done)
	})
	err = errors.Join(err, c.check(sum))
	if !invariant.Enabled { // with assertions on, the engine forgoes hand-overs at random
		err = errors.Join(err, c.fused(e.Stats()))
	}
	return median(l.times), err
}

// build makes the stages. The last one asks before every round that it ends whether there is to be another, and hands over the sum of
// the events when there is none.
func (c circle) build(e *engine.Engine, more func() bool, end func(sum uint64)) *engine.Inlet[uint64] {
	steps := stepsFor(c.work)
	stages := make([]*engine.Stage[uint64], c.stages)
	for i := range stages {
		stages[i] = engine.Add(e, engine.StageConfig[uint64]{Name: fmt.Sprint("stage", i), MaxBatch: c.batch})
	}
	for i, s := range stages[:c.stages-1] {
		out := engine.Connect(s, stages[i+1])
		if c.each {
			s.Handle(func(c *engine.Context, x uint64) error { out.Emit(c, work(x, steps)); return nil })
			continue
		}
		s.HandleBatch(func(c *engine.Context, evs []uint64) error {
			workAll(evs, steps)
			out.EmitBatch(c, evs)
			return nil
		})
	}
	last := stages[c.stages-1]
	back := engine.Connect(last, stages[0])
	back.Full = engine.Drop // a cycle needs an edge that does not block; all that circulates fits into one ring
	if c.each {
		c.endEach(last, back, steps, more, end)
	} else {
		c.endBatch(last, back, steps, more, end)
	}
	return stages[0].Inlet(engine.InletConfig{Name: "start"})
}

func (c circle) endBatch(last *engine.Stage[uint64], back *engine.Edge[uint64], steps int, more func() bool, end func(sum uint64)) {
	last.HandleBatch(func(c *engine.Context, evs []uint64) error {
		workAll(evs, steps)
		if more() {
			back.EmitBatch(c, evs)
			return nil
		}
		end(sumOf(evs))
		return nil
	})
}

func (c circle) endEach(last *engine.Stage[uint64], back *engine.Edge[uint64], steps int, more func() bool, end func(sum uint64)) {
	left, sum, batch := 0, uint64(0), c.batch // events of this round still to come
	again := false
	last.Handle(func(c *engine.Context, x uint64) error {
		x = work(x, steps)
		if left == 0 {
			left, again = batch, more()
		}
		left--
		if again {
			back.Emit(c, x)
			return nil
		}
		if sum += x; left == 0 {
			end(sum)
		}
		return nil
	})
}

// fused reports an error unless nearly all batches were whole, and came to the stages after the first without a ring in between.
func (c circle) fused(s engine.Stats) error {
	for i, st := range s.Stages {
		if whole := st.Batches * uint64(c.batch); whole-st.Completed > whole/100 {
			return fmt.Errorf("stage %s: %d events in %d batches, which are to hold %d each", st.Name, st.Completed, st.Batches, c.batch)
		}
		if i > 0 && st.Completed-st.Direct > st.Completed/100 {
			return fmt.Errorf("stage %s: only %d of %d events were handed over directly", st.Name, st.Direct, st.Completed)
		}
	}
	return nil
}

// calls returns the nanoseconds of a round where the handlers are called one after the other, without an engine.
func (c circle) calls(context.Context) (float64, error) {
	_, cpu, err := twoCPUs()
	if err != nil {
		return 0, err
	}
	leaveRoom(1)
	steps, evs := stepsFor(c.work), c.events()
	handlers := make([]func(evs []uint64), c.stages)
	each := make([]func(x uint64) uint64, c.stages)
	for i := range handlers {
		handlers[i] = func(evs []uint64) { workAll(evs, steps) }
		each[i] = func(x uint64) uint64 { return work(x, steps) }
	}
	l := newLap(c.blocks, c.size)
	err = <-onCPU(cpu, func() error {
		l.began = time.Now()
		for more := true; more; more = l.trip() {
			if c.each {
				for i, x := range evs {
					for _, f := range each {
						x = f(x)
					}
					evs[i] = x
				}
				continue
			}
			for _, f := range handlers {
				f(evs)
			}
		}
		return nil
	})
	return median(l.times), errors.Join(err, c.check(sumOf(evs)))
}

func sumOf(evs []uint64) (sum uint64) {
	for _, x := range evs {
		sum += x
	}
	return sum
}
