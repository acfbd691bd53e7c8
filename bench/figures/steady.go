package main

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync/atomic"

	"github.com/seda-go/seda/engine"
)

const (
	steadyWarm   = 200_000 // events after which a pipeline is in steady state
	steadyEvents = 1_000_000
)

func steadySuite() suite {
	const pipe, call = "pipeline", "call"
	return suite{
		id: "engine.alloc",
		contenders: []contender{
			{name: pipe, unit: "allocations/event", sample: pipeAllocations},
			{name: call, unit: "allocations/call", sample: callAllocations},
		},
		rows: []row{
			plain("engine.alloc", pipe, 0, "allocations per event to one in 10,000, TrySubmit to the last of three stages"),
			plain("engine.alloc.call", call, none, "allocations per Call to one in 10,000, shared worker"),
		},
	}
}

// allocations returns how many allocations a single event costs, from those of
// all goroutines while f runs, to one in 10,000: the runtime allocates a little of
// its own now and then.
func allocations(events int, f func() error) (float64, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := f()
	runtime.ReadMemStats(&after)
	const digits = 1e4
	each := float64(after.Mallocs-before.Mallocs) / float64(events)
	return math.Round(each*digits) / digits, err
}

// pipeAllocations counts in a pipeline with a handler of single events, one of
// batches, and one at the end, fed by single events.
func pipeAllocations(ctx context.Context) (float64, error) {
	e, err := pinnedEngine(engine.Adaptive, nil)
	if err != nil {
		return 0, err
	}
	stage := func(name string) *engine.Stage[event[small]] {
		return engine.Add(e, engine.StageConfig[event[small]]{Name: name})
	}
	first, second, third := stage("first"), stage("second"), stage("third")
	pass(first, second)
	passBatch(second, third)
	var arrived atomic.Int64
	third.HandleBatch(func(_ *engine.Context, evs []event[small]) error {
		arrived.Add(int64(len(evs)))
		return nil
	})
	flow := func(events int) error {
		want := arrived.Load() + int64(events)
		for i := range uint64(events) {
			for {
				err := first.TrySubmit(event[small]{n: i})
				if err == nil {
					break
				}
				if !errors.Is(err, engine.ErrFull) {
					return err
				}
				runtime.Gosched()
			}
		}
		for arrived.Load() < want {
			if err := ctx.Err(); err != nil {
				return err
			}
			runtime.Gosched()
		}
		return nil
	}
	var each float64
	err = during(ctx, e, func() (err error) {
		if err := flow(steadyWarm); err != nil {
			return err
		}
		each, err = allocations(steadyEvents, func() error { return flow(steadyEvents) })
		return err
	})
	return each, err
}

// callAllocations counts in one caller and its worker.
func callAllocations(ctx context.Context) (float64, error) {
	e := engine.New(engine.Config{Workers: 1, Kind: engine.Shared, Log: quiet})
	server := engine.Add(e, engine.StageConfig[request]{Name: "server"})
	server.Handle(func(c *engine.Context, r request) error {
		r.Send(c, r.n+1)
		return nil
	})
	calls := func(n int) error {
		for i := range uint64(n) {
			if _, err := engine.Call(ctx, server, func(re engine.Reply[uint64]) request { return request{re, i} }); err != nil {
				return err
			}
		}
		return nil
	}
	const n = 100_000
	var each float64
	err := during(ctx, e, func() (err error) {
		if err := calls(n / 10); err != nil {
			return err
		}
		each, err = allocations(n, func() error { return calls(n) })
		return err
	})
	return each, err
}
